from hypothesis import given
from hypothesis import strategies as st

from media.core.packets.sequence import Unroller


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-1000, 3000), max_size=200))
def test_numbers_keep_their_place_across_the_wrap(first: int, steps: list[int]) -> None:
    line = Unroller()
    start = line.place(first)
    place = highest = start
    for step in steps:
        place = max(start - 1000, highest + step)
        assert line.place(place & 0xFFFF) == place
        highest = max(highest, place)
        assert line.highest == highest
