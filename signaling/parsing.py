"""A client's commands, parsed strictly. PURE.

Anything that is not exactly what PROTOCOL.md says raises `Invalid`: an unknown event, a key
too many or too few, another type, a text too long. Nothing is converted or trimmed, so that
what was sent is what is stored. It refuses to judge whether the sender may.
"""

from collections.abc import Callable
from typing import Any

from signaling import messages
from signaling.checks import (
    Checks,
    Invalid,
    boolean,
    count,
    fields,
    number,
    one_of,
    or_none,
    real,
    text,
    uuid,
)
from signaling.still import (
    PART,
    PIXELS,
    STAGE_BYTES,
    STAGES,
    TYPES,
    StillStage,
    smallest_first,
)

TEXT = 2000
# An answer is about 5 kB; ten times that is somebody else's program.
SDP = 50_000
ID = 24
SESSION = 64

PICTURES = frozenset(("camera", "exam"))
WHATS = frozenset(("speech", "motion", "detail"))
WHYS = frozenset(("asked", "rung"))
LIMITS = frozenset(("none", "cpu", "bandwidth", "other"))
# A terabit: no link of ours.
RATE, HOUR = 1e12, 3600.0

DEVICE_STATES = frozenset(("on", "off", "lost", "none"))
EXAM_KINDS = frozenset(("camera", "screen"))


def _said(value: Any) -> str:
    said = text(TEXT)(value)
    if said.isspace():
        raise Invalid("a text with something in it is needed")
    return said


def _data(value: Any) -> bytes:
    if not isinstance(value, bytes) or not 0 < len(value) <= PART:
        raise Invalid(f"1 to {PART} bytes are needed")
    return value


def _stages(value: Any) -> tuple[StillStage, ...]:
    """Sizes of a still, smallest first, each small enough to be opened."""
    if not isinstance(value, list) or not 0 < len(value) <= STAGES:
        raise Invalid(f"1 to {STAGES} stages are needed")
    stages = tuple(StillStage(**fields(stage, _STAGE)) for stage in value)
    small = all(s.width * s.height <= PIXELS and s.bytes <= STAGE_BYTES for s in stages)
    if not small or not smallest_first(stages):
        raise Invalid("stages within bounds are needed, smallest first")
    return stages


def _size(value: Any) -> int:
    if not (size := count(value)):
        raise Invalid("a size is needed")
    return size


_STAGE: Checks = {"bytes": _size, "type": one_of(TYPES), "width": _size, "height": _size}
_STILL: Checks = {"id": uuid}
_PLACE = or_none(real(1.0))
_STATE = one_of(DEVICE_STATES)
_SEAT: Checks = {"seat": text(ID)}

COMMANDS: dict[str, tuple[Callable[..., messages.Command], Checks]] = {
    "consent": (messages.Consent, {"given": boolean}),
    "knock": (messages.Knock, {}),
    "answer": (messages.Answer, {"session": text(SESSION), "sdp": text(SDP)}),
    "renew": (messages.Renew, {"session": text(SESSION)}),
    "media": (
        messages.DeviceStates,
        {"mic": _STATE, "camera": _STATE, "exam": _STATE, "exam_kind": one_of(EXAM_KINDS)},
    ),
    "say": (messages.Say, {"client_id": uuid, "text": _said}),
    "hand": (messages.Hand, {"up": boolean}),
    "admit": (messages.Admit, _SEAT),
    "refuse": (messages.Refuse, _SEAT),
    "remove": (messages.Remove, _SEAT),
    "lock": (messages.Lock, {"locked": boolean}),
    "leave": (messages.Leave, {}),
    "end": (messages.End, {}),
    "link": (
        messages.Report,
        {
            "session": text(SESSION),
            "up": or_none(real(RATE)),
            "rtt": or_none(real(HOUR)),
            "loss": or_none(real(1.0)),
            "limited": one_of(LIMITS),
            "sent": count,
            "received": count,
        },
    ),
    "matters": (
        messages.Matter,
        {"seat": text(ID), "source": one_of(PICTURES), "what": one_of(WHATS)},
    ),
    "still_ask": (messages.StillAsk, {"seat": text(ID), "source": one_of(PICTURES)}),
    "still_begin": (
        messages.StillBegin,
        {**_STILL, "source": one_of(PICTURES), "stages": _stages, "why": one_of(WHYS)},
    ),
    "still_part": (
        messages.StillPart,
        {**_STILL, "stage": number, "offset": number, "data": _data},
    ),
    "still_resume": (messages.StillResume, _STILL),
    "still_drop": (messages.StillDrop, _STILL),
    "pointer": (messages.Point, {"still": uuid, "x": _PLACE, "y": _PLACE}),
}

HELLO: Checks = {"consultation": text(ID), "tab": text(64), "last_message": number}
# What may be left out, and is nothing when it is null.
HELLO_MORE: Checks = {"session": text(SESSION), "rtt": real(HOUR), "saver": boolean}


def parse(event: Any, arguments: tuple[Any, ...]) -> messages.Command:
    """The command of an event and its arguments (exactly one payload). Raises `Invalid`."""
    if not isinstance(event, str) or event not in COMMANDS or len(arguments) != 1:
        raise Invalid("not an event of the protocol")
    make, checks = COMMANDS[event]
    return make(**fields(arguments[0], checks))


def parse_hello(auth: Any) -> messages.Hello:
    """The `auth` payload; what is in `HELLO_MORE` may be left out. Raises `Invalid`."""
    if not isinstance(auth, dict):
        raise Invalid("exactly the keys of the protocol are needed")
    said = {k: v for k, v in auth.items() if k not in HELLO_MORE or v is not None}
    more = {key: check for key, check in HELLO_MORE.items() if key in said}
    return messages.Hello(**fields(said, {**HELLO, **more}))
