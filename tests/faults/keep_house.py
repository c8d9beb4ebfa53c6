"""A Carbet of its own with people in it: processes, database and sessions of a fault's try.

The server is `carbet serve`, as an operator runs it, on ports and in a folder of its own. It
refuses to share anything with another try.
"""

import asyncio
import datetime as dt
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import sessions
from server.kernel.access import Role, SiteKind
from server.kernel.db import Consultation, Database, Organisation, Patient, Person, Site
from server.kernel.migrate import migrate
from server.kernel.secrets import Secret
from server.kernel.totp import seal_secret
from signaling import invitations
from tests.e2e.process import ROOT, Carbet
from tests.peers.measure import until
from tests.people import TOTP_SECRET, password_hash


@dataclass(frozen=True)
class Call:
    """One consultation, and the cookies (a whole header) of who is invited to it."""

    consultation: str
    clinician: str
    nurse: str
    guest: str = ""


class House(Carbet):
    """See the module. `url` is the database's, the embedded one without; `extra` are more
    variables of the server, `before` the words of a command in front of its own."""

    def __init__(
        self,
        folder: Path,
        url: str = "",
        extra: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.url = url or f"sqlite+aiosqlite:///{self.data / 'carbet.sqlite'}"
        self.extra, self.before = dict(extra or {}), tuple(before)

    async def start(self) -> None:
        """Starts, and waits until it says it is ready."""
        await self.begin()
        await until(f"Carbet ready ({self.log})", self.ready, patience=90)

    def environment(self) -> dict[str, str]:
        """The variables of the server, and of a command about it."""
        environment = {key: value for key, value in os.environ.items() if key[:7] != "CARBET_"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return environment | {
            "CARBET_SERVER__PORT": str(self.port),
            "CARBET_SERVER__DATA_DIR": str(self.data),
            "CARBET_DATABASE__URL": self.url,
            "CARBET_MEDIA__UDP_PORT": str(self.udp_port),
            "CARBET_MEDIA__LINGER_SECONDS": "60",
            # An installed Carbet is compiled once, not at every start.
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
            **self.extra,
        }

    async def begin(self) -> None:
        """Starts, and waits for nothing."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.before, sys.executable, "-m", "server", "serve", cwd=ROOT,
                env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip

    async def answers(self) -> bool:
        """Whether anybody listens."""
        try:
            _, line = await asyncio.open_connection("localhost", self.port)
        except OSError:
            return False
        line.close()
        return True

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def complaints(self) -> list[str]:
        """What the log says of mistakes: an unexpected failure is never part of a fault."""
        told = self.log.read_text(errors="replace").splitlines()
        return [f"the log says: {line[:300]}" for line in told
                if "unexpected failure" in line or "could not be stored" in line
                or "journal lost" in line or "journal full" in line]  # fmt: skip

    async def furnish(self, calls: int, *, guests: bool = False) -> list[Call]:
        """Makes the tables, people, open consultations and living sessions. Before `start`."""
        await migrate(self.url)
        secret = Secret.load(self.data)
        database = Database(self.url)
        try:
            async with database.begin() as session:
                return await _furnished(session, secret, calls, guests)
        finally:
            await database.close()


async def _furnished(session: AsyncSession, secret: Secret, calls: int, guests: bool) -> list[Call]:
    chu = Organisation(id="org-chu", name="CHU de Besançon")
    site = Site(id="site-cdps", organisation=chu, name="CDPS de Maripasoula",
                kind=SiteKind.CDPS.value, city="Maripasoula", agreements=[])  # fmt: skip
    patient = Patient(
        id="patient", organisation_id=chu.id, birth_name="ANATO", first_birth_given_name="ROSE",
        birth_date=dt.date(1957, 3, 14), sex="F", birthplace_insee="97353",
    )  # fmt: skip
    session.add_all([chu, site])
    await session.flush()
    session.add(patient)
    return [await _call(session, secret, n, chu, site, patient, guests) for n in range(calls)]


async def _call(
    session: AsyncSession, secret: Secret, number: int, chu: Organisation, site: Site,
    patient: Patient, guests: bool,
) -> Call:  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    doctor = _person(secret, f"doctor{number}", Role.CLINICIAN, chu, None)
    nurse = _person(secret, f"nurse{number}", Role.SITE_STAFF, chu, site)
    session.add_all([doctor, nurse])
    await session.flush()
    consultation = Consultation(
        organisation_id=chu.id, site_id=site.id, clinician_id=doctor.id, patient_id=patient.id,
        reason="plaie de jambe", status="open", planned_at=now, opened_at=now,
    )  # fmt: skip
    session.add(consultation)
    await session.flush()
    cookies = [
        f"{sessions.MEMBER_COOKIE}={(await sessions.open(session, each, now=now)).cookie}"
        for each in (doctor, nurse)
    ]
    if not guests:
        return Call(consultation.id, *cookies)
    invited = await invitations.create(session, consultation, "family", "Rosa", secret, now)
    opened = await sessions.open_guest(session, invited, now=now)
    return Call(consultation.id, *cookies, f"{sessions.GUEST_COOKIE}={opened.cookie}")


def _person(secret: Secret, key: str, role: Role, chu: Organisation, site: Site | None) -> Person:
    return Person(
        id=f"person-{key}", organisation=chu, site=site, email=f"{key}@example.org", name=key,
        role=role.value, locale="fr", timezone="Europe/Paris", password_hash=password_hash(),
        totp_secret=seal_secret(secret, f"person-{key}", TOTP_SECRET), totp_last_step=0,
    )  # fmt: skip


@asynccontextmanager
async def living(house: House) -> AsyncIterator[House]:
    """The house, started; ended whatever happens."""
    try:
        await house.start()
        yield house
    finally:
        await house.end()
