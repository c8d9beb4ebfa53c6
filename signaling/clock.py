"""The time in live rooms: the wall's when nobody is there, steady while somebody is.

A clock that is set back or forward by a day ends no seat, and turns no stay or incident inside
out: not even when `server.kernel.clock` came to believe it in the middle of a call.
"""

import datetime as dt
from collections.abc import Callable
from time import monotonic

from server.kernel.db import utcnow


class SteadyClock:
    """Called, it answers an aware UTC time that never goes back."""

    def __init__(
        self,
        wall: Callable[[], dt.datetime] = utcnow,
        steady: Callable[[], float] = monotonic,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._at, self._since = wall(), steady()

    def __call__(self) -> dt.datetime:
        return self._at + dt.timedelta(seconds=self._steady() - self._since)

    def set(self) -> None:
        """Takes the wall's time again. To be called when no room is live."""
        self._at, self._since = self._wall(), self._steady()
