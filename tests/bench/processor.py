"""What a process took of the machine, read from /proc (proc(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12  # fields after the name


@dataclass(frozen=True)
class Spent:
    """Processor seconds of all threads so far."""

    user: float
    system: float

    @property
    def all(self) -> float:
        return self.user + self.system

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.user - other.user, self.system - other.system)


def spent(pid: int) -> Spent:
    # The name stands in parentheses and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Spent(int(fields[_USER]) / _TICK, int(fields[_SYSTEM]) / _TICK)


def memory(pid: int) -> int:
    """Bytes of its own: the proportional set."""
    for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if row.startswith("Pss:"):
            return int(row.split()[1]) * 1024
    raise ValueError("no Pss")
