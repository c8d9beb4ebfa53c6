import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets.wire import AROUND, OVERHEAD
from media.core.stream.measure import Measure


def test_rates_are_those_of_the_wire_and_cumulate_by_layer() -> None:
    measure = Measure()
    for n in range(100):  # two seconds, 50 packets a second: layers 0 2 1 2
        measure.note(136, (0, 2, 1, 2)[n % 4], n / 50)
        measure.frame(n / 50)
    each = 8 * (136 + OVERHEAD) * 50
    assert (AROUND, OVERHEAD) == (44, 64)
    lowest, two, everything = measure.rates(2.0)
    assert lowest == pytest.approx(each / 4, rel=0.1)
    assert two == pytest.approx(each / 2, rel=0.1)
    assert everything == each and measure.frame_rate(2.0) == 50


def test_a_start_is_measured_from_the_first_quarter_second_on() -> None:
    measure = Measure()
    for n in range(13):
        measure.note(100, 0, n / 50)
    assert measure.rates(0.25)[0] == pytest.approx(8 * 164 * 50, rel=0.1)


def test_what_stopped_fades_within_a_second() -> None:
    measure = Measure()
    for n in range(50):
        measure.note(100, 0, n / 50)
    full = measure.rates(1.0)[2]
    assert full > 0 and 0 < measure.rates(1.5)[2] < full
    assert measure.rates(2.3) == (0, 0, 0) and measure.frame_rate(2.3) == 0


def test_a_layer_nobody_has_counts_as_the_highest() -> None:
    measure = Measure()
    measure.note(100, 3, 0.1)
    assert measure.rates(0.3) == (0, 0, 8 * 164 * 4)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 3), st.integers(0, 2000))))
def test_no_clock_makes_it_negative(notes: list[tuple[float, int, int]]) -> None:
    measure = Measure()
    for now, layer, size in notes:
        measure.note(size, layer, now)
        lowest, two, everything = measure.rates(now)
        assert 0 <= lowest <= two <= everything
