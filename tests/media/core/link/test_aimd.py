"""The rate, down and up."""

import pytest

from media.core.link.aimd import (
    BETA,
    DEEPEST,
    GENTLE,
    NEAR,
    RESUME,
    ROOM,
    SPARE,
    STEEP,
    Control,
    draining,
)

LOOP = 0.3


def control(rate: float = 100_000, least: float = 8_000, most: float = 20e6) -> Control:
    return Control(rate, least, most, 0.0)


def run(
    subject: Control, start: float, seconds: float, carried: float | None = None, calm: bool = True,
    loop: float = LOOP,
) -> float:  # fmt: skip
    """Ticks of 20 ms; what is sent is carried, unless told otherwise."""
    for n in range(round(seconds * 50)):
        arrived = subject.rate if carried is None else carried
        subject.advance(arrived, loop, calm, start + n / 50)
    return start + seconds


def test_it_stays_within_its_bounds() -> None:
    assert control(1, 8_000).rate == 8_000 and control(1e9, most=2e6).rate == 2e6
    subject = control(9_000)
    assert subject.fall(1_000, 9_000, 0.5, LOOP, 1.0)
    assert subject.rate == 8_000
    subject.raise_to(1e9)
    assert subject.rate == 20e6


def test_a_longer_queue_is_drained_harder() -> None:
    assert draining(0.0) == 0.92 and draining(0.1) == pytest.approx(0.85)
    assert draining(0.25) == pytest.approx(0.745)
    assert draining(0.35) == pytest.approx(0.575), "a voice waits behind it"
    assert draining(3) == DEEPEST == 0.35


def test_a_fall_goes_below_what_was_carried_until_the_queue_is_gone() -> None:
    subject = control()
    assert subject.fall(90_000, 90_000, 0.0, LOOP, 1.0)
    assert subject.rate == pytest.approx(BETA * 90_000) and subject.draining
    subject = control()
    subject.fall(90_000, 90_000, 0.2, LOOP, 1.0)
    factor = BETA - 0.2 * STEEP
    assert subject.rate == pytest.approx(factor * 90_000)
    assert subject.soon == pytest.approx(RESUME * 90_000)
    run(subject, 1.0, 0.2 / (1 - factor) - 0.05)
    assert subject.draining
    run(subject, 1.0 + 0.2 / (1 - factor), 0.02)
    assert not subject.draining and subject.rate == pytest.approx(RESUME * 90_000)
    assert subject.soon == subject.rate


def test_what_comes_after_a_drain_is_told_within_bounds() -> None:
    subject = control(100_000, most=60_000)
    assert subject.soon == 60_000
    subject.fall(90_000, 90_000, 0.2, LOOP, 1.0)
    assert subject.soon == 60_000


def test_what_was_sent_too_much_while_nothing_was_told_counts_as_queue() -> None:
    slow, quick = control(), control()
    slow.fall(50_000, 100_000, 0.1, 0.6, 1.0)
    quick.fall(50_000, 100_000, 0.1, 0.1, 1.0)
    assert slow.rate < quick.rate < BETA * 50_000


def test_no_drain_is_deeper_than_a_third_or_longer_than_four_seconds() -> None:
    subject = control()
    subject.fall(90_000, 90_000, 30.0, LOOP, 1.0)
    assert subject.rate == pytest.approx(DEEPEST * 90_000)
    run(subject, 1.0, 3.9)
    assert subject.draining
    run(subject, 4.9, 0.2)
    assert not subject.draining


def test_a_drain_ends_when_a_packet_sent_since_met_no_queue() -> None:
    subject = control()
    subject.fall(90_000, 90_000, 2.0, LOOP, 1.0)
    subject.drained(0.99, 1.2)
    run(subject, 1.2, 0.04)
    assert subject.draining
    subject.drained(1.0, 1.35)
    run(subject, 1.36, 0.04)
    assert not subject.draining


def test_a_queue_that_drains_faster_than_thought_shows_that_a_fade_is_over() -> None:
    subject = control(500_000)
    subject.fall(50_000, 500_000, 2.0, LOOP, 1.0)
    assert subject.rate == pytest.approx(17_500)
    subject.fall(70_000, 25_000, 1.0, LOOP, 2.0)
    assert subject.rate == pytest.approx(17_500) and subject.capacity == 70_000
    wider = control(500_000)
    wider.fall(50_000, 500_000, 2.0, LOOP, 1.0)
    wider.fall(80_000, 25_000, 1.0, LOOP, 2.0)
    assert wider.rate == pytest.approx(DEEPEST * 80_000)
    assert not subject.fall(400_000, 25_000, 0.2, LOOP, 3.0)
    assert subject.rate == pytest.approx(draining(0.2) * 400_000) and subject.draining
    run(subject, 3.0, 2.0)
    assert subject.rate >= RESUME * 400_000


def test_what_arrives_whole_is_no_measure_of_the_link() -> None:
    """A voice beside pages and messages on a thin line: their queue, not its own."""
    subject = control(32_000)
    for n in range(10):
        subject.fall(10_000, 10_000, 0.3, LOOP, 1.0 + n)
    assert subject.rate == 16_000 and subject.capacity is None
    subject = control(40_000)
    subject.fall(22_000, 22_000, 0.3, LOOP, 1.0)
    assert subject.rate == 33_000
    subject = control(40_000)
    subject.fall(18_000, 22_000, 0.3, LOOP, 1.0)  # 18 % of it are missing
    assert subject.rate == 28_000 and subject.capacity == 18_000
    subject = control(40_000)
    subject.fall(34_500, 34_500, 0.0, LOOP, 1.0)
    assert subject.capacity == 34_500
    subject = control(40_000)
    subject.fall(33_500, 33_500, 0.0, LOOP, 1.0)  # too little of the estimate to tell
    assert subject.capacity is None
    subject = control(60_000)
    for n in range(10):
        subject.fall(11_000, 20_000, 0.3, LOOP, 1.0 + n)
    assert subject.rate < 10_200  # of a voice which does not arrive whole


def test_a_voice_is_not_stopped_for_a_queue_the_link_has_beside_it() -> None:
    subject = control(30_000)
    subject.fall(30_000, 30_000, 2.0, LOOP, 1.0)
    assert subject.rate == 16_000
    subject.fall(10_000, 16_000, 2.0, LOOP, 3.0)
    assert subject.rate == pytest.approx(BETA * 10_000)


def test_a_fall_is_not_answered_twice_unless_the_link_got_thinner_still() -> None:
    subject = control()
    subject.fall(90_000, 90_000, 0.2, LOOP, 1.0)
    rate = subject.rate
    assert not subject.fall(85_000, 90_000, 0.3, LOOP, 1.1) and subject.rate == rate
    assert subject.fall(0.9 * GENTLE * rate, 50_000, 0.3, LOOP, 1.2) and subject.rate < rate
    rate = subject.rate
    assert subject.fall(0.9 * rate, rate, 0.3, LOOP, 1.6)


def test_who_sends_little_falls_gently() -> None:
    """A voice on a link believed wide: its own trickle says little of what the link carries."""
    subject = control(500_000)
    subject.fall(20_000, 20_000, 0.1, LOOP, 1.0)
    assert subject.rate == pytest.approx(350_000)
    subject = control(500_000)
    subject.fall(230_000, 230_000, 0.0, LOOP, 1.0)
    assert subject.rate == pytest.approx(350_000)
    subject = control(500_000)
    subject.fall(280_000, 280_000, 0.0, LOOP, 1.0)
    assert subject.rate == pytest.approx(420_000)  # half as much again as arrives
    subject = control(500_000)
    subject.fall(310_000, 310_000, 0.0, LOOP, 1.0)
    assert subject.rate == pytest.approx(BETA * 310_000)


def test_who_sends_little_and_gets_less_than_half_of_it_through_falls_at_once() -> None:
    subject = control(500_000)
    subject.fall(51_000, 100_000, 0.1, 0.0, 1.0)
    assert subject.rate == pytest.approx(350_000)
    subject = control(500_000)
    subject.fall(49_000, 100_000, 0.1, 0.0, 1.0)
    assert subject.rate == pytest.approx(0.85 * 49_000)


@pytest.mark.parametrize(("loop", "a_second"), [(0.3, 0.30), (1.0, 0.12), (3.0, 0.08)])
def test_growth_is_as_quick_as_the_loop_allows(loop: float, a_second: float) -> None:
    subject = control()
    run(subject, 0.0, 1.0, loop=loop)
    grown = subject.rate / 100_000 - 1
    assert grown == pytest.approx(a_second, rel=0.15) and subject.grown


def test_growth_is_slow_near_the_capacity_and_quick_once_that_is_passed() -> None:
    subject = control()
    subject.fall(100_000, 100_000, 0.1, LOOP, 0.0)
    now = run(subject, 0.0, 2.0)
    before = subject.rate
    assert before >= RESUME * 100_000
    now = run(subject, now, 2.0)
    assert subject.rate == pytest.approx(before * (1 + NEAR) ** 2, rel=0.01) and not subject.grown
    now = run(subject, now, 10.0)
    assert subject.rate > 150_000 and subject.grown


def test_far_below_the_capacity_growth_is_quick() -> None:
    subject = control(50_000)
    subject.settle(100_000)
    run(subject, 0.0, 1.0)
    assert subject.rate > 60_000


def test_who_sends_little_grows_no_further_than_shown_and_is_not_pulled_down() -> None:
    subject = control()
    run(subject, 0.0, 20.0, carried=80_000)
    assert subject.rate == pytest.approx(ROOM * 80_000)
    run(subject, 20.0, 20.0, carried=10_000)
    assert subject.rate == pytest.approx(ROOM * 80_000)
    subject = control(9_000)
    run(subject, 0.0, 20.0, carried=5_000)
    assert subject.rate == pytest.approx(5_000 + SPARE)


def test_a_capacity_that_is_not_used_is_not_outgrown() -> None:
    """A link of 128 kbit/s, used whole: half as much again would be too much."""
    subject = control(110_000)
    subject.settle(128_000)
    run(subject, 0.0, 60.0, carried=130_000)
    assert subject.rate == pytest.approx(1.3 * 128_000)
    run(subject, 60.0, 5.0, carried=1.11 * 128_000)
    assert subject.rate == pytest.approx(1.5 * 1.11 * 128_000)


def test_nothing_grows_beside_a_queue_or_without_a_word() -> None:
    subject = control()
    run(subject, 0.0, 5.0, calm=False)
    assert subject.rate == 100_000 and not subject.grown
    for n in range(100):
        subject.advance(None, LOOP, True, n / 50)
    assert subject.rate == 100_000


def test_a_tick_that_comes_late_grows_no_more_than_a_quarter_second() -> None:
    subject = control()
    subject.advance(100_000, LOOP, True, 0.0)
    subject.advance(100_000, LOOP, True, 3600.0)
    assert subject.rate == pytest.approx(100_000 * (1 + 0.30 / 4))


def test_the_capacity_is_a_mean_on_the_same_link_and_new_on_another() -> None:
    subject = control()
    subject.fall(100_000, 100_000, 0.0, LOOP, 0.0)
    subject.fall(90_000, subject.rate, 0.0, LOOP, 10.0)
    assert subject.capacity == pytest.approx(95_000)
    run(subject, 10.0, 5.0)
    subject.fall(0.82 * 95_000, subject.rate, 0.0, LOOP, 20.0)
    assert subject.capacity == pytest.approx(0.91 * 95_000)
    subject.fall(0.78 * 0.91 * 95_000, subject.rate, 0.0, LOOP, 30.0)
    assert subject.capacity == pytest.approx(0.78 * 0.91 * 95_000)


def test_a_probe_that_went_through_is_believed_and_its_queue_is_no_overuse() -> None:
    subject = control()
    subject.probing(LOOP, 1.0)
    assert not subject.fall(95_000, 150_000, 0.2, LOOP, 1.4)
    assert not subject.fall(95_000, 150_000, 0.2, LOOP, 1.79)
    other = control()
    other.probing(LOOP, 1.0)
    assert other.fall(95_000, 150_000, 0.2, LOOP, 1.81)
    subject.probed(200_000, False, 0.0, LOOP, 1.5)
    assert subject.rate == 200_000 and subject.capacity is None
    assert not subject.fall(95_000, 150_000, 0.2, LOOP, 1.7)  # carried before it rose
    assert subject.fall(95_000, 200_000, 0.2, LOOP, 1.81)


def test_a_probe_that_filled_the_link_is_drained_and_tells_its_capacity() -> None:
    subject = control()
    subject.probing(LOOP, 1.0)
    subject.probed(150_000, True, 0.15, LOOP, 1.5)
    assert subject.rate == pytest.approx(draining(0.15) * 150_000) and subject.draining
    lasts = 0.15 / (1 - draining(0.15))
    run(subject, 1.5, lasts - 0.03)
    assert subject.draining
    run(subject, 1.5 + lasts, 0.04)
    assert subject.rate == pytest.approx(RESUME * 150_000) and not subject.draining
    before = subject.rate
    subject.probed(10_000, True, 0.4, LOOP, 9.0)  # it met packets of others
    assert subject.rate == before and not subject.draining and subject.capacity == 150_000
    assert not subject.fall(130_000, before, 0.4, LOOP, 9.65)
    assert subject.fall(130_000, before, 0.4, LOOP, 9.75)


def test_beside_others_it_goes_on_with_what_was_carried() -> None:
    subject = control()
    subject.fall(80_000, 90_000, 1.0, LOOP, 0.0)
    subject.share()
    assert subject.rate == 80_000 and not subject.draining and subject.capacity is None
