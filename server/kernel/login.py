"""The two steps of a login: a password, then a code of the telephone.

Says the same, as slowly, whether the account exists or not. Guessing is slowed and told, and
nobody is locked out for good: waits have a cap, and where a person has logged in before, only
what is tried from there counts against them there.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import limits, sessions, totp
from server.kernel.audit import Audited, record
from server.kernel.db import Database, KnownAddress, LoginSession, Person, utcnow
from server.kernel.directory import canonical_email, person_by_email
from server.kernel.limits import Rule
from server.kernel.metrics import METRICS
from server.kernel.passwords import Passwords
from server.kernel.secrets import Secret
from server.kernel.sessions import Opened, Revocations
from server.kernel.settings import SessionSettings

log = logging.getLogger("carbet.login")

# One account from one address; one address whatever the account (a hospital may be one
# address); one account from everywhere, short enough that its owner, elsewhere, gets a turn.
PAIR = Rule(free=5, cap=900)
ADDRESS = Rule(free=30, cap=900)
ACCOUNT = Rule(free=20, cap=60)
# A person's known addresses are forgotten when unused for this long.
KNOWN_FOR = dt.timedelta(days=90)

End = Literal["code", "enrol", "in", "refused", "slowed"]
Step = Literal["password", "code"]


@dataclass(frozen=True)
class Result:
    """How a step ended. `code` and `enrol` name the next step; `retry_after` is in seconds, when
    `slowed`. `opened` holds the new cookie, when there is one."""

    end: End
    retry_after: int = 0
    opened: Opened | None = None


@dataclass(frozen=True)
class Enrolment:
    """What a telephone needs to make codes, to be scanned or typed."""

    secret_text: str
    qr_svg: Markup


@dataclass(frozen=True)
class _Try:
    """One attempt, and the limits it counts against."""

    rules: dict[str, Rule]
    shared: frozenset[str]


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
        async with self._db.begin() as session:
            person = await person_by_email(session, email)
            attempt = await self._try(session, "password", email, person, address)
            verdict = await limits.take_all(session, attempt.rules, now)
        if not verdict.allowed:
            return _ended("password", Result("slowed", verdict.retry_after))
        matches = await self._passwords.verify(person.password_hash if person else None, password)
        async with self._db.begin() as session:
            person = await person_by_email(session, email)
            if not matches or person is None or person.disabled_at:
                return await self._refuse(session, "password", email, person, attempt, now)
            await self._forgive(session, attempt)
            ended = await sessions.revoke(session, [replaces], now) if replaces else frozenset()
            opened = await sessions.open(
                session, person, stage=sessions.PASSWORD, device=device, now=now
            )
            await record(session, actor=_actor(person), action=Audited.LOGIN_PASSWORD,
                         subject=person.id, now=now)  # fmt: skip
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
            await record(session, actor=_actor(person), action=Audited.LOGIN_DEMO,
                         subject=person.id)  # fmt: skip
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
        now = now or utcnow()
        async with self._db.begin() as session:
            row = await session.get(
                LoginSession, half_open.id, with_for_update={"of": LoginSession}
            )
            person = row.person if row else None
            if row is None or person is None or not _may_step(row, enrolling, self._policy, now):
                return _ended("code", Result("refused"))
            attempt = await self._try(session, "code", person.id, person, address)
            verdict = await limits.take_all(session, attempt.rules, now)
            if not verdict.allowed:
                return _ended("code", Result("slowed", verdict.retry_after))
            shared = self._shared(row, person, enrolling)
            last_step = 0 if enrolling else person.totp_last_step
            step = totp.matching_step(shared, code, last_step, now)
            if step is None or not await totp.spend(session, person.id, step):
                return await self._refuse(session, "code", person.id, person, attempt, now)
            if enrolling:
                person.totp_secret = totp.seal_secret(self._secret, person.id, shared)
                await _note(session, person, Audited.LOGIN_ENROL, now)
            await self._forgive(session, attempt)
            await self._remember(session, person.id, address, now)
            await sessions.revoke(session, [row.id], now)
            opened = await sessions.open(
                session, person, device=device or row.device, policy=self._policy, now=now
            )
            await _note(session, person, Audited.LOGIN_CODE, now)
        await self._revocations.announce([half_open.id])
        return _ended("code", Result("in", 0, opened))

    def _shared(self, row: LoginSession, person: Person, enrolling: bool) -> str:
        if enrolling:
            return totp.proposed_secret(self._secret, row.id)
        return totp.unseal_secret(self._secret, person.id, person.totp_secret or "")

    async def _try(
        self, session: AsyncSession, step: Step, account: str, person: Person | None, address: str
    ) -> _Try:
        pair = self._secret.token("limit", step, "pair", account, address)
        everywhere = self._secret.token("limit", step, "account", account)
        place = self._secret.token("limit", step, "address", address)
        known = await session.get(KnownAddress, (person.id if person else "", self._place(address)))
        if known is not None:
            return _Try({pair: PAIR}, frozenset())
        return _Try({pair: PAIR, everywhere: ACCOUNT, place: ADDRESS}, frozenset({place}))

    def _place(self, address: str) -> str:
        return self._secret.token("known-address", address)

    async def _remember(
        self, session: AsyncSession, person_id: str, address: str, now: dt.datetime
    ) -> None:
        await session.execute(
            sa.delete(KnownAddress)
            .where(KnownAddress.person_id == person_id, KnownAddress.seen_at < now - KNOWN_FOR)
            .execution_options(synchronize_session=False)
        )
        await session.merge(KnownAddress(
            person_id=person_id, address_digest=self._place(address), seen_at=now
        ))  # fmt: skip

    @staticmethod
    async def _forgive(session: AsyncSession, attempt: _Try) -> None:
        """A success forgets the failures of this account; of a shared address, only its own try:
        or whoever has one account could guess at all the others."""
        for key in sorted(attempt.rules):
            if key in attempt.shared:
                await limits.give_back(session, key, attempt.rules[key])
            else:
                await limits.succeeded(session, key)

    async def _refuse(
        self,
        session: AsyncSession,
        step: Step,
        account: str,
        person: Person | None,
        attempt: _Try,
        now: dt.datetime,
    ) -> Result:
        """Records the refusal, and the beginning of a wait: later tries within the wait are only
        counted, or guessing would fill the audit log."""
        subject = person.id if person else "account:" + self._secret.token("audit", account)[:22]
        action = Audited.LOGIN_PASSWORD if step == "password" else Audited.LOGIN_CODE
        await record(session, actor="nobody", action=action, subject=subject, outcome="refused",
                     now=now)  # fmt: skip
        verdict = await limits.check_all(session, attempt.rules, now)
        if not verdict.allowed:
            await record(session, actor="nobody", action=Audited.LOGIN_SLOWED, subject=subject,
                         outcome="refused", detail={"step": step, "seconds": verdict.retry_after},
                         now=now)  # fmt: skip
        return _ended(step, Result("refused", verdict.retry_after))


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


def _actor(person: Person) -> str:
    return f"member:{person.id}"


async def _note(session: AsyncSession, person: Person, action: Audited, now: dt.datetime) -> None:
    await record(session, actor=_actor(person), action=action, subject=person.id, now=now)


def _ended(step: Step, result: Result) -> Result:
    METRICS.logins.labels(step, result.end).inc()
    return result
