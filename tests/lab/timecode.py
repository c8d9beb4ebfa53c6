"""Who and when, as black and white cells in a picture's top left corner: PURE.

Two rows of seven cells. The first column is white over black, for a threshold to read by; the other
twelve are two bits of a person's number and ten of the time in units of 20 ms, in a Gray code,
so that a cell caught while it changes is wrong by one unit at most. Fewer than two cells change
with each picture, and large ones, so that thin video can still be read and little is spent on it.
``eye.js`` reads what this writes.
"""

from __future__ import annotations

COLUMNS, ROWS = 7, 2
CELL = 40  # pixels of a picture 640 wide
WIDTH, HEIGHT = 640, 480
UNIT = 0.020  # seconds
TIME_BITS, PERSON_BITS = 10, 2
PERIOD = UNIT * (1 << TIME_BITS)  # 20.48 s; no delay is as long
BLACK, WHITE = 16, 235


def code(person: int, seconds: float) -> int:
    """Twelve bits for this person (0–3) at this time."""
    units = int(seconds / UNIT) % (1 << TIME_BITS)
    return person << TIME_BITS | units ^ units >> 1


def cells(person: int, seconds: float) -> tuple[tuple[bool, ...], ...]:
    """Both rows, true for white."""
    value = code(person, seconds)
    count = COLUMNS * ROWS - 2
    bits = [bool(value >> shift & 1) for shift in reversed(range(count))]
    return (True, *bits[: COLUMNS - 1]), (False, *bits[COLUMNS - 1 :])


def stripe(row: tuple[bool, ...]) -> bytes:
    """One line of pixels of a row of cells, as luma."""
    return b"".join(bytes([WHITE if white else BLACK]) * CELL for white in row)


def delay(value: int, seconds: float) -> float:
    """Seconds since the middle of the unit this code was written in, at this time."""
    gray = value & (1 << TIME_BITS) - 1
    units = 0
    while gray:
        units, gray = units ^ gray, gray >> 1
    return (seconds - (units + 0.5) * UNIT) % PERIOD


def person(value: int) -> int:
    return value >> TIME_BITS
