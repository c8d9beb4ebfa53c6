from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.stream.gaps import MOST_MISSING, Arrival, Gaps


def test_a_gap_is_asked_for_and_filled() -> None:
    gaps = Gaps()
    assert gaps.arrive(65_534, 0)[0] is Arrival.NEW
    assert gaps.arrive(1, 0)[0] is Arrival.NEW
    assert gaps.due(0.001, 0.1) == []  # packets overtake each other
    assert gaps.due(0.01, 0.1) == [65_535, 0]
    assert gaps.arrive(65_535, 0.02)[0] is Arrival.LATE
    assert gaps.arrive(65_535, 0.02)[0] is Arrival.DUPLICATE
    assert gaps.arrive(1, 0.02)[0] is Arrival.DUPLICATE
    assert gaps.arrive(0, 0.02)[0] is Arrival.LATE
    assert not gaps


def test_a_second_ask_waits_until_the_first_could_be_answered() -> None:
    """At a satellite's 600 ms, an answer which comes after one round trip is asked for once."""
    gaps = Gaps()
    gaps.arrive(1, 0)
    gaps.arrive(3, 0)
    asks = [t / 100 for t in range(1, 60) if gaps.due(t / 100, 0.6)]
    assert asks == [0.01]
    gaps.arrive(2, 0.62)
    assert gaps.due(5, 0.6) == [] and gaps.asked == 1


def test_it_gives_up() -> None:
    gaps = Gaps()
    gaps.arrive(1, 0)
    gaps.arrive(3, 0)
    for tick in range(1, 1000):
        gaps.due(tick / 100, 0.02)
    assert gaps.asked == 5 and not gaps


def test_a_jump_is_a_new_start() -> None:
    gaps = Gaps()
    gaps.arrive(1, 0)
    assert gaps.arrive(20_000, 1)[0] is Arrival.RESTART
    assert gaps.due(2, 0.1) == []


def test_numbers_that_jump_without_end_are_not_followed() -> None:
    """Each packet missed costs us: a sender whose every packet jumps would have a core for it."""
    gaps = Gaps()
    found = [gaps.arrive(n * 999 & 0xFFFF, 5.0 + n / 2000)[0] for n in range(2000)]
    assert found.count(Arrival.NEW) == 3 and found.count(Arrival.RESTART) == 1997
    assert gaps.arrive(1999 * 999 + 600 & 0xFFFF, 6.1)[0] is Arrival.NEW
    assert len(gaps._missing) == 512


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 0.1)), max_size=100))
def test_a_hostile_order_stays_in_bounds(arrivals: list[tuple[int, float]]) -> None:
    gaps, now = Gaps(), 0.0
    for sequence, passed in arrivals:
        now += passed
        gaps.arrive(sequence, now)
        assert len(gaps.due(now, 0.05)) <= MOST_MISSING


def test_a_third_ask_waits_longer_than_the_second() -> None:
    gaps = Gaps()
    gaps.arrive(1, 0)
    gaps.arrive(3, 0)
    asks = [t / 100 for t in range(1, 400) if gaps.due(t / 100, 0.2)]
    assert asks == [0.01, 0.27, 0.79]


def test_repairs_take_a_seventh_of_the_link_at_most() -> None:
    """Half of everything is lost on 200 kbit/s of packets of 500 bytes."""
    gaps, asked = Gaps(), 0
    for n in range(1, 1001):  # 20 s, 50 packets a second
        if n % 2:
            gaps.arrive(n, n / 50)
        asked += len(gaps.due(n / 50, 0.6, 200_000, 500))
    most = 0.15 * 200_000 * (20 + 3) / (8 * 500)
    assert 0.9 * most <= asked <= most


def test_one_a_second_may_always_be_asked_for() -> None:
    gaps, asked = Gaps(), 0
    for n in range(1, 501):  # 10 s
        if n % 2:
            gaps.arrive(n, n / 50)
        asked += len(gaps.due(n / 50, 0.6, 8_000, 1200))
    assert 12 <= asked <= 13  # and three at once


def test_sound_is_asked_for_only_while_it_can_still_be_played() -> None:
    for round_trip, wanted in ((0.25, [0.01, 0.33]), (0.26, []), (0.1, [0.01, 0.16])):
        gaps = Gaps()
        gaps.arrive(1, 0)
        gaps.arrive(3, 0)
        asks = [t / 100 for t in range(1, 100) if gaps.due(t / 100, round_trip, sound=True)]
        assert asks == [at for at in wanted if at <= 0.3], round_trip


@pytest.mark.parametrize(("sound", "size", "most"), [
    (True, None, 27), (False, None, 4), (False, 600, 9),
])  # fmt: skip
def test_a_burst_is_asked_for_at_once_within_three_seconds_of_repairs(
    sound: bool, size: int | None, most: int
) -> None:
    """On 96 kbit/s: twenty-seven packets of sound, four and a half of pictures, if full."""
    gaps = Gaps()
    gaps.arrive(1, 0)
    gaps.arrive(40, 0)
    assert len(gaps.due(0.01, 0.1, 96_000, size, sound=sound)) == most
    assert gaps.due(0.02, 0.1, 96_000, size, sound=sound) == []


def test_what_will_not_be_asked_for_any_more_is_given_up_once() -> None:
    gaps = Gaps()
    gaps.arrive(1, 0)
    gaps.arrive(4, 0)
    gave = []
    for tick in range(1, 400):
        gaps.due(tick / 100, 0.1)
        gave += [tick / 100] if gaps.given_up() else []
    assert gave == [1.01]


def test_what_is_missing_before_a_key_frame_is_neither_asked_for_nor_given_up() -> None:
    gaps = Gaps()
    gaps.arrive(1, 0)
    _, earlier = gaps.arrive(5, 0)
    _, later = gaps.arrive(8, 0)
    gaps.passed(earlier)
    assert gaps.due(0.01, 0.1) == [6, 7]
    gaps.due(1.5, 0.1)
    gaps.passed(later)
    assert not gaps.given_up() and not gaps


def test_few_are_asked_for_twice_at_a_satellites_round_trip() -> None:
    """Ten in a hundred lost both ways, answers between 600 and 700 ms: at most 1.2 for each."""
    random = Random(1)
    gaps = Gaps()
    lost = 0
    answers: list[tuple[float, int]] = []
    sent = 0
    for n in range(1, 6001):  # two minutes
        now = n / 50
        for at, place in [each for each in answers if each[0] <= now]:
            answers.remove((at, place))
            gaps.arrive(place & 0xFFFF, now)
        if random.random() >= 0.1:
            gaps.arrive(n, now)
        else:
            lost += 1
        for sequence in gaps.due(now, 0.65, 300_000, 600):
            sent += 1
            if random.random() >= 0.1:
                answers.append((now + random.uniform(0.6, 0.7), sequence))
    assert 1.0 <= sent / lost <= 1.2
