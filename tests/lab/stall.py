"""How long the host itself stood still during a run: a process that only sleeps and looks.

It asks to be woken every 5 ms, at the priority browsers have. Each waking more than 10 ms late is
time in which a picture or a packet would have waited too, whatever the link: it is added up and
told as a share of the run. Causes (a busy neighbour, a busy hypervisor) are not told apart.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.lab.star import ROOT

PERIOD = 0.005
TOLERATED = 0.010
WORST = 4.0  # percent; a run above it is repeated


def share(stalls: list[tuple[float, float]], start: float, end: float) -> float:
    """Percent of the time between two instants lost to stalls of (end, length), seconds."""
    lost = sum(max(0.0, min(at, end) - max(at - length, start)) for at, length in stalls)
    return 100 * lost / (end - start)


@dataclass
class Stalls:
    """Watches from ``with`` until it is asked; instants are of ``time.monotonic``."""

    begun: float = 0.0
    _process: subprocess.Popen[str] | None = None
    seen: list[tuple[float, float]] = field(default_factory=list)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.lab.stall"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        self.begun = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process
        told, _ = self._process.communicate(timeout=30)
        self.seen = [(at, length) for at, length in json.loads(told or "[]")]

    def percent(self, start: float | None = None, end: float | None = None) -> float:
        """After ``with``: the share of stalls between two instants, of the whole run if None."""
        last = max([self.begun + 1.0, *(at for at, _ in self.seen)]) if end is None else end
        return share(self.seen, self.begun if start is None else start, last)


def watch() -> list[tuple[float, float]]:
    """Until the input ends: every stall as (its end, its length)."""
    stalls = []
    before = time.monotonic()
    while not select.select([sys.stdin], [], [], PERIOD)[0]:
        now = time.monotonic()
        if now - before - PERIOD > TOLERATED:
            stalls.append((now, now - before - PERIOD))
        before = now
    return stalls


if __name__ == "__main__":
    print(json.dumps(watch()))
