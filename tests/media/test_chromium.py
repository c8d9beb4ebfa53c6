"""Real Chromium pages in one room, through a spawned worker."""

import asyncio
from typing import Any

from playwright.async_api import Browser, Page

from media.client import PeerStalled, PeerUp, SlotsChanged, SlotUse, SpeakerChanged
from tests.media.call_server import CallServer
from tests.media.test_client import join


async def enter(browser: Browser, server: CallServer, peer: str, **options: Any) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(server.url)
    await page.evaluate("([peer, options]) => join('room', peer, options)", [peer, options])
    return page


async def stats(page: Page) -> Any:
    return await page.evaluate("stats()")


async def until(page: Page, condition: Any, seconds: float = 20) -> Any:
    """Wait for the browser's own statistics to say so."""
    async with asyncio.timeout(seconds):
        while not condition(found := await stats(page)):
            await asyncio.sleep(0.1)
    return found


def seen(mids: str, frames: int = 20) -> Any:
    return lambda s: all(s["in"].get(m, {}).get("framesDecoded", 0) >= frames for m in mids.split())


def heard(mids: str) -> Any:
    return lambda s: all(s["in"].get(m, {}).get("totalAudioEnergy", 0) > 0.05 for m in mids.split())


async def test_three_people_see_and_hear_each_other(server: CallServer, chromium: Browser) -> None:
    pages = [await enter(chromium, server, peer) for peer in ("ana", "bo", "cy")]
    for page in pages:
        await until(page, seen("v0 v1"))
        found = await until(page, heard("a0 a1"))
        assert found["dtls"]["srtpCipher"] == "SRTP_AEAD_AES_256_GCM"
        for mid in ("a0", "a1", "v0", "v1"):
            assert found["in"][mid]["packetsLost"] == 0
        # Its own congestion control lives, within the ceiling of the offer (this page applies no
        # later plan), and round trips are known from our reports.
        await until(page, lambda s: 100_000 < s["pair"]["availableOutgoingBitrate"] < 500_000, 40)
        assert {"audio", "video"} <= found["remote"].keys()


async def test_a_newcomer_sees_the_others_at_once(server: CallServer, chromium: Browser) -> None:
    first = await enter(chromium, server, "ana")
    await asyncio.sleep(2)
    late = await enter(chromium, server, "bo", media=False)
    found = await until(late, seen("v0", 1), 3)
    assert found["in"]["v0"]["keyFramesDecoded"] >= 1
    assert (await stats(first))["out"]["camera"]["pliCount"] >= 1
    slots = await server.event(SlotsChanged, peer="bo")
    assert slots.slots[0] == SlotUse(0, "ana", "person")


async def test_an_exam_picture_takes_an_exam_slot_without_negotiation(
    server: CallServer, chromium: Browser
) -> None:
    ana, bo = [await enter(chromium, server, peer) for peer in ("ana", "bo")]
    await until(bo, seen("v0"))
    await ana.evaluate("show('exam', true)")
    await until(bo, seen("v0 x0"))
    shown = [e for e in server.events if isinstance(e, SlotsChanged) and e.peer == "bo"]
    assert shown[-1].slots[5] == SlotUse(5, "ana", "exam")
    await ana.evaluate("show('exam', false)")
    await server.until(lambda: server.events[-1] and [
        e for e in server.events if isinstance(e, SlotsChanged) and e.peer == "bo"
    ][-1].slots[5] == SlotUse(5, None, "exam"), 15)  # fmt: skip


async def test_a_new_session_takes_over_without_a_black_picture(
    server: CallServer, chromium: Browser
) -> None:
    ana, bo = [await enter(chromium, server, peer) for peer in ("ana", "bo")]
    before = await until(bo, seen("v0"))
    await ana.evaluate("join('room', 'ana')")
    assert len([e for e in server.events if isinstance(e, PeerUp) and e.peer == "ana"]) == 2
    frames = before["in"]["v0"]["framesDecoded"]
    after = await until(bo, seen("v0", frames + 60))
    # One unbroken stream for bo: nothing lost, no decoder reset, no long freeze.
    assert after["in"]["v0"]["packetsLost"] == 0
    assert after["in"]["v0"]["ssrc"] == before["in"]["v0"]["ssrc"]
    await until(ana, seen("v0"))
    await server.until(lambda: server.media.stats().get("sessions") == 2)


async def test_lips_match_the_voice(server: CallServer, chromium: Browser) -> None:
    """Chromium's own word for it: when what is played now was captured, by the sender's clock."""
    ana, bo = [await enter(chromium, server, peer) for peer in ("ana", "bo")]

    def offset(found: Any) -> float | None:
        times = [found["in"].get(mid, {}).get("estimatedPlayoutTimestamp") for mid in ("a0", "v0")]
        return times[0] - times[1] if all(times) else None

    await until(bo, lambda s: offset(s) is not None and abs(offset(s) or 0) < 100)
    await ana.evaluate("join('room', 'ana')")  # other clocks' offsets from here on
    await asyncio.sleep(3)
    await until(bo, lambda s: offset(s) is not None and abs(offset(s) or 0) < 100)


async def test_redundant_sound_reaches_who_knows_it_and_is_taken_off_for_others(
    server: CallServer, chromium: Browser
) -> None:
    ana = await enter(chromium, server, "ana")
    bo = await enter(chromium, server, "bo", hint={"down": 4_000_000})  # room to bring all twice
    plain = await join(server, "cy")
    energy = 0
    for _ in range(150):
        energy += sum(abs(int(sample)) for sample in (await plain.receive("a0")).to_ndarray()[0])
    assert energy > 0  # Opus alone: aiortc would have failed on RED
    found = await until(bo, heard("a0"))
    sound = found["in"]["a0"]
    # Each packet brings the one before once more, which Chromium then has twice.
    assert sound["packetsDiscarded"] > 0.8 * sound["packetsReceived"]
    await plain.close()
    assert ana


async def test_whoever_speaks_is_told(server: CallServer, chromium: Browser) -> None:
    ana, bo = [await enter(chromium, server, peer) for peer in ("ana", "bo")]
    await ana.evaluate("speak(true)")
    await bo.evaluate("speak(false)")
    await server.event(SpeakerChanged, peer="ana")
    await ana.evaluate("speak(false)")
    await bo.evaluate("speak(true)")
    await server.event(SpeakerChanged, peer="bo")


async def test_switching_everything_off_is_no_stall(server: CallServer, chromium: Browser) -> None:
    ana, bo = [await enter(chromium, server, peer) for peer in ("ana", "bo")]
    await until(bo, seen("v0"))
    await ana.evaluate("show('camera', false)")
    await ana.evaluate("show('mic', false)")
    await asyncio.sleep(6)
    assert not [e for e in server.events if isinstance(e, PeerStalled)]
    frames = (await stats(bo))["in"]["v0"]["framesDecoded"]
    await ana.evaluate("show('camera', true)")
    await until(bo, seen("v0", frames + 20))
