"""The measuring itself, shown on a bare connection between two browsers with no server of ours.

A late sound must be measured as late, a still picture as still and silence as silence: otherwise
the figures of the end-to-end tests would say nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Playwright, async_playwright

from tests.peers import browsers, measure
from tests.peers.direct import PICTURE, SOUND, connect, empty_page
from tests.peers.talking_head import CLINICIAN, GUEST, SITE, device_files
from tests.peers.testimony import Testimony

MUTE = """() => window.__measure.connections[0].getSenders()
  .forEach((sender) => { sender.track.enabled = false; })"""


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with empty_page() as served:
        yield served


@pytest.fixture
async def play() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


async def told(page: Page) -> Testimony:
    return await measure.testimony(page, PICTURE, SOUND)


async def played_out(page: Page) -> None:
    """Wait until no sound is played any more: what was on its way still is, and was no silence."""

    async def energy() -> float | None:
        return (await measure.received(page)).get(SOUND, {}).get("totalAudioEnergy")

    async def silent() -> bool:
        before = await energy()
        await asyncio.sleep(0.5)
        after = await energy()
        return before is not None and after is not None and after - before < 1e-6

    await measure.until("silence", silent)


async def test_both_browsers_show_a_moving_face_and_a_voice(address: str, play: Playwright) -> None:
    """Chromium with its fake devices, Firefox with the page camera, each to the other."""
    chromium = await browsers.chromium(play, device_files(SITE, browsers.PARTS))
    firefox = await browsers.firefox(play)
    async with (
        browsers.person_at(chromium) as one,
        browsers.person_at(firefox, camera=GUEST) as other,
    ):
        for sender, receiver, person in ((one, other, SITE), (other, one, GUEST)):
            await connect(address, sender, receiver)
            seen = await told(receiver)
            assert seen.seen == seen.heard == {person.name}
            assert seen.frames > 30 and seen.motion > 6 and seen.loudness > 0.02
            assert (await measure.received(receiver))[PICTURE]["framesDecoded"] > 30
    await asyncio.gather(chromium.close(), firefox.close())


async def test_a_late_voice_is_measured_as_late(address: str, play: Playwright) -> None:
    browser = await browsers.chromium(play)
    async with (
        browsers.person_at(browser, camera=CLINICIAN) as sender,
        browsers.person_at(browser) as receiver,
    ):
        await connect(address, sender, receiver)
        in_step = (await told(receiver)).offset()
        await connect(address, sender, receiver, late=0.4)
        late = (await told(receiver)).offset()
        print(f"in step: {in_step:+.0f} ms; 400 ms late: {late:+.0f} ms")
        assert 300 < late - in_step < 500
    await browser.close()


async def test_without_a_person_nothing_moves_and_nothing_sounds(
    address: str, play: Playwright
) -> None:
    browser = await browsers.chromium(play)
    async with (
        browsers.person_at(browser, camera=CLINICIAN) as sender,
        browsers.person_at(browser) as receiver,
    ):
        await connect(address, sender, receiver)
        await sender.evaluate(MUTE)
        await played_out(receiver)
        still = await told(receiver)
        assert still.motion < 3 and still.loudness < 0.01 and not still.offsets()
    await browser.close()
