"""The time of this server: the machine's clock, whose jumps are not believed at once.

Everything that asks what time it is gets one steady answer. When the machine's clock is set, by a
day or by minutes, sessions and calls go on by the time of before; a clock put right again has
touched nothing. One that stays is believed, and then everything that was to last as long as before
is moved along (`upkeep`). It refuses to say which of two clocks is right.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

# A correction of this much ends no session and surprises nobody.
SMALL = dt.timedelta(seconds=60)
# As long as this a wrong clock may go unnoticed by whoever is to put it right.
BELIEVED_AFTER = 600.0


def _wall() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _steady() -> float:
    """Seconds that never jump and go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Jump:
    """How far the machine's clock was set from ours, and for how long it has stood there (s)."""

    by: dt.timedelta
    stood: float

    @property
    def believed(self) -> bool:
        return self.stood >= BELIEVED_AFTER


class Clock:
    """See the module. Called, it answers an aware UTC time."""

    def __init__(
        self, wall: Callable[[], dt.datetime] = _wall, steady: Callable[[], float] = _steady
    ) -> None:
        self._wall, self._steady = wall, steady
        self._zero = self._present()
        self._jump: tuple[dt.timedelta, float] | None = None

    def _present(self) -> dt.datetime:
        """What the machine's clock says the steady one's zero was."""
        return self._wall() - dt.timedelta(seconds=self._steady())

    def __call__(self) -> dt.datetime:
        return self._zero + dt.timedelta(seconds=self._steady())

    def look(self) -> Jump | None:
        """To be done every few seconds. Small corrections are followed; a jump is returned."""
        by = self._present() - self._zero
        if abs(by) <= SMALL:
            self._zero, self._jump = self._zero + by, None
            return None
        if self._jump is None or abs(by - self._jump[0]) > SMALL:
            self._jump = (by, self._steady())
        return Jump(by, self._steady() - self._jump[1])

    def believe(self) -> None:
        """Takes the machine's time, whatever it is."""
        self._zero, self._jump = self._present(), None


CLOCK = Clock()


def utcnow() -> dt.datetime:
    return CLOCK()
