"""A call outlasts the idle clock and the link's hours; a page left open does not."""

import datetime as dt

import sqlalchemy as sa

from media import client
from server.kernel import sessions
from server.kernel.db import Invitation, LoginSession, utcnow
from signaling.seats import Flow
from tests.signaling.conftest import House

LONG_AGO = dt.timedelta(minutes=14)


async def aged(house: House) -> None:
    """Nobody was seen for fourteen minutes, and links end in five."""
    async with house.database.begin() as session:
        seen = sa.update(LoginSession).values(seen_at=utcnow() - LONG_AGO)
        await session.execute(seen)
        soon = utcnow() + dt.timedelta(minutes=5)
        await session.execute(sa.update(Invitation).values(expires_at=soon))


async def test_whoever_is_in_or_waits_is_not_idle_a_member_who_only_looks_is(house: House) -> None:
    doctor_login = await house.login(house.people.clinician)
    doctor = await house.browser(doctor_login).open()
    await doctor.ask("knock")
    nurse_login = await house.login(house.people.nurse)
    await (await house.browser(nurse_login).open()).stage("ready")
    guest_login = await house.redeems()
    await (await house.browser(guest_login).open()).stage("ready")
    await aged(house)
    await house.rooms._keep_alive()
    later = utcnow() + dt.timedelta(minutes=7)
    async with house.database.read() as session:
        alive = [
            await sessions.find(session, opened.cookie, now=later) is not None
            for opened in (doctor_login, nurse_login, guest_login)
        ]
    assert alive == [True, False, True]


async def test_somebody_cut_off_is_still_in_and_not_idle(house: House) -> None:
    login = await house.login(house.people.clinician)
    doctor = await house.browser(login).open()
    await doctor.ask("knock")
    await doctor.close()
    await aged(house)
    await house.rooms._keep_alive()
    async with house.database.read() as session:
        later = utcnow() + dt.timedelta(minutes=5)
        assert await sessions.find(session, login.cookie, now=later) is not None


async def test_a_session_which_ended_unannounced_is_put_out(house: House) -> None:
    login = await house.login(house.people.clinician)
    doctor = await house.browser(login).open()
    await doctor.ask("knock")
    async with house.database.begin() as session:
        await sessions.revoke(session, [login.session.id])
    await house.rooms._keep_alive()
    await doctor.until(lambda b: b.closed)
    assert doctor.heard("revoked")


async def test_a_link_which_expired_does_not_live_again(house: House) -> None:
    await house.enters(house.people.clinician)
    past = utcnow() - dt.timedelta(minutes=1)
    async with house.database.begin() as session:
        await session.execute(sa.update(Invitation).values(expires_at=past))
    await house.rooms._keep_alive()
    assert (await house.invitation()).expires_at == past


async def test_a_room_nobody_is_in_ends_at_the_worker(house: House) -> None:
    house.worker.carried["forgotten"] = {"somebody"}
    await house.worker.tell(client.WorkerBack())
    assert ("close_room", "forgotten") in house.worker.asked


async def test_an_answer_no_worker_took_is_asked_for_again(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    (offer,) = await doctor.until(lambda b: b.heard("offer"))
    house.worker.away = True
    answer = await doctor.ask("answer", session=offer["session"], sdp="v=0")
    assert answer["code"] == "unavailable"
    room = house.rooms.live(house.consultation.id)
    assert room is not None and room.inside[0].link.flow is Flow.GONE
