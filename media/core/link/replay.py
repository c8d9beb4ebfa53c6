"""A recorded estimator made again: its inputs given to one of today, and what that says.

Compares nothing: whoever replays looks at the lines.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable
from typing import Any

from media.core.link.estimator import Estimator
from media.core.link.trace import Trace
from media.core.packets.feedback import FeedbackError


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
