"""Temporal layers and codecs of real Chromium, chosen by a worker in this process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from media.core.stream.rewrite import Packet
from media.source import Source
from media.track import Track
from tests.media.call_server import PAGE, free_port
from tests.media.test_chromium import seen, stats, until
from tests.media.workshop import Workshop


class Studio(Workshop):
    """A worker, the page to call it from, and a hand on its tracks."""

    def __init__(self) -> None:
        super().__init__(["127.0.0.1"])
        self.url = f"http://localhost:{free_port()}"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_post("/open", self._open)
        app.router.add_post("/answer", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", int(self.url.rpartition(":")[2])).start()

    async def close(self) -> None:
        await super().close()
        if self._runner:
            await self._runner.cleanup()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE)

    async def _open(self, request: web.Request) -> web.Response:
        data = await request.json()
        name, sdp, *_ = self.worker.open(data["room"], data["peer"])
        return web.json_response({"session": name, "sdp": sdp})

    async def _answer(self, request: web.Request) -> web.Response:
        data = await request.json()
        self.worker.answer(data["room"], data["peer"], data["session"], data["sdp"])
        return web.json_response({})

    def track(self, peer: str, mid: str = "v0") -> Track:
        """The line of this peer, its layers in the test's hand alone."""
        place = self.worker.rooms["room"].peers[peer]
        assert place.live is not None
        track = place.live.tracks[mid]
        track.limit = lambda layers: None  # type: ignore[method-assign]
        return track


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    made = Studio()
    await made.start()
    yield made
    await made.close()


async def enter(browser: Browser, studio: Studio, peer: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(studio.url)
    await page.evaluate("([peer]) => join('room', peer)", [peer])
    return page


ENCODE = """async ([mode, type]) => {
  const sender = pc.getTransceivers().find(t => t.mid === 'camera').sender
  const all = RTCRtpSender.getCapabilities('video').codecs
  const wanted = sender.getParameters()
  wanted.encodings[0].scalabilityMode = mode
  wanted.encodings[0].maxFramerate = 30
  if (type) wanted.encodings[0].codec = all.find(each => each.mimeType === type)
  await sender.setParameters(wanted)
}"""


async def watch(page: Page, seconds: float) -> dict[str, float]:
    """What a receiver's statistics gained meanwhile."""
    before = (await stats(page))["in"]["v0"]
    await asyncio.sleep(seconds)
    after = (await stats(page))["in"]["v0"]
    names = "framesDecoded framesReceived freezeCount pliCount framesDropped packetsLost nackCount"
    return {name: after.get(name, 0) - before.get(name, 0) for name in names.split()}


def tally(track: Track) -> dict[int, int]:
    """Timestamps of the frames which come to this line, each with its layer; kept up to date."""
    frames: dict[int, int] = {}

    def forward(source: Source, packet: Packet, now: float) -> None:
        if packet.picture is not None:
            frames[packet.timestamp] = packet.picture.temporal
        Track.forward(track, source, packet, now)

    track.forward = forward  # type: ignore[method-assign]
    return frames


@pytest.mark.parametrize("kind", ["video/VP8", "video/AV1"])
async def test_layers_fall_and_come_back_while_the_receiver_plays_on(
    studio: Studio, chromium: Browser, kind: str
) -> None:
    ana, bo = [await enter(chromium, studio, peer) for peer in ("ana", "bo")]
    await ana.evaluate(ENCODE, ["L1T3", kind])
    await until(bo, lambda s: s["in"].get("v0", {}).get("framesDecoded", 0) >= 60)
    track = studio.track("bo")
    frames = tally(track)
    for layers in (3, 1, 2, 3):
        Track.limit(track, layers)
        await until(bo, seen("v0", (await stats(bo))["in"]["v0"]["framesDecoded"] + 8))
        frames.clear()
        gained = await watch(bo, 4)
        came = list(frames.values())
        passed = sum(layer < layers for layer in came)

        assert {0, 1, 2} == set(came)
        assert abs(gained["framesDecoded"] - passed) <= 4
        assert gained["packetsLost"] == gained["nackCount"] == 0


async def test_av1_takes_over_in_the_middle_of_a_call_and_vp8_again(
    studio: Studio, chromium: Browser
) -> None:
    ana, bo = [await enter(chromium, studio, peer) for peer in ("ana", "bo")]
    await until(bo, seen("v0", 40))
    for kind in ("video/AV1", "video/VP8"):
        await ana.evaluate(ENCODE, ["L1T1", kind])

        async def codec() -> Any:
            return await bo.evaluate("""async () => {
              const all = await pc.getStats()
              const video = [...all.values()].find(s => s.type === 'inbound-rtp' && s.mid === 'v0')
              return [all.get(video.codecId)?.mimeType, video.framesDecoded]
            }""")

        async with asyncio.timeout(20):
            while (await codec())[0] != kind:
                await asyncio.sleep(0.1)
        gained = await watch(bo, 4)

        assert gained["framesDecoded"] > 10 and gained["pliCount"] <= 1
        assert gained["packetsLost"] == 0
