"""Video, spread over time at the rate a link carries. Orders and times; writes and sends nothing.

One queue for what is sent again, which goes first; one for each stream, served by priority, in
order. What waited too long is given up: upper temporal layers first, whole frames always, and
after a frame of the lowest layer everything of its stream up to the next key frame. Sound never
comes here, but is counted (`spent`): it takes its part of the link. `held`, nothing leaves: news of
the link is overdue.
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


_Queued = tuple[Item, int, float, Frame]  # with its size, and when it came


class Pacer(Generic[Item]):
    """See the module. Sizes in bytes on the wire, times in monotonic seconds."""

    def __init__(self, now: float, rate: float) -> None:
        self.rate = rate  # bit/s
        self.queued = 0  # bytes
        self.held = False
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

    def straight(self, size: int, now: float, stream: int, key: int, keyframe: bool) -> bool:
        """Whether a packet of this frame may leave past the queue, because nothing waits and the
        budget is not used up. Its owner then sends it, and tells `spent`."""
        if self.queued or self.held:
            return False
        self._earn(now)
        if self._budget <= 0:
            return False
        if keyframe:
            self._weigh(stream, key, size)
        begun = self._begun.get(stream)
        if begun is None or key not in begun:
            self._begin(stream, key)
        return True

    def push(self, item: Item, size: int, now: float, frame: Frame | None) -> None:
        """Let it wait for its turn; without a frame it is something sent again."""
        self.queued += size
        if frame is None:
            self._again.append((item, size, now))
            return
        if frame.keyframe:
            self._weigh(frame.stream, frame.key, size)
        queue = self._streams.get(frame.stream)
        if queue is None:
            queue = self._streams[frame.stream] = deque()
        queue.append((item, size, now, frame))

    def _weigh(self, stream: int, key: int, size: int) -> None:
        last, before = self._key_bytes.get(stream, (key, 0))
        self._key_bytes[stream] = (key, size + before if last == key else size)

    def _begin(self, stream: int, key: int) -> None:
        begun = self._begun.setdefault(stream, {})
        begun[key] = None
        if len(begun) > MOST_BEGUN:
            del begun[next(iter(begun))]

    def spent(self, size: int) -> None:
        """So many bytes left beside the pacer; a negative number gives back what did not leave."""
        self._budget = max(self._budget - 8 * size, -DEBT * self.rate)

    def due(self, now: float) -> list[tuple[Item, int]]:
        """What leaves now, and its size: within the rate, with a burst of one packet or of 40 ms.

        It is counted as sent; `spent` gives back what its owner did not send after all."""
        self._earn(now)
        found = []
        while self.queued and self._budget > 0 and not self.held:
            item, size = self._next()
            self._budget -= 8 * size
            self.queued -= size
            found.append((item, size))
        return found

    def _earn(self, now: float) -> None:
        passed = now - self._at
        self._at = now
        if passed > 0:
            self._budget += passed * self.rate
        if self._budget > BURST * self.rate:
            self._budget = BURST * self.rate

    def _next(self) -> tuple[Item, int]:
        if self._again:
            item, size, _ = self._again.popleft()
            return item, size
        streams = self._streams
        stream = next(iter(streams))
        if len(streams) > 1:
            stream = min(streams, key=lambda each: streams[each][0][3].priority)
        queue = streams[stream]
        item, size, _, frame = queue.popleft()
        begun = self._begun.get(stream)
        if begun is None or frame.key not in begun:
            self._begin(stream, frame.key)
        if not queue:
            del streams[stream]
        return item, size

    def stale(self, now: float) -> list[Item]:
        """Take out what waited too long, as told in the module; give each to its owner."""
        dropped: list[Item] = []
        while self._again and now - self._again[0][2] > STALE_KEY:
            item, size, _ = self._again.popleft()
            self.queued -= size
            dropped.append(item)
        for stream in list(self._streams):
            if now - self._streams[stream][0][2] > STALE_UPPER:
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
            item, size, at, frame = queued
            if frame.key not in goes:
                broken = broken and not frame.keyframe
                late = now - at > self._patience(frame)
                goes[frame.key] = broken or late
                broken = broken or (late and frame.base)
            if goes[frame.key]:
                dropped.append(item)
                self.queued -= size
            else:
                kept.append(queued)
        if kept:
            self._streams[stream] = kept
        return dropped
