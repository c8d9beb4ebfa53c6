"""How fast packets arrive: bytes over the receiver's clock, in a window that suits thin links.

Tells what was carried, which is what the link can carry only while a queue stands in front of it.
"""

from collections import deque
from collections.abc import Sequence

from media.core.sent import Acknowledged

WINDOW = 0.5  # s at least
FEW = 8  # packets: with fewer the window grows
LONGEST = 2.0  # s
SHORT = 0.25  # s: the window which sees a fall first
SLOT = 0.05  # s


class AcknowledgedRate:
    """Batches of arrivals, one per feedback message; time nobody told us of is left out."""

    def __init__(self) -> None:
        self._batches: deque[tuple[float, int, int]] = deque()  # last arrival s, bits, packets
        self._untold = 0.0  # s of messages that were lost

    def add(self, arrived: Sequence[Acknowledged], whole: bool = True) -> None:
        """What one feedback message acknowledged; ``whole``: none was lost before it."""
        last = max(packet.arrived for packet in arrived) / 1e6 - self._untold
        bits, batches = 8 * sum(packet.size for packet in arrived), self._batches
        if batches and not -LONGEST < last - batches[-1][0] < 3 * LONGEST:
            batches.clear()  # a clock that jumped, or a long silence
        if batches and not whole:
            gap = max(0.0, arrived[0].arrived / 1e6 - self._untold - batches[-1][0])
            self._untold += gap
            last -= gap
            bits -= 8 * arrived[0].size
        if batches and last <= batches[-1][0]:  # reordered: told late
            at, before, packets = batches.pop()
            batches.append((at, before + bits, packets + len(arrived)))
            return
        batches.append((last, bits, len(arrived)))
        while last - batches[0][0] > 2 * LONGEST:
            batches.popleft()

    def value(self) -> float | None:
        """bit/s over at least half a second and some packets; None before that."""
        return self._over(WINDOW, FEW)

    def short(self) -> float | None:
        """bit/s over the last quarter second: noisy, and early to tell a fall."""
        return self._over(SHORT, 3)

    def _over(self, window: float, few: int) -> float | None:
        if not self._batches:
            return None
        last = self._batches[-1][0]
        bits = packets = 0
        for at, size, count in reversed(self._batches):
            span = last - at
            if span >= window and (packets >= few or span >= LONGEST):
                return bits / span
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
