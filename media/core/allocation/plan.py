"""What one browser is told to encode, and the same as JSON (signaling/PROTOCOL.md, `encode`)."""

from dataclasses import asdict, dataclass
from typing import Any

from media.core.allocation.ladder import Reason, VoiceStep

RISE = 0.12  # of a figure: less is not worth a message on a thin link
SINK = 0.10  # at once: the margin of a link covers less
OFTEN = 3.0  # s between two plans which only give a little more
WIDE = 100_000  # bit/s of pictures: beside them a message a second is nothing
GRAIN = 2000  # bit/s: what is to spare follows every breath of the link
LEAP = 0.3  # of a picture's bitrate: so much more is told
SOON = 1.0  # s after the last plan


@dataclass(frozen=True)
class Encoding:
    """One video stream: `bitrate` is payload bit/s, `layers` temporal, `codec` vp8 or av1."""

    bitrate: int
    fps: int
    height: int
    layers: int
    codec: str


@dataclass(frozen=True)
class StillPlan:
    """Automatic stills: one of about `bytes` each `every` s."""

    every: float
    bytes: int


@dataclass(frozen=True)
class Plan:
    """See the contract of `encode`: `n` grows; None is not sent; `ceiling` bounds all media the
    browser may send, `spare` is left for stills and other transfers, both bit/s."""

    n: int
    rung: str
    why: Reason
    audio: VoiceStep
    camera: Encoding | None
    low: Encoding | None
    exam: Encoding | None
    ceiling: int
    stills: StillPlan | None
    spare: int


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as what `json.dumps` takes."""
    return asdict(plan)


def due(before: Plan, after: Plan, age: float) -> bool:
    """Whether a plan is worth sending, `age` s after the one before: what changes in kind or takes
    away goes at once; what only gives a little more waits, or is not worth a message."""
    if _kind(before) != _kind(after):
        return True
    old, new = _amounts(before), _amounts(after)
    if any(b < a * (1 - SINK) for a, b in zip(old[:3], new[:3], strict=True)):
        return True
    if age >= SOON and any(b > a * (1 + LEAP) for a, b in zip(old[:3], new[:3], strict=True)):
        return True
    often = SOON if sum(old[:3]) >= WIDE else OFTEN
    return age >= often and any(abs(b - a) > RISE * a for a, b in zip(old, new, strict=True))


def _kind(plan: Plan) -> tuple[object, ...]:
    shapes = [
        (one.fps, one.height, one.layers, one.codec) if one else None
        for one in (plan.camera, plan.low, plan.exam)
    ]
    return (plan.rung, plan.audio, plan.stills is None, *shapes)


def _amounts(plan: Plan) -> list[int]:
    """Bit/s that matter: the pictures first."""
    pictures = [one.bitrate if one else 0 for one in (plan.camera, plan.low, plan.exam)]
    return [*pictures, plan.ceiling, (plan.spare // GRAIN + 1) * GRAIN]
