"""Cuts, reloads, restarts and lost workers: the seat stays, and the record says what happened."""

from dataclasses import replace

import pytest

from signaling.consultation import Status
from signaling.effects import (
    AnswerMedia,
    CloseMedia,
    OpenMedia,
    StoreAttendance,
    StoreIncident,
)
from signaling.events import (
    Consented,
    Flowing,
    Gone,
    NotOffered,
    Offered,
    PictureResumed,
    PictureStalled,
    Quality,
    Said,
    SlotsChanged,
    Stalled,
    Tick,
    WorkerBack,
    WorkerLost,
)
from signaling.messages import Answer, DeviceStates, Knock, Leave, Renew
from signaling.seats import Connection, Flow, Link, Message, SlotUse, Stage
from tests.signaling.playbook import CLINICIAN, DAUGHTER, NURSE, START, Playbook, in_call


def connection(book: Playbook, seat: str = "nurse") -> Connection:
    return book.seat(seat).connection


def test_an_offer_goes_to_whoever_entered_and_to_nobody_else() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock())
    assert connection(book) is Connection.CONNECTING
    book >> Offered("nurse", 1, "s1", "v=0")
    assert book.sent("nurse/1", "offer") == [{"session": "s1", "sdp": "v=0"}]
    assert book.sent("dr/1", "offer") == []
    book >> Flowing("nurse", "s1")
    assert connection(book) is Connection.GOOD


def test_an_answer_is_given_to_the_worker_once_and_only_for_its_session() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock()) >> Offered("nurse", 1, "s1", "v=0")
    book.asks("nurse/1", Answer("dr-1", "v=0"))
    assert book.reply.code == "not_allowed"
    book.asks("nurse/1", Answer("s1", "v=0"))
    assert book.found(AnswerMedia) == [AnswerMedia("nurse", "s1", "v=0")]
    book.asks("nurse/1", Answer("s1", "v=0"))
    assert book.reply.code is None and not book.found(AnswerMedia)


def test_a_cut_is_seen_recorded_and_over() -> None:
    book = in_call(NURSE).later(seconds=10) >> Stalled("nurse", "nurse-1", 2.5)
    began = book.found(StoreIncident)
    assert [(i.kind, (book.now - i.started_at).total_seconds()) for i in began] == [("cut", 2.5)]
    assert connection(book) is Connection.LOST
    assert book.sent("dr/1", "room")[0]["seats"][1]["connection"] == "lost"
    book.later(seconds=20) >> Flowing("nurse", "nurse-1")
    assert book.found(StoreIncident) == [replace(began[0], ended_at=book.now)]
    assert connection(book) is Connection.GOOD


def test_a_reload_gets_its_seat_and_a_fresh_offer() -> None:
    book = in_call(NURSE).vanishes("nurse/1").later(seconds=2).comes(NURSE, "nurse/2")
    assert OpenMedia("nurse", 2) in book.out
    assert [i.kind for i in book.found(StoreIncident)] == ["reconnection"]
    assert not book.found(StoreAttendance)
    book >> Flowing("nurse", "nurse-1")
    assert connection(book) is Connection.CONNECTING, "the old session proves nothing"
    book.later(seconds=1).carried("nurse", 2)
    assert connection(book) is Connection.GOOD
    assert book.found(StoreIncident)[0].ended_at == book.now


def test_only_the_socket_lost_is_weak_not_lost() -> None:
    book = in_call(NURSE).vanishes("nurse/1")
    assert connection(book) is Connection.WEAK
    book >> Gone("nurse", "nurse-1")
    assert connection(book) is Connection.LOST


def test_a_vanished_person_keeps_the_seat_ten_minutes_and_left_when_they_went() -> None:
    book = in_call(NURSE).vanishes("nurse/1") >> Gone("nurse", "nurse-1")
    went = book.now
    book.later(minutes=9, seconds=59) >> Tick()
    assert book.seat("nurse").inside
    book.later(seconds=1) >> Tick()
    assert book.seat("nurse").stage is Stage.LEFT
    assert StoreAttendance("nurse", START, went, "lost") in book.out
    assert CloseMedia("nurse") in book.out


def test_while_packets_flow_a_lost_socket_costs_no_seat() -> None:
    book = in_call(NURSE).vanishes("nurse/1").later(minutes=30) >> Tick()
    assert book.seat("nurse").inside


def test_what_is_told_of_an_older_session_is_ignored() -> None:
    book = in_call(NURSE).asks("nurse/1", Renew("nurse-1")).carried("nurse", 2)
    for event in (Stalled("nurse", "nurse-1"), Gone("nurse", "nurse-1")):
        book >> event
        assert connection(book) is Connection.GOOD


def test_renewing_twice_asks_once() -> None:
    book = in_call(NURSE).asks("nurse/1", Renew("nurse-1"))
    assert book.found(OpenMedia) == [OpenMedia("nurse", 2)]
    book.asks("nurse/1", Renew("nurse-1"))
    assert book.reply.code is None and not book.found(OpenMedia)


def test_an_offer_for_an_older_attempt_is_dropped() -> None:
    book = in_call(NURSE).asks("nurse/1", Renew("nurse-1")) >> Offered("nurse", 1, "old", "v=0")
    assert book.sent("nurse/1", "offer") == []


def test_a_killed_worker_is_one_incident_and_everybody_gets_a_new_offer() -> None:
    book = in_call(NURSE, DAUGHTER).later(seconds=5) >> WorkerLost()
    began = [i for i in book.found(StoreIncident) if i.seat is None]
    assert began == [StoreIncident(None, "worker_lost", book.now)]
    assert {connection(book, s) for s in ("dr", "nurse", "family")} == {Connection.LOST}
    book.later(seconds=2) >> WorkerBack()
    assert {e.seat for e in book.found(OpenMedia)} == {"dr", "nurse", "family"}
    for seat in ("dr", "nurse", "family"):
        book.carried(seat, 2)
    ended = [i for i in book.found(StoreIncident) if i.kind == "worker_lost"]
    assert ended == [replace(began[0], ended_at=book.now)]


def test_without_any_worker_the_seat_stays_and_asks_again() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock()) >> NotOffered("nurse", 1)
    assert book.seat("nurse").inside
    book.later(seconds=4) >> Tick()
    assert not book.found(OpenMedia)
    book.later(seconds=1) >> Tick()
    assert book.found(OpenMedia) == [OpenMedia("nurse", 2)]


def test_whoever_went_while_the_line_was_down_is_put_out_when_it_is_back() -> None:
    book = in_call(NURSE).asks("nurse/1", Leave())
    book >> WorkerBack(frozenset({"dr", "nurse"}))
    assert book.found(CloseMedia) == [CloseMedia("nurse")]


def test_a_seat_without_socket_which_the_worker_no_longer_carries_is_gone() -> None:
    book = in_call(NURSE).vanishes("nurse/1") >> WorkerBack(frozenset({"dr"}))
    assert connection(book) is Connection.LOST
    book.later(minutes=10) >> Tick()
    assert book.seat("nurse").stage is Stage.LEFT


def test_an_offer_which_led_to_nothing_is_made_again() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock()) >> Offered("nurse", 1, "s1", "v=0")
    book.later(seconds=39) >> Tick()
    assert not book.found(OpenMedia)
    book.later(seconds=1) >> Tick()
    assert book.found(OpenMedia) == [OpenMedia("nurse", 2)]


def test_a_refusal_before_the_door_is_told_to_members_at_once() -> None:
    book = in_call(DAUGHTER).comes(NURSE) >> Consented("nurse", False)
    (view,) = book.sent("dr/1", "room")
    assert view["refusals"] == [{"seat": "nurse", "name": NURSE.name}]
    assert book.sent("family/1", "room") == []
    book >> Consented("nurse", True)
    assert book.sent("dr/1", "room")[0]["refusals"] == []


def test_an_adopted_worker_means_nothing_was_cut() -> None:
    book = in_call(NURSE)
    link = Link(Flow.UP, carried=True)
    seats = tuple(replace(s, socket=None, tab=None, link=link) for s in book.room.seats)
    book = Playbook(Status.IN_CALL, seats=seats).comes(NURSE, "nurse/2", session="nurse-1")
    assert not book.found(OpenMedia) and connection(book) is Connection.GOOD
    book.comes(CLINICIAN, "dr/2")
    assert [e.seat for e in book.found(OpenMedia)] == ["dr"]


@pytest.mark.parametrize("lost", ["mic", "camera", "exam"])
def test_a_lost_device_is_recorded_until_it_is_back(lost: str) -> None:
    states = {"mic": "on", "camera": "on", "exam": "on", "exam_kind": "camera"}
    book = in_call(NURSE).asks("nurse/1", DeviceStates(**states))
    book.later(seconds=3).asks("nurse/1", DeviceStates(**{**states, lost: "lost"}))
    kinds = [i.kind for i in book.found(StoreIncident)]
    assert f"device_lost_{lost}" in kinds
    assert ("audio_only" in kinds) is (lost == "camera")
    book.later(seconds=3).asks("nurse/1", DeviceStates(**states))
    assert {i.ended_at for i in book.found(StoreIncident)} == {book.now}


def test_a_camera_turned_off_by_choice_is_no_incident() -> None:
    book = in_call(NURSE).asks("nurse/1", DeviceStates("on", "off", "none", "camera"))
    book >> PictureStalled("nurse", "camera")
    assert book.found(StoreIncident) == []


def test_a_camera_turned_on_again_is_not_stalled_until_it_should_have_started() -> None:
    book = in_call(NURSE).asks("nurse/1", DeviceStates("on", "off", "none", "camera"))
    book >> PictureStalled("nurse", "camera")
    book.later(seconds=30).asks("nurse/1", DeviceStates("on", "on", "none", "camera"))
    book.later(seconds=1) >> Tick()
    assert book.found(StoreIncident) == []
    book >> PictureResumed("nurse", "camera")
    book.later(seconds=9) >> Tick()
    assert book.found(StoreIncident) == []


def test_a_stalled_picture_is_recorded() -> None:
    book = in_call(NURSE).asks("nurse/1", DeviceStates("on", "on", "none", "camera"))
    began = book.later(seconds=60).now
    book >> PictureStalled("nurse", "camera")
    book.later(seconds=2.9) >> Tick()
    assert book.found(StoreIncident) == []
    book.later(seconds=0.1) >> Tick()
    (stall,) = book.found(StoreIncident)
    assert (stall.kind, stall.started_at) == ("picture_stalled_camera", began)
    book.later(seconds=4) >> PictureResumed("nurse", "camera")
    assert [i.ended_at for i in book.found(StoreIncident)] == [book.now]


def test_weakness_does_not_flicker() -> None:
    book = in_call(NURSE)
    seen = []
    for loss in (0.03, 0.08, 0.081, 0.06, 0.041, 0.04, 0.08):
        book >> Quality("nurse", "nurse-1", loss, 0.7)
        seen.append(connection(book).value)
    assert seen == ["good", "good", "weak", "weak", "weak", "good", "good"]


def test_after_a_restart_a_page_that_still_hears_is_believed_before_its_worker_tells() -> None:
    book = in_call(NURSE)
    link = Link(carried=True)
    book.room = book.room.put(replace(book.seat("nurse"), socket=None, link=link))
    book.comes(NURSE, "nurse/2", "nurse/1", session="nurse-1")
    assert book.seat("nurse").connection is Connection.GOOD
    assert book.seat("nurse").link.session == "nurse-1"
    assert not book.found(OpenMedia)


def test_slots_are_told_to_their_seat_and_again_to_its_new_socket() -> None:
    uses = (SlotUse(0, "dr", "person"),)
    rows = [{"slot": 0, "seat": "dr", "kind": "person"}]
    book = in_call(NURSE) >> SlotsChanged("nurse", "nurse-1", uses)
    assert book.sent("nurse/1", "slots") == [{"session": "nurse-1", "slots": rows}]
    book.vanishes("nurse/1").comes(NURSE, "nurse/2", "nurse/1", session="nurse-1")
    assert book.sent("nurse/2", "slots") == [{"session": "nurse-1", "slots": rows}]


def said(number: int, book: Playbook) -> Said:
    return Said((Message(number, "dr", "Dr Ballet", f"n° {number}", book.now),))


def test_messages_reach_everybody_once_and_in_order_after_a_cut() -> None:
    book = in_call(NURSE) >> said(1, in_call())
    assert [m["number"] for m in book.sent("nurse/1", "message")] == [1]
    book.vanishes("nurse/1") >> said(2, book)
    book >> said(3, book)
    book >> said(3, book)
    assert [m.number for m in book.room.messages] == [1, 2, 3]
    book.comes(NURSE, "nurse/2", "nurse/1", last_message=1)
    assert [m["number"] for m in book.sent("nurse/2", "message")] == [2, 3]


def test_a_guest_reads_what_was_written_since_they_first_came_in() -> None:
    book = in_call() >> said(1, in_call())
    book.later(minutes=1).enters(DAUGHTER)
    book >> said(2, book)
    assert book.numbers("family/1") == [2]
    book.later(minutes=1).asks("family/1", Leave()).vanishes("family/1") >> said(3, book)
    book.later(minutes=1).enters(DAUGHTER, "family/2")
    assert book.numbers("family/2") == [2, 3]


def test_the_nurse_reads_everything_when_she_enters() -> None:
    book = in_call() >> said(1, in_call())
    book.later(minutes=1).comes(NURSE).asks("nurse/1", Knock())
    assert [m["number"] for m in book.sent("nurse/1", "message")] == [1]
