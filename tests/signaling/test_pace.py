"""The pace of a still's parts: the rate, what is under way, and what answers tell."""

import re
from pathlib import Path

import pytest

from signaling import pace, pacing
from signaling.pace import NEVER, Pace
from signaling.pacing import Way

PAGE = Path(__file__).parents[2] / "web/static/js/call/still_pace.js"
PART = 4_000.0


def begun(spare: float, pressing: bool = False) -> Pace:
    made = Pace(0.0)
    made.turn(Way(spare, spare), pressing, 0.0)
    return made


def answered(made: Pace, at: float, took: float) -> None:
    made.came(made.leave(PART, at), at + took)


def test_what_was_sent_is_paid_for_by_the_rate() -> None:
    made = begun(8_000)
    assert made.wait(0.0) == 0
    made.came(made.leave(PART, 0.0), 0.1)
    assert made.wait(0.1) == pytest.approx(0.4)
    assert made.wait(0.3) == pytest.approx(0.2)
    assert made.wait(0.5) == made.wait(60.0) == 0


def test_no_more_is_under_way_than_the_link_holds_and_one_part() -> None:
    made = begun(8_000)
    first = made.leave(PART, 0.0)
    assert made.wait(0.5) == 0, "half a second of the rate is there, and no more"
    second = made.leave(PART, 0.5)
    assert made.wait(0.8) == NEVER
    made.came(first, 0.9)
    assert made.wait(1.0) == 0, "the way took 0.9 s, and holds as much"
    made.lost(second)
    made.leave(PART, 1.0)
    made.leave(PART, 1.5)
    assert made.wait(2.0) == NEVER


def test_an_answer_that_is_late_is_waited_for() -> None:
    made = begun(64_000)
    answered(made, 0.0, 0.6)
    made.leave(PART, 1.0)
    assert made.wait(2.0) == 0
    assert made.wait(2.2) == NEVER


def test_nothing_spared_is_never_but_for_what_somebody_waits_for() -> None:
    assert begun(0).wait(99.0) == NEVER
    assert begun(0, pressing=True).wait(0.0) == 0
    assert begun(0, pressing=True).rate == 5_000
    assert begun(1_000, pressing=True).rate == 10_000
    made = begun(0, pressing=True)
    answered(made, 0.0, 0.6)
    made.turn(Way(0.0, 0.0), True, 1.0)
    assert made.rate == pytest.approx(6_000), "it begins there, and grows"
    assert begun(20_000, pressing=True).rate == 20_000


def test_what_somebody_waits_for_does_not_pay_for_what_left_before() -> None:
    made = begun(1_000)
    made.came(made.leave(8_000.0, 0.0), 0.5)
    assert made.wait(0.5) == pytest.approx(7.5)
    made.turn(Way(1_000, 1_000), True, 0.5)
    assert made.wait(0.5) == 0


def test_prompt_answers_raise_a_pressing_rate_and_late_ones_lower_it() -> None:
    made = begun(1, pressing=True)
    answered(made, 0.0, 0.6)
    assert made.rate == pytest.approx(12_000)
    answered(made, 1.0, 0.675)
    assert made.rate == pytest.approx(12_000 * 1.1)
    before = made.rate
    answered(made, 2.0, 0.8)
    assert made.rate == before, "a little later tells nothing"
    answered(made, 3.0, 0.95)
    assert made.rate == pytest.approx(before * 0.75)
    answered(made, 3.1, 0.95)
    assert made.rate == pytest.approx(before * 0.75), "once for each way there and back"
    before = made.rate
    answered(made, 5.0, 1.2)
    assert made.rate == pytest.approx(before / 2), "far too late"
    for n in range(15):
        answered(made, 10.0 + 2 * n, 1.9)
    assert made.rate == 1_500
    for n in range(80):
        answered(made, 100.0 + 2 * n, 0.6)
    assert made.rate == 64_000


def test_a_queue_that_stood_before_is_no_long_way() -> None:
    """A satellite, there and back, takes less than 1.2 s with a part: what takes longer waits."""
    made = begun(1_000, pressing=True)
    answered(made, 0.0, 1.55)
    assert made.rate == pytest.approx(7_500)
    answered(made, 3.0, 1.2)
    assert made.rate == pytest.approx(9_000)
    assert begun(1_000).rate == 1_000


def test_what_is_spared_is_given_up_while_answers_are_late_and_taken_again() -> None:
    made = begun(20_000)
    answered(made, 0.0, 0.6)
    assert made.rate == 20_000, "never more than is spared"
    answered(made, 1.0, 1.0)
    assert made.rate == pytest.approx(15_000)
    for n in range(15):
        answered(made, 5.0 + 2 * n, 1.9)
    assert made.rate == pytest.approx(2_000)
    for n in range(40):
        answered(made, 100.0 + 2 * n, 0.6)
    assert made.rate == 20_000


def test_a_page_does_upward_what_the_server_does_downward() -> None:
    """The two cannot share a line; so their figures are compared."""
    text = PAGE.read_text("utf-8").replace("_", "")

    def figures(name: str) -> list[float]:
        found = re.search(rf"^(?:export )?const {name} = (.*);$", text, re.MULTILINE)
        assert found, name
        return [float(each) for each in re.findall(r"[\d.]+", found[1])]

    assert figures("OVERHEAD") == [pacing.OVERHEAD]
    assert figures("PART") == [pacing.LEAST, pacing.PART]
    assert figures("PARTSECONDS") == [pacing.HELD_UP]
    assert figures("FIRSTTRIP") + figures("LONGESTTRIP") == [pace.FIRST_TRIP, pace.LONGEST_TRIP]
    assert figures("TRIPS") + figures("LATE") + figures("EASED") == [
        pace.TRIPS, pace.LATE, pace.EASED,
    ]  # fmt: skip
    assert figures("PRESSED") == [
        pace.PRESSED, pace.POOR, pace.PRESSED_LEAST, pace.PRESSED_MOST,
    ]  # fmt: skip
    assert figures("STEP") == [pace.UP, pace.DOWN, pace.FAR_DOWN]
    assert figures("QUEUE") == [pace.CALM, pace.BUSY, pace.DEEP]
