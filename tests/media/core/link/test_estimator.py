"""The estimator as a whole, by its calls; whole calls over links are in test_plans.py."""

import gc
import math
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.core.link.estimate import Estimate
from media.core.link.estimator import SAFE, Estimator
from media.core.packets.feedback import FeedbackError
from media.core.packets.twcc import Arrivals


def bodies(arrivals: Arrivals) -> list[bytes]:
    """Feedback without RTCP's header, SSRCs and padding."""
    found = []
    for datagram in arrivals.feedback(1, 2):
        padding = datagram[-1] if datagram[0] & 0x20 else 0
        found.append(datagram[12 : len(datagram) - padding])
    return found


def talk(
    estimator: Estimator, start: float, seconds: float, *, delay: float = 0.05, keep: int = 1,
    size: int = 500, demand: int = 0,
) -> float:  # fmt: skip
    """A packet every 20 ms, of which one in ``keep`` arrives; told every 100 ms."""
    arrivals = Arrivals()
    for n in range(round(seconds * 50)):
        now = start + n / 50
        number = estimator.sent(size, now)
        if n % keep == 0:
            arrivals.note(number, int(1e6 * (7000 + now + delay)))
        estimator.tick(now)
        if demand:
            estimator.wants_probe(demand, now)
        if n % 5 == 4:
            for body in bodies(arrivals):
                estimator.feedback(body, now + 0.01)
    return start + seconds


def test_it_begins_where_it_is_told_within_bounds() -> None:
    assert Estimator(0.0, 150_000).estimate == Estimate(
        150_000, 150_000, None, 0.0, 0.01, 0.0, "starting", "starting"
    )
    assert Estimator(0.0, 1).estimate.bitrate == 8_000
    assert Estimator(0.0, 10**12, most=500_000).estimate.bitrate == 500_000
    assert Estimator(0.0, 150_000, math.nan).estimate.bitrate == 150_000


def test_numbers_count_up_and_wrap() -> None:
    estimator = Estimator(0.0, 100_000)
    numbers = [estimator.sent(100, n / 1000) for n in range(65_538)]
    assert numbers[:3] == [0, 1, 2] and numbers[-3:] == [65_535, 0, 1]


def test_what_arrives_is_told() -> None:
    estimator = Estimator(0.0, 100_000)
    talk(estimator, 0.0, 5.0)
    said = estimator.estimate
    assert said.acked == pytest.approx(200_000, rel=0.02) and said.loss == 0 and said.queue < 0.001
    assert said.bitrate > 250_000


def test_after_ten_seconds_it_no_longer_starts() -> None:
    estimator = Estimator(0.0, 100_000)
    now = talk(estimator, 0.0, 9.9)
    assert estimator.estimate.state == "starting"
    talk(estimator, now, 0.5)
    assert estimator.estimate.state in ("steady", "climbing")


def test_silence_leads_to_a_voice_and_back() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 12.0)
    before = estimator.estimate.bitrate
    knocks = []
    for _ in range(500):
        estimator.sent(150, now)
        estimator.tick(now)
        knocks.append(estimator.wants_probe(10**6, now))
        now += 0.02
    said = estimator.estimate
    assert (said.bitrate, said.state, said.why) == (SAFE, "silent", "silent")
    assert sum(knock is not None for knock in knocks) == 10
    talk(estimator, now, 0.12)
    assert estimator.estimate.bitrate >= 0.8 * before and estimator.estimate.state != "silent"
    assert estimator.estimate.loss == 0  # of what the cut took nothing is counted


def test_who_sends_nothing_is_not_silent() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 5.0)
    before = estimator.estimate.bitrate
    for n in range(3000):
        estimator.tick(now + n / 50)
    assert estimator.estimate.bitrate == before


def test_a_browser_without_feedback_is_guided_by_its_reports() -> None:
    estimator = Estimator(0.0, 100_000)
    for n in range(1000):
        now = n / 50
        estimator.sent(150, now)
        estimator.tick(now)
        if n % 50 == 49:
            estimator.report(0.0, 0.1, now)
    said = estimator.estimate
    assert said.state == "blind" and 100_000 < said.bitrate <= 600_000
    for n in range(1000, 1500):
        estimator.sent(150, n / 50)
        estimator.tick(n / 50)
        if n % 50 == 49:
            estimator.report(0.3, 0.1, n / 50)
    assert estimator.estimate.bitrate < 0.3 * said.bitrate and estimator.estimate.why == "loss"
    for n in range(1500, 2500):
        estimator.sent(150, n / 50)
        estimator.tick(n / 50)
    assert estimator.estimate.state == "silent"


def test_feedback_that_comes_late_is_preferred_to_reports() -> None:
    estimator = Estimator(0.0, 100_000)
    for n in range(500):
        estimator.sent(150, n / 50)
        estimator.tick(n / 50)
        if n % 50 == 49:
            estimator.report(0.3, 0.1, n / 50)
    assert estimator.estimate.state == "blind"
    talk(estimator, 10.0, 2.0)
    assert estimator.estimate.state != "blind"


def test_a_report_that_comes_first_after_a_cut_does_not_keep_the_rate_down() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 5.0)
    before = estimator.estimate.bitrate
    for n in range(1000):
        estimator.sent(150, now + n / 50)
        estimator.tick(now + n / 50)
    assert estimator.estimate.bitrate == SAFE
    estimator.report(1.0, 0.1, now + 20)
    assert estimator.estimate.state == "blind" and estimator.estimate.bitrate >= 0.8 * before
    estimator.report(1.0, 0.1, now + 20.1)
    talk(estimator, now + 20.2, 0.2)
    assert estimator.estimate.state != "blind" and estimator.estimate.bitrate >= 0.8 * before


def test_half_of_everything_lost_without_a_queue_leaves_a_voice() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    talk(estimator, 0.0, 30.0, keep=2)
    assert estimator.estimate.bitrate == SAFE and estimator.estimate.why == "loss"


def test_everything_lost_is_silence() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    talk(estimator, 0.0, 3.0)
    for n in range(150, 400):
        estimator.sent(500, n / 50)
        estimator.tick(n / 50)
        base = (n - 4).to_bytes(2, "big")
        estimator.feedback(base + b"\0\5" + b"\0\0\1\0" + b"\0\5", n / 50)
    assert estimator.estimate.bitrate == SAFE and estimator.estimate.state == "silent"


def test_feedback_for_packets_never_sent_changes_nothing() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    lie = b"\x40\0" + b"\0\5" + b"\0\0\1\0" + b"\x20\5" + b"\1\1\1\1\1"
    for n in range(100):
        estimator.feedback(lie, n / 50)
        estimator.tick(n / 50)
    assert estimator.estimate.bitrate == 400_000 and estimator.estimate.acked is None


def test_bytes_that_are_no_feedback_are_refused_and_change_nothing() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    talk(estimator, 0.0, 3.0)
    before = estimator.estimate
    with pytest.raises(FeedbackError):
        estimator.feedback(b"\0" * 20, 3.0)
    assert estimator.estimate == before


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 1e18, -1e18])
def test_a_clock_of_ours_that_jumps_costs_little(jump: float) -> None:
    estimator = Estimator(1000.0, 400_000, 0.1)
    now = talk(estimator, 1000.0, 10.0)
    before = estimator.estimate.bitrate
    estimator.tick(now + jump)
    talk(estimator, now, 10.0)
    assert estimator.estimate.bitrate >= 0.8 * before


@pytest.mark.parametrize("jump", [100.0, -100.0, 1.0, -1.0])
def test_a_clock_of_theirs_that_jumps_is_recovered_from(jump: float) -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 10.0)
    before = estimator.estimate.bitrate
    talk(estimator, now, 15.0, delay=0.05 + jump)
    assert estimator.estimate.bitrate >= 0.6 * before


numbers = st.floats(allow_nan=True, allow_infinity=True)
calls = st.one_of(
    st.tuples(st.just("sent"), st.integers(0, 2000), numbers, st.integers(0, 3)),
    st.tuples(st.just("sent"), st.integers(0, 2000), st.floats(0, 30), st.integers(0, 3)),
    st.tuples(st.just("feedback"), st.binary(max_size=60), numbers),
    st.tuples(
        st.just("feedback"),
        st.builds(
            lambda base, symbols, clock, deltas: (
                base.to_bytes(2, "big") + len(symbols).to_bytes(2, "big") + clock
                + b"".join((0xC000 | s << 12).to_bytes(2, "big")[:0] for s in symbols)
                + (0x2000 | len(symbols)).to_bytes(2, "big") + bytes(deltas[: len(symbols)])
            ),
            st.integers(0, 40),
            st.lists(st.integers(1, 1), min_size=1, max_size=30),
            st.binary(min_size=4, max_size=4),
            st.lists(st.integers(0, 255), min_size=30, max_size=30),
        ),
        st.floats(0, 30),
    ),
    st.tuples(st.just("report"), numbers, st.none() | numbers, numbers),
    st.tuples(st.just("tick"), numbers),
    st.tuples(st.just("tick"), st.floats(0, 30)),
    st.tuples(st.just("wants_probe"), st.integers(-(10**20), 10**20), numbers),
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(calls, max_size=80))
def test_no_order_of_calls_makes_it_odd(made: list[tuple[str, ...]]) -> None:
    estimator = Estimator(0.0, 100_000)
    for name, *arguments in made:
        try:
            getattr(estimator, name)(*arguments)
        except FeedbackError:
            assert name == "feedback"
        said = estimator.estimate
        assert 8_000 <= said.bitrate <= 20_000_000
        assert 0 <= said.loss <= 1 and 0 <= said.own_loss <= 1
        assert math.isfinite(said.queue) and said.queue >= 0
        assert said.acked is None or said.acked >= 0


def test_its_memory_is_bounded() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 200.0, demand=10**7)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    now = talk(estimator, now, 200.0, demand=10**7)
    for n in range(20_000):  # and nobody tells of anything
        estimator.sent(500, now + n / 1000)
        estimator.tick(now + n / 1000)
    gc.collect()
    grown = sum(d.size_diff for d in tracemalloc.take_snapshot().compare_to(before, "filename"))
    tracemalloc.stop()
    assert grown < 2_000_000


def test_pictures_wait_where_news_is_overdue_and_only_until_it_came() -> None:
    estimator = Estimator(0.0, 400_000, 0.1)
    now = talk(estimator, 0.0, 5.0)
    assert not estimator.estimate.late
    for n in range(10):
        estimator.sent(500, now + n / 50)
        estimator.tick(now + n / 50)
        assert estimator.wants_probe(10**7, now + n / 50) is None or n < 5
    assert estimator.estimate.late and estimator.estimate.state != "silent"
    for n in range(300):
        estimator.tick(now + 5 + n / 50)
    talk(estimator, now + 11, 1.0)
    assert not estimator.estimate.late
