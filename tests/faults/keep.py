"""``python -m tests.faults.keep [fault …] [--tries n]``: what the server's side of recovery costs.

Runs in a network of its own (``tests/alone``), prints a table and writes every try to
``build/figures/keep.json``. Root is needed for errors injected into the kernel's answers.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults import keep_clock, keep_crowd, keep_database, keep_disk, keep_drain
from tests.faults.figures import quantile

PATH = Path("build/figures/keep.json")
Tries = Callable[[int, int], Awaitable[list[Any]]]
FAULTS: dict[str, Tries] = {
    "database": keep_database.tries,
    "disk": keep_disk.tries,
    "clock": keep_clock.tries,
    "crowd": keep_crowd.tries,
    "drain": keep_drain.tries,
}
# What is counted in seconds, and what is owed of it (issue 4).
OWED = {"message": 2.0, "page": 2.0, "journal": 2.0, "all": 30.0, "silence": 3.0}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.keep", description=__doc__)
    parser.add_argument("fault", nargs="*", choices=[[], *FAULTS], help="all")
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _kept() -> list[dict[str, Any]]:
    return list(json.loads(PATH.read_text())) if PATH.exists() else []


def _write(rows: list[dict[str, Any]]) -> None:
    PATH.parent.mkdir(parents=True, exist_ok=True)
    part = PATH.with_suffix(".part")
    part.write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    part.replace(PATH)


async def _tried(name: str, tries: int, seed: int) -> None:
    """Every try is on disk before the next begins."""
    _write([row for row in _kept() if row["fault"] != name])
    for n in range(tries):
        for outcome in await FAULTS[name](seed + n, 1):
            row = {"fault": name, **asdict(outcome), "load": round(os.getloadavg()[0], 1),
                   "at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())}  # fmt: skip
            _write([*_kept(), row])
            print(line(row), flush=True)


def line(row: dict[str, Any]) -> str:
    numbers = ", ".join(f"{key} {row[key]:.2f}" for key in OWED if key in row)
    wrong = "".join(f"\n    ! {each}" for each in row["faults"])
    return f"{row['fault']} {row['kind']}: {numbers} (load {row['load']}){wrong}"


def table(rows: list[dict[str, Any]]) -> str:
    """For each fault and kind: tries, p95 and worst of each number, tries with something wrong."""
    lines = ["| fault | tries | what | p50 s | p95 s | worst s | owed s | wrong |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for fault, kind in dict.fromkeys((row["fault"], row["kind"]) for row in rows):
        some = [row for row in rows if (row["fault"], row["kind"]) == (fault, kind)]
        wrong = sum(bool(row["faults"]) for row in some)
        for key, owed in OWED.items():
            values = [row[key] for row in some if key in row]
            if values:
                cells = (f"{quantile(values, 0.5):.2f}", f"{quantile(values, 0.95):.2f}",
                         f"{max(values):.2f}", f"{owed:.0f}")  # fmt: skip
                lines.append(f"| {fault}, {kind} | {len(some)} | {key} | {' | '.join(cells)} | "
                             f"{wrong} |")  # fmt: skip
    return "\n".join(lines)


def section() -> list[str]:
    """The part of `docs/faults.md`; empty when nothing was tried."""
    rows = _kept()
    if not rows:
        return []
    loads = sorted(row["load"] for row in rows)
    wrong = [f"- {row['fault']}, {row['kind']}: {each}" for row in rows for each in row["faults"]]
    return [
        "## The server's side", "",
        "`tests/alone python -m tests.faults.keep`. Two people talk meanwhile; `silence` is the"
        " longest either heard nothing. `message`, `page` and `journal`: from the return of the"
        " database, or of room on the disk, until a message is kept, a page shown, and all that"
        " was noted meanwhile stored; `all`: from the first answer of a restarted server until"
        f" the last of {keep_crowd.CLIENTS} pages is back in its call. After each try a checker"
        " reads the history: `wrong` counts tries in which anything acknowledged was missing,"
        " doubled or out of order, or anybody was put out."
        f" Load of the machine: {loads[len(loads) // 2]} (median), {loads[-1]} at most.", "",
        table(rows), "", *wrong, "",
    ]  # fmt: skip


async def main() -> None:
    options = parse()
    for name in options.fault or FAULTS:
        await _tried(name, options.tries, options.seed)
    print(table(_kept()))


if __name__ == "__main__":
    asyncio.run(main())
