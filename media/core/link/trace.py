"""What went into an estimator and what it said, as JSON lines; and the same made again.

Times are kept as given, so that a replay is exact. Opens no file: lines go to whatever it is given.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any, Protocol

from media.core.link.estimate import Estimate
from media.core.link.estimator import Estimator
from media.core.link.probe import Probe
from media.core.packets.feedback import FeedbackError


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


class _Kept:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str, /) -> None:
        self.lines.append(line)


def replay(lines: Iterable[str]) -> list[str]:
    """Every line an estimator of today would write, given the inputs of a recorded one.

    Raises ValueError for lines which are no trace.
    """
    kept = _Kept()
    estimator: Estimator | None = None
    for line in lines:
        kind, *values = json.loads(line)
        if kind == "begin":
            now, start, trip, least, most = values
            estimator = Estimator(now, start, trip, least=least, most=most, trace=Trace(kept))
        elif estimator is None:
            raise ValueError("a trace begins with its beginning")
        else:
            _again(estimator, kind, values)
    return kept.lines


def _again(estimator: Estimator, kind: str, values: list[Any]) -> None:
    match kind, values:
        case "s", [now, size, probe]:
            estimator.sent(size, now, probe)
        case "f", [now, body]:
            try:
                estimator.feedback(b64decode(body), now)
            except FeedbackError:
                return
        case "r", [now, loss, trip]:
            estimator.report(loss, trip, now)
        case "t", [now]:
            estimator.tick(now)
        case "w", [now, demand]:
            estimator.wants_probe(demand, now)
        case (("e" | "probe"), _):
            return
        case _:
            raise ValueError(f"a trace has no {kind}")
