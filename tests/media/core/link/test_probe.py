"""When a probe leaves, how large it is, and what is read from it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.link.probe import MOST_QUEUE, Found, Probe, Probes, Train, sized
from media.core.link.sent import Acknowledged

LOOP = 0.2


def train(
    probe: Probe, size: int, sending: float, carrying: float, lost: int = 0, now: float = 1.0
) -> list[Acknowledged]:
    """The probe's packets sent at one rate and arriving at another, bit/s."""
    packets = []
    for n in range(probe.bytes // size - lost):
        sent, came = now + 8 * size * n / sending, 9 + 8 * size * n / carrying
        packets.append(Acknowledged(sent, int(1e6 * came), size, probe.id))
    return packets


def result(probe: Probe, packets: list[Acknowledged]) -> Found | None:
    seen = Train(probe, probe.bitrate / 2, 0.0)
    seen.left = probe.bytes
    seen.add(packets)
    return seen.result(0.0)


@given(st.floats(8_000, 20e6), st.floats(1.2, 3), st.floats(0.05, 0.25))
def test_a_probe_adds_no_more_queue_than_allowed(
    estimate: float, factor: float, queue: float
) -> None:
    probe = sized(1, estimate, factor, queue)
    span = 8 * probe.bytes / probe.bitrate
    added = (8 * probe.bytes - estimate * span) / estimate
    assert added <= queue + 0.01


def test_a_link_that_carries_the_probe() -> None:
    probe = Probe(1, 1_000_000, 31_250)
    found = result(probe, train(probe, 1000, 1_000_000, 1_000_000))
    assert found is not None and found.bitrate == pytest.approx(1_000_000, rel=0.01)
    assert (found.saturated, found.queue) == (False, 0.0)


def test_a_link_that_does_not_tells_what_it_carries_and_what_queue_is_left() -> None:
    probe = Probe(1, 1_000_000, 31_250)
    found = result(probe, train(probe, 1000, 1_000_000, 600_000))
    assert found is not None and found.saturated
    assert found.bitrate == pytest.approx(600_000, rel=0.01)
    assert found.queue == pytest.approx(30 * 8000 / 600_000 - 30 * 8000 / 1e6, abs=0.001)


def test_a_little_slower_is_noise() -> None:
    probe = Probe(1, 1_000_000, 31_250)
    found = result(probe, train(probe, 1000, 1_000_000, 920_000))
    assert found is not None and not found.saturated
    assert found.bitrate == pytest.approx(920_000, rel=0.01)


def test_no_more_is_believed_than_was_asked() -> None:
    """Radio hands over packets in bunches: a burst that arrives at once proves nothing more."""
    probe = Probe(1, 100_000, 5_000)
    found = result(probe, train(probe, 250, 50e6, 50e6))
    assert found == Found(100_000, False, 0.0)


def test_too_few_packets_prove_nothing_unless_they_are_long() -> None:
    fast = Probe(1, 1_000_000, 4_000)
    assert result(fast, train(fast, 1000, 1e6, 1e6)) is None
    assert result(fast, train(fast, 800, 1e6, 1e6)) is not None
    thin = Probe(1, 64_000, 2_000)
    assert result(thin, train(thin, 1000, 64_000, 64_000)) is not None
    for size, enough in ((450, False), (500, True)):  # 56 and 62 ms after the first
        short = Probe(1, 64_000, 2 * size)
        assert (result(short, train(short, size, 64_000, 64_000)) is not None) is enough


def test_a_probe_half_lost_proves_nothing() -> None:
    probe = Probe(1, 1_000_000, 20_000)
    assert result(probe, train(probe, 1000, 1e6, 1e6, lost=7)) is None
    assert result(probe, train(probe, 1000, 1e6, 1e6, lost=6)) is not None
    assert result(probe, []) is None


def asked(probes: Probes, estimate: float, start: float, end: float, demand: int) -> list[float]:
    """When probes leave, none being answered."""
    times, now = [], start
    while now < end:
        if probes.want(demand, estimate, True, LOOP, now) is not None:
            times.append(round(now, 2))
        now += 0.05
    return times


def answered(probes: Probes, estimate: float, now: float, carries: float) -> Found | None:
    """One probe leaves now and is answered by a link which carries that much."""
    probe = probes.want(10_000_000, estimate, True, LOOP, now)
    assert probe is not None
    rate = min(carries, probe.bitrate)
    probes.left(probe.id, probe.bytes)
    return probes.arrived(train(probe, max(60, probe.bytes // 10), probe.bitrate, rate), now + LOOP)


def test_none_leaves_without_need_or_leave() -> None:
    probes = Probes()
    assert probes.want(109_000, 100_000, True, LOOP, 0) is None
    assert probes.want(10_000_000, 100_000, False, LOOP, 0) is None
    assert probes.want(111_000, 100_000, True, LOOP, 0) is not None


def test_the_first_double_until_the_link_is_full() -> None:
    probes, estimate, now, rates = Probes(), 16_000.0, 0.0, []
    while True:
        found = answered(probes, estimate, now, 400_000)
        assert found is not None
        rates.append(found.bitrate)
        if found.saturated:
            break
        estimate, now = found.bitrate, now + LOOP + 0.01
    assert rates == pytest.approx([32_000, 64_000, 128_000, 256_000, 400_000], rel=0.01) and now < 1


def test_a_probe_is_no_larger_than_the_need() -> None:
    probes = Probes()
    probe = probes.want(120_000, 100_000, True, LOOP, 0)
    assert probe is not None and probe.bitrate == 132_000
    span = 8 * probe.bytes / probe.bitrate
    assert span * 0.32 <= MOST_QUEUE + 0.01


def test_after_a_fall_it_is_tried_often_at_first_and_gently() -> None:
    probes = Probes()
    probes.fell(1_000_000, 0.0)
    found = answered(probes, 150_000, 3, 150_000)
    assert found is not None and found.saturated
    probe = probes.want(10_000_000, 150_000, True, LOOP, 7.0)
    assert probe is not None and probe.bitrate == 240_000
    assert 8 * probe.bytes / probe.bitrate * 0.6 == pytest.approx(0.12, abs=0.001)
    later = asked(probes, 150_000, 7.05, 60, 10_000_000)
    steps = [b - a for a, b in pairwise([7.0, *later])]
    assert all(3.95 <= step <= 4.1 for step in steps[:7])
    assert all(9.9 <= step <= 10.1 for step in steps[9:])


def test_a_fall_by_a_quarter_is_worth_asking_for() -> None:
    for estimate, asks in ((740_000, True), (760_000, False)):
        probes = Probes()
        probes.fell(1_000_000, 0.0)
        answered(probes, estimate, 3, estimate)
        assert bool(asked(probes, estimate, 3.5, 8, 10_000_000)) is asks


def test_what_the_link_carried_long_ago_is_forgotten() -> None:
    probes = Probes()
    probes.fell(1_000_000, 0.0)
    answered(probes, 150_000, 3, 150_000)
    times = asked(probes, 150_000, 3.5, 200, 10_000_000)
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[-1] >= 15 and times[-1] > 130
    assert max(b - a for a, b in pairwise(times) if b < 118) < 11 and any(
        100 < at < 118 for at in times
    )
    probes.fell(140_000, 200)  # a new, lower memory: this is no great fall
    assert asked(probes, 130_000, 200, 210, 10_000_000) == []


def test_an_estimate_which_does_not_move_is_probed_after_a_while() -> None:
    probes = Probes()
    found = answered(probes, 100_000, 0, 105_000)
    assert found is not None and found.saturated
    assert probes.want(10_000_000, 100_000, True, LOOP, 1) is None
    times = asked(probes, 100_000, 1, 40, 10_000_000)
    assert len(times) == 2 and 15.9 <= times[0] <= 16.2


def test_a_probe_nobody_tells_of_is_tried_again_three_times() -> None:
    probes = Probes()
    times = asked(probes, 100_000, 0, 12, 10_000_000)
    assert len(times) == 3 and times[1] == pytest.approx(1.25, abs=0.06)


def test_a_probe_which_lacked_bytes_counts_for_what_left() -> None:
    """Nothing to fill it with: half of it left, at the rate asked."""
    probe = Probe(1, 1_000_000, 20_000)
    seen = Train(probe, 500_000, 0.0)
    seen.left = 10_000
    seen.add(train(probe, 1000, 1e6, 1e6, lost=10, now=0.0))
    assert seen.result(0.25) is None  # more of it may be under way
    found = seen.result(0.3)
    assert found is not None and found.bitrate == pytest.approx(1e6, rel=0.01)


def test_a_probe_that_left_too_slowly_shows_nothing() -> None:
    probes = Probes()
    probe = probes.want(10_000_000, 100_000, True, LOOP, 0)
    assert probe is not None
    probes.left(probe.id, probe.bytes)
    probes.left(77, 1_000_000)
    assert probes.arrived(train(probe, 1000, 105_000, 105_000), 1.0) is None
    again = probes.want(10_000_000, 100_000, True, LOOP, 1.05)
    assert again is not None and again.bitrate == 200_000


def test_during_silence_a_few_bytes_a_second() -> None:
    probes, knocks = Probes(), []
    for n in range(200):
        probe = probes.knock(16_000, n / 20)
        if probe:
            knocks.append(probe.bytes)
    assert knocks == [200] * 10
