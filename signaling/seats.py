"""What a room holds: seats, second devices, messages. PURE: values only.

It refuses to decide anything: who may pass the door is in `door`, what packets
mean is in `links`, and both are called through `room.step`.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from signaling.consultation import Status

Source = Literal["mic", "camera", "exam"]

# Five other persons have a slot in the offer (PROTOCOL.md, "The offer").
SEATS_IN = 6
MESSAGES = 2000


class Stage(StrEnum):
    AWAY = "away"
    READY = "ready"
    DOOR = "door"
    IN = "in"
    LEFT = "left"
    REFUSED = "refused"
    REMOVED = "removed"


class Connection(StrEnum):
    CONNECTING = "connecting"
    GOOD = "good"
    WEAK = "weak"
    LOST = "lost"


class Flow(StrEnum):
    """Whether a seat's packets reach the worker."""

    NONE = "none"
    OPENING = "opening"
    UP = "up"
    STALLED = "stalled"
    GONE = "gone"


@dataclass(frozen=True)
class Devices:
    """What the browser says of its own devices: each `on`, `off`, `lost` or `none`."""

    mic: str = "none"
    camera: str = "none"
    exam: str = "none"
    exam_kind: str = "camera"


@dataclass(frozen=True)
class SlotUse:
    slot: int
    seat: str | None
    kind: str


@dataclass(frozen=True)
class Link:
    """The media session of a seat. `attempt` grows with each offer asked for, so that
    the answer to an older question is recognised; `carried` says packets came before."""

    flow: Flow = Flow.NONE
    session: str | None = None
    attempt: int = 0
    tried_at: dt.datetime | None = None
    answered: bool = False
    carried: bool = False
    weak: bool = False
    slots: tuple[SlotUse, ...] = ()
    stalled: tuple[tuple[str, dt.datetime], ...] = ()


@dataclass(frozen=True)
class Seat:
    """One person's place. Its device is known by `credential`, the login session it came with.

    `gone_at`: since when neither socket nor packets were there (ten minutes are counted from
    it); `lost_at`: since when the others see `lost`; `told`: last message number sent; `shown`:
    since when each picture is said to be on.
    """

    id: str
    name: str
    kind: str
    place: str = ""
    host: bool = False
    member: bool = False
    again: bool = False
    stage: Stage = Stage.AWAY
    consent: bool | None = None
    socket: str | None = None
    tab: str | None = None
    credential: str | None = None
    generation: int = 0
    barred: int = 0
    hand: bool = False
    devices: Devices = Devices()
    shown: tuple[tuple[str, dt.datetime], ...] = ()
    link: Link = Link()
    told: int = 0
    waiting_since: dt.datetime | None = None
    entered_at: dt.datetime | None = None
    first_entered_at: dt.datetime | None = None
    gone_at: dt.datetime | None = None
    lost_at: dt.datetime | None = None
    why: str = ""
    incidents: tuple[tuple[str, dt.datetime], ...] = ()

    @property
    def inside(self) -> bool:
        return self.stage is Stage.IN

    @property
    def connection(self) -> Connection:
        """What is true of this seat's way to the others, now."""
        flow = self.link.flow
        if flow is Flow.UP:
            return Connection.WEAK if self.link.weak or not self.socket else Connection.GOOD
        if flow in (Flow.STALLED, Flow.GONE) or not self.socket:
            return Connection.LOST
        return Connection.CONNECTING

    @property
    def gone(self) -> bool:
        """Neither socket nor packets: the ten minutes run."""
        return self.socket is None and self.link.flow is not Flow.UP


@dataclass(frozen=True)
class Claim:
    """A second device which opened the link of a guest who is in. It waits at the door by
    itself; admitted, it takes the seat, and the older device is told."""

    seat: str
    socket: str
    tab: str
    credential: str
    generation: int
    told: int
    stage: Stage = Stage.READY
    waiting_since: dt.datetime | None = None


@dataclass(frozen=True)
class Message:
    number: int
    seat: str
    name: str
    text: str
    at: dt.datetime


@dataclass(frozen=True)
class Room:
    """One consultation as it is lived. `rev` grows with each change."""

    id: str
    status: Status
    locked: bool = False
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    rev: int = 0
    seats: tuple[Seat, ...] = ()
    claims: tuple[Claim, ...] = ()
    messages: tuple[Message, ...] = ()
    worker_lost_at: dt.datetime | None = None
    by_id: dict[str, Seat] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {seat.id: seat for seat in self.seats})

    def put(self, seat: Seat) -> "Room":
        """The room with this seat, in its old position or last."""
        if seat.id not in self.by_id:
            return replace(self, seats=(*self.seats, seat))
        return replace(self, seats=tuple(seat if s.id == seat.id else s for s in self.seats))

    def with_claim(self, claim: Claim) -> "Room":
        return replace(self, claims=(*self.without_claim(claim.socket).claims, claim))

    def without_claim(self, socket: str) -> "Room":
        return replace(self, claims=tuple(c for c in self.claims if c.socket != socket))

    def seat_of(self, socket: str) -> Seat | None:
        return next((s for s in self.seats if s.socket == socket), None)

    def claim_of(self, socket: str) -> Claim | None:
        return next((c for c in self.claims if c.socket == socket), None)

    @property
    def inside(self) -> tuple[Seat, ...]:
        return tuple(s for s in self.seats if s.inside)

    @property
    def last_message(self) -> int:
        return self.messages[-1].number if self.messages else 0

    @property
    def idle(self) -> bool:
        """Nobody in, nobody waiting, nobody connected: may leave memory."""
        waiting = (Stage.IN, Stage.DOOR)
        return not self.claims and all(
            s.socket is None and s.stage not in waiting for s in self.seats
        )
