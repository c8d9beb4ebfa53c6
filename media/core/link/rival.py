"""Whether a queue that stands is ours: after we left room, it must shrink by as much.

Where it does not, others fill it (a download on the same line), or the path became longer. Sees
queues and rates only.
"""

ENOUGH = 0.12  # s of relief we gave before judging
SHARE = 0.3  # of that relief which must show
ARRIVES = 0.85  # of what is sent must arrive: otherwise the link got thinner still
DRAINS = 1.15  # of what is sent arrives: more, and a queue of ours is being emptied
SETTLED = 0.5  # s after which rates show what we left
KNOWN = 15.0  # s a verdict holds: a download's queue comes and goes, and each fall would lose to it
LONGEST = 60.0  # s of that at most: each further verdict holds twice as long as the last
THINNER = 0.7  # of what left arrives: less is the link, whoever stands in the queue
FULLER = 0.3  # s of queue beyond the one judged: ours may be in it by now


class Rival:
    """A trial which begins with a fall."""

    def __init__(self) -> None:
        self._capacity = 0.0
        self._queue = 0.0
        self._from = 0.0
        self._relief = 0.0
        self._at = 0.0
        self._known_until = -LONGEST
        self._holds = KNOWN
        self._judged = 0.0  # s of queue at the verdict

    def beside(self, queue: float, left: float, carried: float, now: float) -> bool:
        """Whether others are known to fill the queue, and what left arrives as before."""
        known = now < self._known_until and queue < self._judged + FULLER
        return known and carried > THINNER * left

    def fell(self, queue: float, capacity: float, sending: float, loop: float, now: float) -> None:
        """The rate fell for a queue of so many seconds, in front of so many bit/s, of which we
        sent some. A trial goes on unless the link got thinner than what we send."""
        if self._capacity and capacity > ARRIVES * min(sending, self._capacity):
            return
        self._capacity, self._queue, self._relief = capacity, queue, 0.0
        self._from = self._at = now + loop + SETTLED

    def drained(self) -> None:
        """The queue went away: it was ours."""
        self._capacity = 0.0

    def judged(self, queue: float, sending: float, carried: float, now: float) -> bool:
        """True once: the queue stayed although we left room."""
        if not self._capacity or now < self._from:
            return False
        self._relief += max(0.0, 1 - sending / self._capacity) * min(0.5, now - self._at)
        self._at = now
        if self._relief < ENOUGH or not ARRIVES * sending < carried < DRAINS * sending:
            return False
        self._capacity = 0.0
        if queue <= self._queue - SHARE * self._relief:
            return False
        again = now - self._known_until < KNOWN
        self._holds = min(LONGEST, 2 * self._holds) if again else KNOWN
        self._known_until, self._judged = now + self._holds, queue
        return True
