"""What the record says of a thin link: how low each way fell, why, from when to when."""

from dataclasses import replace

import pytest

from signaling.effects import StoreIncident
from signaling.events import Gone, PictureStalled, Quality, Said, Tick
from signaling.messages import DeviceStates, Leave
from signaling.seats import Message
from signaling.ways import RUNGS, Reason, Way
from tests.signaling.playbook import NURSE, Playbook, in_call

FINE = Way("motion", Reason("fine"), 500_000.0, 50_000.0)


def way(rung: str, code: str = "rate") -> Way:
    return Way(rung, Reason(code, 12, 20), 12_000.0)


def hears(book: Playbook, up: Way = FINE, down: Way = FINE) -> Playbook:
    return book >> Quality("nurse", "nurse-1", 0.0, 0.1, up, down)


def noted(book: Playbook) -> list[tuple[str, str, bool]]:
    return [(i.kind, i.why, i.ended_at is not None) for i in book.found(StoreIncident)]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_way_without_video_is_an_incident_after_three_seconds(rung: str, direction: str) -> None:
    book = in_call(NURSE)
    low = (way(rung), FINE) if direction == "up" else (FINE, way(rung))
    began = book.later(seconds=10).now
    hears(book, *low)
    book.later(seconds=2.9) >> Tick()
    assert noted(book) == []
    book.later(seconds=0.1) >> Tick()
    if rung not in ("stills", "voice", "text"):
        assert noted(book) == []
        return
    told = StoreIncident("nurse", f"{direction}_{rung}", began, why="rate")
    assert book.found(StoreIncident) == [told]
    hears(book.later(seconds=60), *[replace(w, why=Reason("loss")) for w in low])
    assert noted(book) == [], "the reason it began with stays"
    hears(book.later(seconds=60))
    assert book.found(StoreIncident) == [replace(told, ended_at=book.now, why="")]


def test_a_short_fall_leaves_no_trace() -> None:
    book = hears(in_call(NURSE), way("voice")).later(seconds=2)
    hears(book)
    book.later(seconds=10) >> Tick()
    hears(book, way("voice")).later(seconds=2.9) >> Tick()
    assert [i for i in book.past if isinstance(i, StoreIncident)] == []


def test_each_rung_is_its_own_incident() -> None:
    book = hears(in_call(NURSE), way("stills")).later(seconds=3) >> Tick()
    assert noted(book) == [("up_stills", "rate", False)]
    hears(book, way("voice", "loss"))
    assert noted(book) == [("up_stills", "", True)]
    book.later(seconds=3) >> Tick()
    assert noted(book) == [("up_voice", "loss", False)]


@pytest.mark.parametrize(("code", "is_one"), [
    ("rate", True), ("loss", True), ("delay", True), ("climbing", True), ("ceiling", True),
    ("processor", True), ("choice", False), ("receiver", False), ("starting", False),
])  # fmt: skip
def test_what_somebody_chose_is_no_incident(code: str, is_one: bool) -> None:
    book = hears(in_call(NURSE), way("voice", code), way("voice", code)).later(seconds=9) >> Tick()
    assert bool(noted(book)) is is_one


def test_a_cut_ends_it_and_is_told_instead() -> None:
    book = hears(in_call(NURSE), down=way("voice")).later(seconds=3) >> Tick()
    book >> Gone("nurse", "nurse-1")
    assert sorted(noted(book)) == [("cut", "", False), ("down_voice", "", True)]


def test_whoever_leaves_ends_it() -> None:
    book = hears(in_call(NURSE), way("text")).later(seconds=3) >> Tick()
    book.asks("nurse/1", Leave())
    assert noted(book) == [("up_text", "", True)]


def test_a_picture_the_ladder_does_not_send_is_not_frozen_besides() -> None:
    book = in_call(NURSE).asks("nurse/1", DeviceStates("on", "on", "none", "camera"))
    hears(book, way("voice")) >> PictureStalled("nurse", "camera")
    book.later(seconds=9) >> Tick()
    assert noted(book) == [("up_voice", "rate", False)]
    hears(book, way("sharp"))
    kinds = [kind for kind, _, ended in noted(book) if not ended]
    assert kinds == ["picture_stalled_camera"], "said to be sent, and nothing comes"


def said(book: Playbook, number: int) -> Playbook:
    return book >> Said((Message(number, "dr", "Dr Ballet", "texte", book.now),))


def test_a_message_that_reaches_nobody_is_an_incident_until_it_does() -> None:
    book = said(in_call(NURSE), 1).vanishes("nurse/1").later(seconds=60)
    began = said(book, 2).now
    said(book.later(seconds=1), 3)
    book.later(seconds=1.9) >> Tick()
    assert noted(book) == []
    book.later(seconds=0.1) >> Tick()
    assert book.found(StoreIncident) == [StoreIncident("nurse", "message_unsent", began)]
    book.later(seconds=30).comes(NURSE, "nurse/2", "nurse/1", last_message=1) >> Tick()
    ends = [i for i in book.past if isinstance(i, StoreIncident) and i.kind == "message_unsent"]
    assert [i.ended_at is not None for i in ends] == [False, True]
