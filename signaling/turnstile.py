"""How many may be let in at once, and when the others may come back.

After a restart a whole house comes back in the same second. Looking at all of them together would
take so long that pages give up and dial again, and the work is done in vain. So a few are looked at
at a time, some wait, and each of the others is told a moment of their own. It refuses nobody for
good.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

AT_ONCE = 8
# Pages dial again when nothing came of it for 3.5 s (comeback.js).
LONGEST_WAIT = 1.5
# Before anybody was let in: seconds each takes.
PACE = 0.02
# What comes before, handshake and upgrade, costs about as much as what is measured here.
WITH_GREETING = 2.0


class TooMany(Exception):
    """`after`: in how many seconds to come back."""

    def __init__(self, after: float) -> None:
        super().__init__(after)
        self.after = after


class Turnstile:
    """See the module. `pass_` around what letting somebody in takes."""

    def __init__(self, clock: Callable[[], float] = monotonic, at_once: int = AT_ONCE) -> None:
        self._clock, self._at_once = clock, at_once
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._pace = PACE
        self._next = clock()  # the next moment nobody was told to come back at

    @asynccontextmanager
    async def pass_(self) -> AsyncIterator[None]:
        """Raises `TooMany` for whoever would wait too long."""
        if self._waiting * self._pace > LONGEST_WAIT:
            raise TooMany(self._moment())
        self._waiting += 1
        try:
            async with self._places:
                began = self._clock()
                try:
                    yield
                finally:
                    took = (self._clock() - began) / self._at_once
                    self._pace += (took - self._pace) / 10
        finally:
            self._waiting -= 1

    def _moment(self) -> float:
        """One after the other, as fast as they can be let in, after those who wait."""
        now = self._clock()
        self._next = max(self._next, now + self._waiting * self._pace)
        self._next += self._pace * WITH_GREETING
        return self._next - now
