"""How the bits left after the voice are divided among pictures: as many as can be seen well."""

from collections.abc import Sequence

from media.core.allocation.ladder import STILLS, Quality
from media.core.allocation.layers import Picture

MAIN = 2  # times what another picture gets


class Division:
    """The division among the pictures of one receiver, the most important first."""

    def __init__(self, quality: Quality) -> None:
        self._quality = quality
        self._carried = 0
        self._more: float | None = None

    def step(self, left: int, order: Sequence[Picture], now: float) -> dict[str, int]:
        """Bit/s by slot; 0 for a picture that would leave too little to the others. The sum is
        at most `left`. A picture that found no place gets one only after some seconds of room."""
        shares = {picture.key: 0 for picture in order}
        if not order:
            self._carried = 0
            return shares
        fits = self._fits(left, order, 1.0)
        roomy = self._fits(left, order, self._quality.hysteresis.room)
        if not self._carried or fits < self._carried:
            self._carried = fits
        if roomy <= self._carried:
            self._more = None
        elif self._more is None:
            self._more = now
        elif now - self._more >= self._quality.hysteresis.climb:
            self._carried, self._more = roomy, None
        carried = order[: min(self._carried, len(order))]
        return shares | self._pour(left, carried)

    def _fits(self, left: int, order: Sequence[Picture], room: float) -> int:
        """How many pictures, from the first on, can have what their lowest rung takes."""
        for count in range(len(order), 1, -1):
            shares = self._pour(left, order[:count])
            if all(shares[picture.key] >= room * self._least(picture) for picture in order[:count]):
                return count
        return 1

    def _least(self, picture: Picture) -> int:
        return self._quality.least(STILLS - 1, picture.matters, picture.av1)

    def _pour(self, left: int, order: Sequence[Picture]) -> dict[str, int]:
        """Twice as much to the first as to each other; what one cannot use, the others may."""
        shares: dict[str, int] = {}
        parts = {picture.key: 1 for picture in order}
        parts[order[0].key] = MAIN
        best = {picture.key: self._quality.level(0, picture.matters).best for picture in order}
        while parts:
            whole, rest = sum(parts.values()), left
            full = [key for key, times in parts.items() if best[key] * whole <= rest * times]
            for key in full or list(parts):
                shares[key] = min(best[key], rest * parts[key] // whole)
                left -= shares[key]
                del parts[key]
            if not full:
                break
        return shares
