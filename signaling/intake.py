"""What arrives of stills: on disk before it is acknowledged, inspected when a stage is whole.

What was begun is a row of the database, and its bytes are in an `Album`; a page that was cut, or
a server that restarted, goes on where the disk says. What nobody asked for (the automatic stills
of a thin link) is in an album of its own, which does not outlive the server.
"""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from server.kernel.db import Database
from server.kernel.metrics import METRICS
from server.kernel.reserve import Reserve
from server.kernel.secrets import Secret
from signaling import minutes
from signaling.album import Album
from signaling.effects import EraseStill, FindStill, KeepPart, Reply, WriteStill
from signaling.events import Event, StillBegun, StillKept, StillRefused
from signaling.inspection import Inspection, NoPicture
from signaling.still import Still

log = logging.getLogger("carbet.stills")
Taken = WriteStill | FindStill | KeepPart
Tell = Callable[[str, Event], Awaitable[Any]]
KEPT, PASSING = "stills", "stills-passing"


@dataclass
class Albums:
    """Stills that stay with their consultation, and those of the moment."""

    kept: Album
    passing: Album
    reserve: Reserve

    @classmethod
    def below(cls, folder: Path, secret: Secret, reserve: Reserve | None = None) -> "Albums":
        kept, passing = Album(folder / KEPT, secret), Album(folder / PASSING, secret)
        return cls(kept, passing, reserve or Reserve(folder))

    def of(self, still: Still) -> Album:
        return self.kept if still.lasting else self.passing


@dataclass
class Intake:
    """See the module. `tell` gives an event to a room, `look` is what a room knows of a still."""

    db: Database
    albums: Albums
    tell: Tell
    look: Callable[[str, str], Still | None]
    inspection: Inspection = field(default_factory=Inspection)
    # One turn for each still; gone when nobody holds it or waits for it.
    _turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(
        default_factory=WeakValueDictionary
    )

    def _turn(self, room: str, still: Still) -> asyncio.Lock:
        return self._turns.setdefault((room, still.id), asyncio.Lock())

    async def perform(self, room: str, effect: Taken) -> Reply:
        """The acknowledgement of a page's command, once it is true. Raises `DatabaseAway`."""
        try:
            async with self._turn(room, effect.still):
                return await self._perform(room, effect)
        except OSError as error:
            METRICS.task_failures.labels("stills").inc()
            log.exception("a still could not be written")
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return Reply("no_room" if full else "unavailable")

    async def _perform(self, room: str, effect: Taken) -> Reply:
        if isinstance(effect, WriteStill):
            return await self._begin(room, effect.still)
        # What came before in this still's turn may have changed it.
        still = self.look(room, effect.still.id)
        if still is None:
            return Reply("invalid")
        if still.complete or (isinstance(effect, KeepPart) and effect.stage < still.have):
            return Reply(extra={"stage": still.have, "offset": 0})
        album = self.albums.of(still)
        place = (room, still.id, still.have)
        if isinstance(effect, KeepPart):
            at = await asyncio.to_thread(album.append, *place, effect.offset, effect.data)
        else:
            at = await asyncio.to_thread(album.size, *place)
        if at < still.stages[still.have].bytes:
            return Reply(extra={"stage": still.have, "offset": at})
        return await self._whole(room, still)

    async def _begin(self, room: str, still: Still) -> Reply:
        # Of each stage the parts, and the file that holds it whole.
        if not self.albums.reserve.holds(2 * sum(stage.bytes for stage in still.stages)):
            METRICS.refusals.labels("no room").inc()
            return Reply("no_room")
        if still.lasting:
            async with self.db.begin() as session:
                if not await minutes.write_still(session, room, still):
                    return Reply("full")
        await self.tell(room, StillBegun(still))
        return Reply(extra={"stage": 0, "offset": 0})

    async def _whole(self, room: str, still: Still) -> Reply:
        """The last byte of a stage is here: it is kept if it is the picture announced."""
        stage, album = still.have, self.albums.of(still)
        place = (room, still.id, stage)
        data = await asyncio.to_thread(album.gathered, *place)
        try:
            bare = await self.inspection.bare(data, still.stages[stage])
        except NoPicture:
            METRICS.refusals.labels("still").inc()
            await self.tell(room, StillRefused(still.id))
            return Reply("invalid")
        await asyncio.to_thread(album.keep, *place, bare)
        if still.lasting:
            async with self.db.begin() as session:
                await minutes.keep_stage(session, room, still, len(bare))
        await self.tell(room, StillKept(still.id, stage, len(bare)))
        await asyncio.to_thread(album.forget_parts, *place)
        return Reply(extra={"stage": stage + 1, "offset": 0})

    async def erase(self, room: str, effect: EraseStill) -> None:
        """Bytes of stages that are worth nothing; what is being written of them ends first."""
        stages = range(effect.stage, len(effect.still.stages))
        async with self._turn(room, effect.still):
            album = self.albums.of(effect.still)
            await asyncio.to_thread(album.erase, room, effect.still.id, stages)
