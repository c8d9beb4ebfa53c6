"""What time does to a request: late when its answer is owed and did not come.

Being late is told on every worklist of its specialty, and lets a colleague take it over.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import case as life
from expertise import cases
from expertise.case import OWED, Act
from server.kernel.cases import Case


async def sweep(session: AsyncSession, now: dt.datetime) -> list[str]:
    """Notices what became late since; returns the ids. Once for each."""
    overdue = await session.scalars(
        sa.select(Case)
        .where(Case.status.in_(OWED), Case.due_at <= now, Case.late_since.is_(None))
        .order_by(Case.due_at)
    )
    noticed = []
    for case in list(overdue):
        moved = life.after(cases.standing(case), Act.LATE, now)
        try:
            await cases.write(session, case, case.version, **cases.moved_values(moved))
        except cases.Stale:
            continue  # somebody acted on it this very moment
        await cases.note(session, "server", case, Act.LATE, "", now)
        noticed.append(case.id)
    return noticed
