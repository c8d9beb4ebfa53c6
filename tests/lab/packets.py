"""What an IP packet on the link carries: PURE, read from what is not encrypted.

RTP headers travel in clear (RFC 3711 §3.1), so the bytes of media among all bytes can be counted on
the link itself, the same way for every system. It never looks into a payload.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

UDP = 17
IP_AND_UDP = 28
RTP_HEADER = 12
PADDED, EXTENDED = 0x20, 0x10


class Content(NamedTuple):
    """``kind``: rtp, padding, rtcp, stun, dtls, udp, tcp or other; ``payload``: bytes of media,
    the authentication tag among them (10 bytes, 16 with AES-GCM), 0 for all but rtp."""

    kind: str
    payload: int = 0
    ssrc: int = 0
    payload_type: int = 0


def content(packet: bytes) -> Content:
    """Sort one IPv4 packet, by RFC 7983 where it is UDP."""
    if len(packet) < IP_AND_UDP or packet[0] >> 4 != 4 or packet[0] & 15 != 5:
        return Content("other")
    if packet[9] != UDP:
        return Content("tcp" if packet[9] == 6 else "other")
    if len(packet) == IP_AND_UDP:
        return Content("udp")
    first = packet[IP_AND_UDP]
    if first < 4:
        return Content("stun")
    if 20 <= first < 64:
        return Content("dtls")
    if 128 <= first < 192 and len(packet) >= IP_AND_UDP + RTP_HEADER:
        return _media(packet[IP_AND_UDP:])
    return Content("udp")


def _media(data: bytes) -> Content:
    if 192 <= data[1] < 224:  # RFC 5761 §4
        return Content("rtcp", 0, struct.unpack_from("!I", data, 4)[0], data[1])
    start = RTP_HEADER + 4 * (data[0] & 15)
    if data[0] & EXTENDED and len(data) >= start + 4:
        start += 4 + 4 * int(struct.unpack_from("!H", data, start + 2)[0])
    kind = "padding" if data[0] & PADDED else "rtp"  # browsers pad only what has no media in it
    payload = max(0, len(data) - start) if kind == "rtp" else 0
    return Content(kind, payload, struct.unpack_from("!I", data, 8)[0], data[1] & 127)
