"""What tries are read with: pauses, histories, quantiles; each finds what it is there to find."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import figures, history, recovery
from tests.faults.call import Try
from tests.faults.history import History, Incident
from tests.faults.recovery import PAUSE, STEADY

FAULT = 100.0


def every(step: float, *stretches: tuple[float, float]) -> list[float]:
    """Signs at each step within these stretches of seconds."""
    return [
        begin + n * step for begin, end in stretches for n in range(round((end - begin) / step) + 1)
    ]


def test_whoever_misses_nothing_is_there_at_once() -> None:
    signs = every(0.1, (95, 110))
    assert recovery.regained(signs, FAULT, FAULT, 110) == pytest.approx(0.1)
    assert recovery.longest(signs, FAULT, 110) == 0


def test_a_pause_ends_where_signs_go_on() -> None:
    signs = every(0.1, (95, 100.2), (102.5, 110))
    assert recovery.regained(signs, FAULT, FAULT, 110) == pytest.approx(2.5)
    assert recovery.longest(signs, FAULT, 110) == pytest.approx(2.3)


def test_the_last_pause_counts_not_the_first_sign() -> None:
    signs = every(0.1, (95, 100.2), (101.5, 102), (104, 110))
    assert recovery.regained(signs, FAULT, FAULT, 110) == pytest.approx(4)


def test_what_was_short_before_is_no_pause_and_what_is_too_long_is() -> None:
    for pause, found in ((PAUSE - 0.05, 0), (PAUSE + 0.05, 1)):
        signs = every(0.1, (95, 101), (101 + pause, 110))
        assert len(recovery.pauses(signs, FAULT, 110)) == found


def test_nobody_is_back_before_they_stayed() -> None:
    signs = every(0.1, (95, 100), (103, 105))
    assert recovery.regained(signs, FAULT, FAULT, 103 + STEADY - 0.2) == math.inf
    assert recovery.regained(every(0.1, (95, 100)), FAULT, FAULT, 110) == math.inf
    assert recovery.regained([], FAULT, FAULT, 110) == math.inf


def test_seconds_of_a_cut_count_from_its_end() -> None:
    signs = every(0.1, (95, 100), (106.5, 120))
    assert recovery.regained(signs, FAULT, 105.0, 120) == pytest.approx(1.5)
    assert recovery.regained(every(0.1, (95, 120)), FAULT, 105.0, 120) == 0


WRITTEN = (
    (1, "Dr Claire Morel", "a", "un"),
    (2, "Mireille Couachy", "b", "deux"),
    (3, "Dr Claire Morel", "c", "trois"),
)
STAYS = (("Dr Claire Morel", 10.0, None), ("Mireille Couachy", 20.0, None))
WELL = History(WRITTEN, STAYS, (Incident("cut", "Mireille Couachy", 100.0, 131.0),))
LOGS = {"clinician": ["un", "deux", "trois"], "guest": ["un", "deux", "trois"]}


def test_a_whole_history_has_no_complaint() -> None:
    assert history.complaints(WELL, ["un", "deux", "trois"], LOGS) == []
    assert history.cut_written(WELL, "Mireille Couachy", 100, 130) == []


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (replace(WELL, messages=WRITTEN[:2]), "lost"),
        (replace(WELL, messages=(*WRITTEN, (4, "Dr Claire Morel", "d", "trois"))), "2 times"),
        (replace(WELL, messages=(*WRITTEN, (4, "Dr Claire Morel", "c", "quatre"))), "one id"),
        (replace(WELL, messages=(*WRITTEN, (5, "Dr Claire Morel", "e", "cinq"))), "hole"),
        (replace(WELL, stays=(*STAYS, STAYS[1])), "2 stays"),
        (replace(WELL, stays=(STAYS[0], ("Mireille Couachy", 20.0, 90.0))), "left"),
    ],
)
def test_what_is_lost_doubled_or_torn_is_complained_of(told: History, word: str) -> None:
    found = history.complaints(told, ["un", "deux", "trois"], {})
    assert any(word in each for each in found), found


@pytest.mark.parametrize("shown", [["un", "deux"], ["un", "deux", "deux", "trois"], ["deux", "un"]])
def test_a_page_that_shows_anything_else_is_complained_of(shown: list[str]) -> None:
    (found,) = history.complaints(WELL, [], {"guest": shown})
    assert "guest reads" in found


@pytest.mark.parametrize(
    "incidents",
    [
        (),
        WELL.incidents * 2,
        (replace(WELL.incidents[0], seat="Dr Claire Morel"),),
        (replace(WELL.incidents[0], started=104.0),),
        (replace(WELL.incidents[0], ended=None),),
        (replace(WELL.incidents[0], ended=150.0),),
    ],
)
def test_a_cut_is_one_incident_with_its_times(incidents: tuple[Incident, ...]) -> None:
    told = replace(WELL, incidents=incidents)
    assert len(history.cut_written(told, "Mireille Couachy", 100, 130)) == 1


def test_a_history_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "carbet.sqlite"
    with sqlite3.connect(path) as base:
        base.executescript("""
            CREATE TABLE seats (id, name);
            CREATE TABLE messages (consultation_id, number, seat_id, client_id, text);
            CREATE TABLE attendances (consultation_id, seat_id, entered_at, left_at);
            CREATE TABLE incidents (consultation_id, seat_id, kind, started_at, ended_at);
            INSERT INTO seats VALUES ('s', 'Mireille Couachy');
            INSERT INTO messages VALUES ('c', 1, 's', 'a', 'un'), ('other', 1, 's', 'a', 'non');
            INSERT INTO attendances VALUES ('c', 's', '1970-01-01 00:00:20.000000', NULL);
            INSERT INTO incidents VALUES
              ('c', 's', 'cut', '1970-01-01 00:01:40.000000', '1970-01-01 00:02:11.000000'),
              ('c', NULL, 'worker_lost', '1970-01-01 00:05:00.000000', NULL);
        """)
    told = history.read(path, "c")
    assert told.messages == ((1, "Mireille Couachy", "a", "un"),)
    assert told.stays == (STAYS[1],)
    assert told.incidents == (*WELL.incidents, Incident("worker_lost", "", 300.0, None))


def test_p95_is_a_value_that_was_measured() -> None:
    thirty = [float(n) for n in range(1, 31)]
    assert figures.quantile(thirty, 0.5) == 15
    assert figures.quantile(thirty, 0.95) == 29
    assert figures.quantile([7.0], 0.95) == 7


def one(seconds: float, *complaints: str) -> Try:
    return Try("reload", 1, "guest", seconds, {}, {}, {}, list(complaints), {})


def test_a_summary_counts_what_never_came_back_and_what_was_complained_of(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    for seconds in (1.0, 2.0):
        figures.keep(path, one(seconds), 0.0)
    assert figures.summary(figures.read(path), "reload")["met"]
    figures.keep(path, one(math.inf), 1.5)
    figures.keep(path, one(1.0, "acknowledged and lost: 'un'"), 0.0)
    told = figures.summary(figures.read(path), "reload")
    assert (told["tries"], told["met"], told["complaints"], told["stalled"]) == (4, False, 1, 1.5)
    figures.begin(path, {"reload"})
    assert json.loads(path.read_text()) == []
