"""Which protocol a datagram speaks (RFC 7983 §7) and whom a STUN check is for. Answers nothing."""

from enum import Enum

COOKIE = b"\x21\x12\xa4\x42"
BINDING_REQUEST = b"\x00\x01"
USERNAME = 0x0006
LARGEST = 1500
LARGEST_CHECK = 548  # what fits the smallest path (RFC 8489 §6.1)
PLAIN_ALERT = (21, b"\x00\x00")


class Kind(Enum):
    """The protocols which share the port."""

    STUN = "stun"
    DTLS = "dtls"
    RTP = "rtp"
    RTCP = "rtcp"
    UNKNOWN = "unknown"


def kind_of(data: bytes) -> Kind:
    """Read the first two bytes; what is empty, too long or of no known kind is UNKNOWN."""
    if not 2 <= len(data) <= LARGEST:
        return Kind.UNKNOWN
    first = data[0]
    if 128 <= first <= 191:
        return Kind.RTCP if 192 <= data[1] <= 223 else Kind.RTP
    if 20 <= first <= 63:
        return Kind.DTLS
    return Kind.STUN if first <= 3 else Kind.UNKNOWN


def check_username(data: bytes) -> tuple[str, str] | None:
    """(our ufrag, their ufrag) of a STUN binding request, or None for anything else.

    Only finds the name; the check is authenticated afterwards with the password it leads to.
    """
    size = len(data)
    if not 20 <= size <= LARGEST_CHECK or data[:2] != BINDING_REQUEST or data[4:8] != COOKIE:
        return None
    if int.from_bytes(data[2:4], "big") != size - 20:
        return None
    at = 20
    while at + 4 <= size:
        kind = int.from_bytes(data[at : at + 2], "big")
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == USERNAME:
            return _names(data[at + 4 : at + 4 + length], length)
        at += 4 + (length + 3 & ~3)
    return None


def _names(value: bytes, length: int) -> tuple[str, str] | None:
    if len(value) != length or not value.isascii():
        return None
    ours, colon, theirs = value.decode("ascii").partition(":")
    return (ours, theirs) if colon else None


def is_plain_alert(record: bytes) -> bool:
    """A DTLS alert which nothing protects (epoch 0, RFC 6347 §4.1): anybody could have made it."""
    return len(record) >= 5 and record[0] == PLAIN_ALERT[0] and record[3:5] == PLAIN_ALERT[1]
