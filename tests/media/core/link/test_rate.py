"""How fast packets arrive and leave."""

import pytest

from media.core.link.rate import AcknowledgedRate, SendingRate
from media.core.link.sent import Acknowledged


def arrivals(start: float, every: float, count: int, size: int) -> list[Acknowledged]:
    return [Acknowledged(0.0, int(1e6 * (start + every * n)), size, 0) for n in range(count)]


def came(rate: AcknowledgedRate) -> float | None:
    seen = rate.value()
    return seen and seen.came


def fed(rate: AcknowledgedRate, packets: list[Acknowledged], each: int) -> None:
    for n in range(0, len(packets), each):
        rate.add(packets[n : n + each])


def test_nothing_is_said_before_half_a_second() -> None:
    rate = AcknowledgedRate()
    assert rate.value() is None
    fed(rate, arrivals(0, 0.02, 25, 1000), 5)  # 0.48 s
    assert rate.value() is None
    fed(rate, arrivals(0.5, 0.02, 10, 1000), 5)
    assert came(rate) == pytest.approx(400_000, rel=0.001)


def test_few_packets_want_a_longer_window() -> None:
    """Speech alone, 8 packets a second: a window of half a second would hold four of them."""
    rate = AcknowledgedRate()
    fed(rate, arrivals(0, 0.12, 8, 150), 2)
    assert rate.value() is None
    fed(rate, arrivals(8 * 0.12, 0.12, 20, 150), 2)
    assert came(rate) == pytest.approx(10_000, rel=0.001)


def test_very_few_packets_are_counted_over_two_seconds() -> None:
    rate = AcknowledgedRate()
    fed(rate, arrivals(0, 0.5, 12, 500), 1)
    assert came(rate) == pytest.approx(8_000)


def test_the_short_window_sees_a_fall_first() -> None:
    rate = AcknowledgedRate()
    fed(rate, arrivals(0, 0.01, 100, 1000), 5)  # 800 kbit/s for a second
    fed(rate, arrivals(1.05, 0.1, 4, 1000), 1)  # then 80
    long, short = rate.value(), rate.short()
    assert long is not None and short is not None
    assert short.came == pytest.approx(80_000) and long.came > 150_000


def test_the_short_window_is_a_quarter_of_a_second() -> None:
    rate = AcknowledgedRate()
    for n in range(20):
        rate.add(arrivals(n * 0.05, 0, 1, 1000 if n < 16 else 100))
    assert (short := rate.short()) and short.came == pytest.approx(8 * 1400 / 0.25)


def test_time_of_lost_feedback_is_left_out() -> None:
    rate = AcknowledgedRate()
    packets = arrivals(0, 0.01, 200, 1000)
    for n in range(0, 200, 10):
        if n % 40 != 20:  # every fourth message is lost
            rate.add(packets[n : n + 10], whole=n % 40 != 30)
    assert came(rate) == pytest.approx(800_000, rel=0.03)


def test_a_clock_that_jumps_begins_anew() -> None:
    rate = AcknowledgedRate()
    fed(rate, arrivals(0, 0.01, 100, 1000), 5)
    rate.add(arrivals(1e6, 0.01, 5, 1000))
    assert rate.value() is None
    fed(rate, arrivals(1e6 + 0.05, 0.01, 100, 1000), 5)
    assert came(rate) == pytest.approx(800_000, rel=0.001)
    fed(rate, arrivals(0, 0.01, 100, 1000), 5)
    assert came(rate) == pytest.approx(800_000, rel=0.001)


def test_messages_out_of_order_count_once() -> None:
    rate = AcknowledgedRate()
    packets = arrivals(0, 0.01, 100, 1000)
    order = [packets[n : n + 10] for n in range(0, 100, 10)]
    order[4], order[5] = order[5], order[4]
    for batch in order:
        rate.add(batch)
    assert came(rate) == pytest.approx(800_000, rel=0.05)


def test_memory_is_bounded() -> None:
    rate = AcknowledgedRate()
    fed(rate, arrivals(0, 0.01, 5000, 100), 1)
    assert len(rate._batches) < 500


def test_sending_is_counted_over_half_a_second() -> None:
    rate = SendingRate()
    for n in range(100):
        rate.add(1000, n / 100)
    assert rate.value(1.0) == pytest.approx(800_000, rel=0.1) and 8 <= len(rate._slots) <= 10
    assert rate.value(1.25) == pytest.approx(400_000, rel=0.2)
    assert rate.value(3.0) == 0


def test_what_made_a_queue_left_faster_than_it_came() -> None:
    rate = AcknowledgedRate()
    for n in range(100):
        rate.add([Acknowledged(n / 100, n * 30_000, 1000, 0)])
    seen, short = rate.value(), rate.short()
    assert seen is not None and short is not None
    assert seen.came == pytest.approx(8000 / 0.03) and seen.left == pytest.approx(800_000)
    assert short.left == pytest.approx(800_000)


def test_time_of_lost_feedback_is_left_out_of_both() -> None:
    rate = AcknowledgedRate()
    packets = [Acknowledged(n / 100, n * 20_000, 1000, 0) for n in range(200)]
    for n in range(0, 200, 10):
        if n % 40 != 20:
            rate.add(packets[n : n + 10], whole=n % 40 != 30)
    seen = rate.value()
    assert seen is not None and seen.left == pytest.approx(800_000, rel=0.05)
