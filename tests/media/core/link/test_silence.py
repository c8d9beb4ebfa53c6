"""Cuts, and clocks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.link.aimd import Control
from media.core.link.silence import SAFE, News, Silence, Steady, sane


def begun(heard: bool = True, rate: float = 400_000) -> tuple[Silence, Control]:
    silence, control = Silence(), Control(rate, 8_000, 1e7, 0.0)
    if heard:
        silence.over(0.0)
    for _ in range(5):
        silence.sent(0.0)
    return silence, control


def falls(silence: Silence, control: Control, trip: float, seconds: float) -> list[float]:
    rates = [control.rate]
    for n in range(round(seconds * 50) + 1):
        silence.listen(trip, trip + 0.1, control, n / 50)
        if control.rate != rates[-1]:
            rates.append(control.rate)
    return rates


@pytest.mark.parametrize(("trip", "patience"), [(0.04, 0.8), (0.6, 1.8)])
def test_silence_begins_after_some_round_trips(trip: float, patience: float) -> None:
    silence, control = begun()
    falls(silence, control, trip, patience - 0.03)
    assert not silence.silent and control.rate == 400_000
    silence.listen(trip, trip, control, patience)
    assert silence.silent and control.rate == 200_000 and silence.before == 400_000


def test_a_voice_that_pauses_is_no_cut() -> None:
    """Two packets a second, of which two in a row are lost."""
    silence, control = Silence(), Control(400_000, 8_000, 1e7, 0.0)
    silence.over(0.0)
    for _ in range(4):
        silence.sent(0.0)
    falls(silence, control, 0.1, 2.38)
    assert not silence.silent
    silence.listen(0.1, 0.2, control, 2.41)
    assert silence.silent


def test_the_rate_halves_each_loop_down_to_a_voice() -> None:
    silence, control = begun()
    rates = falls(silence, control, 0.1, 6)
    assert rates == [400_000, 200_000, 100_000, 50_000, 25_000, SAFE]


def test_a_rate_below_a_voice_stays() -> None:
    silence, control = begun(rate=9_000)
    falls(silence, control, 0.1, 6)
    assert silence.silent and control.rate == 9_000


def test_who_never_spoke_is_given_longer() -> None:
    silence, control = begun(heard=False)
    falls(silence, control, 0.1, 2.97)
    assert not silence.silent
    silence.listen(0.1, 0.2, control, 3.0)
    assert silence.silent


def test_who_sends_nothing_hears_no_silence() -> None:
    silence, control = begun()
    silence.over(0.1)
    falls(silence, control, 0.1, 20)
    assert not silence.silent and silence.lasts(20) == 0
    silence.sent(20.0)
    assert silence.lasts(20.5) == 0.5


@pytest.mark.parametrize(("empty", "share"), [(True, 0.8), (False, 0.4)])
def test_the_rate_comes_back_with_the_link(empty: bool, share: float) -> None:
    silence, control = begun()
    falls(silence, control, 0.1, 6)
    silence.back(empty, control)
    silence.over(6.0)
    assert control.rate == pytest.approx(share * 400_000)
    assert not silence.silent and silence.ended_at == 6.0


def test_a_clock_that_goes_back_or_leaps_goes_on() -> None:
    clock = Steady(100.0)
    times = [clock.at(t) for t in (101, 90, 91, 1e300, 1e300, -1e300, 5, math.nan, math.inf, 7)]
    assert times == [101, 101, 102, 102, 102, 102, 102, 102, 102, 104]
    assert clock.at(67) == 164 and clock.at(128) == 164  # a minute may pass, not more


@given(st.lists(st.floats(), max_size=50))
def test_no_clock_makes_time_odd(times: list[float]) -> None:
    clock, before = Steady(times[0] if times else 0.0), -1e12
    for given_time in times:
        now = clock.at(given_time)
        assert math.isfinite(now) and before <= now
        before = now


def test_only_round_trips_that_can_be_are_believed() -> None:
    assert sane(0.6) == 0.6 and sane(1e9) == 10.0
    for odd in (None, 0.0, -1.0, math.nan, math.inf):
        assert sane(odd) is None


def usual(age: float, messages: int = 40, spread: float = 0.0) -> News:
    news = News()
    for n in range(messages):
        news.came(age + spread * (-1) ** n)
    return news


def test_news_is_late_when_it_is_older_than_it_ever_is() -> None:
    assert not usual(0.2).late(0.259) and usual(0.2).late(0.261), "at least 60 ms"
    assert not usual(0.8).late(0.999) and usual(0.8).late(1.001), "a quarter of a long way"
    assert not usual(0.2, spread=0.05).late(0.38) and usual(0.2, spread=0.05).late(0.42)


def test_news_of_a_link_hardly_known_is_never_late() -> None:
    assert not usual(0.1, 9).late(10.0) and usual(0.1, 10).late(10.0)


def test_late_news_becomes_usual_slowly() -> None:
    news = usual(0.1)
    for _ in range(3):
        news.came(1.0)
    assert news.late(0.3)
    for _ in range(60):
        news.came(0.4)
    assert not news.late(0.4)
