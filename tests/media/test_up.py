"""One browser's way up: what its own words and the kind of its link are worth."""

import pytest

from media.core.allocation.ladder import VoiceStep
from media.core.allocation.plan import Plan
from media.core.allocation.uplink import Codecs, Want
from media.events import Hint, LinkReport
from media.up import LATELY, START_NEAR, Up
from tests.media.core.thin_links import QUALITY

FACE = Want(2_500_000, "speech", 720, True)
FAR = Hint(rtt=0.6)


class Browser:
    """Sends a voice of 20 kbit/s through an empty link, and says what it is told to."""

    def __init__(self, hint: Hint = FAR) -> None:
        self.up = Up(1, hint, QUALITY, lambda _: None, 0.0)
        self.now, self.sent = 0.0, 0

    def go(self, seconds: float, size: int = 100) -> Plan:
        for _ in range(round(seconds / 0.06)):
            self.now += 0.06
            self.sent += 1
            self.up.arrived(size, self.sent & 0xFFFF, self.now)
            self.up.sounded(111, 2880 * self.sent, b"\x78" * 60, self.now)
            if self.sent % 4 == 0:
                plan = self.plan()
        return plan

    def plan(self) -> Plan:
        voices: list[VoiceStep] = []
        return self.up.plan({"camera": [FACE]}, voices, Codecs(True), 0.6, self.now)

    def say(self, up: int | None, rtt: float | None = None) -> None:
        self.up.reported(LinkReport(up=up, rtt=rtt), self.now)


@pytest.mark.parametrize(("rtt", "rate"), [(0.1, START_NEAR), (0.101, 100_000), (None, 100_000)])
def test_a_link_that_proves_near_begins_with_what_near_links_carry(
    rtt: float | None, rate: int
) -> None:
    browser = Browser()
    browser.go(0.5)
    browser.say(None, rtt)
    browser.go(0.24)
    assert browser.up.belief.rate == pytest.approx(rate, rel=0.3)
    assert (browser.up.rate >= 300_000) is (rate == START_NEAR)


def test_what_a_site_had_last_time_is_known_better_than_that_it_is_near() -> None:
    browser = Browser(Hint(up=80_000))
    browser.go(0.5)
    browser.say(None, 0.01)
    browser.go(0.24)
    assert browser.up.rate < 100_000


@pytest.mark.parametrize(("said", "more"), [(900_000, True), (130_000, True), (100_000, False)])
def test_what_a_browser_finds_beyond_what_it_was_told_is_acted_upon(said: int, more: bool) -> None:
    browser = Browser()
    browser.go(3)
    assert 0 < browser.up.floor(browser.now) < 90_000 and browser.up.rate == 100_000
    browser.say(said)
    browser.go(0.5)
    assert (browser.up.rate > 120_000) is more


def test_its_picture_is_shaped_by_the_least_it_said_in_five_seconds() -> None:
    browser = Browser(Hint(up=500_000))
    browser.say(400_000)
    browser.go(1)
    browser.say(120_000)
    browser.go(1)
    browser.say(400_000)
    small = browser.go(LATELY - 1.5)
    large = browser.go(4)
    assert small.camera and large.camera and small.camera.height < large.camera.height
