"""Organisations, sites, people and patients, looked up. Decides nothing: see `access`."""

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.access import Action, Actor, Role, can
from server.kernel.db import Agreement, Patient, Person, Site
from server.kernel.identity import Traits


async def sites_for(session: AsyncSession, actor: Actor) -> list[Site]:
    """The sites this actor may plan with: their organisation's, and those under agreement."""
    agreed = sa.select(Agreement.site_id).where(Agreement.organisation_id == actor.organisation_id)
    query = (
        sa.select(Site)
        .where(sa.or_(Site.organisation_id == actor.organisation_id, Site.id.in_(agreed)))
        .order_by(Site.name)
    )
    sites = await session.scalars(query)
    return [site for site in sites if can(actor, Action.PLAN, site)]


def canonical_email(email: str) -> str:
    """Addresses differ by neither case nor surrounding space."""
    return email.strip().casefold()


async def person_by_email(session: AsyncSession, email: str) -> Person | None:
    query = sa.select(Person).where(Person.email == canonical_email(email))
    return (await session.scalars(query)).one_or_none()


async def clinicians_for(session: AsyncSession, actor: Actor) -> list[Person]:
    """The clinicians a coordinator plans for; nobody for others, who plan for themselves."""
    if actor.role is not Role.COORDINATOR:
        return []
    query = (
        sa.select(Person)
        .where(Person.organisation_id == actor.organisation_id, Person.role == Role.CLINICIAN)
        .where(Person.disabled_at.is_(None))
        .order_by(Person.name)
    )
    return list(await session.scalars(query))


async def patient_with(session: AsyncSession, organisation_id: str, traits: Traits) -> Patient:
    """The organisation's patient with exactly these traits, or a new one, not yet added."""
    query = sa.select(Patient).filter_by(organisation_id=organisation_id, **asdict(traits))
    known = (await session.scalars(query.order_by(Patient.id).limit(1))).first()
    return known or Patient(organisation_id=organisation_id, **asdict(traits))
