"""Refusals that leave a trace although the transaction they happen in is undone.

What exists and is not yours looks like what does not exist: one error, `NotFound`, for both.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import audit
from server.kernel.access import Actor
from server.kernel.audit import Audited
from server.kernel.db import Database


class NotFound(Exception):
    """Not there, or not for you: the answer is the same, and its trace is in `actor`…"""

    def __init__(self, actor: Actor, action: Audited, subject: str, **detail: Any) -> None:
        self.actor, self.action, self.subject, self.detail = actor, action, subject, detail
        super().__init__("not found")


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
