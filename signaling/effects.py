"""What a room wants done. PURE values: `rooms` and `journal` execute them.

Those named Store… and Audit belong to one transaction per step, replayable in order.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from signaling.consultation import Act
from signaling.seats import Stage
from signaling.still import Still


@dataclass(frozen=True)
class Send:
    socket: str
    event: str
    payload: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Drop:
    """Close this socket."""

    socket: str


@dataclass(frozen=True)
class Reply:
    """The acknowledgement of the command being handled. `code` None means done."""

    code: str | None = None
    extra: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class OpenMedia:
    seat: str
    attempt: int


@dataclass(frozen=True)
class AnswerMedia:
    """Give the browser's answer to the worker, then acknowledge."""

    seat: str
    session: str
    sdp: str


@dataclass(frozen=True)
class CloseMedia:
    seat: str


@dataclass(frozen=True)
class CloseRoom:
    pass


@dataclass(frozen=True)
class ReportLink:
    """Tell the worker what a browser says of its own sending."""

    seat: str
    session: str
    up: float | None
    rtt: float | None
    loss: float | None
    limited: str


@dataclass(frozen=True)
class TellMatters:
    """Tell the worker what matters in a seat's picture."""

    seat: str
    source: str
    what: str


@dataclass(frozen=True)
class TransferMedia:
    """Tell the worker that something else than media crosses a seat's link, or no more."""

    seat: str
    direction: str
    on: bool


@dataclass(frozen=True)
class WriteStill:
    """Store that a still begins, say so with `StillBegun`, then acknowledge."""

    still: Still


@dataclass(frozen=True)
class FindStill:
    """Acknowledge with where a still goes on: only the disk knows."""

    still: Still


@dataclass(frozen=True)
class KeepPart:
    """Put a part on disk, then acknowledge; a stage's last one is followed by `StillKept` or
    `StillRefused`, and acknowledged after."""

    still: Still
    stage: int
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class EraseStill:
    """Remove the bytes of stages from `stage` on: they are worth nothing to anybody."""

    still: Still
    stage: int = 0


@dataclass(frozen=True)
class WriteMessage:
    """Store and number a message, say so with `Said`, then acknowledge: never before the disk.

    With a `refusal`, nothing new is stored: only what was sent before is acknowledged again."""

    seat: str
    client_id: str
    text: str
    refusal: str | None = None


@dataclass(frozen=True)
class WriteConsent:
    """Store a consent or a refusal, say so with `Consented`, then acknowledge."""

    seat: str
    given: bool


@dataclass(frozen=True)
class StoreStage:
    seat: str
    stage: Stage


@dataclass(frozen=True)
class StoreAttendance:
    """Known by seat and `entered_at`: stored twice, it is there once. `sent` and `received` are
    the bytes of this stay."""

    seat: str
    entered_at: dt.datetime
    left_at: dt.datetime | None = None
    why: str = ""
    sent: int = 0
    received: int = 0


@dataclass(frozen=True)
class StoreSiteLink:
    """What a site's link was worth during a stay: bit/s each way, s."""

    site: str
    up: float | None
    down: float | None
    rtt: float | None


@dataclass(frozen=True)
class StoreIncident:
    """Known by seat, kind and `started_at`: stored twice, it is there once. `why` is said when it
    begins, where it is known."""

    seat: str | None
    kind: str
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class StoreMatters:
    """What matters in a seat's pictures: all of it, by source."""

    seat: str
    matters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DropStill:
    """Of a still only the first `have` stages will ever be there."""

    still: str
    have: int


@dataclass(frozen=True)
class StoreStatus:
    act: Act
    at: dt.datetime


@dataclass(frozen=True)
class StoreLocked:
    locked: bool


@dataclass(frozen=True)
class RevokeInvitation:
    """The link of a removed guest is worth nothing any more."""

    seat: str


@dataclass(frozen=True)
class KeepOnly:
    """A guest was admitted with this login session; others of the same link end."""

    seat: str
    credential: str


@dataclass(frozen=True)
class Audit:
    """`actor` is a seat, or None for Carbet itself; `action` is a word of `rooms.AUDITED`."""

    actor: str | None
    action: str
    subject: str
    outcome: str = "done"
    detail: dict[str, Any] = field(default_factory=dict, hash=False)


Stored = (
    StoreStage
    | StoreAttendance
    | StoreSiteLink
    | StoreIncident
    | StoreMatters
    | DropStill
    | StoreStatus
    | StoreLocked
    | RevokeInvitation
    | KeepOnly
    | Audit
)
Effect = (
    Send
    | Drop
    | Reply
    | OpenMedia
    | AnswerMedia
    | CloseMedia
    | CloseRoom
    | ReportLink
    | TellMatters
    | TransferMedia
    | WriteStill
    | FindStill
    | KeepPart
    | EraseStill
    | WriteMessage
    | WriteConsent
    | Stored
)
