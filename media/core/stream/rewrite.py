"""One slot's running numbers, continued whoever is in it: sequence, time, VP8 picture ids.

A receiver sees one unbroken stream per slot. What is left out (`leave_out`) takes no number, so
that a receiver finds no hole: Chromium holds back a frame of an upper layer while a picture id
before it is missing (modules/video_coding/rtp_vp8_ref_finder.cc), and asks again for each missing
sequence number. A number is kept for a packet that was lost on the way up, unless it is certain
that it, too, would be left out.
"""

from typing import NamedTuple

from media.core.packets import rtp, vp8
from media.core.packets.picture import Picture

MOST_KEPT = 512
MOST_PICTURES = 128
FURTHEST = 64  # frames ahead which still are a gap, not a new count
MARKER = 0x80
HEADER = rtp.HEADER.pack  # looked up once, not for each packet


class Packet(NamedTuple):
    """A packet of a source, its padding and extensions gone."""

    place: int  # sequence number, unrolled
    timestamp: int  # also names the frame
    marker_and_type: int
    payload: bytes
    picture: Picture | None = None
    key: bool = False  # of a key frame, any of its packets
    run: int = 0  # which unbroken run of numbers `place` counts in


# How a packet was sent: packet, payload, time, picture id step, tl0 step, payload type.
Sent = tuple[Packet, bytes, int, int, int, int]


class Rewriter:
    """The numbers of one slot's line."""

    __slots__ = (
        "_before", "_gaps", "_kept", "_last", "_last_at", "_last_picture", "_last_tl0", "_left",
        "_left_pictures", "_offset", "_picture", "_picture_offset", "_pictures", "_rate", "_run",
        "_tl0_offset", "lowest", "next", "sequence", "ssrc", "time_offset",
    )  # fmt: skip

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.sequence = -1  # of what was written last
        self.time_offset = 0
        # A stretch where only the lowest layer passes: its run, first place and place behind it.
        self.lowest = (0, 0, 0)
        self.next = 0  # the place which would continue without gap
        self._rate = clock_rate
        self._offset = 0
        self._run = -1
        self._last: Packet | None = None  # at the highest place written in this stretch
        self._last_at = 0.0
        self._before: Packet | None = None  # the last of the stretch before
        self._left: dict[int, Packet] = {}  # left out, at places still ahead
        self._kept: dict[int, int] = {}  # place → sequence number, while lost on the way up
        self._picture = -1  # the source's id of the frame written last
        self._picture_offset = 0
        self._tl0_offset = 0
        self._last_picture = self._last_tl0 = -1  # as sent
        self._pictures: dict[int, int] = {}  # the source's id → its offset, for late packets
        self._left_pictures: set[int] = set()
        self._gaps = False  # numbers were kept since the last frame

    def begin(self, packet: Packet, now: float, same_clock: bool = False) -> None:
        """An unbroken stretch starts with this packet: continue where the last one stopped.

        `same_clock`: it is of the same source, whose timestamps simply go on."""
        last = self._last or self._before
        if last is not None:
            self._offset = (self.next + self._offset - packet.place) & 0xFFFF
            if not same_clock:
                passed = max(1, int((now - self._last_at) * self._rate)) + last.timestamp
                self.time_offset = (self.time_offset + passed - packet.timestamp) & 0xFFFFFFFF
        self.next, self._before, self._last = packet.place, last, None
        self._run = packet.run
        self._kept.clear()
        self._gaps, self._picture = False, -1
        ahead = [each for each in self._left.values() if self._is_ahead(each)]
        self._left = {each.place: each for each in ahead}
        self._left_pictures = {each.picture.picture_id for each in ahead if each.picture}

    def _renumber(self, picture: Picture | None) -> None:
        """Let this picture follow the last one sent."""
        self._pictures.clear()
        if picture is not None:
            self._picture_offset = _step(self._last_picture, picture.picture_id, 0x7FFF)
            self._tl0_offset = _step(self._last_tl0, picture.tl0, 0xFF)

    def leave_out(self, packet: Packet) -> bytes | None:
        """This packet is not sent. When a number was kept for it: the padding which takes it."""
        if packet.run == self._run and packet.place < self.next:
            number = self._kept.pop(packet.place, -1)
            return None if number < 0 else self._padding(packet, number)
        if len(self._left) < MOST_KEPT:
            self._left[packet.place] = packet
            if packet.picture is not None:
                self._left_pictures.add(packet.picture.picture_id)
        return None

    def _is_ahead(self, packet: Packet) -> bool:
        return packet.run == self._run and packet.place >= self.next

    def _padding(self, packet: Packet, number: int) -> bytes:
        moved = (packet.timestamp + self.time_offset) & 0xFFFFFFFF
        return rtp.write_padding(packet.marker_and_type & 0x7F, number, moved, self.ssrc)

    def write(
        self, packet: Packet, payload: bytes, payload_type: int, now: float
    ) -> tuple[bytes, Sent | None]:
        """(The packet as this slot sends it, how); `payload` and type may differ from the source's
        (RED taken off). Nothing (empty) for what has no number; padding is sent in no way."""
        place, timestamp, marker, _, picture, _, _ = packet
        if place < self.next:
            return self._write_late(packet, payload, payload_type)
        if place > self.next:
            self._cross(packet)
        self.next, self._last, self._last_at = place + 1, packet, now
        if picture is not None and picture.picture_id != self._picture:
            self._advance(picture)
        self.sequence = sequence = (place + self._offset) & 0xFFFF
        moved = (timestamp + self.time_offset) & 0xFFFFFFFF
        step, tl0 = self._picture_offset, self._tl0_offset
        sent = (packet, payload, moved, step, tl0, payload_type)
        if (step or tl0) and picture is not None:
            payload = vp8.shift(payload, picture, step, tl0)
        head = HEADER(0x80, marker & 0x80 | payload_type, sequence, moved, self.ssrc)
        return head + payload, sent

    def _write_late(
        self, packet: Packet, payload: bytes, payload_type: int
    ) -> tuple[bytes, Sent | None]:
        sequence = self._kept.pop(packet.place, -1)
        if sequence < 0:
            return b"", None
        step = self._late_step(packet.picture)
        if step < 0:
            return self._padding(packet, sequence), None
        self.sequence = sequence
        moved = (packet.timestamp + self.time_offset) & 0xFFFFFFFF
        sent = (packet, payload, moved, step, self._tl0_offset, payload_type)
        return self.write_again(sent, sequence, None), sent

    def _late_step(self, picture: Picture | None) -> int:
        if picture is None or picture.picture_id < 0:
            return 0
        if picture.picture_id == self._picture:
            return self._picture_offset
        return self._pictures.get(picture.picture_id, -1)

    def _cross(self, packet: Packet) -> None:
        """Step over the places before this packet: left out, or lost on the way up."""
        before, missing = self._last, []
        for place in range(self.next, packet.place):
            left = self._left.pop(place, None)
            if left is None or left.run != packet.run:
                missing.append(place)
                continue
            if missing:
                self._judge(before, left, missing, True)
                missing = []
            self._offset -= 1
            before = left
        if missing:
            self._judge(before, packet, missing, False)
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def _judge(
        self, before: Packet | None, after: Packet, missing: list[int], after_left: bool
    ) -> None:
        if before is not None and self._surely_left(before, after, after_left):
            self._offset -= len(missing)
            return
        self._gaps = True
        for place in missing:
            self._kept[place] = (place + self._offset) & 0xFFFF

    def _surely_left(self, before: Packet, after: Packet, after_left: bool) -> bool:
        """Whether all that is missing between two neighbours would have been left out."""
        one, two = before.picture, after.picture
        if one is None or two is None or one.picture_id < 0 or two.picture_id < 0:
            return False
        before_left = before is not self._last
        if before.timestamp == after.timestamp:
            return after_left
        ends = before.marker_and_type & MARKER or before_left
        starts = two.start or after_left
        if not ends or not starts:
            return False
        between = _between(one, two)
        if not between:
            return True
        run, first, behind = self.lowest
        lowest = before.run == run and first <= before.place and after.place < behind
        none_of_lowest = (two.tl0 - one.tl0 - (two.temporal == 0)) & 0xFF == 0 and two.tl0 >= 0
        if not lowest or not none_of_lowest or len(between) >= FURTHEST:
            return False
        self._left_pictures.update(between)
        return True

    def _advance(self, picture: Picture) -> None:
        """A new frame: its picture id follows the last sent one, but for those still expected."""
        first, self._picture = self._picture, picture.picture_id
        if picture.picture_id < 0:
            return
        mask = 0x7FFF if picture.wide else 0x7F
        ahead = (picture.picture_id - first) & mask if first >= 0 else 0
        if not 0 < ahead <= FURTHEST:
            self._renumber(picture)
        else:
            for each in range(first + 1, first + ahead):
                self._pass_by(each & mask)
        self._picture = picture.picture_id
        self._pictures[picture.picture_id] = self._picture_offset
        while len(self._pictures) > MOST_PICTURES:
            del self._pictures[next(iter(self._pictures))]
        self._gaps = False
        self._last_picture = (picture.picture_id + self._picture_offset) & 0x7FFF
        self._last_tl0 = picture.tl0 + self._tl0_offset & 0xFF if picture.tl0 >= 0 else -1

    def _pass_by(self, picture_id: int) -> None:
        left = picture_id in self._left_pictures
        self._left_pictures.discard(picture_id)
        if left or not self._gaps:
            self._picture_offset = (self._picture_offset - 1) & 0x7FFF
        else:
            self._pictures[picture_id] = self._picture_offset

    def write_again(self, sent: Sent, original: int, rtx: tuple[int, int, int] | None) -> bytes:
        """The same packet once more, which had the number `original`; as a retransmission
        (RFC 4588 §4) when `rtx` tells its (SSRC, sequence, payload type)."""
        packet, payload, moved, step, tl0, payload_type = sent
        if packet.picture is not None and (step or tl0):
            payload = vp8.shift(payload, packet.picture, step, tl0)
        marker = packet.marker_and_type & MARKER
        if rtx is None:
            return rtp.write(marker | payload_type, original, moved, self.ssrc, payload)
        ssrc, sequence, rtx_type = rtx
        head = HEADER(0x80, marker | rtx_type, sequence, moved, ssrc)
        return head + original.to_bytes(2, "big") + payload


def _between(one: Picture, two: Picture) -> list[int]:
    """The picture ids between two frames."""
    mask = 0x7FFF if two.wide else 0x7F
    ahead = (two.picture_id - one.picture_id) & mask
    return [(one.picture_id + n) & mask for n in range(1, min(ahead, FURTHEST + 1))]


def _step(last: int, first: int, mask: int) -> int:
    """The offset which makes `first` follow `last`; none when either is absent."""
    return 0 if last < 0 or first < 0 else (last + 1 - first) & mask
