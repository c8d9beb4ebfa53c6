"""What time does to a consultation: missed when nobody came, ended when everybody left long ago.

It decides by what is stored; whoever is told of it is told by `Rooms.refresh`.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.audit import Audited
from server.kernel.db import Attendance, Consultation, Seat
from signaling import consultations
from signaling.consultation import ABANDONED_AFTER, OVER, Act, missed_at


async def sweep(session: AsyncSession, now: dt.datetime) -> list[str]:
    """Consultations nobody came to are missed; those everybody left are ended, at the moment the
    last one left. Returns the ids of those changed: tell `Rooms.refresh`."""
    inside = sa.select(Seat.consultation_id).where(Seat.stage == "in")
    stale = await session.scalars(
        sa.select(Consultation)
        .where(Consultation.status.not_in(OVER), Consultation.id.not_in(inside))
        .where(Consultation.planned_at < now - ABANDONED_AFTER)
    )
    changed = []
    for consultation in list(stale):
        if await _time_out(session, consultation, now):
            changed.append(consultation.id)
    return changed


async def _time_out(session: AsyncSession, c: Consultation, now: dt.datetime) -> bool:
    opened = c.opened_at or c.created_at
    if max(missed_at(c.planned_at, c.planned_minutes), opened + ABANDONED_AFTER) > now:
        return False
    left_at = await session.scalar(
        sa.select(sa.func.max(Attendance.left_at)).where(Attendance.consultation_id == c.id)
    )
    if c.started_at is None:
        act, audited, ended_at = Act.MISS, Audited.CONSULTATION_MISS, now
    else:
        act, audited, ended_at = Act.END, Audited.CONSULTATION_END, left_at or now
    if act is Act.END and ended_at + ABANDONED_AFTER > now:
        return False
    if not await consultations.move(session, c.id, act, ended_at=ended_at):
        return False
    await audit.record(session, actor="server", action=audited, subject=c.id)
    return True
