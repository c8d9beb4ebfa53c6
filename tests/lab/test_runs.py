"""Medians, tables and hand tuning: small things a table of figures must not get wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import __main__ as command
from tests.lab import figures, series
from tests.lab.__main__ import shown
from tests.lab.emulator import Way
from tests.lab.figures import Row, number, write
from tests.lab.profiles import Profile, load
from tests.lab.reading import Figure
from tests.lab.series import Run, median, rows
from tests.lab.tuning import Tuning, tuned


def test_what_was_never_reached_is_worse_than_what_was() -> None:
    assert median([3.0, 1.0, 2.0]) == 2
    assert median([None, 1.0, 2.0]) == 2
    assert median([None, None, 1.0]) is None
    assert median([]) is None


def run(value: float | None, stalled: float, **more: Any) -> Run:
    return Run((Figure("up fps", value, "1/s"),), stalled, "load 1.0/4", **more)


def test_rows_carry_the_worst_host_beside_the_median() -> None:
    made = rows("vsat", "carbet", [run(9, 0.1), run(11, 5.2), run(10, 0.3)])
    assert made == [Row("up fps", "carbet", "vsat", 10, "1/s", 3, "load 1.0/4, stall 5.2 % SPOILT")]
    assert "| vsat    | carbet | 10  | load 1.0/4, stall 5.2 % SPOILT |" in shown(made)


def test_ways_stand_side_by_side_and_parts_on_lines_of_their_own() -> None:
    names = ("up fps", "down fps", "up dip fps", "down dip fps", "second up fps")
    told = shown([Row(name, "carbet", "step", n, "1/s", 1, "") for n, name in enumerate(names)])
    cells = [[cell.strip() for cell in line.split("|")[1:4]] for line in told.splitlines()[2:]]
    assert cells == [
        ["step", "carbet", "0 / 1"],
        ["step dip", "carbet", "2 / 3"],
        ["step second", "carbet", "4"],
    ]


def test_new_rows_take_the_place_of_their_own_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    old = [Row("fps", system, "vsat", 1, "1/s", 3, "") for system in ("carbet", "direct")]
    write("lab", old)
    write("lab", [Row("fps", "carbet", "vsat", 2, "1/s", 3, "")])
    kept = json.loads((tmp_path / "lab.json").read_text())
    assert {(row["system"], row["value"]) for row in kept} == {("direct", 1), ("carbet", 2)}


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0"), (1234.5, "1234"), (12.345, "12.3")]
)
def test_numbers_show_what_counts(value: float | None, text: str) -> None:
    assert number(value) == text


def test_hands_tune_to_the_link() -> None:
    assert tuned(Way(rate=((0, 128),)), 60) == Tuning(16_000, 60, 82_800, 240)
    assert tuned(Way(rate=((0, 64),)), 60) == Tuning(16_000, 60, 30_000, 160)
    assert tuned(Way(rate=((0, 16),)), 60) == Tuning(6_000, 120, 0, 0)
    assert tuned(Way(rate=((0, 128),)), 60, others=2).video == 30_000
    assert tuned(Way(rate=((0, 1000), (30, 100))), 60).width == 480


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(figures, "FOLDER", tmp_path / "figures")
    monkeypatch.setattr(command, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(command, "LEFT_TO_OTHERS", 0.0)
    return tmp_path


def held(monkeypatch: pytest.MonkeyPatch, seeds: range, resume: bool, **runs: Any) -> list[int]:
    """The seeds of the calls held for these seeds of a series."""
    made: list[int] = []

    def measured(profile: Profile, system: str, seed: int, keep: bool) -> Run:
        made.append(seed)
        if seed == runs.get("fails"):
            raise RuntimeError("no browser")
        lasting = {"seconds": profile.seconds}
        return run(seed, 0.0, seed=seed, held=lasting, trouble=runs.get("trouble", ""))

    monkeypatch.setattr(command, "measured", measured)
    command.series_of(load()["vsat"], "janus", seeds, resume, keep=False)
    return made


def test_a_series_goes_on_where_it_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert held(monkeypatch, range(1, 3), resume=False) == [1, 2]
    assert held(monkeypatch, range(1, 4), resume=True) == [3]
    kept = series.kept("vsat", "janus")
    assert [one.seed for one in kept] == [1, 2, 3]
    (row,) = json.loads((folder / "figures/lab.json").read_text())
    assert (row["value"], row["runs"]) == (2, 3)
    assert held(monkeypatch, range(5, 6), resume=False) == [5]
    assert [one.seed for one in series.kept("vsat", "janus")] == [5]


def test_a_run_of_another_length_is_not_resumed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series.keep("vsat", "janus", [run(1, 0.0, seed=1, held={"seconds": 10.0})])
    assert held(monkeypatch, range(1, 2), resume=True) == [1]


def test_a_run_that_fails_loses_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert held(monkeypatch, range(1, 4), resume=False, fails=2) == [1, 2, 3]
    assert [one.seed for one in series.kept("vsat", "janus")] == [1, 3]


def test_what_twice_did_not_begin_is_not_asked_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert held(monkeypatch, range(1, 4), resume=False, trouble="did not begin") == [1, 2]


def test_figures_are_joined_by_name() -> None:
    more = Run((Figure("up width", 9, "px"), Figure("up fps", 3, "1/s")), 0, "", seed=2)
    made = {row.figure: row.value for row in rows("vsat", "carbet", [run(1, 0), more])}
    assert made == {"up fps": 2, "up width": None}
