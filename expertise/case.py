"""The life of a request for an opinion, as a table. PURE: refuses to know who asks, stores nothing.

draft → submitted → assigned → (more asked ↔ given) → answered → acknowledged → closed; declined
with a reason, passed on, withdrawn, reopened. Being late is no status: whoever is late still has
the same thing to do. Time is an argument.
"""

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum


class Status(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ASSIGNED = "assigned"
    MORE_ASKED = "more_asked"
    ANSWERED = "answered"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    SUBMIT = "submit"
    CLAIM = "claim"
    RELEASE = "release"
    TAKE_OVER = "take_over"
    PASS_ON = "pass_on"  # noqa: S105 -- no password
    DECLINE = "decline"
    ASK = "ask"
    GIVE = "give"
    ANSWER = "answer"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    REOPEN = "reopen"
    REVISE = "revise"
    WITHDRAW = "withdraw"
    LATE = "late"


class Side(StrEnum):
    """Whose turn it is, and who may act."""

    REQUESTER = "requester"  # requérant: whoever asked, and their site
    QUEUE = "queue"  # any expert of the specialty
    EXPERT = "expert"  # requis: the one who took it
    CLOCK = "clock"


@dataclass(frozen=True)
class Standing:
    """Where a request is. `due_at` is when an answer is owed; while the requester is asked for
    more (`paused_at`) that clock stands still. `late_since` is set once, when it was noticed."""

    status: Status = Status.DRAFT
    due_at: dt.datetime | None = None
    paused_at: dt.datetime | None = None
    late_since: dt.datetime | None = None


STATUSES = tuple(Status)
TABLE: dict[tuple[Status, Act], Status] = {
    (Status.DRAFT, Act.SUBMIT): Status.SUBMITTED,
    (Status.DRAFT, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.SUBMITTED, Act.CLAIM): Status.ASSIGNED,
    (Status.SUBMITTED, Act.PASS_ON): Status.SUBMITTED,
    (Status.SUBMITTED, Act.DECLINE): Status.DECLINED,
    (Status.SUBMITTED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.SUBMITTED, Act.LATE): Status.SUBMITTED,
    (Status.ASSIGNED, Act.RELEASE): Status.SUBMITTED,
    (Status.ASSIGNED, Act.TAKE_OVER): Status.ASSIGNED,
    (Status.ASSIGNED, Act.PASS_ON): Status.SUBMITTED,
    (Status.ASSIGNED, Act.DECLINE): Status.DECLINED,
    (Status.ASSIGNED, Act.ASK): Status.MORE_ASKED,
    (Status.ASSIGNED, Act.ANSWER): Status.ANSWERED,
    (Status.ASSIGNED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.ASSIGNED, Act.LATE): Status.ASSIGNED,
    (Status.MORE_ASKED, Act.GIVE): Status.ASSIGNED,
    (Status.MORE_ASKED, Act.DECLINE): Status.DECLINED,
    (Status.MORE_ASKED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.ANSWERED, Act.ACKNOWLEDGE): Status.ACKNOWLEDGED,
    (Status.ANSWERED, Act.REOPEN): Status.ASSIGNED,
    (Status.ACKNOWLEDGED, Act.CLOSE): Status.CLOSED,
    (Status.ACKNOWLEDGED, Act.REOPEN): Status.ASSIGNED,
    (Status.CLOSED, Act.REOPEN): Status.ASSIGNED,
    (Status.DECLINED, Act.REVISE): Status.DRAFT,
    (Status.DECLINED, Act.WITHDRAW): Status.WITHDRAWN,
}
BY: dict[Act, Side] = {
    Act.SUBMIT: Side.REQUESTER,
    Act.CLAIM: Side.QUEUE,
    Act.RELEASE: Side.EXPERT,
    Act.TAKE_OVER: Side.QUEUE,
    Act.PASS_ON: Side.QUEUE,
    Act.DECLINE: Side.QUEUE,
    Act.ASK: Side.EXPERT,
    Act.GIVE: Side.REQUESTER,
    Act.ANSWER: Side.EXPERT,
    Act.ACKNOWLEDGE: Side.REQUESTER,
    Act.CLOSE: Side.REQUESTER,
    Act.REOPEN: Side.REQUESTER,
    Act.REVISE: Side.REQUESTER,
    Act.WITHDRAW: Side.REQUESTER,
    Act.LATE: Side.CLOCK,
}
# Acts which say something to the other side, or why: the text is part of the act.
SAYING = frozenset({Act.PASS_ON, Act.DECLINE, Act.ASK, Act.GIVE, Act.REOPEN})
# Who has to do something now; nobody when it is over.
TURN: dict[Status, Side] = {
    Status.DRAFT: Side.REQUESTER,
    Status.SUBMITTED: Side.QUEUE,
    Status.ASSIGNED: Side.EXPERT,
    Status.MORE_ASKED: Side.REQUESTER,
    Status.ANSWERED: Side.REQUESTER,
    Status.ACKNOWLEDGED: Side.REQUESTER,
    Status.DECLINED: Side.REQUESTER,
}
OWED = (Status.SUBMITTED, Status.ASSIGNED)
OVER = (Status.CLOSED, Status.WITHDRAWN)


class Refused(Exception):
    """This act is not possible now; `needed` says from which statuses it would be."""

    def __init__(self, status: Status, act: Act) -> None:
        self.status, self.act = status, act
        self.needed = tuple(each for each, possible in TABLE if possible is act)
        super().__init__(f"{act} is not possible when {status}")


def side(status: Status, act: Act) -> Side:
    """Who may do an act: what somebody took, only they decline or pass on."""
    taken = status in (Status.ASSIGNED, Status.MORE_ASKED)
    by = BY[act]
    return Side.EXPERT if by is Side.QUEUE and taken and act is not Act.TAKE_OVER else by


def late(standing: Standing, now: dt.datetime) -> bool:
    """Whether an answer is owed and its time has passed."""
    owed = standing.status in OWED and standing.due_at is not None
    return owed and standing.due_at is not None and standing.due_at <= now


def possible(standing: Standing, act: Act, now: dt.datetime) -> bool:
    """Whether the table and the clock allow an act. A colleague takes over only what is late."""
    if (standing.status, act) not in TABLE:
        return False
    if act is Act.LATE:
        return late(standing, now) and standing.late_since is None
    return act is not Act.TAKE_OVER or late(standing, now)


def after(
    standing: Standing, act: Act, now: dt.datetime, within: dt.timedelta | None = None
) -> Standing:
    """The standing after an act. `within` is the time an answer is owed in, for the acts that
    begin it (submit, reopen). Raises `Refused`, and `ValueError` when `within` is missing."""
    if not possible(standing, act, now):
        raise Refused(standing.status, act)
    moved = replace(standing, status=TABLE[standing.status, act])
    if act in (Act.SUBMIT, Act.REOPEN):
        if within is None:
            raise ValueError(f"{act} begins a time to answer in")
        return Standing(moved.status, due_at=now + within)
    if act is Act.ASK:
        return replace(moved, paused_at=now)
    if act is Act.GIVE and standing.paused_at and standing.due_at:
        return replace(moved, paused_at=None, due_at=standing.due_at + (now - standing.paused_at))
    if act is Act.LATE:
        return replace(moved, late_since=now)
    if act is Act.REVISE:
        return Standing(moved.status)
    return moved
