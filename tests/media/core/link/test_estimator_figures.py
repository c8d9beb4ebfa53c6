"""Each figure by which the estimator falls, grows or believes, from just beside it."""

import pytest

from media.core.link.delay import Use
from media.core.link.estimator import Estimator
from media.core.link.rate import AcknowledgedRate, Rate
from tests.media.core.link.test_estimator import talk


@pytest.mark.parametrize(("waited", "falls"), [(0.049, False), (0.051, True)])
def test_a_trend_is_believed_when_packets_waited(waited: float, falls: bool) -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 3.0)
    estimator._delay.trendline.use = Use.OVER
    estimator._delay.latest = waited
    before = estimator._control.rate
    estimator._queues(now + 5)
    assert (estimator._control.rate < before) is falls


@pytest.mark.parametrize(("stands", "falls"), [(0.099, False), (0.101, True)])
def test_a_tenth_of_a_second_of_queue_is_too_much(stands: float, falls: bool) -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 3.0)
    estimator._delay.queue = estimator._delay.latest = stands
    before = estimator._control.rate
    estimator._queues(now + 5)
    assert (estimator._control.rate < before) is falls


def test_a_link_full_carries_what_arrived_and_what_it_lost_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last quarter second is believed where it tells of a step."""
    acked = AcknowledgedRate()
    assert acked.full(0.2) is None
    short = Rate(71_000.0, 72_000.0)
    monkeypatch.setattr(acked, "value", lambda: Rate(100_000.0, 120_000.0))
    monkeypatch.setattr(acked, "short", lambda: short)
    assert acked.full(0.2) == pytest.approx((125_000, 150_000))
    short = Rate(69_000.0, 72_000.0)
    assert acked.full(0.2) == pytest.approx((86_250, 90_000))


def test_a_limit_told_by_losses_is_kept_a_little_below() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    estimator._loss.limit, estimator._loss.blamed = 200_000.0, True
    estimator._lossy(1.0)
    assert estimator._control.rate == pytest.approx(190_000)
    assert estimator._control.capacity == 200_000


def test_losses_without_arrivals_count_as_packets_of_a_usual_size() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    for n in range(5):
        estimator.sent(1200, n / 100)
    estimator.feedback(b"\0\0" + b"\0\5" + b"\0\0\1\0" + b"\0\5", 1.0)
    assert estimator._loss._lost == 5 and estimator._loss._bits == 10_000


def test_the_best_rate_is_forgotten_by_a_tenth_a_second() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 5.0)
    best = estimator._best
    estimator._carried = 0.0
    for n in range(1, 21):
        estimator._heard(0.1, now + n / 10)
    assert estimator._best == pytest.approx(best * 0.99**20, rel=0.01)


def test_what_is_told_shows_after_a_round_trip_and_a_tenth() -> None:
    assert Estimator(0.0, 400_000)._loop == pytest.approx(0.4)
    assert Estimator(0.0, 400_000, 0.6)._loop == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("queue", "loss", "own", "calm"),
    [
        (0.039, 0.0, 0.0, True),
        (0.041, 0.0, 0.0, False),
        (0.0, 0.049, 0.0, True),
        (0.0, 0.051, 0.0, False),
        (0.0, 0.14, 0.1, True),
        (0.0, 0.16, 0.16, False),
    ],
)
def test_what_speaks_against_growth(queue: float, loss: float, own: float, calm: bool) -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    estimator._delay.queue, estimator._loss.recent, estimator._loss.own = queue, loss, own
    assert estimator._calm() is calm


@pytest.mark.parametrize(("came", "of"), [(320_000, 360_000), (280_000, 322_000), (230_000, None)])
def test_a_queue_that_only_begins_is_of_a_link_nearly_full(
    monkeypatch: pytest.MonkeyPatch, came: int, of: int | None
) -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    monkeypatch.setattr(estimator._acked, "full", lambda own: Rate(came, came))
    estimator._delay.trendline.use, estimator._delay.latest = Use.OVER, 0.06
    estimator._queues(5.0)
    expected = (0.92 - 0.7 * 0.06) * of if of else 1.5 * came  # else too little was sent to tell
    assert estimator._control.rate == pytest.approx(expected)
