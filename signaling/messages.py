"""A client's commands, parsed strictly. PURE.

Anything that is not exactly what PROTOCOL.md says raises `Invalid`: an unknown event, a key
too many or too few, another type, a text too long. Nothing is converted or trimmed, so that
what was sent is what is stored. It refuses to judge whether the sender may.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

TEXT = 2000
# An answer is about 5 kB; ten times that is somebody else's program.
SDP = 50_000
ID = 24
SESSION = 64

PICTURES = frozenset(("camera", "exam"))
WHATS = frozenset(("speech", "motion", "detail"))
LIMITS = frozenset(("none", "cpu", "bandwidth", "other"))
# The largest whole number a script can name, and a terabit: no link of ours.
COUNT, RATE, HOUR = 2.0**53, 1e12, 3600.0

DEVICE_STATES = frozenset(("on", "off", "lost", "none"))
EXAM_KINDS = frozenset(("camera", "screen"))


class Invalid(Exception):
    """Not a command of the protocol. Its text never repeats what was sent."""


@dataclass(frozen=True)
class Consent:
    given: bool


@dataclass(frozen=True)
class Knock:
    pass


@dataclass(frozen=True)
class Answer:
    session: str
    sdp: str


@dataclass(frozen=True)
class Renew:
    session: str


@dataclass(frozen=True)
class DeviceStates:
    mic: str
    camera: str
    exam: str
    exam_kind: str


@dataclass(frozen=True)
class Say:
    client_id: str
    text: str


@dataclass(frozen=True)
class Hand:
    up: bool


@dataclass(frozen=True)
class Admit:
    seat: str


@dataclass(frozen=True)
class Refuse:
    seat: str


@dataclass(frozen=True)
class Remove:
    seat: str


@dataclass(frozen=True)
class Lock:
    locked: bool


@dataclass(frozen=True)
class Leave:
    pass


@dataclass(frozen=True)
class End:
    pass


@dataclass(frozen=True)
class Report:
    """What a page's browser says of its own sending: `up` is what it believes it could send, in
    bit/s, `rtt` in s, `loss` a fraction; `sent` and `received` are bytes since it was opened."""

    session: str
    up: float | None
    rtt: float | None
    loss: float | None
    limited: str
    sent: int
    received: int


@dataclass(frozen=True)
class Matter:
    """What matters in a picture."""

    seat: str
    source: str
    what: str


Command = (
    Consent
    | Knock
    | Answer
    | Renew
    | DeviceStates
    | Say
    | Hand
    | Admit
    | Refuse
    | Remove
    | Lock
    | Leave
    | End
    | Report
    | Matter
)


@dataclass(frozen=True)
class Hello:
    """The `auth` payload of a connection: which consultation, which tab, what it already has."""

    consultation: str
    tab: str
    last_message: int = 0
    session: str | None = None
    rtt: float | None = None
    saver: bool = False


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid("a boolean is needed")
    return value


def _text(longest: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Invalid(f"a text of 1 to {longest} characters is needed")
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise Invalid("a text of Unicode characters without NUL is needed")
        return value

    return check


def _said(value: Any) -> str:
    text = _text(TEXT)(value)
    if text.isspace():
        raise Invalid("a text with something in it is needed")
    return text


def _one_of(allowed: frozenset[str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Invalid("one of the listed words is needed")
        return value

    return check


def _uuid(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 36:
        raise Invalid("a UUID is needed")
    try:
        return str(UUID(value))
    except ValueError:
        raise Invalid("a UUID is needed") from None


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Invalid("a small whole number is needed")
    return value


def _real(most: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= most:
            raise Invalid("a number within bounds is needed")
        return float(value)

    return check


def _count(value: Any) -> int:
    """A script's whole number, which JSON may write with a point."""
    number = _real(COUNT)(value)
    if not number.is_integer():
        raise Invalid("a whole number is needed")
    return int(number)


def _or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


Checks = dict[str, Callable[[Any], Any]]

_STATE = _one_of(DEVICE_STATES)
_SEAT: Checks = {"seat": _text(ID)}

COMMANDS: dict[str, tuple[Callable[..., Command], Checks]] = {
    "consent": (Consent, {"given": _boolean}),
    "knock": (Knock, {}),
    "answer": (Answer, {"session": _text(SESSION), "sdp": _text(SDP)}),
    "renew": (Renew, {"session": _text(SESSION)}),
    "media": (
        DeviceStates,
        {"mic": _STATE, "camera": _STATE, "exam": _STATE, "exam_kind": _one_of(EXAM_KINDS)},
    ),
    "say": (Say, {"client_id": _uuid, "text": _said}),
    "hand": (Hand, {"up": _boolean}),
    "admit": (Admit, _SEAT),
    "refuse": (Refuse, _SEAT),
    "remove": (Remove, _SEAT),
    "lock": (Lock, {"locked": _boolean}),
    "leave": (Leave, {}),
    "end": (End, {}),
    "link": (
        Report,
        {
            "session": _text(SESSION),
            "up": _or_none(_real(RATE)),
            "rtt": _or_none(_real(HOUR)),
            "loss": _or_none(_real(1.0)),
            "limited": _one_of(LIMITS),
            "sent": _count,
            "received": _count,
        },
    ),
    "matters": (
        Matter,
        {"seat": _text(ID), "source": _one_of(PICTURES), "what": _one_of(WHATS)},
    ),
}

HELLO: Checks = {"consultation": _text(ID), "tab": _text(64), "last_message": _number}
# What may be left out, and is nothing when it is null.
HELLO_MORE: Checks = {"session": _text(SESSION), "rtt": _real(HOUR), "saver": _boolean}


def _fields(payload: Any, checks: Checks) -> dict[str, Any]:
    if not isinstance(payload, dict) or payload.keys() != checks.keys():
        raise Invalid("exactly the keys of the protocol are needed")
    return {key: check(payload[key]) for key, check in checks.items()}


def parse(event: Any, arguments: tuple[Any, ...]) -> Command:
    """The command of an event and its arguments (exactly one payload). Raises `Invalid`."""
    if not isinstance(event, str) or event not in COMMANDS or len(arguments) != 1:
        raise Invalid("not an event of the protocol")
    make, checks = COMMANDS[event]
    return make(**_fields(arguments[0], checks))


def parse_hello(auth: Any) -> Hello:
    """The `auth` payload; what is in `HELLO_MORE` may be left out. Raises `Invalid`."""
    if not isinstance(auth, dict):
        raise Invalid("exactly the keys of the protocol are needed")
    said = {k: v for k, v in auth.items() if k not in HELLO_MORE or v is not None}
    more = {key: check for key, check in HELLO_MORE.items() if key in said}
    return Hello(**_fields(said, {**HELLO, **more}))
