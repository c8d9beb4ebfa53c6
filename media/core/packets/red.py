"""Redundant audio (RFC 2198): takes the newest block out, or sends the one before once more."""

MOST_OFFSET = 1 << 14  # timestamp units a block may be older
MOST_LENGTH = 1 << 10  # bytes of an older block


class RedError(ValueError):
    """These bytes are not a RED payload."""


def primary(payload: bytes) -> tuple[int, bytes]:
    """(payload type, bytes) of the primary block. Raises RedError."""
    at = skip = 0
    size = len(payload)
    while at < size and payload[at] & 0x80:
        if at + 4 > size:
            raise RedError("header")
        skip += (payload[at + 2] & 0x03) << 8 | payload[at + 3]
        at += 4
    if at >= size or at + 1 + skip > size:
        raise RedError("length")
    return payload[at] & 0x7F, payload[at + 1 + skip :]


def pair(payload_type: int, older: bytes, passed: int, newer: bytes) -> bytes | None:
    """A RED payload of two blocks of one type; None when the older does not fit its header.

    `passed`: timestamp units between them."""
    if not older or not 0 < passed < MOST_OFFSET or len(older) >= MOST_LENGTH:
        return None
    block = passed << 10 | len(older)
    head = bytes((0x80 | payload_type, block >> 16, block >> 8 & 0xFF, block & 0xFF, payload_type))
    return head + older + newer
