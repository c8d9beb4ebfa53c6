"""The laboratory's command: ``python -m tests.lab --profile vsat --system carbet --runs 3``.

Holds calls one at a time, repeats those during which the host stood still, prints medians and
writes them to ``build/figures/lab.json`` after every run. Several profiles and systems may be
named; "all" is all. A link that is no profile: ``--link "up=100,down=300,delay=250,loss=3"``, with
the keys of ``profiles.toml``. Between two runs, whoever waits for the machine gets it.
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import json
import re
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.lab import profiles, series, versions
from tests.lab.call import Call, hold
from tests.lab.compared import NAMES, OTHERS
from tests.lab.figures import Row, load_now, number, table
from tests.lab.profiles import Profile
from tests.lab.reading import figures
from tests.lab.series import Run
from tests.lab.stall import WORST

AGAIN = 3  # more tries for a run the host spoilt, before it is taken as it is and marked
HOPELESS = 2  # runs in a row that did not begin, after which a system is not asked any more
LOCK = Path("build/lab.lock")
KEPT = Path("build/lab")
LEFT_TO_OTHERS = 0.5  # seconds between two runs in which the lock is free
COLUMNS = {
    "concealed": "%",
    "speech gap": "ms",
    "sound buffer": "ms",
    "fps": "",
    "width": "px",
    "frozen": "%",
    "longest freeze": "s",
    "unseen": "%",
    "still every": "s",
    "changes": "1/min",
    "picture delay": "ms",
    "first picture": "s",
    "first still": "s",
    "asked still": "s",
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
        held = {**versions.held(), "seconds": profile.seconds}
        call = hold(profile, system, seed, place(profile, system, seed) if keep else None)
        read = tuple(figures(call))
        tries.append(Run(read, call.stalled, load_now(), call.trouble, seed, held))
        if keep:
            kept(call, seed)
        print(f"{profile.name} {system} seed {seed}: {tries[-1].host()}", file=sys.stderr)
    return min(tries, key=lambda run: run.stalled)


def place(profile: Profile, system: str, seed: int) -> Path:
    """Where all of a run is kept: a file, and a folder of its traces beside it."""
    name = re.sub(r"[^\w.]+", "-", profile.name).strip("-")
    return KEPT / f"{name}-{system}-{seed}"


def kept(call: Call, seed: int) -> None:
    """All that was seen of a call, for whoever wants to look closer or to replay it."""
    path = Path(f"{place(call.profile, call.system, seed)}.json.gz")
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", compresslevel=1) as file:
        json.dump(asdict(call), file)
    print(path, file=sys.stderr)


def series_of(
    profile: Profile, system: str, seeds: Sequence[int], resume: bool, keep: bool
) -> list[Row]:
    """The runs of one profile and system, each kept when it ends; returns their medians."""
    made: list[Row] = []
    runs: list[Run] = []
    for seed in seeds:
        with alone():
            if resume:  # read within the lock: another laboratory may just have held it
                runs = [run for run in series.kept(profile.name, system) if of(profile, run)]
            if any(run.seed == seed for run in runs) or hopeless(runs):
                continue
            try:
                runs = [*runs, measured(profile, system, seed, keep)]
            except Exception:  # what did not even get ready tells nothing of the link
                traceback.print_exc()
                continue
            made = series.keep(profile.name, system, runs)
        time.sleep(LEFT_TO_OTHERS)
    return made or (series.rows(profile.name, system, runs) if runs else [])


def of(profile: Profile, run: Run) -> bool:
    """Whether a run of an earlier series was a call as long as those of this one."""
    return bool(run.held.get("seconds") == profile.seconds)


def hopeless(runs: Sequence[Run]) -> bool:
    return len(runs) >= HOPELESS and all(run.trouble for run in runs[-HOPELESS:])


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


def links(options: argparse.Namespace) -> Iterator[Profile]:
    """The profiles asked for: links written out, or names."""
    for text in options.link:
        yield profiles.written(text)
    for name in chosen(options.profile or ([] if options.link else ["all"]), list(profiles.load())):
        yield profiles.one(name)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--profile", nargs="+", default=[])
    parser.add_argument("--link", action="append", default=[], help="a link written out")
    parser.add_argument("--system", nargs="+", default=["all"], choices=[*NAMES, *OTHERS, "all"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; then one more each")
    parser.add_argument("--keep", action="store_true", help=f"keep all samples in {KEPT}")
    parser.add_argument("--resume", action="store_true", help="hold only runs that are not kept")
    options = parser.parse_args()
    every: list[Row] = []
    seeds = range(options.seed, options.seed + options.runs)
    for profile in links(options):
        for system in chosen(options.system, NAMES):
            every += series_of(profile, system, seeds, options.resume, options.keep)
    print(shown(every))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
