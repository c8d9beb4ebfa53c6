"""The whole server, as composed, on each engine, without a media worker."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncSession

from server.app import make_app
from server.kernel import sessions
from server.kernel.db import (
    Attendance,
    Consultation,
    Database,
    Incident,
    Invitation,
    Patient,
    Person,
    Seat,
    Still,
)
from server.kernel.forgery import PRE_COOKIE
from server.kernel.secrets import Secret
from server.kernel.settings import load
from signaling import invitations
from signaling.album import Album
from tests.people import People, cookie_header, logged_in

NOBODY = {"Cookie": f"{PRE_COOKIE}={'a' * 43}", "X-CSRF-Token": "a" * 43}


class Lasting(TestServer):
    """As the real server, and unlike aiohttp's for tests: who is gone does not end the handler."""

    async def _make_runner(self, **how: Any) -> web.AppRunner:
        return await super()._make_runner(**{**how, "handler_cancellation": False})


@pytest.fixture
async def site(
    database: Database, database_url: str, secret: Secret, tmp_path: Path
) -> AsyncIterator[TestClient[Any, Any]]:
    """A client of the server; it keeps no cookie of its own."""
    (tmp_path / "secret.key").write_bytes(bytes(range(32)))
    settings = load(
        None,
        {
            "CARBET_SERVER__DATA_DIR": str(tmp_path),
            "CARBET_DATABASE__URL": database_url,
            "CARBET_MEDIA__SPAWN": "0",
            "CARBET_MEDIA__TOKEN": "a worker of these tests",
            "CARBET_TLS__AUTO": "false",
        },
    )
    client = TestClient(Lasting(make_app(settings, None)))
    async with client:
        client.session.cookie_jar.clear()
        yield client


@dataclass(frozen=True)
class Visit:
    """What somebody got."""

    status: int
    text: str
    headers: Any


class Visitor:
    """A browser with one session, or none."""

    def __init__(self, site: TestClient[Any, Any], headers: dict[str, str]) -> None:
        self._site, self.headers = site, headers

    async def _visit(self, response: ClientResponse) -> Visit:
        self._site.session.cookie_jar.clear()
        return Visit(response.status, await response.text(), response.headers)

    async def get(self, path: str) -> Visit:
        answer = await self._site.get(path, headers=self.headers, allow_redirects=False)
        return await self._visit(answer)

    async def post(self, path: str, **fields: str) -> Visit:
        answer = await self._site.post(
            path, data=fields, headers=self.headers, allow_redirects=False
        )
        return await self._visit(answer)

    async def ask(self, method: str, path: str) -> Visit:
        return await (self.get(path) if method == "GET" else self.post(path))


@dataclass(frozen=True)
class Planned:
    """A consultation of the CHU's clinician at the river's health post, with one relative, and
    what is left of a call: a still, an incident, a stay."""

    consultation: Consultation
    invitation: Invitation
    guest: sessions.Opened
    still: str = "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7e11"
    picture: bytes = b"RIFF, as far as anybody here can tell"


@pytest.fixture
async def planned(database: Database, people: People, secret: Secret, tmp_path: Path) -> Planned:
    net, now = people.network, dt.datetime.now(dt.UTC)
    async with database.begin() as session:
        patient = Patient(
            organisation_id=net.chu.id,
            birth_name="ANATO",
            first_birth_given_name="JOSEPHINE",
            birth_date=dt.date(1957, 3, 14),
            sex="F",
            birthplace_insee="97353",
        )
        session.add(patient)
        await session.flush()
        c = Consultation(
            organisation_id=net.chu.id,
            site_id=net.cdps.id,
            clinician_id=people.clinician.id,
            patient_id=patient.id,
            reason="plaie de jambe",
            status="open",
            planned_at=now,
            opened_at=now,
        )
        session.add(c)
        await session.flush()
        invited = await invitations.create(session, c, "family", "Rosa", secret, now)
        made = Planned(c, invited, await sessions.open_guest(session, invited))
        await _lived(session, made, people, now)
    Album(tmp_path / "stills", secret).keep(c.id, made.still, 0, made.picture)
    return made


async def _lived(session: AsyncSession, planned: Planned, people: People, now: dt.datetime) -> None:
    c = planned.consultation.id
    doctor = Seat(
        id="seat-doctor", consultation_id=c, person_id=people.clinician.id, kind="clinician",
        name=people.clinician.name, stage="left",
    )  # fmt: skip
    nurse = Seat(
        id="seat-nurse", consultation_id=c, person_id=people.nurse.id, kind="site",
        name=people.nurse.name, stage="left",
    )  # fmt: skip
    session.add_all([doctor, nurse])
    await session.flush()
    stages = [
        {"type": "image/webp", "width": 640, "height": 480, "bytes": 37, "kept_at": None},
        {"type": "image/webp", "width": 4000, "height": 3000, "bytes": 9000, "kept_at": None},
    ]
    session.add_all([
        Still(consultation_id=c, id=planned.still, seat_id=nurse.id, asked_by=doctor.id,
              source="camera", begun_at=now, stages=stages, have=1),
        Attendance(consultation_id=c, seat_id=nurse.id, entered_at=now, left_at=now,
                   left_why="left", sent=1_000_000, received=500_000),
        Incident(consultation_id=c, seat_id=nurse.id, kind="up_voice", why="rate",
                 started_at=now, ended_at=now),
    ])  # fmt: skip


async def visitor(site: TestClient[Any, Any], database: Database, person: Person) -> Visitor:
    return Visitor(site, cookie_header(await logged_in(database, person)))
