"""What left for one receiver, by transport-wide number, joined to the feedback that tells its fate.

Keeps the last packets only, in a ring: what is older, never sent or told before is passed over
and counted. Estimates nothing.
"""

from typing import NamedTuple

from media.core.packets.feedback import REFERENCE_US, Feedback

KEPT = 8192  # packets: 3 s at 20 Mbit/s, minutes on a thin link
OLDEST = 12.0  # s: what is told later than this says nothing about the link of today
_MASK = 0xFFFF
_CLOCK_MASK = 0xFFFFFF
_CLOCK_HALF = 0x800000


class Acknowledged(NamedTuple):
    """A packet that arrived."""

    sent: float  # s, our clock
    arrived: int  # µs, the receiver's clock, without wrap
    size: int  # bytes
    probe: int  # 0: none


class Joined(NamedTuple):
    """What one feedback message says of packets really sent."""

    acknowledged: list[Acknowledged]  # in sending order
    lost: list[tuple[float, bool]]  # now known lost: when sent, and whether the one before was too
    recovered: int  # called lost earlier, arrived after all
    unknown: int  # never sent, told before, or too old
    whole: bool  # no message was lost between the last one and this


class Departure(NamedTuple):
    place: int
    at: float
    size: int
    probe: int
    lost: bool


class Sent:
    """The packets under way to one receiver."""

    def __init__(self) -> None:
        self._ring: list[Departure | None] = [None] * KEPT
        self._next = 0
        self._reference = -1  # unrolled, of 64 ms
        self._message = -1
        self._told = -1  # the newest place told to have arrived
        self.ignored = 0

    def send(self, size: int, now: float, probe: int = 0) -> int:
        """A packet of this many bytes leaves. Returns its 16-bit number."""
        place = self._next
        self._next = place + 1
        self._ring[place % KEPT] = Departure(place, now, size, probe, False)
        return place & _MASK

    def waits(self, now: float) -> float:
        """Seconds since the first packet left that is newer than any told to have arrived."""
        left = self._ring[(self._told + 1) % KEPT] if self._told + 1 < self._next else None
        return 0.0 if left is None else max(0.0, now - left.at)

    def join(self, told: Feedback, now: float) -> Joined:
        """Each packet is acknowledged at most once and called lost at most once."""
        if self._next == 0:
            self.ignored += told.count
            return Joined([], [], 0, told.count, True)
        highest = self._next - 1
        base = highest - ((highest - told.base) & _MASK)
        clock = self._clock(told.reference)
        ring, found, recovered, unknown, oldest = self._ring, [], 0, 0, now - OLDEST
        arrived = set()
        for offset, after in told.arrivals:
            place = base + offset
            arrived.add(place)
            left = ring[place % KEPT]
            if left is None or left.place != place or left.at < oldest:
                unknown += 1
                continue
            ring[place % KEPT] = None
            self._told = max(self._told, place)
            recovered += left.lost
            found.append(Acknowledged(left.at, clock + after, left.size, left.probe))
        lost = self._missing(base, told.count, arrived) if len(arrived) < told.count else []
        self.ignored += unknown
        whole = self._message < 0 or told.number == (self._message + 1) & 0xFF
        self._message = told.number
        return Joined(found, lost, recovered, unknown, whole)

    def _missing(self, base: int, count: int, arrived: set[int]) -> list[tuple[float, bool]]:
        """Those sent and now first told missing."""
        found, last = [], -1
        for place in range(base, base + count):
            left = self._ring[place % KEPT]
            if left is None or left.place != place or left.lost or place in arrived:
                continue
            self._ring[place % KEPT] = left._replace(lost=True)
            found.append((left.at, place == last + 1))
            last = place
        return found

    def _clock(self, reference: int) -> int:
        """µs by the receiver's clock, its 24 bits unrolled near the last."""
        if self._reference < 0:
            self._reference = reference + _CLOCK_MASK + 1
        ahead = ((reference - self._reference + _CLOCK_HALF) & _CLOCK_MASK) - _CLOCK_HALF
        placed = self._reference + ahead
        self._reference = max(self._reference, placed)
        return placed * REFERENCE_US
