"""The audit log: every access to patient data and every refusal, in a chain of digests.

A row is written in the transaction of the act it tells, so that neither exists without the
other. It holds identifiers, never a name, a reason, a message or a trait of a patient. Rows are
only added: triggers of the database refuse to change or delete one. `verify` finds what was
changed regardless; rows cut off the end are found by `server.kernel.anchor`.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.db import AuditRow, utcnow

Outcome = Literal["done", "refused"]
FIRST = "0" * 64
TABLE = cast(sa.Table, AuditRow.__table__)
# Where a transaction remembers the row it added last: a session of `Database` lives for one.
LAST = "last audit row"
# Any constant will do, as long as nothing else in this database takes the same lock.
POSTGRES_LOCK = 0x43415242


class Audited(StrEnum):
    """The whole vocabulary, as `source:subject:action`. Whether it was done or refused is the
    row's `outcome`."""

    LOGIN_PASSWORD = "login:account:password"  # noqa: S105
    LOGIN_CODE = "login:account:code"
    LOGIN_ENROL = "login:account:enrol"
    LOGIN_SLOWED = "login:account:slow"
    LOGIN_STEP_UP = "login:account:step_up"
    LOGIN_DEMO = "login:account:demo"
    LOGOUT = "login:session:close"
    SESSION_REVOKE = "account:session:revoke"
    ACCOUNT_CHANGE = "account:person:change"
    PERSON_ADD = "command:person:add"
    PERSON_EXPERT = "command:person:expert"
    SITE_ADD = "command:site:add"
    SITE_AGREE = "command:site:agree"
    SITE_LINK = "account:site:link"

    CONSULTATION_PLAN = "consultation:consultation:plan"
    CONSULTATION_OPEN = "consultation:consultation:open"
    CONSULTATION_START = "consultation:consultation:start"
    CONSULTATION_END = "consultation:consultation:end"
    CONSULTATION_CANCEL = "consultation:consultation:cancel"
    CONSULTATION_MISS = "consultation:consultation:miss"
    CONSULTATION_REOPEN = "consultation:consultation:reopen"
    CONSULTATION_LIST = "consultation:agenda:read"
    CONSULTATION_SEE = "consultation:consultation:read"

    INVITATION_CREATE = "invitation:invitation:create"
    INVITATION_RENEW = "invitation:invitation:renew"
    INVITATION_REVOKE = "invitation:invitation:revoke"
    INVITATION_REDEEM = "invitation:invitation:redeem"
    INVITATION_SLOWED = "invitation:code:slow"

    SEAT_CONNECT = "call:seat:connect"
    SEAT_KNOCK = "call:seat:knock"
    SEAT_ADMIT = "call:seat:admit"
    SEAT_REFUSE = "call:seat:refuse"
    SEAT_REMOVE = "call:seat:remove"
    SEAT_ENTER = "call:seat:enter"
    SEAT_LEAVE = "call:seat:leave"
    SEAT_CONSENT = "call:seat:consent"
    ROOM_LOCK = "call:room:lock"
    ROOM_UNLOCK = "call:room:unlock"
    MESSAGE_SAY = "call:message:say"
    STILL_ASK = "call:still:ask"
    STILL_SEND = "call:still:send"

    RECORD_READ = "record:record:read"
    RECORD_EXPORT = "record:record:export"
    STILL_READ = "record:still:read"
    NOTES_WRITE = "record:notes:write"

    CASE_CREATE = "case:case:create"
    CASE_LIST = "case:list:read"
    CASE_SEE = "case:case:read"
    CASE_SAVE = "case:draft:write"
    CASE_SUBMIT = "case:case:submit"
    CASE_CLAIM = "case:case:claim"
    CASE_RELEASE = "case:case:release"
    CASE_TAKE_OVER = "case:case:take_over"
    CASE_PASS_ON = "case:case:pass_on"  # noqa: S105
    CASE_DECLINE = "case:case:decline"
    CASE_ASK = "case:case:ask"
    CASE_GIVE = "case:case:give"
    CASE_ANSWER = "case:case:answer"
    CASE_ACKNOWLEDGE = "case:case:acknowledge"
    CASE_CLOSE = "case:case:close"
    CASE_REOPEN = "case:case:reopen"
    CASE_REVISE = "case:case:revise"
    CASE_WITHDRAW = "case:case:withdraw"
    CASE_LATE = "case:case:late"
    CASE_ERASE = "case:case:erase"
    OPINION_SAVE = "case:opinion:write"
    IMAGE_BEGIN = "case:image:begin"
    IMAGE_KEEP = "case:image:keep"
    IMAGE_REFUSE = "case:image:refuse"
    IMAGE_REMOVE = "case:image:remove"
    IMAGE_READ = "case:image:read"


@dataclass(frozen=True)
class Broken:
    """The first row which does not hold. `why`: `changed`, `missing`, `unchained` or `cut`."""

    number: int
    why: Literal["changed", "missing", "unchained", "cut"]


@dataclass(frozen=True)
class Head:
    """The last row of the chain; number 0 when there is none."""

    number: int
    digest: str


def canonical(row: AuditRow) -> bytes:
    """The bytes a row's digest is taken over: JSON, sorted keys, UTC times to the microsecond."""
    content = {
        "number": row.number,
        "at": row.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "outcome": row.outcome,
        "detail": row.detail,
        "previous": row.previous,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def digest_of(row: AuditRow) -> str:
    return hashlib.sha256(b"\0" + canonical(row)).hexdigest()


async def head(session: AsyncSession) -> Head:
    query = sa.select(AuditRow.number, AuditRow.digest).order_by(AuditRow.number.desc()).limit(1)
    last = (await session.execute(query)).first()
    return Head(last.number, last.digest) if last else Head(0, FIRST)


async def record(
    session: AsyncSession,
    *,
    actor: str,
    action: Audited,
    subject: str,
    outcome: Outcome = "done",
    detail: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> AuditRow:
    """Adds one row in the caller's transaction, which must be of `Database.begin`.

    Two writers would chain to the same row: on SQLite `begin` already lets one through at a
    time, on PostgreSQL the lock taken here is held until the transaction ends.
    """
    last = session.info.get(LAST) or await _held_head(session)
    row = AuditRow(
        number=last.number + 1,
        at=now or utcnow(),
        actor=actor[:64],
        action=Audited(action).value,
        subject=subject[:64],
        outcome=outcome,
        detail=json.loads(json.dumps(dict(detail or {}), allow_nan=False)),
        previous=last.digest,
    )
    row.digest = digest_of(row)
    # Past the unit of work: nothing is ever changed in this row, and many are written.
    values = {column.key: getattr(row, column.key) for column in TABLE.columns}
    await session.flush()
    await session.execute(sa.insert(TABLE), values)
    session.info[LAST] = Head(row.number, row.digest)
    return row


async def _held_head(session: AsyncSession) -> Head:
    """The last row; until this transaction ends nobody else adds one."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(sa.select(sa.func.pg_advisory_xact_lock(POSTGRES_LOCK)))
    return await head(session)


async def verify(session: AsyncSession) -> Broken | None:
    """Follows the whole chain and names its first bad row; None when every row holds."""
    expected, previous = 1, FIRST
    rows = await session.stream_scalars(
        sa.select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=500)
    )
    async for row in rows:
        fault = _fault(row, expected, previous)
        if fault:
            return fault
        expected, previous = row.number + 1, row.digest
        session.expunge(row)
    return None


def _fault(row: AuditRow, expected: int, previous: str) -> Broken | None:
    if row.number != expected:
        return Broken(expected, "missing")
    if digest_of(row) != row.digest:
        return Broken(row.number, "changed")
    if row.previous != previous:
        return Broken(row.number, "unchained")
    return None
