"""A small server on loopback: MediaClient, a spawned worker, a page for browsers to call from."""

import asyncio
import socket
from collections import deque
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web

from media.client import Hint, MediaClient, MediaEvent, Spawn

PAGE = Path(__file__).with_name("page.html")


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class CallServer:
    """Runs until `stop`; `events` keeps all that the media client told."""

    def __init__(
        self, data_dir: Path, hosts: tuple[str, ...] = ("127.0.0.1",), port: int = 0,
        udp_port: int = 0, advertised: tuple[str, ...] = (), count: int = 1,
    ) -> None:  # fmt: skip
        self.port = port or free_port()
        self.udp_port = udp_port or free_port(socket.SOCK_DGRAM)
        self.url = f"http://localhost:{self.port}"
        self.sio: Any = socketio.AsyncServer(
            async_mode="aiohttp", ping_interval=5, ping_timeout=5, cors_allowed_origins=[]
        )
        spawn = Spawn(
            server_url=f"http://127.0.0.1:{self.port}", ca_file="", udp_port=self.udp_port,
            data_dir=data_dir, hosts=hosts, linger_seconds=20, advertised=advertised,
            count=count,
        )  # fmt: skip
        self.media = MediaClient(self.sio, token="a worker's token", spawn=spawn)
        self.events: deque[MediaEvent] = deque(maxlen=5000)
        self.media.subscribe(self._note)
        self._runner: web.AppRunner | None = None

    async def _note(self, event: MediaEvent) -> None:
        self.events.append(event)

    async def start(self) -> None:
        app = web.Application()
        self.sio.attach(app)
        app.router.add_get("/", self._page)
        app.router.add_post("/open", self._open)
        app.router.add_post("/answer", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        await self.media.start()

    async def ready(self) -> None:
        await self.until(self.media.ready)

    async def until(self, condition: Any, seconds: float = 15) -> Any:
        """Wait for a condition on this server; the limit only ends a broken run."""
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                await asyncio.sleep(0.02)
        return found

    async def event(self, kind: type[Any], seconds: float = 15, **fields: Any) -> Any:
        """Wait for an event of this kind with these fields."""

        def seen() -> Any:
            return next((e for e in self.events if isinstance(e, kind)
                         and all(getattr(e, k) == v for k, v in fields.items())), None)  # fmt: skip

        return await self.until(seen, seconds)

    async def stop(self, carry_on: bool = False) -> None:
        """End the server; `carry_on` leaves calls to the worker, which otherwise ends too."""
        if not carry_on:
            for room in self.media.rooms():
                await self.media.close_room(room)
        await self.media.stop()
        if self._runner:
            await self._runner.cleanup()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE)

    async def _open(self, request: web.Request) -> web.Response:
        data = await request.json()
        offer = await self.media.open(data["room"], data["peer"], Hint(**data["hint"]))
        return web.json_response({"session": offer.session, "sdp": offer.sdp})

    async def _answer(self, request: web.Request) -> web.Response:
        data = await request.json()
        await self.media.answer(data["room"], data["peer"], data["session"], data["sdp"])
        return web.json_response({})
