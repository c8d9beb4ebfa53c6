import json
from dataclasses import replace

from media.core.allocation.ladder import Reason, VoiceStep
from media.core.allocation.plan import Encoding, Plan, StillPlan, as_json, due

CAMERA = Encoding(28_000, 8, 180, 2, "av1")
PLAN = Plan(
    7, "sharp", Reason("rate", 64, 94), VoiceStep(16_000, 60, False), CAMERA, None, None, 60_000,
    None, 7_000,
)  # fmt: skip


def test_a_plan_is_told_as_the_protocol_says() -> None:
    assert json.loads(json.dumps(as_json(PLAN))) == {
        "n": 7,
        "rung": "sharp",
        "why": {"code": "rate", "have": 64, "need": 94},
        "audio": {"bitrate": 16000, "ptime": 60, "red": False},
        "camera": {"bitrate": 28000, "fps": 8, "height": 180, "layers": 2, "codec": "av1"},
        "low": None,
        "exam": None,
        "ceiling": 60000,
        "stills": None,
        "spare": 7000,
    }
    stills = replace(PLAN, camera=None, stills=StillPlan(6.0, 9000))
    assert as_json(stills)["stills"] == {"every": 6.0, "bytes": 9000}


def camera(bitrate: int) -> Plan:
    return replace(PLAN, n=8, camera=replace(CAMERA, bitrate=bitrate))


def test_the_same_again_is_not_worth_a_message() -> None:
    assert not due(PLAN, replace(PLAN, n=8), 1e9)


def test_less_is_told_at_once_when_it_is_a_tenth() -> None:
    assert due(PLAN, camera(25_199), 0.0)
    assert not due(PLAN, camera(25_200), 0.0)


def test_more_is_told_after_three_seconds_when_it_is_an_eighth() -> None:
    assert not due(PLAN, camera(32_000), 2.9)
    assert due(PLAN, camera(32_000), 3.0)
    assert not due(PLAN, camera(31_300), 9.0)


def test_much_more_is_told_after_a_second() -> None:
    assert not due(PLAN, camera(36_401), 0.9)
    assert due(PLAN, camera(36_401), 1.0)
    assert not due(PLAN, camera(36_400), 2.9)


def test_beside_a_wide_picture_more_is_told_each_second() -> None:
    assert due(camera(100_000), camera(112_001), 1.0)
    assert not due(camera(100_000), camera(112_001), 0.9)
    assert not due(camera(100_000), camera(112_000), 9.0)
    assert not due(camera(99_999), camera(112_001), 2.9)


def test_what_changes_in_kind_is_told_at_once() -> None:
    for change in (
        {"rung": "slow"}, {"audio": VoiceStep(8000, 60, False)}, {"camera": None},
        {"low": CAMERA}, {"exam": CAMERA}, {"stills": StillPlan(6.0, 9000)},
        {"camera": replace(CAMERA, codec="vp8")},
        {"camera": replace(CAMERA, fps=9)}, {"camera": replace(CAMERA, height=240)},
        {"camera": replace(CAMERA, layers=1)},
    ):  # fmt: skip
        assert due(PLAN, replace(PLAN, **change), 0.0), change  # type: ignore[arg-type]
    assert not due(PLAN, replace(PLAN, why=Reason("climbing", 99, 94)), 9.0), "words go apart"


def test_the_ceiling_and_what_is_to_spare_move_in_steps() -> None:
    assert due(PLAN, replace(PLAN, ceiling=68_000), 3.0)
    assert not due(PLAN, replace(PLAN, ceiling=67_000), 3.0)
    assert not due(PLAN, replace(PLAN, spare=7_999), 3.0)
    assert not due(PLAN, replace(PLAN, spare=6_000), 3.0)
    assert due(PLAN, replace(PLAN, spare=5_999), 3.0)
    assert due(replace(PLAN, spare=0), replace(PLAN, spare=2_000), 3.0)
    assert not due(replace(PLAN, spare=0), replace(PLAN, spare=1_999), 3.0)
    assert due(PLAN, replace(PLAN, spare=8_000), 3.0)
    assert not due(PLAN, replace(PLAN, spare=8_000), 2.9)
