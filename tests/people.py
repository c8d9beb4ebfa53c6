"""The people of every test, so that a refusal reads as a sentence.

The CHU de Besançon looks after an EHPAD and a prison health unit; the Centre hospitalier de
Cayenne has a health post on the river, which agreed to be planned with by the CHU. The clinic of
Étretat has nothing to do with either: its clinician is the stranger.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cache

import pyotp
import pytest
from argon2 import PasswordHasher

from server.kernel import sessions
from server.kernel.access import Actor, Role, SiteKind, member
from server.kernel.db import Agreement, Database, Organisation, Person, Site
from server.kernel.passwords import Passwords
from server.kernel.secrets import Secret
from server.kernel.totp import seal_secret

PASSWORD = "un carbet au bord du fleuve"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BESANCON, CAYENNE = "Europe/Paris", "America/Cayenne"


@cache
def cheap_hasher() -> PasswordHasher:
    """argon2id all the same, with parameters a test can afford."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@cache
def password_hash() -> str:
    return cheap_hasher().hash(PASSWORD.encode())


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(cheap_hasher())


@pytest.fixture
def secret() -> Secret:
    return Secret(bytes(range(32)))


@dataclass(frozen=True)
class Network:
    """Three organisations and their sites."""

    chu: Organisation
    cayenne: Organisation
    stranger: Organisation
    ehpad: Site
    ucsa: Site
    cdps: Site
    elsewhere: Site

    @classmethod
    def drawn(cls) -> "Network":
        chu = Organisation(id="org-chu", name="CHU de Besançon")
        cayenne = Organisation(id="org-cayenne", name="Centre hospitalier de Cayenne")
        stranger = Organisation(id="org-stranger", name="Clinique d’Étretat")
        return cls(
            chu,
            cayenne,
            stranger,
            ehpad=_site(chu, "ehpad", "EHPAD Les Tilleuls", SiteKind.EHPAD, "Pontarlier"),
            ucsa=_site(chu, "ucsa", "UCSA de Besançon", SiteKind.UCSA, "Besançon"),
            cdps=_site(
                cayenne, "cdps", "CDPS de Maripasoula", SiteKind.CDPS, "Maripasoula",
                CAYENNE, chu,
            ),
            elsewhere=_site(stranger, "elsewhere", "Cabinet du port", SiteKind.OFFICE, "Étretat"),
        )  # fmt: skip


def _site(
    organisation: Organisation,
    key: str,
    name: str,
    kind: SiteKind,
    city: str,
    timezone: str = BESANCON,
    agreed: Organisation | None = None,
) -> Site:
    site = Site(id=f"site-{key}", organisation=organisation, organisation_id=organisation.id,
                name=name, kind=kind.value, city=city, timezone=timezone)  # fmt: skip
    site.agreements = [Agreement(site_id=site.id, organisation_id=agreed.id)] if agreed else []
    return site


@dataclass(frozen=True)
class People:
    """One person of each kind. `clinician`'s day is at the CHU; `nurse` is at the river's post."""

    network: Network
    clinician: Person
    colleague: Person
    coordinator: Person
    caregiver: Person
    nurse: Person
    requester: Person
    technician: Person
    administrator: Person
    stranger: Person

    @property
    def everyone(self) -> tuple[Person, ...]:
        return (
            self.clinician, self.colleague, self.coordinator, self.caregiver, self.nurse,
            self.requester, self.technician, self.administrator, self.stranger,
        )  # fmt: skip

    @classmethod
    def drawn(cls, secret: Secret) -> "People":
        net = Network.drawn()

        def person(key: str, name: str, role: Role, organisation: Organisation,
                   site: Site | None = None, title: str = "",
                   specialties: tuple[str, ...] = ()) -> Person:  # fmt: skip
            identifier = f"person-{key}"
            return Person(
                id=identifier, organisation=organisation, organisation_id=organisation.id,
                site=site, site_id=site.id if site else None, email=f"{key}@example.org",
                name=name, title=title, role=role.value, locale="fr",
                timezone=site.timezone if site else BESANCON, password_hash=password_hash(),
                totp_secret=seal_secret(secret, identifier, TOTP_SECRET), totp_last_step=0,
                specialties=list(specialties),
            )  # fmt: skip

        return cls(
            net,
            clinician=person("clinician", "Dr Claire Morel", Role.CLINICIAN, net.chu,
                             title="dermatologue", specialties=("dermatology", "wounds")),
            colleague=person("colleague", "Dr Paul Vernier", Role.CLINICIAN, net.chu,
                             title="gériatre"),
            coordinator=person("coordinator", "Anne Rochet", Role.COORDINATOR, net.chu),
            caregiver=person("caregiver", "Lucie Girard", Role.SITE_STAFF, net.chu, net.ehpad,
                             "aide-soignante"),
            nurse=person("nurse", "Mariette Apatou", Role.SITE_STAFF, net.cayenne, net.cdps,
                         "infirmière"),
            requester=person("requester", "Dr Jean Faivre", Role.REQUESTER, net.chu),
            technician=person("technician", "Karim Haddad", Role.TECHNICIAN, net.chu),
            administrator=person("administrator", "Hélène Blanc", Role.ADMINISTRATOR, net.chu),
            stranger=person("stranger", "Dr Guy Lupin", Role.CLINICIAN, net.stranger),
        )  # fmt: skip


@pytest.fixture
def network(people: People) -> Network:
    return people.network


@pytest.fixture
async def people(database: Database, secret: Secret) -> People:
    """Everybody, stored; the rows may be read outside any transaction."""
    drawn = People.drawn(secret)
    net = drawn.network
    async with database.begin() as session:
        session.add_all([net.chu, net.cayenne, net.stranger])
        await session.flush()
        session.add_all([net.ehpad, net.ucsa, net.cdps, net.elsewhere])
        await session.flush()
        session.add_all(drawn.everyone)
    return drawn


def code_of(now: dt.datetime) -> str:
    """The code which anybody's telephone shows at `now`."""
    return pyotp.TOTP(TOTP_SECRET).at(now)


def actor_of(person: Person) -> Actor:
    return member(person)


async def logged_in(
    database: Database, person: Person, now: dt.datetime | None = None
) -> sessions.Opened:
    """A full session of this person, as if both steps had been passed."""
    async with database.begin() as session:
        stored = await session.get_one(Person, person.id)
        return await sessions.open(session, stored, device="test", now=now)


def cookie_header(opened: sessions.Opened) -> dict[str, str]:
    """The headers of a request made by this session's browser, CSRF token included."""
    name = sessions.GUEST_COOKIE if opened.session.stage == sessions.GUEST else (
        sessions.MEMBER_COOKIE
    )  # fmt: skip
    return {"Cookie": f"{name}={opened.cookie}", "X-CSRF-Token": opened.session.csrf_token}
