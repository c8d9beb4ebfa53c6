"""How much a source sends, over about the last second. Counts; judges nothing."""

import math

from media.core.packets.wire import OVERHEAD

LAYERS = 3
STEP = 0.25  # s
STEPS = 4


class Measure:
    """Bits by temporal layer, and frames, in steps of a quarter of a second."""

    __slots__ = ("_now", "_past", "_tick")

    def __init__(self) -> None:
        self._tick: int | None = None
        self._now = [0] * (LAYERS + 1)  # bytes of each layer, then frames
        self._past: list[list[int]] = []

    def note(self, size: int, layer: int, now: float) -> None:
        """A packet with a payload of so many bytes."""
        tick = int(now / STEP)
        if tick != self._tick:
            self._roll(tick)
        self._now[layer if layer < LAYERS else LAYERS - 1] += size + OVERHEAD

    def frame(self, now: float) -> None:
        """A frame started."""
        tick = int(now / STEP)
        if tick != self._tick:
            self._roll(tick)
        self._now[LAYERS] += 1

    def _roll(self, tick: int) -> None:
        empty = [0] * (LAYERS + 1)
        gone = -1 if self._tick is None else tick - self._tick
        if not 0 < gone <= STEPS:
            self._past = []
        else:
            self._past = [*self._past, self._now, *([empty] * (gone - 1))][-STEPS:]
        self._tick, self._now = tick, list(empty)

    def _sums(self, now: float) -> list[float]:
        """What each second of the full steps before this one held."""
        tick = int(now / STEP)
        if tick != self._tick:
            self._roll(tick)
        seconds = max(1, len(self._past)) * STEP
        return [sum(step[n] for step in self._past) / seconds for n in range(LAYERS + 1)]

    def rates(self, now: float) -> tuple[int, ...]:
        """Bit/s on the wire: the lowest layer, the lowest two, all."""
        sums = self._sums(now)
        return tuple(round(8 * math.fsum(sums[: n + 1])) for n in range(LAYERS))

    def frame_rate(self, now: float) -> float:
        """Frames a second."""
        return self._sums(now)[LAYERS]
