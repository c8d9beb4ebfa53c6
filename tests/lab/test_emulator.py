"""The emulator keeps its word: rate, order, queue, losses, bursts and cuts, for any arrivals."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.emulator import Capacity, Cause, Fate, Pipe, Way

STEPS = st.lists(
    st.tuples(st.floats(0.1, 5), st.floats(0, 500)), min_size=0, max_size=6
).map(lambda parts: tuple(itertools.accumulate(parts, _later, initial=(0.0, 200.0))))  # fmt: skip
GAPS = st.lists(st.tuples(st.floats(0, 0.3), st.integers(40, 1500)), min_size=1, max_size=60)
CUTS = st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 2)), max_size=2).map(
    lambda cuts: tuple((start, start + length) for start, length in cuts)
)


def _later(before: tuple[float, float], part: tuple[float, float]) -> tuple[float, float]:
    return before[0] + part[0], part[1]


@st.composite
def ways(draw: st.DrawFn) -> Way:
    steps = draw(STEPS)
    return Way(
        rate=(*steps[:-1], (steps[-1][0], max(1.0, steps[-1][1]))),
        delay=draw(st.floats(0, 0.6)),
        jitter=draw(st.floats(0, 0.1)),
        queue=draw(st.integers(0, 20_000)),
        loss=draw(st.floats(0, 0.4)),
        burst=draw(st.sampled_from((0.0, 1.0, 4.0))),
        cuts=draw(CUTS),
    )


Carried = list[tuple[float, int, Fate]]


def carried(way: Way, gaps: list[tuple[float, int]], seed: int = 1) -> Carried:
    pipe, now, out = Pipe(way, Random(seed)), 0.0, []
    for gap, size in gaps:
        now += gap
        out.append((now, size, pipe.offer(size, now)))
    return out


def flood(way: Way, count: int, gap: float = 0.001, size: int = 100) -> list[Fate]:
    return [fate for _, _, fate in carried(way, [(gap, size)] * count)]


@given(ways(), GAPS)
def test_never_more_leaves_than_the_rate_allows(way: Way, gaps: list[tuple[float, int]]) -> None:
    left = [(f.sent, size) for _, size, f in carried(way, gaps) if f.cause is not Cause.QUEUE]
    room = Capacity(way.rate)
    for i, (start, _) in enumerate(left):
        amount = 0
        for end, size in left[i + 1 :]:
            amount += size
            assert amount <= room.between(start, end) + 1e-3


@given(ways(), GAPS)
def test_packets_arrive_in_order_and_never_early(way: Way, gaps: list[tuple[float, int]]) -> None:
    last = 0.0
    for now, _, fate in carried(way, gaps):
        assert fate.sent >= now and fate.queued >= 0
        if fate.cause is Cause.NONE:
            assert fate.at >= max(last, now + way.delay)
            last = fate.at


@given(ways(), GAPS)
def test_the_queue_never_holds_more_than_it_may(way: Way, gaps: list[tuple[float, int]]) -> None:
    pipe, now = Pipe(way, Random(1)), 0.0
    for gap, size in gaps:
        now += gap
        empty = pipe.backlog(now) == 0
        fate = pipe.offer(size, now)
        assert empty or pipe.backlog(now) <= max(way.queue, 1500) + 1e-3
        assert not (empty and fate.cause is Cause.QUEUE)


@given(ways(), GAPS)
def test_nothing_leaves_during_a_cut(way: Way, gaps: list[tuple[float, int]]) -> None:
    for _, _, fate in carried(way, gaps):
        if fate.cause is not Cause.QUEUE:
            cut = any(start <= fate.sent < end for start, end in way.cuts)
            assert cut == (fate.cause is Cause.CUT)


@given(ways(), GAPS, st.integers(0, 9))
def test_the_same_seed_gives_the_same_link(
    way: Way, gaps: list[tuple[float, int]], seed: int
) -> None:
    assert carried(way, gaps, seed) == carried(way, gaps, seed)


@given(STEPS, st.floats(1, 200_000))
def test_capacity_is_its_own_inverse(rate: tuple[tuple[float, float], ...], amount: float) -> None:
    room = Capacity((*rate[:-1], (rate[-1][0], max(1.0, rate[-1][1]))))
    assert room.by(room.when(amount)) == pytest.approx(amount, rel=1e-6, abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from((0.005, 0.02, 0.08, 0.3)), st.integers(0, 1000))
def test_independent_losses_have_the_share_asked(loss: float, seed: int) -> None:
    way = Way(rate=((0, 10_000),), loss=loss)
    fates = [f for _, _, f in carried(way, [(0.001, 100)] * 20_000, seed)]
    share = sum(f.cause is Cause.LOSS for f in fates) / len(fates)
    assert abs(share - loss) < 5 * (loss / 20_000) ** 0.5


@pytest.mark.parametrize("burst", [1.0, 3.0, 8.0])
def test_bursts_have_the_share_and_the_length_asked(burst: float) -> None:
    lost = [
        f.cause is Cause.LOSS
        for f in flood(Way(rate=((0, 10_000),), loss=0.02, burst=burst), 200_000)
    ]
    lengths = [len(list(run)) for bad, run in itertools.groupby(lost) if bad]
    assert sum(lost) / len(lost) == pytest.approx(0.02, rel=0.15)
    assert sum(lengths) / len(lengths) == pytest.approx(burst, rel=0.1)


def test_a_full_link_sends_at_its_rate_and_waits_as_long_as_its_queue() -> None:
    fates = flood(Way(rate=((0, 128),), queue=4800), 20_000)
    sent = [f for f in fates if f.cause is Cause.NONE]
    assert len(sent) * 100 == pytest.approx(20.0 * 16_000, rel=0.02)
    assert max(f.queued for f in sent) == pytest.approx(4700 / 16_000, abs=0.01)


def test_a_change_of_rate_counts_within_a_packet() -> None:
    pipe = Pipe(Way(rate=((0, 8), (1, 80))), Random(1))
    assert pipe.offer(2000, 0).sent == pytest.approx(1.1)
    assert Pipe(Way(rate=((0, 8), (1, 0), (3, 8))), Random(1)).offer(1500, 0).sent == 3.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": ()},
        {"rate": ((1, 8),)},
        {"rate": ((0, 8), (2, 8), (1, 8))},
        {"rate": ((0, 8), (1, 0))},
        {"rate": ((0, -1), (1, 8))},
        {"rate": ((0, 8),), "loss": 1},
        {"rate": ((0, 8),), "delay": -1},
        {"rate": ((0, 8),), "loss": 0.9, "burst": 2},
        {"rate": ((0, 8),), "burst": 0.5},
    ],
)
def test_a_link_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Way(**wrong)  # type: ignore[arg-type]
