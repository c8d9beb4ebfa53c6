"""Who may come in, told with people: a clinician, a nurse, a guest, and devices of theirs."""

import datetime as dt
from dataclasses import replace

from signaling.consultation import Act, Status
from signaling.effects import (
    Audit,
    CloseMedia,
    CloseRoom,
    Drop,
    KeepOnly,
    OpenMedia,
    RevokeInvitation,
    StoreAttendance,
    StoreStage,
    StoreStatus,
)
from signaling.events import Revoked, StatusChanged, Tick
from signaling.messages import Admit, End, Hand, Knock, Leave, Lock, Refuse, Remove
from signaling.seats import SEATS_IN, Seat, Stage
from tests.signaling.playbook import (
    CLINICIAN,
    DAUGHTER,
    INTERPRETER,
    NURSE,
    START,
    Playbook,
    in_call,
    newer,
)

SECOND_DEVICE = newer(
    DAUGHTER, credential="link-2", since=START + dt.timedelta(minutes=5), again=True
)


def test_a_guest_waits_and_a_member_admits() -> None:
    book = in_call()
    book.comes(DAUGHTER).asks("family/1", Knock())
    assert book.reply.extra == {"stage": "door"}
    assert StoreStage("family", Stage.DOOR) in book.out
    assert [w["name"] for w in book.sent("dr/1", "room")[0]["door"]] == ["Sa fille"]
    book.asks("dr/1", Admit("family"))
    assert book.reply.code is None
    assert book.seat("family").inside
    assert OpenMedia("family", 1) in book.out
    assert KeepOnly("family", "link-1") in book.out
    assert StoreAttendance("family", START) in book.out


def test_a_guest_sees_nobody_before_being_admitted() -> None:
    book = in_call(NURSE).comes(DAUGHTER).asks("family/1", Knock())
    (view,) = book.sent("family/1", "room")
    assert view["seats"] == [] and view["door"] == []


def test_a_guest_cannot_admit_anybody_themselves_included() -> None:
    book = in_call(DAUGHTER).comes(INTERPRETER).asks("words/1", Knock())
    for socket in ("family/1", "words/1"):
        book.asks(socket, Admit("words"))
        assert book.reply.code == "not_allowed"
        assert not book.seat("words").inside
        assert book.found(Audit)[0].outcome == "refused"


def test_a_member_outside_the_call_admits_nobody() -> None:
    book = Playbook().comes(NURSE).comes(DAUGHTER).asks("family/1", Knock())
    book.asks("nurse/1", Admit("family"))
    assert book.reply.code == "not_allowed"


def test_a_member_passes_without_waiting() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock())
    assert book.reply.extra == {"stage": "in"}
    assert StoreStatus(Act.START, START) in book.out
    assert book.room.status is Status.IN_CALL


def test_knocking_twice_acts_once() -> None:
    book = in_call().comes(NURSE).asks("nurse/1", Knock()).asks("nurse/1", Knock())
    assert book.reply.extra == {"stage": "in"} and len(book.out) == 1


def test_locked_the_guest_is_told_the_nurse_waits_and_the_clinician_passes() -> None:
    book = in_call().asks("dr/1", Lock(True))
    book.comes(DAUGHTER).asks("family/1", Knock())
    assert book.reply.code == "locked"
    book.comes(NURSE).asks("nurse/1", Knock())
    assert book.reply.extra == {"stage": "door"}
    book.asks("dr/1", Leave()).asks("dr/1", Knock())
    assert book.reply.extra == {"stage": "in"}


def test_only_a_host_locks() -> None:
    book = in_call(NURSE).asks("nurse/1", Lock(True))
    assert book.reply.code == "not_allowed" and not book.room.locked


def test_a_full_room_says_so() -> None:
    book = in_call()
    for n in range(SEATS_IN - 1):
        book.enters(newer(NURSE, seat=f"n{n}"))
    book.comes(NURSE).asks("nurse/1", Knock())
    assert book.reply.code == "full"
    book.comes(DAUGHTER).asks("family/1", Knock()).asks("dr/1", Admit("family"))
    assert book.reply.code == "full" and book.seat("family").stage is Stage.DOOR


def test_the_newest_tab_wins_and_the_older_is_told() -> None:
    book = in_call().comes(CLINICIAN, "dr/2", "tab-2")
    assert book.sent("dr/1", "superseded") == [{}]
    assert Drop("dr/1") in book.out
    assert book.sent("dr/2", "room")[0]["me"]["stage"] == "in"
    book.asks("dr/1", Hand(True))
    assert book.reply.code == "not_allowed"
    before = book.room
    book.vanishes("dr/1")
    assert book.room == before


def test_the_same_tab_comes_back_without_a_word() -> None:
    book = in_call().comes(CLINICIAN, "dr/2", "dr/1", session="dr-1")
    assert book.sent("dr/1", "superseded") == []
    assert Drop("dr/1") in book.out
    assert not book.found(OpenMedia)


def test_and_whose_connection_carries_nothing_any_more_is_offered_another_at_once() -> None:
    book = in_call().comes(CLINICIAN, "dr/2", "dr/1")
    assert book.found(OpenMedia) == [OpenMedia("dr", 2)]


def test_a_link_reused_on_another_device_waits_and_disturbs_nobody() -> None:
    book = in_call(DAUGHTER).later(minutes=6).comes(SECOND_DEVICE, "family/2")
    assert book.sent("family/1", "superseded") == []
    assert book.sent("family/2", "room")[0]["me"]["stage"] == "ready"
    assert book.sent("family/2", "room")[0]["seats"] == []
    book.asks("family/2", Hand(True))
    assert book.reply.code == "not_allowed"
    book.asks("family/2", Knock())
    (door,) = book.sent("dr/1", "room")[0]["door"]
    assert door["again"] is True
    book.asks("dr/1", Admit("family"))
    assert book.sent("family/1", "superseded") == [{}]
    assert book.seat("family").socket == "family/2"
    assert KeepOnly("family", "link-2") in book.out
    assert StoreAttendance("family", START, book.now, "moved") in book.out
    assert StoreAttendance("family", book.now) in book.out


def test_the_second_device_may_be_refused_and_the_first_stays() -> None:
    book = in_call(DAUGHTER).comes(SECOND_DEVICE, "family/2").asks("family/2", Knock())
    book.asks("dr/1", Refuse("family"))
    assert book.seat("family").inside and book.seat("family").socket == "family/1"
    assert book.sent("family/2", "room")[0]["me"]["stage"] == "refused"


def test_after_a_restart_only_the_admitted_device_is_let_back() -> None:
    seat = restored_seat()
    for arrival, stage in ((DAUGHTER, "in"), (SECOND_DEVICE, "ready")):
        book = Playbook(Status.IN_CALL, seats=(seat,)).comes(arrival)
        assert book.sent("family/1", "room")[0]["me"]["stage"] == stage


def restored_seat() -> Seat:
    seat = in_call(DAUGHTER).seat("family")
    return replace(seat, credential=None, socket=None, tab=None)


def test_a_removed_guest_needs_a_new_link() -> None:
    book = in_call(DAUGHTER).asks("dr/1", Remove("family"))
    assert book.sent("family/1", "room")[0]["me"]["stage"] == "removed"
    assert book.sent("family/1", "revoked") == [{}]
    assert {RevokeInvitation("family"), Drop("family/1"), CloseMedia("family")} <= set(book.out)
    book.vanishes("family/1").comes(DAUGHTER, "family/2")
    assert book.sent("family/2", "revoked") == [{}] and Drop("family/2") in book.out
    fresh = newer(DAUGHTER, credential="link-5", generation=2)
    book.comes(fresh, "family/3").asks("family/3", Knock())
    assert book.reply.extra == {"stage": "door"}


def test_a_removed_nurse_may_knock_but_waits() -> None:
    book = in_call(NURSE).asks("dr/1", Remove("nurse")).asks("nurse/1", Knock())
    assert book.reply.extra == {"stage": "door"}
    book.asks("dr/1", Admit("nurse"))
    assert book.seat("nurse").inside


def test_a_nurse_removes_nobody_and_ends_nothing() -> None:
    book = in_call(NURSE, DAUGHTER)
    for command in (Remove("family"), End(), Remove("dr")):
        book.asks("nurse/1", command)
        assert book.reply.code == "not_allowed"
    assert len(book.room.inside) == 3 and book.room.status is Status.IN_CALL


def test_a_refused_guest_may_knock_again() -> None:
    book = in_call().comes(DAUGHTER).asks("family/1", Knock()).asks("dr/1", Refuse("family"))
    assert book.sent("family/1", "room")[0]["me"]["stage"] == "refused"
    book.asks("family/1", Knock())
    assert book.reply.extra == {"stage": "door"}


def test_a_host_ends_for_all() -> None:
    book = in_call(NURSE, DAUGHTER).later(minutes=20).asks("dr/1", End())
    assert {StoreStatus(Act.END, book.now), CloseRoom()} <= set(book.out)
    ends = [row for row in book.found(StoreAttendance) if row.left_at]
    assert {(r.seat, r.left_at, r.why) for r in ends} == {
        (s, book.now, "ended") for s in ("dr", "nurse", "family")
    }
    view = book.sent("family/1", "room")[0]
    assert view["status"] == "ended" and view["me"]["stage"] == "left"
    book.asks("dr/1", End())
    assert book.reply.code is None and len(book.out) == 1
    book.asks("family/1", Knock())
    assert book.reply.code == "ended"


def test_reopened_the_nurse_passes_and_the_guest_waits_again() -> None:
    book = in_call(NURSE, DAUGHTER).asks("dr/1", End()) >> StatusChanged(Status.OPEN)
    book.asks("nurse/1", Knock())
    assert book.reply.extra == {"stage": "in"}
    book.asks("family/1", Knock())
    assert book.reply.extra == {"stage": "door"}


def test_a_planned_consultation_opens_when_its_host_enters() -> None:
    book = Playbook(Status.PLANNED).comes(NURSE).asks("nurse/1", Knock())
    assert book.room.status is Status.PLANNED
    book = Playbook(Status.PLANNED).comes(CLINICIAN).asks("dr/1", Knock())
    assert StoreStatus(Act.OPEN, START) in book.out


def test_a_revoked_session_is_out_at_once() -> None:
    book = in_call(DAUGHTER) >> Revoked(frozenset({"link-1"}))
    assert book.sent("family/1", "revoked") == [{}]
    assert {Drop("family/1"), CloseMedia("family")} <= set(book.out)
    assert book.found(StoreAttendance)[0].why == "revoked"


def test_a_short_cut_at_the_door_keeps_the_place_a_long_one_does_not() -> None:
    book = in_call().comes(DAUGHTER, tab="t").asks("family/1", Knock()).vanishes("family/1")
    book.later(seconds=30).comes(DAUGHTER, "family/2", "t") >> Tick()
    assert book.seat("family").stage is Stage.DOOR
    book.vanishes("family/2").later(seconds=61) >> Tick()
    assert book.seat("family").stage is Stage.AWAY
    assert book.sent("dr/1", "room")[0]["door"] == []


def test_consent_of_others_is_told_to_members_only() -> None:
    book = in_call(NURSE, newer(DAUGHTER, consent=False), newer(INTERPRETER, consent=True))
    seen = {s["seat"]: s["consent"] for s in book.sent("nurse/1", "room")[-1]["seats"]}
    assert seen["family"] is False
    book.asks("dr/1", Hand(True))
    seen = {s["seat"]: s["consent"] for s in book.sent("words/1", "room")[-1]["seats"]}
    assert seen["family"] is None and seen["words"] is True


def test_a_guest_who_is_in_does_not_see_who_waits() -> None:
    book = in_call(DAUGHTER).comes(INTERPRETER).asks("words/1", Knock())
    assert book.sent("dr/1", "room")[0]["door"] != []
    assert book.sent("family/1", "room") == []
    book.asks("dr/1", Hand(True))
    assert book.sent("family/1", "room")[0]["door"] == []


def test_a_view_is_sent_only_when_it_changed() -> None:
    book = in_call(NURSE).comes(DAUGHTER)
    assert book.sent("dr/1", "room") == [] and len(book.sent("family/1", "room")) == 1
