from hypothesis import given
from hypothesis import strategies as st

from media.core.allocation.layers import Picture
from media.core.allocation.shares import Division
from tests.media.core.thin_links import QUALITY

BEST = 2_500_000


def pictures(count: int, matters: str = "speech") -> list[Picture]:
    return [Picture(f"v{n}", f"p{n}", "camera", matters, False, ()) for n in range(count)]


def shares(left: int, count: int) -> list[int]:
    return list(Division(QUALITY).step(left, pictures(count), 0.0).values())


def test_the_main_picture_gets_twice_as_much() -> None:
    assert shares(400_000, 3) == [200_000, 100_000, 100_000]


def test_one_picture_has_all_of_it() -> None:
    assert shares(30_000, 1) == [30_000]
    assert shares(1, 1) == [1]


def test_a_picture_without_enough_leaves_its_share() -> None:
    assert shares(62_999, 2) == [62_999, 0]
    assert shares(63_000, 2) == [42_000, 21_000]
    assert shares(83_999, 3) == [55_999, 27_999, 0]


def test_what_one_cannot_use_the_others_may() -> None:
    assert shares(6_000_000, 2) == [BEST, BEST]
    assert shares(4_500_000, 3) == [2_250_000, 1_125_000, 1_125_000]
    assert shares(6_000_000, 3) == [BEST, 1_750_000, 1_750_000]


def test_a_picture_comes_back_after_four_seconds_of_room() -> None:
    division, two = Division(QUALITY), pictures(2)
    assert division.step(60_000, two, 0.0)["v1"] == 0
    assert division.step(72_449, two, 1.0)["v1"] == 0, "not fifteen percent more than it takes"
    assert division.step(72_450, two, 2.0)["v1"] == 0
    assert division.step(72_450, two, 5.9)["v1"] == 0
    assert division.step(72_450, two, 6.0)["v1"] == 24_150
    assert division.step(63_000, two, 6.2)["v1"] == 21_000
    assert division.step(62_000, two, 6.4)["v1"] == 0


def test_nobody_there_is_a_new_beginning() -> None:
    division = Division(QUALITY)
    division.step(60_000, pictures(2), 0.0)
    assert division.step(200_000, [], 0.2) == {}
    assert division.step(200_000, pictures(2), 0.4)["v1"] > 0


@given(st.integers(0, 20_000_000), st.integers(0, 7))
def test_the_sum_is_never_more_than_there_is(left: int, count: int) -> None:
    found = shares(left, count)
    assert sum(found) <= left
    assert all(0 <= share <= BEST for share in found[1:])
