"""Loss: how much of it is the link's own, and how much comes from sending too much.

A link which loses packets by itself (radio, a bad line) loses the same share at any rate; a queue
which overflows, or a policer, takes what is above a rate: own + (1 - own)·max(0, 1 - limit/rate).
Both models are fitted to the last observations, as LossBasedBweV2 of libwebrtc does with its
candidates, and a limit is believed only where it explains them much better. Decides no rate.
"""

from collections import deque
from dataclasses import dataclass
from math import log

SPAN = 0.5  # s an observation lasts at least
FEW = 20  # packets in one at least
LONGEST = 3.0  # s after which it closes with fewer
KEPT = 16  # observations
FADING = 0.9  # weight of an observation, to the next newer one
EVIDENCE = 6.0  # log-likelihood by which a limit must explain better (odds of 400)
EXCESS = 0.04  # loss above the link's own which a limit must stand for
STANDS = 0.06  # s of queue: a loss beside it is an overflow, which delay answers
FIRST_OWN = 0.01


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of the packets sent in one span."""

    packets: int
    lost: int
    rate: float  # bit/s sent
    queue: float  # s, the most that stood meanwhile


class Loss:
    """The losses of one receiver."""

    def __init__(self) -> None:
        self.recent = 0.0  # share, of the last observations
        self.own = FIRST_OWN  # share the link loses by itself
        self.limit: float | None = None  # bit/s above which packets are lost for the rate
        self.blamed = False  # the newest observation was above it
        self._kept: deque[Observation] = deque(maxlen=KEPT)
        self._from: float | None = None
        self._packets = self._lost = self._bits = 0
        self._queue = 0.0

    def add(self, arrived: int, lost: int, bits: int, queue: float, at: float) -> bool:
        """What one message told: packets, bits sent with them, the standing queue, s of sending.
        True when an observation was completed."""
        if self._from is None:
            self._from = at
        self._packets += arrived + lost
        self._lost += lost
        self._bits += bits
        self._queue = max(self._queue, queue)
        span = at - self._from
        if not (span >= LONGEST or (span >= SPAN and self._packets >= FEW)) or self._packets < 3:
            return False
        self._kept.append(
            Observation(self._packets, max(0, self._lost), self._bits / span, self._queue)
        )
        self._from, self._packets, self._lost, self._bits, self._queue = at, 0, 0, 0, 0.0
        self._fit()
        return True

    def forget(self) -> None:
        """The link was cut: what it did before says little."""
        self._kept.clear()
        self._from, self._packets, self._lost, self._bits, self._queue = None, 0, 0, 0, 0.0
        self.limit, self.recent = None, 0.0

    def _fit(self) -> None:
        kept = self._kept
        fresh = list(kept)[-4:]
        self.recent = sum(o.lost for o in fresh) / sum(o.packets for o in fresh)
        free, own = self._likelihood(None)
        best, limit = free + EVIDENCE, None
        lossy = [seen for seen in kept if seen.lost and seen.queue <= STANDS]
        for candidate in sorted({o.rate * (1 - o.lost / o.packets) for o in lossy}):
            value, with_limit = self._likelihood(candidate)
            if value > best:
                best, limit, own = value, candidate, with_limit
        self.own, self.limit = own, limit
        self.blamed = limit is not None and kept[-1].rate > limit and kept[-1].lost > 0

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
