"""Real sockets against a real namespace, on both databases: who gets in, and what survives."""

import asyncio
import datetime as dt
import uuid
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from media import client
from server.kernel import audit, sessions
from server.kernel.db import (
    Attendance,
    AuditRow,
    Consultation,
    Incident,
    LoginSession,
    Message,
    Person,
    Seat,
)
from server.kernel.refusals import begin
from signaling import consultations, invitations
from tests.people import actor_of, cookie_header
from tests.signaling.conftest import House, Refused


def text() -> dict[str, Any]:
    return {"client_id": str(uuid.uuid4()), "text": "Je vous entends mal"}


async def test_a_consultation_of_three(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    guest = await house.admitted(doctor)
    view = await nurse.until(lambda b: b.view if len(b.view["seats"]) == 3 else None)
    assert {s["kind"] for s in view["seats"]} == {"clinician", "site", "family"}
    assert view["status"] == "in_call"
    (offer,) = await guest.until(lambda b: b.heard("offer"))
    assert (await guest.ask("answer", session=offer["session"], sdp="v=0"))["ok"]
    assert ("answer", house.consultation.id, guest.view["me"]["seat"], offer["session"]) in (
        house.worker.asked
    )
    assert (await doctor.ask("end"))["ok"]
    await guest.until(lambda b: b.view["status"] == "ended")
    stays = await house.rows(Attendance)
    assert len(stays) == 3 and {s.left_why for s in stays} == {"ended"}
    assert ("close_room", house.consultation.id) in house.worker.asked
    async with house.database.read() as session:
        stored = await session.get_one(Consultation, house.consultation.id)
        assert stored.status == "ended" and stored.started_at and stored.ended_at
        assert await audit.verify(session) is None


async def test_without_a_cookie_there_is_no_consultation(house: House) -> None:
    opened = await house.login(house.people.clinician)
    for cookie in ({}, {"Cookie": "__Host-carbet=stolen"}, {"Cookie": ";;=;__Host-carbet"}):
        browser = house.browser(opened)
        browser._cookie = cookie
        with pytest.raises(Refused, match=r"^unknown$"):
            await browser.open()


@pytest.mark.parametrize(
    "who", ["stranger", "coordinator", "technician", "administrator", "requester", "caregiver"]
)
async def test_somebody_elses_room_is_as_unknown_as_none(house: House, who: str) -> None:
    opened = await house.login(getattr(house.people, who))
    for consultation in (house.consultation.id, "no-such-room"):
        with pytest.raises(Refused, match=r"^unknown$"):
            await house.browser(opened, consultation).open()
    async with house.database.read() as session:
        rows = await session.scalars(sa.select(AuditRow).where(AuditRow.outcome == "refused"))
        assert {row.actor for row in rows} == {actor_of(getattr(house.people, who)).audit_name}
        assert not list(await session.scalars(sa.select(Seat)))


async def test_a_guest_reaches_only_their_own_consultation(house: House) -> None:
    other = await house.plan()
    with pytest.raises(Refused, match=r"^unknown$"):
        await house.browser(await house.redeems(), other.id).open()


async def test_a_wrong_hello_is_refused_like_a_stranger(house: House) -> None:
    opened = await house.login(house.people.clinician)
    for auth in ({"host": True}, {"tab": 7}, {"last_message": -1}, {"consultation": "\x00"}):
        with pytest.raises(Refused, match=r"^unknown$"):
            await house.browser(opened).open(**auth)


async def test_a_foreign_origin_is_answered_403(house: House) -> None:
    assert house.server is not None
    url = house.server.make_url("/socket.io/?EIO=4&transport=websocket")
    headers = cookie_header(await house.login(house.people.clinician))
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url, headers={**headers, "Origin": "https://theirs"})
    # Engine.IO says 400 by itself; the application's middleware answers 403 before it.
    assert refused.value.status in (400, 403)


async def test_events_named_like_connections_are_not_taken_for_them(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    stranger = await house.login(house.people.stranger)
    forged = {"HTTP_COOKIE": cookie_header(stranger)["Cookie"]}
    assert (await doctor.ask("connect", forged))["code"] == "invalid"
    assert (await doctor.ask("disconnect", "bye"))["code"] == "invalid"
    assert (await doctor.ask("hand", up=True))["ok"]


async def test_a_socket_found_dead_as_it_is_told_something_holds_up_nobody(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    room = house.rooms.live(house.consultation.id)
    assert room is not None
    socket = room.by_id[nurse.view["me"]["seat"]].socket
    io: Any = house.rooms._line.server  # type: ignore[union-attr]
    held = io.eio.sockets[io.manager.eio_sid_from_sid(socket, "/call")]
    held.last_ping = 1e-9  # unanswered since the machine began
    for up in (True, False):
        assert (await doctor.ask("hand", up=up))["ok"]
    assert (await doctor.ask("say", text()))["ok"]


async def test_whoever_is_outside_hears_and_does_nothing(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    guest = await house.browser(await house.redeems()).open()
    await guest.stage("ready")
    await doctor.ask("say", text())
    for event, payload in (
        ("say", text()), ("hand", {"up": True}), ("admit", {"seat": guest.view["me"]["seat"]}),
        ("remove", {"seat": doctor.view["me"]["seat"]}), ("lock", {"locked": True}), ("end", {}),
        ("answer", {"session": "session-1", "sdp": "v=0"}), ("renew", {"session": "session-1"}),
    ):  # fmt: skip
        assert (await guest.ask(event, payload))["code"] == "not_allowed", event
    assert guest.heard("message") == [] and guest.view["seats"] == []
    assert len(doctor.heard("message")) == 1


async def test_a_second_tab_wins_and_the_first_is_told(house: House) -> None:
    opened = await house.login(house.people.nurse)
    first = await house.browser(opened).open()
    assert (await first.ask("knock"))["ok"]
    second = await house.browser(opened).open()
    await second.stage("in")
    await first.until(lambda b: b.heard("superseded") and b.closed)


async def test_a_link_on_a_second_device_knocks_and_takes_over_when_admitted(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    first = await house.admitted(doctor)
    second = await house.browser(await house.redeems()).open()
    await second.stage("ready")
    assert (await second.ask("knock"))["stage"] == "door"
    (waiting,) = await doctor.until(lambda b: b.view["door"])
    assert waiting["again"] is True
    assert not first.closed and first.view["me"]["stage"] == "in"
    assert (await doctor.ask("admit", seat=waiting["seat"]))["ok"]
    await second.stage("in")
    await first.until(lambda b: b.closed)
    assert first.heard("superseded") or first.heard("revoked")
    with pytest.raises(Refused, match=r"^unknown$"):
        await first.open()


async def test_after_a_restart_the_second_device_still_has_to_knock(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    admitted = await house.redeems()
    guest = await house.browser(admitted).open()
    await guest.ask("knock")
    waiting = (await doctor.until(lambda b: b.view["door"]))[0]
    await doctor.ask("admit", seat=waiting["seat"])
    await guest.stage("in")
    leaked = await house.redeems()
    await house.restart()
    thief = await house.browser(leaked).open()
    await thief.stage("ready")
    back = await house.browser(admitted).open()
    await back.stage("in")


async def test_a_message_sent_again_after_a_cut_is_there_once(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    opened = await house.login(house.people.nurse)
    nurse = await house.browser(opened).open()
    await nurse.ask("knock")
    said = text()
    first = await nurse.ask("say", said)
    assert first["number"] == 1
    await nurse.close()
    await doctor.ask("say", {**text(), "text": "Et maintenant ?"})
    back = await house.browser(opened).open(last_message=1)
    again = await back.ask("say", said)
    assert (again["number"], again["at"]) == (first["number"], first["at"])
    await back.until(lambda b: b.heard("message"))
    assert [m["number"] for m in back.heard("message")] == [2]
    assert [m.number for m in await house.rows(Message)] == [1, 2]


async def test_many_at_once_are_numbered_without_a_gap_and_told_in_order(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    said = [text() for _ in range(8)]
    answers = await asyncio.gather(
        *(who.ask("say", each) for each in said for who in (doctor, nurse)),
        *(doctor.ask("say", each) for each in said),
    )
    assert {a["number"] for a in answers} == set(range(1, 17))
    await nurse.until(lambda b: len(b.heard("message")) == 16)
    for browser in (doctor, nurse):
        assert [m["number"] for m in browser.heard("message")] == list(range(1, 17))


async def test_nasty_texts_are_kept_and_told_as_they_are(house: House) -> None:
    nasty = "<script>alert(1)</script>\n'; DROP TABLE messages;--\t=1+1 \u2028 🏥"
    doctor = await house.enters(house.people.clinician)
    assert (await doctor.ask("say", {**text(), "text": nasty}))["ok"]
    assert (await doctor.until(lambda b: b.heard("message")))[0]["text"] == nasty
    assert [m.text for m in await house.rows(Message)] == [nasty]
    assert (await doctor.ask("say", {**text(), "text": "nul\x00"}))["code"] == "invalid"


async def test_a_restart_costs_nobody_their_seat(house: House) -> None:
    nurse_login = await house.login(house.people.nurse)
    doctor = await house.enters(house.people.clinician)
    nurse = await house.browser(nurse_login).open()
    await nurse.ask("knock")
    await doctor.ask("say", text())
    tab = nurse.tab
    await house.restart()
    back = house.browser(nurse_login)
    back.tab = tab
    await back.open()
    await back.stage("in")
    await back.until(lambda b: b.heard("offer") and b.heard("message"))
    assert [m["number"] for m in back.heard("message")] == [1]
    stays = await house.rows(Attendance)
    assert len(stays) == 2 and all(s.left_at is None for s in stays)


async def test_a_server_away_for_long_finds_out_who_had_left_and_when(house: House) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    entered = (await house.rows(Attendance))[0].entered_at
    await house.stop()
    long_ago = entered - dt.timedelta(minutes=30)
    async with house.database.begin() as session:
        await session.execute(sa.update(Attendance).values(entered_at=long_ago))
        seen = long_ago + dt.timedelta(minutes=5)
        await session.execute(sa.update(LoginSession).values(seen_at=seen))
    await house.restart()
    await house.rooms.tick()
    stays = {s.left_at: s.left_why for s in await house.rows(Attendance)}
    assert stays[seen] == "lost"


async def test_a_password_without_its_code_opens_no_call(house: House) -> None:
    async with house.database.begin() as session:
        person = await session.get_one(Person, house.people.clinician.id)
        half = await sessions.open(session, person, stage=sessions.PASSWORD)
    with pytest.raises(Refused, match=r"^unknown$"):
        await house.browser(half).open()


async def test_an_adopted_worker_keeps_its_session(house: House) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    (offer,) = await nurse.until(lambda b: b.heard("offer"))
    seat = nurse.view["me"]["seat"]
    await house.worker.tell(client.PeerUp(house.consultation.id, seat, offer["session"]))
    await house.restart()
    back = await house.browser(login).open(session=offer["session"])
    await back.stage("in")
    assert back.view["seats"][0]["connection"] == "good"
    assert back.heard("offer") == []


async def test_a_logout_elsewhere_cuts_the_call(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    opened = await house.login(house.people.nurse)
    nurse = await house.browser(opened).open()
    await nurse.ask("knock")
    await house.ends(opened)
    await nurse.until(lambda b: b.heard("revoked") and b.closed)
    await doctor.until(lambda b: len(b.view["seats"]) == 1)
    with pytest.raises(Refused, match=r"^unknown$"):
        await nurse.open()


async def test_a_revoked_link_cuts_its_guest(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    guest = await house.admitted(doctor)
    invitation = await house.invitation()
    async with begin(house.database) as session:
        c = await session.get_one(Consultation, house.consultation.id)
        ended = await invitations.revoke(
            session, actor_of(house.people.clinician), c, invitation.id
        )
    await house.revocations.announce(ended)
    await guest.until(lambda b: b.heard("revoked") and b.closed)


async def test_a_removed_guest_is_out_and_their_link_is_worth_nothing(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    guest = await house.admitted(doctor)
    assert (await doctor.ask("remove", seat=guest.view["me"]["seat"]))["ok"]
    await guest.until(lambda b: b.closed)
    assert guest.view["me"]["stage"] == "removed"
    assert (await house.invitation()).revoked_at is not None
    with pytest.raises(Refused, match=r"^unknown$"):
        await guest.open()


async def test_a_page_that_cancels_tells_whoever_waits(house: House) -> None:
    guest = await house.browser(await house.redeems()).open()
    await guest.ask("knock")
    async with begin(house.database) as session:
        c = await session.get_one(Consultation, house.consultation.id)
        await consultations.cancel(session, actor_of(house.people.clinician), c)
    await house.rooms.refresh(house.consultation.id)
    await guest.until(lambda b: b.view["status"] == "cancelled")
    assert (await guest.ask("knock"))["code"] == "ended"


async def test_refused_consent_is_on_disk_and_told_to_members(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    guest = await house.browser(await house.redeems()).open()
    assert (await guest.ask("consent", given=False))["ok"]
    await guest.ask("knock")
    (waiting,) = await doctor.until(lambda b: b.view["door"])
    assert waiting["consent"] is False
    seats = {s.id: s for s in await house.rows(Seat)}
    seat = seats[waiting["seat"]]
    assert seat.consent is False and seat.consent_at is not None


async def test_talking_too_fast_is_slowed_and_the_others_go_on(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    answers = await asyncio.gather(*(nurse.ask("hand", up=True) for _ in range(100)))
    assert {"slow_down"} == {a["code"] for a in answers if not a["ok"]}
    assert (await doctor.ask("hand", up=True))["ok"]


async def test_talking_on_and_on_closes_the_socket(house: House) -> None:
    nurse = await house.enters(house.people.nurse)
    for _ in range(400):
        await nurse._socket.emit("hand", {"up": True}, namespace="/call")
    await nurse.until(lambda b: b.closed)


async def test_a_worker_that_is_away_comes_back_to_everybody(house: House) -> None:
    house.worker.away = True
    doctor = await house.enters(house.people.clinician)
    await doctor.until(lambda b: b.view["seats"][0]["connection"] == "lost")
    house.worker.away = False
    await house.worker.tell(client.WorkerBack())
    await doctor.until(lambda b: b.heard("offer"))


async def test_a_room_forgotten_while_somebody_connects_is_made_again(house: House) -> None:
    opened = await house.login(house.people.nurse)

    async def forget() -> None:
        while True:
            await house.rooms.tick()
            await asyncio.sleep(0)

    forgetting = asyncio.create_task(forget())
    for _ in range(10):
        browser = await house.browser(opened).open()
        await browser.stage("ready")
        await browser.close()
    forgetting.cancel()


async def test_our_own_mistake_is_no_yes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = await house.enters(house.people.clinician)

    async def mistaken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.rooms, "ask", mistaken)
    assert await doctor.ask("hand", up=True) == {"ok": False, "code": "unavailable"}


async def test_an_answer_which_is_none_is_invalid(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    (offer,) = await doctor.until(lambda b: b.heard("offer"))
    answer = await doctor.ask("answer", session=offer["session"], sdp="nonsense")
    assert answer["code"] == "invalid"


async def test_incidents_reach_the_record(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    (offer,) = await doctor.until(lambda b: b.heard("offer"))
    at = (house.consultation.id, doctor.view["me"]["seat"], offer["session"])
    await house.worker.tell(client.PeerUp(*at))
    await house.worker.tell(client.PeerStalled(*at, 2.5))
    await house.worker.tell(client.PeerResumed(*at))
    (cut,) = [i for i in await house.rows(Incident) if i.kind == "cut"]
    assert cut.ended_at is not None and (cut.ended_at - cut.started_at).total_seconds() >= 2.5
