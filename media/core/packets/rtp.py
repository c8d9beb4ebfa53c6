"""RTP packets (RFC 3550 §5.1) and their header extensions (RFC 8285), read and written.

Works on offsets into the datagram, so that the packet path makes no objects. Never decrypts.
"""

import struct

HEADER = struct.Struct("!BBHII")
VERSION = 0x80
MARKER = 0x80
ONE_BYTE = 0xBEDE
TWO_BYTE = 0x100

# The numbers the offer gives to the extensions Carbet reads.
AUDIO_LEVEL = 1
TRANSPORT_SEQUENCE = 3
MID = 4


_NUMBERED = struct.Struct("!B11sHHBHx")


class RtpError(ValueError):
    """These bytes are not an RTP packet."""


def parse(data: bytes) -> tuple[int, int, int, int, int, int, int]:
    """Read one packet: (marker and payload type, sequence, timestamp, ssrc, extension, start, end).

    `extension` is the offset of the extension block (0 when there is none); the payload without
    its padding is `data[start:end]`. Raises RtpError.
    """
    size = len(data)
    if size < 12:
        raise RtpError("short")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first & 0xC0 != VERSION:
        raise RtpError("version")
    start = 12 + 4 * (first & 0x0F)
    extension = 0
    if first & 0x10:
        if size < start + 4:
            raise RtpError("extension")
        extension = start
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    end = size
    if first & 0x20:
        if not data[-1]:
            raise RtpError("padding")
        end -= data[-1]
    if start > end:
        raise RtpError("length")
    return second, sequence, timestamp, ssrc, extension, start, end


def extensions(data: bytes, block: int, end: int) -> list[tuple[int, int, int]]:
    """(id, offset, length) of each element of the extension block; stops at what it cannot read.

    RFC 8285 §4.2 and §4.3; `end` is where the payload starts.
    """
    found: list[tuple[int, int, int]] = []
    profile = data[block] << 8 | data[block + 1]
    long_form = profile & 0xFFF0 == TWO_BYTE
    if profile != ONE_BYTE and not long_form:
        return found
    at = block + 4
    while at < end:
        head = data[at]
        if head == 0:
            at += 1
            continue
        if long_form:
            if at + 1 >= end:
                break
            number, length, at = head, data[at + 1], at + 2
        else:
            number, length, at = head >> 4, (head & 0x0F) + 1, at + 1
            if number == 15:
                break
        if at + length > end:
            break
        found.append((number, at, length))
        at += length
    return found


def known(data: bytes, block: int, end: int) -> tuple[int, int, str]:
    """(transport-wide sequence, audio level, mid) found there; -1, -1 and "" when absent."""
    sequence, level, mid = -1, -1, ""
    for number, at, length in extensions(data, block, end):
        if number == TRANSPORT_SEQUENCE and length == 2:
            sequence = data[at] << 8 | data[at + 1]
        elif number == AUDIO_LEVEL and length:  # the long form has elements of no bytes
            level = data[at] & 0x7F
        elif number == MID:
            mid = data[at : at + length].decode("ascii", "replace")
    return sequence, level, mid


def write(marker_and_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """A packet without extension, padding or contributing sources."""
    return HEADER.pack(VERSION, marker_and_type, sequence, timestamp, ssrc) + payload


def write_padding(
    payload_type: int, sequence: int, timestamp: int, ssrc: int, size: int = 1
) -> bytes:
    """A packet which only holds a place in the sequence: `size` bytes of padding, 1 to 255."""
    head = HEADER.pack(VERSION | 0x20, payload_type, sequence, timestamp, ssrc)
    return head + bytes(size - 1) + bytes((size,))


def numbered(packet: bytes, number: int) -> bytes:
    """The packet, which has no extension, with its transport-wide number: 8 bytes more."""
    element = TRANSPORT_SEQUENCE << 4 | 1
    return (
        _NUMBERED.pack(packet[0] | 0x10, packet[1:12], ONE_BYTE, 1, element, number) + packet[12:]
    )


def original(packet: bytes, start: int, end: int) -> int:
    """The sequence number a retransmission (RFC 4588 §4) repeats; -1 when it is only a probe."""
    return packet[start] << 8 | packet[start + 1] if end - start > 2 else -1
