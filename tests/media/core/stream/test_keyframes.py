import itertools

import pytest

from media.core.stream.keyframes import Allowance, KeyframeDesk, spacing


def test_many_asks_become_one_request() -> None:
    desk = KeyframeDesk()
    assert not desk.due(0, 0.1)
    sent = 0
    for tick in range(100):  # two seconds, five receivers asking all the time
        for _ in range(5):
            desk.ask()
        sent += desk.due(tick / 50, 0.05)
    assert 5 <= sent <= 7


def test_it_asks_again_until_one_arrives() -> None:
    desk = KeyframeDesk()
    desk.ask()
    assert [t for t in range(5) if desk.due(t, 0.6)] == [0, 2, 4]
    desk.arrived(9)
    assert not desk.due(10, 0.6)


def test_one_receiver_cannot_ask_without_end() -> None:
    allowance = Allowance(most=3, period=2.0)
    assert sum(allowance.take(t / 10) for t in range(100)) == 3 + 4


@pytest.mark.parametrize("cost,rate,seconds", [
    (40_000, 0, 0.3), (0, 64_000, 0.3), (48_000, 64_000, 3.0), (480_000, 64_000, 10.0),
    (1_000, 1_000_000, 0.3),
])  # fmt: skip
def test_a_key_frame_may_take_a_quarter_of_the_link(cost: int, rate: int, seconds: float) -> None:
    assert spacing(cost, rate) == seconds


def test_no_storm_crosses_a_thin_link() -> None:
    """Six kilobytes at 64 kbit/s: three quarters of a second each, asked for without end."""
    desk = KeyframeDesk()
    asked, arrives = [], None
    for tick in range(3000):  # a minute
        now = tick / 50
        desk.ask()
        if arrives is not None and now >= arrives:
            desk.arrived(now)
            arrives = None
        if desk.due(now, 0.6, 48_000, 64_000):
            asked.append(now)
            arrives = now + 0.6 + 0.75
    assert asked[0] == 0.0  # the first ever at once
    apart = [two - one for one, two in itertools.pairwise(asked)]
    assert min(apart) >= 3.0 and max(apart) <= 4.5


def test_who_waits_for_an_answer_gives_it_time_to_cross() -> None:
    desk = KeyframeDesk()
    desk.ask()
    asked = [t / 10 for t in range(100) if desk.due(t / 10, 0.6, 64_000, 64_000)]
    assert asked == pytest.approx([0.0, 2.3, 4.6, 6.9, 9.2], abs=0.11)


def test_the_allowance_follows_what_key_frames_cost() -> None:
    allowance = Allowance(most=3, period=2.0)
    # 80 kbit at 64 kbit/s: one in five seconds.
    assert sum(allowance.take(t / 10, 80_000, 64_000) for t in range(205)) == 3 + 4
