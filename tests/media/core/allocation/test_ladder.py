import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.allocation import ladder
from media.core.allocation.ladder import (
    MATTERS,
    RUNGS,
    STILLS,
    TEXT,
    Ladder,
    fraction,
    payload,
    sane,
)
from tests.media.core.thin_links import QUALITY, most_in_a_minute

RULES = QUALITY.hysteresis


def climber(rung: int, now: float = 0.0) -> Ladder:
    one = Ladder(RULES, now - 10)
    one.step(rung, rung, rung, now)
    return one


def hold(one: Ladder, rung: int, now: float, seconds: float) -> list[int]:
    """The same link for some seconds, five times a second."""
    return [one.step(rung, rung, rung, now + n / 5) for n in range(int(seconds * 5) + 1)]


def test_it_starts_where_the_link_is() -> None:
    assert Ladder(RULES, 0.0).step(4, 5, 4, 0.0) == 4


def test_a_dip_of_less_than_a_second_is_not_seen() -> None:
    one = climber(0)
    assert one.step(2, 2, 0, 5.0) == 0
    assert one.step(2, 2, 0, 5.9) == 0
    assert one.step(0, 0, 0, 5.95) == 0
    assert one.step(2, 2, 0, 6.0) == 0
    assert one.step(2, 2, 0, 7.0) == 2


def test_a_deep_fall_is_seen_at_once() -> None:
    one = climber(0)
    assert one.step(3, 3, 2, 5.0) == 3


def test_it_climbs_after_four_seconds_of_room() -> None:
    one = climber(2)
    assert hold(one, 0, 5.0, 3.8)[-1] == 2 and one.climbing
    assert one.step(0, 0, 0, 9.0) == 0 and not one.climbing


def test_it_climbs_no_higher_than_the_worst_of_those_seconds() -> None:
    one = climber(3)
    hold(one, 0, 5.0, 2)
    assert one.step(1, 1, 1, 7.2) == 3
    assert hold(one, 0, 7.4, 1.6)[-1] == 1


def test_without_room_to_spare_it_stays() -> None:
    one = climber(2)
    for n in range(100):
        assert one.step(1, 2, 1, 5 + n / 5) == 2


def test_a_failed_climb_doubles_the_wait_and_a_good_one_forgets_it() -> None:
    one = climber(2)
    hold(one, 1, 100.0, 4.0)
    assert one.rung == 1
    hold(one, 2, 106.0, 2.0)
    assert one.rung == 2
    hold(one, 1, 200.0, 7.8)
    assert one.rung == 2, "eight seconds now"
    assert one.step(1, 1, 1, 208.0) == 1
    hold(one, 2, 300.0, 2.0)  # long after: not a failure
    assert one.rung == 2
    hold(one, 1, 400.0, 4.0)
    assert one.rung == 1


def test_the_wait_has_an_end() -> None:
    one = climber(2)
    now = 1000.0
    for _ in range(8):
        hold(one, 1, now, 60.2)
        assert one.rung == 1
        hold(one, 2, now + 61, 1.2)
        assert one.rung == 2
        now += 200


def test_one_change_is_kept_for_the_fall() -> None:
    """Two changes within a minute: no climb between pictures, though the link would do."""
    one = climber(0)
    hold(one, 2, 100.0, 2.0)
    hold(one, 0, 110.0, 4.2)
    hold(one, 2, 130.0, 2.0)
    assert one.rung == 2
    assert set(hold(one, 0, 132.0, 41.8)) == {2}, "room enough, but two changes are still seen"
    assert one.step(0, 0, 0, 174.1) == 0


def test_a_picture_comes_back_with_the_last_change_of_a_minute_ten_seconds_after_the_others() -> (
    None
):
    one = climber(1)
    hold(one, 2, 100.0, 1.0)
    hold(one, 3, 101.2, 1.0)
    assert one.rung == 3
    assert set(hold(one, 2, 102.4, 8.6)) == {3}
    assert one.step(2, 2, 2, 112.2) == 2
    assert set(hold(one, 4, 113.0, 40)) == {2}, "and a fall after that waits"
    assert hold(one, 4, 160.2, 1.0)[-1] == 4


def test_a_third_fall_lower_than_all_goes_one_rung_further() -> None:
    one = climber(0)
    hold(one, 1, 100.0, 1.0)
    hold(one, 2, 105.0, 1.0)
    assert one.rung == 2
    hold(one, 3, 110.0, 1.0)
    assert one.rung == 4
    assert set(hold(one, 4, 115.0, 5)) == {4}
    assert hold(one, TEXT, 120.0, 1.0)[-1] == TEXT, "the end of the voice is always told"


def test_a_third_fall_to_where_one_was_stays_there() -> None:
    one = climber(2)
    hold(one, 3, 100.0, 1.0)
    hold(one, 2, 105.0, 4.0)
    assert one.rung == 2
    assert hold(one, 3, 115.0, 1.0)[-1] == 3


def test_what_happens_before_anybody_saw_anything_is_no_change() -> None:
    one = Ladder(RULES, 0.0)
    one.step(0, 0, 0, 0.0)
    assert one.step(3, 3, 3, 1.0) == 3
    hold(one, 2, 10.0, 4.0)
    hold(one, 3, 20.0, 1.0)
    hold(one, 4, 25.0, 1.0)
    assert one.rung == 4, "the third change that counts, lower than all, but voice is low enough"


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 60)), max_size=80))
def test_never_four_changes_in_a_minute(link: list[tuple[int, int]]) -> None:
    one, now, seen, last = Ladder(RULES, 0.0), 0.0, list[float](), None
    for rung, ticks in link:
        for _ in range(ticks):
            now += 0.2
            got = one.step(rung, rung, rung, now)
            if last is not None and got != last and now > 3.0:
                seen.append(now)
            last = got
    assert most_in_a_minute(seen) < 4


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0, 20)), max_size=60))
def test_it_never_stays_above_a_link_that_carries_nothing(
    link: list[tuple[int, int, float]],
) -> None:
    one, now = Ladder(RULES, 0.0), 0.0
    for affordable, more, pause in link:
        now += pause
        one.step(affordable, max(affordable, more), affordable, now)
    assert one.step(TEXT, TEXT, TEXT, now + 1) == TEXT


@pytest.mark.parametrize(
    ("share", "rate", "matters", "rung"),
    [
        (0, 7_900, "speech", "text"),
        (0, 8_000, "speech", "voice"),
        (0, 21_500, "speech", "stills"),
        (20_999, 64_000, "speech", "stills"),
        (21_000, 64_000, "speech", "sharp"),
        (50_000, 90_000, "speech", "slow"),
        (120_000, 200_000, "speech", "motion"),
        (90_000, 200_000, "motion", "motion"),
        (42_000, 90_000, "motion", "slow"),
        (159_000, 300_000, "detail", "sharp"),
        (160_000, 300_000, "detail", "slow"),
        (500_000, 700_000, "detail", "motion"),
        (50_000, 90_000, "nonsense", "slow"),
    ],
)
def test_what_a_share_affords(share: int, rate: int, matters: str, rung: str) -> None:
    assert RUNGS[QUALITY.affords(share, rate, matters)] == rung


def test_without_av1_few_small_frames_stand_still() -> None:
    assert QUALITY.affords(37_999, 64_000, "speech", av1=False) == STILLS
    assert QUALITY.affords(38_000, 64_000, "speech", av1=False) == 2


def test_detail_prefers_pixels_motion_prefers_frames() -> None:
    for rung in range(STILLS):
        level = {matters: QUALITY.level(rung, matters) for matters in MATTERS}
        assert level["detail"].fps < level["motion"].fps
    for rate in (60_000, 120_000, 300_000, 1_000_000):
        heights = [QUALITY.height(matters, rate) for matters in ("motion", "speech", "detail")]
        assert heights == sorted(heights) and heights[0] < heights[2]


def test_what_is_planned_leaves_ten_percent_and_the_feedback() -> None:
    assert QUALITY.usable(100_000) == 87_000
    assert QUALITY.usable(0) == QUALITY.usable(3000) == 0


@given(st.integers(0, 10_000_000))
def test_takes_is_usable_the_other_way_round(usable: int) -> None:
    assert usable <= QUALITY.usable(QUALITY.takes(usable)) <= usable + 2


@given(st.integers(0, 5_000_000), st.integers(1, 30))
def test_payload_leaves_room_for_its_packets(wire: int, fps: int) -> None:
    bits = payload(wire, fps)
    frame = bits / fps
    packets = fps * (int(frame // ladder.LARGEST) + 1)
    assert bits == 0 or bits + packets * 512 <= wire * 1.001 + 512 * fps
    assert bits >= 0.8 * wire - 512 * fps - 1


def test_payload_of_the_thin_picture() -> None:
    assert payload(30_000, 8) == 24_538
    assert payload(4_000, 8) == 0


@given(st.one_of(st.integers(), st.floats(), st.none()))
def test_any_claimed_rate_becomes_a_number(rate: int | float | None) -> None:
    assert 0 <= sane(rate) <= ladder.MOST
    if rate is not None and rate == rate:
        assert 0 <= fraction(rate) <= 1


def test_sane_keeps_what_is_sane() -> None:
    assert [sane(one) for one in (64_000, 2**63, -5, None, float("nan"))] == [
        64_000, ladder.MOST, 0, 0, 0,
    ]  # fmt: skip
    assert [fraction(one) for one in (0.5, 7.0, -1.0, float("nan"))] == [0.5, 1.0, 0.0, 0.0]


def test_noise_of_a_fifth_is_not_seen() -> None:
    dice = random.Random(7)
    for mean in range(20_000, 400_000, 3_700):
        one, seen = Ladder(RULES, 0.0), list[int]()
        for n in range(300 * 5):
            share = mean * dice.uniform(0.8, 1.2)
            rungs = [QUALITY.affords(share, share + 30_000, "speech", room=room)
                     for room in (1, RULES.room, ladder.DEEP)]  # fmt: skip
            seen.append(one.step(*rungs, n / 5))
        late = seen[300:]
        assert sum(a != b for a, b in pairwise(late)) == 0, mean


def test_the_third_change_may_lead_back_to_the_best_where_no_climb_failed() -> None:
    one = climber(0)
    hold(one, 3, 100.0, 1.0)
    hold(one, 2, 101.2, 4.2)
    assert one.rung == 2
    assert set(hold(one, 1, 105.6, 30)) == {2}, "not to anything less"
    assert hold(one, 0, 136.0, 4.2)[-1] == 0
    soon = climber(0)
    hold(soon, 3, 100.0, 1.0)
    hold(soon, 2, 101.2, 4.2)
    assert set(hold(soon, 0, 105.6, 9.6)) == {2}, "nor at once"
    assert soon.step(0, 0, 0, 115.6) == 0


def test_a_climb_at_the_beginning_is_none_that_failed() -> None:
    for climbed, wait in ((6.0, 4.0), (16.0, 8.0)):
        one = Ladder(RULES, 0.0)
        hold(one, 1, 0.0, climbed - 4)
        hold(one, 0, climbed - 3.9, 4.2)
        assert one.rung == 0
        hold(one, 2, 30.0, 1.2)
        hold(one, 0, 100.0, wait - 0.2)
        assert one.rung == 2
        assert one.step(0, 0, 0, 100 + wait) == 0
