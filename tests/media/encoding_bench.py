"""A worker in this process which keeps what it receives, and a page whose encoder sends it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from media.core.packets import rtp
from tests.media.workshop import Workshop

HERE = Path(__file__).parent
SCRIPTS = HERE.parents[1] / "web" / "static" / "js"
OPUS, RED, VP8, AV1 = 111, 63, 96, 45
AUDIO_CLOCK, VIDEO_CLOCK = 48_000, 90_000
VP8_KEY = b"\x9d\x01\x2a"  # RFC 6386 §9.1, before width and height


@dataclass(frozen=True)
class Packet:
    """One RTP packet as it came."""

    payload_type: int
    timestamp: int
    ssrc: int
    payload: bytes


class EncodingBench(Workshop):
    """See the module. Time is read from RTP timestamps alone, never from a clock."""

    def __init__(self, addresses: list[str] | None = None) -> None:
        super().__init__(addresses)
        self.packets: list[Packet] = []
        self.wait = 0.0  # s the sound of the page waits on its way
        self._clear_at = 0.0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_static("/js", SCRIPTS)
        app.router.add_post("/open", self._open)
        app.router.add_post("/answer", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://localhost:{self._runner.addresses[0][1]}/"

    async def close(self) -> None:
        await super().close()
        if self._runner:
            await self._runner.cleanup()

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(HERE / "encoding.html")

    async def _open(self, request: web.Request) -> web.Response:
        told = json.loads(await request.text())
        session, sdp, *_ = self.worker.open("room", told["peer"])
        return web.json_response({"session": session, "sdp": sdp})

    async def _answer(self, request: web.Request) -> web.Response:
        told = json.loads(await request.text())
        self.worker.answer("room", told["peer"], told["session"], told["sdp"])
        return web.json_response({})

    def note(self, packet: bytes) -> None:
        """A decrypted packet came from the page."""
        second, _, timestamp, ssrc, _, start, end = rtp.parse(packet)
        self.packets.append(Packet(second & 0x7F, timestamp, ssrc, packet[start:end]))

    def later(self, act: Callable[[], None]) -> None:
        """Do it when the way is clear: after `wait`, and never before what came earlier."""
        loop = asyncio.get_running_loop()
        self._clear_at = max(self._clear_at, loop.time() + self.wait)
        loop.call_at(self._clear_at, act)

    async def receive(self, types: set[int], count: int, ssrc: int = 0) -> list[Packet]:
        """The next `count` packets of these types, and of this stream if one is named."""
        begin = len(self.packets)

        def found() -> list[Packet]:
            fresh = self.packets[begin:]
            return [p for p in fresh if p.payload_type in types and ssrc in (0, p.ssrc)]

        return list(await self.until(lambda: (rows := found())[count - 1 :] and rows, 30))
