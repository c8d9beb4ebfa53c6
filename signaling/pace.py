"""How fast the parts of a still may follow one another, felt by their answers. PURE.

What was sent is owed, and a rate pays for it: what the worker spares, or, while somebody waits for
what they asked, one that the answers show to be right. Both follow the delay of answers, as LEDBAT
does (RFC 6817): a voice waits behind whatever waits. Only so much is under way as the link holds.
`web/static/js/call/still_pace.js` does the same upward. Rates are bit/s, times monotonic s.
"""

from collections import deque
from dataclasses import dataclass

from signaling.pacing import Way

# s until an answer: before one came, and at most.
FIRST_TRIP, LONGEST_TRIP = 0.5, 1.2
# Answers among which the promptest tells how long the way is.
TRIPS = 20
# s beyond the way there and back: an answer so late is waited for.
LATE = 0.5
# bit/s beside the voice while somebody waits: at first, where nothing is spared, at least, at most.
PRESSED, POOR, PRESSED_LEAST, PRESSED_MOST = 10_000.0, 5_000.0, 1_500.0, 64_000.0
# Of the spare rate, at least.
EASED = 0.1
# What one answer adds to a rate at most, or takes from it, as a share of it: a late one, a very
# late one.
UP, DOWN, FAR_DOWN = 0.2, 0.25, 0.5
# s an answer came later than the promptest: little, too much, far too much.
CALM, BUSY, DEEP = 0.15, 0.3, 0.5
# Bits: what is left of a float after many payments keeps no part waiting.
NOTHING = 1.0
NEVER = float("inf")


@dataclass(frozen=True, eq=False)
class Ticket:
    """A part under way: what it cost, and when it left."""

    bits: float
    at: float


class Pace:
    """See the module. `turn` before asking when the next part may leave."""

    def __init__(self, now: float) -> None:
        self._way, self._pressing, self._paid = Way(0.0, 0.0), False, now
        self._debt = 0.0
        self._pressed, self._eased = PRESSED, 1.0
        self._flying: list[Ticket] = []
        self._trips: deque[float] = deque(maxlen=TRIPS)
        self._lowered = -NEVER

    @property
    def rate(self) -> float:
        """What pays for parts now."""
        spare = self._way.spare * self._eased
        return max(spare, self._pressed) if self._pressing else spare

    def turn(self, way: Way, pressing: bool, now: float) -> None:
        """What is spared from now on; `pressing`: somebody waits for what leaves next."""
        self._pay(now)
        if pressing and not self._pressing:
            # What somebody waits for does not pay for what left before.
            self._debt = 0.0
            self._pressed = min(self._pressed, POOR) if way.spare <= 0 else self._pressed
        self._way, self._pressing = way, pressing

    def leave(self, bits: float, now: float) -> Ticket:
        """A part leaves."""
        self._pay(now)
        self._debt += bits
        ticket = Ticket(bits, now)
        self._flying.append(ticket)
        return ticket

    def came(self, ticket: Ticket, now: float) -> None:
        """It was answered."""
        self.lost(ticket)
        self._pay(now)
        took = now - ticket.at
        self._trips.append(took)
        self._feel(took, now)

    def lost(self, ticket: Ticket) -> None:
        """It was not, or the answer tells nothing of the way."""
        if ticket in self._flying:
            self._flying.remove(ticket)

    def wait(self, now: float) -> float:
        """Seconds until the next part may leave; `NEVER` while nothing may, or an answer is waited
        for."""
        self._pay(now)
        if self.rate <= 0 or self._full(now):
            return NEVER
        return self._debt / self.rate

    @property
    def _trip(self) -> float:
        return min(LONGEST_TRIP, *self._trips) if self._trips else FIRST_TRIP

    def _full(self, now: float) -> bool:
        late = bool(self._flying) and now - self._flying[0].at > self._trip + LATE
        return late or sum(ticket.bits for ticket in self._flying) > self.rate * self._trip

    def _feel(self, took: float, now: float) -> None:
        """What somebody waits for believes in no way so long: a queue that stood before counts
        too."""
        least, again = min(self._trips), now - self._lowered > took
        pressed = _step(took - min(least, LONGEST_TRIP), again)
        eased = _step(took - least, again)
        if min(pressed, eased) < 1:
            self._lowered = now
        if self._pressing:
            self._pressed = min(PRESSED_MOST, max(PRESSED_LEAST, self.rate * pressed))
        self._eased = min(1.0, max(EASED, self._eased * eased))

    def _pay(self, now: float) -> None:
        self._debt = max(0.0, self._debt - self.rate * (now - self._paid))
        if self._debt < NOTHING:
            self._debt = 0.0
        self._paid = now


def _step(queue: float, again: bool) -> float:
    """What becomes of a rate, as a factor; `again`: whether it may sink once more."""
    if queue < CALM:
        return 1 + UP * (1 - queue / CALM)
    if queue <= BUSY or not again:
        return 1.0
    return 1 - (FAR_DOWN if queue > DEEP else DOWN)
