"""Loss of the link's own, and loss from sending too much."""

from random import Random

import pytest

from media.core.link.loss import DEEPEST, HEAVY, LESS, PATIENCE, Loss, Observation, Trial
from tests.lab.emulator import Losses


class Line:
    """Packets over a line which loses some by itself, and a policer before it."""

    def __init__(self, loss: Loss, own: float = 0.0, burst: float = 0.0, seed: int = 1) -> None:
        self.loss, self.now = loss, 0.0
        self.random = Random(seed)
        self.losses = Losses(own, burst, self.random)
        self._debt = 0.0

    def send(self, seconds: float, rate: float, limit: float = 1e12, queue: float = 0.0) -> None:
        """Packets of 1000 bytes, told of every 100 ms."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self._debt += rate * 0.1 / 8000
            arrived = lost = runs = 0
            before = False
            while self._debt >= 1:
                self._debt -= 1
                gone = self.losses.next() or self.random.random() < max(0.0, 1 - limit / rate)
                lost, arrived = lost + gone, arrived + (not gone)
                runs, before = runs + (gone and not before), gone
            self.loss.add(arrived, lost, runs, 8000 * (arrived + lost), queue, self.now)


@pytest.mark.parametrize(("own", "burst"), [(0.02, 3.0), (0.08, 0.0), (0.05, 2.0)])
def test_what_a_link_loses_at_any_rate_is_its_own(own: float, burst: float) -> None:
    """Wi-Fi's 8 % and 3G's bursts are no reason to send less, at any of ten dice."""
    for seed in range(10):
        loss, rate = Loss(), 200_000.0
        line = Line(loss, own, burst, seed)
        while rate < 800_000:
            line.send(1, rate)
            rate *= 1.05
            assert not loss.blamed
        assert loss.own == pytest.approx(own, abs=0.8 * own) and loss.limit is None


def test_what_is_lost_above_a_rate_is_too_much() -> None:
    """A policer at 500 kbit/s on a line which loses 1 % by itself, climbed into at 5 % a second."""
    for seed in range(10):
        loss, rate, blamed = Loss(), 300_000.0, 0.0
        line = Line(loss, 0.01, seed=seed)
        while rate < 700_000 and not blamed:
            line.send(1, rate, limit=500_000)
            blamed, rate = rate if loss.blamed else 0.0, rate * 1.05
        assert 500_000 < blamed < 680_000
        assert loss.limit == pytest.approx(500_000, rel=0.12) and loss.own < 0.06


def test_a_limit_is_not_blamed_below_it() -> None:
    loss = Loss()
    line = Line(loss)
    line.send(6, 400_000, limit=500_000)
    line.send(4, 650_000, limit=500_000)
    assert loss.blamed and loss.limit is not None
    line.send(1.2, 400_000, limit=500_000)
    assert not loss.blamed


def test_losses_of_a_full_queue_are_left_to_delay() -> None:
    loss = Loss()
    line = Line(loss, 0.01)
    line.send(4, 400_000)
    line.send(4, 800_000, limit=500_000, queue=0.3)
    assert loss.recent > 0.2 and loss.own < 0.05 and loss.limit is None and loss.queued


def test_a_queue_told_late_belongs_to_the_losses_before_it() -> None:
    loss = Loss()
    line = Line(loss)
    line.send(4, 400_000)
    line.send(0.6, 800_000, limit=400_000)
    assert loss.limit is not None or loss.own > 0.02
    line.send(0.6, 400_000, queue=0.3)
    assert loss.limit is None and loss.own < 0.01


def test_the_own_loss_is_learned_and_forgotten() -> None:
    loss = Loss()
    line = Line(loss, 0.08)
    line.send(20, 400_000)
    assert loss.own == pytest.approx(0.08, abs=0.03)
    line.losses = Losses(0.0, 0.0, line.random)
    line.send(20, 400_000)
    assert loss.own < 0.03 and loss.recent == 0
    loss.forget()
    assert loss.limit is None and not loss.blamed


def test_few_packets_are_judged_after_three_seconds() -> None:
    """Speech alone: eight packets a second."""
    loss, done = Loss(), []
    for n in range(48):
        done.append(loss.add(1, 0, 0, 1200, 0.0, n / 8))
    assert [n / 8 for n, closed in enumerate(done) if closed] == [
        pytest.approx(19 / 8), pytest.approx(39 / 8),
    ]  # fmt: skip
    slow = [loss.add(1, 0, 0, 1200, 0.0, 10 + n) for n in range(8)]
    assert [n for n, closed in enumerate(slow) if closed] == [0, 3, 6]
    quick = Loss()
    assert not any(quick.add(1, 0, 0, 1200, 0.0, n / 10) for n in range(19))
    assert quick.add(1, 0, 0, 1200, 0.0, 1.9)


def test_everything_lost_is_survived() -> None:
    loss = Loss()
    line = Line(loss, 0.999)
    line.send(10, 400_000)
    assert loss.recent > 0.9 and 0 <= loss.own <= 0.9
    line.losses = Losses(0.0, 0.0, line.random)
    line.send(10, 1.0)
    line.send(10, 400_000)
    assert loss.recent == 0


def seen(packets: int, lost: int, rate: float) -> Observation:
    return Observation(packets, lost, lost, rate, 0.0)


def fitted(*rows: Observation) -> Loss:
    loss = Loss()
    loss._kept.extend(rows)
    loss._fit()
    return loss


@pytest.mark.parametrize("share", [0.9, 0.95, 1.0, 1.05])
def test_the_limit_is_looked_for_around_what_was_carried_most(share: float) -> None:
    """Chance makes the most that was carried lately a little more or less than the limit."""
    limit = 500_000.0
    own = max(0.0, 1 - 1 / share) if share > 1 else 0.0
    calm = [seen(1000, round(1000 * own), 0.8 * limit)] * 12
    lost = round(1000 * (1 - (1 - own) / 2))
    full = [seen(1000, lost, 2 * limit)] * 5
    lucky = [seen(20, 0, limit / share)] * 3 if share < 1 else []
    loss = fitted(*calm, *lucky, *full)
    assert loss.limit == pytest.approx(limit, rel=0.004)


def test_only_what_was_carried_lately_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third of the most in the last eight observations, and some beside it."""
    loss, tried = Loss(), []
    monkeypatch.setattr(loss, "_likelihood", lambda limit: (tried.append(limit), (0.0, 0.0))[1])
    rates = [900_000.0] * 3 + [400_000.0] * 3 + [300_000.0] * 5
    loss._find([seen(100, 0, rate) for rate in rates], 1.0)
    assert tried == pytest.approx([360_000, 380_000, 400_000, 420_000])


def test_little_loss_is_not_looked_into() -> None:
    calm = [seen(100, 0, 400_000)] * 20
    assert fitted(*calm, *[seen(100, 17, 600_000)] * 2).limit is None  # 1.5 %
    assert fitted(*calm, *[seen(100, 25, 667_000)] * 2).limit is not None  # 2.3 %


def test_a_limit_is_believed_at_odds_of_four_hundred() -> None:
    """Six, in the logarithm, however many packets that takes."""
    cases = []
    for packets in range(20, 200, 10):
        calm, full = seen(packets, 0, 400_000), seen(packets, packets // 10, 500_000)
        loss = fitted(*[calm] * 3, full)
        best = max(loss._likelihood(share * 400_000)[0] for share in (0.9, 0.95, 1.0, 1.05))
        cases.append((best - loss._likelihood(None)[0] > 6.0, loss.limit is not None))
    assert all(odds == believed for odds, believed in cases)
    assert {believed for _, believed in cases} == {True, False}


def test_what_is_kept_is_bounded() -> None:
    loss = Loss()
    Line(loss).send(60, 400_000)
    assert len(loss._kept) == 32


def test_two_packets_are_too_few_for_any_share() -> None:
    loss = Loss()
    assert not any(loss.add(1, 0, 0, 1200, 0.0, at) for at in (0.0, 4.0))
    assert loss.add(1, 0, 0, 1200, 0.0, 4.1)


def test_much_loss_is_tried_at_lower_rates_and_no_further_than_half() -> None:
    trial, rate, tried = Trial(), 100_000.0, []
    for second in range(60):
        less = trial.rate(HEAVY + 0.05, rate, float(second))
        if less is not None:
            tried.append(second)
            assert less == pytest.approx(LESS * rate)
            rate = less
    assert tried == [0, 5, 10, 15] and PATIENCE == 5
    assert rate * LESS < DEEPEST * 100_000 < rate
    assert trial.rate(HEAVY - 0.01, rate, 61) is None
    assert trial.rate(HEAVY + 0.05, rate, 62) == pytest.approx(LESS * rate)
