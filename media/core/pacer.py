"""Video, spread over time at the rate a link carries. Orders and times; writes and sends nothing.

One queue for what is sent again, which goes first; one for each stream, served by priority, in
order. What waited too long is given up: upper temporal layers first, whole frames always, and
after a frame of the lowest layer everything of its stream up to the next key frame. Sound never
comes here, but is counted (`spent`): it takes its part of the link.
"""

from collections import deque
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
BURST = 0.04  # s of rate which may leave at once
STALE_UPPER = 0.25  # s a frame of an upper layer may wait
STALE = 0.4  # s one of the lowest may, and longer where the key frame which its loss costs
STALE_KEYS = 1.5  # would take longer: so many times as long
STALE_KEY = 2.0  # s a key frame may wait: in part it is of no use, and another costs the same
MOST_BEGUN = 64  # frames; a packet that comes later than this finds no one waiting for it
DEBT = 0.5  # s of rate which may be spent ahead


class Frame(NamedTuple):
    """Which frame a packet belongs to."""

    stream: int
    key: int  # names the frame within its stream
    base: bool  # of the lowest temporal layer
    keyframe: bool
    priority: int = 0  # the lowest number is served first


class _Queued(NamedTuple, Generic[Item]):
    item: Item
    size: int
    at: float
    frame: Frame


class Pacer(Generic[Item]):
    """See the module. Sizes in bytes on the wire, times in monotonic seconds."""

    def __init__(self, now: float, rate: float) -> None:
        self.rate = rate  # bit/s
        self.queued = 0  # bytes
        self._again: deque[tuple[Item, int, float]] = deque()
        self._streams: dict[int, deque[_Queued[Item]]] = {}
        self._begun: dict[int, dict[int, None]] = {}  # stream → frames of which a packet left
        self._budget = BURST * rate  # bits
        self._at = now
        self._key_bytes: dict[int, tuple[int, int]] = {}  # stream → its last key frame, and bytes

    def __bool__(self) -> bool:
        return self.queued > 0

    @property
    def queue_seconds(self) -> float:
        """How long what waits now would take."""
        return self.queued * 8 / self.rate if self.rate > 0 else 0.0

    def push(self, item: Item, size: int, now: float, frame: Frame | None) -> None:
        """Let it wait for its turn; without a frame it is something sent again."""
        self.queued += size
        if frame is None:
            self._again.append((item, size, now))
            return
        if frame.keyframe:
            key, before = self._key_bytes.get(frame.stream, (frame.key, 0))
            self._key_bytes[frame.stream] = (frame.key, size + before * (key == frame.key))
        stream = self._streams.setdefault(frame.stream, deque())
        stream.append(_Queued(item, size, now, frame))

    def spent(self, size: int) -> None:
        """So many bytes left beside the pacer; a negative number gives back what did not leave."""
        self._budget = max(self._budget - 8 * size, -DEBT * self.rate)

    def due(self, now: float) -> list[tuple[Item, int]]:
        """What leaves now, and its size: within the rate, with a burst of one packet or of 40 ms.

        It is counted as sent; `spent` gives back what its owner did not send after all."""
        self._earn(now)
        found = []
        while self.queued and self._budget > 0:
            item, size = self._next()
            self._budget -= 8 * size
            self.queued -= size
            found.append((item, size))
        return found

    def _earn(self, now: float) -> None:
        passed, self._at = max(0.0, now - self._at), now
        self._budget = min(self._budget + passed * self.rate, max(BURST * self.rate, 1.0))

    def _next(self) -> tuple[Item, int]:
        if self._again:
            item, size, _ = self._again.popleft()
            return item, size
        stream = min(self._streams, key=lambda each: self._streams[each][0].frame.priority)
        queue = self._streams[stream]
        queued = queue.popleft()
        begun = self._begun.setdefault(stream, {})
        begun[queued.frame.key] = None
        if len(begun) > MOST_BEGUN:
            del begun[next(iter(begun))]
        if not queue:
            del self._streams[stream]
        return queued.item, queued.size

    def stale(self, now: float) -> list[Item]:
        """Take out what waited too long, as told in the module; give each to its owner."""
        dropped: list[Item] = []
        while self._again and now - self._again[0][2] > STALE_KEY:
            item, size, _ = self._again.popleft()
            self.queued -= size
            dropped.append(item)
        for stream in list(self._streams):
            if now - self._streams[stream][0].at > STALE_UPPER:
                dropped += self._clear(stream, now)
        return dropped

    def _patience(self, frame: Frame) -> float:
        if frame.keyframe:
            return STALE_KEY
        if not frame.base:
            return STALE_UPPER
        _, key = self._key_bytes.get(frame.stream, (0, 0))
        crossing = key * 8 / self.rate if self.rate > 0 else 0.0
        return min(max(STALE, STALE_KEYS * crossing), STALE_KEY)

    def _clear(self, stream: int, now: float) -> list[Item]:
        queue = self._streams.pop(stream)
        goes = dict.fromkeys(self._begun.get(stream, ()), False)  # frame → whether it goes
        kept: deque[_Queued[Item]] = deque()
        dropped: list[Item] = []
        broken = False
        for queued in queue:
            frame = queued.frame
            if frame.key not in goes:
                broken = broken and not frame.keyframe
                late = now - queued.at > self._patience(frame)
                goes[frame.key] = broken or late
                broken = broken or (late and frame.base)
            if goes[frame.key]:
                dropped.append(queued.item)
                self.queued -= queued.size
            else:
                kept.append(queued)
        if kept:
            self._streams[stream] = kept
        return dropped
