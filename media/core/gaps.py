"""Packets missing on the way up, and when to ask for them again (RFC 4585 NACK).

Asks are scaled to the round trip and never doubled: a second ask for a packet waits until the
answer to the first could have come. Writes no packets.
"""

from enum import Enum

from media.core.sequence import Unroller

MOST_ASKS = 5
MOST_MISSING = 512
LONGEST_JUMP = 1000
KEPT = 3.0  # s a missing packet may still arrive and count
REORDERING = 0.005  # s before the first ask: packets overtake each other


class Arrival(Enum):
    """What a packet is to its stream."""

    NEW = "new"
    LATE = "late"
    DUPLICATE = "duplicate"
    RESTART = "restart"


class Gaps:
    """The gaps of one stream."""

    def __init__(self) -> None:
        self._line = Unroller()
        self._missing: dict[int, list[float]] = {}  # place → [first seen, last ask, asks]
        self.asked = 0

    def __bool__(self) -> bool:
        return bool(self._missing)

    def arrive(self, sequence: int, now: float) -> tuple[Arrival, int]:
        """Note a packet: what it is, and its place on the unrolled line."""
        before = self._line.highest
        place = self._line.place(sequence)
        if before < 0 or place == before + 1:
            return Arrival.NEW, place
        if place <= before:
            late = self._missing.pop(place, None) is not None
            return (Arrival.LATE if late else Arrival.DUPLICATE), place
        if place - before > LONGEST_JUMP:
            self._missing.clear()
            return Arrival.RESTART, place
        for missing in range(before + 1, place):
            self._missing[missing] = [now, 0.0, 0]
        while len(self._missing) > MOST_MISSING:
            del self._missing[next(iter(self._missing))]
        return Arrival.NEW, place

    def due(self, now: float, round_trip: float) -> list[int]:
        """Sequence numbers to ask for now. `round_trip` in seconds."""
        patience = max(1.0, 2.5 * round_trip)
        wait = round_trip * 1.15 + 0.015
        asks, forgotten = [], []
        for place, entry in self._missing.items():
            seen, last, count = entry
            if now - seen > KEPT:
                forgotten.append(place)
            elif now - seen < REORDERING or count >= MOST_ASKS or now - seen > patience:
                continue
            elif not count or now - last >= wait:
                entry[1], entry[2] = now, count + 1
                asks.append(place & 0xFFFF)
        for place in forgotten:
            del self._missing[place]
        self.asked += len(asks)
        return asks
