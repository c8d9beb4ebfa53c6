"""The page of figures: what is owed is judged by what was measured, nothing is left to a pen."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.lab import figures, profiles, report, series
from tests.lab.__main__ import COLUMNS
from tests.lab.figures import Row
from tests.lab.owed import OWED, Comparison, Owed, compared, judged
from tests.lab.reading import Figure
from tests.lab.series import Run

OVER = Owed("vsat", "", ("up concealed", "down concealed"), "%", 2, 1)
USED = Owed("vsat", "", ("up link used",), "%", 80, 85, least=True)


def both(up: float | None, down: float | None) -> dict[tuple[str, str, str], float | None]:
    return {("vsat", "carbet", "up concealed"): up, ("vsat", "carbet", "down concealed"): down}


@pytest.mark.parametrize(
    ("up", "down", "verdict"),
    [(0.5, 1, "aim"), (0.5, 1.5, "met"), (0.5, 2.1, "missed"), (0.5, None, "missed")],
)
def test_both_ways_are_judged_by_the_worse(up: float, down: float | None, verdict: str) -> None:
    assert judged(OVER, both(up, down)) == verdict


def test_what_must_be_much_is_judged_from_below_and_what_was_not_measured_not_at_all() -> None:
    for used, verdict in ((86, "aim"), (80, "met"), (79, "missed")):
        assert judged(USED, {("vsat", "carbet", "up link used"): used}) == verdict
    assert judged(USED, both(1, 1)) is None
    assert judged(OVER, {("vsat", "direct", "up concealed"): 1}) is None


def test_an_aim_alone_is_not_owed() -> None:
    alone = Owed("vsat", "", ("up concealed",), "%", None, 1)
    assert [judged(alone, both(value, 0)) for value in (1, 1.1)] == ["aim", "short"]


@pytest.mark.parametrize(("fps", "said"), [(6.0, "not needed"), (4.0, "**missed**")])
def test_what_stands_instead_is_not_needed_where_the_other_is_met(fps: float, said: str) -> None:
    told = {("edge", "carbet", "up fps"): fps, ("edge", "carbet", "up still every"): 9.0}
    (line,) = [line for line in report.owed_table(told).splitlines() if "or a still each" in line]
    assert line.split("|")[6].strip() == said


def test_changes_of_rung_are_owed_on_every_link() -> None:
    seen = {"vsat": (3.9, 0.0), "edge": (0.0, 4.0)}
    told: dict[tuple[str, str, str], float | None] = {
        (link, "carbet", f"{way} changes"): value
        for link, values in seen.items()
        for way, value in zip(("up", "down"), values, strict=True)
    }
    lines = report.changes(told, ["vsat", "edge", "16"]).splitlines()[2:]
    assert [line.split("|")[4].strip() for line in lines] == ["met", "**missed**"]


def test_every_owed_figure_is_one_that_is_measured() -> None:
    assert {owed.profile for owed in OWED} <= set(profiles.load())
    for owed in OWED:
        for figure in owed.figures:
            assert figure.split()[0] in ("up", "down")
            assert any(figure.endswith(f" {name}") for name in COLUMNS), figure


def test_the_best_of_the_others_is_the_measure() -> None:
    told: dict[tuple[str, str, str], float | None] = {
        ("vsat", "carbet", "up concealed"): 0.9, ("vsat", "direct", "up concealed"): 0.3,
        ("vsat", "tuned", "up concealed"): 2, ("vsat", "carbet", "up unseen"): None,
        ("vsat", "janus", "up frozen"): 30, ("vsat", "carbet", "up first picture"): 2,
        ("vsat", "direct", "up first picture"): None, ("vsat", "direct", "down unseen"): 1,
    }  # fmt: skip
    found = {c.figure: (c.best, c.by, c.verdict) for c in compared("vsat", told)}
    assert found == {
        "up concealed": (0.3, "direct", "worse"),
        "up unseen": (30, "janus", "worse"),
        "up first picture": (None, "direct", "better"),
    }


@pytest.mark.parametrize(
    ("own", "best", "verdict"),
    [(1.0, 0.6, "equal"), (1.2, 0.6, "worse"), (0.6, 1.2, "better"), (None, None, "equal")],
)
def test_small_differences_are_none(own: float | None, best: float, verdict: str) -> None:
    assert Comparison("up concealed", own, best, "direct").verdict == verdict


def test_the_page_is_made_from_the_figures_and_keeps_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    held = {"chromium": "Chromium 1", "commit": "abc", "at": "2026", "seconds": 45.0}
    read = (Figure("up concealed", 0.5, "%"), Figure("down concealed", 3.25, "%"))
    for system in ("carbet", "direct"):
        series.keep("vsat", system, [Run(read, 0.1, "load 1.0/4", held=held)])
    figures.write("estimator", [Row("one message", "carbet", "vsat", 41, "µs", 5, "load 1")])
    made = report.page(f"{report.TITLE}\nSome words.\n\n{report.FIRST}\n\nold figures 77\n")
    assert made.startswith(f"{report.TITLE}\nSome words.\n\n{report.FIRST}\n")
    assert "old figures 77" not in made
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in made.splitlines()]
    assert ["vsat", "speech concealed", "≤ 1 %", "", "0.5 / 3.25", "**missed**"] in cells
    assert ["", "carbet", "0.5 / 3.25", "1", "load 1.0/4, stall 0.1 %"] in cells
    assert ["vsat", "one message", "41 µs", "5", "load 1"] in cells
    assert "Chromium 1" in made and "Carbet at abc" in made and "Calls of 45 s" in made
    assert report.page(made) == made
    assert asdict(series.kept("vsat", "carbet")[0])["held"] == held
