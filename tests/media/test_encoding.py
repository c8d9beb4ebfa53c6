"""What a worker plans, a real browser sends: seen in the packets the worker receives."""

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from media.session import Session
from tests.media.encoding_bench import (
    AUDIO_CLOCK,
    AV1,
    OPUS,
    RED,
    VIDEO_CLOCK,
    VP8,
    VP8_KEY,
    EncodingBench,
    Packet,
)
from tests.peers import browsers

SOUND, PICTURE = {OPUS, RED}, {VP8, AV1}
CAMERA = {"bitrate": 150_000, "fps": 30, "height": 240, "layers": 1, "codec": "vp8"}


def planned(n: int, **changes: Any) -> dict[str, Any]:
    """A plan with these parts, the rest generous."""
    sound = {"bitrate": 24_000, "ptime": 20, "red": False}
    return {"n": n, "rung": "motion", "why": {"code": "fine", "have": None, "need": None},
            "audio": sound, "camera": CAMERA, "low": None, "exam": None, "ceiling": 900_000,
            "stills": None, "spare": 0} | changes  # fmt: skip


def steps(packets: list[Packet]) -> list[int]:
    """Between the timestamps of one packet, or picture, and the next."""
    times = list(dict.fromkeys(packet.timestamp for packet in packets))
    return [(b - a) & 0xFFFFFFFF for a, b in itertools.pairwise(times)]


def ptime(packets: list[Packet]) -> float:
    """Milliseconds of sound in most packets."""
    return statistics.mode(steps(packets)) / AUDIO_CLOCK * 1000


def frame_rate(packets: list[Packet]) -> float:
    return VIDEO_CLOCK / statistics.fmean(steps(packets))


def rate(packets: list[Packet], clock: int) -> float:
    """Payload bit/s over the time the packets themselves tell."""
    bits = 8 * sum(len(packet.payload) for packet in packets[:-1])
    return bits * clock / sum(steps(packets))


def heights(packets: list[Packet]) -> list[int]:
    """Of the VP8 key frames among the packets."""
    found = []
    for packet in packets:
        at = packet.payload.find(VP8_KEY, 0, 32)
        if packet.payload_type == VP8 and at >= 0:
            found.append(int.from_bytes(packet.payload[at + 5 : at + 7], "little") & 0x3FFF)
    return found


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EncodingBench]:
    made = EncodingBench([browsers.host_address()])
    receive = Session.receive_rtp

    def note(session: Session, packet: bytes, now: float) -> None:
        made.note(packet)
        if made.wait and packet[1] & 0x7F in SOUND:
            made.later(lambda: receive(session, packet, time.monotonic()))
        else:
            receive(session, packet, now)

    monkeypatch.setattr(Session, "receive_rtp", note)
    await made.start()
    yield made
    await made.close()


async def enter(
    browser: Browser,
    stage: EncodingBench,
    plan: dict[str, Any] | None = None,
    peer: str = "ana",
    pictured: bool = True,
    after: bool = False,
) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(stage.url)
    await page.wait_for_function("window.ready")
    await page.evaluate("(told) => join(...told)", [peer, plan, pictured, after])
    return page


async def tell(page: Page, plan: dict[str, Any]) -> None:
    """Give a plan and wait until it is applied."""
    await page.evaluate("(told) => plan(told)", plan)


async def stream(page: Page, mid: str) -> int:
    """The SSRC of a line."""
    rows = await page.evaluate("stats()")
    found = (row for row in rows if row["type"] == "outbound-rtp" and row.get("mid") == mid)
    return int(next(found)["ssrc"])


@pytest.mark.parametrize("after", [False, True], ids=["with", "right after"])
async def test_the_first_packets_already_follow_the_plan_that_came_with_the_offer(
    chromium: Browser, stage: EncodingBench, after: bool
) -> None:
    thin = {"bitrate": 12_000, "ptime": 60, "red": False}
    low = CAMERA | {"height": 120, "bitrate": 40_000, "fps": 8}
    await enter(chromium, stage, planned(1, audio=thin, camera=low), after=after)
    sound = await stage.receive(SOUND, 20)
    everything = [packet for packet in stage.packets if packet.payload_type in SOUND]
    assert set(steps(everything)) == {AUDIO_CLOCK * 60 // 1000}
    assert {packet.payload_type for packet in everything} == {OPUS}
    assert rate(sound, AUDIO_CLOCK) < 15_000
    await stage.receive(PICTURE, 10)
    assert set(heights(stage.packets)) == {120}


async def test_packet_time_and_rate_of_sound_change_in_mid_call(
    chromium: Browser, stage: EncodingBench
) -> None:
    page = await enter(chromium, stage)
    await stage.receive(SOUND, 5)
    for n, (bitrate, milliseconds) in enumerate([(24_000, 20), (12_000, 60), (8_000, 120)]):
        sound = {"bitrate": bitrate, "ptime": milliseconds, "red": False}
        await tell(page, planned(n, audio=sound))
        await stage.receive(SOUND, 4)
        packets = await stage.receive(SOUND, 15)
        assert ptime(packets) == milliseconds
        # Opus takes less when there is less to say.
        assert 0.5 * bitrate < rate(packets, AUDIO_CLOCK) < 1.2 * bitrate


async def test_redundancy_comes_and_goes(chromium: Browser, stage: EncodingBench) -> None:
    page = await enter(chromium, stage)
    for n, (red, payload_type) in enumerate([(True, RED), (False, OPUS), (True, RED)]):
        await tell(page, planned(n, audio={"bitrate": 16_000, "ptime": 20, "red": red}))
        await stage.receive(SOUND, 4)
        assert {packet.payload_type for packet in await stage.receive(SOUND, 10)} == {payload_type}


async def test_a_picture_stops_and_comes_back_as_planned(
    chromium: Browser, stage: EncodingBench
) -> None:
    page = await enter(chromium, stage)
    await stage.receive(PICTURE, 20)
    await tell(page, planned(1, camera=None))
    await stage.receive(SOUND, 10)
    begin = len(stage.packets)
    await stage.receive(SOUND, 50)
    assert not [packet for packet in stage.packets[begin:] if packet.payload_type in PICTURE]
    await tell(page, planned(2))
    assert await stage.receive(PICTURE, 5)


async def test_size_and_frame_rate_hold(chromium: Browser, stage: EncodingBench) -> None:
    page = await enter(chromium, stage)
    await stage.receive(PICTURE, 20)
    begin = len(stage.packets)
    await tell(page, planned(1, camera=CAMERA | {"height": 180, "fps": 6, "bitrate": 200_000}))
    await stage.receive(PICTURE, 10)
    packets = await stage.receive(PICTURE, 25)
    assert frame_rate(packets) <= 7
    assert heights(stage.packets[begin:])[-1] == 180


async def test_the_rate_of_a_picture_holds(chromium: Browser, stage: EncodingBench) -> None:
    page = await enter(chromium, stage)
    await stage.receive(PICTURE, 60)
    for n, bitrate in enumerate([120_000, 60_000]):
        await tell(page, planned(n, camera=CAMERA | {"bitrate": bitrate, "fps": 10}))
        await stage.receive(PICTURE, 40)
        assert rate(await stage.receive(PICTURE, 40), VIDEO_CLOCK) < 1.3 * bitrate


async def test_a_ceiling_holds_whatever_a_picture_might_take(
    chromium: Browser, stage: EncodingBench
) -> None:
    page = await enter(chromium, stage)
    wide = CAMERA | {"bitrate": 800_000, "height": 480}
    await tell(page, planned(1, camera=wide))
    async with asyncio.timeout(40):
        while rate(await stage.receive(PICTURE, 60), VIDEO_CLOCK) < 250_000:
            pass
    await tell(page, planned(2, camera=wide, ceiling=120_000))
    await stage.receive(PICTURE, 60)
    assert rate(await stage.receive(PICTURE, 60), VIDEO_CLOCK) < 160_000


async def test_the_codec_changes_without_negotiation(
    chromium: Browser, stage: EncodingBench
) -> None:
    page = await enter(chromium, stage)
    ssrc = await stream(page, "camera")
    for n, (codec, payload_type) in enumerate([("av1", AV1), ("vp8", VP8), ("av1", AV1)]):
        await tell(page, planned(n, camera=CAMERA | {"codec": codec}))
        packets = await stage.receive({payload_type}, 10)
        assert {packet.ssrc for packet in packets} == {ssrc}
        after = await stage.receive(PICTURE, 10)
        assert {packet.payload_type for packet in after} == {payload_type}


async def test_a_smaller_copy_runs_beside_while_planned(
    chromium: Browser, stage: EncodingBench
) -> None:
    page = await enter(chromium, stage)
    copy = CAMERA | {"height": 120, "bitrate": 40_000, "fps": 8}
    await tell(page, planned(1, low=copy))
    low = await stream(page, "low")
    packets = await stage.receive({VP8}, 10, low)
    assert heights(packets)[0] == 120
    camera = await stream(page, "camera")
    assert await stage.receive({VP8}, 5, camera)
    await tell(page, planned(2))
    await stage.receive({VP8}, 10, camera)
    begin = len(stage.packets)
    await stage.receive({VP8}, 30, camera)
    assert not [packet for packet in stage.packets[begin:] if packet.ssrc == low]


async def test_a_second_picture_shows_itself_before_anybody_asks_for_it(
    chromium: Browser, stage: EncodingBench
) -> None:
    page = await enter(chromium, stage)
    await tell(page, planned(1))
    exam = await stream(page, "exam")
    await page.evaluate("give('exam', true)")
    assert frame_rate(await stage.receive({VP8}, 4, exam)) < 2
    assert set(heights([packet for packet in stage.packets if packet.ssrc == exam])) == {180}
    await tell(page, planned(2, rung="stills"))
    await stage.receive(SOUND, 10)
    begin = len(stage.packets)
    await stage.receive(SOUND, 100)
    assert not [packet for packet in stage.packets[begin:] if packet.ssrc == exam]


async def test_a_second_picture_is_planned_once_it_has_shown_itself(
    chromium: Browser, stage: EncodingBench
) -> None:
    """The circle closed: the worker's own plans reach the pages that made it plan them."""
    pages = {peer: await enter(chromium, stage, peer=peer) for peer in ("ana", "bo")}
    heard = 0

    async def planned_exam() -> bool:
        nonlocal heard
        fresh, heard = stage.events[heard:], len(stage.events)
        plans = [event for event in fresh if event["event"] == "encode"]
        for event in plans:
            await tell(pages[event["peer"]], event["plan"])
        return any(event["peer"] == "ana" and event["plan"]["exam"] for event in plans)

    async with asyncio.timeout(30):
        for _ in range(8):
            assert not await planned_exam()
            await asyncio.sleep(0.25)
        await pages["ana"].evaluate("give('exam', true)")
        while not await planned_exam():
            await asyncio.sleep(0.25)
    assert any(event["event"] == "slots" and ("ana" in event["slots"][5]) for event in stage.events)


async def test_the_page_knows_its_link(chromium: Browser, stage: EncodingBench) -> None:
    page = await enter(chromium, stage)
    await stage.receive(PICTURE, 20)
    await page.evaluate("look()")
    await stage.receive(PICTURE, 20)
    sample = (await page.evaluate("look()"))[-1]
    sent = sum(len(packet.payload) for packet in stage.packets)
    assert sample["sent"] > sent
    assert sample["up"] > 0
    assert sample["estimate"] > 0
    assert sample["rtt"] >= 0


async def test_sound_that_came_late_is_played_in_time_again(
    chromium: Browser, stage: EncodingBench
) -> None:
    """Noise, which no browser can hasten: without help it would stay a second late."""
    ana, bo = [await enter(chromium, stage, peer=peer, pictured=False) for peer in ("ana", "bo")]

    async def lateness(condition: Callable[[float], bool]) -> None:
        async with asyncio.timeout(40):
            while not condition(float(await bo.evaluate("late('a0')") or 0)):
                await asyncio.sleep(1)

    await lateness(lambda late: 0 < late < 0.3)
    for step in range(1, 41):
        stage.wait = step * 0.03
        await asyncio.sleep(0.1)
    stage.wait = 0.001  # still in order, behind what waits
    await lateness(lambda late: late > 0.8)
    await ana.evaluate("hush(true)")
    await asyncio.sleep(2)
    await ana.evaluate("hush(false)")
    await lateness(lambda late: 0 < late < 0.3)


async def test_firefox_follows_what_it_can(stage: EncodingBench) -> None:
    async with async_playwright() as play:
        page = await enter(await browsers.firefox(play), stage)
        for n, (bitrate, milliseconds) in enumerate([(24_000, 20), (12_000, 60)]):
            sound = {"bitrate": bitrate, "ptime": milliseconds, "red": True}
            picture = CAMERA | {"codec": "av1", "layers": 2, "fps": 6}
            await tell(page, planned(n, audio=sound, camera=picture))
            await stage.receive(SOUND, 4)
            packets = await stage.receive(SOUND, 15)
            assert ptime(packets) == milliseconds
            assert rate(packets, AUDIO_CLOCK) == pytest.approx(bitrate, rel=0.3)
            assert {packet.payload_type for packet in packets} == {OPUS}  # it has no RED
        await stage.receive({AV1}, 10)
        assert frame_rate(await stage.receive({AV1}, 15)) <= 7
        begin = len(stage.packets)
        await tell(page, planned(8, camera=CAMERA | {"height": 120}))
        await stage.receive({VP8}, 20)
        assert heights(stage.packets[begin:])[-1] == 120
        await tell(page, planned(9, camera=None))
        await stage.receive(SOUND, 10)
        begin = len(stage.packets)
        await stage.receive(SOUND, 20)
        assert not [packet for packet in stage.packets[begin:] if packet.payload_type in PICTURE]
        sample = (await page.evaluate("look().then(look)"))[-1]
        assert sample["sent"] > 0
