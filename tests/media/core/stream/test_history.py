import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.stream.history import History


def test_packets_are_kept_for_seconds() -> None:
    history: History[str] = History(seconds=2.0)
    assert history.get(5, 0.0) is None
    history.put(5, "five", 1.0)
    assert history.get(5, 3.0) == "five" and history.get(6, 1.0) is None
    assert history.get(5, 3.001) is None
    history.clear()
    assert history.get(5, 1.0) is None


def test_a_turn_of_the_numbers_is_another_packet() -> None:
    history: History[str] = History(packets=4)
    history.put(2, "two", 0.0)
    assert history.get(6, 0.0) is None
    history.put(65_536 + 6, "six", 0.0)
    assert history.get(6, 0.0) == "six" and history.get(2, 0.0) is None


@pytest.mark.parametrize("packets", [0, 3, 1000])
def test_the_ring_is_a_power_of_two(packets: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        History(packets=packets)


@given(st.lists(st.integers(0, 1 << 20), max_size=200))
def test_memory_is_bounded_however_much_comes(numbers: list[int]) -> None:
    history: History[int] = History(packets=16)
    for number in numbers:
        history.put(number, number, 0.0)
        assert history.get(number & 0xFFFF, 0.0) == number
    assert sum(history.get(n, 0.0) is not None for n in {n & 0xFFFF for n in numbers}) <= 16
