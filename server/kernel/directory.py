"""Organisations, sites and people, looked up. Decides nothing: see `access`."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.access import Action, Actor, can
from server.kernel.db import Agreement, Person, Site


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
