"""The start of an AV1 payload (RTP Payload Format for AV1, v1.0, §4.4): which frame, which layer.

Reads the aggregation header and the header of the first OBU, nothing behind them. Numbers nothing:
AV1 in RTP has no picture ids.
"""

from media.core.packets.picture import Picture, PictureError

SEQUENCE_HEADER = 1  # OBU type (AV1 specification §6.2.2)
MOST_SIZE_BYTES = 8  # of a leb128 (AV1 specification §4.10.5)


class Av1Error(PictureError):
    """This payload does not start with an aggregation header and an OBU."""


def parse(payload: bytes) -> Picture:
    """Read the start. `temporal` is -1 in a packet which continues an OBU. Raises Av1Error."""
    try:
        return _parse(payload)
    except IndexError:
        raise Av1Error("short") from None


def _parse(payload: bytes) -> Picture:
    aggregation = payload[0]
    continues, counted, keyframe = aggregation & 0x80, aggregation & 0x30, aggregation & 0x08
    if continues:
        if keyframe:  # §4.4: N and Z exclude each other
            raise Av1Error("a new sequence inside an OBU")
        payload[1]
        return Picture(False, False, -1, False, False)
    # W = 1: the only element has no size before it.
    at = 1 if counted == 0x10 else _behind_size(payload)
    header = payload[at]
    if header & 0x80:
        raise Av1Error("forbidden bit")
    temporal = payload[at + 1] >> 5 if header & 0x04 else 0
    # In every structure browsers make, a layer's first frame after one of the lowest needs only
    # lower ones: raising by one layer at a time is safe (media/track.py).
    return Picture(True, bool(keyframe), 0 if keyframe else temporal, temporal > 0, False)


def _behind_size(payload: bytes) -> int:
    for at in range(1, 1 + MOST_SIZE_BYTES):
        if not payload[at] & 0x80:
            return at + 1
    raise Av1Error("size")
