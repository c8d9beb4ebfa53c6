from hypothesis import given
from hypothesis import strategies as st

from media.core.gaps import MOST_MISSING, Arrival, Gaps


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


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 0.1)), max_size=100))
def test_a_hostile_order_stays_in_bounds(arrivals: list[tuple[int, float]]) -> None:
    gaps, now = Gaps(), 0.0
    for sequence, passed in arrivals:
        now += passed
        gaps.arrive(sequence, now)
        assert len(gaps.due(now, 0.05)) <= MOST_MISSING
