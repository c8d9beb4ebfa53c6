"""Whose queue it is."""

import pytest

from media.core.link.rival import Rival

LOOP = 0.3


def judged(
    rival: Rival,
    seconds: float,
    *,
    sending: float,
    carried: float,
    queue: float,
    start: float = 0.0,
) -> float | None:
    """When it is judged a rival's, told every 100 ms."""
    for n in range(1, round(seconds * 10) + 1):
        if rival.judged(queue, sending, carried, start + n / 10):
            return start + n / 10
    return None


def test_a_queue_that_stays_although_we_left_room_is_not_ours() -> None:
    rival = Rival()
    rival.fell(0.5, 100_000, 100_000, LOOP, 0.0)
    # half the rate left: 0.12 s of relief take 0.24 s, once rates show it
    at = judged(rival, 5, sending=50_000, carried=50_000, queue=0.5)
    assert at == pytest.approx(LOOP + 0.5 + 0.3)  # told every 100 ms
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=0.5, start=5) is None


def test_a_queue_which_shrinks_is_ours() -> None:
    rival = Rival()
    rival.fell(0.5, 100_000, 100_000, LOOP, 0.0)
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=0.45) is None
    rival.fell(0.5, 100_000, 100_000, LOOP, 10.0)
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=0.46, start=10.0) is not None


def test_a_queue_of_ours_being_emptied_carries_more_than_we_send() -> None:
    rival = Rival()
    rival.fell(0.5, 100_000, 100_000, LOOP, 0.0)
    assert judged(rival, 5, sending=50_000, carried=60_000, queue=0.5) is None


def test_a_link_that_gets_thinner_still_carries_less_than_we_send() -> None:
    rival = Rival()
    rival.fell(0.5, 100_000, 100_000, LOOP, 0.0)
    assert judged(rival, 5, sending=50_000, carried=40_000, queue=0.5) is None


def test_nothing_is_judged_without_room_or_fall() -> None:
    rival = Rival()
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=0.5) is None
    rival.fell(0.5, 100_000, 100_000, LOOP, 0.0)
    assert judged(rival, 5, sending=100_000, carried=100_000, queue=0.5) is None
    rival.drained()
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=0.5, start=5) is None


def test_further_falls_on_the_same_link_go_on_with_the_trial() -> None:
    rival = Rival()
    rival.fell(0.5, 100_000, 100_000, LOOP, 0.0)
    rival.fell(0.9, 45_000, 50_000, LOOP, 0.6)  # what we send still arrives
    assert judged(rival, 1.2, sending=50_000, carried=50_000, queue=0.5) is not None
    rival.fell(0.5, 100_000, 100_000, LOOP, 2.0)
    rival.fell(0.5, 40_000, 50_000, LOOP, 2.5)  # the link got thinner
    assert judged(rival, 1.2, sending=20_000, carried=20_000, queue=0.5, start=2.0) is None


def known(queue: float = 0.5) -> Rival:
    rival = Rival()
    rival.fell(queue, 100_000, 100_000, LOOP, 0.0)
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=queue) == pytest.approx(1.1)
    return rival


def test_a_verdict_holds_for_a_while() -> None:
    assert not Rival().beside(0.1, 50_000, 50_000, 0.0)
    assert known().beside(0.5, 50_000, 50_000, 16.0)
    assert not known().beside(0.5, 50_000, 50_000, 16.2)


def test_beside_a_rival_only_a_thinner_link_or_a_longer_queue_is_ours() -> None:
    assert known().beside(0.79, 50_000, 36_000, 2.0)
    assert not known().beside(0.81, 50_000, 36_000, 2.0)
    assert not known().beside(0.5, 50_000, 34_000, 2.0)


@pytest.mark.parametrize(("later", "holds"), [(30.0, 30.0), (31.5, 15.0)])
def test_a_verdict_soon_repeated_holds_twice_as_long(later: float, holds: float) -> None:
    rival = known()  # until 16.1
    rival.fell(0.5, 100_000, 100_000, LOOP, later - 1.1)
    assert judged(rival, 5, sending=50_000, carried=50_000, queue=0.5, start=later - 1.1)
    assert rival.beside(0.5, 50_000, 50_000, later + holds - 0.1)
    assert not rival.beside(0.5, 50_000, 50_000, later + holds + 0.1)
