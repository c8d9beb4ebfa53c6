"""One slot's running numbers, continued whoever is in it: sequence, time, VP8 picture ids.

A receiver sees one unbroken stream per slot; only the offsets change when the source does.
"""

from typing import NamedTuple

from media.core import rtp, vp8


class Packet(NamedTuple):
    """A packet of a source, its padding and extensions gone."""

    place: int  # sequence number, unrolled
    timestamp: int
    marker_and_type: int
    payload: bytes
    picture: vp8.Descriptor | None = None


class Rewriter:
    """The offsets of one slot's line."""

    __slots__ = (
        "_last_at", "_last_picture", "_last_sequence", "_last_time", "_last_tl0", "_picture_offset",
        "_rate", "_tl0_offset", "sequence_offset", "ssrc", "start", "time_offset",
    )  # fmt: skip

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self._rate = clock_rate
        self.start = 0  # place of the first packet of the present source
        self.sequence_offset = 0
        self.time_offset = 0
        self._picture_offset = 0
        self._tl0_offset = 0
        self._last_sequence = -1  # what was sent last: highest sequence and its time
        self._last_time = 0
        self._last_at = 0.0
        self._last_picture = -1
        self._last_tl0 = -1

    def begin(self, packet: Packet, now: float) -> None:
        """A new source starts with this packet: continue where the last one stopped."""
        self.start = packet.place
        if self._last_sequence < 0:
            return
        self.sequence_offset = (self._last_sequence + 1 - packet.place) & 0xFFFF
        passed = max(1, int((now - self._last_at) * self._rate))
        self.time_offset = (self._last_time + passed - packet.timestamp) & 0xFFFFFFFF
        picture = packet.picture
        if picture is not None:
            self._picture_offset = _step(self._last_picture, picture.picture_id, 0x7FFF)
            self._tl0_offset = _step(self._last_tl0, picture.tl0, 0xFF)

    def write(self, packet: Packet, payload: bytes, payload_type: int, now: float) -> bytes:
        """The packet as this slot sends it; `payload` and type may differ (RED taken off)."""
        place, timestamp, marker, _, picture = packet
        sequence = (place + self.sequence_offset) & 0xFFFF
        moved = (timestamp + self.time_offset) & 0xFFFFFFFF
        if self._last_sequence < 0 or (sequence - self._last_sequence) & 0xFFFF < 0x8000:
            self._last_sequence, self._last_time, self._last_at = sequence, moved, now
            if picture is not None and picture.picture_id >= 0:
                self._last_picture = picture.picture_id + self._picture_offset & 0x7FFF
                self._last_tl0 = picture.tl0 + self._tl0_offset & 0xFF if picture.tl0 >= 0 else -1
        if not payload:
            return rtp.write_padding(payload_type, sequence, moved, self.ssrc)
        if picture is not None:
            payload = self._picture(payload, picture)
        return rtp.HEADER.pack(
            0x80, marker & 0x80 | payload_type, sequence, moved, self.ssrc
        ) + payload  # fmt: skip

    def write_again(self, packet: Packet, rtx: tuple[int, int, int]) -> bytes:
        """The packet as a retransmission (RFC 4588 §4): `rtx` is (SSRC, sequence, payload type)."""
        place, timestamp, marker, payload, picture = packet
        if picture is not None:
            payload = self._picture(payload, picture)
        original = (place + self.sequence_offset) & 0xFFFF
        ssrc, sequence, payload_type = rtx
        moved = (timestamp + self.time_offset) & 0xFFFFFFFF
        head = rtp.HEADER.pack(0x80, marker & 0x80 | payload_type, sequence, moved, ssrc)
        return head + original.to_bytes(2, "big") + payload

    def _picture(self, payload: bytes, picture: vp8.Descriptor) -> bytes:
        if not self._picture_offset and not self._tl0_offset:
            return payload
        return vp8.shift(payload, picture, self._picture_offset, self._tl0_offset)


def _step(last: int, first: int, mask: int) -> int:
    """The offset which makes `first` follow `last`; none when either is absent."""
    return 0 if last < 0 or first < 0 else (last + 1 - first) & mask
