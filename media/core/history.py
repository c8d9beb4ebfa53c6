"""What a stream carried in the last seconds, to answer a receiver's NACK. Kept in seconds, because
a satellite's round trip holds any number of packets; bounded in bytes, because memory is."""

from collections import deque
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Anything with a payload of known size."""

    @property
    def payload(self) -> bytes: ...


P = TypeVar("P", bound=Sized)


class History(Generic[P]):
    """Packets by their 16-bit sequence number."""

    def __init__(self, seconds: float = 3.0, most_bytes: int = 3_000_000) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._bytes = 0
        self._order: deque[tuple[float, int, P]] = deque()
        self._packets: dict[int, P] = {}

    def put(self, sequence: int, packet: P, now: float) -> None:
        """Keep a packet, forget the old."""
        self._packets[sequence] = packet
        self._order.append((now, sequence, packet))
        self._bytes += len(packet.payload)
        oldest = now - self._seconds
        while self._order[0][0] < oldest or self._bytes > self._most_bytes:
            _, number, old = self._order.popleft()
            self._bytes -= len(old.payload)
            if self._packets.get(number) is old:
                del self._packets[number]

    def get(self, sequence: int) -> P | None:
        """The packet, or None when it is too old or never came."""
        return self._packets.get(sequence)

    def __len__(self) -> int:
        return len(self._packets)
