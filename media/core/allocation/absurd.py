"""What a ladder may not say: rungs that do not descend, a voice too large for its link. PURE.

Judges a ladder whose keys are each right by themselves; `media/quality.py` finds their lines.
"""

from collections.abc import Iterator
from itertools import pairwise

from media.core.allocation.ladder import MATTERS, PICTURED, AudioRow, Level, Quality

PTIMES = (20, 40, 60, 120)  # ms: what browsers make of `a=ptime`
SHORTEST, TALLEST = 16, 4320  # lines

Absurdity = tuple[str, str, str]


def absurdities(quality: Quality) -> Iterator[Absurdity]:
    """(key, French, English) of each thing that no single key can see."""
    yield from _levels(quality)
    yield from _tall(quality)
    yield from _rows(quality)
    stills, codec, start = quality.stills, quality.codec, quality.start
    for key, low, high in (
        ("voice.least", quality.voice_least, stills.least - 1),
        ("stills.every", stills.every, stills.slowest),
        ("stills.fewest", stills.fewest, stills.bytes),
        ("codec.av1_below", codec.av1_below, codec.vp8_above),
        ("hysteresis.climb", quality.hysteresis.climb, quality.hysteresis.longest),
        ("start.far", start.far, start.near),
    ):
        if low > high:
            yield key, f"au plus {high:g} est attendu", f"at most {high:g} is expected"


def _levels(quality: Quality) -> Iterator[Absurdity]:
    for matters in MATTERS:
        above: Level | None = None
        if quality.ample[matters] > quality.levels["motion"][matters].best:
            yield f"ample.{matters}", "best est dépassé", "beyond best"
        for rung in PICTURED:
            key, level = f"{rung}.{matters}", quality.levels[rung][matters]
            if level.least > level.best:
                yield f"{key}.least", "best est dépassé", "beyond best"
            for name in ("least", "fps") if above else ():
                if getattr(level, name) >= getattr(above, name):
                    yield (f"{key}.{name}", "moins que l’échelon du dessus est attendu",
                           "less than the rung above is expected")  # fmt: skip
            if above and level.best > above.best:
                yield (f"{key}.best", "pas plus que l’échelon du dessus",
                       "no more than the rung above")  # fmt: skip
            above = level


def _tall(quality: Quality) -> Iterator[Absurdity]:
    for matters, steps in quality.heights.items():
        for (rate, lines), (rate_after, lines_after) in pairwise(steps):
            if rate_after <= rate or lines_after <= lines:
                yield (f"heights.{matters}", "paires croissantes attendues",
                       "growing pairs expected")  # fmt: skip
        if steps[0][0] != 0 or not steps[0][1] >= 16 or steps[-1][1] > 4320:
            yield (f"heights.{matters}", "de [0, …] à 4320 lignes au plus",
                   "from [0, …] to 4320 lines at most")  # fmt: skip


def _rows(quality: Quality) -> Iterator[Absurdity]:
    last: dict[bool, AudioRow] = {}
    for n, row in enumerate(quality.audio):
        key, made_for_loss = f"audio.{n}", row.loss > 0
        if row.step.ptime not in PTIMES:
            yield f"{key}.ptime", "20, 40, 60 ou 120 est attendu", "20, 40, 60 or 120 is expected"
        elif row.least and row.step.wire > quality.usable(row.least):
            yield (f"{key}.least", f"la voix en prend {row.step.wire} avec ses en-têtes",
                   f"the voice takes {row.step.wire} of it with its headers")  # fmt: skip
        before = last.get(made_for_loss)
        if before and row.least >= before.least:
            yield (f"{key}.least", "moins que la ligne précédente est attendu",
                   "less than the row before is expected")  # fmt: skip
        last[made_for_loss] = row
    lean = last.get(False)
    if lean is None or lean.least != 0:
        yield ("audio", "une dernière ligne avec least = 0 et loss = 0 est attendue",
               "a last row with least = 0 and loss = 0 is expected")  # fmt: skip
