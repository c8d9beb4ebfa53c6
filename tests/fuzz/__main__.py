"""Fuzzes every target to its number of inputs, in pieces, and goes on where it was ended.

`python -m tests.fuzz [--processes N] [--inputs N] [targets]`. Writes `build/figures/fuzz.json`
after each piece; what was found to reach new code gathers in `build/fuzz`, and `--keep` puts the
smallest set of it that reaches as much beside the tests. Exits with 1 when a promise broke.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from tests.fuzz.catalogue import TARGETS

FIGURES = Path("build/figures/fuzz.json")
FOUND = Path("build/fuzz")
KEPT = Path(__file__).with_name("corpus")
PIECE = 500_000
MEMORY = 512  # MB, beyond which a run is ended
NICE = 19
_lock = Lock()


def seeded(name: str) -> list[str]:
    """The folders a target begins from, the first of which grows."""
    grows, kept, seeds = FOUND / name, KEPT / name, FOUND / "seeds" / name
    for folder in (grows, kept, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds()):
        (seeds / f"{number:02}").write_bytes(seed)
    return [str(grows), str(kept), str(seeds)]


def run(
    name: str, *flags: str, folders: list[str] | None = None, itself: Path | None = None
) -> tuple[int, str]:
    """One process of libFuzzer: its end, what it told. `itself`: by which it starts itself."""
    FOUND.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz.run", name, f"-max_len={TARGETS[name].long}",
            f"-rss_limit_mb={MEMORY}", f"-artifact_prefix={FOUND}/broken-{name}-", "-timeout=10",
            *flags, *(seeded(name) if folders is None else folders),
        ],
        env=os.environ | ({"CARBET_FUZZ_ITSELF": str(itself.absolute())} if itself else {}),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
        preexec_fn=lambda: os.nice(NICE - os.nice(0)),
    )  # fmt: skip
    return done.returncode, done.stderr


def read(told: str) -> dict[str, float]:
    """Inputs tried, MB held at first and at last, places reached."""
    held = [int(size) for size in re.findall(r"rss: (\d+)Mb", told)]
    reached = [int(count) for count in re.findall(r"cov: (\d+)", told)]
    done = re.search(r"Done (\d+) runs in (\d+) second", told)
    return {
        "inputs": int(done[1]) if done else 0,
        "seconds": int(done[2]) if done else 0,
        "held_first": held[0] if held else 0,
        "held_last": held[-1] if held else 0,
        "reached": max(reached, default=0),
    }


def state() -> dict[str, Any]:
    """What was done so far."""
    return json.loads(FIGURES.read_text()) if FIGURES.exists() else {}


def note(name: str, piece: dict[str, float], broken: str) -> dict[str, Any]:
    """Adds a piece to what was done."""
    with _lock:
        every = state()
        row = every.setdefault(name, {"inputs": 0, "seconds": 0, "grew": 0, "broken": []})
        row["inputs"] += piece["inputs"]
        row["seconds"] += piece["seconds"]
        row["grew"] = max(row["grew"], piece["held_last"] - piece["held_first"])
        row["held"], row["reached"] = piece["held_last"], piece["reached"]
        row["at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        row["broken"] += [broken] if broken else []
        FIGURES.parent.mkdir(parents=True, exist_ok=True)
        FIGURES.write_text(json.dumps(every, indent=1, sort_keys=True))
    return row


def fuzz(name: str, inputs: int) -> None:
    """Piece after piece, until the target has seen as many."""
    done = state().get(name, {"inputs": 0, "broken": []})
    while done["inputs"] < inputs and not done["broken"]:
        code, told = run(name, f"-runs={min(PIECE, inputs - done['inputs'])}")
        piece = read(told)
        done = note(name, piece, told[-4000:] if code else "")
        rate = piece["inputs"] / max(1, piece["seconds"])
        print(f"{name:<10} {done['inputs']:>10,} inputs, {rate:,.0f}/s, {piece['held_last']:.0f} MB"
              + (f"\n{told[-3000:]}" if code else ""), flush=True)  # fmt: skip


def keep(name: str) -> None:
    """The smallest set of inputs that reaches what all found inputs reach."""
    folder = KEPT / name
    before = seeded(name)
    smallest = FOUND / f"smallest-{name}"
    smallest.mkdir(parents=True, exist_ok=True)
    for each in smallest.iterdir():
        each.unlink()
    itself = FOUND / f"run-{name}"
    itself.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.fuzz.run {name} "$@"\n')
    itself.chmod(0o700)
    code, told = run(name, "-merge=1", folders=[str(smallest), *before], itself=itself)
    assert code == 0 and any(smallest.iterdir()), told[-3000:]
    for each in folder.iterdir():
        each.unlink()
    for each in sorted(smallest.iterdir()):
        each.rename(folder / each.name[:16])
    print(f"{name:<10} {len(list(folder.iterdir()))} inputs kept")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=", ".join(TARGETS))
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--inputs", type=int, default=0, help="instead of what each is owed")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    with ThreadPoolExecutor(options.processes) as pool:
        list(
            pool.map(
                keep if options.keep else lambda n: fuzz(n, options.inputs or TARGETS[n].inputs),
                names,
            )
        )
    return 1 if any(row["broken"] for row in state().values()) else 0


if __name__ == "__main__":
    sys.exit(main())
