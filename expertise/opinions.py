"""Use cases of an expert's answer: a draft of its author alone, then signed, then as it is.

Signing and the end of the request are one transaction; the database itself refuses to change a
signed opinion (migration 0005). Whether the signer proved who they are is the caller's to ask
first: see `server.kernel.step_up`.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import case as life
from expertise import cases
from expertise.case import Act
from expertise.forms import Invalid
from expertise.opinion import Content, digest, missing
from server.kernel import audit
from server.kernel.access import Action, Actor
from server.kernel.audit import Audited
from server.kernel.cases import Case, Opinion
from server.kernel.db import Person, utcnow


async def draft_of(session: AsyncSession, actor: Actor, case: Case) -> Opinion | None:
    """This actor's unsigned opinion on the case."""
    query = sa.select(Opinion).where(
        Opinion.case_id == case.id, Opinion.author_id == actor.id, Opinion.signed_at.is_(None)
    )
    return (await session.scalars(query)).first()


async def signed(session: AsyncSession, case: Case) -> list[Opinion]:
    """The signed opinions, the last one first."""
    query = sa.select(Opinion).where(Opinion.case_id == case.id, Opinion.signed_at.is_not(None))
    return list(await session.scalars(query.order_by(Opinion.number.desc())))


async def save(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    content: Content,
    revision: int,
    now: dt.datetime | None = None,
) -> Opinion:
    """Stores the draft over `revision`, 0 when there was none. Raises `NotFound`, `Refused` when
    no answer is awaited, `Stale` when another tab saved something else meanwhile."""
    _awaited(actor, case)
    now = now or utcnow()
    life.after(cases.standing(case), Act.ANSWER, now)
    draft = await draft_of(session, actor, case)
    if draft is None:
        if revision:
            raise cases.Stale
        draft = Opinion(case_id=case.id, author_id=actor.id, content=content.stored(), saved_at=now)
        session.add(draft)
        await session.flush()
        await session.refresh(draft)
    elif draft.content == content.stored():
        return draft
    else:
        await _write(session, draft, content, revision, now)
    await audit.record(session, actor=actor.audit_name, action=Audited.OPINION_SAVE,
                       subject=case.id, now=now)  # fmt: skip
    return draft


def _awaited(actor: Actor, case: Case) -> None:
    """Raises `NotFound`; `Stale` when a colleague took the request over meanwhile."""
    cases.permitted(actor, Action.CASE_TAKE, case)
    if case.expert_id != actor.id:
        raise cases.Stale


async def _write(
    session: AsyncSession, draft: Opinion, content: Content, revision: int, now: dt.datetime
) -> None:
    written = await session.scalars(
        sa.update(Opinion)
        .where(Opinion.id == draft.id, Opinion.revision == revision)
        .values(content=content.stored(), saved_at=now, revision=revision + 1)
        .returning(Opinion.id)
        .execution_options(synchronize_session=False)
    )
    if written.first() is None:
        raise cases.Stale
    await session.refresh(draft)


async def sign(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    content: Content,
    revision: int,
    version: int,
    proof: str,
    now: dt.datetime | None = None,
) -> Opinion:
    """Signs, and answers the request, over what was shown of both; `proof` is how the signer
    proved who they are. Raises `NotFound`, `Invalid` with what is missing, `Refused`, `Stale`."""
    now = now or utcnow()
    _awaited(actor, case)
    if errors := missing(content):
        raise Invalid(errors)
    if case.version != version:
        raise cases.Stale
    opinion = await save(session, actor, case, content, revision, now)
    person = await session.get_one(Person, actor.id)
    number = len(await signed(session, case)) + 1
    values = life.after(cases.standing(case), Act.ANSWER, now)
    await cases.write(session, case, version, **cases.moved_values(values))
    opinion.number, opinion.signed_at, opinion.proof = number, now, proof
    opinion.signed_by = ", ".join(part for part in (person.name, person.title) if part)[:200]
    opinion.digest = digest(case.id, number, content, actor.id, now)
    await session.flush()
    await cases.note(session, actor.audit_name, case, Act.ANSWER, "", now, person_id=actor.id,
                     opinion=opinion.digest, proof=proof)  # fmt: skip
    return opinion


def holds(opinion: Opinion) -> bool:
    """Whether a signed opinion still is what was signed."""
    if opinion.signed_at is None or opinion.number is None:
        return False
    content = Content.read(opinion.content)
    told = digest(opinion.case_id, opinion.number, content, opinion.author_id, opinion.signed_at)
    return told == opinion.digest
