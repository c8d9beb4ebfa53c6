"""What the worker sees of one browser's sending, packet by packet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.link.inflow import Watch
from media.core.packets.wire import AROUND


class Microphone:
    """Sends a packet of 60 ms each 60 ms, through a queue and a loss the test sets."""

    def __init__(self, start: float = 100.0) -> None:
        self.watch = Watch(start)
        self.now = start
        self.sent = 0
        self.timestamp = 4_294_900_000  # wraps soon

    def speak(self, seconds: float, late: float = 0.0, lose: int = 0) -> None:
        for _ in range(round(seconds / 0.06)):
            self.now += 0.06
            self.timestamp = (self.timestamp + 2880) & 0xFFFFFFFF
            self.sent += 1
            if lose and self.sent % lose == 0:
                continue
            self.watch.arrived(120, self.now + late)
            self.watch.numbered(self.sent & 0xFFFF)
            self.watch.sounded(self.timestamp, 2880, self.now + late)


def test_the_rate_counts_every_header() -> None:
    speaker = Microphone()
    speaker.speak(3)
    rate = speaker.watch.see(speaker.now).rate
    assert rate == pytest.approx((120 + AROUND) * 8 / 0.06, rel=0.07)


def test_what_came_last_is_that_of_half_a_second() -> None:
    watch = Watch(0.0)
    for n in range(100):
        watch.arrived(956, n / 50)
    for n in range(10):
        watch.arrived(206, 2 + n / 20)
    seen = watch.see(2.49)
    assert seen.latest == 10 * 250 * 8 * 2
    assert seen.peak == pytest.approx(400_000, rel=0.05)


def test_a_queue_is_seen_whatever_the_clocks_say() -> None:
    speaker = Microphone()
    speaker.speak(5)
    assert speaker.watch.see(speaker.now).queue == pytest.approx(0, abs=0.001)
    speaker.speak(1, late=0.4)
    assert speaker.watch.see(speaker.now + 0.4).queue == pytest.approx(0.4, abs=0.001)
    speaker.speak(21, late=0.4)  # what lasts is the path, not a queue
    assert speaker.watch.see(speaker.now + 0.4).queue == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("overtaken", [1, 10, 49])
def test_sound_that_is_sent_again_has_not_waited(overtaken: int) -> None:
    """Sent again it comes a round trip late, through an empty queue."""
    speaker = Microphone()
    speaker.speak(4)
    speaker.watch.sounded(speaker.timestamp - overtaken * 2880, 2880, speaker.now + 0.3)
    assert speaker.watch.see(speaker.now).queue == pytest.approx(0, abs=0.001)
    speaker.speak(0.12, late=0.2)
    assert speaker.watch.see(speaker.now).queue == pytest.approx(0.2, abs=0.001)


def test_a_clock_set_back_is_heard_from_there_on() -> None:
    speaker = Microphone()
    speaker.speak(2)
    speaker.timestamp -= 48_000 * 3600
    speaker.speak(1)
    speaker.speak(0.3, late=0.2)
    assert speaker.watch.see(speaker.now).queue == pytest.approx(0.2, abs=0.001)


def test_no_queue_is_told_of_a_silent_microphone() -> None:
    speaker = Microphone()
    speaker.speak(2)
    assert speaker.watch.see(speaker.now + 1.1).queue is None


def test_loss_is_what_the_numbers_miss_and_the_links_own_while_nothing_waits() -> None:
    speaker = Microphone()
    for _ in range(60):
        speaker.speak(0.25, lose=10)
        seen = speaker.watch.see(speaker.now)
    assert seen.loss == pytest.approx(0.1, abs=0.04)
    assert seen.own_loss == pytest.approx(0.1, abs=0.04)


def test_loss_while_packets_wait_is_not_the_links_own() -> None:
    speaker = Microphone()
    speaker.speak(3)
    speaker.watch.see(speaker.now)
    for _ in range(20):
        speaker.speak(0.25, late=0.5, lose=4)
        seen = speaker.watch.see(speaker.now + 0.5)
    assert seen.loss > 0.15 and seen.own_loss < 0.01


def test_what_a_queue_dropped_is_not_the_links_own_when_it_has_drained() -> None:
    speaker = Microphone()
    speaker.speak(3)
    for late, lose, looks in ((0.5, 3, 12), (0.0, 0, 40)):
        for _ in range(looks):
            speaker.speak(0.24, late=late, lose=lose)
            seen = speaker.watch.see(speaker.now + late)
        assert seen.own_loss < 0.01
    for _ in range(40):
        speaker.speak(0.24, lose=10)
        seen = speaker.watch.see(speaker.now)
    assert seen.own_loss > 0.04


def test_a_jump_of_the_numbers_is_no_loss() -> None:
    speaker = Microphone()
    speaker.speak(1)
    speaker.sent += 30_000
    speaker.speak(3)
    assert speaker.watch.see(speaker.now).loss == 0


def test_a_clock_set_anew_is_no_queue() -> None:
    speaker = Microphone()
    speaker.speak(2)
    speaker.timestamp = (speaker.timestamp + 48_000 * 3600) & 0xFFFFFFFF
    speaker.speak(2)
    assert speaker.watch.see(speaker.now).queue == pytest.approx(0, abs=0.001)


@given(st.lists(st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFF), st.floats(0, 2))))
def test_whatever_comes_the_figures_are_within_bounds(
    packets: list[tuple[int, int, float]],
) -> None:
    watch, now = Watch(0.0), 0.0
    for timestamp, number, pause in packets:
        now += pause
        watch.arrived(100, now)
        watch.numbered(number)
        watch.sounded(timestamp, 960, now)
        seen = watch.see(now)
        assert 0 <= seen.loss <= 1 and 0 <= seen.own_loss <= 1 and seen.rate >= 0
        assert seen.queue is None or 0 <= seen.queue <= 61
