"""What happens to a room: from sockets, from the media worker, from pages, from time. PURE."""

import datetime as dt
from dataclasses import dataclass

from signaling.consultation import Status
from signaling.messages import Command
from signaling.seats import Message, SlotUse, Stage


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


@dataclass(frozen=True)
class Arrived:
    arrival: Arrival
    socket: str
    tab: str
    last_message: int = 0
    session: str | None = None


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
    seat: str
    attempt: int
    session: str
    sdp: str


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
    """`loss` as a fraction of 1, `rtt` in seconds, None while it is unknown."""

    seat: str
    loss: float
    rtt: float | None


@dataclass(frozen=True)
class WorkerLost:
    pass


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
    | WorkerLost
    | WorkerBack
    | StatusChanged
    | Revoked
    | Tick
)
