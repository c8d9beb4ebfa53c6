"""Use cases of a request before it is sent: begun for a patient, written, sent.

Each asks `can`, changes and records in the caller's transaction, which should be
`refusals.begin`.
"""

import datetime as dt
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from expertise import cases
from expertise.case import Act, Refused, Status
from expertise.forms import Draft, Invalid, missing
from expertise.keys import new_key
from expertise.queues import destination
from expertise.specialties import Specialties
from server.kernel import audit
from server.kernel.access import Action, Actor, can
from server.kernel.audit import Audited
from server.kernel.cases import Case
from server.kernel.db import new_id, utcnow
from server.kernel.directory import patient_with
from server.kernel.identity import Traits
from server.kernel.refusals import NotFound
from server.kernel.secrets import Secret


async def create(
    session: AsyncSession,
    actor: Actor,
    to: str,
    traits: Traits,
    *,
    secret: Secret,
    now: dt.datetime | None = None,
) -> Case:
    """A new draft for a patient, to the queue `to`. Raises `Invalid` (key `to`), `NotFound`."""
    now = now or utcnow()
    if not can(actor, Action.CASE_REQUEST, None):
        raise NotFound(actor, Audited.CASE_CREATE, "")
    organisation = actor.organisation_id or ""
    queue = await destination(session, to, organisation, actor.site_id)
    patient = await patient_with(session, organisation, traits)
    session.add(patient)
    await session.flush()
    identifier = new_id()
    case = Case(
        id=identifier,
        organisation_id=organisation,
        site_id=actor.site_id,
        requester_id=actor.id,
        patient_id=patient.id,
        specialty=queue.specialty,
        to_organisation_id=queue.organisation.id,
        status=Status.DRAFT.value,
        version=1,
        created_at=now,
        wrapped_key=new_key(secret, identifier),
    )
    session.add(case)
    await session.flush()
    await session.refresh(case)
    await audit.record(
        session, actor=actor.audit_name, action=Audited.CASE_CREATE, subject=case.id, now=now
    )
    return case


async def save(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    draft: Draft,
    version: int,
    now: dt.datetime | None = None,
) -> Case:
    """Stores the draft over `version`. Raises `NotFound`, `Refused` once it is sent, `Stale`."""
    cases.permitted(actor, Action.CASE_WRITE, case)
    if case.status != Status.DRAFT:
        raise Refused(Status(case.status), Act.SUBMIT)
    values = _values(case, draft, now or utcnow())
    if case.version != version and all(getattr(case, each) == values[each] for each in values):
        return case  # the same words again, because the first answer never came back
    await cases.write(session, case, version, **values)
    await audit.record(
        session, actor=actor.audit_name, action=Audited.CASE_SAVE, subject=case.id, now=now,
        detail={"consent": draft.consent},
    )  # fmt: skip
    return case


def _values(case: Case, draft: Draft, now: dt.datetime) -> dict[str, Any]:
    told = case.consent_at if case.consent is draft.consent else now
    return {
        "question": draft.question,
        "context": {**case.context, **draft.context},
        "urgency": draft.urgency,
        "consent": draft.consent,
        "consent_at": None if draft.consent is None else told,
    }


async def submit(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    version: int,
    forms: Specialties,
    pictures: tuple[int, int],
    now: dt.datetime | None = None,
) -> Case:
    """Sends a stored draft; `pictures` are how many are kept, and how many are on their way.
    Raises `NotFound`, `Invalid` with what is missing, `Refused`, `Stale`."""
    form, now = forms[case.specialty], now or utcnow()
    written = Draft(case.question, case.context, case.urgency, case.consent)
    urgency = form.urgency(case.urgency)
    if case.status == Status.DRAFT and (errors := missing(written, form, *pictures)):
        raise Invalid(errors)
    within = urgency.within if urgency else None
    return await cases.act(session, actor, case, Act.SUBMIT, version, within=within, now=now)
