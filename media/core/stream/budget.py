"""What a receiver may draw from what it was sent: half of it, and a little always, but never more
at once than its link can carry in a moment."""

MOST = 120_000  # bytes
LEAST = 3_000
MOMENT = 2.0  # s of link
START = 60_000


class Budget:
    """Of all lines of one receiver."""

    def __init__(self) -> None:
        self.rate = 0.0  # bit/s the receiver's link carries, 0 when unknown
        self.bytes = float(START)

    def _most(self) -> float:
        if self.rate <= 0:
            return MOST
        return max(LEAST, min(self.rate / 8 * MOMENT, MOST))

    def earn(self, count: int) -> None:
        """So many bytes were sent, or fell due."""
        self.bytes += count

    def spend(self, count: int) -> bool:
        """Whether so many bytes may be sent again."""
        self.bytes = min(self._most(), self.bytes)
        if self.bytes < count:
            return False
        self.bytes -= count
        return True
