"""Proof, again, that whoever acts is who logged in: asked before something is signed.

A code of the telephone, or the password. Guessing is counted and slowed as at the login, under
names of its own: a stolen open session must not become a place to guess in.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from server.kernel import limits, totp
from server.kernel.audit import Audited, record
from server.kernel.db import Database, Person, utcnow
from server.kernel.guessing import Attempt, Guessing
from server.kernel.passwords import Passwords
from server.kernel.secrets import Secret

Proof = Literal["", "code", "password"]


@dataclass(frozen=True)
class Proved:
    """`by` is empty when it was refused; `retry_after` in seconds, when guessing is slowed."""

    by: Proof = ""
    retry_after: int = 0


class StepUp:
    """Over one database. Addresses are those of `server.kernel.address`."""

    def __init__(self, db: Database, secret: Secret, passwords: Passwords) -> None:
        self._db, self._secret, self._passwords = db, secret, passwords
        self._guessing = Guessing(secret)

    async def prove(
        self, person_id: str, proof: str, *, address: str, now: dt.datetime | None = None
    ) -> Proved:
        """Whether `proof` is a code of this person not used before, or their password."""
        now = now or utcnow()
        account = f"step-up:{person_id}"
        async with self._db.begin() as session:
            attempt = await self._guessing.attempt(session, "code", account, person_id, address)
            verdict = await limits.take_all(session, attempt.rules, now)
            person = await session.get(Person, person_id)
        if not verdict.allowed:
            return Proved(retry_after=verdict.retry_after)
        if person is None or person.disabled_at:
            return Proved()
        by: Proof = "code" if person.totp_secret and await self._spend(person, proof, now) else ""
        if not by and await self._passwords.verify(person.password_hash, proof):
            by = "password"
        return await self._ended(attempt, person_id, by, now)

    async def _spend(self, person: Person, code: str, now: dt.datetime) -> bool:
        shared = totp.unseal_secret(self._secret, person.id, person.totp_secret or "")
        step = totp.matching_step(shared, code, person.totp_last_step, now)
        if step is None:
            return False
        async with self._db.begin() as session:
            return await totp.spend(session, person.id, step)

    async def _ended(self, attempt: Attempt, person_id: str, by: Proof, now: dt.datetime) -> Proved:
        async with self._db.begin() as session:
            if by:
                await self._guessing.forgive(session, attempt)
            await record(session, actor=f"member:{person_id}", action=Audited.LOGIN_STEP_UP,
                         subject=person_id, outcome="done" if by else "refused",
                         detail={"by": by}, now=now)  # fmt: skip
            verdict = await limits.check_all(session, attempt.rules, now)
        return Proved(by, 0 if by else verdict.retry_after)
