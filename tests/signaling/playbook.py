"""A room on paper: events go in with `>>`, effects come out. Time moves only when told to."""

import datetime as dt
from dataclasses import replace
from typing import Any, TypeVar

from signaling.consultation import Status
from signaling.effects import Effect, OpenMedia, Reply, Send
from signaling.events import Arrival, Arrived, Asked, Event, Flowing, Offered, Vanished
from signaling.messages import Admit, Command, Knock
from signaling.room import step
from signaling.seats import Room, Seat

START = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
BEFORE = START - dt.timedelta(hours=1)

CLINICIAN = Arrival("dr", "Dr Ballet", "clinician", "login-dr", BEFORE, host=True, member=True)
NURSE = Arrival("nurse", "Mme Ateni", "site", "login-nurse", BEFORE, member=True)
DAUGHTER = Arrival("family", "Sa fille", "family", "link-1", BEFORE, generation=1)
INTERPRETER = Arrival("words", "L’interprète", "interpreter", "link-9", BEFORE, generation=1)

E = TypeVar("E")


class Playbook:
    """Plays events into a room and keeps what came out of the last one."""

    def __init__(self, status: Status = Status.OPEN, **fields: Any) -> None:
        self.room = Room("c1", status, **fields)
        self.now = START
        self.out: tuple[Effect, ...] = ()
        self.past: list[Effect] = []

    def __rshift__(self, event: Event) -> "Playbook":
        self.room, self.out = step(self.room, event, self.now)
        self.past += self.out
        return self

    def later(self, **delta: float) -> "Playbook":
        self.now += dt.timedelta(**delta)
        return self

    def comes(self, who: Arrival, socket: str = "", tab: str = "", **more: Any) -> "Playbook":
        socket = socket or f"{who.seat}/1"
        return self >> Arrived(who, socket, tab or socket, **more)

    def asks(self, socket: str, command: Command) -> "Playbook":
        return self >> Asked(socket, command)

    def vanishes(self, socket: str) -> "Playbook":
        return self >> Vanished(socket)

    def enters(self, who: Arrival, socket: str = "", by: str = "dr/1") -> "Playbook":
        """Comes, knocks, is admitted if need be, and its packets flow."""
        socket = socket or f"{who.seat}/1"
        self.comes(who, socket).asks(socket, Knock())
        opened = self.found(OpenMedia)
        if not who.member:
            opened = self.asks(by, Admit(who.seat)).found(OpenMedia)
        return self.carried(opened[0].seat, opened[0].attempt)

    def carried(self, seat: str, attempt: int) -> "Playbook":
        """The worker offers a session for this attempt, and the browser takes it."""
        session = f"{seat}-{attempt}"
        return self >> Offered(seat, attempt, session, "v=0") >> Flowing(seat, session)

    def found(self, kind: type[E]) -> list[E]:
        return [effect for effect in self.out if isinstance(effect, kind)]

    def seat(self, seat: str) -> Seat:
        return self.room.by_id[seat]

    @property
    def reply(self) -> Reply:
        (reply,) = self.found(Reply)
        return reply

    def sent(self, socket: str, event: str) -> list[dict[str, Any]]:
        return [e.payload for e in self.found(Send) if (e.socket, e.event) == (socket, event)]

    def numbers(self, socket: str) -> list[int]:
        """The messages a socket was ever sent, by number."""
        sends = [e for e in self.past if isinstance(e, Send)]
        return [e.payload["number"] for e in sends if (e.socket, e.event) == (socket, "message")]


def in_call(*others: Arrival) -> Playbook:
    """The clinician is in, and so are the others, with packets flowing."""
    book = Playbook().enters(CLINICIAN)
    for other in others:
        book.enters(other)
    return book


def newer(who: Arrival, **changes: Any) -> Arrival:
    return replace(who, **changes)
