"""Refusals that leave a trace although the transaction they happen in is undone.

What exists and is not yours looks like what does not exist: one error, `NotFound`, for both.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.access import Action, Actor, Subject, can
from server.kernel.audit import Audited
from server.kernel.db import Database


class NotFound(Exception):
    """Not there, or not for you: the answer is the same, and its trace is in `actor`…"""

    def __init__(self, actor: Actor, action: Audited, subject: str, **detail: Any) -> None:
        self.actor, self.action, self.subject, self.detail = actor, action, subject, detail
        super().__init__("not found")


# What the log calls an action when it was refused.
TRACES: dict[Action, Audited] = {
    Action.PLAN: Audited.CONSULTATION_PLAN,
    Action.LIST: Audited.CONSULTATION_LIST,
    Action.SEE: Audited.CONSULTATION_SEE,
    Action.ENTER: Audited.SEAT_CONNECT,
    Action.OPEN: Audited.CONSULTATION_OPEN,
    Action.HOST: Audited.CONSULTATION_END,
    Action.ADMIT: Audited.SEAT_ADMIT,
    Action.INVITE: Audited.INVITATION_CREATE,
    Action.ANNOTATE: Audited.NOTES_WRITE,
    Action.RECORD: Audited.RECORD_READ,
    Action.STILL: Audited.STILL_READ,
    Action.REOPEN: Audited.CONSULTATION_REOPEN,
    Action.CANCEL: Audited.CONSULTATION_CANCEL,
}


def permitted(actor: Actor, action: Action, subject: Subject, identifier: str = "") -> None:
    """Raises `NotFound` unless `can`. `identifier` is what was asked for."""
    if subject is None or not can(actor, action, subject):
        raise NotFound(actor, TRACES[action], identifier, asked=action.value)


@asynccontextmanager
async def begin(db: Database) -> AsyncIterator[AsyncSession]:
    """`db.begin()`; a `NotFound` raised inside undoes the act, and is itself recorded."""
    try:
        async with db.begin() as session:
            yield session
    except NotFound as refusal:
        async with db.begin() as session:
            await audit.record(
                session,
                actor=refusal.actor.audit_name,
                action=refusal.action,
                subject=refusal.subject,
                outcome="refused",
                detail=refusal.detail,
            )
        raise
