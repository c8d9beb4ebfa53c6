"""How one receiver gets a voice: with the redundancy it came with, without, or with some made
here. Never decodes."""

from media.core.packets import red
from media.core.packets.lines import OPUS, RED
from media.core.stream.rewrite import Packet


class Redundancy:
    """See the module. `known`: the receiver reads RED; `treatment`: pass, strip or make."""

    __slots__ = ("_before", "known", "treatment")

    def __init__(self) -> None:
        self.known = False
        self.treatment = "pass"
        self._before: Packet | None = None  # the newest sound

    def treat(self, packet: Packet) -> tuple[int, bytes]:
        """(Payload type, payload) to send. Raises RedError."""
        before, self._before = self._before, packet
        kind = packet.marker_and_type & 0x7F
        if kind == RED:
            if self.known and self.treatment != "strip":
                return RED, packet.payload
            return OPUS, red.primary(packet.payload)[1]
        if self.treatment == "make" and self.known and before is not None:
            made = self._pair(before, packet)
            if made is not None:
                return RED, made
        return kind, packet.payload

    @staticmethod
    def _pair(before: Packet, packet: Packet) -> bytes | None:
        if before.run != packet.run or before.marker_and_type & 0x7F != OPUS:
            return None
        passed = (packet.timestamp - before.timestamp) & 0xFFFFFFFF
        return red.pair(OPUS, before.payload, passed, packet.payload)
