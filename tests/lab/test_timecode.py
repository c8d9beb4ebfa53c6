"""What is written in the corner can be read again, and one wrong cell is one unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import timecode
from tests.lab.timecode import UNIT

INSTANTS = st.floats(1_700_000_000, 1_900_000_000)


def read(rows: tuple[tuple[bool, ...], ...]) -> int:
    value = 0
    for row in rows:
        for white in row[1:]:
            value = value * 2 + white
    return value


@given(st.integers(0, 3), INSTANTS, st.floats(0.02, 20))
def test_person_and_delay_come_back(person: int, written: float, late: float) -> None:
    value = read(timecode.cells(person, written))
    assert timecode.person(value) == person
    assert timecode.delay(value, written + late) == pytest.approx(late, abs=UNIT / 2 + 1e-5)


@given(st.integers(0, 3), INSTANTS)
def test_from_one_unit_to_the_next_one_cell_changes(person: int, at: float) -> None:
    before, after = timecode.code(person, at), timecode.code(person, at + UNIT)
    assert (before ^ after).bit_count() <= 1


def test_the_first_column_is_white_over_black() -> None:
    top, bottom = timecode.cells(2, 1_800_000_000.0)
    assert top[0] and not bottom[0] and len(top) == len(bottom) == timecode.COLUMNS
