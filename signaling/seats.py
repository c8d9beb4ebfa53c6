"""What a room holds: seats, second devices, messages. PURE: values only.

It refuses to decide anything: who may pass the door is in `door`, what packets
mean is in `links`, and both are called through `room.step`.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from signaling.consultation import Status
from signaling.meter import Meter, SiteLink
from signaling.still import Pointed, Pointer, Still, Wanted
from signaling.ways import Way

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
    the answer to an older question is recognised; `carried` says packets came before.

    `up` and `down` are its directions; `plan` is what its page is to send, `early` plans
    for sessions other than the present one, which may be about to be offered."""

    flow: Flow = Flow.NONE
    session: str | None = None
    attempt: int = 0
    tried_at: dt.datetime | None = None
    answered: bool = False
    carried: bool = False
    weak: bool = False
    slots: tuple[SlotUse, ...] = ()
    stalled: tuple[tuple[str, dt.datetime], ...] = ()
    up: Way | None = None
    down: Way | None = None
    rtt: float | None = None
    plan: dict[str, Any] = field(default_factory=dict, hash=False)
    early: tuple[tuple[str, dict[str, Any]], ...] = field(default=(), hash=False)

    @property
    def thin(self) -> bool:
        """Whether a direction is low on the ladder, and the link is why."""
        return any(way is not None and way.weak for way in (self.up, self.down))


@dataclass(frozen=True)
class Heard:
    """What one socket was told of everybody's links, and when last."""

    socket: str = ""
    at: dt.datetime | None = None
    ways: tuple[tuple[str, Way | None, Way | None], ...] = ()


@dataclass(frozen=True)
class Fall:
    """A direction too low to show video: what the record calls it, since when, why at first."""

    kind: str
    since: dt.datetime
    why: str


@dataclass(frozen=True)
class Seat:
    """One person's place. Its device is known by `credential`, the login session it came with.

    `gone_at`: since when neither socket nor packets were there (ten minutes are counted from
    it); `lost_at`: since when the others see `lost`; `told`: last message number sent; `shown`:
    since when each picture is said to be on; `matters`: what matters in each of its pictures;
    `rtt` (s) and `saver`: what its page says of the way to the server; `sending`: a still crosses
    its link upward; `listed`: the socket told of all stills; `here_at`: since when its tab is in.
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
    falls: tuple[Fall, ...] = ()
    matters: tuple[tuple[str, str], ...] = ()
    heard: Heard = Heard()
    rtt: float | None = None
    saver: bool = False
    site: SiteLink | None = None
    meter: Meter = field(default_factory=Meter)
    sending: bool = False
    listed: str = ""
    here_at: dt.datetime | None = None
    pointer: Pointer | None = None
    pointed: Pointed | None = None

    @property
    def inside(self) -> bool:
        return self.stage is Stage.IN

    @property
    def connection(self) -> Connection:
        """What is true of this seat's way to the others, now."""
        flow = self.link.flow
        if flow is Flow.UP:
            weak = self.link.weak or self.link.thin or not self.socket
            return Connection.WEAK if weak else Connection.GOOD
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
    """One consultation as it is lived. `rev` grows with each change. `minutes` are those
    planned; `refused` are the latest stills which were no picture."""

    id: str
    status: Status
    locked: bool = False
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    rev: int = 0
    minutes: int = 30
    seats: tuple[Seat, ...] = ()
    claims: tuple[Claim, ...] = ()
    messages: tuple[Message, ...] = ()
    stills: tuple[Still, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    refused: tuple[str, ...] = ()
    worker_lost_at: dt.datetime | None = None
    by_id: dict[str, Seat] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {seat.id: seat for seat in self.seats})

    def put(self, seat: Seat) -> "Room":
        """The room with this seat, in its old position or last."""
        if seat.id not in self.by_id:
            return replace(self, seats=(*self.seats, seat))
        return replace(self, seats=tuple(seat if s.id == seat.id else s for s in self.seats))

    def still(self, still_id: str) -> Still | None:
        return next((s for s in self.stills if s.id == still_id), None)

    def put_still(self, still: Still) -> "Room":
        """The room with this still in the place of what was known of it."""
        return replace(self, stills=tuple(still if s.id == still.id else s for s in self.stills))

    def with_claim(self, claim: Claim) -> "Room":
        return replace(self, claims=(*self.without_claim(claim.socket).claims, claim))

    def without_claim(self, socket: str) -> "Room":
        return replace(self, claims=tuple(c for c in self.claims if c.socket != socket))

    def seat_of(self, socket: str) -> Seat | None:
        return next((s for s in self.seats if s.socket == socket), None)

    def of_session(self, seat_id: str, session: str) -> Seat | None:
        """The seat, when it is in and `session` is its present one. One restored with packets
        flowing, whose session's name was not stored, takes this name."""
        seat = self.by_id.get(seat_id)
        if seat is None or not seat.inside:
            return None
        if seat.link.session == session:
            return seat
        restored = seat.link.session is None and seat.link.flow in (Flow.UP, Flow.STALLED)
        return replace(seat, link=replace(seat.link, session=session)) if restored else None

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
