"""One receiver's stills, behind their voice: part by part, at the pace their link spares.

One part is under way at a time, acknowledged by the page; the next leaves when the spare rate has
paid for the last. The smallest stage not yet there goes first, of the newest still; an automatic
still that was begun is finished, or a slow link would never see one whole.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from signaling import pacing
from signaling.album import Damaged
from signaling.intake import Albums
from signaling.pacing import Way
from signaling.relay import Media
from signaling.seats import Room, Seat
from signaling.still import Still

log = logging.getLogger("carbet.stills")
LOOK = 0.2  # s between two looks at a rate that is not there, or has not paid yet
REMIND = 10.0  # s: a worker that is new learns again that something crosses
Due = tuple[Still, int]


class NotTaken(Exception):
    """The page did not acknowledge in time."""


class Asking(Protocol):
    """The way to a socket that answers."""

    async def ask(self, socket: str, event: str, payload: dict[str, Any], within: float) -> Any: ...


@dataclass
class Progress:
    """What one tab was given: whole stages, and bytes of others. A stage it refused is done."""

    done: set[tuple[str, int]] = field(default_factory=set)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def answered(self, key: tuple[str, int], at: int, size: int, answer: Any) -> None:
        """The page says where it is, after a part that ended `at`; without a place, it took it
        (`ok`) or does not want the stage."""
        told = answer.get("offset") if isinstance(answer, dict) else None
        taken = isinstance(answer, dict) and answer.get("ok") is True
        place = told if isinstance(told, int) and 0 <= told <= size else None
        if not taken and (place is None or place == self.offsets.get(key)):
            self.done.add(key)
            return
        self.offsets[key] = at if place is None else place
        if self.offsets[key] >= size:
            self.done.add(key)
            self.offsets.pop(key)


@dataclass(frozen=True)
class Receiver:
    """Whoever is to be given stills, as they are now."""

    room: Room
    seat: Seat
    progress: Progress


def due(room: Room, seat: Seat, progress: Progress) -> Due | None:
    """What a receiver should be given next. A member who came later fetches what was before."""
    waiting = [
        (stage, still)
        for still in room.stills
        for stage in range(still.have)
        if pacing.owed(seat, still, stage) and (still.id, stage) not in progress.done
    ]
    if not waiting:
        return None
    stage, still = min(waiting, key=lambda each: (each[0], -each[1].at.timestamp()))
    return still, stage


@dataclass
class Courier:
    """See the module. For one socket; ends when nothing is owed to it, or it is gone."""

    line: Asking
    albums: Albums
    media: Media
    clock: Callable[[], float]
    _debt: float = 0.0
    _paid: float = 0.0
    _reminded: float = float("-inf")
    _held: tuple[Still, int, bytes] | None = None

    async def carry(self, room: str, seat: str, look: Callable[[], Receiver | None]) -> None:
        """`look` is the receiver now; None when it is not there any more."""
        self._paid = self.clock()
        while receiver := look():
            wanted = self._next(receiver)
            if wanted is None:
                return
            way = pacing.way(receiver.seat)
            self._pay(way)
            await self._remind(room, seat)
            if self._debt > 0 or way.spare <= 0:
                await asyncio.sleep(pacing.pause(self._debt, way.spare, LOOK))
            else:
                await self._part(receiver, wanted, way)

    def _next(self, receiver: Receiver) -> Due | None:
        if self._held and not self._held[0].lasting:
            still, stage, _ = self._held
            if (still.id, stage) in receiver.progress.offsets:
                return still, stage
        return due(receiver.room, receiver.seat, receiver.progress)

    def _pay(self, way: Way) -> None:
        now = self.clock()
        self._debt = max(0.0, self._debt - way.spare * (now - self._paid))
        self._paid = now

    async def _remind(self, room: str, seat: str) -> None:
        if self.clock() - self._reminded >= REMIND:
            self._reminded = self.clock()
            await self.media.transfer(room, seat, "down", True)

    async def _part(self, receiver: Receiver, wanted: Due, way: Way) -> None:
        """Gives one part, and owes its price."""
        (still, stage), progress = wanted, receiver.progress
        key, whole = (still.id, stage), await self._bytes(receiver.room.id, still, stage)
        offset = progress.offsets.get(key, 0)
        data = whole[offset : offset + pacing.portion(way)]
        if not data:
            progress.done.add(key)
            progress.offsets.pop(key, None)
            return
        price = pacing.price(len(data))
        self._debt += price
        part = {"id": still.id, "stage": stage, "offset": offset, "data": data}
        patience, socket = pacing.patience(price, way), receiver.seat.socket or ""
        try:
            answer = await self.line.ask(socket, "still_part", part, patience)
        except NotTaken:
            return
        progress.answered(key, offset + len(data), len(whole), answer)

    async def _bytes(self, room: str, still: Still, stage: int) -> bytes:
        """The stage's, read once; none when they are damaged, or gone as automatic ones do."""
        if self._held and (self._held[0].id, self._held[1]) == (still.id, stage):
            return self._held[2]
        try:
            whole = await asyncio.to_thread(self.albums.of(still).read, room, still.id, stage)
        except Damaged:
            if still.lasting:
                log.error("a still is damaged", extra={"consultation": room, "still": still.id})
            return b""
        self._held = (still, stage, whole)
        return whole
