"""Use cases of a request for an opinion: found, and every act of its life; `drafts` writes it.

Each asks `can`, changes and records in the caller's transaction, which should be
`refusals.begin`. A row is only changed over the version its reader was shown: of two people who
act at once, the second is told, and keeps what they wrote.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import case as life
from expertise.case import SAYING, Act, Side, Standing, Status
from expertise.forms import Invalid, read_said
from expertise.queues import destination
from server.kernel import audit
from server.kernel.access import Action, Actor, can
from server.kernel.audit import Audited
from server.kernel.cases import Case, CaseEvent
from server.kernel.db import utcnow
from server.kernel.i18n import gettext as _
from server.kernel.refusals import NotFound
from server.kernel.text import storable

NEEDS = {
    Side.REQUESTER: Action.CASE_WRITE,
    Side.QUEUE: Action.CASE_TAKE,
    Side.EXPERT: Action.CASE_ANSWER,
}
TRACES = {
    Action.CASE_REQUEST: Audited.CASE_CREATE,
    Action.CASE_LIST: Audited.CASE_LIST,
    Action.CASE_SEE: Audited.CASE_SEE,
    Action.CASE_WRITE: Audited.CASE_SAVE,
    Action.CASE_TAKE: Audited.CASE_CLAIM,
    Action.CASE_ANSWER: Audited.OPINION_SAVE,
}


class Stale(Exception):
    """Somebody else changed the request meanwhile: nothing of this act was done."""


# Finding


def permitted(actor: Actor, action: Action, case: Case) -> None:
    """Raises `NotFound` unless `can`."""
    if not can(actor, action, case):
        raise NotFound(actor, TRACES[action], case.id, asked=action.value)


async def find(session: AsyncSession, actor: Actor, identifier: str, action: Action) -> Case:
    """The case, if it exists and `actor` may. Raises `NotFound` for anything else. Seeing one is
    an access to patient data, and recorded; other actions record their act."""
    found = await session.get(Case, identifier) if storable(identifier) else None
    if found is None or not can(actor, action, found):
        raise NotFound(actor, TRACES[action], identifier if found else "", asked=action.value)
    if action is Action.CASE_SEE:
        await audit.record(
            session, actor=actor.audit_name, action=Audited.CASE_SEE, subject=found.id
        )
    return found


async def events_of(session: AsyncSession, case: Case) -> list[CaseEvent]:
    query = sa.select(CaseEvent).where(CaseEvent.case_id == case.id)
    return list(await session.scalars(query.order_by(CaseEvent.number)))


# Acting


async def act(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    what: Act,
    version: int,
    *,
    text: str = "",
    to: str = "",
    within: dt.timedelta | None = None,
    now: dt.datetime | None = None,
) -> Case:
    """One act of the life cycle over the `version` that was shown; done twice by the same person
    it is done once. `text` is what is said with it, `to` the queue it is passed on to, `within`
    the time to answer for submit and reopen. Raises `NotFound`, `Invalid` (keys `text`, `to`),
    `Refused`, `Stale`."""
    now = now or utcnow()
    permitted(actor, NEEDS[life.BY[what]], case)
    text = read_said(text, what in SAYING)
    if await _done_already(session, actor, case, what, version, text):
        return case
    if case.version != version:
        raise Stale
    permitted(actor, NEEDS[life.side(Status(case.status), what)], case)
    moved = life.after(standing(case), what, now, within)
    values = moved_values(moved) | await _other_values(session, actor, case, what, to, now)
    await write(session, case, version, **values)
    await note(session, actor.audit_name, case, what, text, now, person_id=actor.id)
    return case


def standing(case: Case) -> Standing:
    return Standing(Status(case.status), case.due_at, case.paused_at, case.late_since)


def moved_values(moved: Standing) -> dict[str, Any]:
    """The columns of a standing."""
    return {
        "status": moved.status.value,
        "due_at": moved.due_at,
        "paused_at": moved.paused_at,
        "late_since": moved.late_since,
    }


async def _other_values(
    session: AsyncSession, actor: Actor, case: Case, what: Act, to: str, now: dt.datetime
) -> dict[str, Any]:
    if what is Act.SUBMIT:
        return {"submitted_at": now}
    if what in (Act.CLAIM, Act.TAKE_OVER):
        return {"expert_id": actor.id}
    if what is Act.WITHDRAW and case.status == Status.DRAFT:
        # Nobody but its writer ever had it: nothing of it stays.
        return {"wrapped_key": "", "question": "", "context": {}}
    if what in (Act.RELEASE, Act.REVISE):
        return {"expert_id": None}
    if what is Act.PASS_ON:
        queue = await destination(session, to, case.organisation_id, case.site_id)
        if (queue.specialty, queue.organisation.id) == (case.specialty, case.to_organisation_id):
            raise Invalid({"to": _("Choisissez une autre spécialité que celle-ci.")})
        return {"expert_id": None, "specialty": queue.specialty,
                "to_organisation_id": queue.organisation.id}  # fmt: skip
    return {}


async def _done_already(
    session: AsyncSession, actor: Actor, case: Case, what: Act, version: int, text: str
) -> bool:
    """The same button pressed again because the first answer never came back."""
    if case.version != version + 1:
        return False
    query = sa.select(CaseEvent).where(CaseEvent.case_id == case.id)
    last = (await session.scalars(query.order_by(CaseEvent.number.desc()).limit(1))).first()
    return last is not None and (last.act, last.person_id, last.text) == (what, actor.id, text)


async def write(session: AsyncSession, case: Case, version: int, **values: Any) -> None:
    """Changes the row, if it is still the version that was shown: the row decides."""
    written = await session.scalars(
        sa.update(Case)
        .where(Case.id == case.id, Case.version == version)
        .values(version=version + 1, **values)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if written.first() is None:
        raise Stale
    await session.refresh(case)


async def note(
    session: AsyncSession,
    audit_name: str,
    case: Case,
    what: Act,
    text: str,
    now: dt.datetime,
    *,
    person_id: str | None = None,
    **detail: Any,
) -> None:
    """Puts an act into the case's history and into the audit log."""
    counted = sa.select(sa.func.count()).where(CaseEvent.case_id == case.id)
    number = (await session.scalar(counted) or 0) + 1
    session.add(CaseEvent(case_id=case.id, number=number, at=now, person_id=person_id,
                          act=what.value, status=case.status, text=text))  # fmt: skip
    await session.flush()
    audited = Audited(f"case:case:{what.value}")
    await audit.record(session, actor=audit_name, action=audited, subject=case.id, now=now,
                       detail={"status": case.status, **detail})  # fmt: skip
