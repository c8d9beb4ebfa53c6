"""What live rooms leave in the database: in order, exactly once, without holding up a call.

Each step of a room is one batch, stored in one transaction with its audit rows; batches that wait
at the same time share one. While the database is away they wait in memory, up to a bound; then
they are stored in the order they happened. A batch whose commit was not confirmed is recognised
when it is tried again.
"""

import asyncio
import datetime as dt
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any

from server.kernel import tasks
from server.kernel.db import Database, DatabaseAway
from server.kernel.metrics import METRICS
from server.kernel.sessions import Revocations
from signaling.effects import Stored
from signaling.rows import Batch, store

log = logging.getLogger("carbet.journal")
BOUND = 20_000
GROUP = 50  # batches of one transaction, when so many wait
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 0.8


async def _awaited(act: Callable[[], Awaitable[None]]) -> None:
    await act()


class Journal:
    """One writer for all rooms: what happened first is stored first."""

    def __init__(
        self,
        db: Database,
        revocations: Revocations,
        back: Callable[[], Awaitable[None]] | None = None,
        bound: int = BOUND,
    ) -> None:
        self._db, self._revocations, self._back, self._bound = db, revocations, back, bound
        self._batches: deque[Batch] = deque()
        self._more = asyncio.Event()
        self._writer: asyncio.Task[Any] | None = None
        self._group = GROUP
        self.away = False

    def start(self) -> None:
        self._writer = tasks.spawn(self._write(), "journal")

    async def stop(self) -> None:
        """Stores what it can at once, then stops."""
        if self._batches and not self.away:
            await self.settled(self._batches[-1], 5.0)
        if self._writer:
            await tasks.stop(self._writer)
        if self._batches:
            log.error("journal lost at stop", extra={"batches": len(self._batches)})

    @property
    def full(self) -> bool:
        return len(self._batches) >= self._bound

    def __len__(self) -> int:
        return len(self._batches)

    def holds(self, room: str) -> bool:
        """Whether something of this room is not on disk yet."""
        return any(batch.room == room for batch in self._batches)

    def add(self, room: str, rows: tuple[Stored, ...], at: dt.datetime) -> Batch:
        """Notes a batch. Beyond the bound it is lost, and counted."""
        batch = Batch(room, rows, at)
        if self.full:
            METRICS.refusals.labels("journal full").inc()
            log.error("journal full", extra={"room": room})
            batch.done.set()
            return batch
        self._batches.append(batch)
        self._more.set()
        return batch

    async def settled(self, batch: Batch, seconds: float) -> None:
        """Waits until a batch is on disk; not at all while the database is known to be away."""
        if self.away:
            return
        try:
            await asyncio.wait_for(batch.done.wait(), seconds)
        except TimeoutError:
            return

    async def flushed(self, seconds: float = 3.0) -> None:
        """Waits until whatever was noted so far is on disk."""
        if self._batches:
            await self.settled(self._batches[-1], seconds)

    async def _write(self) -> None:
        pause = FIRST_PAUSE
        while True:
            if not self._batches:
                self._more.clear()
                await self._more.wait()
            group = list(islice(self._batches, self._group))
            try:
                await self._store(group)
            except DatabaseAway:
                self.away = True
                for batch in group:
                    batch.tried = True
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)
                continue
            except Exception:
                if len(group) > 1:
                    # One by one, so that the others need not suffer for it.
                    self._group = 1
                    continue
                # Ours to mend; the rooms after it must not wait for that.
                METRICS.task_failures.labels("journal").inc()
                log.exception("a batch could not be stored", extra={"room": group[0].room})
            pause, self._group = FIRST_PAUSE, GROUP
            for batch in group:
                self._batches.popleft()
                batch.done.set()
            self._returned()

    def _returned(self) -> None:
        if self.away:
            self.away = False
            if self._back:
                # Beside the writer, whom its failure must not end.
                tasks.spawn(_awaited(self._back), "database back")

    async def _store(self, group: list[Batch]) -> None:
        """A group in one transaction: whoever waits for the disk waits for one sync, not for all
        those before."""
        ended: frozenset[str] = frozenset()
        async with self._db.begin() as session:
            for batch in group:
                ended |= await store(session, batch)
        await self._revocations.announce(ended)
