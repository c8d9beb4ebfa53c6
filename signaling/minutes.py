"""What must be on disk before it is acknowledged: messages, consents, and that stills are there.

A message has the number of its consultation's count, made in the same transaction; sent again
under the same `client_id`, it has the number it had. Texts are stored as they were written.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit, db
from server.kernel.audit import Audited
from server.kernel.db import Consultation, utcnow
from signaling.effects import WriteConsent, WriteMessage
from signaling.rows import actor_of
from signaling.still import STILLS, Still, StillStage


@dataclass(frozen=True)
class Numbered:
    """A message on disk. `fresh` when this call put it there."""

    number: int
    at: dt.datetime
    fresh: bool


async def write_message(
    session: AsyncSession, room: str, wanted: WriteMessage, now: dt.datetime
) -> Numbered | None:
    """The message's number and time; None when it was never stored and `wanted.refusal` says
    that it is not to be."""
    lock = sa.select(Consultation.id).where(Consultation.id == room)
    await session.execute(lock.with_for_update())
    sent = await session.scalar(
        sa.select(db.Message).filter_by(seat_id=wanted.seat, client_id=wanted.client_id)
    )
    if sent is not None:
        return Numbered(sent.number, sent.sent_at, fresh=False)
    actor = await actor_of(session, wanted.seat)
    if wanted.refusal is not None:
        await audit.record(
            session,
            actor=actor,
            action=Audited.MESSAGE_SAY,
            subject=room,
            outcome="refused",
            detail={"code": wanted.refusal},
        )
        return None
    number = await session.scalar(
        sa.update(Consultation)
        .where(Consultation.id == room)
        .values(last_message=Consultation.last_message + 1)
        .returning(Consultation.last_message)
        .execution_options(synchronize_session=False)
    )
    if number is None:
        raise LookupError("a message for no consultation")
    session.add(
        db.Message(
            consultation_id=room,
            number=number,
            seat_id=wanted.seat,
            client_id=wanted.client_id,
            text=wanted.text,
            sent_at=now,
        )
    )
    await audit.record(
        session, actor=actor, action=Audited.MESSAGE_SAY, subject=room, detail={"number": number}
    )
    return Numbered(number, now, fresh=True)


async def write_consent(
    session: AsyncSession, room: str, wanted: WriteConsent, now: dt.datetime
) -> None:
    """The last answer stands; each is in the audit log."""
    await session.execute(
        sa.update(db.Seat)
        .where(db.Seat.id == wanted.seat)
        .values(consent=wanted.given, consent_at=now)
        .execution_options(synchronize_session=False)
    )
    await audit.record(
        session,
        actor=await actor_of(session, wanted.seat),
        action=Audited.SEAT_CONSENT,
        subject=wanted.seat,
        detail={"given": wanted.given, "consultation": room},
    )


async def write_still(session: AsyncSession, room: str, still: Still) -> bool:
    """That a still begins. Done twice, it is done once; False when there are too many."""
    lock = sa.select(Consultation.id).where(Consultation.id == room)
    await session.execute(lock.with_for_update())
    if await session.get(db.Still, (room, still.id)) is not None:
        return True
    count = sa.select(sa.func.count()).select_from(db.Still).filter_by(consultation_id=room)
    if (await session.scalar(count) or 0) >= STILLS:
        return False
    session.add(
        db.Still(
            consultation_id=room,
            id=still.id,
            seat_id=still.seat,
            asked_by=still.by,
            source=still.source,
            begun_at=still.at,
            stages=[stage_row(stage) for stage in still.stages],
        )
    )
    return True


async def keep_stage(session: AsyncSession, room: str, still: Still, size: int) -> None:
    """That the next stage of a still is whole, with its size as it is kept."""
    row = await session.get_one(db.Still, (room, still.id), with_for_update=True)
    kept = still.kept(still.have, size, utcnow())
    row.stages = [stage_row(stage) for stage in kept.stages]
    row.have, row.kept_at = kept.have, kept.stages[kept.have - 1].kept_at


def stage_row(stage: StillStage) -> dict[str, Any]:
    at = stage.kept_at.isoformat() if stage.kept_at else None
    return {**asdict(stage), "kept_at": at}
