"""A still picture as a room knows it: who took it, what it weighs, how much of it is here. PURE.

Its bytes are elsewhere (`album`); it refuses to say whether they are a picture (`inspection`).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

# Limits of PROTOCOL.md. Automatic stills are not counted: none of them is kept.
STILLS = 40
STAGES = 4
STAGE_BYTES = 4_000_000
PIXELS = 25_000_000
PART = 2048
TYPES = frozenset(("image/webp", "image/jpeg"))


@dataclass(frozen=True)
class StillStage:
    """One size of a still. `kept_at` is when it was complete, and found to be a picture."""

    type: str
    width: int
    height: int
    bytes: int
    kept_at: dt.datetime | None = None


@dataclass(frozen=True)
class Still:
    """`by` asked for it, None when it was its taker's own idea or the ladder's; `why` is `asked`
    or `rung`; `tab` took it; `moved_at` is when its taker's page last spoke of it."""

    id: str
    seat: str
    source: str
    why: str
    at: dt.datetime
    stages: tuple[StillStage, ...]
    by: str | None = None
    have: int = 0
    tab: str | None = None
    moved_at: dt.datetime | None = None

    @property
    def complete(self) -> bool:
        return self.have == len(self.stages)

    @property
    def lasting(self) -> bool:
        """Whether it stays with the consultation: what nobody asked for is a moving picture's
        poor relation, and no more kept than that."""
        return self.why == "asked"

    def moved(self, now: dt.datetime, tab: str | None) -> "Still":
        return replace(self, moved_at=now, tab=tab)

    def kept(self, stage: int, size: int, now: dt.datetime) -> "Still":
        """With this stage complete, of `size` bytes."""
        stages = list(self.stages)
        stages[stage] = replace(stages[stage], bytes=size, kept_at=now)
        return replace(self, stages=tuple(stages), have=max(self.have, stage + 1))

    def cut(self) -> "Still":
        """Without the stages which are not there and will not come."""
        return replace(self, stages=self.stages[: self.have])


@dataclass(frozen=True)
class Wanted:
    """A still somebody asked for, which has not begun."""

    id: str
    seat: str
    source: str
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Pointer:
    """A spot of a still, 0 to 1 from its left and top; None: nowhere."""

    still: str
    x: float | None
    y: float | None


@dataclass(frozen=True)
class Pointed:
    """What one socket was shown of others' pointers, and when last."""

    socket: str = ""
    at: dt.datetime | None = None
    shown: tuple[tuple[str, Pointer], ...] = ()


def smallest_first(stages: Iterable[StillStage]) -> bool:
    sizes = [stage.bytes for stage in stages]
    return sizes == sorted(sizes)
