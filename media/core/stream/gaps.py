"""Packets missing on the way up, and when to ask for them again (RFC 4585 NACK).

Asks are scaled to the round trip and never doubled: a second ask for a packet waits until the
answer to the first could have come. Writes no packets.
"""

from enum import Enum

from media.core.packets.sequence import Unroller

MOST_ASKS = 5
MOST_MISSING = 512
LONGEST_JUMP = 1000
MOST_NOTED = 2000  # packets missed in a second; beyond that, numbers just jump
GATHERED = 3.0  # s of that share which may be asked for at once: losses come in bursts
KEPT = 3.0  # s a missing packet may still arrive and count
REORDERING = 0.005  # s before the first ask: packets overtake each other
SHARE = 0.15  # of the link which repairs may take (str0m bounds its RTX alike)
SOUND_ROUND_TRIP = 0.25  # s; sound asked for again later than this would miss its playout
SOUND_PATIENCE = 0.3  # s
SOUND_SIZE, PICTURE_SIZE = 200, 1200  # bytes on the wire, where the caller does not know


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
        self._noted = 0
        self._noted_from = 0.0
        self._given_up = False
        self._credit = 0.0  # bits of repair which may be asked for
        self._credited_at: float | None = None

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
        if place - before > LONGEST_JUMP or not self._may_miss(place - before - 1, now):
            self._missing.clear()
            return Arrival.RESTART, place
        for missing in range(before + 1, place):
            self._missing[missing] = [now, 0.0, 0]
        while len(self._missing) > MOST_MISSING:
            del self._missing[next(iter(self._missing))]
        return Arrival.NEW, place

    def _may_miss(self, count: int, now: float) -> bool:
        """Whether so many more may be missing: no link loses so many, and each costs us."""
        if not self._noted_from <= now < self._noted_from + 1.0:
            self._noted_from, self._noted = now, 0
        self._noted += count
        return self._noted <= MOST_NOTED

    def passed(self, place: int) -> None:
        """A key frame starts here: nobody needs what is missing before it."""
        for missing in [each for each in self._missing if each < place]:
            del self._missing[missing]
        self._given_up = False

    def given_up(self) -> bool:
        """Whether a packet will not be asked for any more, since this was asked last."""
        given_up, self._given_up = self._given_up, False
        return given_up

    def due(
        self, now: float, round_trip: float, rate: float = 0.0, size: int | None = None,
        sound: bool = False,
    ) -> list[int]:  # fmt: skip
        """Sequence numbers to ask for now. `round_trip` in seconds.

        Packets of about `size` bytes on the wire; those of a link of `rate` bit/s (0: unknown, no
        bound) are asked for within a share of it, though always one a second. Sound is asked for
        only while the answer can still be played.
        """
        self._forget(now)
        if sound and round_trip > SOUND_ROUND_TRIP:
            return []
        bits = 8 * (size or (SOUND_SIZE if sound else PICTURE_SIZE))
        patience = SOUND_PATIENCE if sound else max(1.0, 2.5 * round_trip)
        asks = []
        credit = self._earn(now, rate, bits)
        for place, entry in self._missing.items():
            seen, last, count = entry
            if not REORDERING <= now - seen <= patience or count >= MOST_ASKS:
                if now - seen > patience and count <= MOST_ASKS:
                    self._given_up, entry[2] = True, MOST_ASKS + 1
                continue
            # Each ask waits longer than the one before: what stands in a queue is not lost.
            if count and now - last < (round_trip * 1.15 + 0.03) * count:
                continue
            if credit < bits:
                break
            credit -= bits
            entry[1], entry[2] = now, count + 1
            asks.append(place & 0xFFFF)
        self._credit = credit
        self.asked += len(asks)
        return asks

    def _forget(self, now: float) -> None:
        # In the order they were missed: the first which is young enough ends it.
        for place in list(self._missing):
            if now - self._missing[place][0] <= KEPT:
                break
            del self._missing[place]

    def _earn(self, now: float, rate: float, packet: int) -> float:
        """Bits which may be asked for: some seconds' worth may gather."""
        if rate <= 0:
            return float("inf")
        each_second = max(SHARE * rate, packet)
        before = self._credited_at
        self._credited_at = now
        if before is None or self._credit == float("inf"):
            return GATHERED * each_second
        return min(self._credit + (now - before) * each_second, GATHERED * each_second)
