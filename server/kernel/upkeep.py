"""What is done again and again so that nothing stays longer than it should: sessions whose time
has passed are revoked, and their sockets told; what nobody needs any more is removed.
"""

import datetime as dt

import sqlalchemy as sa

from server.kernel import limits, sessions
from server.kernel.db import Database, LoginSession, utcnow
from server.kernel.metrics import METRICS
from server.kernel.sessions import Revocations
from server.kernel.settings import SessionSettings

# Limits nobody tried for a day have long been forgotten by their rules.
LIMITS_KEPT = dt.timedelta(days=1)
# The audit log tells who logged in and when; an ended session's row tells nothing more.
SESSIONS_KEPT = dt.timedelta(days=30)


class Upkeep:
    def __init__(self, db: Database, revocations: Revocations, policy: SessionSettings) -> None:
        self._db, self._revocations, self._policy = db, revocations, policy

    async def sweep(self, now: dt.datetime | None = None) -> None:
        """To be done every half minute: a socket outlives its session by that much at most."""
        now = now or utcnow()
        async with self._db.begin() as session:
            ended = await sessions.sweep(session, policy=self._policy, now=now)
            await limits.sweep(session, now - LIMITS_KEPT)
            await session.execute(
                sa.delete(LoginSession)
                .where(LoginSession.revoked_at < now - SESSIONS_KEPT)
                .execution_options(synchronize_session=False)
            )
            counted = await session.execute(
                sa.select(LoginSession.stage, sa.func.count())
                .where(LoginSession.revoked_at.is_(None))
                .group_by(LoginSession.stage)
            )
            open_now = {stage: count for stage, count in counted}
        for stage in (sessions.FULL, sessions.PASSWORD, sessions.GUEST):
            METRICS.sessions.labels(stage).set(open_now.get(stage, 0))
        await self._revocations.announce(ended)
