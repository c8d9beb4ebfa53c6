"""The targets by name."""

from tests.fuzz import targets
from tests.fuzz.calls import CALL
from tests.fuzz.targets import Target

TARGETS: dict[str, Target] = {
    "port": Target(targets.try_port, targets.port_seeds),
    "rtp": Target(targets.try_rtp, targets.rtp_seeds, 300),
    "rtcp": Target(targets.try_rtcp, targets.rtcp_seeds, 400),
    "feedback": Target(targets.try_feedback, targets.feedback_seeds, 300),
    "vp8": Target(targets.try_vp8, targets.vp8_seeds, 64),
    "av1": Target(targets.try_av1, targets.av1_seeds, 64),
    "red": Target(targets.try_red, targets.red_seeds, 256),
    "srtp": Target(targets.try_srtp, targets.srtp_seeds),
    "words": Target(targets.try_words, targets.words_seeds, 2000),
    "frame": Target(targets.try_frame, targets.frame_seeds, 256),
    "answer": Target(targets.try_answer, targets.answer_seeds, 8000),
    "call": CALL,
}
