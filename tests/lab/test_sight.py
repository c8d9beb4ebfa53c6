"""Figures of what was received, from samples whose truth is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import timecode
from tests.lab.sight import Received, Sight, gaps, received

WINDOW = (15.0, 25.0)
STEP = 0.1


def sample(at: float, *, connection: int = 0, mid: str = "a0", **counts: float) -> dict[str, Any]:
    row = {"type": "inbound-rtp", "id": f"row {mid}", "kind": "audio", "mid": mid, **counts}
    return {"at": at, "connection": connection, "rows": [row]}


def call(
    concealed: float = 0.0, silent: tuple[float, float] = (0, 0), mid: str = "a0"
) -> list[dict[str, Any]]:
    """A sample each 100 ms from 0 to 30 s; within ``silent`` all is invented."""
    samples, total, made, packets = [], 0.0, 0.0, 0
    for index in range(301):
        at = index * STEP
        total, packets = total + 4800, packets + (0 if silent[0] < at <= silent[1] else 5)
        made += 4800 * (1 if silent[0] < at <= silent[1] else concealed)
        samples.append(
            sample(
                at, mid=mid, totalSamplesReceived=total, concealedSamples=made,
                packetsReceived=packets, jitterBufferDelay=total * 0.2,
                jitterBufferEmittedCount=total,
            )
        )  # fmt: skip
    return samples


def frame(at: float, *, person: int = 1, late: float = 0.3, mid: str = "v0", **more: Any) -> Any:
    wall = 1_800_000_000 + at
    base = {"connection": 0, "mid": mid, "at": at, "wall": wall, "width": 320, "presented": 0}
    return {**base, "code": timecode.code(person, wall - late), **more}


def film(*stretches: tuple[float, float], fps: float = 10.0, **more: Any) -> list[Any]:
    instants = [a + i / fps for a, b in stretches for i in range(int((b - a) * fps))]
    return [frame(at, presented=n, **more) for n, at in enumerate(instants)]


def seen(samples: list[Any], frames: list[Any], sender: int | None = None) -> Received:
    return received(Sight(samples, frames), sender)


def test_concealment_is_a_share_of_what_was_played() -> None:
    assert seen(call(0.03), []).concealed(WINDOW) == pytest.approx(3)
    assert seen(call(), []).sound_delay(WINDOW) == pytest.approx(200)


def test_whoever_is_never_heard_or_seen_is_the_worst_there_is() -> None:
    nothing = seen([], [])
    assert nothing.concealed(WINDOW) == nothing.frozen(WINDOW) == 100
    assert nothing.speech_gap(WINDOW) == 10_000 and nothing.longest_freeze(WINDOW) == 10
    assert nothing.fps(WINDOW) == 0
    assert nothing.width(WINDOW) is nothing.picture_delay(WINDOW) is None
    assert nothing.first_picture(0) is nothing.speech_after(0) is None


def test_a_silence_is_measured_and_its_end_found() -> None:
    told = seen(call(silent=(18.0, 19.5)), [])
    assert told.speech_gap(WINDOW) == pytest.approx(1500, abs=110)
    assert told.speech_gap((20, 25)) < 110
    assert told.speech_after(18.0) == pytest.approx(1.6, abs=0.11)


def test_freezes_are_gaps_of_more_than_half_a_second() -> None:
    told = seen([], film((14, 17), (19, 26)))
    assert told.frozen(WINDOW) == pytest.approx(20, abs=2)
    assert told.longest_freeze(WINDOW) == pytest.approx(2, abs=0.2)
    assert told.fps(WINDOW) == pytest.approx(8, abs=0.3)
    assert seen([], film((14, 26), fps=2.5)).frozen(WINDOW) == 0
    assert seen([], film((14, 26), fps=1.5)).frozen(WINDOW) == pytest.approx(100, abs=10)


def test_pictures_the_page_had_no_time_to_look_at_still_count() -> None:
    frames = [frame(15 + i, presented=10 * i) for i in range(10)]
    assert seen([], frames).fps(WINDOW) == pytest.approx(9.1)


def test_delay_is_read_from_the_picture() -> None:
    told = seen([], film((14, 20), late=0.75))
    assert told.picture_delay(WINDOW) == pytest.approx(750, abs=11)
    assert told.first_picture(2.0) == 12.0
    assert seen([], film((14, 20), code=None)).picture_delay(WINDOW) is None


def test_of_two_people_each_has_their_own_figures() -> None:
    samples = call(0.0, mid="a0") + call(0.1, mid="a1")
    frames = film((14, 26), person=1, mid="v0") + film((14, 26), person=2, mid="v1", late=0.9)
    one, two = seen(samples, frames, 1), seen(samples, frames, 2)
    assert one.concealed(WINDOW) == 0 and two.concealed(WINDOW) == pytest.approx(10)
    assert two.picture_delay(WINDOW) == pytest.approx(900, abs=11)
    assert seen(samples, frames, 0).concealed(WINDOW) == 100


def still(at: float, *, place: str = "tile", person: int = 1, **more: Any) -> Any:
    shown = frame(at, person=person)
    return {"at": at, "place": place, "width": 640, "seat": f"s{person}", **shown, **more}


def turn(at: float, seat: str = "s1", key: str = "rung", **more: Any) -> Any:
    return {"at": at, "key": f"{key} {seat} person", "before": "slow", "text": "sharp", **more}


def test_a_still_stands_for_the_picture_for_some_seconds() -> None:
    told = received(Sight([], film((14, 16)), [still(5), still(17), still(28)]), None)
    assert told.frozen(WINDOW) == pytest.approx(91, abs=1)
    assert told.unseen(WINDOW) == pytest.approx(11, abs=1)  # 15.9–17
    assert seen([], film((14, 16))).unseen(WINDOW) == seen([], film((14, 16))).frozen(WINDOW)
    assert told.first_still(6) == 11
    assert told.still_every((0, 30)) == pytest.approx(11.5)
    assert told.still_every((16, 20)) is None


def test_stills_asked_for_are_not_those_of_the_tile() -> None:
    shown = [still(20, place="asked", width=320), still(23, place="asked", width=640)]
    told = received(Sight([], [], shown), None)
    assert told.asked_still(18, 640) == 5 and told.asked_still(18, 320) == 2
    assert told.asked_still(18, 1280) is None
    assert told.first_still(0) is None and told.unseen(WINDOW) == 100


def test_changes_of_the_rung_are_counted_a_minute_and_for_their_person() -> None:
    turns = [turn(10), turn(16), turn(20), turn(21, "s2"), turn(22, key="words")]
    sight = Sight([], [], [still(12), still(13, person=2)], turns)
    assert received(sight, None).changes(WINDOW) == 18
    assert received(sight, 1).changes(WINDOW) == 12
    assert received(sight, 2).changes((0, 30)) == 2
    shown = [turn(16, connection=0, mid="v0"), turn(17), turn(18, "s2", connection=0, mid="v1")]
    seen_moving = Sight([], film((14, 26)), [], shown)
    assert received(seen_moving, 1).changes(WINDOW) == 12
    assert received(seen_moving, 2).changes(WINDOW) == 0


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 10)), max_size=20))
def test_gaps_and_what_covers_fill_the_window(parts: list[tuple[float, float]]) -> None:
    covered = [(start, start + length) for start, length in parts]
    left = sum(gaps(covered, (10, 40)))
    points = [10 + 30 * i / 3000 for i in range(3000)]
    bare = sum(not any(a <= p <= b for a, b in covered) for p in points) / 100
    assert left == pytest.approx(bare, abs=0.02 * (len(parts) + 1))
