"""A browser that never sends feedback."""

import math

import pytest

from media.core.link.aimd import Control
from media.core.link.blind import Blind


def reported(loss: float, trips: list[float | None], rate: float = 100_000) -> float:
    """The rate after reports of this loss and these round trips, a second apart."""
    blind, control = Blind(), Control(rate, 8_000, 1e7, 0.0)
    blind.report(1.0, trips[0], control, 0.0)  # of the time before: no more than a sign of life
    assert control.rate == rate
    for second, trip in enumerate(trips, 1):
        blind.report(loss, trip, control, float(second))
    return control.rate


def test_the_rate_follows_loss() -> None:
    assert reported(0.0, [0.1] * 10) == pytest.approx(100_000 * 1.05**10)
    assert reported(0.019, [0.1]) == 105_000 and reported(0.021, [0.1]) == 100_000
    assert reported(0.099, [0.1] * 10) == 100_000 > reported(0.101, [0.1])
    assert reported(0.2, [0.1] * 2) == pytest.approx(100_000 * 0.9**2)
    assert reported(7.0, [0.1] * 30) == 8_000


def test_it_grows_no_further_than_it_can_know() -> None:
    assert reported(0.0, [0.1] * 100) == 600_000
    assert reported(0.0, [0.1] * 100, rate=1_000_000) == 1_000_000


def test_a_round_trip_that_grows_is_a_queue() -> None:
    assert reported(0.0, [0.1, 0.5]) == pytest.approx(105_000 * 0.85)
    assert reported(0.0, [0.1, 0.3]) == pytest.approx(105_000 * 1.05)
    assert reported(0.0, [None, None]) == pytest.approx(105_000 * 1.05)


def test_feedback_is_waited_for_and_preferred() -> None:
    blind, control = Blind(), Control(100_000, 8_000, 1e7, 0.0)
    assert not blind.counts(2.9, False) and blind.counts(3.0, False)
    assert not blind.counts(14.9, True) and blind.counts(15.0, True)
    blind.report(0.5, 0.1, control, 3.0)
    assert blind.active and not blind.lossy and blind.counts(0.0, True)
    blind.report(0.5, 0.1, control, 4.0)
    assert blind.lossy
    blind.report(math.nan, None, control, 5.0)
    assert control.rate == 75_000
    assert blind.sees(12.9) and not blind.sees(13.1)
