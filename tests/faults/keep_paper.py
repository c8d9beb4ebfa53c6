"""A media worker on paper: it carries nothing, answers at once, and outlives its server as a real
one does. It stands for the media of a thousand people, of whom only signalling is to be seen.

To its server it never looks busy, so that calls go to it rather than to a real worker beside it.
"""

import asyncio
import multiprocessing
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import socketio

TOKEN = "a worker on paper"
NAMESPACE = "/media"
UP_AFTER = 0.2  # s from an offer to packets


class Paper:
    """See the module."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sessions: dict[tuple[str, str], str] = {}
        self._doing: set[asyncio.Future[Any]] = set()

    async def run(self) -> None:
        """Dials in, and again when the server went, for ever."""
        while True:
            connector = aiohttp.TCPConnector(ssl=False)
            async with aiohttp.ClientSession(connector=connector) as http:
                client: Any = socketio.AsyncClient(
                    http_session=http, ssl_verify=False, reconnection=False
                )
                for name in ("open", "answer", "report", "matters", "transfer", "close",
                             "close_room"):  # fmt: skip
                    client.on(name, getattr(self, f"_{name}", self._done), namespace=NAMESPACE)
                try:
                    await client.connect(self._url, auth=self._who(), namespaces=[NAMESPACE],
                                         transports=["websocket"])  # fmt: skip
                except (socketio.exceptions.ConnectionError, aiohttp.ClientError, OSError):
                    await asyncio.sleep(0.3)
                    continue
                self._client = client
                for room, peer in list(self._sessions):
                    await self._up(room, peer)
                await client.wait()

    def _who(self) -> dict[str, Any]:
        rooms: dict[str, list[dict[str, str]]] = {}
        for (room, peer), session in self._sessions.items():
            rooms.setdefault(room, []).append({"peer": peer, "session": session})
        return {"token": TOKEN, "worker": "paper", "pid": 0, "protocol": 2, "port": 1,
                "rooms": rooms}  # fmt: skip

    async def _open(self, data: Any) -> dict[str, Any]:
        session = self._sessions[data["room"], data["peer"]] = uuid.uuid4().hex[:16]
        later = asyncio.ensure_future(self._soon(data["room"], data["peer"]))
        self._doing.add(later)
        later.add_done_callback(self._doing.discard)
        return {"session": session, "sdp": "v=0\r\n" * 800, "plan": {"n": 1, "rung": "motion"}}

    async def _soon(self, room: str, peer: str) -> None:
        await asyncio.sleep(UP_AFTER)
        await self._up(room, peer)

    async def _up(self, room: str, peer: str) -> None:
        session = self._sessions.get((room, peer))
        if session is None or not self._client.connected:
            return
        # The end of a session nobody has: counted as gone by the server, and passed over.
        for event, of in (("peer_up", session), ("peer_gone", "an older one")):
            told = {"event": event, "room": room, "peer": peer, "session": of}
            if event == "peer_gone":
                told["why"] = "closed"
            await self._client.emit("event", told, namespace=NAMESPACE)

    async def _close(self, data: Any) -> dict[str, Any]:
        self._sessions.pop((data["room"], data["peer"]), None)
        return {}

    async def _close_room(self, data: Any) -> dict[str, Any]:
        for key in [key for key in self._sessions if key[0] == data["room"]]:
            del self._sessions[key]
        return {}

    async def _done(self, _: Any) -> dict[str, Any]:
        return {}


def _main(url: str) -> None:
    asyncio.run(Paper(url).run())


@contextmanager
def paper(url: str) -> Iterator[None]:
    """One in a process of its own, which dials until somebody answers."""
    process = multiprocessing.get_context("spawn").Process(target=_main, args=(url,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()
