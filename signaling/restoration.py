"""A live room, made again from the database: after a restart of the server, nobody lost a seat.

What was never stored is not invented: which socket, tab and device a seat had is unknown, so that
the next to come must be recognised by `arrivals`; since when it is gone is when its login session
was last seen.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import db
from server.kernel.db import Attendance, Consultation, Incident, Invitation, LoginSession
from signaling.consultation import Status
from signaling.ledger import WORKER_LOST
from signaling.meter import Meter
from signaling.seats import Flow, Link, Message, Room, Seat, Stage
from signaling.still import Still, StillStage


async def unfinished(session: AsyncSession) -> list[str]:
    """Consultations in which somebody was in, or at the door, when the server stopped."""
    stages = (Stage.IN.value, Stage.DOOR.value)
    query = sa.select(db.Seat.consultation_id).where(db.Seat.stage.in_(stages)).distinct()
    return list(await session.scalars(query))


async def load(
    session: AsyncSession, consultation_id: str, peers: frozenset[str], now: dt.datetime
) -> Room | None:
    """The room, with `peers` the seats whose packets a worker carries; None when there is none."""
    c = await session.get(Consultation, consultation_id, populate_existing=True)
    if c is None:
        return None
    rows = list(await session.scalars(sa.select(db.Seat).filter_by(consultation_id=c.id)))
    stays = await session.scalars(
        sa.select(Attendance).filter_by(consultation_id=c.id).order_by(Attendance.entered_at)
    )
    by_seat: dict[str, list[Attendance]] = {}
    for stay in stays:
        by_seat.setdefault(stay.seat_id, []).append(stay)
    open_incidents = list(
        await session.scalars(sa.select(Incident).filter_by(consultation_id=c.id, ended_at=None))
    )
    seats = []
    for row in rows:
        seat = _seat(row, by_seat.get(row.id, []), open_incidents)
        if row.invitation_id:
            seat = await _invited(session, row.invitation_id, seat)
        seats.append(await _present(session, row, seat, peers, now))
    lost = [i.started_at for i in open_incidents if i.kind == WORKER_LOST]
    # What a page was told is for the page to say, when it is back.
    seats = [replace(seat, told=c.last_message) for seat in seats]
    return Room(
        c.id,
        Status(c.status),
        locked=c.locked,
        started_at=c.started_at,
        ended_at=c.ended_at,
        minutes=c.planned_minutes,
        seats=tuple(seats),
        messages=await messages(session, c.id, 0),
        stills=await stills(session, c.id),
        worker_lost_at=min(lost, default=None),
    )


def _seat(row: db.Seat, stays: list[Attendance], incidents: list[Incident]) -> Seat:
    entered = next((s.entered_at for s in reversed(stays) if s.left_at is None), None)
    stage = Stage(row.stage)
    if stage is Stage.IN and entered is None:
        stage = Stage.LEFT
    if stage is Stage.READY:
        stage = Stage.AWAY
    return Seat(
        row.id,
        row.name,
        row.kind,
        place=row.place,
        member=row.person_id is not None,
        stage=stage,
        consent=row.consent,
        entered_at=entered,
        first_entered_at=stays[0].entered_at if stays else None,
        meter=_meter(stays),
        matters=tuple(sorted(row.matters.items())),
        incidents=tuple((i.kind, i.started_at) for i in incidents if i.seat_id == row.id),
    )


def _meter(stays: list[Attendance]) -> Meter:
    """The bytes of before. What its page counted last is taken for this stay's: it goes on from
    there, or is another page, and smaller."""
    now = next((s for s in reversed(stays) if s.left_at is None), None)
    earlier = sum(s.sent + s.received for s in stays if s is not now)
    sent, received = (now.sent, now.received) if now else (0, 0)
    return Meter(sent, received, earlier, page=(sent, received))


async def _invited(session: AsyncSession, invitation_id: str, seat: Seat) -> Seat:
    """A removed guest stays out until the link is newer than the one they came by."""
    invitation = await session.get_one(Invitation, invitation_id)
    if seat.stage is not Stage.REMOVED:
        return seat
    barred = invitation.generation - (0 if invitation.revoked_at else 1)
    return replace(seat, barred=barred)


async def _present(
    session: AsyncSession, row: db.Seat, seat: Seat, peers: frozenset[str], now: dt.datetime
) -> Seat:
    if seat.stage is Stage.DOOR:
        return replace(seat, waiting_since=now, gone_at=now)
    if not seat.inside:
        return seat
    if seat.id in peers:
        return replace(seat, link=Link(Flow.UP, carried=True))
    mine = (
        LoginSession.person_id == row.person_id
        if row.person_id
        else LoginSession.invitation_id == row.invitation_id
    )
    seen = await session.scalar(sa.select(sa.func.max(LoginSession.seen_at)).where(mine))
    gone_at = min(now, max(seen or now, seat.entered_at or now))
    return replace(seat, gone_at=gone_at, lost_at=gone_at, link=Link(carried=True))


async def messages(session: AsyncSession, consultation_id: str, after: int) -> tuple[Message, ...]:
    """The messages numbered above `after`, in order."""
    rows = await session.execute(
        sa.select(db.Message, db.Seat.name)
        .join(db.Seat, db.Seat.id == db.Message.seat_id)
        .where(db.Message.consultation_id == consultation_id, db.Message.number > after)
        .order_by(db.Message.number)
    )
    return tuple(Message(m.number, m.seat_id, name, m.text, m.sent_at) for m, name in rows)


async def stills(session: AsyncSession, consultation_id: str) -> tuple[Still, ...]:
    """The stills which stay with the consultation, complete or not, oldest first."""
    rows = await session.scalars(
        sa.select(db.Still)
        .filter_by(consultation_id=consultation_id)
        .order_by(db.Still.begun_at, db.Still.id)
    )
    return tuple(still_of(row) for row in rows)


def still_of(row: db.Still) -> Still:
    stages = tuple(_stage(stage) for stage in row.stages)
    return Still(
        row.id, row.seat_id, row.source, "asked", row.begun_at, stages,
        by=row.asked_by, have=row.have,
    )  # fmt: skip


def _stage(stored: dict[str, Any]) -> StillStage:
    at = stored["kept_at"]
    return StillStage(**{**stored, "kept_at": dt.datetime.fromisoformat(at) if at else None})
