"""Telephone numbers as people write them: digits in groups (ITU-T E.123), at most fifteen (E.164).

Refuses to guess a country: `0594 37 00 00` stays what the reader of the same region would dial.
"""

import re

WRITTEN = re.compile(r"\+?[0-9]( ?[0-9]){5,14}")
GAPS = re.compile(r"[\s.\-]+")


def readable(text: str) -> str | None:
    """The number with single spaces between its groups, or None for an empty text.

    Raises `ValueError`."""
    number = GAPS.sub(" ", text[:100]).strip()
    if not number:
        return None
    if not WRITTEN.fullmatch(number):
        raise ValueError("a telephone number is expected")
    return number
