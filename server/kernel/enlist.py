"""People, organisations and sites added by the operator, from the command line.

Refuses what it cannot name exactly. Whoever can run this command already holds the database: the
audit log says that the command did it.
"""

import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit, site_links, telephones
from server.kernel.access import ROLES, SITE_KINDS, Role
from server.kernel.db import Agreement, Organisation, Person, Site
from server.kernel.directory import canonical_email, person_by_email

COMMAND = "command"


class Refused(ValueError):
    """What was asked cannot be added; the text says why, in French and in English."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(f"{fr} / {en}")


@dataclass(frozen=True)
class NewPerson:
    """`password_hash` is made by `passwords`. An organisation is made if its name is new."""

    email: str
    name: str
    role: str
    organisation: str
    password_hash: str
    site: str | None = None
    title: str = ""
    timezone: str = "Europe/Paris"
    locale: str = "fr"
    telephone: str = ""


@dataclass(frozen=True)
class NewSite:
    name: str
    kind: str
    city: str
    organisation: str
    timezone: str = "Europe/Paris"
    telephone: str = ""


async def add_person(session: AsyncSession, new: NewPerson) -> Person:
    """Raises `Refused`."""
    email = canonical_email(new.email)
    if not 3 <= len(email) <= 254 or email.count("@") != 1 or any(c.isspace() for c in email):
        raise Refused("adresse électronique mal formée", "malformed e-mail address")
    if new.role not in ROLES:
        raise Refused(f"rôle inconnu, parmi {', '.join(ROLES)}",
                      f"unknown role, one of {', '.join(ROLES)}")  # fmt: skip
    if new.role == Role.SITE_STAFF and not new.site:
        raise Refused("ce rôle demande un site", "this role needs a site")
    _check_zone(new.timezone)
    if await person_by_email(session, email):
        raise Refused("cette adresse a déjà un compte", "this address has an account already")
    organisation = await organisation_named(session, new.organisation)
    site = await site_named(session, new.site, organisation) if new.site else None
    person = Person(
        email=email, name=_named(new.name), title=new.title, role=new.role, locale=new.locale,
        timezone=new.timezone, password_hash=new.password_hash,
        telephone=_telephone(new.telephone), organisation=organisation, site=site,
    )  # fmt: skip
    session.add(person)
    await session.flush()
    await audit.record(session, actor=COMMAND, action=audit.Audited.PERSON_ADD, subject=person.id,
                       detail={"role": person.role})  # fmt: skip
    return person


async def make_expert(
    session: AsyncSession, email: str, specialties: Collection[str], known: Collection[str]
) -> None:
    """Says in which specialties a clinician gives an expert's opinion; none: in none any more.
    `known`: those there are. Raises `Refused`."""
    person = await person_by_email(session, canonical_email(email))
    if person is None or person.role != Role.CLINICIAN:
        raise Refused("aucun clinicien n’a cette adresse", "no clinician has this address")
    if set(specialties) - set(known):
        raise Refused(f"spécialité inconnue, parmi {', '.join(known)}",
                      f"unknown specialty, one of {', '.join(known)}")  # fmt: skip
    person.specialties = [code for code in known if code in specialties]
    await audit.record(session, actor=COMMAND, action=audit.Audited.PERSON_EXPERT,
                       subject=person.id, detail={"specialties": person.specialties})  # fmt: skip


async def add_site(session: AsyncSession, new: NewSite) -> Site:
    """Raises `Refused`."""
    if new.kind not in SITE_KINDS:
        raise Refused(f"sorte de site inconnue, parmi {', '.join(SITE_KINDS)}",
                      f"unknown kind of site, one of {', '.join(SITE_KINDS)}")  # fmt: skip
    _check_zone(new.timezone)
    organisation = await organisation_named(session, new.organisation)
    site = Site(name=_named(new.name), kind=new.kind, city=new.city, timezone=new.timezone,
                telephone=_telephone(new.telephone), organisation=organisation)  # fmt: skip
    session.add(site)
    await session.flush()
    await audit.record(session, actor=COMMAND, action=audit.Audited.SITE_ADD, subject=site.id)
    return site


async def agree(session: AsyncSession, site_name: str, owner: str, with_whom: str) -> None:
    """Lets `with_whom` plan with a site of `owner`. Raises `Refused`."""
    site = await site_named(session, site_name, await _existing(session, owner))
    organisation = await _existing(session, with_whom)
    await session.merge(Agreement(site_id=site.id, organisation_id=organisation.id))
    await audit.record(session, actor=COMMAND, action=audit.Audited.SITE_AGREE, subject=site.id,
                       detail={"organisation": organisation.id})  # fmt: skip


async def limit_link(
    session: AsyncSession,
    name: str,
    owner: str | None,
    ceiling: str | None,
    megabytes: str | None,
) -> None:
    """Says what the link of a site may carry (see `site_links`): None changes nothing, `none`
    lifts a limit. `owner` is needed when two sites have the same name. Raises `Refused`."""
    site = await _only(session, name, owner)
    kilobits = _limit(ceiling, site.link_ceiling, 1000, site_links.CEILINGS)
    mega = _limit(megabytes, site.link_bytes, 1_000_000, site_links.MEGABYTES)
    await site_links.limit(session, COMMAND, site, kilobits, mega)


async def _only(session: AsyncSession, name: str, owner: str | None) -> Site:
    if owner is not None:
        return await site_named(session, name, await _existing(session, owner))
    found = list(await session.scalars(sa.select(Site).where(Site.name == name.strip())))
    if len(found) > 1:
        raise Refused("plusieurs sites ont ce nom : ajoutez --organisation",
                      "several sites have this name: add --organisation")  # fmt: skip
    if not found:
        raise Refused("site inconnu", "unknown site")
    return found[0]


def _limit(text: str | None, now: int | None, unit: int, allowed: range) -> int | None:
    if text is None:
        return None if now is None else now // unit
    try:
        return site_links.readable("" if text == "none" else text or "0", allowed)
    except ValueError:
        raise Refused(f"de {allowed[0]} à {allowed[-1]}, ou none",
                      f"{allowed[0]} to {allowed[-1]}, or none") from None  # fmt: skip


async def organisation_named(session: AsyncSession, name: str) -> Organisation:
    """The organisation of this name, made when there is none."""
    found = await _find(session, name)
    if found is None:
        found = Organisation(name=_named(name))
        session.add(found)
        await session.flush()
    return found


async def _find(session: AsyncSession, name: str) -> Organisation | None:
    query = sa.select(Organisation).where(Organisation.name == name.strip())
    return (await session.scalars(query)).first()


async def _existing(session: AsyncSession, name: str) -> Organisation:
    found = await _find(session, name)
    if found is None:
        raise Refused("organisation inconnue", "unknown organisation")
    return found


async def site_named(session: AsyncSession, name: str, organisation: Organisation) -> Site:
    query = sa.select(Site).where(
        Site.name == name.strip(), Site.organisation_id == organisation.id
    )
    found = (await session.scalars(query)).first()
    if found is None:
        raise Refused("site inconnu de cette organisation", "no such site in this organisation")
    return found


def _named(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise Refused("un nom de 1 à 200 caractères est attendu",
                      "a name of 1 to 200 characters is expected")  # fmt: skip
    return name


def _telephone(text: str) -> str | None:
    try:
        return telephones.readable(text)
    except ValueError:
        raise Refused("numéro de téléphone mal formé", "malformed telephone number") from None


def _check_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise Refused("fuseau horaire inconnu", "unknown time zone")
