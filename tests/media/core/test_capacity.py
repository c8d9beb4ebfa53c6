import pytest

from media.core.capacity import LEAST, Capacity, Reported, start
from tests.media.core.thin_links import QUALITY, link


def capacity(rate: int = 100_000) -> Capacity:
    return Capacity(QUALITY, rate, 0.0)


def said(rate: int | None, at: float) -> Reported:
    return Reported(rate, 0.6, "none", at)


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


def test_it_climbs_to_what_the_browser_says_by_half_a_second_apart() -> None:
    one = capacity()
    rates = [one.step(n / 5, link(90_000), said(400_000, 0.0), 0, 0) for n in range(1, 26)]
    assert rates[3] == 100_000
    assert [rates[n] for n in (4, 9, 14, 19, 24)] == [150_000, 225_000, 337_500, 400_000, 400_000]


def test_a_browser_that_sends_what_it_may_is_believed_downward() -> None:
    assert capacity().step(1.0, link(56_000), said(70_000, 1.0), 90_000, 0) == 70_000


def test_a_browser_that_sends_little_is_not() -> None:
    """Its estimate sinks to 1.5 times a voice, and that says nothing of the link."""
    assert capacity().step(1.0, link(20_000), said(40_000, 1.0), 0, 0) == 100_000


@pytest.mark.parametrize("claim", [0, None, -3, 2**63, 500])
def test_a_lie_changes_little(claim: int | None) -> None:
    one, rate = capacity(), 0
    for n in range(1, 40):
        rate = one.step(n / 5, link(80_000), said(claim, n / 5), 85_000, 0)
    if claim == 2**63:
        assert rate <= 100_000 * 1.5**7
    else:
        assert 80_000 <= rate <= 130_000


def test_a_report_is_believed_for_twenty_seconds() -> None:
    one = capacity()
    assert one.step(30.0, link(90_000), said(150_000, 10.0), 0, 0) == 150_000
    assert capacity().step(30.1, link(90_000), said(150_000, 10.0), 0, 0) == 108_000
    assert capacity().step(1.0, link(90_000), said(150_000, 2.0), 0, 0) == 108_000


@pytest.mark.parametrize(
    ("loss", "own", "queue", "falls"),
    [
        (0.0, 0.0, 0.26, True),
        (0.0, 0.0, 0.25, False),
        (0.09, 0.0, 0.0, True),
        (0.08, 0.0, 0.0, False),
        (0.12, 0.08, 0.0, False),
        (0.0, 0.0, None, False),
    ],
)
def test_it_falls_at_once_below_what_arrives_on_congestion(
    loss: float, own: float, queue: float | None, falls: bool
) -> None:
    one = capacity()
    rate = one.step(0.1, link(60_000, loss, own, queue), said(100_000, 0.1), 80_000, 0)
    assert rate == (51_000 if falls else 100_000)
    assert one.congested is falls


def test_it_does_not_fall_twice_for_the_same_queue_within_a_round_trip() -> None:
    one = capacity()
    rates = [one.step(n / 5, link(int(one.rate), queue=0.3), None, 0, 0) for n in range(1, 9)]
    assert rates[0] == rates[2] == 85_000
    assert rates[3] == 72_250
    slow = capacity()
    assert slow.step(1, link(50_000, queue=0.3, trip=9.0), None, 0, 0) == 42_500
    assert slow.step(2.9, link(40_000, queue=0.3, trip=9.0), None, 0, 0) == 42_500
    assert slow.step(3.0, link(40_000, queue=0.3, trip=9.0), None, 0, 0) == 34_000


def test_it_waits_three_seconds_after_congestion() -> None:
    one = capacity()
    one.step(1.0, link(60_000, queue=0.3), None, 0, 0)
    assert one.step(3.9, link(50_000), said(90_000, 3.9), 0, 0) == 51_000
    assert one.step(4.0, link(50_000), said(90_000, 3.9), 0, 0) == 76_500


def test_it_does_not_climb_into_a_queue() -> None:
    assert capacity().step(1.0, link(90_000, queue=0.13), said(150_000, 1.0), 0, 0) == 100_000
    assert capacity().step(1.0, link(90_000, queue=0.12), said(150_000, 1.0), 0, 0) == 150_000


def test_congestion_among_a_few_packets_of_silence_is_no_figure() -> None:
    assert capacity().step(1.0, link(5_999, queue=0.3), None, 0, 0) == 70_000
    assert capacity().step(1.0, link(12_000, queue=0.3), None, 0, 0) == 10_200
    assert capacity().step(1.0, link(6_000, queue=0.3), None, 0, 0) == LEAST


def test_nothing_arrives_and_nothing_changes() -> None:
    one = capacity()
    for n in range(1, 60):
        assert one.step(n / 5, link(0, 1.0, 0.0, 5.0), None, 80_000, 0) == 100_000
    assert one.after_cut


def test_after_a_cut_its_losses_are_forgiven_for_five_seconds() -> None:
    one = capacity()
    one.step(10.0, link(0), None, 0, 0)
    assert one.step(14.9, link(40_000, 0.9, 0.0), None, 30_000, 0) >= 100_000
    assert one.step(15.0, link(40_000, 0.9, 0.0), None, 30_000, 0) == 34_000
    one = capacity()
    one.step(10.0, link(0), None, 0, 0)
    assert one.step(11.0, link(40_000, 0.9, 0.0, 0.3), None, 30_000, 0) == 34_000, "a queue is not"


def test_a_browser_which_says_nothing_grows_with_what_arrives() -> None:
    one = capacity()
    assert one.step(1.0, link(80_000), None, 100_000, 0) == 108_000
    assert one.step(2.0, link(80_000), None, 100_000, 0) == 116_640
    assert one.step(3.0, link(80_000), None, 100_000, 0) == 120_000, "1.5 times that at most"


def test_a_browser_which_says_nothing_and_sends_less_than_told_has_found_its_link() -> None:
    one = capacity()
    assert one.step(1.0, link(50_000), None, 80_000, 0) == 92_592
    assert one.step(2.0, link(50_000), None, 80_000, 0) == 85_733
    for n in range(3, 20):
        one.step(float(n), link(50_000), None, 80_000, 0)
    assert one.rate == 60_000
    off = capacity()
    assert off.step(1.0, link(24_000), None, 80_000, 0) == 100_000, "its camera is off"
    assert off.step(1.2, link(24_001), None, 80_000, 0) < 100_000


def jump(one: Capacity, at: float, *, came: int, claim: int | None, goal: int) -> int:
    return one.step(at, link(came), None if claim is None else said(claim, at), 0, goal)


def test_a_voice_alone_jumps_after_ninety_calm_seconds() -> None:
    one = capacity(41_000)
    assert jump(one, 89.9, came=20_500, claim=40_000, goal=57_000) == 41_000
    assert jump(one, 90.0, came=20_500, claim=40_000, goal=57_000) == 57_000


@pytest.mark.parametrize(
    ("rate", "came", "claim", "goal", "after"),
    [
        (41_000, 20_500, 29_300, 57_000, 57_000),
        (41_000, 20_500, 29_200, 57_000, 41_000),  # it could believe 30 750 and does not
        (38_000, 20_500, 37_900, 57_000, 57_000),
        (37_900, 20_500, 37_900, 57_000, 37_900),  # more than one step
        (30_000, 20_000, None, 57_000, 45_000),  # without a word, step by step
        (45_000, 20_000, None, 57_000, 57_000),
        (41_000, 20_500, 40_000, 0, 41_000),
        (57_000, 20_500, 40_000, 57_000, 57_000),
    ],
)
def test_a_jump_needs_a_goal_near_by_and_a_browser_at_its_bound(
    rate: int, came: int, claim: int | None, goal: int, after: int
) -> None:
    assert jump(capacity(rate), 95.0, came=came, claim=claim, goal=goal) == after


def test_a_browser_which_says_nothing_is_tried_sooner() -> None:
    one = capacity(30_000)
    assert jump(one, 29.9, came=20_000, claim=None, goal=57_000) == 30_000
    assert jump(one, 30.0, came=20_000, claim=None, goal=57_000) == 45_000
    assert jump(one, 59.9, came=20_000, claim=None, goal=57_000) == 45_000
    assert jump(one, 60.0, came=20_000, claim=None, goal=57_000) == 57_000


def test_a_failed_jump_doubles_the_wait_up_to_its_end() -> None:
    one, now = capacity(41_000), 0.0
    for wait in (90, 180, 360, 360):
        assert jump(one, now + wait - 0.1, came=20_500, claim=40_000, goal=57_000) == 41_000
        assert jump(one, now + wait, came=20_500, claim=40_000, goal=57_000) == 57_000
        now += wait + 4
        assert one.step(now, link(40_000), said(41_000, now), 22_000, 0) == 41_000
        one.step(now, link(48_300, queue=0.3), None, 0, 0)
        assert one.rate == 41_000


def test_it_looks_further_for_seven_seconds_in_twenty() -> None:
    one = capacity()
    looks = [n for n in range(40) if one.look(20_000, 60_000, float(n))]
    assert looks == [*range(4, 11), *range(24, 31)]
    assert not one.look(20_000, 60_000, 3.9)
    assert one.look(20_000, 60_000, 10.9) and not one.look(20_000, 60_000, 23.9)
    assert one.look(20_000, 60_000, 4.0) == 60_000
    assert one.look(10_000, 26_000, 4.0) == 32_500, "what only a probe can find"
    assert one.look(10_000, 0, 4.0) == 0


def test_without_a_picture_only_a_probe_is_believed() -> None:
    one = capacity(20_000)
    assert one.step(1.0, link(10_000), said(27_400, 1.0), 0, 28_000) == 20_000
    assert one.step(1.2, link(10_000), said(27_501, 1.2), 0, 28_000) == 27_501
    busy = capacity(20_000)
    assert busy.step(1.0, link(16_000), said(27_400, 1.0), 0, 26_000) == 27_400


def test_what_is_only_tried_is_not_sure() -> None:
    one = capacity(30_000)
    jump(one, 30.0, came=10_000, claim=None, goal=57_000)
    assert (one.rate, one.sure) == (45_000, 30_000)
    one.step(31.0, link(28_000), None, 100_000, 0)
    assert one.sure == 42_000, "one and a half times what arrives"
    one.step(31.2, link(40_000), None, 100_000, 0)
    assert one.sure == 45_000
    one.step(32.0, link(20_000, queue=0.3), None, 0, 0)
    assert one.sure == one.rate == 17_000


def test_what_a_browser_believed_during_a_cut_is_forgiven_too() -> None:
    one = capacity()
    one.step(10.0, link(0), None, 0, 0)
    assert one.step(14.9, link(30_000), said(30_000, 9.0), 30_000, 0) == 100_000
    assert one.step(15.0, link(30_000), said(30_000, 9.0), 30_000, 0) == 30_000


def weighed(
    one: Capacity, rate: int, now: float, came: int = 10_000, queue: float = 0.0, goal: int = 0
) -> int:
    told = Reported(rate, 0.6, "none", now, weighed=True)
    one.step(now, link(came, 0.9, 0.9, queue), told, 80_000, goal)
    return one.sure


def test_a_belief_weighed_elsewhere_is_taken_as_it_is_downward() -> None:
    one = capacity()
    weighed(one, 20_000, 1.0)
    assert one.rate == one.sure == 20_000
    weighed(one, -1, 2.0)
    assert one.rate == LEAST


def test_upward_it_goes_no_further_than_what_was_shown_or_a_goal() -> None:
    one = capacity(20_000)
    assert weighed(one, 500_000, 1.0) == one.rate == 20_000
    assert weighed(one, 500_000, 2.0, came=30_000) == one.rate == 45_000
    assert weighed(one, 500_000, 3.0) == 45_000, "a silence takes nothing back"
    assert weighed(one, 500_000, 4.0, goal=60_000) == 45_000
    assert one.rate == 60_000
    assert weighed(one, 50_000, 5.0, goal=60_000) == 45_000
    assert one.rate == 50_000
    assert weighed(one, 24_000, 6.0) == 24_000


def test_what_is_sure_grows_by_a_quarter_each_calm_minute() -> None:
    one = capacity(20_000)
    assert weighed(one, 20_000, 1.0) == 20_000
    assert weighed(one, 500_000, 59.9) == 20_000
    assert weighed(one, 500_000, 60.0) == 25_000
    assert weighed(one, 500_000, 119.9) == 25_000
    assert weighed(one, 500_000, 119.95, queue=0.3) == 25_000
    assert weighed(one, 500_000, 179.9) == 25_000
    assert weighed(one, 500_000, 180.0) == 31_250
