"""What a try at a password or a code counts against, and what a success forgives.

Nobody is locked out for good: every wait has a cap, and where a person has logged in before, only
what is tried from there counts against them there.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import limits
from server.kernel.db import KnownAddress
from server.kernel.limits import Rule
from server.kernel.secrets import Secret

# One account from one address; one address whatever the account (a hospital may be one
# address); one account from everywhere, short enough that its owner, elsewhere, gets a turn.
PAIR = Rule(free=5, cap=900)
ADDRESS = Rule(free=30, cap=900)
ACCOUNT = Rule(free=20, cap=60)
# A person's known addresses are forgotten when unused for this long.
KNOWN_FOR = dt.timedelta(days=90)

Step = Literal["password", "code"]


@dataclass(frozen=True)
class Attempt:
    """One try, and the limits it counts against; `shared` are those of more than one account."""

    step: Step
    account: str
    rules: dict[str, Rule]
    shared: frozenset[str]


class Guessing:
    """Limits by keyed digests: the table tells neither who was tried nor from where."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    async def attempt(
        self, session: AsyncSession, step: Step, account: str, person_id: str | None, address: str
    ) -> Attempt:
        """`account` is what was claimed; `person_id` is whose it is, if anybody's. Only reads."""
        pair = self._secret.token("limit", step, "pair", account, address)
        everywhere = self._secret.token("limit", step, "account", account)
        place = self._secret.token("limit", step, "address", address)
        known = await session.get(KnownAddress, (person_id or "", self._place(address)))
        if known is not None:
            return Attempt(step, account, {pair: PAIR}, frozenset())
        rules = {pair: PAIR, everywhere: ACCOUNT, place: ADDRESS}
        return Attempt(step, account, rules, frozenset({place}))

    def subject(self, attempt: Attempt, person_id: str | None) -> str:
        """How the audit log names the account tried: never by an address that is nobody's."""
        return person_id or "account:" + self._secret.token("audit", attempt.account)[:22]

    @staticmethod
    async def forgive(session: AsyncSession, attempt: Attempt) -> None:
        """A success forgets the failures of this account; of a shared address, only its own try:
        or whoever has one account could guess at all the others."""
        for key in sorted(attempt.rules):
            if key in attempt.shared:
                await limits.give_back(session, key, attempt.rules[key])
            else:
                await limits.succeeded(session, key)

    async def remember(
        self, session: AsyncSession, person_id: str, address: str, now: dt.datetime
    ) -> None:
        """Both steps were passed from here: this address is known from now on."""
        await session.execute(
            sa.delete(KnownAddress)
            .where(KnownAddress.person_id == person_id, KnownAddress.seen_at < now - KNOWN_FOR)
            .execution_options(synchronize_session=False)
        )
        seen = KnownAddress(person_id=person_id, address_digest=self._place(address), seen_at=now)
        await session.merge(seen)

    def _place(self, address: str) -> str:
        return self._secret.token("known-address", address)
