"""When somebody is heard and seen again, read from the instants at which they were. PURE.

A sign is an instant at which a new picture was shown or a new sound was heard. Speech pauses and
pictures come some times a second, so signs never are closer than that; a pause of PAUSE seconds is
one a person notices. It refuses to call somebody back who falls silent again a moment later: the
last pause counts, not the first sign.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

PAUSE = 0.7  # seconds without any sign that a person notices
STEADY = 3.0  # seconds without such a pause, after which somebody is back


@dataclass(frozen=True)
class Signs:
    """Instants in seconds, ascending."""

    sounds: tuple[float, ...]
    pictures: tuple[float, ...]


def pauses(signs: Sequence[float], start: float, end: float) -> list[tuple[float, float]]:
    """The pauses of PAUSE seconds or more that end after ``start``; one that lasts is cut at
    ``end``. What came before ``start`` tells only since when a pause lasts."""
    earlier = [at for at in signs if at <= start]
    marks = [max(earlier, default=start), *(at for at in signs if start < at < end), end]
    return [(one, other) for one, other in pairwise(marks) if other - one >= PAUSE]


def regained(signs: Sequence[float], fault: float, counted: float, now: float) -> float:
    """Seconds from ``counted`` until the signs went on for good: to the first one after the fault,
    or after the last pause since; infinite while they have not gone on for STEADY seconds."""
    found = pauses(signs, fault, now)
    after = [at for at in signs if at > fault]
    back = found[-1][1] if found else min(after, default=math.inf)
    return max(0.0, back - counted) if now - back >= STEADY else math.inf


def longest(signs: Sequence[float], fault: float, now: float) -> float:
    """The longest pause since the fault in seconds, 0 when nobody would notice any."""
    return max((end - max(start, fault) for start, end in pauses(signs, fault, now)), default=0.0)


def each(people: Mapping[str, Signs], fault: float, counted: float, now: float) -> dict[str, float]:
    """For each direction and medium, seconds until it was back: "guest hears", "guest sees"."""
    return {
        f"{name} {verb}": regained(signs, fault, counted, now)
        for name, person in people.items()
        for verb, signs in (("hears", person.sounds), ("sees", person.pictures))
    }
