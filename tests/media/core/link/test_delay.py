"""Queues seen in arrival times."""

import pytest

from media.core.link.delay import BASE, LEAST_THRESHOLD, MOST_THRESHOLD, Delay, Trendline, Use
from media.core.link.sent import Acknowledged

CLOCK = 4321.0  # s the receiver's clock is ahead


def passed(
    delay: Delay, start: float, every: float, count: int, queue: float = 0.0, growth: float = 0.0,
    size: int = 150, rate: float = 1e6,
) -> list[Use]:  # fmt: skip
    """Packets through a queue which grows by so many seconds a second; the uses seen."""
    uses = []
    for n in range(count):
        sent = start + n * every
        waits = queue + growth * n * every
        delay.add(Acknowledged(sent, int(1e6 * (CLOCK + sent + waits)), size, 0))
        delay.settle(rate)
        uses.append(delay.use)
    return uses


@pytest.mark.parametrize("every", [0.01, 0.06, 0.12])
def test_a_queue_that_grows_is_overuse_and_one_that_shrinks_is_underuse(every: float) -> None:
    """From a hundred packets a second down to speech alone."""
    delay = Delay()
    assert set(passed(delay, 0, every, 40)) == {Use.NORMAL}
    start = 40 * every
    grown = passed(delay, start, every, 40, growth=0.2)
    assert Use.OVER in grown[: int(20 + 0.5 / every)]
    shrunk = passed(delay, start + 40 * every, every, 40, queue=8 * every, growth=-0.2)
    assert Use.UNDER in shrunk and shrunk[-1] is Use.UNDER


def test_twelve_packets_a_second_show_a_queue_within_two_seconds() -> None:
    delay = Delay()
    passed(delay, 0, 1 / 12, 36)
    grown = passed(delay, 3, 1 / 12, 24, growth=0.25)
    assert grown.index(Use.OVER) <= 24


def test_a_slow_growth_within_the_threshold_is_none() -> None:
    delay = Delay()
    passed(delay, 0, 0.02, 50)
    assert Use.OVER not in passed(delay, 1, 0.02, 100, growth=0.01)


def test_packets_sent_together_are_one_group() -> None:
    """A frame of eight packets sent at once arrives spread out: no queue that grows."""
    delay = Delay()
    for n in range(60):
        for packet in range(8):
            sent = n / 10 + packet * 0.0005
            arrived = int(1e6 * (CLOCK + n / 10 + 0.01 * packet))
            delay.add(Acknowledged(sent, arrived, 1000, 0))
    assert delay.use is Use.NORMAL and delay.trendline._count == 58


def test_packets_six_milliseconds_apart_are_two_groups() -> None:
    delay = Delay()
    for n in range(30):
        for sent in (n / 10, n / 10 + 0.0065):
            delay.add(Acknowledged(sent, int(1e6 * (CLOCK + sent)), 1000, 0))
    assert delay.trendline._count == 58


def test_the_trend_is_the_slope_times_sixty_times_four() -> None:
    delay = Delay()
    passed(delay, 0, 0.02, 400, growth=0.05)
    assert delay.trendline.trend == pytest.approx(60 * 4 * 0.05 / 1.05, rel=0.01)


def test_a_trend_must_last_ten_milliseconds_and_two_groups() -> None:
    line = Trendline()
    line._count = 60
    uses = []
    for n in range(3):  # groups 6 ms apart: 3, 9, 15 ms
        line._judge(0.1, 0.006, 1 + n)
        uses.append(line.use)
    assert uses == [Use.NORMAL, Use.NORMAL, Use.OVER]
    line = Trendline()
    line._count = 60
    line._judge(0.1, 1.0, 1.0)
    assert line.use is Use.NORMAL
    line._judge(0.09, 1.0, 2.0)  # it lasts, but grows no more
    assert line.use is Use.NORMAL
    line._judge(0.09, 1.0, 3.0)
    assert line.use is Use.OVER


def test_the_threshold_follows_a_trend_up_and_down() -> None:
    """0.0087 of the difference a millisecond upwards, 0.039 downwards."""
    above, below, far, highest = Trendline(), Trendline(), Trendline(), Trendline()
    for line in (above, below, far, highest):
        line._adapt(12.5, 1.0)
    above._adapt(20.0, 1.01)
    assert above.threshold == pytest.approx(12.5 + 0.0087 * 7.5 * 10)
    above._adapt(20.0, 9.0)  # no step counts for more than a tenth of a second
    assert above.threshold == pytest.approx(13.1525 + 0.0087 * (20 - 13.1525) * 100)
    below._adapt(4.0, 1.01)
    assert below.threshold == pytest.approx(12.5 - 0.039 * 8.5 * 10)
    far._adapt(27.4, 1.01)
    assert far.threshold > 13
    far.threshold = 12.5
    far._adapt(27.6, 1.02)
    assert far.threshold == 12.5
    highest.threshold = 599.0
    highest._adapt(613.0, 1.1)
    assert highest.threshold == 600.0


def test_the_threshold_adapts_to_noise_and_back_within_bounds() -> None:
    delay = Delay()
    threshold = delay.trendline.threshold
    for n in range(200):
        passed(delay, n * 0.8, 0.02, 20, growth=0.1)
        passed(delay, n * 0.8 + 0.4, 0.02, 20, queue=0.04, growth=-0.1)
    noisy = delay.trendline.threshold
    passed(delay, 200, 0.02, 500)
    assert delay.trendline.threshold == pytest.approx(LEAST_THRESHOLD)
    assert LEAST_THRESHOLD < noisy <= MOST_THRESHOLD and threshold == 12.5


def test_what_stands_is_the_least_of_half_a_second() -> None:
    delay = Delay()
    passed(delay, 0, 0.02, 50)
    assert delay.queue == 0 and delay.known
    passed(delay, 1, 0.02, 10, queue=0.2)
    assert delay.queue == 0  # one gap in it would be enough
    passed(delay, 1.2, 0.02, 20, queue=0.2)
    assert delay.queue == pytest.approx(0.2, abs=0.001)
    assert delay.latest == pytest.approx(0.2, abs=0.001)


def test_nothing_is_known_from_three_packets() -> None:
    delay = Delay()
    passed(delay, 0, 0.02, 3, growth=5.0)
    assert not delay.known and delay.queue == 0
    passed(delay, 0.06, 0.02, 1)
    assert delay.known


def test_a_large_packet_takes_longer_and_is_no_queue() -> None:
    delay = Delay()
    passed(delay, 0, 0.1, 20, size=100, rate=64_000)
    passed(delay, 2, 0.1, 20, queue=0.125, size=1100, rate=64_000)  # 1000 bytes more
    assert delay.queue == pytest.approx(0, abs=0.001)
    passed(delay, 4, 0.1, 20, queue=0.325, size=1100, rate=64_000)
    assert delay.queue == pytest.approx(0.2, abs=0.001)


def test_a_clock_that_drifts_builds_no_queue() -> None:
    """0.3 ms a second, ten times a bad crystal: the least delay is looked for anew."""
    delay = Delay()
    passed(delay, 0, 0.05, 3000, growth=0.0003)
    assert delay.queue < 0.0003 * (BASE + 2)


def test_a_longer_route_is_a_queue_only_for_half_a_minute() -> None:
    delay = Delay()
    passed(delay, 0, 0.05, 100)
    passed(delay, 5, 0.05, 400, queue=0.15)
    assert delay.queue == pytest.approx(0.15, abs=0.001)
    passed(delay, 25, 0.05, 300, queue=0.15)
    assert delay.queue == pytest.approx(0, abs=0.001)


def test_a_queue_that_is_not_ours_can_be_taken_for_the_path() -> None:
    delay = Delay()
    passed(delay, 0, 0.05, 100)
    passed(delay, 5, 0.05, 20, queue=0.3)
    delay.rebase()
    assert delay.queue == 0
    passed(delay, 6, 0.05, 20, queue=0.4)
    assert delay.queue == pytest.approx(0.1, abs=0.001)
    passed(delay, 7, 0.05, 20)
    passed(delay, 8, 0.05, 20, queue=0.1)
    assert delay.queue == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize("jump", [1000.0, -1000.0, 6.0])
def test_a_clock_that_is_set_is_no_queue(jump: float) -> None:
    delay = Delay()
    passed(delay, 0, 0.05, 100)
    passed(delay, 5, 0.05, 40, queue=jump)
    assert delay.queue == pytest.approx(0, abs=0.001) and delay.use is Use.NORMAL


def test_four_seconds_of_queue_are_a_queue() -> None:
    delay = Delay()
    passed(delay, 0, 0.05, 100)
    passed(delay, 5, 0.05, 40, queue=4.0)
    assert delay.queue == pytest.approx(4.0, abs=0.001)


def test_memory_is_bounded() -> None:
    delay = Delay()
    passed(delay, 0, 0.001, 20_000)
    assert len(delay._recent) <= 502 and 19 <= len(delay._base._buckets) <= 21


def test_a_receiver_whose_clock_stands_fills_no_memory() -> None:
    delay = Delay()
    for n in range(5000):
        delay.add(Acknowledged(n / 1000, 7_000_000_000, 150, 0))
    assert len(delay._recent) == 1024
