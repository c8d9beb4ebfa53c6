"""The worker's line to its server: dials in by Socket.IO with a token, dials again when it breaks.

The server may restart while people talk: events of that time are lost, the whole state is told at
the next connection. Believes only the server it dialled.
"""

import asyncio
import logging
import math
import os
import random
import secrets
import ssl
import time
from typing import Any

import aiohttp
import socketio

from media.adaptation import planned
from media.events import Hint, LinkReport
from media.router import Event
from media.worker import Refused, Worker
from server.kernel import tasks

log = logging.getLogger("carbet.media.dial")
NAMESPACE = "/media"
PROTOCOL = 2  # raised when server and worker would no longer understand each other
MOST_WAITING = 2_000
STATS_EVERY = 2.0
COMMANDS = ("open", "answer", "report", "matters", "transfer", "close", "close_room")
MOVED_WITHIN = 10.0  # s after which nobody is waited for who did not move
FIRST_DIAL = 15.0  # s a supervised worker tries to reach its server for the first time


def _trust(ca_file: str, pinned: bool) -> ssl.SSLContext:
    """Whom to believe. `pinned`: the very certificate in `ca_file`, by whatever name it is dialled;
    a server's own certificate names the address people use, not this machine's."""
    context = ssl.create_default_context(cafile=ca_file or None)
    if pinned and ca_file:
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class Line:
    """See the module."""

    def __init__(
        self, url: str, ca_file: str, token: str, port: int, *, pinned: bool = False
    ) -> None:
        self._url = url
        self._context = _trust(ca_file, pinned)
        self._token = token
        self._udp_port = port
        self._name = secrets.token_urlsafe(9)
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(MOST_WAITING)
        self._worker: Worker | None = None
        self._client: Any = None
        self._lost_at = time.monotonic()
        self._ever = False
        self._told = False
        self._leaving = False

    def tell(self, event: Event) -> None:
        """Queue an event for the server; nothing is kept for a server which is away."""
        if self._client is None or not self._client.connected:
            return
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            log.warning("events dropped: the server does not take them")

    async def run(self, worker: Worker, linger: float, supervised: bool) -> None:
        """Stay dialled in. A supervised worker returns when it has neither server nor session, or
        no server for `linger` seconds."""
        self._worker = worker
        pump = tasks.spawn(self._pump(), "media events")
        pause = 0.1
        while True:
            if await self._dial():
                pause = 0.1
                self._lost_at = time.monotonic()
            if supervised and self._over(worker, linger):
                break
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - spreads
            pause = min(1.5, pause * 1.6)
        await tasks.stop(pump)

    async def leave(self, worker: Worker) -> None:
        """Take no new call; return when those there are have moved to another worker, or, when
        there is none, have ended."""
        self._leaving = True
        log.info("leaving", extra={"rooms": len(worker.rooms)})
        moved = await self._say_leaving()
        until = time.monotonic() + MOVED_WITHIN if moved else math.inf
        while worker.rooms and time.monotonic() < until:  # noqa: ASYNC110 - rooms have no event
            await asyncio.sleep(0.1)

    async def _say_leaving(self) -> bool:
        """Whether the calls move. A server that is away hears of it when it is dialled again."""
        client = self._client
        try:
            reply = await client.call("leaving", {}, namespace=NAMESPACE) if client else {}
        except (TimeoutError, socketio.exceptions.SocketIOError):
            reply = {}
        return bool(reply.get("moved"))

    def _over(self, worker: Worker, linger: float) -> bool:
        away = time.monotonic() - self._lost_at
        if not self._ever:
            return away > FIRST_DIAL
        return away > linger or not worker.sessions()

    async def _dial(self) -> bool:
        """One connection, from dialling to its end; False when none came about."""
        connector = aiohttp.TCPConnector(ssl=self._context)
        async with aiohttp.ClientSession(connector=connector) as http:
            client: Any = socketio.AsyncClient(
                reconnection=False, http_session=http, handle_sigint=False
            )
            for command in COMMANDS:
                client.on(command, getattr(self, f"_{command}"), namespace=NAMESPACE)
            try:
                await client.connect(
                    self._url, auth=self._introduction(), namespaces=[NAMESPACE],
                    transports=["websocket"], wait_timeout=5,
                )  # fmt: skip
            except (socketio.exceptions.ConnectionError, aiohttp.ClientError, OSError) as error:
                self._tell_once(error)
                return False
            self._greet(client)
            if self._leaving:
                await self._say_leaving()
            await client.wait()
            self._client = None
            log.info("server away")
            return True

    def _tell_once(self, error: Exception) -> None:
        """The first failure of a row is worth a line: a wrong certificate never mends itself."""
        if not self._told:
            log.warning("cannot dial in", extra={"error": type(error.__cause__ or error).__name__})
        self._told = True

    def _introduction(self) -> dict[str, Any]:
        assert self._worker is not None
        return {
            "token": self._token, "worker": self._name, "pid": os.getpid(),
            "protocol": PROTOCOL, "port": self._udp_port, "rooms": self._worker.state(),
        }  # fmt: skip

    def _greet(self, client: Any) -> None:
        assert self._worker is not None
        log.info("dialled in")
        self._client, self._ever, self._told = client, True, False
        while not self._waiting.empty():
            self._waiting.get_nowait()
        for room in self._worker.rooms.values():
            room.tell_all()

    async def _pump(self) -> None:
        told_at = 0.0
        while True:
            try:
                event = await asyncio.wait_for(self._waiting.get(), STATS_EVERY)
            except TimeoutError:
                event = None
            if event is not None:
                await self._emit("event", event)
            if time.monotonic() - told_at >= STATS_EVERY and self._worker is not None:
                told_at = time.monotonic()
                await self._emit("stats", self._worker.stats())

    async def _emit(self, name: str, data: Any) -> None:
        client = self._client
        if client is None:
            return
        try:
            await client.emit(name, data, namespace=NAMESPACE)
        except socketio.exceptions.SocketIOError:
            log.debug("not told: the server went away")

    async def _open(self, data: Any) -> dict[str, Any]:
        assert self._worker is not None
        try:
            hint = Hint(**data["hint"])
            session, sdp, plan = self._worker.open(data["room"], data["peer"], hint)
        except Refused as error:
            return {"refused": str(error)}
        return {"session": session, "sdp": sdp, "plan": planned(plan, 0, 1)}

    async def _answer(self, data: Any) -> dict[str, str]:
        assert self._worker is not None
        try:
            self._worker.answer(data["room"], data["peer"], data["session"], data["sdp"])
        except Refused as error:
            return {"refused": str(error)}
        return {}

    async def _report(self, data: Any) -> None:
        assert self._worker is not None
        report = LinkReport(**data["report"])
        self._worker.report(data["room"], data["peer"], data["session"], report)

    async def _matters(self, data: Any) -> None:
        assert self._worker is not None
        try:
            self._worker.matters(data["room"], data["peer"], data["source"], data["what"])
        except Refused as error:
            log.warning("not understood", extra={"command": "matters", "why": str(error)})

    async def _transfer(self, data: Any) -> None:
        assert self._worker is not None
        on = bool(data["on"])
        self._worker.transfer(data["room"], data["peer"], data["direction"], on)

    async def _close(self, data: Any) -> dict[str, str]:
        assert self._worker is not None
        self._worker.close(data["room"], data["peer"])
        return {}

    async def _close_room(self, data: Any) -> dict[str, str]:
        assert self._worker is not None
        self._worker.close_room(data["room"])
        return {}
