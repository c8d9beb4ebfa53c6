"""Two pages joined directly, with no server of ours between them: the yardstick for a receiver.

What a browser itself adds to picture and sound is in every such figure; what Carbet adds is the
difference to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from playwright.async_api import Page

from tests.peers.measure import until

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
PICTURE, SOUND = "1", "0"  # the mids of the only picture and the only sound


@asynccontextmanager
async def empty_page() -> AsyncIterator[str]:
    """The address of a page that only knows how to connect."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def connect(address: str, sender: Page, receiver: Page, late: float = 0.0) -> None:
    """From one page to the other, with the sound ``late`` seconds behind the picture."""
    for page in (sender, receiver):
        await page.goto(address)
    offer = await sender.evaluate(SEND, late)
    answer = await receiver.evaluate(ANSWER, offer)
    await sender.evaluate(CONCLUDE, answer)

    async def state() -> str:
        return str(await receiver.evaluate("window.__measure.live().connectionState"))

    await until("a direct connection", state, lambda said: said == "connected")
