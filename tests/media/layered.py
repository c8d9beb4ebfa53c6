"""A sender of temporal layers, and a receiver as strict as Chromium's, without any browser.

The sender's patterns are libvpx's (default_temporal_layers.cc), with what each frame really needs.
The receiver hands a frame on as Chromium does (rtp_vp8_ref_finder.cc), knowing only its header;
whether it then had what it really needed is the test.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from media.core.packets import rtp, vp8

KEY, LAST, GOLDEN, ARF = "key", "last", "golden", "arf"


class Step(NamedTuple):
    """One frame of a pattern: its layer, whether it is a layer sync, what it needs and becomes."""

    layer: int
    sync: bool
    needs: str  # of "lga": last, golden, alternative
    becomes: str


LONG = (
    Step(0, False, "l", "l"), Step(2, True, "l", ""), Step(1, True, "l", "g"),
    Step(2, False, "lg", ""), Step(0, False, "l", "l"), Step(2, False, "lg", ""),
    Step(1, False, "lg", "g"), Step(2, False, "lg", ""),
)  # fmt: skip
SHORT = (
    Step(0, False, "l", "l"), Step(2, True, "l", "a"), Step(1, True, "l", "g"),
    Step(2, False, "lga", "a"),
)  # fmt: skip
TWO = (
    Step(0, False, "l", "l"), Step(1, True, "l", "g"), Step(0, False, "l", "l"),
    Step(1, False, "lg", "g"),
)  # fmt: skip
PATTERNS = {"long": LONG, "short": SHORT, "two": TWO}


@dataclass
class Sent:
    """A frame as the sender made it."""

    timestamp: int
    layer: int
    key: bool
    needs: frozenset[int]  # timestamps
    sequences: list[int] = field(default_factory=list)


class Sender:
    """Writes frames as RTP packets: (sequence, timestamp, marker and type, payload)."""

    def __init__(
        self, pattern: str = "long", sequence: int = 65_500, picture: int = 0x7FF0
    ) -> None:
        self.frames: dict[int, Sent] = {}
        self._pattern = PATTERNS[pattern]
        self._at = 0
        self._sequence = 65_500
        self._picture = 0x7FF0
        self._tl0 = 250
        self._time = 2**32 - 9_000
        self._buffers: dict[str, int] = {}

    def frame(self, packets: int = 1, key: bool = False) -> list[tuple[int, int, int, bytes]]:
        if key or not self._buffers:
            key, self._at = True, 0
        step = self._pattern[self._at % len(self._pattern)]
        self._at += 1
        self._time = (self._time + 3_000) & 0xFFFFFFFF
        needs = frozenset() if key else frozenset(self._buffers[each] for each in step.needs)
        made = Sent(self._time, step.layer, key, needs)
        self.frames[self._time] = made
        for each in "lga" if key else step.becomes:
            self._buffers[each] = self._time
        if step.layer == 0:
            self._tl0 = (self._tl0 + 1) & 0xFF
        self._picture = (self._picture + 1) & 0x7FFF
        written = []
        for n in range(packets):
            self._sequence = (self._sequence + 1) & 0xFFFF
            made.sequences.append(self._sequence)
            first = 0x80 | (0x10 if n == 0 else 0) | (0 if step.becomes or key else 0x20)
            head = bytes((
                first, 0xE0, 0x80 | self._picture >> 8, self._picture & 0xFF, self._tl0,
                step.layer << 6 | step.sync << 5, 0 if key else 1,
            ))  # fmt: skip
            marker = 0x80 if n == packets - 1 else 0
            body = head + self._time.to_bytes(4, "big") + bytes((n, packets))
            written.append((self._sequence, self._time, marker | 96, body))
        return written


@dataclass
class Got:
    """A frame as the receiver puts it together."""

    picture: int
    tl0: int
    layer: int
    sync: bool
    key: bool
    true_time: int  # of the sender
    parts: set[int]
    size: int
    held: bool = False


class Receiver:
    """Takes a track's packets; `decoded` are the sender's timestamps in the order handed on."""

    def __init__(self) -> None:
        self.packets: dict[int, bytes] = {}  # unrolled sequence → packet
        self.decoded: list[int] = []
        self.held: list[Got] = []
        self.dropped: list[int] = []
        self._highest = -1
        self._frames: dict[int, Got] = {}  # unrolled picture id
        self._highest_picture = -1
        self._missing: set[int] = set()
        self._layers: dict[int, list[int]] = {}  # unrolled tl0 → last picture of each layer
        self._highest_tl0 = -1
        self._handed: set[int] = set()
        self._newest = -1

    def take(self, packet: bytes) -> None:
        second, sequence, _, _, _, start, end = rtp.parse(packet)
        place = _unroll(sequence, self._highest, 16)
        assert place not in self.packets, "a number twice"
        self._highest = max(self._highest, place)
        self.packets[place] = packet
        if end > start:
            self._assemble(packet[start:end])
        assert second & 0x7F == 96

    def holes(self) -> list[int]:
        return [n for n in range(min(self.packets), self._highest) if n not in self.packets]

    def _assemble(self, payload: bytes) -> None:
        read = vp8.parse(payload)
        picture = _unroll(read.picture_id, self._highest_picture, 15)
        body = payload[6:]
        part, size = body[-2], body[-1]
        true_time = int.from_bytes(body[1:5], "big")
        tl0 = _unroll(read.tl0, self._highest_tl0, 8)
        self._highest_tl0 = max(self._highest_tl0, tl0)
        frame = self._frames.setdefault(
            picture,
            Got(picture, tl0, read.temporal, read.sync, body[0] == 0, true_time, set(), size),
        )
        assert frame.true_time == true_time, "two frames with one picture id"
        assert part not in frame.parts
        frame.parts.add(part)
        if len(frame.parts) == size:
            self._note(picture)
            self.held.append(frame)
            self._retry()

    def _note(self, picture: int) -> None:
        """Which pictures are not there yet. Chromium remembers twenty, this one all: what it
        would then decode amiss is its own doing."""
        if picture > self._highest_picture:
            if self._highest_picture >= 0:
                self._missing.update(range(self._highest_picture + 1, picture + 1))
            self._highest_picture = picture

    def _retry(self) -> None:
        again = True
        while again:
            again = False
            for frame in list(self.held):
                outcome = self._hand(frame)
                if outcome != "hold":
                    self.held.remove(frame)
                    again = True
                if outcome == "drop":
                    self.dropped.append(frame.true_time)

    def _hand(self, frame: Got) -> str:
        """Chromium's ManageFrameInternal."""
        if frame.key:
            self._layers[frame.tl0] = [frame.picture, -1, -1]
            return self._decode(frame, [])
        layers = self._layers.get(frame.tl0 - 1 if frame.layer == 0 else frame.tl0)
        if layers is None:
            return "hold"
        if frame.layer == 0:
            self._layers[frame.tl0] = list(layers)
            if layers[0] >= frame.picture:
                return "drop"
            return self._decode(frame, [layers[0]])
        if frame.sync:
            if layers[frame.layer] >= frame.picture:
                return "drop"
            return self._decode(frame, [layers[0]])
        for layer in range(frame.layer + 1):
            if layers[layer] < 0:
                return "hold"
            if layers[layer] > frame.picture:
                return "drop"
            if any(layers[layer] < each < frame.picture for each in self._missing):
                return "hold"
        return self._decode(frame, layers[: frame.layer + 1])

    def _decode(self, frame: Got, needs: list[int]) -> str:
        if not all(each in self._handed for each in needs):
            return "hold"
        tl0, layer = frame.tl0, frame.layer
        while tl0 in self._layers and self._layers[tl0][layer] <= frame.picture:
            self._layers[tl0][layer] = frame.picture
            tl0 += 1
        self._missing.discard(frame.picture)
        if frame.picture < self._newest:  # video/frame_buffer: what is older is never decoded
            return "drop"
        self._newest = frame.picture
        self._handed.add(frame.picture)
        self.decoded.append(frame.true_time)
        return "decode"


def _unroll(number: int, highest: int, bits: int) -> int:
    size = 1 << bits
    if highest < 0:
        return number + size
    return highest + (number - highest + size // 2) % size - size // 2
