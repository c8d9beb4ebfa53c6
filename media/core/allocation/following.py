"""Which receivers one camera follows, when they can use unlike things. PURE.

One receiver: it is sized for that one. Several much alike: for the thinnest of those who see it
large. Unlike ones: for the best, with a second small copy for the thin ones when the sender can
carry both; else for the thinnest, and the others accept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from media.core.allocation.ladder import RUNGS, STILLS, sane

UNLIKE = 2.0  # times the thinnest: from there on a second copy pays
ALIKE = 1.5  # and below that it does not any more
PATIENCE = 3.0  # s
LARGE = 0.5  # of the largest height wanted: who sees it smaller does not decide


@dataclass(frozen=True)
class Want:
    """What one receiver could use of one source: bit/s on the wire (0: nothing), what matters in
    it, lines, whether it decodes AV1, the rung it is on."""

    rate: int
    matters: str
    height: int
    av1: bool
    rung: str = "motion"


@dataclass(frozen=True)
class Followed:
    """What to make of one source: bit/s, for the small copy too (0: none), and for whom."""

    rate: int
    low: int
    matters: str
    height: int
    av1: bool
    rung: int


NOTHING = Followed(0, 0, "speech", 0, True, 0)


def _rung(want: Want) -> int:
    return RUNGS.index(want.rung) if want.rung in RUNGS else 0


class Following:
    """Follows the receivers of one source."""

    def __init__(self) -> None:
        self._double = False
        self._since: float | None = None

    def step(self, wants: Sequence[Want], room: int, least: int, now: float) -> Followed:
        """`room`: bit/s for this source; `least`: what the large copy must be left with."""
        alive = [want for want in wants if sane(want.rate) and _rung(want) < STILLS]
        if not alive:
            self._double, self._since = False, None
            return self._nothing(wants)
        best = max(alive, key=lambda want: want.rate)
        thin = min(alive, key=lambda want: want.rate)
        carried = room - thin.rate >= max(least, UNLIKE * thin.rate if not self._double else 0)
        self._decide(best.rate / thin.rate, carried, now)
        if self._double and carried:
            return self._for(best, alive, min(best.rate, room - thin.rate), thin.rate)
        tall = max(0, *(want.height for want in alive))
        large = [want for want in alive if max(0, want.height) >= LARGE * tall]
        chosen = min(large, key=lambda want: want.rate)
        return self._for(chosen, alive, min(chosen.rate, room), 0)

    def _nothing(self, wants: Sequence[Want]) -> Followed:
        """No video. A receiver on stills makes stills; one who does not look decides nothing."""
        if not wants:
            return NOTHING
        best = min(wants, key=lambda want: _rung(want))
        return replace(NOTHING, matters=best.matters, av1=best.av1, rung=_rung(best))

    def _decide(self, ratio: float, carried: bool, now: float) -> None:
        want = carried and ratio > (ALIKE if self._double else UNLIKE)
        if want == self._double:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= PATIENCE:
            self._double, self._since = want, None

    def _for(self, want: Want, alive: Sequence[Want], rate: int, low: int) -> Followed:
        av1 = all(other.av1 for other in alive)
        return Followed(int(rate), low, want.matters, want.height, av1, _rung(want))


class Pair:
    """Whether a sender's face is sent beside its exam camera: only with room for both."""

    def __init__(self, room: float, patience: float) -> None:
        self._room = room
        self._patience = patience
        self._both: bool | None = None
        self._since: float | None = None

    def step(self, left: int, least: int, now: float) -> bool:
        """`least`: what the two take together. Room must last before the face comes back."""
        if self._both is None:
            self._both = left >= least
        if left < least:
            self._both = False
        if self._both or left < self._room * least:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= self._patience:
            self._both, self._since = True, None
        return self._both
