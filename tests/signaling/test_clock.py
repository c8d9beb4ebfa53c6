"""A wall clock that jumps does not move the time of a call."""

import datetime as dt

from signaling.clock import SteadyClock

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def test_only_the_steady_clock_moves_it_until_it_is_set() -> None:
    wall, steady = [NOON], [100.0]
    clock = SteadyClock(lambda: wall[0], lambda: steady[0])
    assert clock() == NOON
    wall[0], steady[0] = NOON - dt.timedelta(days=1), 160.0
    assert clock() == NOON + dt.timedelta(minutes=1)
    clock.set()
    assert clock() == NOON - dt.timedelta(days=1)
