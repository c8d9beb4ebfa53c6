"""The laboratory's command: ``python -m tests.lab --profile vsat --system carbet --runs 3``.

Holds calls one at a time, repeats those during which the host stood still, prints medians and
writes them to ``build/figures/lab.json``. Several profiles and systems may be named; "all" is all.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab import profiles
from tests.lab.call import Call, hold
from tests.lab.compared import NAMES, OTHERS
from tests.lab.figures import Row, load_now, number, table, write
from tests.lab.profiles import Profile
from tests.lab.reading import Figure, figures
from tests.lab.stall import WORST

AGAIN = 3  # more tries for a run the host spoilt, before it is taken as it is and marked
LOCK = Path("build/lab.lock")
KEPT = Path("build/lab")
COLUMNS = {
    "concealed": "%",
    "speech gap": "ms",
    "sound buffer": "ms",
    "fps": "",
    "width": "px",
    "frozen": "%",
    "longest freeze": "s",
    "picture delay": "ms",
    "first picture": "s",
    "link used": "%",
    "overhead": "%",
    "tcp": "kbit/s",
    "queue p95": "ms",
    "queue drops": "%",
    "repairs per loss": "",
    "rate regained": "s",
    "speech back": "s",
    "picture back": "s",
}


@dataclass(frozen=True)
class Run:
    """One call's figures and the state of the host during it."""

    figures: tuple[Figure, ...]
    stalled: float
    load: str
    trouble: str = ""


@contextmanager
def alone() -> Iterator[None]:
    """One laboratory at a time on this machine: two would measure each other."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def measured(profile: Profile, system: str, seed: int, keep: bool = False) -> Run:
    """One run during which the host stood still at most WORST percent, or the best of the tries."""
    tries: list[Run] = []
    while len(tries) <= AGAIN and (not tries or tries[-1].stalled > WORST):
        call = hold(profile, system, seed)
        tries.append(Run(tuple(figures(call)), call.stalled, load_now(), call.trouble))
        if keep:
            kept(call, seed)
        print(f"{profile.name} {system} seed {seed}: {_host(tries[-1])}", file=sys.stderr)
    return min(tries, key=lambda run: run.stalled)


def kept(call: Call, seed: int) -> None:
    """All that was seen of a call, for whoever wants to look closer or to replay it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{call.profile.name}-{call.system}-{seed}.json"
    path.write_text(json.dumps(asdict(call)))
    print(path, file=sys.stderr)


def _host(run: Run) -> str:
    spoilt = " SPOILT" if run.stalled > WORST else ""
    return f"{run.load}, stall {run.stalled:.1f} %{spoilt}{run.trouble and f', {run.trouble}'}"


def median(values: Sequence[float | None]) -> float | None:
    """What was never reached counts as worse than anything reached."""
    reached = sorted(value for value in values if value is not None)
    if len(reached) * 2 <= len(values):
        return None
    return statistics.median([*reached, *[reached[-1]] * (len(values) - len(reached))])


def rows(profile: Profile, system: str, runs: Sequence[Run]) -> list[Row]:
    worst = max(runs, key=lambda run: (bool(run.trouble), run.stalled))
    made = []
    for index, figure in enumerate(runs[0].figures):
        value = median([run.figures[index].value for run in runs])
        made.append(
            Row(figure.name, system, profile.name, value, figure.unit, len(runs), _host(worst))
        )
    return made


def shown(every: Sequence[Row]) -> str:
    """One line for each profile (and part of its call) and system; figures as up / down."""
    lines: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in every:
        words = row.figure.split()
        split = next(i for i, word in enumerate(words) if word in ("up", "down"))
        name = next(f for f in COLUMNS if row.figure.endswith(f" {f}"))
        part = words[split + 1 : len(words) - len(name.split())]
        line = lines.setdefault((" ".join([row.profile, *words[:split], *part]), row.system), {})
        line.setdefault(name, []).append(number(row.value))
        line["host"] = [row.load]
    used = [name for name in COLUMNS if any(name in line for line in lines.values())]
    heads = ["profile", "system", *(f"{name} {COLUMNS[name]}".strip() for name in used), "host"]
    cells = (
        (*key, *(" / ".join(line.get(name, [])) for name in [*used, "host"]))
        for key, line in lines.items()
    )
    return table(heads, cells)


def chosen(asked: Sequence[str], every: Sequence[str]) -> list[str]:
    return list(every) if "all" in asked else list(asked)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--profile", nargs="+", default=["all"])
    parser.add_argument("--system", nargs="+", default=["all"], choices=[*NAMES, *OTHERS, "all"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; then one more each")
    parser.add_argument("--keep", action="store_true", help=f"keep all samples in {KEPT}")
    options = parser.parse_args()
    every: list[Row] = []
    with alone():
        for name in chosen(options.profile, list(profiles.load())):
            profile = profiles.one(name)
            for system in chosen(options.system, NAMES):
                seeds = range(options.seed, options.seed + options.runs)
                runs = [measured(profile, system, seed, options.keep) for seed in seeds]
                made = rows(profile, system, runs)
                write("lab", made)
                every += made
    print(shown(every))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
