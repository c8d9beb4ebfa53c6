"""A call outlasts the idle clock and the link's hours; a page left open does not."""

import datetime as dt

import sqlalchemy as sa

from server.kernel import sessions
from server.kernel.db import Invitation, LoginSession, utcnow
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
