"""Loss: how much of it is the link's own, and how much comes from sending too much.

A link which loses packets by itself (radio, a bad line) loses the same share at any rate; a queue
which overflows, or a policer, takes what is above a rate: own + (1 - own)·max(0, 1 - limit/rate).
Both models are fitted to the last observations, as LossBasedBweV2 of libwebrtc does with its
candidates, and a limit is believed only where it explains them much better. Decides no rate.
"""

from collections import deque
from dataclasses import dataclass, replace
from math import log
from statistics import median

SPAN = 0.5  # s an observation lasts at least
FEW = 20  # packets in one at least
LONGEST = 3.0  # s after which it closes with fewer
LEAST = 3  # packets
KEPT = 32  # observations
FADING = 0.96  # weight of an observation, to the next newer one
LATELY = 8  # observations a limit must agree with
CANDIDATES = (0.9, 0.95, 1.0, 1.05)  # limits tried, of the most that was carried lately
LITTLE = 0.02  # loss below which none is looked for
EVIDENCE = 6.0  # log-likelihood by which a limit must explain better (odds of 400)
STANDS = 0.06  # s of queue: a loss beside it is an overflow, which delay answers
FIRST_OWN = 0.01
HEAVY = 0.15  # loss beside which nothing grows, whosever it is, and a lower rate is tried
LESS = 0.85  # of the rate is tried
DEEPEST = 0.5  # of the rate: where trying ends
PATIENCE = 5.0  # s between two trials


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of the packets sent in one span."""

    packets: int
    lost: int
    runs: int  # of packets lost one after the other
    rate: float  # bit/s sent
    queue: float  # s, the most that stood meanwhile


class Loss:
    """The losses of one receiver."""

    def __init__(self) -> None:
        self.recent = 0.0  # share, of the last observations
        self.own = FIRST_OWN  # share the link loses by itself
        self.limit: float | None = None  # bit/s above which packets are lost for the rate
        self.blamed = False  # the newest observation was above it
        self.queued = False  # a queue stood beside the newest losses
        self._kept: deque[Observation] = deque(maxlen=KEPT)
        self._from: float | None = None
        self._packets = self._lost = self._runs = self._bits = 0
        self._queue = 0.0

    def add(self, arrived: int, lost: int, runs: int, bits: int, queue: float, at: float) -> bool:
        """What one message told: packets, runs of losses, bits sent with them, how long the last
        waited, s of sending. True when an observation was completed."""
        if self._from is None:
            self._from = at
        self._packets += arrived + lost
        self._lost += lost
        self._runs += runs
        self._bits += bits
        self._queue = max(self._queue, queue)
        span = at - self._from
        if span < SPAN or self._packets < (FEW if span < LONGEST else LEAST):
            return False
        if self._kept and self._queue > self._kept[-1].queue:  # told late of a full queue
            self._kept[-1] = replace(self._kept[-1], queue=self._queue)
        lost = max(0, self._lost)
        rate = self._bits / span
        self._kept.append(Observation(self._packets, lost, self._runs, rate, self._queue))
        self._begin(at)
        self._fit()
        return True

    def forget(self) -> None:
        """The link was cut: what it did before says little."""
        self._kept.clear()
        self._begin(None)
        self.limit, self.recent, self.blamed = None, 0.0, False

    def _begin(self, at: float | None) -> None:
        self._from = at
        self._packets = self._lost = self._runs = self._bits = 0
        self._queue = 0.0

    def _fit(self) -> None:
        newest = self._kept[-1]
        fresh = list(self._kept)[-4:]
        self.recent = sum(seen.lost for seen in fresh) / sum(seen.packets for seen in fresh)
        self.queued = newest.queue > STANDS
        free, self.own = self._likelihood(None)
        limit: float | None = None
        kept = [seen for seen in self._kept if seen.queue <= STANDS]
        lost, packets = sum(s.lost for s in kept), sum(s.packets for s in kept)
        if lost > LITTLE * packets:
            runs = max(1, sum(seen.runs for seen in kept))
            longer = lost / runs * (1 - lost / packets)  # than by chance
            limit = self._find(kept, free + EVIDENCE * max(1.0, 2 * longer - 1))
        self.limit = limit
        self.blamed = limit is not None and newest.rate > limit and newest.lost > 0

    def _find(self, kept: list[Observation], least: float) -> float | None:
        """The limit which explains best, if it does so better than that."""
        carried = sorted(seen.rate * (1 - seen.lost / seen.packets) for seen in kept[-LATELY:])
        top = median(carried[-3:])
        limit: float | None = None
        for share in CANDIDATES:
            value, own = self._likelihood(share * top)
            if value > least:
                least, limit, self.own = value, share * top, own
        return limit

    def _likelihood(self, limit: float | None) -> tuple[float, float]:
        """Of the observations under this limit, and the own loss which fits best beside it."""
        weight, lost, packets = 1.0, FIRST_OWN * 20, 20.0
        rows = []
        for seen in reversed(self._kept):
            if seen.queue > STANDS:
                continue
            over = 0.0 if limit is None else max(0.0, 1 - limit / max(seen.rate, 1.0))
            rows.append((weight, seen, over))
            lost += weight * max(0.0, seen.lost - over * seen.packets)
            packets += weight * seen.packets * (1 - over)
            weight *= FADING
        own = min(0.9, lost / max(packets, 1.0))
        value = 0.0
        for weight, seen, over in rows:
            share = min(0.99, max(0.001, own + (1 - own) * over))
            value += weight * (seen.lost * log(share) + (seen.packets - seen.lost) * log(1 - share))
        return value, own


class Trial:
    """Much loss and no queue: whether it is less at a lower rate must be tried to be known."""

    def __init__(self) -> None:
        self._floor: float | None = None
        self._next = 0.0

    def rate(self, loss: float, rate: float, now: float) -> float | None:
        """bit/s to try now in place of ``rate``, if any."""
        if loss < HEAVY:
            self._floor = None
            return None
        if self._floor is None:
            self._floor = DEEPEST * rate
        if now < self._next or rate * LESS < self._floor:
            return None
        self._next = now + PATIENCE
        return rate * LESS
