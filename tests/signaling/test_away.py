"""The database goes away in the middle of a call: the call goes on, nothing is claimed that is
not on disk, and what happened meanwhile is stored once, in order, when it is back."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.audit import Audited
from server.kernel.db import (
    Attendance,
    AuditRow,
    Consultation,
    Database,
    DatabaseAway,
    Message,
    Still,
)
from server.kernel.secrets import Secret
from signaling.effects import Audit, StoreStage
from signaling.events import Tick
from signaling.journal import Journal
from signaling.seats import Stage
from tests.people import People
from tests.signaling.conftest import House, Refused
from tests.signaling.pictures import drawn, stage


class CutDatabase(Database):
    """A database whose line is cut: before a transaction, or just after its commit."""

    cut = False
    unconfirmed = 0
    begun = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        self.begun += 1
        if self.cut:
            raise DatabaseAway
        async with super().begin() as session:
            yield session
        if self.unconfirmed:
            self.unconfirmed -= 1
            raise DatabaseAway

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        if self.cut:
            raise DatabaseAway
        async with super().read() as session:
            yield session


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[CutDatabase]:
    opened = CutDatabase(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def house(
    line: CutDatabase, secret: Secret, people: People, tmp_path: Path
) -> AsyncIterator[House]:
    built = House(line, secret, people, tmp_path / "data")
    built.consultation = await built.plan()
    await built.start()
    yield built
    line.cut = False
    await built.stop()


def said(text: str = "Allô ?") -> dict[str, str]:
    return {"client_id": str(uuid.uuid4()), "text": text}


async def stored(house: House, action: Audited) -> int:
    async with house.database.read() as session:
        found = sa.select(sa.func.count()).where(AuditRow.action == action.value)
        return int(await session.scalar(found) or 0)


async def test_calls_go_on_and_nothing_is_lost(house: House, line: CutDatabase) -> None:
    doctor = await house.enters(house.people.clinician)
    guest_login = await house.redeems()
    guest = await house.browser(guest_login).open()
    await guest.stage("ready")
    line.cut = True
    assert (await guest.ask("knock"))["stage"] == "door"
    (waiting,) = await doctor.until(lambda b: b.view["door"])
    assert (await doctor.ask("admit", seat=waiting["seat"]))["ok"]
    await guest.stage("in")
    message = said()
    assert (await guest.ask("say", message))["code"] == "unavailable"
    assert (await guest.ask("consent", given=True))["code"] == "unavailable"
    assert doctor.heard("message") == []
    assert (await doctor.ask("end"))["ok"]
    await guest.until(lambda b: b.view["status"] == "ended")
    line.cut = False
    stays = await eventually(house)
    assert {s.left_why for s in stays} == {"ended"} and len(stays) == 2
    for action in (Audited.SEAT_ADMIT, Audited.CONSULTATION_START, Audited.CONSULTATION_END):
        assert await stored(house, action) == 1
    async with house.database.read() as session:
        c = await session.get_one(Consultation, house.consultation.id)
        assert c.status == "ended" and c.started_at is not None
        assert await audit.verify(session) is None


async def eventually(house: House) -> list[Attendance]:
    journal = house.rooms.journal
    while len(journal):
        await journal._batches[-1].done.wait()
    found: list[Attendance] = await house.rows(Attendance)
    return found


async def test_a_message_kept_by_the_client_goes_through_afterwards(
    house: House, line: CutDatabase
) -> None:
    doctor = await house.enters(house.people.clinician)
    message = said()
    line.cut = True
    assert (await doctor.ask("say", message))["code"] == "unavailable"
    line.cut = False
    assert (await doctor.ask("say", message))["number"] == 1


async def test_a_message_whose_commit_was_not_confirmed_is_there_once(
    house: House, line: CutDatabase
) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    await house.rooms.journal.flushed()
    message, line.unconfirmed = said(), 1
    assert (await doctor.ask("say", message))["code"] == "unavailable"
    assert (await doctor.ask("say", message))["number"] == 1
    assert (await nurse.until(lambda b: b.heard("message")))[0]["number"] == 1
    assert len(await house.rows(Message)) == 1


async def test_whoever_is_in_comes_back_without_the_database(
    house: House, line: CutDatabase
) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    line.cut = True
    await nurse.close()
    back = await house.browser(login).open()
    await back.stage("in")
    with pytest.raises(Refused, match=r"^unavailable$"):
        await house.browser(await_none(login.cookie)).open()


def await_none(cookie: str) -> object:
    """The same browser's cookie, altered: nobody the house knows."""
    from types import SimpleNamespace

    return SimpleNamespace(
        cookie=cookie[::-1], session=SimpleNamespace(stage="full", csrf_token="")
    )


async def test_made_up_cookies_take_no_writers_turn(house: House, line: CutDatabase) -> None:
    await house.rooms.journal.flushed()
    before = line.begun
    for n in range(3):
        with pytest.raises(Refused, match=r"^unknown$"):
            await house.browser(await_none(f"{n}" * 43)).open()
    assert line.begun == before


async def test_several_steps_share_a_transaction_and_one_bad_one_spoils_none(
    house: House, line: CutDatabase
) -> None:
    doctor = await house.enters(house.people.clinician)
    await house.rooms.journal.flushed()
    line.cut = True
    for locked in (True, False, True):
        assert (await doctor.ask("lock", locked=locked))["ok"]
    journal, now = house.rooms.journal, house.consultation.planned_at
    journal.add(house.consultation.id, (Audit(None, "no-such-word", "x"),), now)
    assert (await doctor.ask("lock", locked=False))["ok"]
    before, line.cut = line.begun, False
    await eventually(house)
    assert await stored(house, Audited.ROOM_LOCK) == 2
    assert await stored(house, Audited.ROOM_UNLOCK) == 2
    async with house.database.read() as session:
        assert (await session.get_one(Consultation, house.consultation.id)).locked is False
        assert await audit.verify(session) is None
    assert line.begun > before


async def test_whoever_left_waits_for_the_database(house: House, line: CutDatabase) -> None:
    login = await house.login(house.people.nurse)
    await house.enters(house.people.clinician)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    await nurse.ask("leave")
    line.cut = True
    await nurse.close()
    with pytest.raises(Refused, match=r"^unavailable$"):
        await house.browser(login).open()


async def test_a_revoked_session_does_not_come_back_that_way(
    house: House, line: CutDatabase
) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    await house.ends(login)
    await nurse.until(lambda b: b.closed)
    line.cut = True
    with pytest.raises(Refused, match=r"^unavailable$"):
        await house.browser(login).open()


async def test_an_unconfirmed_batch_is_recognised(house: House, line: CutDatabase) -> None:
    doctor = await house.opens(house.people.clinician)
    await doctor.stage("ready")
    await house.rooms.journal.flushed()
    line.unconfirmed = 1
    await doctor.ask("knock")
    assert len(await eventually(house)) == 1
    assert await stored(house, Audited.SEAT_ENTER) == 1


async def test_beyond_its_bound_the_journal_says_so(house: House, line: CutDatabase) -> None:
    doctor = await house.enters(house.people.clinician)
    await house.rooms.journal.flushed()
    house.rooms.journal._bound = 1
    line.cut = True
    assert (await doctor.ask("lock", locked=True))["ok"]
    assert (await doctor.ask("lock", locked=False))["code"] == "unavailable"
    assert doctor.view["locked"] is True


async def test_one_batch_that_cannot_be_stored_does_not_stop_the_others(house: House) -> None:
    await house.enters(house.people.clinician)
    journal: Journal = house.rooms.journal
    now = house.consultation.planned_at
    broken = journal.add(house.consultation.id, (Audit(None, "no-such-word", "x"),), now)
    seat = house.rooms.live(house.consultation.id)
    assert seat is not None
    good = journal.add(house.consultation.id, (StoreStage(seat.seats[0].id, Stage.LEFT),), now)
    await good.done.wait()
    assert broken.done.is_set() and not journal.away


async def test_time_goes_on_without_the_database(house: House, line: CutDatabase) -> None:
    doctor = await house.enters(house.people.clinician)
    line.cut = True
    await house.rooms.tick()
    await house.rooms.sweep()
    await house.rooms._keep_alive()
    await house.rooms.handle(house.consultation.id, Tick())
    assert (await doctor.ask("hand", up=True))["ok"]


async def test_a_still_waits_for_the_database_and_loses_no_byte(house: House) -> None:
    nurse = await house.enters(house.people.nurse)
    line = house.database
    assert isinstance(line, CutDatabase)
    still, data = str(uuid.uuid4()), drawn()
    begin = {"id": still, "source": "camera", "stages": [stage(data)], "why": "asked"}
    part = {"id": still, "stage": 0, "offset": 0, "data": data}
    line.cut = True
    assert (await nurse.ask("still_begin", begin))["code"] == "unavailable"
    line.cut = False
    assert (await nurse.ask("still_begin", begin))["ok"]
    line.cut = True
    half = {**part, "data": data[:500]}
    assert await nurse.ask("still_part", half) == {"ok": True, "stage": 0, "offset": 500}
    assert (await nurse.ask("still_part", part))["code"] == "unavailable"
    line.cut = False
    line.unconfirmed = 1
    assert (await nurse.ask("still_part", part))["code"] == "unavailable"
    assert await nurse.ask("still_part", part) == {"ok": True, "stage": 1, "offset": 0}
    (row,) = await house.rows(Still)
    assert row.have == 1
    assert house.albums.kept.read(house.consultation.id, still, 0) == data
