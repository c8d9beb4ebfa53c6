"""What a browser is told to send: examples, then whole calls, then anything at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.allocation.ladder import RUNGS, Link, VoiceStep
from media.core.allocation.plan import Plan, as_json, due
from media.core.allocation.uplink import Believed, Codecs, Uplink, Want
from tests.media.core.thin_links import (
    QUALITY,
    Browser,
    Moment,
    Trace,
    call_up,
    cellular,
    changes,
    link,
    most_in_a_minute,
    noisy,
    ramp,
    steady,
    steps,
)  # fmt: skip

FACE = Want(2_500_000, "speech", 720, True)
FAT = VoiceStep(32_000, 20, True)


def first(rate: int, wants: dict[str, list[Want]] | None = None, **more: object) -> Plan:
    """The plan of an uplink which is believed to carry `rate`."""
    asked: dict[str, object] = {
        "voices": [], "can": Codecs(True), "transfer": False, "ceiling": None, "of": link(0),
    } | more  # fmt: skip
    return Uplink(QUALITY, rate, 0.0).step(
        0.0, asked["of"], Believed(rate), {"camera": [FACE]} if wants is None else wants,  # type: ignore[arg-type]
        asked["voices"], asked["can"], asked["transfer"], asked["ceiling"],  # type: ignore[arg-type]
    )  # fmt: skip


def wire(plan: Plan) -> int:
    """About what the pictures take."""
    streams = [one for one in (plan.camera, plan.low, plan.exam) if one]
    return sum(int(one.bitrate * (1 + 512 / 9200)) + one.fps * 512 for one in streams)


@pytest.mark.parametrize(
    ("rate", "rung", "fps", "height"),
    [(64_000, "sharp", 9, 180), (128_000, "slow", 15, 240), (256_000, "motion", 30, 360),
     (512_000, "motion", 30, 480), (2_000_000, "motion", 30, 720)],
)  # fmt: skip
def test_the_picture_of_an_uplink(rate: int, rung: str, fps: int, height: int) -> None:
    plan = first(rate)
    assert plan.camera is not None
    assert (plan.rung, plan.camera.fps, plan.camera.height) == (rung, fps, height)
    assert 0.8 * rate < wire(plan) + plan.audio.wire + 3000 <= 0.9 * rate
    assert plan.spare <= 1 and plan.n == 1


@pytest.mark.parametrize(
    ("rate", "rung"), [(16_000, "voice"), (32_000, "stills"), (7_000, "voice")]
)
def test_no_picture_on_the_thinnest(rate: int, rung: str) -> None:
    plan = first(rate)
    assert (plan.rung, plan.camera, plan.low, plan.exam) == (rung, None, None, None)


def test_edge_gets_at_least_twenty_five_kilobits_of_av1_and_eight_frames() -> None:
    plan = first(64_000)
    assert plan.camera and plan.camera.codec == "av1"
    assert (
        plan.camera.bitrate >= 25_000
        and plan.camera.fps > 8
        and plan.audio == VoiceStep(12_000, 60, False)
    )


def test_without_av1_there_are_stills_instead() -> None:
    assert first(64_000, can=Codecs(False)).rung == "stills"
    assert first(64_000, {"camera": [replace(FACE, av1=False)]}).rung == "stills"


def test_automatic_stills_fill_what_the_voice_leaves() -> None:
    plan = first(32_000)
    assert plan.stills is not None
    assert plan.stills.bytes * 8 * 1.15 / plan.stills.every <= plan.spare * 1.01
    assert plan.stills.every <= 10.1 and plan.stills.bytes >= 3000
    wide = first(48_000)
    assert wide.stills and wide.stills.bytes == 9000 and wide.stills.every == 6.0
    assert wide.spare > 13_800, "six seconds apart, not more often"


def test_a_picture_that_would_choke_gives_way_to_stills() -> None:
    uplink = Uplink(QUALITY, 128_000, 0.0)
    trace = steps((10, 128e3), (5, 70e3), (5, 30e3), (12, 64e3), (8, 30e3))
    for n in range(200):
        rate = int(trace(n / 5))
        plan = uplink.step(n / 5, link(rate), Believed(rate), {"camera": [FACE]}, [], Codecs(True),
                           False, None)  # fmt: skip
        assert n != 155 or plan.camera
    assert (plan.rung, plan.camera) == ("sharp", None)
    assert plan.stills and plan.stills.every <= 11


def shaped(said: int | None, loss: float = 0.0) -> Plan:
    return Uplink(QUALITY, 400_000, 0.0).step(
        0.0, link(0, loss), Believed(400_000, "none", said), {"camera": [FACE]}, [], Codecs(True),
        False, None,
    )  # fmt: skip


def test_a_browser_more_careful_than_we_gets_a_picture_it_can_fill() -> None:
    """At 170 kbit/s it has 99 for the picture beside 51 of voice: 240 lines of AV1, and may still
    take more."""
    plain, careful, sure = shaped(None), shaped(170_000), shaped(500_000)
    assert plain == sure and plain.camera
    assert plain.camera.height >= 360 and plain.camera.codec == "vp8"
    assert careful.camera
    assert (careful.camera.height, careful.camera.fps, careful.camera.codec) == (240, 15, "av1")
    assert careful.camera.bitrate >= plain.camera.bitrate
    dumb = shaped(0)
    assert dumb.camera and (dumb.camera.height, dumb.camera.fps) == (144, 15)


def test_beside_a_voice_sent_twice_a_browser_is_not_left_to_share_out_by_itself() -> None:
    """It counts the voice once: 24 of 74 kbit/s would be missing."""
    plain, careful = shaped(None, 0.02), shaped(200_000, 0.02)
    assert plain.audio.red and plain.camera and careful.camera
    room = QUALITY.usable(200_000) - careful.audio.wire
    assert room < wire(careful) < 1.2 * room < 0.5 * wire(plain)
    assert careful.spare == plain.spare == 0 and careful.ceiling == plain.ceiling
    lost = shaped(10_000, 0.02).camera
    assert lost and 0.35 * plain.camera.bitrate < lost.bitrate < 0.45 * plain.camera.bitrate


@pytest.mark.parametrize(("queue", "share"), [(0.3, 1.0), (0.31, 0.6), (0.6, 0.6), (0.61, 0.2)])
def test_while_a_queue_stands_pictures_leave_it_room_to_drain(queue: float, share: float) -> None:
    plain, held = first(256_000), first(256_000, of=link(0, queue=queue))
    assert plain.camera and held.camera
    assert held.camera == replace(plain.camera, bitrate=int(share * plain.camera.bitrate))
    assert held.rung == plain.rung and held.spare == plain.spare


def test_in_a_two_person_call_the_receiver_sizes_the_stream() -> None:
    plan = first(512_000, {"camera": [Want(90_000, "speech", 240, True, "slow")]})
    assert plan.camera and (plan.camera.height, plan.rung) == (240, "slow")
    assert wire(plan) <= 90_000 and plan.why.code == "receiver"
    assert plan.spare > 300_000
    assert plan.ceiling < 250_000, "no probe beyond what anybody wants"


def test_a_receiver_on_stills_gets_stills_of_a_good_uplink() -> None:
    thin = Want(0, "speech", 0, True, "stills")
    plan = first(512_000, {"camera": [thin]})
    assert (plan.rung, plan.camera, plan.why.code) == ("stills", None, "receiver")
    assert plan.stills and plan.stills.bytes == 9000
    both = first(128_000, {"camera": [FACE, thin]})
    assert both.camera and both.stills and both.spare > 20_000
    assert first(512_000, {"camera": [replace(thin, rung="voice")]}).stills is None


def test_nobody_looks_and_no_picture_is_sent() -> None:
    plan = first(512_000, {})
    assert (plan.camera, plan.rung, plan.stills) == (None, "motion", None)
    assert first(512_000, {"camera": [replace(FACE, rate=0)]}).camera is None


def test_unlike_receivers_get_a_small_copy_too() -> None:
    uplink = Uplink(QUALITY, 512_000, 0.0)
    thin = Want(30_000, "speech", 180, True, "sharp")
    for n in range(20):
        plan = uplink.step(n / 5, link(0), Believed(512_000), {"camera": [FACE, thin]}, [],
                           Codecs(True), False, None)  # fmt: skip
    assert plan.low and plan.low.height == 180 and plan.low.fps == 9
    assert plan.camera and plan.camera.height >= 360
    assert wire(plan) + plan.audio.wire <= 512_000 * 0.9


def test_a_small_copy_leaves_eighty_kilobits_to_the_large() -> None:
    def low(rate: int) -> bool:
        uplink = Uplink(QUALITY, rate, 0.0)
        thin = Want(30_000, "speech", 180, True, "sharp")
        for n in range(20):
            plan = uplink.step(n / 5, link(0), Believed(rate), {"camera": [FACE, thin]}, [],
                               Codecs(True), False, None)  # fmt: skip
        return plan.low is not None

    assert not low(152_000)
    assert low(154_000)


def test_the_exam_camera_comes_first() -> None:
    wants = {"camera": [FACE], "exam": [Want(4_000_000, "detail", 1080, True)]}
    thin = first(64_000, wants)
    assert thin.exam and thin.camera is None
    assert thin.exam.fps == 5 and thin.exam.height == 240
    wide = first(512_000, wants)
    assert wide.exam and wide.camera and wide.exam.bitrate > 1.7 * wide.camera.bitrate
    little = first(512_000, wants | {"exam": [Want(50_000, "detail", 360, True, "sharp")]})
    assert little.camera and little.camera.bitrate > 250_000, "what the exam leaves is the face's"


def test_the_voice_is_what_the_thinnest_receiver_can_carry() -> None:
    assert first(512_000, voices=[FAT, FAT]).audio == VoiceStep(32_000, 20, False)
    lean = VoiceStep(6_000, 120, True)
    assert first(512_000, voices=[FAT, lean]).audio == VoiceStep(6_000, 120, False)
    assert first(16_000, voices=[FAT]).audio == VoiceStep(6_000, 120, False)
    assert first(512_000, of=link(0, 0.03)).audio == VoiceStep(24_000, 20, True)


def test_a_still_on_its_way_lowers_the_voice_of_a_thin_uplink() -> None:
    plan = first(32_000, transfer=True)
    assert plan.audio == VoiceStep(6_000, 120, False)
    assert 9000 * 8 * 1.3 / plan.spare <= 10


def test_a_transfer_takes_a_third_of_the_picture_and_never_its_rung() -> None:
    plain, beside = first(512_000), first(512_000, transfer=True)
    assert plain.camera and beside.camera
    assert beside.spare == pytest.approx(wire(plain) / 3, rel=0.02)
    edge = first(64_000, transfer=True)
    assert edge.rung == "sharp" and 9000 * 8 * 1.3 / edge.spare <= 10
    assert wire(edge) >= 20_500


def test_a_ceiling_bounds_everything() -> None:
    plan = first(2_000_000, ceiling=64_000)
    assert (plan.rung, plan.why.code, plan.ceiling) == ("sharp", "ceiling", 64_000)
    assert wire(plan) + plan.audio.wire <= 64_000
    assert first(64_000, ceiling=0).rung == "text"
    assert first(64_000, ceiling=0).ceiling == 8_000, "a voice may always be sent"


def test_a_voice_of_which_two_fifths_are_lost_is_told_as_text() -> None:
    uplink = Uplink(QUALITY, 16_000, 0.0)
    for n in range(50):
        lossy = link(9_000, 0.41 if n > 10 else 0.0)
        plan = uplink.step(n / 5, lossy, Believed(16_000), {"camera": [FACE]}, [], Codecs(True),
                           False, None)  # fmt: skip
        assert n > 10 or plan.rung == "voice"
    assert plan.rung == "text" and plan.audio.wire < 17_000


def test_how_far_the_browser_may_look() -> None:
    assert first(64_000).ceiling == 96_000
    assert first(99_000).ceiling == 148_500
    assert first(100_000).ceiling == 200_000
    uplink = Uplink(QUALITY, 64_000, 0.0)
    for n in range(4):
        plan = uplink.step(n / 5, link(60_000, queue=0.3), Believed(51_000), {"camera": [FACE]}, [],
                           Codecs(True), False, None)  # fmt: skip
    assert plan.ceiling == 51_000, "not at all beside a queue"


def test_a_struggling_processor_is_eased_and_named() -> None:
    uplink, told = Uplink(QUALITY, 512_000, 0.0), Believed(512_000, "cpu")
    for n in range(50):
        plan = uplink.step(n / 5, link(0), told, {"camera": [FACE]}, [], Codecs(True), False,
                           None)  # fmt: skip
    assert plan.camera and plan.camera.fps == 10 and plan.camera.codec == "vp8"
    for n in range(50, 60):
        thin = uplink.step(n / 5, link(0), told, {"camera": [FACE]}, [], Codecs(True), False,
                           128_000)  # fmt: skip
    assert (thin.rung, thin.why.code) == ("slow", "processor")


def test_the_reason_has_what_there_is_and_what_the_next_rung_takes() -> None:
    why = first(64_000).why
    assert (why.code, why.have) == ("starting", 64)
    assert why.need is not None and first(why.need * 1000).rung == "slow"
    assert first(16_000).why.need == 22


def test_an_unchanged_plan_is_the_same_and_keeps_its_number() -> None:
    uplink = Uplink(QUALITY, 512_000, 0.0)

    def step(now: float, want: Want) -> Plan:
        return uplink.step(now, link(400_000), Believed(512_000), {"camera": [want]}, [],
                           Codecs(True), False, None)  # fmt: skip

    plan = step(0.0, replace(FACE, rate=300_000))
    assert step(0.2, replace(FACE, rate=300_000)) is plan
    assert step(0.4, replace(FACE, rate=290_000)) is plan
    fewer = step(0.6, replace(FACE, rate=200_000))
    assert fewer.n == 2 and fewer.camera and fewer.camera.bitrate < 200_000


# Whole calls


def late(moments: list[Moment], since: float = 15.0) -> list[Moment]:
    return [one for one in moments if one.now >= since]


def used(moments: list[Moment], trace: Trace) -> float:
    return sum(one.came for one in moments) / sum(trace(one.now) for one in moments)


@pytest.mark.parametrize("rate", [64, 128, 256, 512, 2000])
@pytest.mark.parametrize("tells", [True, False])
def test_a_link_is_used_without_a_queue_from_any_start(rate: int, tells: bool) -> None:
    for hint in (None, rate * 1000, rate * 4000, rate * 600):
        trace = steady(rate * 1000)
        # From stills on, what nothing has shown is tried after a minute.
        settled = 90 if hint == 64 * 600 else 30
        seen = late(list(call_up(Browser(trace, tells=tells), settled + 60, hint=hint)), settled)
        assert used(seen, trace) >= 0.8, hint
        delays = sorted(one.delay for one in seen)
        assert delays[int(0.95 * len(delays))] <= 0.25, hint


@pytest.mark.parametrize(("rate", "rung"), [(16, "voice"), (32, "stills"), (64, "sharp"),
                                            (128, "slow"), (256, "motion")])  # fmt: skip
def test_a_call_settles_on_the_rung_of_its_link(rate: int, rung: str) -> None:
    for hint in (None, rate * 1000):
        seen = late(list(call_up(Browser(steady(rate * 1000)), 40, hint=hint)), 20)
        assert {one.plan.rung for one in seen} == {rung}, hint


UP = {
    **{f"{rate} kbit/s": steady(rate * 1000) for rate in (12, 16, 24, 32, 48, 64, 96, 128, 256)},
    **{f"{rate} kbit/s, trembling": noisy(steady(rate * 1000), 0.2, rate)
       for rate in (20, 32, 64, 100, 128, 200)},
    "1000, 150, 1000": steps((30, 1e6), (30, 150e3), (60, 1e6)),
    "cut": steps((30, 256e3), (10, 0), (80, 256e3)),
    "ten and ten": steps((10, 300e3), (10, 30e3)),
    "a minute down": ramp(1e6, 12e3, 60),
    "a minute up": ramp(12e3, 1e6, 60),
    **{f"cellular {seed}": cellular(30e3, 800e3, seed) for seed in range(6)},
}  # fmt: skip


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("name", UP)
def test_people_see_fewer_than_four_changes_a_minute(name: str, tells: bool) -> None:
    seen = list(call_up(Browser(UP[name], tells=tells), 240))
    rungs = [(one.now, one.plan.rung) for one in seen if one.now >= 3]
    assert most_in_a_minute(changes(rungs)) < 4
    numbers = [one.plan.n for one in seen]
    assert numbers == sorted(numbers) and numbers[-1] < 300, "about a message a second at most"


@pytest.mark.parametrize("rate", [16, 24, 32, 64, 128, 512])
def test_a_belief_fills_no_queue_and_its_voice_follows(rate: int) -> None:
    seen = late(list(call_up(Browser(steady(rate * 1000)), 120)), 20)
    delays = sorted(one.delay for one in seen)
    assert delays[int(0.95 * len(delays))] <= 0.25
    assert all(one.plan.audio.wire <= rate * 1000 for one in seen)
    best = max(one.plan.audio.bitrate for one in seen)
    assert best <= {16: 6_000, 24: 12_000, 32: 12_000, 64: 16_000}.get(rate, 32_000)
    assert best >= {128: 16_000, 512: 24_000}.get(rate, 6_000)
    if rate <= 24:
        assert not any(one.plan.camera for one in seen), "no picture is tried on these"


def test_an_idle_belief_is_not_acted_upon_further_than_the_next_rung() -> None:
    """A voice alone never congests, so a belief beside it grows to anything."""
    uplink = Uplink(QUALITY, 16_000, 0.0)
    for n in range(600):
        plan = uplink.step(n / 5, link(10_000), Believed(5_000_000), {"camera": [FACE]}, [],
                           Codecs(True), False, None)  # fmt: skip
        assert plan.audio.wire < 17_000 and plan.spare < 12_000 and plan.camera is None
        assert uplink.rate < 60_000


@pytest.mark.parametrize(("shown", "aimed"), [(37_000, 37_000), (37_200, 59_378)])
def test_hope_aims_at_a_fifth_more_than_the_next_rung_and_not_from_afar(
    shown: int, aimed: int
) -> None:
    """`sharp` takes 21 + 20.5 + 3 kbit/s and a tenth: 49 482."""
    uplink = Uplink(QUALITY, shown, 0.0)
    for n in range(10):
        uplink.step(n / 5, link(20_000), Believed(200_000 if n else shown), {"camera": [FACE]}, [],
                    Codecs(True), False, None)  # fmt: skip
    assert uplink.rate == aimed


def test_a_trial_has_five_seconds_to_show_that_it_was_right() -> None:
    uplink, seen = Uplink(QUALITY, 44_000, 0.0), list[tuple[float, str]]()
    for n in range(100):
        told = Believed(200_000 if n else 44_000)
        plan = uplink.step(n / 5, link(20_000), told, {"camera": [FACE]}, [], Codecs(True), False,
                           None)  # fmt: skip
        seen.append((n / 5, plan.rung))
    assert [(now, rung) for (now, rung), (_, old) in zip(seen[1:], seen, strict=False)
            if rung != old] == [(4.2, "sharp"), (10.4, "stills")]  # fmt: skip


def test_eight_percent_of_its_own_loss_is_no_congestion() -> None:
    trace = steady(2_000_000)
    seen = late(list(call_up(Browser(trace, loss=0.08), 60)), 30)
    assert used(seen, trace) >= 0.8
    assert {one.plan.rung for one in seen} == {"motion"}
    assert all(one.plan.audio.red for one in seen)


def test_after_a_dip_nine_tenths_are_back_within_ten_seconds() -> None:
    seen = list(call_up(Browser(UP["1000, 150, 1000"], trip=0.1), 75))
    before = max(one.came for one in seen if 20 <= one.now < 30)
    assert max(one.delay for one in seen if 34 <= one.now < 60) <= 0.25
    assert {one.plan.rung for one in seen if 40 <= one.now < 60} == {"slow"}
    after = [one.came for one in seen if one.now >= 70]
    assert max(after) >= 0.9 * before


def test_a_cut_is_waited_through() -> None:
    seen = list(call_up(Browser(UP["cut"]), 70))
    assert {one.plan.rung for one in seen if 31 <= one.now < 40} == {"motion"}
    assert any(one.plan.camera for one in seen if 40.4 <= one.now < 41)
    assert seen[-1].plan.rung in ("slow", "motion")


def test_a_call_that_fell_to_stills_finds_its_way_back() -> None:
    trace = steps((30, 64e3), (20, 30e3), (900, 64e3))
    for tells in (True, False):
        seen = list(call_up(Browser(trace, tells=tells), 120 if tells else 240, hint=64_000))
        assert any(one.plan.rung == "stills" for one in seen if 35 <= one.now < 52)
        assert seen[-1].plan.rung in ("sharp", "slow"), tells


def test_a_belief_gone_wrong_ends_no_call() -> None:
    for claim in (0, 1, 2**63, -7):
        uplink, browser = Uplink(QUALITY, 128_000, 0.0), Browser(steady(128_000))
        for n in range(300):
            plan = uplink.step(n / 5, browser.link(n / 5), Believed(claim, "?"),
                               {"camera": [FACE]}, [], Codecs(True), False, None)  # fmt: skip
            browser.send(plan, n / 5)
        assert (plan.camera is not None) is (claim > 1), claim
        assert plan.audio.wire < 20_000 or claim > 1


# Anything

RATES = st.one_of(st.integers(0, 3_000_000), st.integers(-(2**64), 2**64))
MAYBE = st.one_of(st.none(), st.floats())
LINKED = st.builds(Link, RATES, st.floats(), st.floats(), MAYBE, MAYBE, st.just(""), st.just(""))
TOLD = st.builds(Believed, RATES, st.sampled_from(["none", "cpu", ""]))
WANTS = st.dictionaries(
    st.sampled_from(["camera", "exam"]),
    st.lists(st.builds(Want, RATES, st.sampled_from(["speech", "motion", "detail", "?"]),
                       st.integers(-10, 5000), st.booleans(), st.sampled_from([*RUNGS, "?"])),
             max_size=4),
)  # fmt: skip
VOICES = st.lists(st.sampled_from([row.step for row in QUALITY.audio]), max_size=3)
STEPS = st.tuples(
    st.floats(-1, 30), LINKED, TOLD, WANTS, VOICES, st.builds(Codecs, st.booleans()), st.booleans(),
    st.one_of(st.none(), RATES),
)  # fmt: skip


@given(st.lists(STEPS, max_size=6))
def test_whatever_it_is_told_a_plan_fits(given_: list[tuple]) -> None:  # type: ignore[type-arg]
    uplink, now, last = Uplink(QUALITY, 100_000, 0.0), 0.0, None
    for pause, of, told, wants, voices, can, transfer, ceiling in given_:
        now += pause
        plan = uplink.step(now, of, told, wants, voices, can, transfer, ceiling)
        assert plan.rung in RUNGS and plan.spare >= 0 and json_like(as_json(plan))
        rate = uplink.rate if ceiling is None else max(0, min(uplink.rate, ceiling))
        assert wire(plan) == 0 or wire(plan) + plan.audio.wire <= rate
        if ceiling is not None and plan is not last:
            assert plan.ceiling <= max(ceiling, 8000)
        for voice in voices:
            assert plan.audio.bitrate <= voice.bitrate and plan.audio.ptime >= voice.ptime
        if last is not None and plan is not last:
            assert plan.n == last.n + 1 and due(last, plan, 1e9)
        last = plan


def json_like(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and json_like(one) for key, one in value.items())
    return value is None or isinstance(value, str | int | bool | float)


def test_a_link_that_came_back_is_found_out_from_a_voice_alone() -> None:
    """From 2000 kbit/s to 20 and back: without a voice sent twice, stills for minutes."""
    trace = steps((30, 2e6), (20, 20e3), (150, 2e6))
    seen = list(call_up(Browser(trace), 140))
    assert {one.plan.rung for one in seen if 40 <= one.now < 50} <= {"stills", "voice"}
    assert any(one.plan.audio.red for one in seen if 55 <= one.now < 75)
    assert any(one.plan.camera for one in seen if 60 <= one.now < 110)


def test_no_still_is_planned_where_nothing_is_spared() -> None:
    uplink = Uplink(QUALITY, 60_000, 0.0)
    for n in range(200):
        rate = 60_000 if n < 50 else 9_000
        plan = uplink.step(n / 5, link(8_000), Believed(rate), {"camera": [FACE]}, [],
                           Codecs(True), False, None)  # fmt: skip
        assert plan.spare or plan.stills is None
    assert plan.spare == 0
