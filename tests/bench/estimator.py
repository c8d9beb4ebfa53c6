"""What one feedback message costs: ``python -m tests.bench estimator``.

A minute of calls over emulated links is recorded once; the inputs of each are then given to fresh
estimators and timed. A message's cost includes the sends it tells of and the ticks meanwhile.
"""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from media.core.link.estimator import Estimator
from media.core.link.trace import Trace
from tests.lab.figures import Row, load_now, number, table, write
from tests.media.core.thin_call import Kept, ThinCall, steady

RUNS = 5
LINKS = {"128": 128.0, "512": 512.0, "2000": 2000.0}  # kbit/s
Step = tuple[str, Sequence[Any]]


def recorded(kbit: float) -> tuple[list[Step], int, int]:
    """The inputs of a minute, how many messages and how many packets they hold."""
    kept = Kept()
    down, up = steady(kbit, 0.1, loss=0.01)
    ThinCall(down, up, trace=Trace(kept)).run(60)
    steps: list[Step] = []
    for kind, *values in kept.read():
        if kind == "f":
            values[1] = b64decode(values[1])
        if kind in ("s", "f", "t", "w"):
            steps.append((kind, values))
    kinds = [kind for kind, _ in steps]
    return steps, kinds.count("f"), kinds.count("s")


def once(steps: Sequence[Step]) -> float:
    """Seconds of processor for all of it."""
    estimator = Estimator(0.0, 100_000)
    begun = time.process_time()
    send, feed = estimator.sent, estimator.feedback
    for kind, values in steps:
        if kind == "s":
            send(values[1], values[0], values[2])
        elif kind == "f":
            feed(values[1], values[0])
        elif kind == "t":
            estimator.tick(values[0])
        else:
            estimator.wants_probe(values[1], values[0])
    return time.process_time() - begun


def main(tell: Callable[[str], object] = print) -> None:
    rows, lines = [], []
    for profile, kbit in LINKS.items():
        steps, messages, packets = recorded(kbit)
        spent = median(once(steps) for _ in range(RUNS)) / messages * 1e6
        sent = median(once([s for s in steps if s[0] in "sf"]) for _ in range(RUNS))
        apart = sent / messages * 1e6
        load = load_now()
        rows += [
            Row("one feedback message with its sends and ticks", "carbet", profile, spent, "µs",
                RUNS, load),
            Row("one feedback message with its sends", "carbet", profile, apart, "µs", RUNS, load),
            Row("packets told in one message", "carbet", profile, packets / messages, "", 1, load),
        ]  # fmt: skip
        lines.append(
            (f"{profile} kbit/s", number(packets / messages), number(apart), number(spent))
        )
    path = write("estimator", rows)
    tell(table(("link", "packets a message", "µs with sends", "µs with sends and ticks"), lines))
    tell(f"written to {path}")
