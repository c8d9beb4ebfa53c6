"""A page's line to the server, without a page: Socket.IO's own words over one WebSocket.

A thousand of them fit in one process. It comes back as `web/static/js/call/protocol.js` does,
with the same pauses, and says again what was not acknowledged.
"""

import asyncio
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

CALL = "/call,"
ACK_SECONDS = 12.0
# comeback.js: after a cut, after each refusal, and how long one dialling may take.
FIRST, PAUSES, MANY, SELDOM, PATIENCE = 0.3, (0.3, 0.6, 1.2, 1.5), 20, 4.0, 3.5
KICKED_SECONDS = 2.0
AGAIN_SECONDS = 1.0  # seat.js: FLUSH_AGAIN_SECONDS
ENTERS_WITHIN = 180.0  # only ends a broken run
ATTACHED = {"_placeholder": True, "num": 0}
AWAY = {"ok": False, "code": "away"}

Heard = Callable[[str, Any], Awaitable[None]]


def browser() -> aiohttp.ClientSession:
    """What many tabs share; certificates are not looked at, as by who passed the warning once."""
    connector = aiohttp.TCPConnector(ssl=False, limit=0)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


@dataclass
class Said:
    """A message on its way: every answer it had, with the time."""

    client_id: str
    text: str
    answers: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    @property
    def number(self) -> int | None:
        """The number under which it was acknowledged."""
        return next((a["number"] for _, a in self.answers if a.get("ok")), None)


class Tab:
    """See the module. `run` lives until `close`; `heard` is told of every event."""

    def __init__(
        self, http: aiohttp.ClientSession, address: str, cookie: str, consultation: str,
        rng: random.Random, heard: Heard | None = None,
    ) -> None:  # fmt: skip
        self._http, self._address, self._cookie = http, address, cookie
        self._consultation, self._rng, self._heard = consultation, rng, heard
        self._tab = uuid.UUID(int=rng.getrandbits(128)).hex
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._pen = asyncio.Lock()
        self._closed = False
        self._news = asyncio.Event()
        self._after: float | None = None  # s, what the server told to wait
        self.view: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self.session: str | None = None
        self.seated: list[float] = []  # when `room` came, on each new socket
        self.cut: list[float] = []  # when each socket ended
        self.refused: list[str] = []
        self.swallowed = 0  # diallings of which nothing came in time
        self.over = ""  # `revoked`, `superseded`, or the code of a refusal for good

    # Coming and going

    async def run(self) -> None:
        """Connects, and connects again, until closed or refused for good."""
        refusals = 0
        while not self._closed and not self.over:
            pause = 0.0
            try:
                if await self._connect():
                    refusals, pause = 0, FIRST * self._rng.random()
            except TimeoutError:
                self.swallowed += 1
            except (aiohttp.ClientError, OSError):
                pause = PAUSES[min(refusals, len(PAUSES) - 1)] if refusals < MANY else SELDOM
                pause, refusals = pause * self._rng.uniform(0.5, 1.5), refusals + 1
            if self._closed or self.over:
                return
            if self._after is not None:
                pause, self._after = self._after, None
            await asyncio.sleep(pause)

    async def _connect(self) -> bool:
        """One socket, to its end. Whether the namespace let us in. Raises TimeoutError when
        nothing came of it in time."""
        url = f"{self._address}/socket.io/?EIO=4&transport=websocket"
        headers = {"Cookie": self._cookie}
        came = False
        async with asyncio.timeout(PATIENCE) as patience:
            socket = await self._http.ws_connect(url, headers=headers, max_msg_size=0)
            async with socket:
                try:
                    async for frame in socket:
                        if frame.type is not aiohttp.WSMsgType.TEXT:
                            continue
                        if await self._frame(socket, frame.data):
                            came = True
                            patience.reschedule(None)
                finally:
                    self._down()
        return came

    async def _frame(self, socket: aiohttp.ClientWebSocketResponse, text: str) -> bool:
        """One Engine.IO packet; whether it says that the namespace let us in."""
        if text.startswith("0"):
            await socket.send_str(f"40{CALL}{json.dumps(self._hello())}")
        elif text == "2":
            await socket.send_str("3")
        elif text.startswith(f"40{CALL}"):
            self._socket = socket
            self._tell()
            return True
        elif text.startswith(f"44{CALL}"):
            await self._turned_away(socket, json.loads(text[2 + len(CALL) :]))
        elif text.startswith(f"41{CALL}"):
            self._after = KICKED_SECONDS * self._rng.uniform(0.5, 1.5)
            await socket.close()
        elif text.startswith(f"42{CALL}"):
            await self._event(socket, text[2 + len(CALL) :])
        elif text.startswith(f"43{CALL}"):
            self._acknowledged(text[2 + len(CALL) :])
        return False

    def _hello(self) -> dict[str, Any]:
        last = self.messages[-1]["number"] if self.messages else 0
        hello = {"consultation": self._consultation, "tab": self._tab, "last_message": last}
        return hello | ({"session": self.session} if self.session else {})

    async def _turned_away(
        self, socket: aiohttp.ClientWebSocketResponse, error: dict[str, Any]
    ) -> None:
        code = error.get("data", error).get("code", error.get("message", ""))
        self.refused.append(code)
        if code in ("unavailable", "slow_down"):
            told = error.get("data", error).get("after")
            self._after = told or KICKED_SECONDS * self._rng.uniform(0.5, 1.5)
        else:
            self.over = code
        await socket.close()

    def _down(self) -> None:
        if self._socket is not None:
            self.cut.append(time.monotonic())
        self._socket = None
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_result(AWAY)
        self._asked.clear()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _event(self, socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
        if text[0] != "[":  # asks for an answer
            number, _, text = text.partition("[")
            await socket.send_str(f'43{CALL}{number}[{{"ok": false}}]')
            text = f"[{text}"
        event, *rest = json.loads(text)
        payload = rest[0] if rest else None
        if event == "room":
            if self._socket is not None and len(self.seated) <= len(self.cut):
                self.seated.append(time.monotonic())
            self.view = payload
        elif event == "offer":
            self.session = payload["session"]
        elif event == "message":
            self.messages.append(payload)
        elif event in ("revoked", "superseded"):
            self.over = event
        self._tell()
        if self._heard is not None:
            await self._heard(event, payload)

    def _acknowledged(self, text: str) -> None:
        number, _, rest = text.partition("[")
        waiting = self._asked.pop(int(number), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(json.loads(f"[{rest}")[0])

    async def close(self) -> None:
        self._closed = True
        if self._socket is not None:
            await self._socket.close()

    async def cut_off(self) -> None:
        """The network ends this socket; the page comes back by itself."""
        if self._socket is not None:
            await self._socket.close()

    # What a page says

    @property
    def up(self) -> bool:
        return self._socket is not None

    @property
    def stage(self) -> str:
        return str(self.view["me"]["stage"]) if self.view else ""

    async def until(self, holds: Callable[["Tab"], Any], patience: float = 30.0) -> Any:
        """Waits until it holds. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while not (found := holds(self)):
                await self._news.wait()
        return found

    async def ask(self, event: str, within: float = ACK_SECONDS, **fields: Any) -> dict[str, Any]:
        """A command and its acknowledgement; `away` without one."""
        return await self._said(event, fields, within, None)

    async def _said(
        self, event: str, fields: dict[str, Any], within: float, data: bytes | None
    ) -> dict[str, Any]:
        socket = self._socket
        if socket is None:
            return dict(AWAY)
        self._number += 1
        number = self._number
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            kind = "42" if data is None else "451-"
            # Nothing may come between the packet and its bytes.
            packet = socket.send_str(f"{kind}{CALL}{number}{json.dumps([event, fields])}")
            async with self._pen:
                await packet
                if data is not None:
                    await socket.send_bytes(data)
            return await asyncio.wait_for(answer, within)
        except (TimeoutError, ConnectionError):
            return dict(AWAY)
        finally:
            self._asked.pop(number, None)

    async def ask_with(
        self, event: str, data: bytes, within: float = ACK_SECONDS, **fields: Any
    ) -> dict[str, Any]:
        """A command with bytes in its `data`: one packet, and a frame of bytes behind it."""
        return await self._said(event, {**fields, "data": ATTACHED}, within, data)

    async def enter(self) -> None:
        """Knocks until in. Raises TimeoutError."""
        await self.until(lambda tab: tab.up and tab.view, ENTERS_WITHIN)
        async with asyncio.timeout(ENTERS_WITHIN):
            while self.stage != "in":
                answer = await self.ask("knock")
                if not answer["ok"]:
                    await asyncio.sleep(AGAIN_SECONDS * self._rng.uniform(0.3, 1))
                    continue
                await self.until(lambda tab: tab.stage == "in" or not tab.up, ENTERS_WITHIN)

    async def say(self, said: Said, again: float = AGAIN_SECONDS) -> Said:
        """Says it until it is acknowledged, as the page's outbox does."""
        while not self._closed:
            answer = await self.ask("say", client_id=said.client_id, text=said.text)
            said.answers.append((time.monotonic(), answer))
            if answer["ok"] or answer["code"] not in ("slow_down", "unavailable", "away"):
                break
            if answer["code"] == "away":
                await self.until(lambda tab: tab.up or tab._closed, 600)
            else:
                await asyncio.sleep(again)
        return said
