"""A flood gets the measure and no more; a burst after silence passes."""

from hypothesis import given
from hypothesis import strategies as st

from media.core.stream.quota import Quota


def passed(quota: Quota, start: float, seconds: float, rate: int, size: int = 100) -> int:
    each = 1 / rate
    return sum(quota.take(size, start + n * each) for n in range(int(seconds * rate)))


def test_a_flood_gets_the_measure_each_second_after_its_first_burst() -> None:
    quota = Quota(2_000, 2_500_000)
    passed(quota, 100.0, 1.0, 25_000)
    assert 9_990 <= passed(quota, 101.0, 5.0, 25_000) <= 10_001


def test_octets_bind_alike() -> None:
    quota = Quota(2_000, 100_000)
    passed(quota, 100.0, 2.0, 1_000, 1_000)
    assert 498 <= passed(quota, 102.0, 5.0, 1_000, 1_000) <= 501


def test_a_burst_after_silence_passes_whole() -> None:
    quota = Quota(2_000, 2_500_000)
    passed(quota, 100.0, 1.0, 25_000)
    assert all(quota.take(1_200, 110.0) for _ in range(2_000))
    assert not quota.take(1_200, 110.0)


def test_a_camera_at_its_best_is_never_touched() -> None:
    quota = Quota(2_000, 2_500_000)
    assert passed(quota, 5.0, 60.0, 1_000, 1_200) == 60_000


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 65_535)), max_size=300))
def test_whatever_the_clock_no_more_than_two_measures_at_one_time(
    asked: list[tuple[float, int]],
) -> None:
    """Also for a clock that jumps."""
    quota = Quota(50, 1_000_000)
    taken: dict[float, int] = {}
    for now, size in asked:
        taken[now] = taken.get(now, 0) + quota.take(size, now)
    assert all(count <= 100 + 50 * len(taken) for count in taken.values())
