"""Tries on disk and what they come to: p50 and p95 of each fault."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.call import Try
from tests.faults.catalogue import FAULTS

PATH = Path("build/figures/faults.json")


def failed(fault: str, seed: int, error: Exception) -> Try:
    """A try that could not be seen to its end counts as one nobody came back from."""
    said = f"{type(error).__name__}: {error}"[:300]
    return Try(fault, seed, "", math.inf, {}, {}, {}, [said], {})


def read(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text())) if path.exists() else []


def begin(path: Path, names: Collection[str]) -> None:
    """These faults are measured anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, [row for row in read(path) if row["fault"] not in names])


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    part.replace(path)


def keep(path: Path, one: Try, stalled: float) -> None:
    """Add a try, with the host's load and how much of its time the host stood still, in percent."""
    machine = {"load": round(os.getloadavg()[0], 2), "stalled": round(stalled, 2)}
    row = asdict(one) | machine | {"at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime())}
    write(path, [*read(path), row])


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Of one fault that was tried at least once."""
    of_it = [row for row in rows if row["fault"] == name]
    seconds = [row["seconds"] for row in of_it]
    owed = FAULTS[name].owed
    return {
        "fault": name,
        "tries": len(of_it),
        "p50": quantile(seconds, 0.5),
        "p95": quantile(seconds, 0.95),
        "worst": max(seconds),
        "owed": owed,
        "met": quantile(seconds, 0.95) <= owed,
        "complaints": sum(bool(row["complaints"]) for row in of_it),
        "load": round(max(row["load"] for row in of_it), 1),
        "stalled": round(max(row["stalled"] for row in of_it), 1),
    }


def line(one: Try) -> str:
    parts = ", ".join(f"{key} {value:.2f}" for key, value in one.parts.items())
    asides = "".join(f"; {key} {value:.2f}" for key, value in one.asides.items())
    wrong = "".join(f"\n    ! {each}" for each in one.complaints)
    return f"{one.fault} {one.seed} ({one.victim}): {one.seconds:.2f} s ({parts}{asides}){wrong}"


def table(path: Path) -> str:
    rows = read(path)
    lines = [f"{'fault':18}{'tries':>6}{'p50':>7}{'p95':>7}{'worst':>7}{'owed':>6}"]
    for name in FAULTS:
        if any(row["fault"] == name for row in rows):
            s = summary(rows, name)
            mark = "" if s["met"] and not s["complaints"] else "  missed"
            lines.append(
                f"{name:18}{s['tries']:6}{s['p50']:7.2f}{s['p95']:7.2f}{s['worst']:7.2f}"
                f"{s['owed']:6.1f}{mark}"
            )
    return "\n".join(lines)
