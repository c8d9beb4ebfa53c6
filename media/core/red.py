"""Redundant audio (RFC 2198): finds the newest block, for a receiver who knows only Opus."""


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
