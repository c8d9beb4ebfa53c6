"""How far a belief in one browser's uplink may be acted upon: as far as what arrives has shown, or
as the next rung takes. PURE; `belief.py` weighs what the link carries. Rates are bit/s on the wire.
"""

from media.core.allocation.ladder import MOST, Link, Quality, sane
from media.core.allocation.reasons import lost

LEAST = 8000  # bit/s: no rate goes lower; the leanest voice would not fit anyway
SHOWN = 1.5  # times what arrives: as far as a browser finds out by itself
AFTER_CUT = 5.0  # s after a cut in which loss is that of the cut (taken over 4 s by `inflow.py`)
QUEUE = 0.25  # s
LOSS = 0.08  # beyond the link's own
SURER = 1.25  # times what is sure, without anything to show it
SLOWLY = 60.0  # s of calm before that
UNTRIED = 10_000  # bit/s: AIMD in libwebrtc believes SHOWN times what got through and this, unseen
BEYOND = 1.3  # times that is looked for
TRY = 4.0  # s before an idle browser is let look for what the next rung takes
LOOKING = 7.0  # s it may look: on a thin link its page tells what it found each 5 s
AGAIN = 20.0  # s from one look to the next


class Capacity:
    """The uplink of one browser."""

    def __init__(self, start: int, now: float) -> None:
        self.rate = max(LEAST, min(MOST, start))
        self.sure = self.rate  # what has been shown, not only hoped for: the voice stays within
        self.congested = False
        self.after_cut = False  # what is told of loss is that of a cut just ended
        self._began = self._sure_at = now
        self._gone = now - AFTER_CUT

    def begin(self, rate: int) -> None:
        """What it begins with is found to be this much at least, by what kind of link it is."""
        self.sure = max(self.sure, min(MOST, rate))

    def step(self, now: float, link: Link, believed: int, found: int, goal: int) -> int:
        """The rate now. `believed`: what its link is believed to carry; `found`: what the browser
        has found out by itself, 0 for nothing; `goal`: what the next rung takes while it sends no
        picture, 0 otherwise: hope goes no further."""
        came = sane(link.rate)
        self._gone = now if came == 0 else self._gone
        self.after_cut = now - self._gone < AFTER_CUT
        waits = link.queue is not None and link.queue > QUEUE
        self.congested = came > 0 and (waits or (not self.after_cut and lost(link) > LOSS))
        believed = max(LEAST, sane(believed))
        self._reassure(believed, max(int(SHOWN * came), sane(found)), now)
        self.rate = min(believed, max(self.sure, goal))
        return self.rate

    def _reassure(self, believed: int, shown: int, now: float) -> None:
        """What a voice and stills may rely on falls with the belief, and rises with what is shown,
        or very slowly."""
        grown = int(self.sure * SURER) if now - self._sure_at >= SLOWLY else 0
        before, self.sure = self.sure, min(believed, max(self.sure, shown, grown))
        if self.congested or self.sure != before:
            self._sure_at = now

    def look(self, came: int, goal: int, now: float) -> int:
        """Bit/s which an idle browser should look for just now, 0 for none: raising what it may
        send makes libwebrtc probe (ProbeController::SetBitrates)."""
        passed = now - self._began - TRY
        if not goal or passed < 0 or passed % AGAIN >= LOOKING:
            return 0
        return max(goal, int(BEYOND * (SHOWN * sane(came) + UNTRIED)))


def start(quality: Quality, hint: int | None, round_trip: float | None) -> int:
    """The rate to begin with: what the site had last time, or else by the round trip (s)."""
    rules = quality.start
    if hint is not None and sane(hint):
        return int(sane(hint) * rules.remembered)
    return rules.near if round_trip is not None and round_trip <= rules.round_trip else rules.far
