"""What one browser's uplink carries, from what arrives and from what the browser says it could.

The browser's own estimate is bounded to about 1.5 times what it sends, so the way up goes in
steps, each of which lets it find more. It may say nothing, or nonsense: what arrives is believed
before it. The way down is at once. Rates are bit/s on the wire.
"""

from dataclasses import dataclass

from media.core.ladder import MOST, Link, Quality, sane
from media.core.reasons import lost

FRESH = 20.0  # s a report is believed: the page repeats an unmoved figure each 15 s
LEAST = 8000  # bit/s: no estimate goes lower; the leanest voice would not fit anyway
STEP = 1.5  # times, the most at once
PERIOD = 1.0  # s between two steps up
BLIND = 1.08  # per second, when the browser says nothing (the 8 % of AIMD in libwebrtc)
AFTER_CUT = 5.0  # s after a cut in which loss is that of the cut (taken over 4 s by `inflow.py`)
BACK = 0.85  # of what arrives, on congestion (beta of AIMD in libwebrtc)
QUEUE = 0.25  # s
CALM_QUEUE = 0.12  # s
LOSS = 0.08  # beyond the link's own
HOLD = 3.0  # s without a step up after congestion
IDLE = 0.8  # of what it might: a browser which sends less has not tried, and its estimate sinks
PROVEN = 1.3  # times what arrives: people are promised no more
WASTED = 1.2  # times what arrives: a browser which says nothing and sends less has found its link
OFF = 0.3  # of the pictures it was told to send: less, and its camera is just off
SURER = 1.25  # times what is sure, without anything to show it
SLOWLY = 60.0  # s of calm before that
UNTRIED = 10_000  # bit/s: AIMD in libwebrtc believes STEP times what got through and this, unseen
FOUND = 1.1  # times that: a probe must have found it
BEYOND = 1.3  # times that is looked for
TRY = 4.0  # s of calm before an idle browser is let look for what the next rung takes
LOOKING = 7.0  # s it may look: on a thin link its page tells what it found each 5 s
AGAIN = 20.0  # s from one look to the next
JUMP = 90.0  # s of calm before a picture is just tried; doubled when it fails
JUMP_BLIND = 30.0  # s for a browser which says nothing
PATIENT = 360.0  # s of that at most
BOUND = 0.95  # of the most it could believe: a browser below that knows its link, and is right
SILENT = 6000  # bit/s: less says nothing of the link, somebody is just silent
BLUNT = 0.7  # of the rate, on congestion while nearly nothing arrives


@dataclass(frozen=True)
class Reported:
    """What the page last said (contract of `link`): `available` bit/s its browser believes it can
    send, `rtt` s, `limited` none, cpu, bandwidth or other, `at` when."""

    available: int | None
    rtt: float | None
    limited: str
    at: float
    weighed: bool = False  # `available` is our own belief: what arrives is in it already


class Capacity:
    """The uplink of one browser."""

    def __init__(self, quality: Quality, start: int, now: float) -> None:
        self.rate = max(LEAST, min(MOST, start))
        self.sure = self.rate  # what has been shown, not only hoped for: the voice stays within
        self._sure_at = now
        self.congested = False
        self.after_cut = False  # what is told of loss is that of a cut just ended
        self._gone = now - AFTER_CUT
        self._quality = quality
        self._raised = now  # or lowered for want of anything said
        self._until = now  # no step up before
        self._cut = now - PERIOD
        self._calm = now  # since when there was neither congestion nor a jump
        self._failures = 0  # jumps that failed
        self._tried = False  # a jump was made, and nothing has shown it wrong

    def step(
        self, now: float, link: Link, reported: Reported | None, planned: int, goal: int
    ) -> int:
        """The rate now. `planned`: bit/s of the pictures the browser was told to send (a voice may
        be silent); `goal`: what the next rung takes while it sends none, 0 otherwise: its estimate
        cannot find that by itself."""
        came = sane(link.rate)
        queue = link.queue if link.queue is not None and link.queue > 0 else 0.0
        self._gone = now if came == 0 else self._gone
        self.after_cut = now - self._gone < AFTER_CUT
        self.congested = came > 0 and (queue > QUEUE or (not self.after_cut and lost(link) > LOSS))
        if reported is not None and reported.weighed:
            self.rate = max(LEAST, sane(reported.available))
            self._reassure(came, now)
            self.rate = min(self.rate, max(self.sure, goal))  # hope goes no further than a goal
            return self.rate
        said = self._believed(reported, came, now)
        if self.congested:
            self._fall(came, link, now)
        elif said is not None and said < self.rate and came >= IDLE * said and not self.after_cut:
            self.rate = max(LEAST, said)
            self._failed()
        elif said is None and OFF * planned < came < IDLE * planned:
            self._sink(came, now)
        elif now >= self._until and queue <= CALM_QUEUE and now - self._raised >= PERIOD:
            self._climb(said, came, planned, goal, now)
        self._tried = self._tried and self.rate > max(came, said or 0)
        self._reassure(came, now)
        return self.rate

    def _reassure(self, came: int, now: float) -> None:
        """What a voice and stills may rely on falls with the rate, and rises with what arrives, or
        very slowly."""
        grown = int(self.sure * SURER) if now - self._sure_at >= SLOWLY else 0
        before, self.sure = self.sure, min(self.rate, max(self.sure, int(STEP * came), grown))
        if self.congested or self.sure != before:
            self._sure_at = now

    def _believed(self, reported: Reported | None, came: int, now: float) -> int | None:
        """What the browser says, when it is recent and not less than what comes in anyway."""
        if reported is None or not 0 <= now - reported.at <= FRESH or not reported.available:
            return None
        said = sane(reported.available)
        return said if said > IDLE * came else None

    def _fall(self, came: int, link: Link, now: float) -> None:
        self._until, self._calm = now + HOLD, now
        self._failed()
        wait = min(2.0, max(0.5, link.round_trip or 0.0))
        if now - self._cut >= wait:
            to = BACK * came if came >= SILENT else BLUNT * self.rate
            self.rate = max(LEAST, min(self.rate, int(to)))
            self._cut = now

    def _sink(self, came: int, now: float) -> None:
        """A browser which tells nothing sends less than it was told to: slowly believe it."""
        to = max(LEAST, int(WASTED * came), int(self.rate / BLIND))
        if now - self._raised >= PERIOD and to < self.rate:
            self.rate, self._raised = to, now
            self._failed()

    def _failed(self) -> None:
        if self._tried:
            self._failures, self._tried = self._failures + 1, False

    def _climb(self, said: int | None, came: int, planned: int, goal: int, now: float) -> None:
        before, proven = self.rate, int(STEP * came)
        if said is not None and said > self.rate and (not goal or self._found(said, came)):
            self.rate = min(said, int(self.rate * STEP))
        elif said is None and came >= IDLE * planned and proven > self.rate:
            self.rate = min(proven, int(self.rate * BLIND), MOST)
        elif self._may_jump(said, came, goal, now):
            self.rate = min(goal, int(self.rate * STEP))
            self._tried, self._calm = True, now
        if self.rate != before:
            self._raised = now

    def _found(self, said: int, came: int) -> bool:
        """Whether a browser that sends no picture can believe this much by a probe only."""
        return came >= IDLE * self.rate or said >= FOUND * (STEP * came + UNTRIED)

    def look(self, came: int, goal: int, now: float) -> int:
        """Bit/s which an idle browser should look for just now, 0 for none: raising what it may
        send makes libwebrtc probe (ProbeController::SetBitrates)."""
        calm = now - self._calm - TRY
        if not goal or calm < 0 or calm % AGAIN >= LOOKING:
            return 0
        return max(goal, int(BEYOND * (STEP * sane(came) + UNTRIED)))

    def _may_jump(self, said: int | None, came: int, goal: int, now: float) -> bool:
        """A browser which tells, and could not have believed more, jumps to the goal when one
        step takes it there; one which does not tell goes step by step."""
        patience = min(
            PATIENT, (JUMP_BLIND if said is None else JUMP) * 2 ** min(self._failures, 9)
        )
        if self.rate >= goal or now - self._calm < patience:
            return False
        return said is None or (self.rate * STEP >= goal and said >= BOUND * STEP * came)


def start(quality: Quality, hint: int | None, round_trip: float | None) -> int:
    """The rate to begin with: what the site had last time, or else by the round trip (s)."""
    rules = quality.start
    if hint is not None and sane(hint):
        return int(sane(hint) * rules.remembered)
    return rules.near if round_trip is not None and round_trip <= rules.round_trip else rules.far
