"""The measuring itself, shown on a bare connection between two browsers with no server of ours.

A late sound must be measured as late, a still picture as still and silence as silence: otherwise
the figures of the end-to-end tests would say nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Page, Playwright, async_playwright

from tests.peers import browsers, measure, testimony
from tests.peers.talking_head import CLINICIAN, GUEST, SITE, device_files

SEND = """async (late) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const pc = new RTCPeerConnection();
  const sound = late ? delayed(stream, late) : stream.getAudioTracks()[0];
  const both = new MediaStream([sound, stream.getVideoTracks()[0]]);
  both.getTracks().forEach((t) => pc.addTrack(t, both));
  await pc.setLocalDescription();
  await gathered(pc);
  return pc.localDescription.sdp;
}"""
ANSWER = """async (sdp) => {
  const pc = new RTCPeerConnection();
  pc.ontrack = (e) => { document.querySelector("video").srcObject = e.streams[0]; };
  await pc.setRemoteDescription({ type: "offer", sdp });
  await pc.setLocalDescription();
  await gathered(pc);
  return pc.localDescription.sdp;
}"""
CONCLUDE = "(sdp) => window.__measure.connections[0].setRemoteDescription({ type: 'answer', sdp })"
MUTE = """() => window.__measure.connections[0].getSenders()
  .forEach((sender) => { sender.track.enabled = false; })"""
PAGE = """<!doctype html><title>Essai</title><video autoplay muted playsinline></video><script>
const gathered = (pc) => new Promise((done) => {
  const look = () => pc.iceGatheringState === "complete" && done();
  pc.addEventListener("icegatheringstatechange", look);
  look();
});
const delayed = (stream, late) => {
  const context = new AudioContext();
  const delay = context.createDelay(2);
  delay.delayTime.value = late;
  const out = context.createMediaStreamDestination();
  context.createMediaStreamSource(stream).connect(delay).connect(out);
  return out.stream.getAudioTracks()[0];
};
</script>"""


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
async def play() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


async def connect(sender: Page, receiver: Page, late: float = 0.0) -> None:
    """Sound ``late`` seconds behind the picture, from one page to the other, as mids 0 and 1."""
    offer = await sender.evaluate(SEND, late)
    answer = await receiver.evaluate(ANSWER, offer)
    await sender.evaluate(CONCLUDE, answer)
    await measure.until(
        "connected",
        lambda: receiver.evaluate("() => window.__measure.live().connectionState === 'connected'"),
    )


async def lateness(sender: Page, receiver: Page) -> tuple[testimony.Testimony, float]:
    """The receiver's testimony, and its lip offset less the sender's own, in ms."""
    near, far = await asyncio.gather(
        measure.testimony(sender, "1", "0"), measure.testimony(receiver, "1", "0")
    )
    return far, far.offset() - near.offset()


async def test_both_browsers_show_a_moving_face_and_a_voice(address: str, play: Playwright) -> None:
    """Chromium with its fake devices, Firefox with the page camera, each to the other."""
    chromium = await browsers.chromium(play, device_files(SITE, browsers.PARTS))
    firefox = await browsers.firefox(play)
    async with (
        browsers.person_at(chromium) as one,
        browsers.person_at(firefox, camera=GUEST) as other,
    ):
        for sender, receiver, person in ((one, other, SITE), (other, one, GUEST)):
            await asyncio.gather(sender.goto(address), receiver.goto(address))
            await connect(sender, receiver)
            seen, late = await lateness(sender, receiver)
            print(person.name, seen, late)
            assert seen.seen == seen.heard == {person.name}
            assert seen.motion > 6 and seen.loudness > 0.02
            assert abs(late) < 150
            assert (await measure.received(receiver))["1"]["framesDecoded"] > 30
    await asyncio.gather(chromium.close(), firefox.close())


async def test_a_late_voice_is_measured_as_late(address: str, play: Playwright) -> None:
    browser = await browsers.chromium(play)
    async with (
        browsers.person_at(browser, camera=CLINICIAN) as sender,
        browsers.person_at(browser) as receiver,
    ):
        await asyncio.gather(sender.goto(address), receiver.goto(address))
        await connect(sender, receiver, late=0.4)
        far = await measure.testimony(receiver, "1", "0")
        print(far)
        assert 300 < far.offset() < 500
    await browser.close()


async def test_without_a_person_nothing_moves_and_nothing_sounds(
    address: str, play: Playwright
) -> None:
    browser = await browsers.chromium(play)
    async with (
        browsers.person_at(browser, camera=CLINICIAN) as sender,
        browsers.person_at(browser) as receiver,
    ):
        await asyncio.gather(sender.goto(address), receiver.goto(address))
        await connect(sender, receiver)
        await sender.evaluate(MUTE)
        still = await measure.testimony(receiver, "1", "0")
        print(still)
        assert still.motion < 3 and still.loudness < 0.01 and not still.offsets()
    await browser.close()
