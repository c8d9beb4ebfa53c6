"""A worker without estimation, ``python -m tests.bench.unestimated``: what estimating costs is the
difference to it. Nothing that leaves is remembered, no feedback is read or written, and every link
is taken to be as wide as it is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import media.down
import media.up
from media import __main__ as worker
from media.core.estimator import Estimate, Estimator

WIDE = 20_000_000  # bit/s


class Blindfold(Estimator):
    """In the estimator's place."""

    def __init__(self, *told: Any, **named: Any) -> None:
        super().__init__(*told, **named)
        self.estimate: Estimate = replace(self.estimate, bitrate=WIDE, state="steady", why="rate")
        self._number = 0

    def sent(self, size: int, now: float, probe: int = 0) -> int:
        self._number = (self._number + 1) & 0xFFFF
        return self._number

    def feedback(self, body: bytes, now: float) -> None: ...

    def report(self, loss: float, round_trip: float | None, now: float) -> None: ...

    def tick(self, now: float) -> None: ...

    def wants_probe(self, demand: int, now: float) -> None:
        return None


def _unseen(self: media.up.Up, size: int, number: int, now: float) -> None: ...


def _unfed(self: media.up.Up, media_ssrc: int, sendable: int, now: float) -> None: ...


if __name__ == "__main__":
    media.down.Estimator = Blindfold  # type: ignore[misc]
    media.up.Up.arrived = _unseen  # type: ignore[method-assign]
    media.up.Up.feed = _unfed  # type: ignore[method-assign]
    raise SystemExit(worker.main())
