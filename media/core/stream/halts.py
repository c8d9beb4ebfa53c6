"""What must not leave any more, because something it needs was given up on its way out.

After a frame of the lowest layer: everything, until a key frame. After one of an upper layer: that
layer and those above, each until a frame which needs none of what is missing. Knows places, not
packets' contents.
"""

from collections import deque

from media.core.stream.passage import ALL, ENDLESS
from media.core.stream.rewrite import Packet

MOST_OVER = 16  # halts that are over, remembered for late packets


class Halts:
    """Of one line. `silent_from` and `capped_from` are the first places in the present run which
    are concerned: below both, only late packets need be asked about."""

    __slots__ = ("_capped_run", "_caps", "_over", "_run", "_silences", "capped_from", "silent_from")

    def __init__(self) -> None:
        self.silent_from = self.capped_from = ENDLESS
        self._run = 0
        self._silences: list[tuple[int, int]] = []  # (run, place)
        self._capped_run = 0
        self._caps: list[list[int]] = [[] for _ in range(ALL)]  # places, by layer
        # Layer, from, until which place, and the frame there.
        self._over: deque[tuple[int, int, int, int]] = deque(maxlen=MOST_OVER)

    def silence(self, run: int, place: int) -> None:
        """Nothing from this place on, until a key frame."""
        self._silences.append((run, place))
        if run == self._run:
            self.silent_from = min(self.silent_from, place)

    def begin(self, packet: Packet) -> None:
        """A stretch starts with this packet: what halted before it is over."""
        self._run = packet.run
        self._silences = [each for each in self._silences if each > (packet.run, packet.place)]
        ahead = [place for run, place in self._silences if run == packet.run]
        self.silent_from = min(ahead, default=ENDLESS)
        if self._capped_run == packet.run:
            self._caps = [[each for each in caps if each > packet.place] for caps in self._caps]
            self._over.clear()
            self._note()
        elif self._capped_run < packet.run:
            self._forget()

    def _forget(self) -> None:
        self._caps = [[] for _ in range(ALL)]
        self._over.clear()
        self.capped_from = ENDLESS

    def cap(self, layer: int, packet: Packet, left: int) -> None:
        """A frame of this layer was given up. What left already, below the place `left`, has
        left: its other packets may follow."""
        if packet.run != self._capped_run:
            self._forget()
        self._capped_run = packet.run
        place = max(packet.place, left)
        for above in range(layer, ALL):
            caps = sorted(self._caps[above])
            past = [each for each in caps if each <= left]
            self._caps[above] = [*past[:1], *caps[len(past) :], place]
        self._note()

    def holds(self, packet: Packet, left: int) -> bool:
        """Whether this packet's frame must stay; below the place `left` all had its turn."""
        picture, place = packet.picture, packet.place
        if picture is None or packet.run != self._capped_run:
            return False
        if picture.keyframe:
            for layer in range(ALL):
                self._lift(layer, packet)
        layer = picture.temporal
        if place < left and self._was_capped(layer, packet):
            return True
        if not self._is_capped(layer, place):
            return False
        below = any(self._is_capped(each, place) for each in range(layer))
        if place < left or not picture.sync or below:
            return True
        self._lift(layer, packet)
        return False

    def _lift(self, layer: int, packet: Packet) -> None:
        place, caps = packet.place, self._caps[layer]
        if self._is_capped(layer, place):
            self._over.append((layer, min(caps), place, packet.timestamp))
        self._caps[layer] = [each for each in caps if each > place]
        self._note()

    def _was_capped(self, layer: int, packet: Packet) -> bool:
        return any(
            which == layer and first <= packet.place < behind and packet.timestamp != lifter
            for which, first, behind, lifter in self._over
        )

    def _is_capped(self, layer: int, place: int) -> bool:
        return any(each <= place for each in self._caps[layer])

    def _note(self) -> None:
        self.capped_from = min((min(caps) for caps in self._caps if caps), default=ENDLESS)
