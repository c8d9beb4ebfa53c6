"""Planning, the life cycle, notes and the record, on both databases."""

import csv
import datetime as dt
import io

import pytest
import sqlalchemy as sa

from server.kernel.access import Action
from server.kernel.db import (
    Attendance,
    AuditRow,
    Consultation,
    Database,
    Incident,
    Message,
    Patient,
    Seat,
    utcnow,
)
from server.kernel.refusals import NotFound, begin
from server.kernel.secrets import Secret
from signaling import consultations, overdue, record
from signaling.consultation import TABLE, Act, Refused, Status, after, reopenable, sources
from signaling.consultations import Stale
from signaling.planning import Guest, InvalidPlan, Plan
from tests.people import People, actor_of
from tests.signaling.conftest import TRAITS

NASTY = '<script>alert("x")</script>\n=1+1\r\n\'; DROP TABLE consultations;--'


class Clinic:
    def __init__(self, db: Database, secret: Secret, people: People) -> None:
        self.db, self.secret, self.people = db, secret, people
        self.doctor, self.nurse = actor_of(people.clinician), actor_of(people.nurse)

    async def plan(self, hours: float | None = 1, **changes: object) -> Consultation:
        at = None if hours is None else utcnow() + dt.timedelta(hours=hours)
        fields: dict[str, object] = {
            "at": at, "minutes": 30, "site_id": self.people.network.cdps.id, "reason": "Contrôle",
            "traits": TRAITS, "guests": (Guest("family", ""),),
        }  # fmt: skip
        async with begin(self.db) as session:
            return await consultations.plan(
                session, self.doctor, Plan(**{**fields, **changes}), secret=self.secret
            )  # type: ignore[arg-type]

    async def stored(self, c: Consultation) -> Consultation:
        async with self.db.read() as session:
            return await session.get_one(Consultation, c.id)


@pytest.fixture
def clinic(database: Database, secret: Secret, people: People) -> Clinic:
    return Clinic(database, secret, people)


async def test_planned_for_later_or_open_now(clinic: Clinic) -> None:
    later, now = await clinic.plan(), await clinic.plan(hours=None)
    assert (later.status, now.status) == ("planned", "open")
    assert now.opened_at is not None and now.clinician_id == clinic.people.clinician.id
    assert now.organisation_id == clinic.people.network.chu.id


async def test_the_same_patient_is_stored_once_another_is_another(clinic: Clinic) -> None:
    from dataclasses import replace

    one, two = await clinic.plan(), await clinic.plan()
    three = await clinic.plan(traits=replace(TRAITS, sex="M"))
    assert one.patient_id == two.patient_id != three.patient_id
    async with clinic.db.read() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Patient)) == 2


async def test_a_site_without_agreement_is_a_wrong_site(clinic: Clinic) -> None:
    for site in (clinic.people.network.elsewhere.id, "no-such-site"):
        with pytest.raises(InvalidPlan) as wrong:
            await clinic.plan(site_id=site)
        assert set(wrong.value.errors) == {"site_id"}


async def test_a_coordinator_plans_for_a_clinician_of_their_own(clinic: Clinic) -> None:
    clinic.doctor = actor_of(clinic.people.coordinator)
    planned = await clinic.plan(clinician_id=clinic.people.colleague.id)
    assert planned.clinician_id == clinic.people.colleague.id
    for other in ("", clinic.people.stranger.id, clinic.people.caregiver.id):
        with pytest.raises(InvalidPlan) as wrong:
            await clinic.plan(clinician_id=other)
        assert set(wrong.value.errors) == {"clinician_id"}


@pytest.mark.parametrize("who", ["nurse", "technician", "requester", "administrator"])
async def test_others_do_not_plan(clinic: Clinic, who: str) -> None:
    clinic.doctor = actor_of(getattr(clinic.people, who))
    with pytest.raises(NotFound):
        await clinic.plan()


async def test_a_stranger_finds_nothing_and_leaves_a_trace(clinic: Clinic) -> None:
    c = await clinic.plan()
    stranger = actor_of(clinic.people.stranger)
    for identifier in (c.id, "unknown", "\x00"):
        with pytest.raises(NotFound) as refused:
            async with begin(clinic.db) as session:
                await consultations.find(session, stranger, identifier, Action.SEE)
        assert str(refused.value) == "not found"
    async with clinic.db.read() as session:
        rows = await session.scalars(sa.select(AuditRow).where(AuditRow.outcome == "refused"))
        assert [row.actor for row in rows] == [stranger.audit_name] * 3
    async with begin(clinic.db) as session:
        assert (await consultations.agenda(session, stranger)).upcoming == []


async def test_the_nurse_of_the_site_sees_it_in_her_agenda(clinic: Clinic) -> None:
    later, now = await clinic.plan(), await clinic.plan(hours=None)
    async with begin(clinic.db) as session:
        agenda = await consultations.agenda(session, clinic.nurse)
    assert [c.id for c in agenda.upcoming] == [later.id]
    assert [c.id for c in agenda.running] == [now.id] and agenda.past == []
    caregiver = actor_of(clinic.people.caregiver)
    async with begin(clinic.db) as session:
        assert (await consultations.agenda(session, caregiver)).running == []


async def test_open_cancel_reopen_each_once_and_only_by_who_may(clinic: Clinic) -> None:
    c = await clinic.plan()
    for act in (consultations.open_now, consultations.cancel, consultations.reopen):
        with pytest.raises(NotFound):
            async with begin(clinic.db) as session:
                await act(session, clinic.nurse, await session.get_one(Consultation, c.id))
    for act, status in (
        (consultations.open_now, "open"), (consultations.open_now, "open"),
        (consultations.cancel, "cancelled"), (consultations.cancel, "cancelled"),
        (consultations.reopen, "open"),
    ):  # fmt: skip
        async with begin(clinic.db) as session:
            await act(session, clinic.doctor, await session.get_one(Consultation, c.id))
        assert (await clinic.stored(c)).status == status
    async with clinic.db.read() as session:
        done = sa.select(AuditRow.action).where(AuditRow.outcome == "done")
        actions = [a.rsplit(":", 1)[1] for a in await session.scalars(done)]
    assert actions == ["plan", "open", "cancel", "reopen"]


async def test_after_24_hours_it_stays_closed(clinic: Clinic) -> None:
    c = await clinic.plan()
    now = utcnow()
    async with begin(clinic.db) as session:
        stored = await session.get_one(Consultation, c.id)
        await consultations.cancel(session, clinic.doctor, stored, now)
    with pytest.raises(Refused):
        async with begin(clinic.db) as session:
            stored = await session.get_one(Consultation, c.id)
            late = now + dt.timedelta(hours=24, seconds=1)
            await consultations.reopen(session, clinic.doctor, stored, late)


async def test_nobody_came_it_is_missed_somebody_in_it_is_not(clinic: Clinic) -> None:
    empty, busy = await clinic.plan(hours=-2), await clinic.plan(hours=-2)
    now = utcnow()
    async with clinic.db.begin() as session:
        for c in (empty, busy):
            await session.execute(
                sa.update(Consultation).where(Consultation.id == c.id).values(created_at=now - DAY)
            )
        session.add(Seat(consultation_id=busy.id, kind="site", name="x", stage="in"))
    async with clinic.db.begin() as session:
        assert await overdue.sweep(session, now) == [empty.id]
    assert (await clinic.stored(empty)).status == "missed"
    assert (await clinic.stored(busy)).status == "planned"
    async with begin(clinic.db) as session:
        stored = await session.get_one(Consultation, empty.id)
        await consultations.reopen(session, clinic.doctor, stored)
    async with clinic.db.begin() as session:
        assert await overdue.sweep(session, utcnow()) == [], "reopened: not missed again"


DAY = dt.timedelta(days=1)


async def test_everybody_left_and_nobody_ended_it_ends_when_the_last_left(clinic: Clinic) -> None:
    c = await clinic.plan(hours=-5)
    now = utcnow()
    left = now - dt.timedelta(hours=2)
    async with clinic.db.begin() as session:
        seat = Seat(consultation_id=c.id, kind="site", name="x", stage="left")
        session.add(seat)
        await session.flush()
        stay = Attendance(
            consultation_id=c.id, seat_id=seat.id, entered_at=left - DAY / 24, left_at=left
        )
        session.add(stay)
        values = {"status": "in_call", "started_at": left - DAY / 24, "opened_at": left - DAY / 24}
        await session.execute(
            sa.update(Consultation).where(Consultation.id == c.id).values(**values)
        )
    async with clinic.db.begin() as session:
        assert await overdue.sweep(session, now) == [c.id]
    stored = await clinic.stored(c)
    assert (stored.status, stored.ended_at) == ("ended", left)


async def test_notes_written_over_somebody_elses_are_refused_and_both_are_kept(
    clinic: Clinic,
) -> None:
    c = await clinic.plan()
    colleague = actor_of(clinic.people.colleague)
    async with begin(clinic.db) as session:
        stored = await session.get_one(Consultation, c.id)
        await consultations.annotate(session, clinic.doctor, stored, NASTY, 0)
        await consultations.annotate(session, clinic.doctor, stored, NASTY, 0)
    with pytest.raises(Stale) as stale:
        async with begin(clinic.db) as session:
            stored = await session.get_one(Consultation, c.id)
            await consultations.annotate(session, colleague, stored, "autre", 0)
    assert (stale.value.stored, stale.value.version) == (NASTY, 1)
    with pytest.raises(NotFound):
        async with begin(clinic.db) as session:
            stored = await session.get_one(Consultation, c.id)
            await consultations.annotate(session, clinic.nurse, stored, "x", 1)


async def test_the_record_tells_everything_and_its_csv_computes_nothing(clinic: Clinic) -> None:
    c = await clinic.plan(reason=NASTY)
    now = utcnow()
    async with clinic.db.begin() as session:
        seat = Seat(
            consultation_id=c.id, kind="family", name="@SUM(A1)", stage="left", consent=False,
            consent_at=now,
        )  # fmt: skip
        session.add(seat)
        await session.flush()
        common = {"consultation_id": c.id, "seat_id": seat.id}
        session.add_all([
            Attendance(**common, entered_at=now, left_at=now, left_why="moved"),
            Incident(**common, kind="cut", started_at=now),
            Incident(consultation_id=c.id, kind="worker_lost", started_at=now, ended_at=now),
            *(Message(**common, number=n, client_id=str(n), text=text, sent_at=now)
              for n, text in enumerate(("=cmd|' /C calc'!A0", "+1", "-1", "\t=1", "\r=1", " =1",
                                        "sûr", NASTY), 1)),
        ])  # fmt: skip
    async with begin(clinic.db) as session:
        found = await consultations.find(session, clinic.doctor, c.id, Action.RECORD)
        read = await record.record_of(session, found)
        text = await record.export(session, clinic.doctor, found)
    assert [m.text for m in read.messages][-1] == NASTY and found.reason == NASTY
    assert read.consents[0].given is False and read.attendance[0].name == "@SUM(A1)"
    assert {(i.kind, i.name) for i in read.incidents} == {("cut", "@SUM(A1)"), ("worker_lost", "")}
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    cells = [cell for row in rows for cell in row]
    assert all(not cell.lstrip(" ").startswith(record.FORMULA) for cell in cells if cell)
    assert "'=cmd|' /C calc'!A0" in cells and "'@SUM(A1)" in cells and "sûr" in cells
    assert all(len(row) == 5 for row in rows)


async def test_the_record_is_for_the_clinician_and_the_site(clinic: Clinic) -> None:
    c = await clinic.plan()
    for who in ("stranger", "coordinator", "technician", "caregiver", "administrator"):
        with pytest.raises(NotFound):
            async with begin(clinic.db) as session:
                actor = actor_of(getattr(clinic.people, who))
                await consultations.find(session, actor, c.id, Action.RECORD)
    async with begin(clinic.db) as session:
        await consultations.find(session, clinic.nurse, c.id, Action.RECORD)


def test_the_life_cycle_is_this_table_and_no_other() -> None:
    for status in Status:
        for act in Act:
            if (status, act) in TABLE:
                assert after(status, act) is TABLE[status, act]
            else:
                with pytest.raises(Refused) as refused:
                    after(status, act)
                assert refused.value.needed == sources(act)
    for act in Act:
        assert len({TABLE[s, act] for s in sources(act)}) == 1, "an act leads to one status"


def test_reopenable_for_24_hours_and_not_a_second_more() -> None:
    over = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    assert reopenable(Status.ENDED, over, over + DAY)
    assert not reopenable(Status.ENDED, over, over + DAY + dt.timedelta(seconds=1))
    assert not reopenable(Status.IN_CALL, over, over)
    assert not reopenable(Status.ENDED, None, over)
