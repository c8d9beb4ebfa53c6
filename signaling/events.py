"""What happens to a room: from sockets, from the media worker, from pages, from time. PURE."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from signaling.consultation import Status
from signaling.messages import Command
from signaling.meter import SiteLink
from signaling.seats import Message, SlotUse, Stage
from signaling.still import Still
from signaling.ways import Way


@dataclass(frozen=True)
class Arrival:
    """Whoever connects, as the database knows them. `credential` is the login session;
    `since` is when it was made: a guest's device newer than the seat's entry was not admitted."""

    seat: str
    name: str
    kind: str
    credential: str
    since: dt.datetime
    place: str = ""
    host: bool = False
    member: bool = False
    again: bool = False
    generation: int = 0
    stage: Stage = Stage.AWAY
    consent: bool | None = None
    site: SiteLink | None = None


@dataclass(frozen=True)
class Arrived:
    arrival: Arrival
    socket: str
    tab: str
    last_message: int = 0
    session: str | None = None
    rtt: float | None = None
    saver: bool = False


@dataclass(frozen=True)
class Vanished:
    """A socket closed, whatever the reason."""

    socket: str


@dataclass(frozen=True)
class Asked:
    socket: str
    command: Command


@dataclass(frozen=True)
class Consented:
    """The consent is on disk."""

    seat: str
    given: bool


@dataclass(frozen=True)
class Said:
    """Messages which are on disk, in order of their numbers."""

    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Offered:
    """`plan` is what the browser is to send at first."""

    seat: str
    attempt: int
    session: str
    sdp: str
    plan: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class NotOffered:
    """No worker could be asked."""

    seat: str
    attempt: int


@dataclass(frozen=True)
class Flowing:
    seat: str
    session: str


@dataclass(frozen=True)
class Stalled:
    """No packet for `since` seconds."""

    seat: str
    session: str
    since: float = 0.0


@dataclass(frozen=True)
class Gone:
    seat: str
    session: str


@dataclass(frozen=True)
class SlotsChanged:
    seat: str
    session: str
    slots: tuple[SlotUse, ...]


@dataclass(frozen=True)
class SpeakerChanged:
    seat: str | None


@dataclass(frozen=True)
class PictureStalled:
    seat: str
    source: str


@dataclass(frozen=True)
class PictureResumed:
    seat: str
    source: str


@dataclass(frozen=True)
class Quality:
    """`loss` as a fraction of 1, `rtt` in seconds, None while it is unknown; `up` and `down` are
    the directions, None when nothing is told of them."""

    seat: str
    session: str
    loss: float
    rtt: float | None
    up: Way | None = None
    down: Way | None = None


@dataclass(frozen=True)
class Planned:
    """What a seat's page is to send from now on: the worker's word, passed on as it is."""

    seat: str
    session: str
    plan: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class StillBegun:
    """It is on disk that a still was begun."""

    still: Still


@dataclass(frozen=True)
class StillKept:
    """A stage of a still is on disk, whole, and a picture; `bytes` may be fewer than announced."""

    id: str
    stage: int
    bytes: int


@dataclass(frozen=True)
class StillRefused:
    """What came is not the picture that was announced."""

    id: str


@dataclass(frozen=True)
class WorkerLost:
    pass


@dataclass(frozen=True)
class WorkerLeaving:
    """Its worker still carries the room's sessions, and another is to."""


@dataclass(frozen=True)
class WorkerBack:
    """A worker is there again; `peers` are the seats it still carries."""

    peers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class StatusChanged:
    """A page, or the sweep, changed the consultation's status in the database."""

    status: Status
    ended_at: dt.datetime | None = None


@dataclass(frozen=True)
class Revoked:
    """Login sessions that are worth nothing any more."""

    credentials: frozenset[str]


@dataclass(frozen=True)
class Tick:
    """Time passed."""


Event = (
    Arrived
    | Vanished
    | Asked
    | Consented
    | Said
    | Offered
    | NotOffered
    | Flowing
    | Stalled
    | Gone
    | SlotsChanged
    | SpeakerChanged
    | PictureStalled
    | PictureResumed
    | Quality
    | Planned
    | StillBegun
    | StillKept
    | StillRefused
    | WorkerLost
    | WorkerLeaving
    | WorkerBack
    | StatusChanged
    | Revoked
    | Tick
)
