"""The laboratory's command: ``python -m tests.lab --profile vsat --system carbet --runs 3``.

Holds calls one at a time, repeats those during which the host stood still, prints medians and
writes them to ``build/figures/lab.json``. Several profiles and systems may be named; "all" is all.
"""

from __future__ import annotations

import argparse
import fcntl
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import profiles
from tests.lab.call import hold
from tests.lab.figures import Row, load_now, number, table, write
from tests.lab.profiles import Profile
from tests.lab.reading import Figure, figures
from tests.lab.stall import WORST

SYSTEMS = ("carbet", "direct", "tuned")
AGAIN = 3  # more tries for a run the host spoilt, before it is taken as it is and marked
LOCK = Path("build/lab.lock")


@dataclass(frozen=True)
class Run:
    """One call's figures and the state of the host during it."""

    figures: tuple[Figure, ...]
    stalled: float
    load: str


@contextmanager
def alone() -> Iterator[None]:
    """One laboratory at a time on this machine: two would measure each other."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def measured(profile: Profile, system: str, seed: int) -> Run:
    """One run during which the host stood still at most WORST percent, or the best of the tries."""
    tries: list[Run] = []
    while len(tries) <= AGAIN and (not tries or tries[-1].stalled > WORST):
        call = hold(profile, system, seed)
        tries.append(Run(tuple(figures(call)), call.stalled, load_now()))
        print(f"{profile.name} {system} seed {seed}: {_host(tries[-1])}", file=sys.stderr)
    return min(tries, key=lambda run: run.stalled)


def _host(run: Run) -> str:
    return f"{run.load}, stall {run.stalled:.1f} %" + (" SPOILT" if run.stalled > WORST else "")


def median(values: Sequence[float | None]) -> float | None:
    """What was never reached counts as worse than anything reached."""
    reached = sorted(value for value in values if value is not None)
    if len(reached) * 2 <= len(values):
        return None
    return statistics.median([*reached, *[reached[-1]] * (len(values) - len(reached))])


def rows(profile: Profile, system: str, runs: Sequence[Run]) -> list[Row]:
    worst = max(runs, key=lambda run: run.stalled)
    made = []
    for index, figure in enumerate(runs[0].figures):
        value = median([run.figures[index].value for run in runs])
        made.append(
            Row(figure.name, system, profile.name, value, figure.unit, len(runs), _host(worst))
        )
    return made


def shown(every: Sequence[Row]) -> str:
    """One line for each figure, one column for each system."""
    systems = list(dict.fromkeys(row.system for row in every))
    cells = {(row.profile, row.figure, row.system): row for row in every}
    lines = []
    for profile, figure in dict.fromkeys((row.profile, row.figure) for row in every):
        found = [cells.get((profile, figure, system)) for system in systems]
        unit = next(row.unit for row in found if row)
        values = [f"{number(row.value)} ({row.load})" if row else "" for row in found]
        lines.append((profile, f"{figure} {unit}".strip(), *values))
    return table(("profile", "figure", *systems), lines)


def chosen(asked: Sequence[str], every: Sequence[str]) -> list[str]:
    return list(every) if "all" in asked else list(asked)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--profile", nargs="+", default=["all"])
    parser.add_argument("--system", nargs="+", default=["all"], choices=[*SYSTEMS, "all"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; then one more each")
    options = parser.parse_args()
    every: list[Row] = []
    with alone():
        for name in chosen(options.profile, list(profiles.load())):
            profile = profiles.one(name)
            for system in chosen(options.system, SYSTEMS):
                seeds = range(options.seed, options.seed + options.runs)
                made = rows(profile, system, [measured(profile, system, seed) for seed in seeds])
                write("lab", made)
                every += made
    print(shown(every))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
