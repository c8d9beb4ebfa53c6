"""How fast packets arrive: bytes over the receiver's clock, in a window that suits thin links.

Tells what was carried, which is what the link can carry only while a queue stands in front of it,
and how fast the same packets left: what is sent now is told of a round later.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from media.core.link.sent import Acknowledged

WINDOW = 0.5  # s at least
FEW = 8  # packets: with fewer the window grows
LONGEST = 2.0  # s
SHORT = 0.25  # s: the window which sees a fall first
SLOT = 0.05  # s
STEP = 0.7  # of the rate carried over a longer while: the link got thinner
LEAST = 1000.0  # bit/s


class Rate(NamedTuple):
    """Of the same packets, bit/s."""

    came: float  # by the receiver's clock
    left: float  # by ours: more than came while they made a queue


class AcknowledgedRate:
    """Batches of arrivals, one per feedback message; time nobody told us of is left out."""

    def __init__(self) -> None:
        # Last arrival and last departure, s; bits; packets.
        self._batches: deque[tuple[float, float, int, int]] = deque()
        self._untold = 0.0  # s of messages that were lost, by the receiver's clock
        self._unsaid = 0.0  # and by ours

    def add(self, arrived: Sequence[Acknowledged], whole: bool = True) -> None:
        """What one feedback message acknowledged; ``whole``: none was lost before it."""
        last = max(packet.arrived for packet in arrived) / 1e6 - self._untold
        left = arrived[-1].sent - self._unsaid
        bits, batches = 8 * sum(packet.size for packet in arrived), self._batches
        if batches and not -LONGEST < last - batches[-1][0] < 3 * LONGEST:
            batches.clear()  # a clock that jumped, or a long silence
        if batches and not whole:
            gap = max(0.0, arrived[0].arrived / 1e6 - self._untold - batches[-1][0])
            pause = max(0.0, arrived[0].sent - self._unsaid - batches[-1][1])
            self._untold += gap
            self._unsaid += pause
            last, left = last - gap, left - pause
            bits -= 8 * arrived[0].size
        if batches and last <= batches[-1][0]:  # reordered: told late
            at, until, before, packets = batches.pop()
            batches.append((at, max(until, left), before + bits, packets + len(arrived)))
            return
        batches.append((last, left, bits, len(arrived)))
        while last - batches[0][0] > 2 * LONGEST:
            batches.popleft()

    def value(self) -> Rate | None:
        """Over at least half a second and some packets; None before that."""
        return self._over(WINDOW, FEW)

    def short(self) -> Rate | None:
        """Over the last quarter second: noisy, and early to tell a fall."""
        return self._over(SHORT, 3)

    def full(self, own: float) -> Rate | None:
        """What a full link carries, what it loses by itself (``own``, a share) included."""
        long, short = self.value(), self.short()
        if long is None:
            return None
        seen = short if short is not None and short.came < STEP * long.came else long
        kept = 1 - min(0.5, own)
        return Rate(max(LEAST, seen.came / kept), max(LEAST, seen.left / kept))

    def _over(self, window: float, few: int) -> Rate | None:
        if not self._batches:
            return None
        last, left = self._batches[-1][:2]
        bits = packets = 0
        for at, until, size, count in reversed(self._batches):
            span = last - at
            if span >= window and (packets >= few or span >= LONGEST):
                return Rate(bits / span, bits / max(SLOT, left - until))
            bits += size
            packets += count
        return None


class SendingRate:
    """How fast packets leave, over the last half second of our clock."""

    def __init__(self) -> None:
        self._slots: deque[tuple[float, int]] = deque()  # begin of 50 ms, bits
        self._bits = 0

    def add(self, size: int, now: float) -> None:
        """A packet of this many bytes leaves."""
        bits, slots = 8 * size, self._slots
        self._bits += bits
        if slots and now - slots[-1][0] < SLOT:
            slots[-1] = (slots[-1][0], slots[-1][1] + bits)
            return
        slots.append((now, bits))
        self._forget(now)

    def value(self, now: float) -> float:
        """bit/s."""
        self._forget(now)
        return self._bits / WINDOW

    def _forget(self, now: float) -> None:
        slots = self._slots
        while slots and slots[0][0] < now - WINDOW:
            self._bits -= slots.popleft()[1]
