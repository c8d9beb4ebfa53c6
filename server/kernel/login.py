"""The two steps of a login: a password, then a code of the telephone.

Says the same, as slowly, whether the account exists or not. Guessing is slowed and told: see
`guessing`. A try refused for its haste takes no lock and no core.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import limits, sessions, totp
from server.kernel.audit import Audited, record
from server.kernel.db import Database, LoginSession, Person, utcnow
from server.kernel.directory import canonical_email, person_by_email
from server.kernel.guessing import Attempt, Guessing, Step
from server.kernel.limits import Verdict
from server.kernel.metrics import METRICS
from server.kernel.passwords import Passwords
from server.kernel.secrets import Secret
from server.kernel.sessions import Opened, Revocations
from server.kernel.settings import SessionSettings

End = Literal["code", "enrol", "in", "refused", "slowed"]


@dataclass(frozen=True)
class Result:
    """How a step ended. `code` and `enrol` name the next step; `retry_after` is in seconds, when
    `slowed` or about to be. `opened` holds the new cookie, when there is one."""

    end: End
    retry_after: int = 0
    opened: Opened | None = None


@dataclass(frozen=True)
class Enrolment:
    """What a telephone needs to make codes, to be scanned or typed."""

    secret_text: str
    qr_svg: Markup


class Login:
    """Both steps, over one database. Addresses are those of `server.kernel.address`."""

    def __init__(
        self,
        db: Database,
        secret: Secret,
        passwords: Passwords,
        revocations: Revocations,
        policy: SessionSettings,
    ) -> None:
        self._db, self._secret, self._passwords = db, secret, passwords
        self._revocations, self._policy = revocations, policy
        self._guessing = Guessing(secret)

    async def password(
        self,
        email: str,
        password: str,
        *,
        address: str,
        device: str = "",
        replaces: str | None = None,
        now: dt.datetime | None = None,
    ) -> Result:
        """First step. `replaces` is the id of the session this browser showed, which ends: a
        cookie planted before a login is worth nothing after it."""
        now, email = now or utcnow(), canonical_email(email)[:254]
        async with self._db.read() as session:
            query = sa.select(Person.id, Person.password_hash).where(Person.email == email)
            found = (await session.execute(query)).one_or_none()
            owner, stored = found or (None, None)
            attempt = await self._guessing.attempt(session, "password", email, owner, address)
            verdict = await limits.check_all(session, attempt.rules, now)
        if not verdict.allowed or not (verdict := await self._count(attempt, now)).allowed:
            return _ended("password", Result("slowed", verdict.retry_after))
        matches = await self._passwords.verify(stored, password)
        async with self._db.begin() as session:
            person = await person_by_email(session, email)
            if not matches or person is None or person.disabled_at:
                return await self._refuse(session, attempt, owner, now)
            await self._guessing.forgive(session, attempt)
            ended = await sessions.revoke(session, [replaces], now) if replaces else frozenset()
            opened = await sessions.open(
                session, person, stage=sessions.PASSWORD, device=device, now=now
            )
            await _note(session, person, Audited.LOGIN_PASSWORD, now)
        await self._revocations.announce(ended)
        return _ended("password", Result("code" if person.totp_secret else "enrol", 0, opened))

    async def code(
        self,
        half_open: LoginSession,
        code: str,
        *,
        address: str,
        device: str = "",
        now: dt.datetime | None = None,
    ) -> Result:
        """Second step, for a session of stage `password`; the new session replaces it."""
        return await self._second_step(half_open, code, address, device, now, enrolling=False)

    def enrolment(self, half_open: LoginSession) -> Enrolment:
        """What to show to a person who has no second factor yet. The same until it is proved."""
        if half_open.person is None:
            raise ValueError("an enrolment belongs to a person")
        shared = totp.proposed_secret(self._secret, half_open.id)
        groups = " ".join(shared[start : start + 4] for start in range(0, len(shared), 4))
        return Enrolment(groups, totp.picture(shared, half_open.person.email))

    async def enrol(
        self,
        half_open: LoginSession,
        code: str,
        *,
        address: str,
        device: str = "",
        now: dt.datetime | None = None,
    ) -> Result:
        """The first code of a telephone just enrolled: stores its secret, and opens."""
        return await self._second_step(half_open, code, address, device, now, enrolling=True)

    async def demo(
        self, person_id: str, *, device: str = "", replaces: str | None = None
    ) -> Result:
        """Opens without proof. Only for `demo`, where every person is invented: the caller
        checks the setting."""
        now = utcnow()
        async with self._db.begin() as session:
            person = await session.get(Person, person_id)
            if person is None or person.disabled_at:
                return Result("refused")
            ended = await sessions.revoke(session, [replaces], now) if replaces else frozenset()
            opened = await sessions.open(session, person, device=device, policy=self._policy)
            await _note(session, person, Audited.LOGIN_DEMO, now)
        await self._revocations.announce(ended)
        return Result("in", 0, opened)

    async def close(self, row: LoginSession) -> None:
        """Logs out: the session ends, and so do its sockets."""
        actor = f"guest:{row.invitation_id}" if row.invitation_id else f"member:{row.person_id}"
        async with self._db.begin() as session:
            ended = await sessions.revoke(session, [row.id])
            await record(session, actor=actor, action=Audited.LOGOUT, subject=row.id)
        await self._revocations.announce(ended)

    async def close_other(self, row: LoginSession, session_id: str | None = None) -> int:
        """Ends one other session of the same person, or all others; returns how many. Another
        person's session is not found, and that is recorded."""
        async with self._db.begin() as session:
            others = await sessions.of_person(session, row.person_id or "", policy=self._policy)
            ids = {each.id for each in others if each.id != row.id}
            chosen = ids & {session_id} if session_id else ids
            ended = await sessions.revoke(session, chosen)
            await record(session, actor=f"member:{row.person_id}", action=Audited.SESSION_REVOKE,
                         subject=session_id or row.person_id or "",
                         outcome="done" if ended or not session_id else "refused",
                         detail={"ended": len(ended)})  # fmt: skip
        await self._revocations.announce(ended)
        return len(ended)

    async def _second_step(
        self,
        half_open: LoginSession,
        code: str,
        address: str,
        device: str,
        now: dt.datetime | None,
        *,
        enrolling: bool,
    ) -> Result:
        now, owner = now or utcnow(), half_open.person_id
        async with self._db.read() as session:
            attempt = await self._guessing.attempt(session, "code", owner or "", owner, address)
            verdict = await limits.check_all(session, attempt.rules, now)
        if not verdict.allowed or not (verdict := await self._count(attempt, now)).allowed:
            return _ended("code", Result("slowed", verdict.retry_after))
        async with self._db.begin() as session:
            # Held until the end: of two tabs with the same half-open session, one gets through.
            row = await session.get(
                LoginSession, half_open.id, with_for_update={"of": LoginSession}
            )
            person = row.person if row else None
            if row is None or person is None or not _may_step(row, enrolling, self._policy, now):
                return _ended("code", Result("refused"))
            if not await self._spend(session, row, person, code, now, enrolling):
                return await self._refuse(session, attempt, person.id, now)
            await self._guessing.forgive(session, attempt)
            await self._guessing.remember(session, person.id, address, now)
            await sessions.revoke(session, [row.id], now)
            opened = await sessions.open(
                session, person, device=device or row.device, policy=self._policy, now=now
            )
            await _note(session, person, Audited.LOGIN_CODE, now)
        await self._revocations.announce([half_open.id])
        return _ended("code", Result("in", 0, opened))

    async def _spend(
        self,
        session: AsyncSession,
        row: LoginSession,
        person: Person,
        code: str,
        now: dt.datetime,
        enrolling: bool,
    ) -> bool:
        """Whether the code is good, and had not been used."""
        shared = (
            totp.proposed_secret(self._secret, row.id)
            if enrolling
            else totp.unseal_secret(self._secret, person.id, person.totp_secret or "")
        )
        step = totp.matching_step(shared, code, 0 if enrolling else person.totp_last_step, now)
        if step is None or not await totp.spend(session, person.id, step):
            return False
        if enrolling:
            person.totp_secret = totp.seal_secret(self._secret, person.id, shared)
            await _note(session, person, Audited.LOGIN_ENROL, now)
        return True

    async def _count(self, attempt: Attempt, now: dt.datetime) -> Verdict:
        """Counted before it is judged, and on disk before the answer."""
        async with self._db.begin() as session:
            return await limits.take_all(session, attempt.rules, now)

    async def _refuse(
        self, session: AsyncSession, attempt: Attempt, owner: str | None, now: dt.datetime
    ) -> Result:
        """Records the refusal, and the beginning of a wait: later tries within the wait are only
        counted, or guessing would fill the audit log."""
        subject = self._guessing.subject(attempt, owner)
        action = Audited.LOGIN_PASSWORD if attempt.step == "password" else Audited.LOGIN_CODE
        await record(session, actor="nobody", action=action, subject=subject, outcome="refused",
                     now=now)  # fmt: skip
        verdict = await limits.check_all(session, attempt.rules, now)
        if not verdict.allowed:
            detail = {"step": attempt.step, "seconds": verdict.retry_after}
            await record(session, actor="nobody", action=Audited.LOGIN_SLOWED, subject=subject,
                         outcome="refused", detail=detail, now=now)  # fmt: skip
        return _ended(attempt.step, Result("refused", verdict.retry_after))


def _may_step(
    row: LoginSession, enrolling: bool, policy: SessionSettings, now: dt.datetime
) -> bool:
    """A living session between its steps, enrolling only when there is no second factor yet."""
    has_factor = row.person is not None and row.person.totp_secret is not None
    return (
        row.stage == sessions.PASSWORD
        and sessions.is_alive(row, policy, now)
        and has_factor is not enrolling
    )


async def _note(session: AsyncSession, person: Person, action: Audited, now: dt.datetime) -> None:
    actor = f"member:{person.id}"
    await record(session, actor=actor, action=action, subject=person.id, now=now)


def _ended(step: Step, result: Result) -> Result:
    METRICS.logins.labels(step, result.end).inc()
    return result
