"""What the media client tells its subscribers, and how a worker writes it. Others take these names
from `media.client`."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class PeerUp:
    """The peer's session is connected (also told of each adopted one)."""

    room: str
    peer: str
    session: str


@dataclass(frozen=True)
class PeerStalled:
    """Nothing at all came from the peer for `since` seconds."""

    room: str
    peer: str
    session: str
    since: float


@dataclass(frozen=True)
class PeerResumed:
    """Something came again."""

    room: str
    peer: str
    session: str


@dataclass(frozen=True)
class PeerGone:
    """The session is over: silent, closed, failed, refused or never connected."""

    room: str
    peer: str
    session: str
    why: str


@dataclass(frozen=True)
class SlotUse:
    """Who is in one slot of a receiver's offer."""

    slot: int
    peer: str | None
    kind: Literal["person", "exam"]


@dataclass(frozen=True)
class SlotsChanged:
    """All slots of one receiver."""

    room: str
    peer: str
    session: str
    slots: tuple[SlotUse, ...]


@dataclass(frozen=True)
class SpeakerChanged:
    """Who speaks now; None when nobody does."""

    room: str
    peer: str | None


@dataclass(frozen=True)
class PictureStalled:
    """A picture which was there no longer arrives: switched off, or lost."""

    room: str
    peer: str
    source: Literal["camera", "exam"]


@dataclass(frozen=True)
class PictureResumed:
    """It arrives again."""

    room: str
    peer: str
    source: Literal["camera", "exam"]


@dataclass(frozen=True)
class PeerQuality:
    """Every two seconds, and at once when a rung changes: the worse direction's loss (fraction),
    the round trip (s, if known), and how each direction is (PROTOCOL.md, `quality`)."""

    room: str
    peer: str
    session: str
    loss: float
    rtt: float | None
    up: dict[str, Any] = field(default_factory=dict)
    down: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Encode:
    """What the peer's browser is to send (PROTOCOL.md, `encode`)."""

    room: str
    peer: str
    session: str
    plan: dict[str, Any]


@dataclass(frozen=True)
class Hint:
    """What is known of a browser's link before it carries anything: what this site had last time
    (bit/s), the signalling round trip (s), what the site may use (bit/s). None: not known."""

    up: int | None = None
    down: int | None = None
    rtt: float | None = None
    ceiling: int | None = None


@dataclass(frozen=True)
class LinkReport:
    """What a browser says of its own sending: what it could send (bit/s), its round trip (s), its
    loss (fraction), what limits its pictures (none, cpu, bandwidth, other)."""

    up: int | None = None
    rtt: float | None = None
    loss: float | None = None
    limited: str = "none"


@dataclass(frozen=True)
class WorkerLost:
    """A worker is gone and these rooms have no media."""

    rooms: tuple[str, ...]


@dataclass(frozen=True)
class WorkerLeaving:
    """A worker is about to end, and another is there. The sessions of these rooms go on for a
    moment; new ones, to be opened now, are elsewhere."""

    rooms: tuple[str, ...]


@dataclass(frozen=True)
class WorkerBack:
    """A worker dialled in: sessions can be opened."""


MediaEvent = (
    PeerUp | PeerStalled | PeerResumed | PeerGone | SlotsChanged | SpeakerChanged | PictureStalled
    | PictureResumed | PeerQuality | Encode | WorkerLost | WorkerLeaving | WorkerBack
)  # fmt: skip
_PLAIN: dict[str, type[Any]] = {
    "peer_up": PeerUp, "peer_stalled": PeerStalled, "peer_resumed": PeerResumed,
    "peer_gone": PeerGone, "speaker": SpeakerChanged, "picture_stalled": PictureStalled,
    "picture_resumed": PictureResumed, "quality": PeerQuality,
    "encode": Encode,
}  # fmt: skip


def read_event(data: dict[str, Any]) -> MediaEvent:
    """An event as a worker sends it. Raises ValueError, TypeError or KeyError."""
    fields = dict(data)
    name = fields.pop("event")
    if name == "slots":
        uses = tuple(SlotUse(*use) for use in fields.pop("slots"))
        return SlotsChanged(**fields, slots=uses)
    if name in ("picture_stalled", "picture_resumed"):
        fields.pop("session")
    event: MediaEvent = _PLAIN[name](**fields)
    return event
