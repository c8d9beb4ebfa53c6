"""What a video packet says of its picture, whatever the codec. Facts only."""

from typing import NamedTuple


class PictureError(ValueError):
    """This payload does not start with a whole descriptor of its codec."""


class Picture(NamedTuple):
    """What forwarding needs to know. Offsets are into the payload; -1 says absent."""

    start: bool  # the first packet of its frame
    keyframe: bool  # and the frame is a key frame
    temporal: int  # layer, 0 is the lowest; -1 when this packet does not say
    sync: bool  # its frame needs no other than the lowest layer
    discardable: bool  # no other frame needs its frame
    picture_id: int = -1
    wide: bool = False  # the picture id has 15 bits, not 7
    tl0: int = -1  # running number of the lowest layer
    picture_at: int = -1
    tl0_at: int = -1
