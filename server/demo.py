"""Demonstration organisations, people and planned consultations: all invented.

Refuses to touch a database that holds anybody else: `carbet demo` keeps its data apart.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server import demo_cases
from server.kernel import audit
from server.kernel.access import Role, SiteKind
from server.kernel.audit import Audited
from server.kernel.db import Agreement, Consultation, Organisation, Patient, Person, Site
from server.kernel.secrets import Secret

BESANCON, CAYENNE = "Europe/Paris", "America/Cayenne"
# Everybody's, told on the pages that ask for it: here, only a signature does.
PASSWORD = "carbet demonstration"  # noqa: S105

ORGANISATIONS = {
    "chu": "CHU de Besançon",
    "chc": "Centre hospitalier de Cayenne",
}
# Of the ranges which the French numbering plan keeps for fiction: nobody is called.
TELEPHONES = {
    "maripasoula": "05 36 49 99 01",
    "tilleuls": "03 53 01 99 02",
    "ucsa": "03 53 01 99 03",
    "morel": "03 53 01 99 11",
    "faure": "03 53 01 99 12",
}
# key: organisation, name, kind, town, clocks, the other organisations which plan with it
SITES = {
    "maripasoula": ("chc", "CDPS de Maripasoula", SiteKind.CDPS, "Maripasoula", CAYENNE, ("chu",)),
    "tilleuls": ("chu", "EHPAD Les Tilleuls", SiteKind.EHPAD, "Ornans", BESANCON, ()),
    "ucsa": ("chu", "UCSA de la maison d’arrêt", SiteKind.UCSA, "Besançon", BESANCON, ()),
}
# key: name, title, role, organisation, site
PEOPLE = {
    "morel": ("Dr Claire Morel", "dermatologue", Role.CLINICIAN, "chu", None),
    "faure": ("Dr Hugo Faure", "neurologue", Role.CLINICIAN, "chu", None),
    "apatou": ("Odile Apatou", "infirmière", Role.SITE_STAFF, "chc", "maripasoula"),
    "roussel": ("Karim Roussel", "aide-soignant", Role.SITE_STAFF, "chu", "tilleuls"),
    "vuillemin": ("Inès Vuillemin", "infirmière", Role.SITE_STAFF, "chu", "ucsa"),
    "jacquot": ("Marc Jacquot", "", Role.COORDINATOR, "chu", None),
    "perrin": ("Léa Perrin", "", Role.TECHNICIAN, "chu", None),
    "humbert": ("Sophie Humbert", "", Role.ADMINISTRATOR, "chu", None),
}
# Who gives an expert's opinion, and in what.
EXPERTS = {
    "morel": ["dermatology", "wounds", "infectious"],
    "faure": ["geriatrics", "psychiatry"],
}
# clinician, site, minutes from now, reason, birth name, given name, birth date, sex, birthplace
PLANNED = (
    ("morel", "maripasoula", 15, "Plaie de jambe qui ne guérit pas depuis trois semaines",
     "ANATO", "Joséphine", dt.date(1957, 3, 14), "F", "97353"),
    ("faure", "tilleuls", 90, "Chutes répétées, avis sur le traitement",
     "BOUVERET", "Marcel", dt.date(1938, 11, 2), "M", "25434"),
    ("morel", "ucsa", 24 * 60 + 60, "Suivi d’un psoriasis étendu",
     "LENOIR", "Thierry", dt.date(1984, 7, 21), "M", "25056"),
)  # fmt: skip


def _key(kind: str, key: str) -> str:
    return f"demo-{kind}-{key}"


def _site(key: str) -> Site:
    organisation, name, kind, city, timezone, agreed = SITES[key]
    site = Site(
        id=_key("site", key),
        organisation_id=_key("org", organisation),
        name=name,
        kind=kind.value,
        city=city,
        timezone=timezone,
        telephone=TELEPHONES[key],
    )
    site.agreements = [
        Agreement(site_id=site.id, organisation_id=_key("org", each)) for each in agreed
    ]
    return site


def _person(key: str, password_hash: str) -> Person:
    name, title, role, organisation, site = PEOPLE[key]
    return Person(
        id=_key("person", key),
        organisation_id=_key("org", organisation),
        site_id=_key("site", site) if site else None,
        email=f"{key}@demo.invalid",
        name=name,
        title=title,
        role=role.value,
        timezone=SITES[site][4] if site else BESANCON,
        password_hash=password_hash,
        telephone=TELEPHONES.get(key),
        specialties=EXPERTS.get(key, []),
    )


async def _people(session: AsyncSession, password_hash: str) -> None:
    session.add_all(Organisation(id=_key("org", k), name=name) for k, name in ORGANISATIONS.items())
    await session.flush()
    session.add_all(_site(key) for key in SITES)
    await session.flush()
    session.add_all(_person(key, password_hash) for key in PEOPLE)
    await session.flush()


async def _equip(session: AsyncSession, password_hash: str) -> None:
    """People invented by an earlier release get what was not there yet."""
    for key in PEOPLE:
        person = await session.get_one(Person, _key("person", key))
        person.specialties = person.specialties or EXPERTS.get(key, [])
        if not person.password_hash.startswith("$"):
            person.password_hash = password_hash


def _half_hour(moment: dt.datetime) -> dt.datetime:
    """The next half hour: nobody plans for 14:07."""
    over = dt.timedelta(minutes=moment.minute % 30, seconds=moment.second,
                        microseconds=moment.microsecond)  # fmt: skip
    return moment - over + dt.timedelta(minutes=30)


async def _plans(session: AsyncSession, now: dt.datetime) -> None:
    for clinician, site, minutes, reason, name, given, born, sex, birthplace in PLANNED:
        patient = Patient(
            organisation_id=_key("org", "chu"),
            birth_name=name,
            first_birth_given_name=given,
            birth_date=born,
            sex=sex,
            birthplace_insee=birthplace,
            ins_status="PROV",
        )
        session.add(patient)
        await session.flush()
        consultation = Consultation(
            organisation_id=_key("org", "chu"),
            site_id=_key("site", site),
            clinician_id=_key("person", clinician),
            patient_id=patient.id,
            reason=reason,
            status="planned",
            planned_at=_half_hour(now + dt.timedelta(minutes=minutes)),
        )
        session.add(consultation)
        await session.flush()
        await audit.record(
            session,
            actor="command",
            action=Audited.CONSULTATION_PLAN,
            subject=consultation.id,
            now=now,
        )


async def fill(session: AsyncSession, secret: Secret, password_hash: str, now: dt.datetime) -> None:
    """Invents people the first time, and consultations to come whenever none is left, and
    requests. `password_hash` is of `PASSWORD`, made by `passwords`.

    Raises `RuntimeError` when the database already holds somebody who was not invented here."""
    known = await session.scalars(sa.select(Organisation.id))
    organisations = set(known)
    if organisations - {_key("org", key) for key in ORGANISATIONS}:
        raise RuntimeError("this database holds real organisations: no demonstration in it")
    if not organisations:
        await _people(session, password_hash)
    await _equip(session, password_hash)
    ahead = sa.select(Consultation.id).where(
        Consultation.status.in_(("planned", "open", "in_call")), Consultation.planned_at > now
    )
    if (await session.scalars(ahead.limit(1))).first() is None:
        await _plans(session, now)
    await demo_cases.fill(session, secret, now)


async def people(session: AsyncSession) -> list[Person]:
    """Who may be entered as, in the order they are worth trying."""
    rows = await session.scalars(sa.select(Person).where(Person.email.like("%@demo.invalid")))
    order = [_key("person", key) for key in PEOPLE]
    return sorted(rows, key=lambda person: order.index(person.id))
