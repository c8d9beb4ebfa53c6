"""Use cases of a consultation: plan, open, cancel, reopen, annotate, find, list.

Each asks `can`, changes and records in the caller's transaction, which should be
`signaling.refusals.begin`. It refuses to touch live rooms: call `Rooms.refresh` after committing.
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.access import Action, Actor, Role, can
from server.kernel.audit import Audited
from server.kernel.db import Consultation, Person, Seat, Site, utcnow
from server.kernel.directory import patient_with
from server.kernel.i18n import gettext as _
from server.kernel.refusals import NotFound
from server.kernel.secrets import Secret
from server.kernel.text import storable
from signaling import invitations
from signaling.consultation import (
    OVER,
    TABLE,
    Act,
    Refused,
    Status,
    reopenable,
    sources,
)
from signaling.planning import InvalidPlan, Plan
from signaling.refusals import TRACES, permitted

NOTES = 20_000
PAST_SHOWN = 50
# Reading these is an access to patient data, and recorded; other actions record their act.
READS = {Action.SEE: Audited.CONSULTATION_SEE, Action.RECORD: Audited.RECORD_READ}


class Stale(Exception):
    """Somebody else wrote the notes meanwhile; `stored` and `version` are theirs."""

    def __init__(self, stored: str, version: int) -> None:
        self.stored, self.version = stored, version
        super().__init__("the notes were changed meanwhile")


@dataclass(frozen=True)
class Agenda:
    upcoming: list[Consultation]
    running: list[Consultation]
    past: list[Consultation]


# Finding


async def find(
    session: AsyncSession, actor: Actor, identifier: str, action: Action
) -> Consultation:
    """The consultation, if it exists and `actor` may. Raises `NotFound` for anything else."""
    found = await session.get(Consultation, identifier) if storable(identifier) else None
    if found is None or not can(actor, action, found):
        raise NotFound(actor, TRACES[action], identifier if found else "", asked=action.value)
    if action in READS:
        await _record(session, actor, READS[action], found)
    return found


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    """A first sieve in the query; `can` has the last word."""
    own = Consultation.organisation_id == (actor.organisation_id or "")
    return sa.or_(own, Consultation.site_id == (actor.site_id or ""))


async def agenda(session: AsyncSession, actor: Actor) -> Agenda:
    """Whatever this actor may see. Raises `NotFound` for those who see no consultation at all."""
    if not can(actor, Action.LIST, None):
        raise NotFound(actor, Audited.CONSULTATION_LIST, "")
    query = sa.select(Consultation).where(_visible(actor))
    alive = await session.scalars(
        query.where(Consultation.status.not_in(OVER)).order_by(Consultation.planned_at)
    )
    over = await session.scalars(
        query.where(Consultation.status.in_(OVER))
        .order_by(sa.func.coalesce(Consultation.ended_at, Consultation.planned_at).desc())
        .limit(PAST_SHOWN)
    )
    seen = [c for c in alive if can(actor, Action.SEE, c)]
    past = [c for c in over if can(actor, Action.SEE, c)]
    await audit.record(
        session, actor=actor.audit_name, action=Audited.CONSULTATION_LIST, subject=actor.id
    )
    return Agenda(
        upcoming=[c for c in seen if c.status == Status.PLANNED],
        running=[c for c in seen if c.status != Status.PLANNED],
        past=past,
    )


async def seats_of(session: AsyncSession, consultation: Consultation) -> list[Seat]:
    query = sa.select(Seat).where(Seat.consultation_id == consultation.id)
    return list(await session.scalars(query.order_by(Seat.kind, Seat.name, Seat.id)))


# Planning


async def plan(
    session: AsyncSession,
    actor: Actor,
    wanted: Plan,
    *,
    secret: Secret,
    now: dt.datetime | None = None,
) -> Consultation:
    """A new consultation with its links; one for now is open at once. Raises `InvalidPlan` (a
    site that is not among `directory.sites_for` is a wrong site) and `NotFound`."""
    now = now or utcnow()
    if not can(actor, Action.PLAN, None):
        raise NotFound(actor, Audited.CONSULTATION_PLAN, "")
    site = await session.get(Site, wanted.site_id)
    if site is None or not can(actor, Action.PLAN, site):
        raise InvalidPlan({"site_id": _("Choisissez un site de la liste.")})
    clinician = await _clinician(session, actor, wanted)
    patient = await patient_with(session, clinician.organisation_id, wanted.traits)
    consultation = Consultation(
        organisation_id=clinician.organisation_id,
        site=site,
        clinician=clinician,
        patient=patient,
        reason=wanted.reason,
        status=Status.PLANNED if wanted.at else Status.OPEN,
        planned_at=wanted.at or now,
        planned_minutes=wanted.minutes,
        opened_at=None if wanted.at else now,
        created_at=now,
    )
    session.add(consultation)
    await session.flush()
    for guest in wanted.guests:
        await invitations.create(session, consultation, guest.kind, guest.name, secret, now)
    await _record(session, actor, Audited.CONSULTATION_PLAN, consultation)
    return consultation


async def _clinician(session: AsyncSession, actor: Actor, wanted: Plan) -> Person:
    """A clinician plans for themselves; others name one of their organisation."""
    own = actor.role is Role.CLINICIAN
    person = await session.get(Person, actor.id if own else wanted.clinician_id)
    good = person and person.role == Role.CLINICIAN and not person.disabled_at
    if person is None or not good or person.organisation_id != actor.organisation_id:
        raise InvalidPlan({"clinician_id": _("Choisissez le professionnel.")})
    return person


# Life cycle


async def move(session: AsyncSession, consultation_id: str, act: Act, **values: object) -> bool:
    """One act of the life cycle, if it is possible from the stored status: the row decides."""
    possible = sources(act)
    moved = await session.scalars(
        sa.update(Consultation)
        .where(Consultation.id == consultation_id, Consultation.status.in_(possible))
        .values(status=TABLE[possible[0], act], **values)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


async def _act(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    act: Act,
    audited: Audited,
    **values: object,
) -> Consultation:
    moved = await move(session, consultation.id, act, **values)
    await session.refresh(consultation)
    if moved:
        await _record(session, actor, audited, consultation)
    elif consultation.status not in [to for (_from, each), to in TABLE.items() if each is act]:
        raise Refused(Status(consultation.status), act)
    return consultation


async def open_now(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    now: dt.datetime | None = None,
) -> Consultation:
    """Opens a planned consultation before anybody is in. Done twice, it is done once.
    Raises `NotFound`, `Refused`."""
    permitted(actor, Action.OPEN, consultation, consultation.id)
    if consultation.status == Status.IN_CALL:
        return consultation
    audited = Audited.CONSULTATION_OPEN
    return await _act(session, actor, consultation, Act.OPEN, audited, opened_at=now or utcnow())


async def cancel(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    now: dt.datetime | None = None,
) -> Consultation:
    """Raises `NotFound`, and `Refused` once the call has begun."""
    permitted(actor, Action.CANCEL, consultation, consultation.id)
    audited = Audited.CONSULTATION_CANCEL
    return await _act(session, actor, consultation, Act.CANCEL, audited, ended_at=now or utcnow())


async def reopen(
    session: AsyncSession,
    actor: Actor,
    consultation: Consultation,
    now: dt.datetime | None = None,
) -> Consultation:
    """Open again, with the same people, links and record. Raises `NotFound`, and `Refused` when
    it is not over, or has been for more than 24 hours."""
    permitted(actor, Action.REOPEN, consultation, consultation.id)
    now = now or utcnow()
    status = Status(consultation.status)
    if status in OVER and not reopenable(status, consultation.ended_at, now):
        raise Refused(status, Act.REOPEN)
    audited = Audited.CONSULTATION_REOPEN
    values = {"opened_at": now, "ended_at": None, "locked": False}
    await _act(session, actor, consultation, Act.REOPEN, audited, **values)
    await invitations.prolong(session, consultation.id, now + invitations.LINGERS)
    return consultation


async def annotate(
    session: AsyncSession, actor: Actor, consultation: Consultation, text: str, version: int
) -> Consultation:
    """Stores the clinician's notes over version `version`. Raises `NotFound`, `InvalidPlan`
    (key `notes`), and `Stale` with what somebody else stored meanwhile."""
    permitted(actor, Action.ANNOTATE, consultation, consultation.id)
    if len(text) > NOTES or not storable(text):
        raise InvalidPlan({"notes": _("Ces notes sont trop longues.")})
    written = await session.scalars(
        sa.update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.notes_version == version)
        .values(notes=text, notes_version=version + 1)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    done = written.first() is not None
    await session.refresh(consultation)
    if not done and consultation.notes != text:
        raise Stale(consultation.notes, consultation.notes_version)
    if done:
        await _record(session, actor, Audited.NOTES_WRITE, consultation)
    return consultation


async def _record(
    session: AsyncSession, actor: Actor, action: Audited, consultation: Consultation
) -> None:
    await audit.record(session, actor=actor.audit_name, action=action, subject=consultation.id)
