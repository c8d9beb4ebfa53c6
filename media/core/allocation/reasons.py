"""Why a rung is what it is, said once and kept until something changes. Decides nothing."""

from media.core.allocation.ladder import Link, Reason, fraction

CONGESTED = 0.05  # loss beyond the link's own that counts as congestion
QUEUE = 0.25  # s of queue that counts as congestion
STARTING = 5.0  # s in which everything is provisional
MOVED = 0.25  # of what was told: the figures are told anew beyond it


def lost(link: Link) -> float:
    """The loss that the link would not have had empty."""
    return max(0.0, fraction(link.loss) - fraction(link.own_loss))


def cause(link: Link, bounded: bool) -> str:
    """What most holds this direction down: the site's ceiling, loss, delay, or its rate."""
    if bounded:
        return "ceiling"
    if link.why in ("loss", "delay"):
        return link.why
    if lost(link) > CONGESTED:
        return "loss"
    if link.queue is not None and link.queue > QUEUE:
        return "delay"
    return "rate"


class Telling:
    """The reason of one direction. A cause holds as long as the rung it led to."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._rung: int | None = None
        self._cause = "rate"
        self._told: Reason | None = None

    def step(
        self, rung: int, cause: str, climbing: bool, have: int, need: int, now: float
    ) -> Reason:
        """The reason now; `have` and `need` in bit/s of the link."""
        if self._rung is None or rung > self._rung:
            self._cause = cause
        changed, self._rung = rung != self._rung, rung
        if rung == 0:
            code = "fine"
        elif cause in ("choice", "receiver", "processor", "ceiling"):
            code = cause
        elif climbing:
            code = "climbing"
        else:
            code = "starting" if now - self._began < STARTING else self._cause
        reason = Reason(code, have // 1000, None if rung == 0 else -(-need // 1000))
        if changed or self._told is None or self._moved(reason):
            self._told = reason
        return self._told

    def _moved(self, reason: Reason) -> bool:
        assert self._told is not None
        if reason.code != self._told.code:
            return True
        return any(
            abs((new or 0) - (old or 0)) > MOVED * (old or 0)
            for new, old in ((reason.have, self._told.have), (reason.need, self._told.need))
        )
