"""Receiver reports alone, for a browser which sends no transport-wide feedback: the loss-based
controller of draft-ietf-rmcat-gcc-02 §6, held back where the round trip grows.

Slow and coarse: it knows neither what was carried nor when.
"""

from math import isfinite

from media.core.link.aimd import Control

NEVER = 3.0  # s without any feedback before reports count
LOST = 15.0  # s without further feedback before they do
LASTING = 8.0  # s without a report: they say nothing of now
LOW, HIGH = 0.02, 0.10  # loss below which to grow, above which to fall
GROWTH = 1.05  # a report
MOST = 600_000  # bit/s: nothing measured supports more
QUEUE = 0.25  # s of round trip above the least
FALL = 0.85


class Blind:
    """See the module."""

    def __init__(self) -> None:
        self.active = False
        self.lossy = False
        self._least_trip: float | None = None
        self._at = -1e9

    def sees(self, now: float) -> bool:
        """Whether reports still come in place of feedback."""
        self.active = self.active and now - self._at < LASTING
        return self.active

    def counts(self, silence: float, heard: bool) -> bool:
        """Whether reports count now: feedback has been missing for so many seconds, and was ever
        ``heard`` or not."""
        return self.active or silence >= (LOST if heard else NEVER)

    def report(self, loss: float, trip: float | None, control: Control, now: float) -> None:
        """A report that counts. The first tells of the time before, and is only a sign of life."""
        waits = 0.0
        if trip is not None:
            self._least_trip = min(trip, self._least_trip or trip)
            waits = trip - self._least_trip
        first, self.active, self._at = not self.active, True, now
        if first or not isfinite(loss):
            return
        self.lossy = loss > HIGH
        if self.lossy:
            control.limit(control.rate * (1 - min(1.0, loss) / 2))
        elif waits > QUEUE:
            control.limit(control.rate * FALL)
        elif loss < LOW:
            control.raise_to(min(MOST, control.rate * GROWTH))
