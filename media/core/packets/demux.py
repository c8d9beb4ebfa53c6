"""Which protocol a datagram speaks (RFC 7983 §7) and whom a STUN check is for. Answers nothing."""

from enum import Enum

COOKIE = b"\x21\x12\xa4\x42"
BINDING_REQUEST = b"\x00\x01"
USERNAME = 0x0006
LARGEST = 1500
LARGEST_CHECK = 548  # what fits the smallest path (RFC 8489 §6.1)
HANDSHAKE, ALERT = 22, 21
RECORD_HEADER, MESSAGE_HEADER = 13, 12
UNIFIED = 32  # first bytes from here on are DTLS 1.3 records, always encrypted (RFC 9147 §4)


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


def is_plausible(datagram: bytes) -> bool:
    """Whether a DTLS datagram is worth showing to the handshake (RFC 6347 §4.1, §4.2.2).

    Its records must fill it; one which nothing protects (epoch 0) may not be an alert, which
    anybody could have made, and must hold whole handshake messages or fragments of them.
    """
    if datagram[0] >= UNIFIED:
        return True
    at, size = 0, len(datagram)
    while at < size:
        body = at + RECORD_HEADER
        end = body + int.from_bytes(datagram[at + 11 : body], "big")
        if body > size or end > size or datagram[at + 1] != 0xFE:
            return False
        plain = datagram[at + 3 : at + 5] == b"\0\0"
        if plain and not _plausible_plain(datagram[at], datagram[body:end]):
            return False
        at = end
    return True


def _plausible_plain(kind: int, body: bytes) -> bool:
    if kind == ALERT or not body:
        return False
    at = 0
    while kind == HANDSHAKE and at < len(body):
        if at + MESSAGE_HEADER > len(body):
            return False
        whole = int.from_bytes(body[at + 1 : at + 4], "big")
        offset = int.from_bytes(body[at + 6 : at + 9], "big")
        length = int.from_bytes(body[at + 9 : at + 12], "big")
        at += MESSAGE_HEADER + length
        if offset + length > whole or at > len(body):
            return False
    return True
