from media.core.allocation.encodings import Processor, Stream
from media.core.allocation.plan import Encoding
from tests.media.core.thin_links import QUALITY


def encode(
    rung: int, wire: int, matters: str = "speech", *, av1: bool = True, tallest: int = 0,
    strain: int = 0, stream: Stream | None = None, likely: int | None = None,
) -> Encoding | None:  # fmt: skip
    stream = stream or Stream(QUALITY)
    return stream.step(rung, matters, wire, likely=wire if likely is None else likely, av1=av1,
                       tallest=tallest, strain=strain)  # fmt: skip


def test_the_picture_of_a_thin_link() -> None:
    assert encode(2, 30_000) == Encoding(24_053, 9, 180, 2, "av1")


def test_frames_for_motion_lines_for_detail() -> None:
    motion, detail = encode(1, 170_000, "motion"), encode(1, 170_000, "detail")
    assert motion and detail
    assert motion.fps > detail.fps and motion.height < detail.height


def test_no_video_below_its_rungs_or_of_nothing() -> None:
    assert encode(3, 500_000) is None
    assert encode(2, 0) is None
    assert encode(2, 10_500) is None, "half of what its lowest rung takes"
    assert encode(2, 10_501) is not None
    assert encode(2, 19_000, av1=False) is None
    assert encode(2, 19_001, av1=False) is not None


def test_av1_below_two_hundred_kilobits_and_vp8_well_above() -> None:
    stream = Stream(QUALITY)
    codecs = [
        (one := encode(0, wire, stream=stream)) and one.codec
        for wire in (199_999, 279_000, 280_001, 201_000, 199_999)
    ]
    assert codecs == ["av1", "av1", "vp8", "vp8", "av1"]
    fresh = encode(0, 200_000)
    assert fresh and fresh.codec == "vp8"
    plain = encode(2, 30_000, av1=False)
    assert plain and plain.codec == "vp8"


def test_a_picture_is_shaped_by_what_is_likely_and_may_take_what_is_planned() -> None:
    made, plain = encode(0, 300_000, likely=100_000), encode(0, 100_000)
    assert made and plain
    assert (made.height, made.codec, made.fps) == (plain.height, plain.codec, 15)
    assert made.bitrate > 250_000
    frames = [
        (one := encode(rung, 300_000, likely=likely)) and one.fps
        for rung, likely in (
            (0, 150_000), (0, 149_999), (1, 37_500), (1, 37_499), (2, 11_000), (2, 0)
        )
    ]  # fmt: skip
    assert frames == [30, 15, 15, 9, 9, 9]


def test_a_picture_grows_only_with_rate_to_spare_and_shrinks_at_once() -> None:
    stream = Stream(QUALITY)
    heights = [
        (one := encode(0, wire, stream=stream)) and one.height
        for wire in (139_000, 141_000, 167_000, 169_000, 141_000, 139_000)
    ]
    assert heights == [240, 240, 240, 360, 360, 240]


def test_no_larger_than_anybody_sees_it() -> None:
    one, tiny = encode(0, 2_000_000, tallest=240), encode(0, 2_000_000, tallest=-5)
    assert one and one.height == 240
    assert tiny and tiny.height == 90


def test_a_processor_that_falls_behind_gets_less_to_do() -> None:
    ease, hard = encode(0, 190_000), encode(0, 190_000, strain=2)
    between = encode(0, 190_000, strain=1)
    assert ease and hard and between
    assert [ease.fps, between.fps, hard.fps] == [30, 20, 10]
    assert [ease.height, between.height, hard.height] == [360, 240, 180]
    assert [ease.codec, between.codec, hard.codec] == ["av1", "av1", "vp8"]
    thin = encode(2, 30_000, strain=2)
    assert thin and thin.codec == "av1", "VP8 would stand still"
    assert thin.fps == 5 and thin.height == 144


def test_strain_comes_after_four_seconds_and_goes_after_thirty() -> None:
    one = Processor()
    assert [one.step(True, now) for now in (0.0, 3.9, 4.0, 7.9, 8.0, 30.0)] == [0, 0, 1, 1, 2, 2]
    assert [one.step(False, now) for now in (31.0, 60.9, 61.0, 90.9, 91.0)] == [2, 2, 1, 1, 0]
    assert one.step(True, 100.0) == 0
    assert one.step(False, 103.0) == one.step(True, 104.0) == one.step(True, 107.9) == 0
