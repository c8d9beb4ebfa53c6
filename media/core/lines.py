"""The media lines of every offer: their order, their names, the payload types. Facts only."""

from typing import NamedTuple

OPUS, RED, VP8, RTX = 111, 63, 96, 97
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
)
DOWN = (
    *(Line(f"a{n}", True, False, f"p{n}", n) for n in range(PERSON_SLOTS)),
    *(Line(f"v{n}", False, False, f"p{n}", n) for n in range(PERSON_SLOTS)),
    *(Line(f"x{n}", False, False, f"x{n}", PERSON_SLOTS + n) for n in range(EXAM_SLOTS)),
)
LINES = UP + DOWN
