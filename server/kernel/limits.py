"""How often something guessable may be tried.

Two forms: a `Rule` kept in the database, whose waiting time grows with each failure up to a cap
and is forgotten after a quiet while, so that nobody is locked out for good; and a `Bucket` in
memory, for events of a socket. Times are arguments.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.db import Limit, utcnow


@dataclass(frozen=True)
class Rule:
    """`free` tries cost nothing; each one after waits twice as long, from `first` seconds to
    `cap`. After `forget` seconds without a failure, the count starts again."""

    free: int
    first: float = 1
    cap: float = 900
    forget: float = 3600

    def delay(self, tries: int) -> float:
        """Seconds to wait after the `tries`-th failure."""
        over = tries - self.free - 1
        return 0 if over < 0 else min(self.cap, self.first * 2.0 ** min(over, 40))


@dataclass(frozen=True)
class Verdict:
    """`retry_after` is in whole seconds, never 0 when refused."""

    allowed: bool
    retry_after: int = 0


ALLOWED = Verdict(True)


def _verdict(until: dt.datetime | None, now: dt.datetime) -> Verdict:
    if until is None or until <= now:
        return ALLOWED
    left = (until - now).total_seconds()
    return Verdict(False, max(1, -int(-left // 1)))


async def check(
    session: AsyncSession, key: str, rule: Rule, now: dt.datetime | None = None
) -> Verdict:
    """Whether a try is allowed now. Changes nothing: a refused try does not lengthen the wait."""
    return await check_all(session, {key: rule}, now)


async def failed(
    session: AsyncSession, key: str, rule: Rule, now: dt.datetime | None = None
) -> Verdict:
    """Counts a failure; the verdict is that of the next try."""
    now = now or utcnow()
    limit = await _locked(session, key, now)
    if now - limit.since >= dt.timedelta(seconds=rule.forget + rule.delay(limit.tries)):
        limit.tries = 0
    limit.tries, limit.since = limit.tries + 1, now
    delay = rule.delay(limit.tries)
    limit.blocked_until = now + dt.timedelta(seconds=delay) if delay else None
    await session.flush()
    return _verdict(limit.blocked_until, now)


async def take(
    session: AsyncSession, key: str, rule: Rule, now: dt.datetime | None = None
) -> Verdict:
    """Counts the try as a failure before it is judged, so that a thousand tries sent at once
    cannot all pass the check. `succeeded` gives it back."""
    return await take_all(session, {key: rule}, now)


async def take_all(
    session: AsyncSession, rules: Mapping[str, Rule], now: dt.datetime | None = None
) -> Verdict:
    """As `take`, for several keys: all are counted, or none, and the longest wait is told.
    Rows are locked in one order, so that two tries never wait for each other."""
    now = now or utcnow()
    for key in sorted(rules):
        await _locked(session, key, now)
    verdict = await check_all(session, rules, now)
    if verdict.allowed:
        for key in sorted(rules):
            await failed(session, key, rules[key], now)
    return verdict


async def check_all(
    session: AsyncSession, rules: Mapping[str, Rule], now: dt.datetime | None = None
) -> Verdict:
    """The longest wait of several keys. Changes nothing."""
    query = sa.select(sa.func.max(Limit.blocked_until)).where(Limit.key.in_(sorted(rules)))
    return _verdict(await session.scalar(query), now or utcnow())


async def give_back(session: AsyncSession, key: str, rule: Rule) -> None:
    """Takes back the one try counted by `take`, and nothing of what failed before."""
    limit = await session.get(Limit, key, with_for_update=True, populate_existing=True)
    if limit is not None and limit.tries:
        limit.tries -= 1
        if not rule.delay(limit.tries):
            limit.blocked_until = None
        await session.flush()


async def succeeded(session: AsyncSession, key: str) -> None:
    """Forgets what failed before."""
    await session.execute(sa.delete(Limit).where(Limit.key == key))


async def sweep(session: AsyncSession, older_than: dt.datetime) -> int:
    """Removes what nobody tried since; returns how many."""
    gone = await session.execute(
        sa.delete(Limit)
        .where(Limit.since < older_than)
        .where(sa.or_(Limit.blocked_until.is_(None), Limit.blocked_until < older_than))
        .returning(Limit.key)
    )
    return len(gone.all())


async def _locked(session: AsyncSession, key: str, now: dt.datetime) -> Limit:
    """The key's row, made if needed, held against other writers until the transaction ends."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    blank = {"key": key, "tries": 0, "since": now, "blocked_until": None}
    # "Do nothing" would not hold the row, and a success elsewhere could remove it meanwhile.
    held = insert(Limit).values(blank).on_conflict_do_update(
        index_elements=[Limit.key], set_={"tries": Limit.tries}
    )  # fmt: skip
    await session.execute(held)
    return await session.get_one(Limit, key, with_for_update=True, populate_existing=True)


@dataclass
class Bucket:
    """Tokens for a burst of `size`, refilled at `rate` per second. `now` is any steady clock."""

    size: float
    rate: float
    level: float
    at: float

    @classmethod
    def full(cls, size: float, rate: float, now: float) -> "Bucket":
        return cls(size, rate, size, now)

    def take(self, now: float, cost: float = 1) -> bool:
        """Takes `cost` tokens, or refuses and takes none."""
        self.level = min(self.size, self.level + max(0.0, now - self.at) * self.rate)
        self.at = max(self.at, now)
        if self.level < cost:
            return False
        self.level -= cost
        return True
