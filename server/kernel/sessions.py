"""Login sessions: opaque, kept by the server, revocable at once.

The cookie's value is 256 random bits of which only the SHA-256 is stored. A session ends after a
quiet while (a call keeps it alive), after some hours whatever happens, when it is revoked, when
the person is disabled, or when the invitation behind it is revoked or expires.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.db import Invitation, LoginSession, Person, utcnow
from server.kernel.settings import SessionSettings

MEMBER_COOKIE = "__Host-carbet"
GUEST_COOKIE = "__Host-carbet-guest"
# Between the password and the code, nobody needs longer.
HALF_OPEN = dt.timedelta(minutes=10)
# A page every second must not write every second.
TOUCH = dt.timedelta(seconds=30)

FULL, PASSWORD, GUEST = "full", "password", "guest"


@dataclass(frozen=True)
class Opened:
    """A new session, and the only copy there will ever be of its cookie's value."""

    session: LoginSession
    cookie: str


class Revocations:
    """Tells whoever holds a socket that its session is over."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[frozenset[str]], Awaitable[None]]] = []

    def subscribe(self, callback: Callable[[frozenset[str]], Awaitable[None]]) -> None:
        self._callbacks.append(callback)

    async def announce(self, session_ids: Collection[str]) -> None:
        """To be called once the revocation is on disk. One observer's failure stops no other."""
        failures = []
        for callback in self._callbacks if session_ids else ():
            try:
                await callback(frozenset(session_ids))
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup("revocation observers failed", failures)


def digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


async def open(
    session: AsyncSession,
    person: Person,
    *,
    stage: str = FULL,
    device: str = "",
    policy: SessionSettings = SessionSettings(),  # noqa: B008
    now: dt.datetime | None = None,
) -> Opened:
    """A new session of a person, with a new cookie and a new CSRF token."""
    lasts = HALF_OPEN if stage == PASSWORD else dt.timedelta(hours=policy.max_hours)
    return await _open(session, stage, lasts, device, now or utcnow(), person=person)


async def open_guest(
    session: AsyncSession,
    invitation: Invitation,
    *,
    device: str = "",
    policy: SessionSettings = SessionSettings(),  # noqa: B008
    now: dt.datetime | None = None,
) -> Opened:
    """A new session of an invitation's holder: never longer than the policy's hours."""
    lasts = dt.timedelta(hours=policy.max_hours)
    return await _open(session, GUEST, lasts, device, now or utcnow(), invitation=invitation)


async def _open(
    session: AsyncSession,
    stage: str,
    lasts: dt.timedelta,
    device: str,
    now: dt.datetime,
    person: Person | None = None,
    invitation: Invitation | None = None,
) -> Opened:
    cookie = secrets.token_urlsafe(32)
    row = LoginSession(
        token_hash=digest(cookie),
        csrf_token=secrets.token_urlsafe(32),
        person=person,
        invitation=invitation,
        stage=stage,
        created_at=now,
        seen_at=now,
        expires_at=now + lasts,
        device=device[:200],
    )
    session.add(row)
    await session.flush()
    return Opened(row, cookie)


def is_alive(row: LoginSession, policy: SessionSettings, now: dt.datetime) -> bool:
    """Pure: whether this session still stands at `now`."""
    if row.revoked_at or now >= row.expires_at:
        return False
    if now - row.seen_at >= dt.timedelta(minutes=policy.idle_minutes):
        return False
    if row.person is not None:
        return row.person.disabled_at is None
    invitation = row.invitation
    return invitation is not None and not invitation.revoked_at and now < invitation.expires_at


async def find(
    session: AsyncSession,
    cookie: str,
    *,
    policy: SessionSettings = SessionSettings(),  # noqa: B008
    now: dt.datetime | None = None,
) -> LoginSession | None:
    """The living session behind a cookie's value, or None. Only reads: see `touch`."""
    query = sa.select(LoginSession).where(LoginSession.token_hash == digest(cookie))
    row = (await session.scalars(query)).one_or_none()
    return row if row is not None and is_alive(row, policy, now or utcnow()) else None


def needs_touch(row: LoginSession, now: dt.datetime | None = None) -> bool:
    return (now or utcnow()) - row.seen_at >= TOUCH


async def keep_alive(
    session: AsyncSession, session_id: str, now: dt.datetime | None = None
) -> None:
    """Restarts the quiet-while clock: on a page's request, and during a call at least every
    few minutes. Never prolongs the hours, never wakes a revoked session."""
    now = now or utcnow()
    await session.execute(
        sa.update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.revoked_at.is_(None))
        .where(LoginSession.seen_at < now)
        .values(seen_at=now)
    )


touch = keep_alive


async def alive(
    session: AsyncSession,
    session_id: str,
    *,
    policy: SessionSettings = SessionSettings(),  # noqa: B008
    now: dt.datetime | None = None,
) -> bool:
    """Whether the session of an open socket still stands."""
    row = await session.get(LoginSession, session_id, populate_existing=True)
    return row is not None and is_alive(row, policy, now or utcnow())


async def revoke(
    session: AsyncSession, ids: Collection[str], now: dt.datetime | None = None
) -> frozenset[str]:
    """Ends these sessions, and returns those which were open: hand them to
    `Revocations.announce` after the transaction."""
    return await _revoke(session, LoginSession.id.in_(ids), now or utcnow())


async def revoke_person(
    session: AsyncSession,
    person_id: str,
    *,
    but: str | None = None,
    now: dt.datetime | None = None,
) -> frozenset[str]:
    """Every session of a person, but the one named."""
    where = sa.and_(LoginSession.person_id == person_id, LoginSession.id != (but or ""))
    return await _revoke(session, where, now or utcnow())


async def revoke_invitation(
    session: AsyncSession, invitation_id: str, now: dt.datetime | None = None
) -> frozenset[str]:
    """Every session opened with an invitation."""
    return await _revoke(session, LoginSession.invitation_id == invitation_id, now or utcnow())


async def _revoke(
    session: AsyncSession, where: sa.ColumnElement[bool], now: dt.datetime
) -> frozenset[str]:
    ended = await session.scalars(
        sa.update(LoginSession)
        .where(where, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    return frozenset(ended)


async def of_person(session: AsyncSession, person_id: str, *,
                    policy: SessionSettings = SessionSettings(),  # noqa: B008
                    now: dt.datetime | None = None) -> list[LoginSession]:  # fmt: skip
    """A person's living sessions, the latest seen first."""
    query = (
        sa.select(LoginSession)
        .where(LoginSession.person_id == person_id, LoginSession.stage == FULL)
        .where(LoginSession.revoked_at.is_(None))
        .order_by(LoginSession.seen_at.desc())
    )
    rows = await session.scalars(query)
    return [row for row in rows if is_alive(row, policy, now or utcnow())]


async def sweep(session: AsyncSession, *,
                policy: SessionSettings = SessionSettings(),  # noqa: B008
                now: dt.datetime | None = None) -> frozenset[str]:  # fmt: skip
    """Revokes every session whose time has passed; hand the result to `Revocations.announce`,
    so that a socket does not outlive its session."""
    now = now or utcnow()
    quiet = now - dt.timedelta(minutes=policy.idle_minutes)
    over = sa.or_(LoginSession.expires_at <= now, LoginSession.seen_at <= quiet)
    return await _revoke(session, over, now)
