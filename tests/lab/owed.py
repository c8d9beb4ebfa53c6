"""What is owed on each link, as data, and whether it was reached: PURE.

A figure of both ways is judged by the worse of the two; one that was never reached is not met. What
is owed on every link is judged against the best of the other systems, figure by figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

CARBET = "carbet"
OTHERS = ("direct", "tuned", "janus")
BOTH = ("up", "down")
# Of each person as another received them: the less the better. Carbet's stills count as pictures.
MOST_CHANGES = 4  # a minute, fewer than which a person may see of the rung
COMPARED = ("concealed", "unseen", "picture delay", "first picture")
INSTEAD = {"unseen": "frozen"}  # of a system without stills, and of runs held before they counted
# Differences in a median of three below which two systems are called equal.
EQUAL = {"concealed": 0.5, "unseen": 1.0, "picture delay": 30.0, "first picture": 0.3}
Value = float | None
Figures = Mapping[tuple[str, str, str], Value]  # (profile, system, figure)


@dataclass(frozen=True)
class Owed:
    """``figures``: each at most so much, or at ``least``; the aim is stricter, or all there is."""

    profile: str
    what: str
    figures: Sequence[str]
    unit: str
    owed: float | None
    aim: float | None = None
    least: bool = False
    system: str = CARBET
    instead: bool = False  # enough without the one before it, and not needed where that is met


def _each(name: str, part: str = "") -> tuple[str, ...]:
    return tuple(" ".join(filter(None, (way, part, name))) for way in BOTH)


JOINED, DOWN_QUEUE = ("down first picture",), ("down queue p95",)
OWED = (
    Owed("16", "speech concealed", _each("concealed"), "%", 2, 1),
    Owed("32", "speech concealed", _each("concealed"), "%", 2),
    Owed("32", "queue p95", _each("queue p95"), "ms", 250),
    Owed("32", "a 640×480 still asked for", ("up asked still",), "s", 20, 10),
    Owed("edge", "speech concealed", _each("concealed"), "%", 2),
    Owed("edge", "queue p95, up", ("up queue p95",), "ms", 250),
    Owed("edge", "first picture, up", ("up first picture",), "s", 6),
    Owed("edge", "moving pictures, up", ("up fps",), "fps", 5, 8, least=True),
    Owed("edge", "or a still each, up", ("up still every",), "s", 8, instead=True),
    Owed("vsat", "speech concealed", _each("concealed"), "%", 1),
    Owed("vsat", "first picture", _each("first picture"), "s", 5),
    Owed("vsat", "longest freeze after 15 s", _each("longest freeze"), "s", 1),
    Owed("vsat", "link used", _each("link used"), "%", 80, 85, least=True),
    Owed("vsat", "picture delay (propagation + 300)", _each("picture delay"), "ms", None, 600),
    Owed("vsat", "retransmissions per loss", _each("repairs per loss"), "", 1.2),
    Owed("3g", "speech concealed", _each("concealed"), "%", 2),
    Owed("wifi", "speech concealed", _each("concealed"), "%", 2),
    Owed("download", "queue p95, up", ("up queue p95",), "ms", 150, 100),
    Owed("download", "queue p95, down, the download's own in it", DOWN_QUEUE, "ms", 150, 100),
    Owed("download", "speech concealed", _each("concealed"), "%", 1),
    Owed("step", "speech gap in the dip", _each("speech gap", "dip"), "ms", 200),
    Owed("step", "speech gap after it", _each("speech gap", "after"), "ms", 200),
    Owed("step", "rate regained", _each("rate regained"), "s", 15, 10),
    Owed("step-600", "rate regained", _each("rate regained"), "s", 15, 15),
    Owed("step-600", "retransmissions per loss", _each("repairs per loss"), "", 1.2),
    Owed("cut", "speech back", _each("speech back"), "s", 1.5, 1),
    Owed("cut", "picture back", _each("picture back"), "s", 3, 2),
    Owed("vsat", "joined from a warm page: first remote picture", JOINED, "s", 7, 5),
    Owed("vsat", "joined cold: first remote picture", JOINED, "s", 15, 10, system="carbet-cold"),
)  # fmt: skip


def worse(values: Sequence[Value], least: bool) -> Value:
    """The worst of some figures; None, which was never reached, is the worst there is."""
    reached = [value for value in values if value is not None]
    if len(reached) < len(values):
        return None
    return min(reached) if least else max(reached)


def met(value: Value, bound: float | None, least: bool) -> bool:
    if value is None or bound is None:
        return False
    return value >= bound if least else value <= bound


def judged(owed: Owed, told: Figures) -> str | None:
    """ "aim", "met", "missed"; None where nothing was measured."""
    keys = [(owed.profile, owed.system, figure) for figure in owed.figures]
    if not any(key in told for key in keys):
        return None
    value = worse([told.get(key) for key in keys], owed.least)
    if met(value, owed.aim, owed.least):
        return "aim"
    if owed.owed is None:
        return "short"
    return "met" if met(value, owed.owed, owed.least) else "missed"


@dataclass(frozen=True)
class Comparison:
    """One figure against the best of the others that were measured there."""

    figure: str
    own: Value
    best: Value
    by: str

    @property
    def verdict(self) -> str:
        """ "better", "equal" or "worse"; equal where the difference means nothing."""
        kind = next(name for name in EQUAL if self.figure.endswith(name))
        if self.own is None or self.best is None:
            return "equal" if self.own == self.best else ("worse" if self.own is None else "better")
        if abs(self.own - self.best) <= EQUAL[kind]:
            return "equal"
        return "better" if self.own < self.best else "worse"


def compared(profile: str, told: Figures) -> Iterator[Comparison]:
    """Each figure of COMPARED, way by way, where Carbet and another system were measured."""
    for name in COMPARED:
        for way in BOTH:
            own = (profile, CARBET, f"{way} {name}")
            others = {s: _of(told, profile, s, way, name) for s in OTHERS}
            known = {s: value for s, (there, value) in others.items() if there}
            if own in told and known:
                by = min(known, key=lambda s: (known[s] is None, known[s] or 0.0))
                yield Comparison(f"{way} {name}", told[own], known[by], by)


def _of(told: Figures, profile: str, system: str, way: str, name: str) -> tuple[bool, Value]:
    for each in (name, INSTEAD.get(name, name)):
        if (key := (profile, system, f"{way} {each}")) in told:
            return True, told[key]
    return False, None
