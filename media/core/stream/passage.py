"""Which frames of the present source pass to one receiver, as they come in: one answer for each
frame, the same for its late packets. A layer that was left out comes back where its next frame
needs none of what is missing.

Decides by what packets say of their frames; holds no packet.
"""

from media.core.packets.lines import AV1, VP8
from media.core.stream.rewrite import Packet

ALL = 4  # more temporal layers than browsers make
ENDLESS = 1 << 62
MOST_FRAMES = 256


class Passage:
    """See the module. Places are those of `Packet`."""

    __slots__ = (
        "_codec", "_passing", "_spans", "_verdicts", "codecs", "frame", "key_place", "layers",
        "lowest", "start", "verdict", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.codecs = frozenset((VP8, AV1))  # payload types the receiver can show
        self.layers = ALL  # how many may pass, 0 is none
        self.start = 0  # place of the first packet of this stretch
        self.key_place = 0  # of the newest key frame
        self.waiting = False  # for a key frame
        self.frame = -1  # timestamp of the newest frame
        self.verdict = True  # on it
        # Where only the lowest layer passes: run, first place, place behind it.
        self.lowest = (0, 0, 0)
        self._codec = 0
        self._passing = ALL  # how many layers do pass
        self._spans = [(0, ENDLESS)] * ALL  # of each layer: places between which it passed last
        self._verdicts: dict[int, bool] = {}  # by timestamp

    def limit(self, layers: int) -> None:
        """Let so many layers pass from the next frame on; 3 is all."""
        self.layers = layers if layers < 3 else ALL

    def begin(self, packet: Packet) -> None:
        """A stretch in which everything can be decoded starts with this packet."""
        self.start = packet.place
        self.waiting = False
        self.frame = -1
        self.lowest = (0, 0, 0)
        self._passing = ALL
        self._spans = [(packet.place, ENDLESS)] * ALL
        self._verdicts.clear()

    def can_show(self, packet: Packet) -> bool:
        """Whether the receiver knows the packet's codec."""
        return packet.marker_and_type & 0x7F in self.codecs

    def can_start(self, packet: Packet) -> bool:
        """Whether a stretch may start with this packet."""
        picture = packet.picture
        return (
            picture is not None and picture.keyframe and self.layers > 0 and self.can_show(packet)
        )

    def passes(self, timestamp: int) -> bool:
        """Whether something of this frame passed."""
        return self._verdicts.get(timestamp, False)

    def refuse(self, timestamp: int) -> None:
        """Let nothing more of this frame pass."""
        self._verdicts[timestamp] = False
        if timestamp == self.frame:
            self.verdict = False

    def judge(self, packet: Packet) -> bool:
        """Whether the frame of this packet passes. May begin to wait for a key frame."""
        timestamp, picture = packet.timestamp, packet.picture
        if timestamp == self.frame:
            return self.verdict
        known = self._verdicts.get(timestamp)
        if known is not None or picture is None:
            return bool(known)
        if self.frame >= 0 and (timestamp - self.frame) & 0xFFFFFFFF >= 0x80000000:
            first, behind = self._spans[picture.temporal]
            verdict = first <= packet.place < behind
        else:
            self.frame = timestamp
            verdict = self.verdict = self._admit(packet)
        self._verdicts[timestamp] = verdict
        while len(self._verdicts) > MOST_FRAMES:
            del self._verdicts[next(iter(self._verdicts))]
        return verdict

    def _admit(self, packet: Packet) -> bool:
        picture, codec = packet.picture, packet.marker_and_type & 0x7F
        if picture is None:
            return False
        if self.can_start(packet):
            self._codec, self.key_place = codec, packet.place
            self._pass_layers(self.layers, packet)
        elif codec != self._codec or not self.layers:
            self.waiting = True
            return False
        if self.layers < self._passing:
            self._pass_layers(self.layers, packet)
        if self._passing == picture.temporal < self.layers and picture.sync:
            self._pass_layers(self._passing + 1, packet)
        return picture.temporal < self._passing

    def _pass_layers(self, layers: int, packet: Packet) -> None:
        place = packet.place
        for layer in range(layers, self._passing):
            self._spans[layer] = (self._spans[layer][0], place)
        for layer in range(self._passing, layers):
            self._spans[layer] = (place, ENDLESS)
        run, first, _ = self.lowest
        if layers == 1 < self._passing:
            self.lowest = (packet.run, place, ENDLESS)
        elif layers > 1 == self._passing:
            self.lowest = (run, first, place)
        self._passing = layers
