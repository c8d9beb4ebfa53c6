"""What becomes of sockets that are not, or not yet, anybody's."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import socketio
from aiohttp import web
from aiohttp.test_utils import TestServer

from server import lobby
from server.kernel import sessions
from server.lobby import Lobby, bearer

OURS = {"Cookie": f"{sessions.MEMBER_COOKIE}=ana"}
THEIRS = {"Cookie": f"{sessions.GUEST_COOKIE}=bo"}


@dataclass
class Hall:
    """A server with two namespaces behind a lobby, whose clock stands still."""

    now: float = 100.0
    said: list[Any] = field(default_factory=list)
    lobby: Lobby = field(init=False)
    server: TestServer = field(init=False)

    async def open(self) -> None:
        sio = socketio.AsyncServer(async_mode="aiohttp", ping_interval=600)
        for name in ("/call", "/media"):
            sio.on("connect", lambda *_: None, namespace=name)
            sio.on("say", self._say, namespace=name)
        app = web.Application()
        sio.attach(app)
        self.lobby = Lobby(sio, "/media", clock=lambda: self.now)
        self.lobby.install(app)
        self.server = TestServer(app)
        await self.server.start_server()

    async def _say(self, socket: str, data: Any) -> str:
        self.said.append(data)
        return "heard"

    def url(self, query: str = "transport=websocket") -> str:
        return str(self.server.make_url(f"/socket.io/?EIO=4&{query}"))

    @property
    def sockets(self) -> int:
        return len(self.lobby._sio.eio.sockets)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    made = Hall()
    await made.open()
    yield made
    await made.server.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def polls(http: aiohttp.ClientSession, hall: Hall, headers: dict[str, str]) -> str:
    """Begins a polling session; its id."""
    async with http.get(hall.url("transport=polling"), headers=headers) as answer:
        assert answer.status == 200
        return str(json.loads((await answer.text())[1:])["sid"])


async def joined(http: aiohttp.ClientSession, hall: Hall, namespace: str = "/call") -> Any:
    ws = await http.ws_connect(hall.url(), headers=OURS)
    assert (await ws.receive_str()).startswith("0")
    await ws.send_str(f"40{namespace},")
    assert (await ws.receive_str()).startswith(f"40{namespace},")
    return ws


async def ended(ws: Any) -> None:
    async with asyncio.timeout(10):
        while not ws.closed:
            await ws.receive()


async def status(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with http.get(url, headers=headers, timeout=aiohttp.ClientTimeout(5)) as answer:
        return answer.status


async def test_long_polling_is_for_who_shows_a_session(
    hall: Hall, http: aiohttp.ClientSession
) -> None:
    assert await status(http, hall.url("transport=polling"), {}) == 403
    assert await status(http, hall.url("transport=polling&j=0"), OURS) == 400
    assert hall.sockets == 0
    assert await polls(http, hall, OURS)


async def test_a_polling_session_answers_only_the_browser_that_began_it(
    hall: Hall, http: aiohttp.ClientSession
) -> None:
    sid = await polls(http, hall, OURS)
    url = hall.url(f"transport=polling&sid={sid}")
    for headers in ({}, THEIRS, {"Cookie": f"{sessions.MEMBER_COOKIE}=guess"}):
        assert await status(http, url, headers) == 400
        async with http.post(url, headers=headers, data="40/call,") as answer:
            assert answer.status == 400
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(hall.url(f"transport=websocket&sid={sid}"), headers=headers)
    async with http.post(url, headers=OURS, data="40/call,") as answer:
        assert answer.status == 200
    async with http.get(url, headers=OURS) as answer:
        assert "40/call," in await answer.text()


async def test_who_joins_nothing_is_put_out_and_who_leaves_again_too(
    hall: Hall, http: aiohttp.ClientSession
) -> None:
    await polls(http, hall, OURS)
    idle = await http.ws_connect(hall.url())
    inside = await joined(http, hall)
    left = await joined(http, hall)
    await left.send_str("41/call,")
    await hall.lobby.look()
    assert hall.sockets == 4
    async with asyncio.timeout(5):
        while len(hall.lobby._sio.manager.rooms["/call"][None]) > 1:
            await asyncio.sleep(0.01)
    hall.now += 1
    await hall.lobby.look()
    hall.now += lobby.JOINED_WITHIN + 0.1
    await hall.lobby.look()
    await ended(idle)
    await ended(left)
    assert hall.sockets == 1 and not hall.lobby._waiting
    await inside.send_str('42/call,1["say","still here"]')
    assert await inside.receive_str() == '43/call,1["heard"]'


async def test_no_more_wait_than_fit(
    hall: Hall, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lobby, "MOST_OF_ONE", 3)
    monkeypatch.setattr(lobby, "MOST_WAITING", 4)
    for _ in range(3):
        await polls(http, hall, OURS)
    assert await status(http, hall.url("transport=polling"), OURS) == 429
    await polls(http, hall, THEIRS)
    assert await status(http, hall.url("transport=polling"), THEIRS) == 503
    hall.now += lobby.JOINED_WITHIN + 0.1
    await hall.lobby.look()
    await polls(http, hall, OURS)


@pytest.mark.parametrize("frame", [
    '452-/call,["say",{"_placeholder":true,"num":0}]', '459999999999-/call,["say"]',
    "49/call,", "4x", '42/call,1["say"', "42/call," + "[" * 50_000, "45-/call,[]", "44/call,",
])  # fmt: skip
async def test_what_is_no_frame_ends_its_socket_and_no_other(
    hall: Hall, http: aiohttp.ClientSession, frame: str
) -> None:
    other, ws = await joined(http, hall), await joined(http, hall)
    await ws.send_str(frame)
    await ended(ws)
    await other.send_str('42/call,1["say","still here"]')
    assert await other.receive_str() == '43/call,1["heard"]'
    assert hall.sockets == 1


async def test_a_part_of_a_still_has_its_one_attachment(
    hall: Hall, http: aiohttp.ClientSession
) -> None:
    ws = await joined(http, hall)
    await ws.send_str('451-/call,7["say",{"_placeholder":true,"num":0}]')
    await ws.send_bytes(b"\x01\x02")
    assert await ws.receive_str() == '43/call,7["heard"]'
    assert hall.said == [b"\x01\x02"]
    await ws.send_bytes(b"an orphan")
    await ended(ws)


async def test_who_talks_too_fast_waits_and_a_worker_does_not(
    hall: Hall, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(lobby, "BURST", 50)
    real = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await real(0)

    ws, worker = await joined(http, hall), await joined(http, hall, "/media")
    monkeypatch.setattr(lobby.asyncio, "sleep", noted)
    for each, name in ((worker, "/media"), (ws, "/call")):
        for _ in range(80):
            await each.send_str(f'42{name},["say",1]')
        await each.send_str(f'42{name},1["say",1]')
        assert (await each.receive_str()).startswith("43")
        assert len([each for each in waits if each == 1 / lobby.RATE]) == (
            0 if name == "/media" else 80 + 2 - 50
        )


def test_whose_a_request_is() -> None:
    member, guest = {sessions.MEMBER_COOKIE: "a"}, {sessions.GUEST_COOKIE: "a"}
    assert bearer({}) == bearer({"other": "x"}) == bearer({sessions.MEMBER_COOKIE: ""}) == ""
    assert len({bearer(member), bearer(guest), bearer(member | guest)}) == 3
    assert bearer(member | {"other": "x"}) == bearer(member)
