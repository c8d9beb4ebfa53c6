"""Transport-wide feedback read (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): which of
the packets sent arrived, and when by the receiver's clock.

Reads one message and refuses what contradicts itself; knows nothing of what was sent.
"""

import struct
from dataclasses import dataclass

TICK_US = 250
REFERENCE_US = 64_000
MOST_TOLD = 4096  # packets told in one message; a browser tells some tens, hundreds after a cut
MOST_READ = 200  # messages a second; a browser sends twenty
_HEAD = struct.Struct("!HHI")
MISSING, SMALL, LARGE = 0, 1, 2
_ONE_BIT = tuple(range(13, -1, -1))
_TWO_BITS = tuple(range(12, -1, -2))


class FeedbackError(ValueError):
    """These bytes are no transport-wide feedback, or lie about what they hold."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one message tells."""

    base: int  # 16-bit number of the first packet told
    count: int  # packets told, arrived or not
    reference: int  # 24 bits, of 64 ms each, by the receiver's clock
    number: int  # 8 bits, counts messages
    arrivals: tuple[tuple[int, int], ...]  # (place after base, µs after the reference), in order


def read(body: bytes) -> Feedback:
    """``body``: what follows the two SSRCs, padding removed (0 to 3 zero bytes may be left).

    Raises FeedbackError.
    """
    if len(body) < _HEAD.size + 2:
        raise FeedbackError("short")
    base, count, clock = _HEAD.unpack_from(body)
    if not 0 < count <= MOST_TOLD:
        raise FeedbackError("count")
    symbols, at = _symbols(body, count)
    arrivals, at = _arrivals(body, at, symbols)
    if len(body) - at > 3 or any(body[at:]):
        raise FeedbackError("more than told")
    return Feedback(base, count, clock >> 8, clock & 0xFF, arrivals)


def _symbols(body: bytes, count: int) -> tuple[list[int], int]:
    """The status of each packet, and where the deltas begin."""
    found: list[int] = []
    at, size = _HEAD.size, len(body)
    while len(found) < count:
        if at + 2 > size:
            raise FeedbackError("statuses missing")
        chunk = body[at] << 8 | body[at + 1]
        at += 2
        if chunk < 0x8000:
            run = chunk & 0x1FFF
            if not 0 < run <= count - len(found):
                raise FeedbackError("run")
            found += [chunk >> 13] * run
        elif chunk < 0xC000:
            found += [chunk >> bit & 1 for bit in _ONE_BIT]
        else:
            found += [chunk >> bit & 3 for bit in _TWO_BITS]
    return found[:count] if len(found) > count else found, at


def _arrivals(body: bytes, at: int, symbols: list[int]) -> tuple[tuple[tuple[int, int], ...], int]:
    """Where and when packets arrived, and where the message ends."""
    found = []
    clock, size = 0, len(body)
    for place, symbol in enumerate(symbols):
        if symbol == MISSING:
            continue
        end = at + symbol
        if symbol > LARGE or end > size:
            raise FeedbackError("deltas")
        delta = body[at] if symbol == SMALL else (body[at] << 8 | body[at + 1])
        if symbol == LARGE and delta >= 0x8000:
            delta -= 0x10000
        at = end
        clock += delta * TICK_US
        found.append((place, clock))
    return tuple(found), at


class Share:
    """How many messages of one receiver are read: a flood of them must not cost others their
    processor."""

    def __init__(self) -> None:
        self._from = 0.0
        self._read = 0

    def take(self, now: float) -> bool:
        """Whether one more may be read."""
        if not self._from <= now < self._from + 1.0:
            self._from, self._read = now, 0
        self._read += 1
        return self._read <= MOST_READ
