"""Links for people without an account, and the codes that are read aloud on the telephone.

Both are derived from the server's secret, so that they can be shown again, and only digests are
stored. A link alone never enters: it opens a session that may knock at one consultation's door.
"""

import datetime as dt
import hashlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit, sessions
from server.kernel.access import Action, Actor
from server.kernel.audit import Audited
from server.kernel.db import Consultation, Invitation, new_id, utcnow
from server.kernel.i18n import gettext as _
from server.kernel.refusals import NotFound
from server.kernel.secrets import Secret
from signaling.planning import GUESTS, InvalidPlan, read_guest
from signaling.refusals import permitted

LINGERS = dt.timedelta(hours=2)
CODE_DIGITS = 8


def token_of(secret: Secret, invitation: Invitation) -> str:
    """256 bits, URL-safe."""
    return secret.token("invitation-token", invitation.id, str(invitation.generation))


def code_of(secret: Secret, invitation: Invitation) -> str:
    """Eight digits, said in four pairs."""
    parts = (invitation.id, str(invitation.generation))
    number = int.from_bytes(secret.derive("invitation-code", *parts)[:8], "big")
    return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def link_of(secret: Secret, invitation: Invitation, base_url: str) -> str:
    """The token is in the fragment: no server log and no referrer ever holds it."""
    return f"{base_url}/j#{token_of(secret, invitation)}"


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def code_hash(secret: Secret, code: str) -> str:
    """Keyed: eight digits would be found again from a bare digest in seconds."""
    return secret.derive("invitation-code-digest", code).hex()


def expiry(consultation: Consultation, now: dt.datetime) -> dt.datetime:
    end = consultation.planned_at + dt.timedelta(minutes=consultation.planned_minutes)
    return max(end, now) + LINGERS


async def _seal(session: AsyncSession, secret: Secret, invitation: Invitation) -> None:
    """Sets both digests; a code that another invitation has is passed over."""
    taken = True
    while taken:
        invitation.code_hash = code_hash(secret, code_of(secret, invitation))
        query = sa.select(Invitation.id).where(Invitation.code_hash == invitation.code_hash)
        with session.no_autoflush:
            found = (await session.scalars(query)).first()
        taken = found not in (None, invitation.id)
        if taken:
            invitation.generation += 1
    invitation.token_hash = token_hash(token_of(secret, invitation))


async def create(
    session: AsyncSession,
    consultation: Consultation,
    kind: str,
    name: str,
    secret: Secret,
    now: dt.datetime,
) -> Invitation:
    """A new invitation, without asking who wants it: see `invite`."""
    invitation = Invitation(
        id=new_id(),
        consultation_id=consultation.id,
        kind=kind,
        name=name,
        generation=1,
        expires_at=expiry(consultation, now),
    )
    await _seal(session, secret, invitation)
    session.add(invitation)
    await session.flush()
    return invitation


async def invite(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    kind: str,
    name: str,
    *,
    secret: Secret,
    now: dt.datetime | None = None,
) -> Invitation:
    """A link for one more person. Raises `NotFound`, `InvalidPlan` (key `guests`)."""
    permitted(actor, Action.INVITE, consultation, consultation.id)
    guest = read_guest(kind, name)
    if isinstance(guest, str):
        raise InvalidPlan({"guests": guest})
    count = sa.select(sa.func.count()).where(Invitation.consultation_id == consultation.id)
    if (await session.scalar(count) or 0) >= 2 * GUESTS:
        raise InvalidPlan({"guests": _("Trop de personnes.")})
    now = now or utcnow()
    invitation = await create(session, consultation, guest.kind, guest.name, secret, now)
    await _trace(session, actor, Audited.INVITATION_CREATE, invitation)
    return invitation


async def of_consultation(session: AsyncSession, consultation_id: str) -> list[Invitation]:
    query = sa.select(Invitation).where(Invitation.consultation_id == consultation_id)
    return list(await session.scalars(query.order_by(Invitation.kind, Invitation.id)))


async def _own(
    session: AsyncSession, actor: Actor, consultation: Consultation, invitation_id: str
) -> Invitation:
    permitted(actor, Action.INVITE, consultation, consultation.id)
    query = sa.select(Invitation).where(Invitation.id == invitation_id).with_for_update()
    invitation = (await session.scalars(query)).one_or_none()
    if invitation is None or invitation.consultation_id != consultation.id:
        raise NotFound(actor, Audited.INVITATION_RENEW, invitation_id)
    return invitation


async def renew(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    invitation_id: str,
    *,
    secret: Secret,
    now: dt.datetime | None = None,
) -> tuple[Invitation, frozenset[str]]:
    """A new link and code for the same person; the old ones, and whoever came by them, are out.
    The sessions ended are to be announced after the transaction. Raises `NotFound`."""
    invitation, now = await _own(session, actor, consultation, invitation_id), now or utcnow()
    invitation.generation += 1
    invitation.revoked_at = invitation.used_at = None
    invitation.uses = 0
    invitation.expires_at = expiry(consultation, now)
    await _seal(session, secret, invitation)
    await session.flush()
    await _trace(session, actor, Audited.INVITATION_RENEW, invitation)
    return invitation, await sessions.revoke_invitation(session, invitation.id, now)


async def revoke(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    invitation_id: str,
    *,
    now: dt.datetime | None = None,
) -> frozenset[str]:
    """The link is worth nothing any more, and whoever came by it is out: announce the sessions
    returned after the transaction. Raises `NotFound`."""
    invitation = await _own(session, actor, consultation, invitation_id)
    return await revoked(session, actor.audit_name, invitation, now or utcnow())


async def revoked(
    session: AsyncSession, actor: str, invitation: Invitation, now: dt.datetime
) -> frozenset[str]:
    """As `revoke`, without asking who wants it. Twice is once."""
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        await audit.record(
            session, actor=actor, action=Audited.INVITATION_REVOKE, subject=invitation.id
        )
    return await sessions.revoke_invitation(session, invitation.id, now)


async def prolong(session: AsyncSession, consultation_id: str, until: dt.datetime) -> None:
    """Links that were not revoked live at least until then."""
    await session.execute(
        sa.update(Invitation)
        .where(Invitation.consultation_id == consultation_id, Invitation.revoked_at.is_(None))
        .where(Invitation.expires_at < until)
        .values(expires_at=until)
    )


async def keep(
    session: AsyncSession, consultation_id: str, now: dt.datetime, until: dt.datetime
) -> None:
    """As `prolong`, but a link that has expired stays so."""
    await session.execute(
        sa.update(Invitation)
        .where(Invitation.consultation_id == consultation_id, Invitation.revoked_at.is_(None))
        .where(Invitation.expires_at > now, Invitation.expires_at < until)
        .values(expires_at=until)
    )


async def _trace(
    session: AsyncSession, actor: Actor, action: Audited, invitation: Invitation
) -> None:
    await audit.record(
        session,
        actor=actor.audit_name,
        action=action,
        subject=invitation.id,
        detail={"consultation": invitation.consultation_id, "kind": invitation.kind},
    )
