"""One receiver's stills, behind their voice: part by part, at the pace their link bears.

Several parts are under way, as many as the link holds, each acknowledged by the page. The smallest
stage not yet there goes first, of the newest still; an automatic still that was begun is finished,
or a slow link would never see one whole.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.kernel import tasks
from signaling import pacing
from signaling.album import Damaged
from signaling.intake import Albums
from signaling.pace import Pace, Ticket
from signaling.relay import Media
from signaling.seats import Room, Seat
from signaling.still import Still

log = logging.getLogger("carbet.stills")
LOOK = 0.2  # s between two looks at a rate that is not there, or has not paid yet
LEAST = 0.01  # s between two looks, however little is missing
REMIND = 10.0  # s: a worker that is new learns again that something crosses
Due = tuple[Still, int]
Key = tuple[str, int]


class NotTaken(Exception):
    """The page did not acknowledge in time."""


class Asking(Protocol):
    """The way to a socket that answers."""

    async def ask(self, socket: str, event: str, payload: dict[str, Any], within: float) -> Any: ...


@dataclass(frozen=True)
class Part:
    """Bytes of a stage up to `end`, of `size`."""

    key: Key
    end: int
    size: int


@dataclass
class Progress:
    """What one tab was given: whole stages, and bytes of others. A stage it refused is done."""

    done: set[Key] = field(default_factory=set)
    offsets: dict[Key, int] = field(default_factory=dict)

    def answered(self, part: Part, answer: Any) -> bool:
        """The page says where it is; without a place, it took the part (`ok`) or does not want the
        stage. False when it does not go on from there."""
        told = answer.get("offset") if isinstance(answer, dict) else None
        taken = isinstance(answer, dict) and answer.get("ok") is True
        place = told if isinstance(told, int) and 0 <= told <= part.size else None
        if not taken and (place is None or place == self.offsets.get(part.key)):
            self.end(part.key)
            return False
        before = self.offsets.get(part.key, 0)
        self.offsets[part.key] = part.end if place is None else place
        on = taken and self.offsets[part.key] >= part.end
        if on:
            self.offsets[part.key] = max(before, self.offsets[part.key])
        if self.offsets[part.key] >= part.size:
            self.end(part.key)
        return on

    def end(self, key: Key) -> None:
        """Nothing more of this stage."""
        self.done.add(key)
        self.offsets.pop(key, None)


@dataclass(frozen=True)
class Receiver:
    """Whoever is to be given stills, as they are now."""

    room: Room
    seat: Seat
    progress: Progress


def due(
    room: Room, seat: Seat, progress: Progress, under_way: frozenset[Key] = frozenset()
) -> Due | None:
    """What a receiver should be given next, but for stages wholly `under_way`. A member who came
    later fetches what was before."""
    waiting = [
        (stage, still)
        for still in room.stills
        for stage in range(still.have)
        if (still.id, stage) not in progress.done | under_way and pacing.owed(seat, still, stage)
    ]
    if not waiting:
        return None
    stage, still = min(waiting, key=lambda each: (each[0], -each[1].at.timestamp()))
    return still, stage


@dataclass
class Flight:
    """What left of each stage and was not answered yet. A stage that went astray is begun again
    where the page is, and older answers tell nothing of it."""

    left: dict[Key, int] = field(default_factory=dict)
    whole: set[Key] = field(default_factory=set)
    turns: dict[Key, int] = field(default_factory=dict)

    def turn(self, key: Key) -> int:
        return self.turns.get(key, 0)

    def leave(self, part: Part) -> None:
        self.left[part.key] = part.end
        if part.end >= part.size:
            self.whole.add(part.key)

    def astray(self, key: Key) -> None:
        self.left.pop(key, None)
        self.whole.discard(key)
        self.turns[key] = self.turn(key) + 1


class Courier:
    """See the module. For one socket; ends when nothing is owed to it, or it is gone."""

    def __init__(
        self, line: Asking, albums: Albums, media: Media, clock: Callable[[], float]
    ) -> None:
        self._line, self._albums, self._media, self._clock = line, albums, media, clock
        self._pace = Pace(clock())
        self._flight = Flight()
        self._parts: set[asyncio.Task[Any]] = set()
        self._reminded = float("-inf")
        self._held: tuple[Still, int, bytes] | None = None

    async def carry(self, room: str, seat: str, look: Callable[[], Receiver | None]) -> None:
        """`look` is the receiver now; None when it is not there any more."""
        try:
            while receiver := look():
                wanted = self._next(receiver)
                if wanted is None and not self._parts:
                    return
                await self._remind(room, seat)
                if (seconds := self._until(receiver, wanted)) > 0:
                    await self._rest(seconds)
                elif wanted is not None:
                    await self._leave(receiver, wanted)
        finally:
            await tasks.stop(*self._parts)

    def _next(self, receiver: Receiver) -> Due | None:
        progress, whole = receiver.progress, frozenset(self._flight.whole)
        if self._held and not self._held[0].lasting:
            still, stage, _ = self._held
            key = (still.id, stage)
            begun = key in progress.offsets or key in self._flight.left
            if begun and key not in progress.done | whole:
                return still, stage
        return due(receiver.room, receiver.seat, progress, whole)

    def _until(self, receiver: Receiver, wanted: Due | None) -> float:
        """Seconds before another look is worth it; 0 when the part wanted may leave."""
        if wanted is None:
            return LOOK
        still, stage = wanted
        now, way = self._clock(), pacing.way(receiver.seat)
        self._pace.turn(way, still.lasting and stage == 0, now)
        wait = self._pace.wait(now)
        return min(LOOK, max(LEAST, wait)) if wait > 0 else 0.0

    async def _rest(self, seconds: float) -> None:
        """So long, or until an answer comes."""
        if self._parts:
            await asyncio.wait(self._parts, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)

    async def _remind(self, room: str, seat: str) -> None:
        if self._clock() - self._reminded >= REMIND:
            self._reminded = self._clock()
            await self._media.transfer(room, seat, "down", True)

    async def _leave(self, receiver: Receiver, wanted: Due) -> None:
        """The next part leaves, and owes its price."""
        (still, stage), progress = wanted, receiver.progress
        key, whole = (still.id, stage), await self._bytes(receiver.room.id, still, stage)
        offset = self._flight.left.get(key, progress.offsets.get(key, 0))
        way = pacing.way(receiver.seat)
        data = whole[offset : offset + pacing.portion(way)]
        if not data:
            progress.end(key)
            return
        part = Part(key, offset + len(data), len(whole))
        body = {"id": still.id, "stage": stage, "offset": offset, "data": data}
        price = pacing.price(len(data))
        self._flight.leave(part)
        ticket = self._pace.leave(price, self._clock())
        asked = self._line.ask(
            receiver.seat.socket or "", "still_part", body, pacing.patience(price, way)
        )
        given = tasks.spawn(self._given(asked, progress, part, ticket), "still part")
        self._parts.add(given)
        given.add_done_callback(self._parts.discard)

    async def _given(
        self, asked: Awaitable[Any], progress: Progress, part: Part, ticket: Ticket
    ) -> None:
        turn = self._flight.turn(part.key)
        try:
            answer = await asked
        except NotTaken:
            self._pace.lost(ticket)
            on = False
        else:
            self._pace.came(ticket, self._clock())
            if turn != self._flight.turn(part.key) or part.key in progress.done:
                return
            on = progress.answered(part, answer)
        if not on and turn == self._flight.turn(part.key):
            self._flight.astray(part.key)

    async def _bytes(self, room: str, still: Still, stage: int) -> bytes:
        """The stage's, read once; none when they are damaged, or gone as automatic ones do."""
        if self._held and (self._held[0].id, self._held[1]) == (still.id, stage):
            return self._held[2]
        try:
            whole = await asyncio.to_thread(self._albums.of(still).read, room, still.id, stage)
        except Damaged:
            if still.lasting:
                log.error("a still is damaged", extra={"consultation": room, "still": still.id})
            return b""
        self._held = (still, stage, whole)
        return whole
