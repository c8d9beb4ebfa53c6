"""From bits to a picture: height, frames, temporal layers, codec of one stream, without flicker."""

from media.core.allocation.ladder import STILLS, Quality, payload
from media.core.allocation.plan import Encoding

TALLER = 1.2  # times the rate of a height that it takes to grow to it
STRAIN = 4.0  # s a processor must have been the limit before less is asked of it
RELIEF = 30.0  # s it must not have been before more is
SMALLEST = 90  # lines: below, a face is no face
SCANT = (1.25, 0.75)  # of what a rung takes: with less likely its frames come late
HARDEST = 2  # steps down at most


class Processor:
    """How far the sender's processor fell behind: 0 keeps up, then steps of less work."""

    def __init__(self) -> None:
        self.strain = 0
        self._limited: bool | None = None
        self._since = 0.0

    def step(self, limited: bool, now: float) -> int:
        """The steps of less work now."""
        if limited != self._limited:
            self._limited, self._since = limited, now
        elif limited and now - self._since >= STRAIN:
            self.strain, self._since = min(HARDEST, self.strain + 1), now
        elif not limited and now - self._since >= RELIEF:
            self.strain, self._since = max(0, self.strain - 1), now
        return self.strain


class Stream:
    """One video stream of one sender."""

    def __init__(self, quality: Quality) -> None:
        self._quality = quality
        self._height = 0
        self._codec: str | None = None

    def step(
        self, rung: int, matters: str, wire: int, *, likely: int, av1: bool, tallest: int,
        strain: int,
    ) -> Encoding | None:  # fmt: skip
        """How to encode up to `wire` bit/s on a rung, of which `likely` are sent: they
        decide on its shape. None when they make no video."""
        if rung >= STILLS or wire < self._quality.choking(matters, av1):
            self._height = 0
            return None
        level = self._quality.level(rung, matters)
        codec = self._choose(
            likely, av1 and (strain < HARDEST or likely < self._quality.codec.vp8_least)
        )
        fps = max(5, self._frames(rung, matters, likely) * (3 - strain) // 3)
        height = self._grow(matters, likely, tallest)
        for _ in range(strain):
            height = max(
                (lines for lines in self._lines(matters) if lines < height), default=height
            )
        bitrate = payload(wire, fps)
        return Encoding(bitrate, fps, height, level.layers, codec) if bitrate else None

    def _frames(self, rung: int, matters: str, likely: int) -> int:
        """Frames a second of the rung, or of the next where little of what it takes is likely."""
        level = self._quality.level(rung, matters)
        scant = rung < len(SCANT) and likely < SCANT[rung] * level.least
        return min(level.fps, self._quality.level(rung + 1, matters).fps) if scant else level.fps

    def _lines(self, matters: str) -> list[int]:
        return [lines for _, lines in self._quality.heights.get(matters, ())]

    def _grow(self, matters: str, wire: int, tallest: int) -> int:
        """The height, sticky: it grows only with rate to spare."""
        now, sure = (self._quality.height(matters, rate) for rate in (wire, int(wire / TALLER)))
        self._height = min(max(self._height, sure), now) if self._height else now
        return min(self._height, max(SMALLEST, tallest)) if tallest else self._height

    def _choose(self, wire: int, av1: bool) -> str:
        rules = self._quality.codec
        if not av1:
            self._codec = "vp8"
        elif self._codec is None:
            self._codec = "av1" if wire < rules.av1_below else "vp8"
        elif wire < rules.av1_below:
            self._codec = "av1"
        elif wire > rules.vp8_above:
            self._codec = "vp8"
        return self._codec
