"""One step of a room as rows of the database: in the caller's transaction, and only once.

Ids of stays and incidents are derived from what they are, so that storing again changes nothing;
audit rows carry the batch's `ref`, by which one that was committed unheard is recognised.
"""

import asyncio
import datetime as dt
import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit, sessions
from server.kernel.audit import Audited
from server.kernel.db import (
    Attendance,
    AuditRow,
    Consultation,
    Incident,
    Invitation,
    LoginSession,
    Seat,
    Still,
    new_id,
)
from server.kernel.metrics import METRICS
from signaling import consultations, invitations, sites
from signaling.consultation import Act
from signaling.effects import (
    Audit,
    DropStill,
    KeepOnly,
    RevokeInvitation,
    StoreAttendance,
    Stored,
    StoreIncident,
    StoreLocked,
    StoreMatters,
    StoreSiteLink,
    StoreStage,
    StoreStatus,
)

AUDITED = {
    "connect": Audited.SEAT_CONNECT,
    "knock": Audited.SEAT_KNOCK,
    "admit": Audited.SEAT_ADMIT,
    "refuse": Audited.SEAT_REFUSE,
    "remove": Audited.SEAT_REMOVE,
    "enter": Audited.SEAT_ENTER,
    "leave": Audited.SEAT_LEAVE,
    "lock": Audited.ROOM_LOCK,
    "unlock": Audited.ROOM_UNLOCK,
    "open": Audited.CONSULTATION_OPEN,
    "start": Audited.CONSULTATION_START,
    "end": Audited.CONSULTATION_END,
    "still_ask": Audited.STILL_ASK,
    "still_send": Audited.STILL_SEND,
}


ACTORS = 20_000
# Whose seat it is never changes, and is asked for at every step.
_actors: dict[str, str] = {}


@dataclass
class Batch:
    """What one step of a room leaves. `done` is set once it is on disk, or given up."""

    room: str
    rows: tuple[Stored, ...]
    at: dt.datetime
    ref: str = field(default_factory=new_id)
    tried: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


def row_id(*parts: str) -> str:
    """The same id for the same happening: stored twice, it is there once."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


async def store(session: AsyncSession, batch: Batch) -> frozenset[str]:
    """Stores a batch in the caller's transaction; returns the login sessions it ended."""
    ended: frozenset[str] = frozenset()
    if batch.tried and await _there(session, batch):
        return ended
    for row in batch.rows:
        match row:
            case Audit():
                await _audit(session, batch, row)
            case RevokeInvitation() | KeepOnly():
                ended |= await _end_sessions(session, batch, row)
            case _:
                await _change(session, batch, row)
    return ended


async def _there(session: AsyncSession, batch: Batch) -> bool:
    """Whether this batch was committed although nobody heard of it: its audit rows tell."""
    first = next((row for row in batch.rows if isinstance(row, Audit)), None)
    if first is None:
        return False
    query = sa.select(AuditRow).where(AuditRow.action == AUDITED[first.action].value)
    rows = await session.scalars(query.where(AuditRow.subject == first.subject[:64]))
    return any(row.detail.get("ref") == batch.ref for row in rows)


async def _audit(session: AsyncSession, batch: Batch, row: Audit) -> None:
    await audit.record(
        session,
        actor=await actor_of(session, row.actor),
        action=AUDITED[row.action],
        subject=row.subject,
        outcome="refused" if row.outcome == "refused" else "done",
        detail={**row.detail, "consultation": batch.room, "ref": batch.ref},
        now=batch.at,
    )


async def actor_of(session: AsyncSession, seat_id: str | None) -> str:
    """A seat's person or invitation, as the audit log names it; the server itself for None."""
    if seat_id is None:
        return "server"
    if seat_id not in _actors:
        query = sa.select(Seat.person_id, Seat.invitation_id).where(Seat.id == seat_id)
        found = (await session.execute(query)).one_or_none()
        if found is None:
            return "server"
        if len(_actors) >= ACTORS:
            _actors.clear()
        person, invitation = found
        _actors[seat_id] = f"member:{person}" if person else f"guest:{invitation}"
    return _actors[seat_id]


async def _end_sessions(
    session: AsyncSession, batch: Batch, row: RevokeInvitation | KeepOnly
) -> frozenset[str]:
    seat = await session.get(Seat, row.seat)
    invitation = await session.get(Invitation, seat.invitation_id) if seat else None
    if invitation is None:
        return frozenset()
    if isinstance(row, RevokeInvitation):
        return await invitations.revoked(session, "server", invitation, batch.at)
    others = await session.scalars(
        sa.select(LoginSession.id).where(
            LoginSession.invitation_id == invitation.id, LoginSession.id != row.credential
        )
    )
    return await sessions.revoke(session, list(others), batch.at)


async def _change(
    session: AsyncSession,
    batch: Batch,
    row: StoreStage
    | StoreAttendance
    | StoreSiteLink
    | StoreIncident
    | StoreMatters
    | DropStill
    | StoreStatus
    | StoreLocked,
) -> None:
    match row:
        case StoreStage(seat, stage):
            changed = sa.update(Seat).where(Seat.id == seat).values(stage=stage.value)
            await session.execute(changed.execution_options(synchronize_session=False))
        case StoreMatters(seat, matters):
            told = sa.update(Seat).where(Seat.id == seat).values(matters=dict(matters))
            await session.execute(told.execution_options(synchronize_session=False))
        case DropStill(still, have):
            await _drop_still(session, batch.room, still, have)
        case StoreLocked(locked):
            room = sa.update(Consultation).where(Consultation.id == batch.room)
            await session.execute(room.values(locked=locked))
        case StoreStatus(act, at):
            await consultations.move(session, batch.room, act, **_times(act, at))
        case StoreAttendance():
            await _attendance(session, batch.room, row)
        case StoreSiteLink(site, up, down, rtt):
            await sites.remember(session, site, up, down, rtt, batch.at)
        case StoreIncident():
            await _incident(session, batch.room, row)


async def _drop_still(session: AsyncSession, room: str, still: str, have: int) -> None:
    row = await session.get(Still, (room, still), with_for_update=True)
    if row is None:
        return
    row.stages = row.stages[:have]
    if not have:
        await session.delete(row)


def _times(act: Act, at: dt.datetime) -> dict[str, object]:
    match act:
        case Act.OPEN:
            return {"opened_at": sa.func.coalesce(Consultation.opened_at, at)}
        case Act.START:
            return {"started_at": sa.func.coalesce(Consultation.started_at, at)}
        case _:
            return {"ended_at": at, "locked": False}


async def _attendance(session: AsyncSession, room: str, row: StoreAttendance) -> None:
    identifier = row_id("attendance", row.seat, row.entered_at.isoformat())
    await session.merge(
        Attendance(
            id=identifier,
            consultation_id=room,
            seat_id=row.seat,
            entered_at=row.entered_at,
            left_at=row.left_at,
            left_why=row.why,
            sent=row.sent,
            received=row.received,
        )
    )
    await session.flush()


async def _incident(session: AsyncSession, room: str, row: StoreIncident) -> None:
    parts = (room, row.seat or "", row.kind, row.started_at.isoformat())
    if row.ended_at is None:
        METRICS.incidents.labels(row.kind).inc()
    incident = Incident(
        id=row_id("incident", *parts),
        consultation_id=room,
        seat_id=row.seat,
        kind=row.kind,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
    if row.why:
        # What an end does not say stays as its begin said it.
        incident.why = row.why
    await session.merge(incident)
    await session.flush()
