"""Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): tells the sender
when each of its packets arrived, so that its own congestion control works.

Writes what was seen; estimates nothing. Times are microseconds; one tick is 250 µs.
"""

import struct
from collections.abc import Sequence

from media.core.packets.sequence import Unroller

TICK_US = 250
REFERENCE_TICKS = 256  # the reference time counts 64 ms
MISSING, SMALL, LARGE = 0, 1, 2
LONGEST_RUN = 0x1FFF
MOST_IN_ONE = 400  # packets told in one datagram: 400 deltas of two bytes still fit any path
MOST_AT_ONCE = 8  # datagrams: three seconds of a browser at its best
FASTEST, FAST, SLOW, SLOWEST = 0.05, 0.1, 0.25, 1.0  # s between feedbacks
COST = 90 * 8  # bits of one feedback with every header
SHARE = 0.05
LITTLE = 0.02  # of either way, where more often than FAST is worth no more
LONGEST_GAP = 2000  # a jump beyond this is a new start, not a loss


def chunks(symbols: Sequence[int]) -> bytes:
    """Packet status chunks (§3.1.3, §3.1.4): runs where they pay, vectors elsewhere."""
    found = []
    at, size = 0, len(symbols)
    while at < size:
        symbol = symbols[at]
        run = 1
        while at + run < size and symbols[at + run] == symbol and run < LONGEST_RUN:
            run += 1
        if run >= 14 or at + run == size or (run >= 7 and LARGE in symbols[at : at + 14]):
            found.append(symbol << 13 | run)
            at += run
        elif LARGE not in symbols[at : at + 14]:
            found.append(0x8000 | _vector(symbols[at : at + 14], 14, 1))
            at += 14
        else:
            found.append(0xC000 | _vector(symbols[at : at + 7], 7, 2))
            at += 7
    return struct.pack(f"!{len(found)}H", *found)


def _vector(symbols: Sequence[int], places: int, bits: int) -> int:
    value = 0
    for n in range(places):
        value = value << bits | (symbols[n] if n < len(symbols) else MISSING)
    return value


class Arrivals:
    """The arrivals of one peer since the last feedback."""

    def __init__(self) -> None:
        self._line = Unroller()
        self._ticks: dict[int, int] = {}
        self._next = -1  # first number not told yet
        self._count = 0

    def note(self, sequence: int, now_us: int) -> None:
        """A packet with this transport-wide number arrived. Later copies are ignored."""
        before = self._line.highest
        place = self._line.place(sequence)
        if before >= 0 and place - before > LONGEST_GAP:
            self._next = -1
        if place not in self._ticks and place > self._line.highest - LONGEST_GAP:
            self._ticks[place] = now_us // TICK_US

    def feedback(self, sender: int, media: int) -> list[bytes]:
        """RTCP packets which tell everything noted since the last call."""
        written: list[bytes] = []
        while self._ticks:
            if len(written) == MOST_AT_ONCE:  # numbers which jump so are nobody's
                self._ticks.clear()
                self._next = -1
                break
            lowest = min(self._ticks)
            base = self._next if 0 <= self._next < lowest else lowest
            if lowest - base > LONGEST_GAP:
                base = lowest
            written.append(self._one(sender, media, base))
        return written

    def _one(self, sender: int, media: int, base: int) -> bytes:
        last = min(max(self._ticks), base + MOST_IN_ONE - 1)
        first_tick = next(self._ticks[n] for n in range(base, base + LONGEST_GAP + 1)
                          if n in self._ticks)  # fmt: skip
        reference = first_tick // REFERENCE_TICKS
        symbols, deltas, clock = [], [], reference * REFERENCE_TICKS
        place = base
        while place <= last:
            tick = self._ticks.get(place)
            if tick is None:
                symbols.append(MISSING)
            else:
                delta = tick - clock
                if not -0x8000 <= delta <= 0x7FFF:
                    break
                small = 0 <= delta <= 0xFF
                symbols.append(SMALL if small else LARGE)
                deltas.append(struct.pack("!B" if small else "!h", delta))
                clock = tick
                del self._ticks[place]
            place += 1
        self._next = place
        return self._packet(sender, media, base, reference, symbols, b"".join(deltas))

    def _packet(
        self, sender: int, media: int, base: int, reference: int, symbols: list[int], deltas: bytes
    ) -> bytes:
        head = struct.pack("!IIHH", sender, media, base & 0xFFFF, len(symbols))
        clock = struct.pack("!I", (reference & 0xFFFFFF) << 8 | self._count)
        self._count = (self._count + 1) & 0xFF
        body = head + clock + chunks(symbols) + deltas
        padding = -len(body) % 4
        first = 0x80 | 0x0F
        if padding:
            first |= 0x20
            body += bytes(padding - 1) + bytes((padding,))
        return struct.pack("!BBH", first, 205, len(body) // 4) + body


def interval(received: float, sendable: float) -> float:
    """Seconds between two feedbacks, for what comes in and what may go out (bit/s): 100 ms,
    stretched to 250 ms so as to stay near 5 % of what comes in, and on a thin way out to 1 s so
    as to stay near 5 % of that. Down to 50 ms where that costs 2 % of either at most: a wide link
    that gets thin fills its queue in less than 100 ms."""
    of_received = COST / (SHARE * received) if received > 0 else SLOW
    of_sendable = COST / (SHARE * sendable) if sendable > 0 else SLOWEST
    least = min(received, sendable)
    fast = min(FAST, max(FASTEST, COST / (LITTLE * least))) if least > 0 else FAST
    return min(SLOWEST, max(fast, min(SLOW, of_received), of_sendable))
