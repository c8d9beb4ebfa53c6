"""Figures as rows, kept in ``build/figures`` and printed as tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("build/figures")


@dataclass(frozen=True)
class Row:
    """One figure. ``load``: the machine's load average and the share of stalls, beside it."""

    figure: str
    system: str
    profile: str
    value: float | None
    unit: str
    runs: int
    load: str


def load_now() -> str:
    return f"load {os.getloadavg()[0]:.1f}/{os.cpu_count()}"


def write(name: str, rows: Iterable[Row]) -> Path:
    """Rows of these systems and profiles take the place of the earlier ones; others stay."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    new = [asdict(row) for row in rows]
    fresh = {(row["system"], row["profile"]) for row in new}
    old = json.loads(path.read_text()) if path.exists() else []
    kept = [row for row in old if (row["system"], row["profile"]) not in fresh]
    path.write_text(json.dumps(kept + new, indent=1, ensure_ascii=False) + "\n")
    return path


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns stand under each other."""
    every = [list(heads), *(list(line) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    shown = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in every]
    return "\n".join([shown[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *shown[1:]])


def number(value: float | None) -> str:
    """Three digits that count, or a dash."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
