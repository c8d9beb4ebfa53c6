"""Sequence numbers of 16 bits, unrolled around their wrap. Knows nothing of packets."""

HALF = 0x8000
MASK = 0xFFFF


class Unroller:
    """Gives each 16-bit number its place on a line without wrap, nearest to the highest seen."""

    __slots__ = ("highest",)

    def __init__(self) -> None:
        self.highest = -1

    def place(self, number: int) -> int:
        """The unrolled number; starts one turn above zero, so that late first packets fit below."""
        if self.highest < 0:
            self.highest = number + MASK + 1
            return self.highest
        placed = self.highest + ((number - self.highest + HALF) & MASK) - HALF
        if placed > self.highest:
            self.highest = placed
        return placed
