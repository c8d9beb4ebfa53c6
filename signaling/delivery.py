"""Stills to those who are in, behind their voice: part by part, at the pace their link spares.

One part is under way to each receiver at a time, acknowledged by its page; the next leaves when
the spare rate has paid for the last. The smallest stage not yet there goes first, of the newest
still. A receiver who was cut goes on where it was; one who vanished costs nobody else anything.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

from server.kernel import tasks
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
    """What one tab was given: whole stages, bytes of others, stills it does not want."""

    done: set[tuple[str, int]] = field(default_factory=set)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)


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


class Delivery:
    """See the module. `look` is a room as it is now; `line` is set before anybody is in."""

    def __init__(
        self,
        look: Callable[[str], Room | None],
        albums: Albums,
        media: Media,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._look, self._albums, self._media, self._clock = look, albums, media, clock
        self._progress: dict[tuple[str, str, str], Progress] = {}
        self._couriers: dict[str, asyncio.Task[Any]] = {}
        self.line: Asking | None = None

    def look_after(self, room: Room) -> None:
        """Sends a courier to each who is in and is owed something."""
        if not room.stills:
            return
        for seat in room.inside:
            if seat.socket is None or seat.socket in self._couriers:
                continue
            if due(room, seat, self._of(room.id, seat)) is not None:
                courier = self._run(room.id, seat.id, seat.socket)
                self._couriers[seat.socket] = tasks.spawn(courier, "still courier")

    def forget(self, room: str) -> None:
        """The room left memory."""
        for key in [key for key in self._progress if key[0] == room]:
            del self._progress[key]

    async def stop(self) -> None:
        await tasks.stop(*self._couriers.values())

    def _of(self, room: str, seat: Seat) -> Progress:
        return self._progress.setdefault((room, seat.id, seat.tab or ""), Progress())

    async def _run(self, room: str, seat: str, socket: str) -> None:
        try:
            await self._carry(room, seat, socket)
            await self._media.transfer(room, seat, "down", False)
        finally:
            self._couriers.pop(socket, None)
        # Whatever was kept while the worker was told.
        if now := self._look(room):
            self.look_after(now)

    def _receiver(self, room_id: str, seat_id: str, socket: str) -> tuple[Room, Seat] | None:
        room = self._look(room_id)
        seat = room.by_id.get(seat_id) if room else None
        there = room and seat and seat.inside and seat.socket == socket
        return (room, seat) if there and room and seat else None

    async def _carry(self, room_id: str, seat_id: str, socket: str) -> None:
        debt, paid, reminded = 0.0, self._clock(), float("-inf")
        held: tuple[tuple[str, int], bytes] | None = None
        while found := self._receiver(room_id, seat_id, socket):
            room, seat = found
            progress, way = self._of(room_id, seat), pacing.way(seat)
            wanted = due(room, seat, progress)
            if wanted is None:
                return
            now = self._clock()
            debt, paid = max(0.0, debt - way.spare * (now - paid)), now
            if now - reminded >= REMIND:
                await self._media.transfer(room_id, seat_id, "down", True)
                reminded = now
            if debt > 0 or way.spare <= 0:
                await asyncio.sleep(pacing.pause(debt, way.spare, LOOK))
                continue
            still, stage = wanted
            if held is None or held[0] != (still.id, stage):
                held = ((still.id, stage), await self._bytes(room_id, still, stage))
            debt = await self._part(socket, progress, still, stage, held[1], way)

    async def _bytes(self, room: str, still: Still, stage: int) -> bytes:
        try:
            return await asyncio.to_thread(self._albums.of(still).read, room, still.id, stage)
        except Damaged:
            log.error("a still is damaged", extra={"consultation": room, "still": still.id})
            return b""

    async def _part(
        self, socket: str, progress: Progress, still: Still, stage: int, whole: bytes, way: Way
    ) -> float:
        """Gives one part; returns its price in bits."""
        key = (still.id, stage)
        offset = progress.offsets.get(key, 0)
        data = whole[offset : offset + pacing.portion(way)]
        if not data:
            progress.done.add(key)
            return 0.0
        price = pacing.price(len(data))
        part = {"id": still.id, "stage": stage, "offset": offset, "data": data}
        try:
            answer = await self._asked(socket, part, pacing.patience(price, way))
        except NotTaken:
            return price
        self._answered(progress, key, offset + len(data), len(whole), answer)
        return price

    async def _asked(self, socket: str, part: dict[str, Any], within: float) -> Any:
        assert self.line is not None
        return await self.line.ask(socket, "still_part", part, within)

    @staticmethod
    def _answered(
        progress: Progress, key: tuple[str, int], at: int, size: int, answer: Any
    ) -> None:
        """The page says where it is. One that refuses without a place does not want it."""
        told = answer.get("offset") if isinstance(answer, dict) else None
        taken = isinstance(answer, dict) and answer.get("ok") is True
        place = told if isinstance(told, int) and 0 <= told <= size else None
        if not taken and (place is None or place == progress.offsets.get(key)):
            progress.done.add(key)
            return
        progress.offsets[key] = at if place is None else place
        if progress.offsets[key] >= size:
            progress.done.add(key)
            progress.offsets.pop(key)
