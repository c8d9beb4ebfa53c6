"""Every attack, or those whose numbers are given, on a Carbet of its own.

Prints a table and writes `build/figures/attacks.json`. Exits with 1 when a promise did not hold.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.attacks import media, refusals, signalling
from tests.attacks.catalogue import ATTACKS, Attack, Found
from tests.attacks.scene import Scene, a_scene

assert media and refusals and signalling  # they register their attacks
FIGURES = Path("build/figures/attacks.json")


async def struck(scene: Scene, attack: Attack, seconds: float) -> dict[str, Any]:
    """One attack; its row of the table. An attack that cannot be carried out did not hold."""
    load = os.getloadavg()[0]
    try:
        found = await attack.strike(scene, seconds)
        await scene.still_talking()
    except Exception as error:
        found = Found(f"not carried out: {error!r}", broken=["it could be carried out"])
    if found.toll is not None:
        share = f"at least {attack.kept:.0%} of the others' sound kept"
        found.reach(share, found.toll.kept >= attack.kept)
        found.owe("nothing of ours fails", not found.toll.counts.get("failed_internally"))
    row = {"number": attack.number, "name": attack.name, "owed": attack.kept, "load": load}
    return row | asdict(found)


def told(row: dict[str, Any]) -> str:
    """A row as a line, with what did not hold below it."""
    toll = row["toll"] or {"kept": float("nan"), "silence": float("nan")}
    held = "held" if not row["broken"] + row["slow"] else "NOT HELD"
    line = (f"{row['number']:>3}  {row['name']:<52.52} {held:<8} kept {toll['kept']:6.1%} "
            f"silence {toll['silence']:.2f} s  {row['said']}")  # fmt: skip
    return "\n".join([line, *(f"       not: {each}" for each in row["broken"] + row["slow"])])


def keep(rows: list[dict[str, Any]]) -> None:
    """Writes these rows in the place of older ones of their numbers."""
    kept = json.loads(FIGURES.read_text())["attacks"] if FIGURES.exists() else []
    fresh = {row["number"] for row in rows}
    every = [row for row in kept if row["number"] not in fresh] + rows
    order = [attack.number for attack in ATTACKS]
    every.sort(key=lambda row: order.index(row["number"]))
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps({
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cores": os.cpu_count(),
        "load": os.getloadavg()[0], "attacks": every,
    }, indent=1))  # fmt: skip


async def strike(numbers: list[str], share: float) -> list[dict[str, Any]]:
    """The rows of these attacks, of all without any; each is written when it is known."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        async with a_scene(Path(folder)) as scene:
            for attack in ATTACKS:
                if not numbers or attack.number in numbers:
                    rows.append(await struck(scene, attack, attack.seconds * share))
                    print(told(rows[-1]), flush=True)
                    keep(rows)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("numbers", nargs="*", help="1, 2, … 14; 6a")
    parser.add_argument("--share", type=float, default=1.0, help="of each attack's length")
    options = parser.parse_args()
    rows = asyncio.run(strike(options.numbers, options.share))
    return 1 if any(row["broken"] + row["slow"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
