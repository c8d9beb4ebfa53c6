"""Stills on paper: who asks, who sends, what is told to whom, and what is left of them."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from signaling import courier, pacing, stills
from signaling.courier import Progress
from signaling.effects import (
    Audit,
    DropStill,
    EraseStill,
    FindStill,
    KeepPart,
    StoreIncident,
    TransferMedia,
    WriteStill,
)
from signaling.events import (
    Gone,
    Offered,
    Quality,
    StillBegun,
    StillKept,
    StillRefused,
    Tick,
)
from signaling.messages import (
    DeviceStates,
    End,
    Knock,
    Leave,
    Point,
    Renew,
    StillAsk,
    StillBegin,
    StillDrop,
    StillPart,
    StillResume,
)
from signaling.still import PART, PIXELS, STAGE_BYTES, STILLS, StillStage
from signaling.still import STAGES as STAGES_MOST
from signaling.ways import Reason, Way
from tests.signaling.playbook import CLINICIAN, DAUGHTER, NURSE, Playbook, in_call

ONE, TWO = "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7e11", "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7e22"
STAGES = (StillStage("image/webp", 64, 48, 1000), StillStage("image/webp", 640, 480, 9000))
ON = DeviceStates("on", "on", "on", "camera")


def begins(book: Playbook, still: str = ONE, why: str = "asked", who: str = "nurse") -> Playbook:
    """The nurse's page begins a still, and it is on disk that it did."""
    book.asks(f"{who}/1", StillBegin(still, "camera", STAGES, why))
    (write,) = book.found(WriteStill)
    return book >> StillBegun(write.still)


def sent(book: Playbook, still: str = ONE, why: str = "asked", stages: int = 2) -> Playbook:
    begins(book, still, why)
    for stage in range(stages):
        book >> StillKept(still, stage, STAGES[stage].bytes)
    return book


def have(book: Playbook, socket: str) -> list[tuple[str, int]]:
    return [(body["id"], body["have"]) for body in book.sent(socket, "still")]


# Asking


def test_a_member_asks_and_the_page_with_the_camera_is_told() -> None:
    book = in_call(NURSE).asks("nurse/1", ON).asks("dr/1", StillAsk("nurse", "camera"))
    still = book.reply.extra["id"]
    assert str(UUID(still)) == still and UUID(still).version == 4
    wanted = {"id": still, "source": "camera", "by": "dr"}
    assert book.sent("nurse/1", "still_wanted") == [wanted]
    assert Audit("dr", "still_ask", "nurse", detail={"still": still}) in book.out
    book.later(seconds=3).asks("dr/1", StillAsk("nurse", "camera"))
    assert book.reply.extra["id"] == still and book.found(Audit) == []
    book.vanishes("nurse/1").comes(NURSE, "nurse/2", "nurse/1")
    assert book.sent("nurse/2", "still_wanted") == [wanted]
    begins(book.later(seconds=1).comes(NURSE, "nurse/1"), still)
    assert book.room.still(still).by == "dr" and book.room.wanted == ()  # type: ignore[union-attr]
    book.asks("dr/1", StillAsk("nurse", "exam"))
    assert book.reply.extra["id"] != still


@pytest.mark.parametrize(
    ("asker", "target", "source", "code"),
    [
        ("dr/1", "nurse", "camera", None), ("nurse/1", "dr", "camera", None),
        ("family/1", "nurse", "camera", "not_allowed"), ("dr/1", "nurse", "exam", "not_allowed"),
        ("dr/1", "nobody", "camera", "not_allowed"), ("dr/1", "away", "camera", "not_allowed"),
    ],
)  # fmt: skip
def test_who_may_ask_whom(asker: str, target: str, source: str, code: str | None) -> None:
    book = in_call(NURSE, DAUGHTER)
    for socket in ("dr/1", "nurse/1"):
        book.asks(socket, DeviceStates("on", "on", "off", "camera"))
    away = replace(CLINICIAN, seat="away", credential="login-3")
    book.enters(away).asks("away/1", ON).vanishes("away/1")
    book.asks(asker, StillAsk(target, source))
    assert book.reply.code == code
    assert bool(book.room.wanted) is (code is None)


def test_an_ask_that_nobody_answers_is_forgotten_and_recorded() -> None:
    book = in_call(NURSE).asks("nurse/1", ON).asks("dr/1", StillAsk("nurse", "camera"))
    began = book.now
    book.later(seconds=29) >> Tick()
    assert book.found(StoreIncident) == []
    book.later(seconds=1) >> Tick()
    assert book.found(StoreIncident) == [StoreIncident("nurse", "still_unsent", began)]
    book.later(minutes=9, seconds=29) >> Tick()
    assert book.room.wanted
    book.later(seconds=1) >> Tick()
    assert book.room.wanted == ()


# Sending


def test_a_still_is_told_when_it_begins_and_with_each_stage() -> None:
    book = begins(in_call(NURSE, DAUGHTER))
    for socket in ("dr/1", "nurse/1", "family/1"):
        assert have(book, socket) == [(ONE, 0)]
    body = book.sent("dr/1", "still")[0]
    assert body["stages"][0] == {"bytes": 1000, "type": "image/webp", "width": 64, "height": 48}
    assert (body["seat"], body["source"], body["by"], body["why"]) == (
        "nurse", "camera", None, "asked",
    )  # fmt: skip
    book >> StillKept(ONE, 0, 990)
    assert have(book, "dr/1") == [(ONE, 1)]
    assert book.sent("dr/1", "still")[0]["stages"][0]["bytes"] == 990, "without its metadata"
    assert [a.action for a in book.found(Audit)] == ["still_send"]
    book >> StillKept(ONE, 0, 990)
    assert have(book, "dr/1") == []
    book >> StillKept(ONE, 1, 9000)
    assert have(book, "dr/1") == [(ONE, 2)] and book.found(Audit) == []


def test_a_guest_knows_of_what_was_begun_since_they_came_in() -> None:
    book = sent(in_call(NURSE)).later(minutes=1).enters(DAUGHTER)
    assert book.sent("family/1", "stills") == []
    sent(book.later(minutes=1), TWO)
    book.vanishes("family/1").comes(DAUGHTER, "family/2", "family/1")
    assert [s["id"] for s in book.sent("family/2", "stills")[0]["stills"]] == [TWO]
    book.comes(CLINICIAN, "dr/2")
    assert [s["id"] for s in book.sent("dr/2", "stills")[0]["stills"]] == [ONE, TWO]


def test_whoever_is_outside_is_told_of_no_still() -> None:
    book = in_call(NURSE).comes(DAUGHTER)
    sent(book)
    assert not [e for e in book.past if getattr(e, "socket", "") == "family/1"
                and getattr(e, "event", "").startswith("still")]  # fmt: skip


def test_parts_go_to_the_disk_in_order_and_within_what_was_announced() -> None:
    book = begins(in_call(NURSE, DAUGHTER))
    book.asks("nurse/1", StillPart(ONE, 0, 0, b"x" * 1000))
    (kept,) = book.found(KeepPart)
    assert (kept.stage, kept.offset, len(kept.data)) == (0, 0, 1000)
    for socket, wrong in (
        ("nurse/1", StillPart(ONE, 0, 1, b"x" * 1000)), ("nurse/1", StillPart(ONE, 1, 0, b"x")),
        ("nurse/1", StillPart(ONE, 2, 0, b"x")), ("nurse/1", StillPart(TWO, 0, 0, b"x")),
        ("dr/1", StillPart(ONE, 0, 0, b"x")), ("dr/1", StillBegin(ONE, "camera", STAGES, "asked")),
        ("dr/1", StillResume(ONE)), ("nurse/1", StillResume(TWO)),
    ):  # fmt: skip
        book.asks(socket, wrong)
        assert book.reply.code == "invalid", wrong
        assert book.found(KeepPart) == []
    book >> StillKept(ONE, 0, 1000)
    book.asks("nurse/1", StillPart(ONE, 0, 0, b"x"))
    assert book.reply.extra == {"stage": 1, "offset": 0}, "known already"


def test_where_a_still_goes_on_is_the_disks_to_say() -> None:
    book = begins(in_call(NURSE))
    for command in (StillResume(ONE), StillBegin(ONE, "camera", STAGES, "asked")):
        book.asks("nurse/1", command)
        assert [e.still.id for e in book.found(FindStill)] == [ONE]
    book >> StillKept(ONE, 0, 1000)
    book >> StillKept(ONE, 1, 9000)
    book.asks("nurse/1", StillResume(ONE))
    assert book.reply.extra == {"stage": 2, "offset": 0}


def test_limits_are_those_of_the_protocol() -> None:
    told = (Path(stills.__file__).parent / "PROTOCOL.md").read_text()
    assert "up to 4 **stages**" in told and STAGES_MOST == 4
    assert "4,000,000 bytes and 25 megapixels a stage, 40 stills a consultation" in told
    assert (STAGE_BYTES, PIXELS, STILLS, PART) == (4_000_000, 25_000_000, 40, 2048)


def test_40_stills_are_enough_and_automatic_ones_do_not_count() -> None:
    book = in_call(NURSE).asks("nurse/1", ON)
    for n in range(STILLS):
        begins(book, f"still-{n}")
        begins(book, f"automatic-{n}", "rung")
    book.asks("nurse/1", StillBegin(ONE, "camera", STAGES, "asked"))
    assert book.reply.code == "full"
    book.asks("dr/1", StillAsk("nurse", "camera"))
    assert book.reply.code == "full"
    begins(book, TWO, "rung")


def test_what_is_asked_for_counts_as_much_as_what_is_here() -> None:
    book = in_call(NURSE).asks("nurse/1", ON)
    for n in range(STILLS - 1):
        begins(book, f"still-{n}")
    book.asks("dr/1", StillAsk("nurse", "camera"))
    assert book.reply.code is None
    book.asks("dr/1", StillAsk("nurse", "exam"))
    assert book.reply.code == "full"


@pytest.mark.parametrize("stage", [0, 1])
def test_what_is_no_picture_leaves_the_stages_before_it(stage: int) -> None:
    book = begins(in_call(NURSE))
    if stage:
        book >> StillKept(ONE, 0, 1000)
    book >> StillRefused(ONE)
    assert book.found(DropStill) == [DropStill(ONE, stage)]
    assert [(e.still.id, e.stage) for e in book.found(EraseStill)] == [(ONE, stage)]
    gone = [] if stage else [{"id": ONE, "why": "refused"}]
    assert book.sent("dr/1", "still_gone") == gone
    assert [len(s.stages) for s in book.room.stills] == ([1] if stage else [])
    book.asks("nurse/1", StillBegin(ONE, "camera", STAGES, "asked"))
    assert book.reply == (
        replace(book.reply, extra={"stage": 1, "offset": 0}) if stage
        else replace(book.reply, code="invalid")
    )  # fmt: skip


def test_a_dropped_still_keeps_what_others_have_seen() -> None:
    book = begins(in_call(NURSE)) >> StillKept(ONE, 0, 1000)
    book.asks("dr/1", StillDrop(ONE))
    assert book.reply.code == "not_allowed"
    book.asks("nurse/1", StillDrop(ONE))
    assert book.room.still(ONE).complete  # type: ignore[union-attr]
    assert [len(b["stages"]) for b in book.sent("dr/1", "still")] == [1]
    begins(book, TWO).asks("nurse/1", StillDrop(TWO))
    assert book.sent("dr/1", "still_gone") == [{"id": TWO, "why": "dropped"}]
    book.asks("nurse/1", StillDrop(TWO))
    assert book.reply.code is None and book.found(DropStill) == []


def test_whoever_is_out_sends_nothing() -> None:
    book = begins(in_call(NURSE)).asks("nurse/1", Leave())
    for command in (StillBegin(TWO, "camera", STAGES, "asked"), StillPart(ONE, 0, 0, b"x"),
                    StillResume(ONE)):  # fmt: skip
        book.asks("nurse/1", command)
        assert book.reply.code == "not_allowed"
    book.asks("dr/1", End()).asks("nurse/1", StillBegin(TWO, "camera", STAGES, "asked"))
    assert book.reply.code == "ended"


# Automatic stills


def test_an_automatic_still_takes_the_place_of_the_one_before() -> None:
    book = sent(in_call(NURSE), ONE, "rung", 1)
    begins(book, TWO, "rung")
    assert book.found(EraseStill) == [], "shown until the next is there"
    book >> StillKept(TWO, 0, 1000)
    assert [e.still.id for e in book.found(EraseStill)] == [ONE]
    assert [s.id for s in book.room.stills] == [TWO]
    assert book.found(Audit) == [] and book.found(DropStill) == []


def test_an_automatic_still_under_way_gives_way_to_a_newer_one() -> None:
    book = begins(begins(in_call(NURSE), ONE, "rung"), TWO, "rung")
    assert [e.still.id for e in book.found(EraseStill)] == [ONE]


def test_automatic_stills_are_not_kept_when_their_person_leaves() -> None:
    book = sent(sent(in_call(NURSE), ONE, "rung", 1), TWO)
    book.asks("nurse/1", Leave())
    assert [e.still.id for e in book.found(EraseStill)] == [ONE]
    assert [s.id for s in book.room.stills] == [TWO]


# What crosses


def transfers(book: Playbook) -> list[tuple[str, bool]]:
    return [(e.direction, e.on) for e in book.found(TransferMedia)]


def test_the_worker_knows_when_a_still_crosses_upward() -> None:
    book = begins(in_call(NURSE))
    assert book.found(TransferMedia) == [TransferMedia("nurse", "up", True)]
    book.asks("nurse/1", StillPart(ONE, 0, 0, b"x"))
    assert transfers(book) == []
    book.asks("nurse/1", Renew("nurse-1")) >> Offered("nurse", 2, "nurse-2", "v=0")
    assert transfers(book) == [("up", True)], "a new session is told again"
    book >> StillKept(ONE, 0, 1000)
    assert transfers(book) == []
    book >> StillKept(ONE, 1, 9000)
    assert transfers(book) == [("up", False)]


def test_a_page_that_reloaded_sends_no_more_and_one_that_was_cut_will() -> None:
    book = begins(in_call(NURSE)).vanishes("nurse/1").later(seconds=59) >> Tick()
    assert transfers(book) == []
    book.later(minutes=5).comes(NURSE, "nurse/2", "nurse/1") >> Tick()
    assert transfers(book) == [], "the same page is back"
    book.vanishes("nurse/2").comes(NURSE, "nurse/3", "another").later(minutes=1) >> Tick()
    assert book.seat("nurse").sending is False


def test_a_still_that_never_came_is_in_the_record_until_it_does() -> None:
    book = begins(in_call(NURSE))
    began = book.now
    book.later(seconds=30).asks("nurse/1", Leave())
    assert StoreIncident("nurse", "still_unsent", began) in book.out
    book.later(minutes=1).asks("nurse/1", Knock()).asks("nurse/1", StillResume(ONE))
    assert [i for i in book.past if getattr(i, "ended_at", None)] == []
    book.later(seconds=5) >> StillKept(ONE, 0, 1000)
    assert StoreIncident("nurse", "still_unsent", began, book.now) in book.out


def test_a_still_of_which_something_came_is_no_incident() -> None:
    book = begins(in_call(NURSE)) >> StillKept(ONE, 0, 1000)
    book.asks("nurse/1", Leave())
    assert [i for i in book.found(StoreIncident) if i.kind == "still_unsent"] == []


# What is owed to whom


def owed(book: Playbook, seat: str) -> list[tuple[str, int]]:
    """What a receiver is given, in order, until nothing is left."""
    progress, order = Progress(), []
    while (found := courier.due(book.room, book.seat(seat), progress)) is not None:
        order.append((found[0].id, found[1]))
        progress.done.add(order[-1])
    return order


def test_the_smallest_goes_first_and_of_those_the_newest() -> None:
    book = sent(in_call(NURSE))
    sent(book.later(seconds=5), TWO)
    assert owed(book, "dr") == [(TWO, 0), (ONE, 0), (TWO, 1), (ONE, 1)]
    assert owed(book, "nurse") == []


def test_a_member_who_came_later_fetches_and_a_guest_who_cannot_is_given() -> None:
    book = sent(in_call(NURSE, DAUGHTER)).later(seconds=9)
    book.comes(CLINICIAN, "dr/2", "another page")
    book.comes(DAUGHTER, "family/2", "another page")
    assert owed(book, "dr") == [] and owed(book, "family") == [(ONE, 0), (ONE, 1)]
    sent(book, TWO)
    assert owed(book, "dr") == [(TWO, 0), (TWO, 1)]


def test_the_same_page_on_a_new_socket_is_owed_what_it_was() -> None:
    book = sent(in_call(NURSE)).later(seconds=9).vanishes("dr/1").comes(CLINICIAN, "dr/2", "dr/1")
    assert owed(book, "dr") == [(ONE, 0), (ONE, 1)]


def measured(spare: float, rate: float) -> Playbook:
    way = Way("voice", Reason("rate"), rate, spare)
    return in_call(NURSE) >> Quality("nurse", "nurse-1", 0.0, 0.6, way, way)


@pytest.mark.parametrize(
    ("rate", "portion"),
    [(8_000, 512), (16_000, 512), (32_000, 560), (64_000, 1360), (91_500, 2047), (1e9, 2048)],
)
def test_a_part_holds_the_voice_up_for_no_longer_than_200_ms(rate: float, portion: int) -> None:
    way = pacing.way(measured(4000, rate).seat("nurse"))
    assert pacing.portion(way) == portion
    if portion > pacing.LEAST:
        assert pacing.price(portion) <= 0.2 * rate


def test_without_media_there_is_no_voice_to_wait_for() -> None:
    book = measured(0, 64_000)
    assert pacing.way(book.seat("nurse")).spare == 0
    book >> Gone("nurse", "nurse-1")
    assert pacing.way(book.seat("nurse")).spare == pacing.UNKNOWN
    assert pacing.way(in_call(NURSE).seat("nurse")).spare == pacing.UNKNOWN


def test_patience_follows_the_rate() -> None:
    assert pacing.UNKNOWN == 16_000 and pacing.price(100) == 2720
    assert pacing.patience(8000, pacing.Way(1000, 1000)) == 23
    assert pacing.patience(8000, pacing.Way(1, 1)) == 120


# Pointers


def places(book: Playbook, socket: str) -> list[tuple[str, float | None, float | None]]:
    return [(p["seat"], p["x"], p["y"]) for p in book.sent(socket, "pointer")]


def test_a_pointer_is_shown_to_the_others() -> None:
    book = sent(in_call(NURSE)).asks("dr/1", Point(ONE, 0.25, 0.5))
    assert book.sent("nurse/1", "pointer") == [{"still": ONE, "seat": "dr", "x": 0.25, "y": 0.5}]
    assert places(book, "dr/1") == []
    book.later(seconds=1).asks("dr/1", Point(ONE, 0.25, 0.5))
    assert places(book, "nurse/1") == []
    book.later(seconds=1).asks("dr/1", Point(ONE, None, None))
    assert places(book, "nurse/1") == [("dr", None, None)]


@pytest.mark.parametrize(("rate", "pace"), [(256_000, 0.1), (255_999, 0.3), (64_000, 0.3),
                                            (63_999, 1.0)])  # fmt: skip
def test_a_pointer_moves_as_often_as_a_link_can_bear(rate: float, pace: float) -> None:
    way = Way("slow", Reason("fine"), rate, 1000)
    book = sent(in_call(NURSE)) >> Quality("nurse", "nurse-1", 0.0, 0.1, way, way)
    book.asks("dr/1", Point(ONE, 0.1, 0.1))
    book.later(seconds=pace - 0.001).asks("dr/1", Point(ONE, 0.2, 0.2))
    assert places(book, "nurse/1") == []
    book.later(seconds=0.001).asks("dr/1", Point(ONE, 0.3, 0.3))
    assert places(book, "nurse/1") == [("dr", 0.3, 0.3)]


def test_the_last_place_arrives_although_it_came_too_soon() -> None:
    book = sent(in_call(NURSE)).asks("dr/1", Point(ONE, 0.1, 0.1))
    book.later(seconds=0.01).asks("dr/1", Point(ONE, 0.2, 0.2))
    book.later(seconds=1) >> Tick()
    assert places(book, "nurse/1") == [("dr", 0.2, 0.2)]


def test_whoever_leaves_points_nowhere() -> None:
    book = sent(in_call(NURSE)).asks("dr/1", Point(ONE, 0.1, 0.1)).later(seconds=1)
    book.asks("dr/1", Leave())
    assert places(book, "nurse/1") == [("dr", None, None)]


def test_over_a_still_one_may_not_see_nobody_points() -> None:
    book = sent(in_call(NURSE)).later(seconds=1).enters(DAUGHTER)
    book.asks("dr/1", Point(ONE, 0.1, 0.1))
    assert places(book, "family/1") == [] and places(book, "nurse/1")
    for socket, still in (("family/1", ONE), ("dr/1", TWO)):
        book.asks(socket, Point(still, 0.1, 0.1))
        assert book.reply.code == "not_allowed"
