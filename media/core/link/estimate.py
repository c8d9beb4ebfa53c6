"""What is said of the link down to one receiver: a word, no reasoning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What may be sent, and why."""

    bitrate: int  # bit/s on the wire, all streams together
    soon: int  # bit/s once the queue that stands has drained: what plans are made for
    acked: int | None  # bit/s that arrived lately
    loss: float  # share lost lately
    own_loss: float  # share the link loses by itself
    queue: float  # s that stand in front of the link
    state: str  # starting | steady | climbing | falling | blind | silent
    why: str  # rate | loss | delay | starting | climbing | silent
    late: bool = False  # news is overdue: pictures wait until it came
