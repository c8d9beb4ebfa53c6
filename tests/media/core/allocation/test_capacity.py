import pytest

from media.core.allocation.capacity import LEAST, Capacity, start
from tests.media.core.thin_links import QUALITY, link


def capacity(rate: int = 100_000) -> Capacity:
    return Capacity(rate, 0.0)


@pytest.mark.parametrize(
    ("hint", "trip", "rate"),
    [
        (128_000, None, 102_400),
        (128_000, 0.05, 102_400),
        (None, 0.6, 100_000),
        (None, 0.11, 100_000),
        (None, 0.1, 300_000),
        (None, None, 100_000),
        (0, None, 100_000),
        (-5, 0.6, 100_000),
    ],
)
def test_it_starts_from_what_the_site_had_or_from_the_round_trip(
    hint: int | None, trip: float | None, rate: int
) -> None:
    assert start(QUALITY, hint, trip) == rate


def test_an_absurd_hint_stays_within_bounds() -> None:
    assert capacity(start(QUALITY, 2**70, None)).rate == 800_000_000
    assert capacity(1).rate == LEAST


@pytest.mark.parametrize(
    ("loss", "own", "queue", "congested"),
    [
        (0.0, 0.0, 0.26, True),
        (0.0, 0.0, 0.25, False),
        (0.09, 0.0, 0.0, True),
        (0.08, 0.0, 0.0, False),
        (0.12, 0.08, 0.0, False),
        (0.0, 0.0, None, False),
    ],
)
def test_congestion_is_a_queue_or_loss_beyond_the_links_own(
    loss: float, own: float, queue: float | None, congested: bool
) -> None:
    one = capacity()
    one.step(0.1, link(60_000, loss, own, queue), 100_000, 0, 0)
    assert one.congested is congested
    one.step(0.2, link(0, loss, own, queue), 100_000, 0, 0)
    assert not one.congested, "nothing arrives, and nothing is known"


def test_after_a_cut_its_losses_are_forgiven_for_five_seconds() -> None:
    one = capacity()
    one.step(10.0, link(0), 100_000, 0, 0)
    one.step(14.9, link(40_000, 0.9, 0.0), 100_000, 0, 0)
    assert one.after_cut and not one.congested
    one.step(14.95, link(40_000, 0.9, 0.0, 0.3), 100_000, 0, 0)
    assert one.congested, "a queue is not"
    one.step(15.0, link(40_000, 0.9, 0.0), 100_000, 0, 0)
    assert one.congested and not one.after_cut


def test_an_idle_browser_looks_further_for_seven_seconds_in_twenty() -> None:
    one = capacity()
    looks = [n for n in range(40) if one.look(20_000, 60_000, float(n))]
    assert looks == [*range(4, 11), *range(24, 31)]
    assert not one.look(20_000, 60_000, 3.9)
    assert one.look(20_000, 60_000, 10.9) and not one.look(20_000, 60_000, 23.9)
    assert one.look(20_000, 60_000, 4.0) == 60_000
    assert one.look(10_000, 26_000, 4.0) == 32_500, "what only a probe can find"
    assert one.look(10_000, 0, 4.0) == 0


def sure(
    one: Capacity, believed: int, now: float, came: int = 10_000, queue: float = 0.0,
    goal: int = 0, found: int = 0,
) -> int:  # fmt: skip
    one.step(now, link(came, 0.9, 0.9, queue), believed, found, goal)
    return one.sure


def test_a_belief_is_taken_as_it_is_downward() -> None:
    one = capacity()
    sure(one, 20_000, 1.0)
    assert one.rate == one.sure == 20_000
    sure(one, -1, 2.0)
    assert one.rate == LEAST


def test_upward_it_goes_no_further_than_what_was_shown_or_a_goal() -> None:
    one = capacity(20_000)
    assert sure(one, 500_000, 1.0) == one.rate == 20_000
    assert sure(one, 500_000, 2.0, came=30_000) == one.rate == 45_000
    assert sure(one, 500_000, 3.0) == 45_000, "a silence takes nothing back"
    assert sure(one, 500_000, 4.0, goal=60_000) == 45_000
    assert one.rate == 60_000
    assert sure(one, 50_000, 5.0, goal=60_000) == 45_000
    assert one.rate == 50_000
    assert sure(one, 24_000, 6.0) == 24_000


def test_what_is_sure_grows_by_a_quarter_each_calm_minute() -> None:
    one = capacity(20_000)
    assert sure(one, 20_000, 1.0) == 20_000
    assert sure(one, 500_000, 59.9) == 20_000
    assert sure(one, 500_000, 60.0) == 25_000
    assert sure(one, 500_000, 119.9) == 25_000
    assert sure(one, 500_000, 119.95, queue=0.3) == 25_000
    assert sure(one, 500_000, 179.9) == 25_000
    assert sure(one, 500_000, 180.0) == 31_250


def test_what_a_browser_found_by_itself_is_as_good_as_shown() -> None:
    one = capacity(20_000)
    assert sure(one, 500_000, 1.0, found=300_000) == one.rate == 300_000
    assert sure(one, 200_000, 2.0, found=300_000) == one.rate == 200_000


def test_a_link_of_a_good_kind_begins_with_what_such_links_carry() -> None:
    one = capacity(20_000)
    one.begin(300_000)
    assert sure(one, 250_000, 1.0) == one.rate == 250_000
    one.begin(100_000)
    assert sure(one, 250_000, 2.0) == 250_000
