"""One direction of a seat's link: on which rung of the ladder it is, why, what it carries. PURE.

The worker decides all of it (see `media/core`); here it is only read, strictly, and told again.
"""

from dataclasses import dataclass
from typing import Any

# From the best to the least (config/quality.toml).
RUNGS = ("motion", "slow", "sharp", "stills", "voice", "text")
# From here on the link is shown as weak, when it is the link that makes it so.
WEAK_RUNGS = frozenset(RUNGS[2:])
WITHOUT_VIDEO = RUNGS[3:]
OF_LINK = frozenset(("rate", "loss", "delay", "climbing"))
REASONS = OF_LINK | {"fine", "choice", "processor", "ceiling", "starting", "receiver"}
WORD = 24


@dataclass(frozen=True)
class Reason:
    """Why a rung and no better: `have` and `need` in kbit/s, where that tells something."""

    code: str
    have: float | None = None
    need: float | None = None


@dataclass(frozen=True)
class Way:
    """`rate` and `spare` in bit/s (`spare` is what a transfer may use now), `queue` in ms, `loss`
    a fraction."""

    rung: str
    why: Reason
    rate: float | None = None
    spare: float = 0.0
    queue: float | None = None
    loss: float = 0.0

    @property
    def weak(self) -> bool:
        """Whether this direction is as low as a weak link makes it: not by anybody's choice."""
        return self.rung in WEAK_RUNGS and self.why.code in OF_LINK


def _number(value: Any) -> float | None:
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if real and 0 <= value < 1e12 else None


def _word(value: Any) -> str:
    return value[:WORD] if isinstance(value, str) else ""


def read(told: Any) -> Way | None:
    """A direction as the worker tells it; None when it tells nothing of it."""
    if not isinstance(told, dict) or told.get("rung") not in RUNGS:
        return None
    why = told.get("why")
    why = why if isinstance(why, dict) else {}
    return Way(
        told["rung"],
        Reason(_word(why.get("code")), _number(why.get("have")), _number(why.get("need"))),
        _number(told.get("rate")),
        _number(told.get("spare")) or 0.0,
        _number(told.get("queue")),
        _number(told.get("loss")) or 0.0,
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def shown(way: Way) -> dict[str, Any]:
    """A direction as PROTOCOL.md names it, without digits nobody reads."""
    why = {"code": way.why.code, "have": _whole(way.why.have), "need": _whole(way.why.need)}
    return {
        "rung": way.rung,
        "why": why,
        "rate": _whole(way.rate),
        "spare": _whole(way.spare),
        "queue": _whole(way.queue),
        "loss": round(way.loss, 3),
    }
