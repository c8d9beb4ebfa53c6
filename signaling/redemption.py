"""What a link or a code read aloud is worth, and how often one may try.

Nothing is raised: a wrong try is counted, and the count must be committed. It refuses to say why
something is worth nothing: unknown, expired, revoked and over are one answer.
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit, limits, sessions
from server.kernel.audit import Audited
from server.kernel.db import Consultation, Invitation, LoginSession, utcnow
from server.kernel.limits import Rule
from server.kernel.secrets import Secret
from server.kernel.settings import SessionSettings
from signaling.consultation import OVER
from signaling.invitations import code_hash, token_hash

# A wrong code costs time at the address it came from, and, far less, everywhere: whatever the
# addresses, eight digits cannot be tried through, and nobody is locked out.
BY_ADDRESS = Rule(free=5, first=2, cap=900)
EVERYWHERE = Rule(free=200, first=1, cap=5, forget=600)
LINK_BY_ADDRESS = Rule(free=30, first=2, cap=60)
ALL = "invitation-code:all"


@dataclass(frozen=True)
class Redeemed:
    """What a link or code was worth. No `invitation`: nothing, try again after `retry_after`
    seconds if not 0. `opened` is None when this browser's present session already is of it."""

    invitation: Invitation | None = None
    opened: sessions.Opened | None = None
    again: bool = False
    retry_after: int = 0


async def redeem_token(
    session: AsyncSession,
    token: str,
    *,
    secret: Secret,
    address: str,
    current: LoginSession | None = None,
    device: str = "",
    policy: SessionSettings = SessionSettings(),  # noqa: B008
    now: dt.datetime | None = None,
) -> Redeemed:
    """What a link is worth. Raises nothing: a failure is counted, and must be committed."""
    now, key = now or utcnow(), _key(secret, "link", address)
    verdict = await limits.check(session, key, LINK_BY_ADDRESS, now)
    if not verdict.allowed:
        return Redeemed(retry_after=verdict.retry_after)
    found = await _living(session, Invitation.token_hash == token_hash(token), now)
    if found is None:
        verdict = await limits.failed(session, key, LINK_BY_ADDRESS, now)
        await _refused(session, "link", slowed=not verdict.allowed)
        return Redeemed(retry_after=verdict.retry_after)
    return await _redeem(session, found, "link", current, device, policy, now)


async def redeem_code(
    session: AsyncSession,
    code: str,
    *,
    secret: Secret,
    address: str,
    current: LoginSession | None = None,
    device: str = "",
    policy: SessionSettings = SessionSettings(),  # noqa: B008
    now: dt.datetime | None = None,
) -> Redeemed:
    """What a short code is worth; spaces in it are passed over. Raises nothing: a failure is
    counted, and must be committed."""
    now, key = now or utcnow(), _key(secret, "code", address)
    rules = {ALL: EVERYWHERE, key: BY_ADDRESS}
    verdict = await limits.take_all(session, rules, now)
    if not verdict.allowed:
        return Redeemed(retry_after=verdict.retry_after)
    digits = "".join(code.split())
    found = await _living(session, Invitation.code_hash == code_hash(secret, digits), now)
    if found is None:
        verdict = await limits.check_all(session, rules, now)
        await _refused(session, "code", slowed=not verdict.allowed)
        return Redeemed(retry_after=verdict.retry_after)
    for each, rule in rules.items():
        await limits.give_back(session, each, rule)
    return await _redeem(session, found, "code", current, device, policy, now)


def _key(secret: Secret, what: str, address: str) -> str:
    return secret.derive("invitation-limit", what, address).hex()


async def _living(
    session: AsyncSession, which: sa.ColumnElement[bool], now: dt.datetime
) -> Invitation | None:
    query = (
        sa.select(Invitation)
        .join(Consultation, Consultation.id == Invitation.consultation_id)
        .where(which, Invitation.revoked_at.is_(None), Invitation.expires_at > now)
        .where(Consultation.status.not_in(OVER))
        .with_for_update(of=Invitation)
    )
    return (await session.scalars(query)).one_or_none()


async def _redeem(
    session: AsyncSession,
    invitation: Invitation,
    by: str,
    current: LoginSession | None,
    device: str,
    policy: SessionSettings,
    now: dt.datetime,
) -> Redeemed:
    if current is not None and current.invitation_id == invitation.id:
        return Redeemed(invitation)
    again = invitation.uses > 0
    invitation.uses += 1
    invitation.used_at = invitation.used_at or now
    opened = await sessions.open_guest(session, invitation, device=device, policy=policy, now=now)
    await audit.record(
        session,
        actor=f"guest:{invitation.id}",
        action=Audited.INVITATION_REDEEM,
        subject=invitation.id,
        detail={"by": by, "again": again},
    )
    return Redeemed(invitation, opened, again)


async def _refused(session: AsyncSession, by: str, slowed: bool) -> None:
    action = Audited.INVITATION_SLOWED if slowed else Audited.INVITATION_REDEEM
    await audit.record(
        session, actor="nobody", action=action, subject="", outcome="refused", detail={"by": by}
    )
