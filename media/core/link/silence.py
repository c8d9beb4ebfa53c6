"""Silence: packets leave and nothing is told. A cut, until something is heard again.

The rate goes down to a voice's, which costs nothing if the link is away and little if only the
telling is; and comes back at once when the link does. Long before that, news which is older than
it ever is makes pictures wait: a link that got thinner in both ways tells of it last. Knows no
packets.
"""

from math import inf, isfinite

from media.core.link.aimd import Control

TRIPS, LEAST = 3.0, 0.8  # round trips and s without feedback
NEVER = 3.0  # s, when none ever came
FEW, LONGER = 5, 3.0  # with fewer packets untold (a voice that pauses) it takes that much longer
SAFE = 16_000  # bit/s: a voice
RETURN = 0.8  # of the rate before
CAREFUL = 0.4  # of it, when a queue came with the return
PACE = 0.1  # how the usual age of news follows each message
SPREADS, OLDER, LATE = 4.0, 0.25, 0.06  # deviations, share of the usual age, and s beyond it: late
MESSAGES = 10  # until the usual age is known
LONGEST_TRIP = 10.0  # s
LONGEST_STEP = 60.0  # s a clock may advance between two calls


def sane(trip: float | None) -> float | None:
    """A round trip that can be, s; None for what cannot."""
    return min(trip, LONGEST_TRIP) if trip is not None and isfinite(trip) and trip > 0 else None


class Steady:
    """A clock that neither goes back nor leaps, whatever it is given."""

    def __init__(self, now: float) -> None:
        self.now = now if isfinite(now) and abs(now) < 1e12 else 0.0
        self._given = self.now

    def at(self, now: float) -> float:
        """Our time, s, when the given clock shows ``now``."""
        if isfinite(now):
            step, self._given = now - self._given, now
            if 0 < step <= LONGEST_STEP:
                self.now += step
        return self.now


class News:
    """How old the news is when it comes: the age of the first packet it may tell of."""

    def __init__(self) -> None:
        self._usual = self._spread = 0.0
        self._messages = 0

    def came(self, age: float) -> None:
        """A message told of packets, the first of which had waited so many seconds to be told.
        Late news makes late news usual only slowly."""
        self._messages += 1
        if self._messages >= MESSAGES:
            age = min(age, self._usual + self._beyond())
        weight = max(PACE, 1 / self._messages)
        self._spread += weight * (abs(age - self._usual) * (self._messages > 1) - self._spread)
        self._usual += weight * (age - self._usual)

    def late(self, age: float) -> bool:
        """Whether it is overdue: pictures sent now would only stand in a queue."""
        return self._messages >= MESSAGES and age > self._usual + self._beyond()

    def _beyond(self) -> float:
        return max(LATE, SPREADS * self._spread, OLDER * self._usual)


class Silence:
    """How long nothing has been told, and what followed."""

    def __init__(self) -> None:
        self.silent = False
        self.before = 0.0  # bit/s estimated when it began
        self.ended_at = -1e9
        self._waiting: float | None = None  # since when packets wait to be told of
        self._untold = 0  # packets
        self._heard = False
        self._lowered_at = 0.0

    def sent(self, now: float) -> None:
        """A packet left."""
        if self._waiting is None:
            self._waiting = now
        self._untold += 1

    def lasts(self, now: float) -> float:
        """Seconds something sent has waited to be told of."""
        return 0.0 if self._waiting is None else now - self._waiting

    def over(self, now: float) -> None:
        """Something was told."""
        if self.silent:
            self.ended_at = now
        self.silent, self._heard, self._waiting, self._untold = False, True, None, 0

    def listen(self, trip: float, loop: float, control: Control, now: float) -> None:
        """Time passes; ``trip`` and ``loop`` are the round trip and that with the telling, s."""
        patience = max(LEAST, TRIPS * trip) if self._heard else NEVER
        if self._untold < FEW:
            patience *= LONGER
        if self.lasts(now) < patience:
            return
        if not self.silent:
            self.silent = True
            self.before = control.rate
            self._lowered_at = -inf
        if now - self._lowered_at >= loop:
            self._lowered_at = now
            control.limit(max(SAFE, control.rate / 2))

    def back(self, empty: bool, control: Control) -> None:
        """The link is back; ``empty``: with no queue before it."""
        control.settle(None)
        control.raise_to((RETURN if empty else CAREFUL) * self.before)
