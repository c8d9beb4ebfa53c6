"""What an uplink is believed to carry, second by second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.link.belief import LEAST, MOST, Belief
from media.core.link.inflow import Inflow


def quiet(rate: int, loss: float = 0.0) -> Inflow:
    return Inflow(rate, loss, 0.0, 0.01, rate)


def waiting(rate: int, queue: float = 0.3, peak: int = 0) -> Inflow:
    return Inflow(rate, 0.0, 0.0, queue, peak or rate)


class Story:
    """A belief and its clock, four looks a second."""

    def __init__(self, start: int) -> None:
        self.belief, self.now = Belief(start, 0.0), 0.0
        self.said: tuple[int, float] | None = None

    def go(
        self,
        seconds: float,
        seen: Inflow,
        planned: int = 0,
        demand: int = MOST,
        shared: bool = False,
    ) -> int:
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            rate = self.belief.step(seen, self.said, planned, demand, shared, self.now)
        return rate


def test_a_voice_alone_finds_out_that_pictures_would_fit() -> None:
    assert Story(20_000).go(10, quiet(12_000), planned=11_000) > 60_000


def test_it_stops_where_nobody_could_use_more() -> None:
    assert Story(20_000).go(60, quiet(12_000), planned=11_000, demand=90_000) == 90_000


def test_a_browser_told_to_use_it_and_not_using_it_knows_better() -> None:
    story = Story(100_000)
    assert story.go(30, quiet(80_000), planned=95_000) == pytest.approx(144_000, rel=0.02)


def test_what_waits_takes_it_down_to_what_arrived() -> None:
    story = Story(100_000)
    assert story.go(0.25, waiting(80_000)) == pytest.approx(0.93 * 80_000, abs=1)
    assert story.belief.floor(quiet(80_000), 0, story.now + 1.9) == 0, "too soon to tell it more"
    assert story.belief.floor(quiet(80_000), 0, story.now + 2.0) == story.belief.rate


def test_it_goes_down_in_steps_that_can_be_felt() -> None:
    story = Story(300_000)
    assert story.go(0.25, waiting(20_000)) == 180_000  # other traffic may have taken the rest
    assert story.go(0.75, waiting(20_000)) == 180_000
    assert story.go(0.25, waiting(20_000)) == 108_000


@pytest.mark.parametrize(
    ("queue", "rate", "latest", "to"),
    [
        (0.41, 400_000, 140_000, 126_000),
        (0.41, 120_000, 140_000, 108_000),
        (0.40, 400_000, 140_000, 585_000),  # the mean of the most and of all that came
        (0.41, 63_999, 40_000, 810_000),  # too few packets to tell
        (0.41, 64_000, 40_000, 37_200),
    ],
)
def test_what_comes_out_of_a_queue_that_stands_is_what_the_link_carries(
    queue: float, rate: int, latest: int, to: int
) -> None:
    """Whatever came in the second before: a link that got thin is known at once."""
    story = Story(900_000)
    seen = Inflow(rate, 0.0, 0.0, queue, 900_000, latest)
    assert story.go(0.25, seen) == to


@pytest.mark.parametrize(("rate", "grown"), [(60_000, 1.03), (200_000, 1.061)])
def test_beyond_where_a_link_ended_it_feels_its_way_slower_on_a_thin_one(
    rate: int, grown: float
) -> None:
    belief = Belief(rate, 0.0)
    belief.step(waiting(rate), None, 0, MOST, False, 0.25)
    belief.rate = rate + 1
    for n in range(9):
        belief.step(quiet(rate), None, 0, MOST, False, 2.25 + n / 4)
    assert belief.rate == pytest.approx(grown * rate, rel=0.002)


@pytest.mark.parametrize(("queue", "shared", "grows"), [
    (0.08, False, True), (0.09, False, False), (0.12, True, True), (0.13, True, False),
])  # fmt: skip
def test_it_grows_beside_the_queue_a_transfer_keeps(
    queue: float, shared: bool, grows: bool
) -> None:
    seen = Inflow(50_000, 0.0, 0.0, queue, 50_000)
    assert (Story(50_000).go(3, seen, shared=shared) > 50_000) is grows


def test_a_browser_is_not_told_to_go_beyond_where_the_link_seemed_to_end() -> None:
    story = Story(200_000)
    story.go(0.25, waiting(200_000))
    story.go(20, quiet(180_000), planned=10_000)
    belief = story.belief
    assert belief.rate > 200_000
    assert belief.floor(quiet(180_000), 10_000, story.now) == 180_000
    assert belief.floor(quiet(180_000), 10_000, story.now + 90) == int(belief.rate), "long ago"


def test_a_browser_told_to_use_it_starts_again_near_what_it_uses() -> None:
    belief = Belief(400_000, 0.0)
    assert belief.floor(quiet(200_000), 240_000, 9.0) == 400_000
    assert belief.floor(quiet(200_000), 240_001, 9.0) == 250_000
    assert belief.floor(quiet(0), 240_001, 9.0) == LEAST


@pytest.mark.parametrize(
    ("rate", "peak", "to"),
    [(100_000, 140_000, 108_000), (99_999, 120_000, 108_000), (200_000, 200_000, 180_000)],
)
def test_on_a_wide_link_packets_come_in_bunches(rate: int, peak: int, to: int) -> None:
    story = Story(180_000)
    assert story.go(0.25, Inflow(rate, 0.0, 0.0, 0.3, peak, rate)) == pytest.approx(to, abs=1)


def test_a_queue_that_comes_to_stand_is_not_waited_for_again() -> None:
    story = Story(900_000)
    assert story.go(0.25, Inflow(850_000, 0.0, 0.0, 0.2, 890_000, 700_000)) == 783_000
    assert story.go(0.25, Inflow(600_000, 0.0, 0.0, 0.8, 890_000, 150_000)) == 135_000
    assert story.go(0.75, Inflow(300_000, 0.0, 0.0, 1.2, 890_000, 100_000)) == 135_000


def test_beside_a_transfer_what_arrives_is_no_measure() -> None:
    assert Story(60_000).go(0.25, waiting(15_000), shared=True) == 45_000


def test_loss_on_the_air_is_no_congestion_but_ruin_is() -> None:
    assert Story(100_000).go(2, quiet(90_000, loss=0.1), planned=90_000) > 100_000
    story = Story(100_000)
    assert story.go(10, quiet(50_000, loss=0.4)) < 100_000


def test_loss_where_something_waits_is_congestion() -> None:
    story = Story(100_000)
    seen = Inflow(60_000, 0.15, 0.01, 0.12, 60_000)
    assert story.go(7, seen) == 60_000  # once: what was lost before stays in the figure


def test_near_the_last_congestion_it_grows_slowly_and_further_after_a_while() -> None:
    story = Story(100_000)
    story.go(0.25, waiting(80_000))
    near = story.go(5, quiet(68_000), planned=10_000)
    assert 74_000 < near < 82_000
    assert story.go(30, quiet(68_000), planned=10_000) < 2 * near
    assert story.go(80, quiet(68_000), planned=10_000) > 6 * near


def test_more_arriving_than_a_link_seemed_to_carry_sets_it_free() -> None:
    story = Story(1_000_000)
    for _ in range(8):
        story.go(1, waiting(150_000))
    assert 130_000 < story.belief.rate < 150_000
    for _ in range(80):  # what was told is what comes, and nothing waits any more
        came = int(0.93 * story.belief.rate)
        story.go(0.25, quiet(came), planned=came)
    assert story.belief.rate > 900_000


def test_a_browser_which_saw_more_is_believed_step_by_step() -> None:
    story = Story(100_000)
    story.said = (1_000_000, 0.0)
    first = story.go(1, quiet(90_000), planned=90_000)
    assert 150_000 <= first < 200_000
    assert story.go(8, quiet(90_000), planned=90_000, demand=1_000_000) == 1_000_000
    stale = Story(100_000)
    stale.said, stale.now = (1_000_000, 0.0), 21.0
    assert stale.go(1, quiet(90_000), planned=90_000) < 160_000


def test_nothing_is_learnt_while_nothing_comes() -> None:
    assert Story(50_000).go(60, Inflow(0, 0.0, 0.0, None, 0)) == 50_000


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1 << 40),
            st.floats(0, 1),
            st.none() | st.floats(0, 60),
            st.integers(0, 1 << 63),
        ),
        max_size=60,
    )
)
def test_whatever_is_seen_and_said_it_stays_within_bounds(
    story: list[tuple[int, float, float | None, int]],
) -> None:
    belief, now = Belief(100_000, 0.0), 0.0
    for rate, loss, queue, said in story:
        now += 0.25
        seen = Inflow(rate, loss, 0.0, queue, rate)
        assert LEAST <= belief.step(seen, (said, now), 50_000, MOST, False, now) <= MOST


def test_a_queue_that_ran_dry_at_once_tells_that_a_link_came_back() -> None:
    story = Story(60_000)
    for _ in range(12):
        story.go(1, waiting(9_000, queue=2.0))
    assert story.belief.rate < 12_000
    flushed = Inflow(90_000, 0.9, 0.1, 0.01, 120_000, 160_000)  # most of it was lost before
    assert story.go(0.25, flushed) == 0.9 * 160_000
    assert story.go(5, quiet(140_000), planned=140_000) > 150_000, "nothing says where it ends"


@pytest.mark.parametrize(("queue", "latest"), [(0.09, 160_000), (None, 160_000), (0.01, 57_000)])
def test_a_burst_behind_which_something_waits_proves_nothing(
    queue: float | None, latest: int
) -> None:
    story = Story(40_000)
    story.go(0.25, waiting(40_000))
    before = story.belief.rate
    assert story.go(0.25, Inflow(40_000, 0.0, 0.0, queue, 40_000, latest)) <= before * 1.4
