"""The rate itself: down at once and by what was carried, up by what the loop's delay allows.

Additive increase near the last known capacity, multiplicative elsewhere, multiplicative decrease
(draft-ietf-rmcat-gcc-02 §5.5), with two changes for thin links: a fall lasts until the queue it
answers has drained and then goes back near the capacity it found; the growth is bound by the
queue it could build before the next feedback tells. Knows no packets.
"""

BETA = 0.92  # of what was carried, after overuse which left no queue yet
STEEP = 0.7  # less for each second of queue: 0.85 for a tenth
LONG, STEEPER = 0.25, 1.0  # s of queue, and for each second beyond: a voice cannot wait for that
DEEPEST = 0.35  # of what was carried, while a long queue drains: a voice, and hardly a picture
SAME = 0.8  # of the capacity known: nearer is the same link, seen again
WIDER = 1.5  # times the capacity known, carried while a queue drains: it is another link again
RESUME = 0.93  # of the capacity found, once drained
VOICE = 16_000  # bit/s: a voice is not stopped for a queue unless the link carries less
MOST_DRAIN = 4.0  # s
LIMITED = 0.6  # sending less than this share of the estimate tells little of the link
USED = 0.85  # of the estimate sent: what is carried of it is what the link can
GENTLE = 0.7  # a fall then goes no further at once
WHOLE = 0.85  # of what is sent arrives: all of it, as windows of time differ
THINNER = 0.5  # of what is sent arrives: less, and it is the link, whatever was believed
ROOM = 1.5  # of what was carried: growth beyond proves nothing
SPARE = 10_000  # bit/s growth may always reach above what was carried
PROBED = 0.5  # s beyond the loop in which a probe's own queue is ignored
OVERSHOOT = 0.06  # s of queue growth may build before feedback tells
SLOWEST, FASTEST = 0.08, 0.30  # growth, 1/s
NEAR = 0.025  # growth near the capacity, 1/s
CLOSE = 0.90  # of the capacity: near
BEYOND = 1.30  # of the capacity: no further while less than PASSED of it was carried
PASSED = 1.10  # of the capacity carried: it was not the capacity


def draining(queue: float) -> float:
    """The share of what a link carries to send while so many seconds of queue drain."""
    return max(DEEPEST, BETA - STEEP * queue - STEEPER * max(0.0, queue - LONG))


class Control:
    """The rate for one receiver, bit/s."""

    def __init__(self, start: float, least: float, most: float, now: float) -> None:
        self.least, self.most = least, most
        self.rate = min(most, max(least, start))
        self.capacity: float | None = None
        self.draining = False
        self.grown = False
        self._drained_at = now
        self._fell_at = now
        self._deaf_until = now  # what is told before that left before the last fall
        self._expected = 0.0  # bit/s carried meanwhile
        self._at = now

    @property
    def soon(self) -> float:
        """bit/s once the queue has drained."""
        if not self.draining or self.capacity is None:
            return self.rate
        return max(self.rate, min(RESUME * self.capacity, self.rate / DEEPEST, self.most))

    def fall(self, carried: float, sending: float, queue: float, loop: float, now: float) -> bool:
        """The link is overused: it carried that many bit/s of those sent, the last packets waited
        ``queue`` seconds, what we do shows after ``loop`` seconds. True when the rate fell."""
        if self.draining and self.capacity and carried > WIDER * self.capacity:
            self._widen(carried, queue, loop, now)
            return False
        if now < self._deaf_until and carried > GENTLE * self._expected:
            return False
        self._fell_at = now
        queue += max(0.0, min(1.0, sending / carried - 1)) * loop
        factor = draining(queue)
        before = self.rate
        self._set(min(self.rate, max(factor * carried, self._floor(carried, sending))))
        self.draining = True
        self._drained_at = now + min(MOST_DRAIN, queue / (1 - factor))
        self._deaf_until, self._expected = now + loop, min(self.rate, sending)
        return self.rate < before

    def _floor(self, carried: float, sending: float) -> float:
        """No fall goes below this: what arrives whole, and a voice, are not what fills a queue."""
        whole = carried > WHOLE * sending
        floor = min(VOICE, self.rate if whole else BETA * carried)
        if not whole or sending > USED * self.rate:
            self._learn(carried)
        if sending >= LIMITED * self.rate or carried < THINNER * sending:
            return floor
        return max(floor, GENTLE * self.rate, ROOM * carried if whole else 0.0)

    def _widen(self, carried: float, queue: float, loop: float, now: float) -> None:
        """A queue drains faster than the link was thought to carry: a fade is over."""
        self.capacity = carried
        factor = draining(queue)
        self._set(max(self.rate, factor * carried))
        self._drained_at = now + queue / (1 - factor)
        self._ignore(now + loop)

    def _ignore(self, until: float) -> None:
        self._deaf_until, self._expected = until, self.rate

    def probing(self, loop: float, now: float) -> None:
        """A probe leaves: the queue it makes is no overuse."""
        self._ignore(now + loop + PROBED)

    def probed(
        self, carried: float, saturated: bool, queue: float, loop: float, now: float
    ) -> None:
        """A probe showed what the link carries, and left that much queue."""
        expected = self.rate
        self.draining = False
        if carried < self.rate:  # it met others' packets: told by overuse, if it lasts
            self._deaf_until = now + queue + loop
        elif saturated:
            self.capacity = carried
            factor = draining(queue)
            self._set(max(factor * carried, GENTLE * self.rate))
            self.draining, self._fell_at = queue > 0, now
            self._drained_at = now + queue / (1 - factor)
            self._deaf_until = self._drained_at + loop
        else:
            self.capacity = None
            self._set(carried)
            self._deaf_until = now + loop
        self._expected = expected

    def drained(self, sent: float, now: float) -> None:
        """A packet which left at ``sent`` met no queue: no need to wait longer."""
        if self.draining and sent >= self._fell_at:
            self._drained_at = now

    def _learn(self, carried: float) -> None:
        """A link seen full carries this."""
        same = self.capacity is not None and SAME < carried / self.capacity < 1 / SAME
        self.capacity = (self.capacity + carried) / 2 if same and self.capacity else carried

    def advance(self, carried: float | None, loop: float, calm: bool, now: float) -> None:
        """Time passes. ``calm``: no queue stands and no loss speaks against growth."""
        passed = min(0.25, max(0.0, now - self._at))
        self._at = now
        self.grown = False
        if self.draining:
            if now >= self._drained_at:
                self._set(self.soon)
                self.draining = False
            return
        if not calm or now < self._deaf_until or carried is None:
            return
        if self.capacity is not None and carried > PASSED * self.capacity:
            self.capacity = None
        self._grow(carried, loop, passed)

    def _grow(self, carried: float, loop: float, passed: float) -> None:
        room = max(ROOM * carried, carried + SPARE)
        if self.capacity is not None:
            room = min(room, BEYOND * self.capacity)
        if self.rate >= room:
            return
        near = self.capacity is not None and self.rate > CLOSE * self.capacity
        speed = NEAR if near else min(FASTEST, max(SLOWEST, 2 * OVERSHOOT / loop**2))
        self._set(min(room, self.rate * (1 + speed * passed)))
        self.grown = not near

    def share(self) -> None:
        """The queue is not ours: go on beside it."""
        self.draining = False
        self._set(max(self.rate, self.capacity or 0.0))
        self.capacity = None

    def limit(self, rate: float) -> None:
        """Go no higher than this now."""
        self._set(min(self.rate, rate))

    def raise_to(self, rate: float) -> None:
        """Something proved that the link carries this."""
        if rate > self.rate:
            self._set(rate)

    def settle(self, capacity: float | None) -> None:
        """Believe in this capacity; None for an unknown link."""
        self.capacity = capacity
        self.draining = False

    def _set(self, rate: float) -> None:
        self.rate = min(self.most, max(self.least, rate))
