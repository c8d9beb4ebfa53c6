"""Stills to those who are in: a `Courier` to each who is owed something, and what each tab was
given so far. A receiver who was cut goes on where it was; one who vanished costs nobody else
anything.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from server.kernel import tasks
from signaling.courier import Asking, Courier, Progress, Receiver, due
from signaling.intake import Albums
from signaling.relay import Media
from signaling.seats import Room, Seat


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
        assert self.line is not None
        courier = Courier(self.line, self._albums, self._media, self._clock)
        try:
            await courier.carry(room, seat, lambda: self._receiver(room, seat, socket))
            await self._media.transfer(room, seat, "down", False)
        finally:
            self._couriers.pop(socket, None)
        # Whatever was kept while the worker was told.
        if now := self._look(room):
            self.look_after(now)

    def _receiver(self, room_id: str, seat_id: str, socket: str) -> Receiver | None:
        room = self._look(room_id)
        seat = room.by_id.get(seat_id) if room else None
        if room is None or seat is None or not seat.inside or seat.socket != socket:
            return None
        return Receiver(room, seat, self._of(room_id, seat))
