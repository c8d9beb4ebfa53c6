"""Runs kept as they end, and the medians told from them: a series that is stopped loses one run.

Every run is in ``build/figures/lab-runs.json`` with what it was held with; the medians of each
profile and system stand in ``lab.json`` after each run. A new series of a profile and system takes
the place of its earlier runs; a resumed one adds those that are missing.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.lab import figures
from tests.lab.figures import Row
from tests.lab.reading import Figure
from tests.lab.stall import WORST

NAME = "lab-runs"


@dataclass(frozen=True)
class Run:
    """One call's figures and the state of the host during it. ``held``: when, how long, and with
    which versions."""

    figures: tuple[Figure, ...]
    stalled: float
    load: str
    trouble: str = ""
    seed: int = 1
    held: Mapping[str, Any] = field(default_factory=dict)

    def host(self) -> str:
        spoilt = " SPOILT" if self.stalled > WORST else ""
        trouble = f", {self.trouble}" if self.trouble else ""
        return f"{self.load}, stall {self.stalled:.1f} %{spoilt}{trouble}"


def median(values: Sequence[float | None]) -> float | None:
    """What was never reached counts as worse than anything reached."""
    reached = sorted(value for value in values if value is not None)
    if len(reached) * 2 <= len(values):
        return None
    return statistics.median([*reached, *[reached[-1]] * (len(values) - len(reached))])


def rows(profile: str, system: str, runs: Sequence[Run]) -> list[Row]:
    """One row for each figure, its worst host beside it."""
    worst = max(runs, key=lambda run: (bool(run.trouble), run.stalled))
    told = [{figure.name: figure.value for figure in run.figures} for run in runs]
    return [
        Row(
            figure.name, system, profile,
            median([values.get(figure.name) for values in told]),
            figure.unit, len(runs), worst.host(),
        )
        for figure in runs[-1].figures
    ]  # fmt: skip


def _path() -> Path:
    return figures.FOLDER / f"{NAME}.json"


def _told(entry: Mapping[str, Any]) -> Run:
    raw = entry["run"]
    return Run(**{**raw, "figures": tuple(Figure(**figure) for figure in raw["figures"])})


def _entries() -> list[dict[str, Any]]:
    path = _path()
    entries: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return entries


def kept(profile: str, system: str) -> list[Run]:
    """The runs of the last series of this profile and system, in the order they were held."""
    return [_told(e) for e in _entries() if (e["profile"], e["system"]) == (profile, system)]


def keep(profile: str, system: str, runs: Sequence[Run]) -> list[Row]:
    """These are the runs of this profile and system so far: kept, and their medians written.

    The file is replaced as a whole, so that whoever is stopped leaves the earlier one.
    """
    others = [e for e in _entries() if (e["profile"], e["system"]) != (profile, system)]
    new = [{"profile": profile, "system": system, "run": asdict(run)} for run in runs]
    figures.FOLDER.mkdir(parents=True, exist_ok=True)
    _replace(_path(), [*others, *new])
    made = rows(profile, system, runs)
    figures.write("lab", made)
    return made


def _replace(path: Path, entries: Iterable[Any]) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(list(entries), ensure_ascii=False) + "\n")
    os.replace(beside, path)
