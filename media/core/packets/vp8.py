"""The VP8 payload descriptor (RFC 7741 §4.2): read, its numbers moved. Never decodes."""

from media.core.packets.picture import Picture, PictureError


class Vp8Error(PictureError):
    """This payload does not start with a whole VP8 payload descriptor."""


def parse(payload: bytes) -> Picture:
    """Read the descriptor. Raises Vp8Error."""
    try:
        return _parse(payload)
    except IndexError:
        raise Vp8Error("short") from None


def _parse(payload: bytes) -> Picture:
    first = payload[0]
    at, picture_id, wide, tl0, picture_at, tl0_at = 1, -1, False, -1, -1, -1
    layer = 0  # TID (2 bits), Y, KEYIDX (5 bits)
    if first & 0x80:
        flags = payload[1]
        at = 2
        if flags & 0x80:
            picture_at = at
            wide = payload[at] >= 0x80
            picture_id = (payload[at] & 0x7F) << 8 | payload[at + 1] if wide else payload[at]
            at += 2 if wide else 1
        if flags & 0x40:
            tl0, tl0_at = payload[at], at
            at += 1
        if flags & 0x30:
            layer = payload[at] if flags & 0x20 else 0
            at += 1
    # S set and partition 0: the frame tag follows, its lowest bit clear in a key frame (§4.3).
    start = first & 0x17 == 0x10
    keyframe = start and not payload[at] & 1
    return Picture(
        start, keyframe, layer >> 6, bool(layer & 0x20), bool(first & 0x20),
        picture_id, wide, tl0, picture_at, tl0_at,
    )  # fmt: skip


def shift(payload: bytes, read: Picture, picture: int, tl0: int) -> bytes:
    """The payload with its picture id and tl0 number moved on by these steps, sizes kept."""
    head = bytearray(payload[:8])
    if picture and read.picture_at >= 0:
        moved = read.picture_id + picture
        if read.wide:
            head[read.picture_at] = 0x80 | moved >> 8 & 0x7F
            head[read.picture_at + 1] = moved & 0xFF
        else:
            head[read.picture_at] = moved & 0x7F
    if tl0 and read.tl0_at >= 0:
        head[read.tl0_at] = read.tl0 + tl0 & 0xFF
    return bytes(head) + payload[8:]
