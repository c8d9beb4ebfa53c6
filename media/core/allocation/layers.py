"""Which picture comes first, which copy of it, and how many of its temporal layers fit.

Layers fall at once and come back after they have fitted for a while. Rates are bit/s on the wire.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from media.core.allocation.ladder import sane

ALL = 3
USUAL = 3.0  # s over which it is told what a layer takes
JUST = 1.0  # s after a drain in which what it took comes back at once


@dataclass(frozen=True)
class Picture:
    """A picture that sits in a slot of one receiver.

    `key` is the slot (v0 … x1), `source` camera or exam, `matters` speech, motion or detail;
    `layers` bit/s as they arrive now, each with those below it, () when nothing arrives; `low` the
    same for the smaller copy, None without; `av1`: whether both ends can use AV1."""

    key: str
    peer: str
    source: str
    matters: str
    speaking: bool
    layers: tuple[int, ...]
    low: tuple[int, ...] | None = None
    av1: bool = True

    @property
    def arriving(self) -> int:
        """Bit/s of the whole of it."""
        return max(map(sane, self.layers), default=0)


class Focus:
    """The order of pictures: what is examined, then who speaks, then the others as they sit."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._key: str | None = None
        self._since = 0.0

    def order(self, pictures: Sequence[Picture], now: float) -> list[Picture]:
        """The most important first; a speaker keeps the place for some seconds."""
        keys = {picture.key for picture in pictures if picture.source != "exam"}
        speaking = [picture.key for picture in pictures if picture.speaking and picture.key in keys]
        if self._key not in keys:
            self._key = None
        free = self._key is None or now - self._since >= self._hold
        if speaking and self._key not in speaking and free:
            self._key, self._since = speaking[0], now
        return sorted(pictures, key=lambda one: (one.source != "exam", one.key != self._key))


class Choice:
    """The copy and the layers of one picture that go to one receiver."""

    def __init__(self, patience: float) -> None:
        self.which = "camera"
        self.layers = ALL
        self._patience = patience
        self._dropped = 0
        self._fits: float | None = None  # since when more would
        self._swap: float | None = None
        self._paused = False
        self._drained = -JUST
        self._usual: list[float] = []  # bit/s of each layer over some seconds
        self._of = self.which
        self._at = 0.0

    def step(
        self, picture: Picture, allowed: int, margin: int, now: float, drains: bool = False,
        over: float = 1.0,
    ) -> int:  # fmt: skip
        """Choose what fits in `allowed` bit/s; what is being shown may lean on `margin` before it
        is dropped, what was dropped comes back on half of it. What fell while a queue `drains`
        comes back as soon as that is over. `over`: times what usually arrives, for a moment, that
        the link bears. The bit/s that go out."""
        self._drained = now if drains else self._drained
        self._copy(picture, allowed, now)
        sizes = self._usually(list(accumulate(map(sane, self._sizes(picture)), max)), over, now)
        if not sizes:
            self.layers, self._dropped, self._paused = ALL if allowed else 0, 0, False
            return 0
        keep = sum(size <= allowed + lean for size, lean in zip(
            sizes, self._leans(len(sizes), margin if allowed else 0), strict=True))  # fmt: skip
        self._settle(len(sizes), keep, now)
        return sizes[self._kept(len(sizes)) - 1] if self.layers else 0

    def _usually(self, sizes: list[int], over: float, now: float) -> list[int]:
        """What arrives now, or what did over some seconds where that is less: an encoder that
        overshoots for a second fills a tenth of a second of queue, and a layer lost is seen."""
        weight = min(1.0, (now - self._at) / USUAL)
        self._at = now
        if (self.which, len(sizes)) != (self._of, len(self._usual)):
            self._of = self.which
            self._usual = [float(size) for size in sizes]
        self._usual = [
            old + weight * (size - old) for old, size in zip(self._usual, sizes, strict=True)
        ]
        return [
            max(min(size, int(old)), int(size / over))
            for size, old in zip(sizes, self._usual, strict=True)
        ]

    def _leans(self, count: int, margin: int) -> list[int]:
        """How far each layer may go beyond what is allowed: an encoder overshoots what it is told
        by some percent, now and then, and seldom for long."""
        if self._paused:
            return [0] * count
        shown = self._kept(count)
        return [margin] * shown + [margin // 2] * (count - shown)

    def _sizes(self, picture: Picture) -> tuple[int, ...]:
        return (picture.low or ()) if self.which == "low" else picture.layers

    def _copy(self, picture: Picture, allowed: int, now: float) -> None:
        """The smaller copy when nothing of the camera's fits; back after half of it has fitted."""
        if not picture.low:
            self.which, self._swap = "camera", None
            return
        fits = sum(sane(size) <= allowed for size in picture.layers)
        if self.which == "camera":
            if not fits:
                self.which, self._dropped, self._swap = "low", 0, None
        elif 2 * fits < len(picture.layers) or not fits:
            self._swap = None
        elif self._swap is None:
            self._swap = now
        elif now - self._swap >= 2 * self._patience:
            self.which, self._swap = "camera", None
            self._dropped = len(picture.layers) - fits

    def _settle(self, count: int, keep: int, now: float) -> None:
        dropped = count - keep
        since = now if self._fits is None else self._fits
        patience = 0.0 if now - self._drained < JUST else self._patience
        if dropped >= self._dropped or now - since >= patience:
            self._dropped, self._fits = dropped, None
        else:
            self._fits = since
        kept = self._kept(count)
        self._paused = kept == 0
        self.layers = ALL if self._dropped == 0 else kept

    def _kept(self, count: int) -> int:
        return max(0, count - self._dropped)
