"""How fast a still may cross a receiver's link, and what of it is owed to whom. PURE.

The voice goes first: a part is never so large that it holds the voice behind it for long, and
nothing leaves while the worker spares nothing.
"""

from dataclasses import dataclass

from signaling.seats import Flow, Seat
from signaling.still import PART, Still
from signaling.stills import may_see

# Bytes a part costs beside its data: two WebSocket frames with the names, TLS, TCP and IP.
OVERHEAD = 240
LEAST = 512
# One part holds up the voice behind it for no longer than this, in s.
HELD_UP = 0.2
# bit/s while nobody measures: enough for a small still in ten seconds, too little to hurt.
UNKNOWN = 16_000.0
# A page has this long to acknowledge, in s, beside the time the part takes by itself.
PATIENCE, IMPATIENT = 15.0, 120.0


@dataclass(frozen=True)
class Way:
    """`spare` is what a still may use of a link, `rate` all it carries: bit/s."""

    spare: float
    rate: float


def way(receiver: Seat) -> Way:
    """What may be used now of a receiver's link. Without media there is no voice to wait for."""
    down = receiver.link.down
    if down is None or receiver.link.flow is not Flow.UP:
        return Way(UNKNOWN, UNKNOWN)
    return Way(down.spare, max(down.spare, down.rate or 0.0))


def portion(way: Way) -> int:
    """Bytes of data in the next part."""
    return min(PART, max(LEAST, int(way.rate * HELD_UP / 8) - OVERHEAD))


def price(size: int) -> float:
    """Bits a part with so many bytes of data costs the link."""
    return 8.0 * (size + OVERHEAD)


def patience(price: float, way: Way) -> float:
    """Seconds within which a part should have been acknowledged."""
    return min(IMPATIENT, PATIENCE + price / max(way.spare, 1.0))


def owed(receiver: Seat, still: Still, stage: int) -> bool:
    """Whether a stage is to be given to a receiver: not to its taker, and to a member only what
    was complete since they are here. A guest, who cannot fetch, is given all they may see."""
    kept_at = still.stages[stage].kept_at
    if kept_at is None or receiver.id == still.seat or not may_see(receiver, still):
        return False
    if receiver.member:
        return receiver.here_at is None or kept_at >= receiver.here_at
    return True
