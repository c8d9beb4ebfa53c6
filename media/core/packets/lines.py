"""The media lines of every offer: their order, their names, the payload types. Facts only."""

from typing import NamedTuple

OPUS, RED = 111, 63
VP8, VP8_RTX, AV1, AV1_RTX = 96, 97, 45, 46
RTX_OF = {VP8: VP8_RTX, AV1: AV1_RTX}  # codec → its retransmissions
CODEC_OF = {rtx: codec for codec, rtx in RTX_OF.items()}
AUDIO_RATE, VIDEO_RATE = 48_000, 90_000
PERSON_SLOTS = 5
EXAM_SLOTS = 2


class Line(NamedTuple):
    """One m-line."""

    mid: str
    audio: bool
    up: bool  # the browser sends
    stream: str  # msid stream of what Carbet sends
    slot: int  # -1 for what the browser sends


UP = (
    Line("mic", True, True, "", -1),
    Line("camera", False, True, "", -1),
    Line("exam", False, True, "", -1),
    Line("low", False, True, "", -1),  # the camera once more, smaller
)
DOWN = (
    *(Line(f"a{n}", True, False, f"p{n}", n) for n in range(PERSON_SLOTS)),
    *(Line(f"v{n}", False, False, f"p{n}", n) for n in range(PERSON_SLOTS)),
    *(Line(f"x{n}", False, False, f"x{n}", PERSON_SLOTS + n) for n in range(EXAM_SLOTS)),
)
LINES = UP + DOWN
