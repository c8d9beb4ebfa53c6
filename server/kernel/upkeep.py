"""What is done again and again so that nothing stays longer than it should: sessions whose time
has passed are revoked, and their sockets told; what nobody needs any more is removed. And nothing
shorter: when the machine's clock was set, what lasts is moved with it.
"""

import datetime as dt
import logging

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import limits, sessions
from server.kernel.clock import CLOCK, Clock, Jump
from server.kernel.db import Database, Invitation, Limit, LoginSession, utcnow
from server.kernel.metrics import METRICS
from server.kernel.sessions import Revocations
from server.kernel.settings import SessionSettings

log = logging.getLogger("carbet.upkeep")
# Limits nobody tried for a day have long been forgotten by their rules.
LIMITS_KEPT = dt.timedelta(days=1)
# The audit log tells who logged in and when; an ended session's row tells nothing more.
SESSIONS_KEPT = dt.timedelta(days=30)


class Upkeep:
    def __init__(
        self,
        db: Database,
        revocations: Revocations,
        policy: SessionSettings,
        clock: Clock = CLOCK,
    ) -> None:
        self._db, self._revocations, self._policy = db, revocations, policy
        self._clock, self._told = clock, False

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

    async def keep_time(self) -> None:
        """To be done every few seconds. A clock that was set is believed once it has stood, or at
        once when nobody is logged in whom it could put out; sessions then last as long as before.
        """
        jump = self._clock.look()
        METRICS.clock_set.set(jump.by.total_seconds() if jump else 0)
        if jump is None:
            self._told = False
            return
        if not self._told:
            self._told = True
            log.warning("the machine's clock was set; sessions and calls go on by the time before",
                        extra={"seconds": jump.by.total_seconds()})  # fmt: skip
        async with self._db.begin() as session:
            if not jump.believed and await _anybody(session, self._clock()):
                return
            await _move(session, jump, self._clock())
        self._clock.believe()
        log.warning("the machine's clock is believed", extra={"seconds": jump.by.total_seconds()})


async def _anybody(session: AsyncSession, now: dt.datetime) -> bool:
    open_now = sa.select(LoginSession.id).where(
        LoginSession.revoked_at.is_(None), LoginSession.expires_at > now
    )
    return await session.scalar(open_now.limit(1)) is not None


async def _move(session: AsyncSession, jump: Jump, now: dt.datetime) -> None:
    """What is to last is moved with the clock. A link's end is an hour of the calendar: one that
    holds now is only ever moved on."""
    for row in await session.scalars(
        sa.select(LoginSession).where(LoginSession.revoked_at.is_(None))
    ):
        row.seen_at, row.expires_at = row.seen_at + jump.by, row.expires_at + jump.by
    for limit in await session.scalars(sa.select(Limit)):
        limit.since += jump.by
        if limit.blocked_until is not None:
            limit.blocked_until += jump.by
    holding = sa.select(Invitation).where(
        Invitation.revoked_at.is_(None), Invitation.expires_at > now
    )
    for invitation in await session.scalars(holding):
        invitation.expires_at += max(jump.by, dt.timedelta(0))
