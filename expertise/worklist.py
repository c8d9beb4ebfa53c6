"""What waits for whom: the requests of a person and their site, and the worklist of an expert."""

import datetime as dt
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import case as life
from expertise.case import OVER, Side, Status
from expertise.cases import standing
from server.kernel import audit
from server.kernel.access import Action, Actor, can
from server.kernel.audit import Audited
from server.kernel.cases import Case
from server.kernel.refusals import NotFound

PAST_SHOWN = 50
DONE_BY_EXPERT = (Status.ANSWERED, Status.ACKNOWLEDGED, *OVER, Status.DECLINED)


@dataclass
class Worklist:
    """As an expert: what nobody took, what I took, what a colleague is late with, what waits for
    the requester, what is answered. As a requester: what waits for me, what I wait for, what is
    over. Soonest due first."""

    queue: list[Case] = field(default_factory=list)
    taken: list[Case] = field(default_factory=list)
    late_elsewhere: list[Case] = field(default_factory=list)
    asked: list[Case] = field(default_factory=list)
    answered: list[Case] = field(default_factory=list)
    to_do: list[Case] = field(default_factory=list)
    waiting: list[Case] = field(default_factory=list)
    over: list[Case] = field(default_factory=list)


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    """A first sieve in the query; `can` has the last word."""
    return sa.or_(
        Case.requester_id == actor.id,
        Case.expert_id == actor.id,
        Case.site_id == (actor.site_id or ""),
        sa.and_(Case.to_organisation_id == (actor.organisation_id or ""),
                Case.specialty.in_(actor.specialties)),
    )  # fmt: skip


async def worklist(session: AsyncSession, actor: Actor, now: dt.datetime) -> Worklist:
    """Whatever this actor may see. Raises `NotFound` for those who see no request at all."""
    if not can(actor, Action.CASE_LIST, None):
        raise NotFound(actor, Audited.CASE_LIST, "")
    visible = sa.select(Case).where(_visible(actor))
    alive = await session.scalars(
        visible.where(Case.status.not_in(OVER)).order_by(
            sa.func.coalesce(Case.due_at, Case.created_at), Case.id
        )
    )
    over = await session.scalars(
        visible.where(Case.status.in_(OVER), Case.submitted_at.is_not(None))
        .order_by(Case.submitted_at.desc()).limit(PAST_SHOWN)
    )  # fmt: skip
    found = Worklist()
    for case in [*alive, *over]:
        if can(actor, Action.CASE_SEE, case):
            _place(found, actor, case, now)
    await audit.record(session, actor=actor.audit_name, action=Audited.CASE_LIST, subject=actor.id)
    return found


def _place(found: Worklist, actor: Actor, case: Case, now: dt.datetime) -> None:
    """Each case is in one list: what one asked oneself is read as its requester."""
    if can(actor, Action.CASE_WRITE, case):
        _place_asked(found, case)
    elif case.expert_id == actor.id:
        status = Status(case.status)
        mine = found.answered if status in DONE_BY_EXPERT else found.taken
        (found.asked if status is Status.MORE_ASKED else mine).append(case)
    elif case.status == Status.SUBMITTED:
        found.queue.append(case)
    elif case.status == Status.ASSIGNED and life.late(standing(case), now):
        found.late_elsewhere.append(case)


def _place_asked(found: Worklist, case: Case) -> None:
    turn = life.TURN.get(Status(case.status))
    if turn is None:
        found.over.append(case)
    elif turn is not Side.REQUESTER:
        found.waiting.append(case)
    elif case.status == Status.ACKNOWLEDGED:
        found.over.append(case)
    else:
        found.to_do.append(case)
