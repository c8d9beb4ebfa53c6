"""While the database is away, whoever needs it is told at once instead of waiting in line.

One probe in the background finds out when it is back; nobody's page or message has to. It refuses
to judge errors: `engine` knows which of them mean that the database cannot be reached.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from server.kernel import tasks

log = logging.getLogger("carbet.database")
PAUSE = 0.5
# Within this a database that is there answers; one that froze must not hold the probe for long.
ANSWERS_WITHIN = 2.0


class Outage:
    """See the module. `reach` does what a transaction needs first, and raises when it cannot."""

    def __init__(self, reach: Callable[[], Awaitable[None]]) -> None:
        self._reach = reach
        self._probe: asyncio.Task[Any] | None = None

    @property
    def lasts(self) -> bool:
        return self._probe is not None and not self._probe.done()

    def begins(self) -> None:
        """Somebody found the database away."""
        if not self.lasts:
            log.warning("the database is away")
            self._probe = tasks.spawn(self._until_back(), "database probe")

    async def _until_back(self) -> None:
        while True:
            with suppress(Exception):
                async with asyncio.timeout(ANSWERS_WITHIN):
                    await self._reach()
                log.warning("the database is back")
                return
            await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        if self._probe is not None:
            await tasks.stop(self._probe)
