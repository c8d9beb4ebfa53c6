"""What went into an estimator and what it said, as JSON lines.

Times are kept as given, so that a replay (`replay.py`) is exact. Opens no file: lines go to
whatever it is given.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import astuple
from typing import Any, Protocol

from media.core.link.estimate import Estimate
from media.core.link.probe import Probe


class Lines(Protocol):
    """Where lines go."""

    def write(self, line: str, /) -> object: ...


class Trace:
    """Writes one line for each input and for each change of what is said."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._said: tuple[object, ...] = ()

    def begin(
        self, now: float, start: int, round_trip: float | None, least: int, most: int
    ) -> None:
        self._write("begin", now, start, round_trip, least, most)

    def sent(self, size: int, now: float, probe: int) -> None:
        self._write("s", now, size, probe)

    def feedback(self, body: bytes, now: float) -> None:
        self._write("f", now, b64encode(body).decode())

    def report(self, loss: float, round_trip: float | None, now: float) -> None:
        self._write("r", now, loss, round_trip)

    def tick(self, now: float) -> None:
        self._write("t", now)

    def wanted(self, demand: int, now: float, probe: Probe | None) -> None:
        self._write("w", now, demand)
        if probe is not None:
            self._write("probe", *astuple(probe))

    def said(self, estimate: Estimate) -> None:
        """After each input which may change it."""
        said = tuple(round(v, 3) if isinstance(v, float) else v for v in astuple(estimate))
        if said != self._said:
            self._said = said
            self._write("e", *said)

    def _write(self, *values: Any) -> None:
        self._lines.write(json.dumps(values, separators=(",", ":")) + "\n")
