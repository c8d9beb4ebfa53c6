"""A house with a live call namespace in it: real sockets, a real database, a worker on paper."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import socketio
from aiohttp import web
from aiohttp.test_utils import TestServer

from media import client
from server.kernel import sessions
from server.kernel.db import Consultation, Database, Invitation, Person
from server.kernel.identity import Traits
from server.kernel.secrets import Secret
from server.kernel.sessions import Opened, Revocations
from signaling import consultations, invitations, redemption
from signaling.intake import Albums
from signaling.namespace import CallNamespace
from signaling.planning import Guest, Plan
from signaling.rooms import Rooms
from tests.people import People, actor_of, cookie_header, logged_in
from tests.signaling.pictures import stage

PATIENCE = 5.0
TRAITS = Traits("ALIMECK", "ROSE-MARIE", dt.date(1951, 4, 3), "F", "97353")


class PaperWorker:
    """Keeps what it is asked, and tells what the test makes it tell."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[tuple[str, ...]] = []
        self.hints: list[client.Hint] = []
        self.reports: list[tuple[str, str, client.LinkReport]] = []
        self.carried: dict[str, set[str]] = {}
        self._tell: list[Callable[[client.MediaEvent], Awaitable[None]]] = []
        self._count = 0

    def subscribe(self, callback: Callable[[client.MediaEvent], Awaitable[None]]) -> None:
        self._tell.append(callback)

    async def tell(self, event: client.MediaEvent) -> None:
        if isinstance(event, client.PeerUp):
            self.carried.setdefault(event.room, set()).add(event.peer)
        for callback in self._tell:
            await callback(event)

    async def open(self, room: str, peer: str, hint: client.Hint) -> client.Offer:
        if self.away:
            raise client.MediaAway
        self._count += 1
        self.asked.append(("open", room, peer))
        self.hints.append(hint)
        return client.Offer(f"session-{self._count}", "v=0\r\n", {"n": 1, "rung": "motion"})

    async def report(self, room: str, peer: str, session: str, report: client.LinkReport) -> None:
        self.reports.append((peer, session, report))

    async def matters(self, room: str, peer: str, source: str, what: str) -> None:
        self.asked.append(("matters", room, peer, source, what))

    async def transfer(self, room: str, peer: str, direction: str, on: bool) -> None:
        self.asked.append(("transfer", room, peer, direction, "on" if on else "off"))

    async def answer(self, room: str, peer: str, session: str, sdp: str) -> None:
        if self.away:
            raise client.MediaAway
        if sdp == "nonsense":
            raise client.MediaRefused("no fingerprint")
        self.asked.append(("answer", room, peer, session))

    async def close(self, room: str, peer: str) -> None:
        self.asked.append(("close", room, peer))

    async def close_room(self, room: str) -> None:
        self.asked.append(("close_room", room))
        self.carried.pop(room, None)

    def peers(self, room: str) -> tuple[str, ...]:
        return tuple(sorted(self.carried.get(room, ())))

    def rooms(self) -> tuple[str, ...]:
        return tuple(sorted(self.carried))


class Refused(Exception):
    """The connection was refused; the text is the code."""


class Browser:
    """One tab of one person: connects, asks, and keeps everything it is told."""

    def __init__(self, url: str, cookie: dict[str, str], consultation: str) -> None:
        self._url, self._cookie, self._consultation = url, cookie, consultation
        self.tab = f"tab-{id(self)}"
        self.told: list[tuple[str, Any]] = []
        self.received: dict[tuple[str, int], bytearray] = {}
        self.closed = False
        self._news = asyncio.Event()
        self._socket: Any = None

    async def open(self, last_message: int = 0, **auth: Any) -> "Browser":
        self._socket = socketio.AsyncClient(reconnection=False)
        refused: list[Any] = []
        self._socket.on("*", self._hear, namespace="/call")
        self._socket.on("connect_error", lambda data: refused.append(data), namespace="/call")
        self._socket.on("disconnect", self._shut, namespace="/call")
        self.closed = False
        hello = {"consultation": self._consultation, "tab": self.tab, "last_message": last_message}
        headers = {k: v for k, v in self._cookie.items() if k == "Cookie"}
        try:
            await self._socket.connect(
                self._url, headers, auth={**hello, **auth}, namespaces=["/call"],
                transports=["websocket"], wait_timeout=PATIENCE,
            )  # fmt: skip
        except socketio.exceptions.ConnectionError as error:
            await self._socket.disconnect()
            raise Refused(refused[0]["data"]["code"] if refused else str(error)) from None
        return self

    def _hear(self, event: str, payload: Any) -> Any:
        answer = self._received(payload) if event == "still_part" else None
        self.told.append((event, payload))
        self._news.set()
        return answer

    def _received(self, part: dict[str, Any]) -> dict[str, Any]:
        """A part of a still is taken in order, and the answer says where to go on."""
        got = self.received.setdefault((part["id"], part["stage"]), bytearray())
        if part["offset"] == len(got):
            got += part["data"]
        return {"ok": part["offset"] <= len(got), "stage": part["stage"], "offset": len(got)}

    def _shut(self, *_: Any) -> None:
        self.closed = True
        self._news.set()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.disconnect()
            await self._socket.shutdown()

    async def ask(self, event: str, payload: Any = None, **fields: Any) -> dict[str, Any]:
        data = fields if payload is None else payload
        answer = await self._socket.call(event, data, namespace="/call", timeout=PATIENCE)
        assert isinstance(answer, dict)
        return answer

    async def sends(self, still: str, stages: list[bytes], part: int = 2048) -> dict[str, Any]:
        """A still from where the server says, to its end; the last answer."""
        told = {"stages": [stage(data) for data in stages], "source": "camera", "why": "asked"}
        answer = await self.ask("still_begin", id=still, **told)
        while answer["ok"] and answer["stage"] < len(stages):
            at, offset = answer["stage"], answer["offset"]
            data = stages[at][offset : offset + part]
            answer = await self.ask("still_part", id=still, stage=at, offset=offset, data=data)
        return answer

    async def until(self, holds: Callable[["Browser"], Any]) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (found := holds(self)):
                self._news.clear()
                await self._news.wait()
        return found

    def heard(self, event: str) -> list[Any]:
        return [payload for name, payload in self.told if name == event]

    @property
    def view(self) -> dict[str, Any]:
        return dict(self.heard("room")[-1]) if self.heard("room") else {}

    async def stage(self, wanted: str) -> None:
        await self.until(lambda b: b.view and b.view["me"]["stage"] == wanted)


@dataclass
class House:
    """One consultation between the CHU and the river's health post, and its live server."""

    database: Database
    secret: Secret
    people: People
    folder: Path
    worker: PaperWorker = field(default_factory=PaperWorker)
    revocations: Revocations = field(default_factory=Revocations)
    browsers: list[Browser] = field(default_factory=list)
    consultation: Consultation = field(init=False)
    rooms: Rooms = field(init=False)
    albums: Albums = field(init=False)
    server: TestServer | None = None

    async def plan(self, now: bool = True, **fields: Any) -> Consultation:
        at = None if now else dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        wanted = Plan(
            at, 30, self.people.network.cdps.id, fields.get("reason", "Plaie de jambe"), TRAITS,
            (Guest("family", "Joseph"), Guest("interpreter", "")),
        )  # fmt: skip
        async with self.database.begin() as session:
            return await consultations.plan(
                session, actor_of(self.people.clinician), wanted, secret=self.secret
            )

    async def start(self) -> None:
        self.albums = Albums.below(self.folder, self.secret)
        self.rooms = Rooms(self.database, self.worker, self.revocations, self.albums)
        sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=["https://ours"])
        sio.register_namespace(CallNamespace(self.rooms, self.database))
        app = web.Application()
        sio.attach(app)
        self.server = TestServer(app)
        await self.server.start_server()
        await self.rooms.start()

    async def stop(self) -> None:
        for browser in self.browsers:
            await browser.close()
        await self.rooms.stop()
        if self.server:
            await self.server.close()
            self.server = None

    async def restart(self) -> None:
        """Another process would know as little: nothing but the database and the worker stays."""
        await self.stop()
        self.browsers.clear()
        self.revocations = Revocations()
        self.worker._tell.clear()
        await self.start()

    def browser(self, opened: Opened, consultation: str = "") -> Browser:
        assert self.server is not None
        url = str(self.server.make_url("/"))
        browser = Browser(url, cookie_header(opened), consultation or self.consultation.id)
        self.browsers.append(browser)
        return browser

    async def login(self, person: Person) -> Opened:
        return await logged_in(self.database, person)

    async def opens(self, person: Person) -> Browser:
        return await self.browser(await self.login(person)).open()

    async def enters(self, person: Person) -> Browser:
        browser = await self.opens(person)
        assert (await browser.ask("knock"))["stage"] == "in"
        await browser.stage("in")
        return browser

    async def invitation(self, kind: str = "family") -> Invitation:
        async with self.database.begin() as session:
            every = await invitations.of_consultation(session, self.consultation.id)
        return next(i for i in every if i.kind == kind)

    async def redeems(self, kind: str = "family") -> Opened:
        """The guest's link, opened on one more device."""
        invitation = await self.invitation(kind)
        token = invitations.token_of(self.secret, invitation)
        async with self.database.begin() as session:
            found = await redemption.redeem_token(
                session, token, secret=self.secret, address="192.0.2.7"
            )
        assert found.opened is not None
        return found.opened

    async def admitted(self, by: Browser, kind: str = "family") -> Browser:
        guest = await self.browser(await self.redeems(kind)).open()
        assert (await guest.ask("knock"))["stage"] == "door"
        seat = (await by.until(lambda b: b.view.get("door")))[0]["seat"]
        assert (await by.ask("admit", seat=seat))["ok"]
        await guest.stage("in")
        return guest

    async def ends(self, opened: Opened) -> None:
        """This login session is revoked, as by a logout elsewhere."""
        async with self.database.begin() as session:
            ended = await sessions.revoke(session, [opened.session.id])
        await self.revocations.announce(ended)

    async def rows(self, table: Any) -> list[Any]:
        import sqlalchemy as sa

        await self.rooms.journal.flushed()
        async with self.database.read() as session:
            found = await session.scalars(
                sa.select(table).where(table.consultation_id == self.consultation.id)
            )
            return list(found)


@pytest.fixture
async def house(
    database: Database, secret: Secret, people: People, tmp_path: Path
) -> AsyncIterator[House]:
    built = House(database, secret, people, tmp_path / "data")
    built.consultation = await built.plan()
    await built.start()
    yield built
    await built.stop()
