"""What an uplink is believed to carry, beside what its browser says. PURE.

A browser's own estimate follows what it sends: one that was told to send little believes in little,
and would never find out. So belief grows while nothing waits and nothing is lost, is taken down to
what arrived when something is, and is then told to the browser as the rate to start again from.
Rates are bit/s on the wire, times s.
"""

from media.core.link.inflow import LOSSES, Inflow

LEAST, MOST = 8_000, 20_000_000
WAITS, CALM = 0.15, 0.08  # s of queue: too much; little enough to grow
SHARED = 0.12  # s little enough beside a transfer, which keeps some of a queue by itself
LOSES, QUIET = 0.08, 0.04  # loss beyond the link's own: too much; little enough to grow
EMPTY = 0.04  # s of queue below which what is lost is lost on the air, not for want of room
RUIN = 0.3  # loss which is too much even so
BACK, BACK_THIN = 0.9, 0.93  # of what arrives, on congestion; on a thin link each kbit/s counts
BLUNT = 0.75  # of the belief, where what arrives does not tell what the link carries
DEEPEST = 0.6  # of the belief in one step: other traffic may have taken the rest for a moment
STANDS = 0.4  # s of queue during which a link has sent all it can: what came just now is its rate
BUNCHED = 100_000  # bit/s from which the most of half a second is too much to believe
WIDE = 64_000  # bit/s from which half a second holds enough packets to tell that
PROVES = 1.3  # times the belief: less is a packet more in half a second
PAUSE = 1.0  # s between two steps down: the first must have had time to be felt
SILENT = 6_000  # bit/s: less says nothing of the link
HOLD = 2.0  # s after congestion without growth
FREE = 0.25  # of the belief, each second, while no end of the link was seen
FAST, SLOW, TOP = 0.10, 0.03, 0.02  # the same far from where one was seen, near it, beyond it
TOP_THIN = 0.01  # beyond it on a thin link, where each trial is seen
NEAR = 0.8
USED = 0.6  # of the belief: plans beyond it are to show that it is right
REACH, FREE_REACH = 1.25, 1.8  # times what arrives, the most then
REFUTED = 1.05  # times where a link seemed to end: what arrives beyond shows that it does not
FORGET = 90.0  # s after which the last congestion is no measure any more
JUMP = 1.5  # times, the most at once, towards what a browser has found out
FRESH = 20.0  # s what a browser said is worth something


class Belief:
    """Of one browser's uplink."""

    def __init__(self, start: int, now: float) -> None:
        self.rate = float(max(LEAST, min(MOST, start)))
        self._at = now
        self._fell = now - HOLD
        self._stood = False  # what waited, when it fell last, had waited long
        self._jumped = now
        self._most: tuple[float, float] | None = None  # (bit/s where it was too much, when)

    def step(
        self, seen: Inflow, said: tuple[int, float] | None, planned: int, demand: int,
        shared: bool, now: float,
    ) -> int:  # fmt: skip
        """The rate now. `said`: what the browser believes and when it said so; `planned`: what it
        was told to send; `demand`: growing beyond that would be of no use to anybody; `shared`:
        something that is not media crosses the link too, so that what arrives is not all it
        carries."""
        passed = max(0.0, min(1.0, now - self._at))
        self._at = now
        waits, excess = seen.queue or 0.0, seen.loss - seen.own_loss
        if seen.queue is not None and waits < EMPTY and excess < RUIN:
            excess = 0.0
        calm = waits <= (SHARED if shared else CALM) and excess <= QUIET
        self._prove(seen)
        # What was lost before the last step down is still in the figure for a while.
        fresh = now - self._fell > LOSSES
        if seen.rate > 0 and (waits > WAITS or (fresh and excess > LOSES)):
            self._fall(seen, shared, now)
        elif calm and now - self._fell >= HOLD and seen.rate > 0:
            if self._most and seen.rate > REFUTED * self._most[0]:
                self._most = None if seen.rate >= BUNCHED else (float(seen.rate), self._most[1])
            # Told to use it and not using it: then it is the browser that knows better.
            reach = FREE_REACH if self._free(now) else REACH
            bound = reach * seen.peak if planned > USED * self.rate else MOST
            self._grow(passed, min(demand, int(bound)), now)
            self._learn(said, now)
        return int(self.rate)

    def _prove(self, seen: Inflow) -> None:
        """What came through while nothing waits, the link carried: a queue that ran dry at once
        tells that a link has come back, before any growing could."""
        if seen.queue is None or seen.queue > CALM:
            return
        carried = BACK * seen.latest
        if carried > PROVES * self.rate:
            self.rate, self._most = min(MOST, carried), None

    def _careful(self) -> float:
        most = self._most[0] if self._most else MOST
        if self.rate > most:
            return TOP if self.rate >= BUNCHED else TOP_THIN
        return SLOW if self.rate > NEAR * most else FAST

    def _free(self, now: float) -> bool:
        """Whether no congestion has shown, for long, where the end of the link is."""
        return self._most is None or now - self._most[1] >= FORGET

    def floor(self, seen: Inflow, planned: int, now: float) -> int:
        """Bit/s a browser that believes in less may be told to start again from; 0 soon after
        congestion. No further than the link seemed to end, nor far beyond what arrives of a browser
        that was told to send as much."""
        if now - self._fell < HOLD:
            return 0
        most = MOST if self._most is None or self._free(now) else _back(self._most[0])
        reached = REACH * seen.peak if planned > USED * self.rate else MOST
        return int(min(self.rate, max(LEAST, most), max(LEAST, reached)))

    def _fall(self, seen: Inflow, shared: bool, now: float) -> None:
        stands = (seen.queue or 0.0) > STANDS and seen.rate >= WIDE
        # A link that got thin shows a little queue first: what stands then is known better.
        if now - self._fell < PAUSE and (self._stood or not stands):
            return
        self._stood = stands
        blunt = shared or seen.peak < SILENT
        came = min(seen.rate, seen.latest) if stands else self._carried(seen)
        self._fell, self._most = now, (self.rate if blunt else float(came), now)
        deepest = 0.0 if stands else DEEPEST * self.rate
        to = BLUNT * self.rate if blunt else max(_back(came), deepest)
        self.rate = max(LEAST, min(self.rate, to))

    @staticmethod
    def _carried(seen: Inflow) -> int:
        """Bit/s, while something waited. The most of half a second is too much where packets come
        in bunches, and all that came too little where nothing waited half the time; on a thin link
        a packet more or less is more than either."""
        return (seen.peak + seen.rate) // 2 if seen.rate >= BUNCHED else seen.peak

    def _grow(self, passed: float, most_useful: int, now: float) -> None:
        pace = FREE if self._free(now) else self._careful()
        grown = self.rate * (1 + passed * pace)
        self.rate = max(self.rate, min(grown, most_useful))

    def _learn(self, said: tuple[int, float] | None, now: float) -> None:
        """A browser that has seen more is believed, step by step."""
        if said is None or now - said[1] > FRESH or not self.rate < said[0] <= MOST:
            return
        if now - self._jumped >= 1.0:
            self._jumped = now
            self.rate = min(said[0], self.rate * JUMP)


def _back(came: float) -> float:
    """What to go back to where so much was too much."""
    return (BACK if came >= BUNCHED else BACK_THIN) * came
