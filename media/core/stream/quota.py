"""What one browser may send in a while, however well it behaves otherwise. Counts; drops nothing.

A full measure at once, refilled as fast: bursts after a cut pass, a flood gets no more than the
measure each second.
"""


class Quota:
    """`packets` and `octets` a second, and as many at once."""

    __slots__ = ("_at", "_left", "_octets", "_octets_left", "_packets")

    def __init__(self, packets: int, octets: int) -> None:
        self._packets, self._octets = packets, octets
        self._left, self._octets_left = float(packets), float(octets)
        self._at = 0.0

    def take(self, size: int, now: float) -> bool:
        """Whether a packet of so many bytes is within the quota; then it is counted."""
        self._left -= 1
        self._octets_left -= size
        # Refilled only when used up: the usual packet costs two subtractions.
        if self._left >= 0 and self._octets_left >= 0:
            return True
        self._left += 1
        self._octets_left += size
        passed, self._at = max(0.0, now - self._at), now
        self._left = min(self._packets, self._left + passed * self._packets)
        self._octets_left = min(self._octets, self._octets_left + passed * self._octets)
        if self._left < 1 or self._octets_left < size:
            return False
        self._left -= 1
        self._octets_left -= size
        return True
