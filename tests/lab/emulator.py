"""What a thin link does to packets: PURE. (size, now) in; when it arrives, or why it does not, out.

A link's way is a sender of a given capacity behind a queue that drops at its tail, then a stretch
of time, then losses: a lost packet has used the link all the same, as one lost on the air has.
Sizes are those of IP packets in bytes, times seconds since the link's own beginning. It knows no
clock, no socket and no randomness but the generator it is given.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import NamedTuple

BYTES_OF_KBIT = 125.0


class Cause(StrEnum):
    """Why a packet did not arrive; NONE for one that does."""

    NONE = ""
    QUEUE = "queue"
    LOSS = "loss"
    CUT = "cut"


class Fate(NamedTuple):
    """What becomes of one packet. ``at``: when it arrives; ``sent``: when its last bit left."""

    cause: Cause
    queued: float  # seconds it waited for its first bit to leave
    sent: float
    at: float


@dataclass(frozen=True)
class Way:
    """One direction of a link.

    ``rate``: steps of (second, kbit/s), the first at 0, the last one lasting; ``delay`` and
    ``jitter`` (uniform, added, order kept) in seconds; ``queue`` in bytes, the packet on its way
    out included; ``loss`` as a share; ``burst``: mean length of a loss in packets, 0 for losses
    independent of each other; ``cuts``: (from, to) in seconds.
    Raises ValueError for a way no link can have.
    """

    rate: tuple[tuple[float, float], ...]
    delay: float = 0.0
    jitter: float = 0.0
    queue: int = 100_000
    loss: float = 0.0
    burst: float = 0.0
    cuts: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        seconds = [second for second, _ in self.rate]
        if not seconds or seconds[0] != 0 or seconds != sorted(set(seconds)):
            raise ValueError("rate: steps begin at 0 and go forward")
        if min(kbit for _, kbit in self.rate) < 0 or self.rate[-1][1] <= 0:
            raise ValueError("rate: none below 0, the last above 0")
        if min(self.delay, self.jitter, self.queue) < 0 or not 0 <= self.loss < 1:
            raise ValueError("delay, jitter and queue are at least 0, loss is in [0, 1)")
        if self.burst and (self.burst < 1 or self.loss / (1 - self.loss) > self.burst):
            raise ValueError("burst: at least 1, and long enough for so much loss")


class Capacity:
    """How many bytes a sender of this rate can have sent by a given second, and the reverse."""

    def __init__(self, rate: Sequence[tuple[float, float]]) -> None:
        self._seconds = [second for second, _ in rate]
        self._speeds = [kbit * BYTES_OF_KBIT for _, kbit in rate]
        self._bytes = [0.0]
        for index in range(1, len(rate)):
            length = self._seconds[index] - self._seconds[index - 1]
            self._bytes.append(self._bytes[-1] + length * self._speeds[index - 1])

    def by(self, second: float) -> float:
        """Bytes from the beginning to this second."""
        index = max(0, bisect_right(self._seconds, second) - 1)
        return self._bytes[index] + (second - self._seconds[index]) * self._speeds[index]

    def when(self, amount: float) -> float:
        """The first second by which that many bytes can have been sent."""
        if amount <= 0:
            return 0.0
        index = bisect_left(self._bytes, amount) - 1  # the last step begun with less: it sends
        return self._seconds[index] + (amount - self._bytes[index]) / self._speeds[index]

    def between(self, start: float, end: float) -> float:
        return self.by(end) - self.by(start)


class Losses:
    """Which packets are lost: each for itself, or in bursts.

    Bursts follow Gilbert (1960): in the bad state all is lost, in the good state nothing; the bad
    state is left with probability 1/burst and entered so that the share of losses is as asked.
    """

    def __init__(self, share: float, burst: float, random: Random) -> None:
        self._random = random
        self._bad = False
        self._stay = 1 - 1 / burst if burst else share
        self._enter = share / (1 - share) / burst if burst else share

    def next(self) -> bool:
        """Whether the next packet is lost."""
        self._bad = self._random.random() < (self._stay if self._bad else self._enter)
        return self._bad


class Pipe:
    """One way of a link at work. ``now`` never goes back from one packet to the next."""

    def __init__(self, way: Way, random: Random) -> None:
        self.way = way
        self.capacity = Capacity(way.rate)
        self._random = random
        self._losses = Losses(way.loss, way.burst, random)
        self._free = 0.0  # when the last bit of what was taken so far leaves
        self._last = 0.0  # the latest arrival promised

    def backlog(self, now: float) -> float:
        """Bytes taken and not sent yet."""
        return self.capacity.between(now, self._free) if self._free > now else 0.0

    def offer(self, size: int, now: float) -> Fate:
        """One packet of ``size`` bytes comes to the link. An empty link takes any packet."""
        backlog = self.backlog(now)
        if backlog > 0 and backlog + size > self.way.queue:
            return Fate(Cause.QUEUE, self._free - now, now, now)
        first = max(now, self._free)
        self._free = sent = max(first, self.capacity.when(self.capacity.by(first) + size))
        if any(start <= sent < end for start, end in self.way.cuts):
            return Fate(Cause.CUT, first - now, sent, sent)
        if self._losses.next():
            return Fate(Cause.LOSS, first - now, sent, sent)
        spread = self._random.uniform(0, self.way.jitter) if self.way.jitter else 0.0
        self._last = max(self._last, sent + self.way.delay + spread)
        return Fate(Cause.NONE, first - now, sent, self._last)
