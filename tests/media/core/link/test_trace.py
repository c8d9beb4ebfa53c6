"""Recorded calls decided again."""

import json
from pathlib import Path

import pytest

from media.core.link.estimator import Estimator
from media.core.link.replay import replay
from media.core.link.trace import Trace
from media.core.packets.feedback import FeedbackError
from tests.media.core.thin_call import Kept, ThinCall, steady

TRACES = sorted((Path(__file__).parents[2] / "traces").glob("*.jsonl"))


def test_traces_are_there_and_small() -> None:
    assert len(TRACES) == 4
    assert all(5_000 < path.stat().st_size < 60_000 for path in TRACES)


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_what_was_decided_then_is_decided_today(path: Path) -> None:
    """To change what is decided: see tests/media/record_traces.py."""
    recorded = path.read_text().splitlines(keepends=True)
    today = replay(recorded)
    for number, (then, now) in enumerate(zip(recorded, today, strict=False), 1):
        assert now == then, f"line {number}"
    assert len(today) == len(recorded)


def test_a_call_recorded_now_is_replayed_to_the_letter() -> None:
    kept = Kept()
    call = ThinCall(*steady(100, 0.2, loss=0.03), trace=Trace(kept), seed=5)
    call.run(20)
    assert replay(kept.lines) == kept.lines
    said = [line for line in kept.read() if line[0] == "e"]
    assert said[-1][1] == call.estimator.estimate.bitrate and len(said) > 50


def test_lies_and_odd_times_are_recorded_too() -> None:
    kept = Kept()
    estimator = Estimator(0.0, 50_000, None, trace=Trace(kept))
    estimator.sent(100, 1e300, 3)
    estimator.report(float("nan"), float("inf"), float("-inf"))
    with pytest.raises(FeedbackError):
        estimator.feedback(b"lie", 2.0)
    estimator.tick(float("nan"))
    assert replay(kept.lines) == kept.lines


@pytest.mark.parametrize("line", [["t", 1.0], ["begin", 0, 1], ["x"], ["s", 1.0]])
def test_what_is_no_trace_is_refused(line: list[object]) -> None:
    begin = [] if line[0] == "t" else ['["begin",0.0,1000,null,8000,9000]']
    with pytest.raises(ValueError):
        replay([*begin, json.dumps(line)])
