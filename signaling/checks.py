"""What each value of a client's message must be: the pieces a strict parser is made of. PURE.

Nothing is converted or trimmed, so that what was sent is what is stored. An error never repeats
what was sent.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

# The largest whole number a script can name.
COUNT = 2.0**53


class Invalid(Exception):
    """Not a command of the protocol. Its text never repeats what was sent."""


Checks = dict[str, Callable[[Any], Any]]


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid("a boolean is needed")
    return value


def text(longest: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Invalid(f"a text of 1 to {longest} characters is needed")
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise Invalid("a text of Unicode characters without NUL is needed")
        return value

    return check


def one_of(allowed: frozenset[str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Invalid("one of the listed words is needed")
        return value

    return check


def uuid(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 36:
        raise Invalid("a UUID is needed")
    try:
        return str(UUID(value))
    except ValueError:
        raise Invalid("a UUID is needed") from None


def number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Invalid("a small whole number is needed")
    return value


def real(most: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= most:
            raise Invalid("a number within bounds is needed")
        return float(value)

    return check


def count(value: Any) -> int:
    """A script's whole number, which JSON may write with a point."""
    number = real(COUNT)(value)
    if not number.is_integer():
        raise Invalid("a whole number is needed")
    return int(number)


def or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def fields(payload: Any, checks: Checks) -> dict[str, Any]:
    if not isinstance(payload, dict) or payload.keys() != checks.keys():
        raise Invalid("exactly the keys of the protocol are needed")
    return {key: check(payload[key]) for key, check in checks.items()}
