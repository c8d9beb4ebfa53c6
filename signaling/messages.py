"""A client's commands, as values. PURE. How they are written, and what is refused: `parsing`."""

from dataclasses import dataclass

from signaling.still import StillStage


@dataclass(frozen=True)
class Consent:
    given: bool


@dataclass(frozen=True)
class Knock:
    pass


@dataclass(frozen=True)
class Answer:
    session: str
    sdp: str


@dataclass(frozen=True)
class Renew:
    session: str


@dataclass(frozen=True)
class DeviceStates:
    mic: str
    camera: str
    exam: str
    exam_kind: str


@dataclass(frozen=True)
class Say:
    client_id: str
    text: str


@dataclass(frozen=True)
class Hand:
    up: bool


@dataclass(frozen=True)
class Admit:
    seat: str


@dataclass(frozen=True)
class Refuse:
    seat: str


@dataclass(frozen=True)
class Remove:
    seat: str


@dataclass(frozen=True)
class Lock:
    locked: bool


@dataclass(frozen=True)
class Leave:
    pass


@dataclass(frozen=True)
class End:
    pass


@dataclass(frozen=True)
class Report:
    """What a page's browser says of its own sending: `up` is what it believes it could send, in
    bit/s, `rtt` in s, `loss` a fraction; `sent` and `received` are bytes since it was opened."""

    session: str
    up: float | None
    rtt: float | None
    loss: float | None
    limited: str
    sent: int
    received: int


@dataclass(frozen=True)
class Matter:
    """What matters in a picture."""

    seat: str
    source: str
    what: str


@dataclass(frozen=True)
class StillAsk:
    seat: str
    source: str


@dataclass(frozen=True)
class StillBegin:
    id: str
    source: str
    stages: tuple[StillStage, ...]
    why: str


@dataclass(frozen=True)
class StillPart:
    id: str
    stage: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class StillResume:
    id: str


@dataclass(frozen=True)
class StillDrop:
    id: str


@dataclass(frozen=True)
class Point:
    """A place on a still, each of `x` and `y` from 0 to 1; both None: nowhere."""

    still: str
    x: float | None
    y: float | None


Command = (
    Consent
    | Knock
    | Answer
    | Renew
    | DeviceStates
    | Say
    | Hand
    | Admit
    | Refuse
    | Remove
    | Lock
    | Leave
    | End
    | Report
    | Matter
    | StillAsk
    | StillBegin
    | StillPart
    | StillResume
    | StillDrop
    | Point
)


@dataclass(frozen=True)
class Hello:
    """The `auth` payload of a connection: which consultation, which tab, what it already has."""

    consultation: str
    tab: str
    last_message: int = 0
    session: str | None = None
    rtt: float | None = None
    saver: bool = False
