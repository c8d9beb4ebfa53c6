"""The life of a consultation, as a table. PURE: it refuses to know who asks, and stores nothing.

planned → open → in_call → ended, or cancelled, or missed; re-openable for 24 hours.
"""

import datetime as dt
from enum import StrEnum


class Status(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    IN_CALL = "in_call"
    ENDED = "ended"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Act(StrEnum):
    OPEN = "open"
    START = "start"
    END = "end"
    CANCEL = "cancel"
    MISS = "miss"
    REOPEN = "reopen"


STATUSES = tuple(Status)
RUNNING = (Status.OPEN, Status.IN_CALL)
OVER = (Status.ENDED, Status.CANCELLED, Status.MISSED)

REOPENABLE_FOR = dt.timedelta(hours=24)
# Somebody may be late, and so may a boat: missed only well after the planned end.
MISSED_AFTER = dt.timedelta(minutes=60)
# Everybody left and nobody pressed "end": ended by itself.
ABANDONED_AFTER = dt.timedelta(minutes=60)

TABLE: dict[tuple[Status, Act], Status] = {
    (Status.PLANNED, Act.OPEN): Status.OPEN,
    (Status.PLANNED, Act.START): Status.IN_CALL,
    (Status.PLANNED, Act.CANCEL): Status.CANCELLED,
    (Status.PLANNED, Act.MISS): Status.MISSED,
    (Status.OPEN, Act.START): Status.IN_CALL,
    (Status.OPEN, Act.END): Status.ENDED,
    (Status.OPEN, Act.CANCEL): Status.CANCELLED,
    (Status.OPEN, Act.MISS): Status.MISSED,
    (Status.IN_CALL, Act.END): Status.ENDED,
    (Status.ENDED, Act.REOPEN): Status.OPEN,
    (Status.CANCELLED, Act.REOPEN): Status.OPEN,
    (Status.MISSED, Act.REOPEN): Status.OPEN,
}


class Refused(Exception):
    """This act is not possible from this status; `needed` says from which it would be."""

    def __init__(self, status: Status, act: Act) -> None:
        self.status, self.act = status, act
        self.needed = sources(act)
        super().__init__(f"{act} is not possible when {status}")


def sources(act: Act) -> tuple[Status, ...]:
    """The statuses from which an act is possible."""
    return tuple(status for status, possible in TABLE if possible is act)


def after(status: Status, act: Act) -> Status:
    """The status after an act. Raises `Refused`."""
    try:
        return TABLE[status, act]
    except KeyError:
        raise Refused(status, act) from None


def reopenable(status: Status, over_since: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a consultation that is over may still be opened again."""
    if (status, Act.REOPEN) not in TABLE or over_since is None:
        return False
    return now - over_since <= REOPENABLE_FOR


def missed_at(planned_at: dt.datetime, minutes: int) -> dt.datetime:
    """When a consultation in which nothing happened counts as missed."""
    return planned_at + dt.timedelta(minutes=minutes) + MISSED_AFTER
