"""What a receiver gets: examples, then whole calls, then anything at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.allocation.allocator import Down, Downlink, Picture, Voice
from media.core.allocation.ladder import MATTERS, RUNGS, Link
from tests.media.core.thin_links import (
    QUALITY,
    TICK,
    Trace,
    cellular,
    changes,
    link,
    most_in_a_minute,
    noisy,
    ramp,
    steady,
    steps,
)  # fmt: skip

ANA = [Voice("ana", 0, True)]


def face(
    layers: tuple[int, ...] = (), key: str = "v0", matters: str = "speech", **more: object
) -> Picture:
    return replace(
        Picture(key, "p" + key, "camera", matters, False, layers), **more  # type: ignore[arg-type]
    )  # fmt: skip


def settled(
    rate: int, pictures: list[Picture] | None = None, *, transfer: bool = False,
    ceiling: int | None = None, voices: list[Voice] | None = None, of: Link | None = None,
) -> Down:  # fmt: skip
    """After ten seconds of the same."""
    down = Downlink(QUALITY, 0.0)
    for n in range(51):
        found = down.step(
            n / 5, of or link(rate), [face()] if pictures is None else pictures,
            ANA if voices is None else voices, transfer, ceiling,
        )  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("rate", "rung"),
    [
        (7_000, "text"), (16_000, "voice"), (24_000, "stills"), (32_000, "stills"),
        (48_000, "stills"), (64_000, "sharp"), (128_000, "slow"), (256_000, "motion"),
        (2_000_000, "motion"),
    ],
)  # fmt: skip
def test_the_rung_of_a_link(rate: int, rung: str) -> None:
    assert settled(rate).rung == rung


@pytest.mark.parametrize(
    ("rate", "least", "most"),
    [(64_000, 30_000, 35_000), (128_000, 80_000, 90_000), (199_000, 140_000, 150_000)],
)
def test_a_thin_link_is_used_and_not_more(rate: int, least: int, most: int) -> None:
    found = settled(rate)
    assert least <= found.tracks["v0"].wants <= most
    assert found.tracks["v0"].wants + found.voice.wire + 3000 <= 0.9 * rate


@pytest.mark.parametrize("rate", [28_000, 32_000, 48_000, 64_000, 100_000])
def test_a_still_crosses_a_thin_link_in_ten_seconds_beside_speech(rate: int) -> None:
    assert 9000 * 8 * 1.3 / settled(rate, transfer=True).spare <= 10


def test_beside_a_voice_alone_there_is_room_for_text_and_a_pointer() -> None:
    found = settled(16_000)
    assert found.spare >= 1000 and found.tracks["v0"].layers == 0


def test_a_transfer_takes_a_third_and_never_the_rung() -> None:
    without, beside = settled(150_000), settled(150_000, transfer=True)
    shared = without.tracks["v0"].wants + without.voice.wire - beside.voice.wire
    assert beside.spare == shared // 3
    assert settled(64_000, transfer=True).tracks["v0"].wants >= 21_000
    tight = settled(51_000, transfer=True)
    assert tight.rung == "sharp" and tight.tracks["v0"].wants >= 21_000


def test_a_receiver_which_shows_nothing_has_it_all_to_spare() -> None:
    found = settled(256_000, [])
    assert found.spare == 0.9 * 256_000 - 3000 - found.voice.wire
    assert found.rung == "motion", "what it could have"


def test_the_reason_tells_what_there_is_and_what_the_next_rung_takes() -> None:
    why = settled(64_000).why
    assert (why.code, why.have) == ("rate", 64)
    assert why.need is not None and settled(why.need * 1150 + 2000).rung == "slow"
    assert settled(512_000).why.code == "fine"
    assert settled(16_000).why.need == 22


def test_the_reason_of_a_choice_is_that_choice() -> None:
    assert settled(100_000, [face(matters="detail")]).why.code == "choice"
    assert settled(60_000, [face(matters="detail")]).why.code == "rate"
    assert settled(100_000, [face(matters="detail")]).rung == "sharp"


def test_a_ceiling_bounds_everything_and_is_the_reason() -> None:
    found = settled(2_000_000, ceiling=64_000)
    assert found.rung == "sharp" and found.why.code == "ceiling"
    assert found.demand == 64_000
    assert settled(64_000, ceiling=2_000_000).why.code == "rate"
    assert settled(64_000, ceiling=0).rung == "text"


def test_temporal_layers_go_first_and_at_once() -> None:
    down = Downlink(QUALITY, 0.0)
    seen = [face((60_000, 90_000, 150_000))]
    for n in range(20):
        found = down.step(n / 5, link(256_000), seen, ANA, False, None)
    assert found.tracks["v0"].layers == 3
    found = down.step(4.0, link(170_000), seen, ANA, False, None)
    assert (found.tracks["v0"].layers, found.rung) == (2, "motion")
    found = down.step(4.2, link(110_000), seen, ANA, False, None)
    assert found.tracks["v0"].layers == 1
    assert found.tracks["v0"].wants < 80_000, "and the sender is told"


def test_a_base_that_does_not_fit_is_paused_and_its_sender_told() -> None:
    found = settled(64_000, [face((60_000, 90_000))])
    assert found.tracks["v0"].layers == 0 and found.tracks["v0"].wants > 30_000


def test_no_picture_below_its_rung() -> None:
    found = settled(32_000, [face((1000,))])
    assert found.tracks["v0"].layers == found.tracks["v0"].wants == found.tracks["v0"].height == 0


def test_a_picture_that_would_choke_gives_way_to_stills_though_its_rung_is_still_told() -> None:
    """Three changes in a minute: a fourth is not told, but nobody is sent a standing picture."""
    down, told = Downlink(QUALITY, 0.0), []
    trace = steps((10, 128e3), (5, 70e3), (5, 30e3), (10, 64e3), (5, 38e3), (5, 37.8e3))
    for n in range(200):
        found = down.step(n / 5, link(int(trace(n / 5))), [face()], ANA, False, None)
        told.append((n / 5, found.rung))
        if n == 174:
            assert found.tracks["v0"].wants >= 10_500 and found.tracks["v0"].rung == "sharp"
    assert [rung for _, rung in told][::25] == [
        "slow", "slow", "slow", "stills", "stills", "sharp", "sharp", "sharp",
    ]  # fmt: skip
    assert (found.rung, found.tracks["v0"].wants, found.tracks["v0"].rung) == ("sharp", 0, "stills")
    assert found.spare > 10_000


def test_a_voice_of_which_two_fifths_are_lost_is_told_as_text_and_still_sent() -> None:
    down = Downlink(QUALITY, 0.0)

    def told(loss: float, now: float) -> str:
        for n in range(51):
            found = down.step(now + n / 5, link(16_000, loss), [], ANA, False, None)
            assert found.voices == {"ana": "pass"}
        return found.rung

    assert told(0.4, 0.0) == "voice"
    assert told(0.41, 20.0) == "text"
    assert told(0.21, 40.0) == "text"
    assert told(0.2, 60.0) == "voice"
    assert settled(0, of=link(64_000, 0.9)).rung == "sharp", "the estimate falls soon enough"


def test_without_av1_sixty_four_kilobits_are_stills() -> None:
    assert settled(64_000, [face(av1=False)]).rung == "stills"


def test_the_exam_camera_comes_first_on_a_thin_link() -> None:
    both = [face(), face(key="x0", matters="detail", source="exam")]
    found = settled(64_000, both)
    assert found.tracks["x0"].wants > 30_000 and found.tracks["v0"].wants == 0
    found = settled(512_000, both)
    assert found.tracks["x0"].wants > 1.9 * found.tracks["v0"].wants > 0


def test_a_smaller_share_has_its_own_rung() -> None:
    four = [face(key=f"v{n}") for n in range(4)]
    found = settled(500_000, four)
    assert found.rung == found.tracks["v0"].rung == "motion"
    assert found.tracks["v3"].rung == "slow"
    assert found.tracks["v3"].height < found.tracks["v0"].height


def test_what_one_picture_does_not_use_another_is_sent() -> None:
    """v1 may have 90 of 270 kbit/s; v0 sends 20 only: v1's 200 pass, though nobody asks for it."""
    found = settled(360_000, [face((20_000,)), face((50_000, 200_000), key="v1")])
    assert found.tracks["v1"].wants < 110_000 and found.tracks["v1"].layers == 3


def test_voices_come_off_the_top_as_they_arrive() -> None:
    lean, fat = settled(64_000), settled(64_000, voices=[Voice("ana", 30_000, True)])
    assert fat.tracks["v0"].wants == lean.tracks["v0"].wants - (30_000 - lean.voice.wire)


def test_what_is_sent_again_in_each_packet_follows_the_loss() -> None:
    plain = [Voice("ana", 16_000, True)]
    redundant = [Voice("ana", 30_000, True, red=True)]
    lossy = link(256_000, 0.03, 0.03)
    assert settled(0, voices=plain, of=lossy).voices == {"ana": "make"}
    assert settled(0, voices=redundant, of=lossy).voices == {"ana": "pass"}
    assert settled(256_000, voices=redundant).voices == {"ana": "strip"}
    assert settled(256_000, voices=plain).voices == {"ana": "pass"}


def test_made_redundancy_is_paid_for_and_stripped_is_not() -> None:
    share = {}
    for red in (False, True):
        voices = [Voice("ana", 50_000, True, red)]
        found = settled(0, voices=voices, of=link(128_000, 0.03, 0.03))
        share[red] = found.tracks["v0"].wants
    assert share[True] - share[False] == 16_000  # the payload, twice
    clean = [settled(64_000, voices=[Voice("ana", 60_000, True, red)]) for red in (False, True)]
    assert clean[0].tracks["v0"].wants == 0 and clean[1].spare > 15_000


def test_a_thin_receiver_hears_the_speaker_alone() -> None:
    voices = [Voice(peer, 12_000, peer == "bo") for peer in ("ana", "bo", "cy")]
    assert settled(32_000, voices=voices).voices == {"ana": "mute", "bo": "pass", "cy": "mute"}
    assert set(settled(512_000, voices=voices).voices.values()) == {"pass"}
    assert set(settled(7_000, voices=voices).voices.values()) == {"mute"}


def test_a_silent_link_keeps_everything_for_its_return() -> None:
    down, seen = Downlink(QUALITY, 0.0), [face((50_000, 100_000))]
    for n in range(30):
        before = down.step(n / 5, link(256_000), seen, ANA, False, None)
    for n in range(50):
        cut = down.step(6 + n / 5, link(16_000, state="silent"), seen, ANA, False, None)
        assert (cut.rung, cut.why, cut.voices) == (before.rung, before.why, before.voices)
        assert cut.tracks["v0"].layers == 0 and cut.spare == 0
        assert cut.tracks["v0"].wants == before.tracks["v0"].wants
    after = down.step(16.2, link(205_000), seen, ANA, False, None)
    assert after.rung == "motion" and after.tracks["v0"].layers == 3


def test_silent_from_the_beginning_is_a_voice() -> None:
    assert settled(0, of=link(16_000, state="silent")).rung == "voice"


def test_the_demand_is_what_would_make_it_perfect() -> None:
    assert 2_500_000 < settled(64_000).demand < 3_500_000
    assert settled(64_000, []).demand < 150_000
    assert settled(64_000, [face(), face(key="v1")]).demand > 5_000_000


# Whole calls


def call(trace: Trace, seconds: float, matters: str = "speech") -> list[tuple[float, Down]]:
    """A sender which follows what its receiver wants, a second late."""
    down, seen = Downlink(QUALITY, 0.0), list[tuple[float, Down]]()
    for n in range(int(seconds / TICK)):
        now = n * TICK
        wanted = seen[-5][1].tracks["v0"].wants if len(seen) >= 5 else 40_000
        layers = (wanted // 2, wanted) if wanted else ()
        sent = face(layers, matters=matters)
        rate = int(trace(now))
        found = down.step(now, link(rate), [sent], [Voice("ana", 12_000, True)], False, None)
        seen.append((now, found))
        kept = found.tracks["v0"].layers
        shown = layers[min(kept, len(layers)) - 1] if kept and layers else 0
        voice = found.voice.wire if found.voices["ana"] != "mute" else 0
        bears = 1.15 * rate if rate >= 200_000 else rate
        assert shown + voice <= max(bears, found.voice.wire)
    return seen


LINKS = {
    **{f"{rate} kbit/s": steady(rate * 1000) for rate in (16, 24, 32, 50, 64, 96, 128, 256, 512)},
    **{f"{rate} kbit/s, a nervous estimate": noisy(steady(rate * 1000), 0.2, rate)
       for rate in (20, 26, 34, 56, 64, 70, 110, 128, 180, 256)},
    "1000, 150, 1000": steps((30, 1e6), (30, 150e3), (60, 1e6)),
    "five seconds and five": steps((5, 300e3), (5, 60e3)),
    "ten and ten": steps((10, 300e3), (10, 30e3)),
    "a minute down": ramp(1e6, 12e3, 60),
    "a minute up": ramp(12e3, 1e6, 60),
    **{f"cellular {seed}": cellular(30e3, 800e3, seed) for seed in range(6)},
    "cellular, nervous": noisy(cellular(30e3, 800e3, 9), 0.2, 9),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
def test_people_see_fewer_than_four_changes_a_minute(name: str) -> None:
    seen = call(LINKS[name], 240, MATTERS[len(name) % 3])
    assert most_in_a_minute(changes([(now, found.rung) for now, found in seen])) < 4


@pytest.mark.parametrize("rate", [20, 26, 34, 56, 70, 110, 128, 180, 256])
def test_a_nervous_estimate_is_not_seen_at_all(rate: int) -> None:
    seen = call(noisy(steady(rate * 1000), 0.2, rate), 180)
    assert len(changes([(now, found.rung) for now, found in seen if now > 60])) <= 1


def test_after_a_dip_the_picture_is_back_within_ten_seconds() -> None:
    seen = call(LINKS["1000, 150, 1000"], 75)
    before = next(found for now, found in seen if now >= 29)
    dip = next(found for now, found in seen if now >= 32)
    after = next(found for now, found in seen if now >= 70)
    assert dip.rung == "slow" and dip.tracks["v0"].wants < 120_000
    assert after.rung == before.rung == "motion"
    assert after.tracks["v0"].wants >= 0.9 * before.tracks["v0"].wants


def test_the_voice_is_never_starved() -> None:
    for now, found in call(ramp(1e6, 12e3, 60), 120):
        assert found.voices["ana"] != "mute", now


# Anything

RATES = st.one_of(st.integers(0, 3_000_000), st.integers(-(2**64), 2**64))
LAYERS = st.lists(RATES, max_size=4).map(tuple)
PICTURES = st.lists(
    st.builds(
        Picture, st.sampled_from([f"v{n}" for n in range(5)] + ["x0", "x1"]), st.just("p"),
        st.sampled_from(["camera", "exam"]), st.sampled_from(["speech", "motion", "detail", "?"]),
        st.booleans(), LAYERS, st.one_of(st.none(), LAYERS), st.booleans(),
    ),
    max_size=7, unique_by=lambda one: one.key,
)  # fmt: skip
VOICES = st.lists(
    st.builds(Voice, st.sampled_from("abcde"), RATES, st.booleans(), st.booleans()),
    max_size=5, unique_by=lambda one: one.peer,
)  # fmt: skip
LINKED = st.builds(
    Link, RATES, st.floats(), st.floats(), st.one_of(st.none(), st.floats()),
    st.one_of(st.none(), st.floats()), st.sampled_from(["steady", "silent", ""]),
    st.sampled_from(["rate", "loss", ""]),
)  # fmt: skip
STEPS = st.tuples(
    st.floats(-1, 30), LINKED, PICTURES, VOICES, st.booleans(), st.one_of(st.none(), RATES)
)


@given(st.lists(STEPS, max_size=6))
def test_whatever_it_is_told_it_gives_what_there_is(given_: list[tuple]) -> None:  # type: ignore[type-arg]
    down, now = Downlink(QUALITY, 0.0), 0.0
    for pause, of, pictures, voices, transfer, ceiling in given_:
        now += pause
        found = down.step(now, of, pictures, voices, transfer, ceiling)
        assert found.rung in RUNGS and found.spare >= 0 and found.demand >= 0
        if of.state == "silent":
            continue
        rate = max(0, min(of.rate, 2**63 if ceiling is None else ceiling))
        assert set(found.voices) == {one.peer for one in voices}
        heard = [one for one in voices if found.voices[one.peer] != "mute"]
        assert bool(heard) == (bool(voices) and not (found.rung == "text" and rate < 8000))
        wants = sum(share.wants for share in found.tracks.values())
        assert wants == 0 or wants + found.voice.wire + found.spare <= rate
        shown = 0
        for one in pictures:
            share = found.tracks[one.key]
            sizes = one.low if share.which == "low" else one.layers
            if sizes and share.layers:
                shown += max(0, *sizes[: share.layers])
        assert shown <= rate


def test_a_queue_that_drains_stops_layers_and_changes_no_plan() -> None:
    down = Downlink(QUALITY, 0.0)
    seen = [face((100_000, 200_000, 350_000))]
    for n in range(20):
        before = down.step(n / 5, link(512_000), seen, ANA, False, None)
    drains = replace(link(250_000), soon=500_000)
    found = down.step(4.0, drains, seen, ANA, True, None)
    assert before.tracks["v0"].layers == 3 and found.tracks["v0"].layers == 1
    assert (found.rung, found.voice) == ("motion", before.voice)
    assert found.tracks["v0"].wants >= 0.6 * before.tracks["v0"].wants
    assert found.spare == 0, "nor is there room for anything else"
    bounded = down.step(4.2, drains, seen, ANA, False, 200_000)
    assert bounded.tracks["v0"].wants + bounded.voice.wire <= 200_000


def test_a_pictures_own_rung_wavers_no_more_than_that_of_the_link() -> None:
    down = Downlink(QUALITY, 0.0)
    pair = [face(), face(key="v1")]
    told: dict[str, list[tuple[float, str]]] = {"v0": [], "v1": []}
    for n in range(300):
        rate = 470_000 if n // 3 % 2 else 560_000
        found = down.step(n / 5, link(rate), pair, ANA, False, None)
        for key, share in found.tracks.items():
            told[key].append((n / 5, share.rung))
    for rungs in told.values():
        assert len(changes(rungs)) <= 3


def test_a_wide_link_is_half_left_free_once_a_picture_has_ample() -> None:
    assert QUALITY.worth("speech", 419_000) == 419_000
    assert QUALITY.worth("speech", 800_000) == QUALITY.worth("?", 800_000) == 420_000
    assert QUALITY.worth("speech", 1_000_000) == 500_000
    assert QUALITY.worth("detail", 1_400_000) == 1_400_000
    assert settled(900_000).tracks["v0"].wants == 420_000
    assert settled(900_000, [face(matters="detail")]).tracks["v0"].wants > 700_000


def test_a_wider_link_is_filled_where_an_encoder_keeps_below_what_it_is_told() -> None:
    found = settled(400_000)
    assert found.tracks["v0"].wants + found.voice.wire == pytest.approx(0.973 * 400_000, rel=0.005)
    assert settled(512_000).tracks["v0"].wants == QUALITY.enough("speech")
    still = settled(400_000, transfer=True)
    assert still.tracks["v0"].wants + still.spare + still.voice.wire + 3000 <= 0.9 * 400_000
