"""Packets of the last seconds by their 16-bit sequence number. Kept in seconds, because a
satellite's round trip holds any number of packets; bounded in number, because memory is."""

from typing import Generic, TypeVar

P = TypeVar("P")


class History(Generic[P]):
    """A ring: a packet stays until another of its place in the ring, or of greater age, is there.

    What leaves it is `packets` younger at most; each is far below 1,500 bytes.
    """

    __slots__ = ("_mask", "_ring", "_seconds")

    def __init__(self, seconds: float = 3.0, packets: int = 1024) -> None:
        """`packets` must be a power of two."""
        if packets & (packets - 1) or packets < 1:
            raise ValueError("not a power of two")
        self._seconds = seconds
        self._mask = packets - 1
        self._ring: list[tuple[int, float, P] | None] = []

    def put(self, sequence: int, packet: P, now: float) -> None:
        """Keep a packet."""
        ring = self._ring
        if not ring:  # most lines of most people carry nothing: they cost nothing
            self._ring = ring = [None] * (self._mask + 1)
        ring[sequence & self._mask] = (sequence & 0xFFFF, now, packet)

    def get(self, sequence: int, now: float) -> P | None:
        """The packet, or None when it is too old or never came."""
        entry = self._ring[sequence & self._mask] if self._ring else None
        if entry is None or entry[0] != sequence & 0xFFFF or now - entry[1] > self._seconds:
            return None
        return entry[2]

    def clear(self) -> None:
        """Forget all."""
        self._ring = []
