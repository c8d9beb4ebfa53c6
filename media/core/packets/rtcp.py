"""RTCP (RFC 3550 §6, RFC 4585, RFC 5104): compound datagrams read and written, unencrypted.

Reads what Carbet acts on; other well-formed packets are passed over. Decides nothing.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SR, RR, BYE, RTPFB, PSFB = 200, 201, 203, 205, 206
NACK, TRANSPORT_FEEDBACK = 1, 15
PLI, FIR = 1, 4
MOST_NAMED = 1_000  # packets one NACK may name: as many as Chromium keeps a list of
_BLOCK = struct.Struct("!IIIIII")
_SENDER = struct.Struct("!IQIII")


class RtcpError(ValueError):
    """These bytes are not a sequence of RTCP packets."""


@dataclass(frozen=True, slots=True)
class Block:
    """A report block: what a receiver saw of one stream (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction: int  # lost since the last report, of 256
    lost: int  # since the start, 24 bits signed
    highest: int  # sequence number, with its turns above bit 16
    jitter: int  # timestamp units
    last_report: int  # middle 32 bits of the NTP time in the last SR
    delay: int  # since that SR, 1/65536 s


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int  # 64 bits, 32.32
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Nack:
    ssrc: int  # of the stream whose packets are missing
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A PLI or a FIR: both mean *send a key frame*."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Transport-wide feedback, unread (see feedback.py)."""

    ssrc: int  # of any one stream it tells about
    body: bytes  # what follows the two SSRCs


Packet = SenderReport | ReceiverReport | Nack | KeyframeRequest | Bye | TransportFeedback


def parse(data: bytes) -> list[Packet]:
    """Every packet of a datagram, in order. Raises RtcpError when any of them is malformed."""
    found: list[Packet] = []
    at, size = 0, len(data)
    if not size:
        raise RtcpError("empty")
    while at < size:
        if at + 4 > size or data[at] & 0xC0 != 0x80:
            raise RtcpError("header")
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if end > size:
            raise RtcpError("length")
        body = _without_padding(data[at + 4 : end], data[at])
        found.extend(_read(data[at + 1], data[at] & 0x1F, body))
        at = end
    return found


def _without_padding(body: bytes, first: int) -> bytes:
    if not first & 0x20:
        return body
    if not body or not 0 < body[-1] <= len(body):
        raise RtcpError("padding")
    return body[: -body[-1]]


def _read(kind: int, count: int, body: bytes) -> Iterable[Packet]:
    try:
        if kind == SR:
            ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
            blocks = _blocks(body, 24, count)
            return (SenderReport(ssrc, ntp, timestamp, packets, octets, blocks),)
        if kind == RR:
            return (ReceiverReport(_word(body, 0), _blocks(body, 4, count)),)
        if kind == BYE:
            return (Bye(tuple(_word(body, 4 * n) for n in range(count))),)
        if kind == RTPFB and count == NACK:
            return (Nack(_word(body, 4), _sequences(body)),)
        if kind == RTPFB and count == TRANSPORT_FEEDBACK:
            return (TransportFeedback(_word(body, 4), body[8:]),)
        if kind == PSFB and count == PLI:
            return (KeyframeRequest(_word(body, 4)),)
        if kind == PSFB and count == FIR:
            return tuple(KeyframeRequest(_word(body, at)) for at in range(8, len(body) - 7, 8))
    except struct.error:
        raise RtcpError("short") from None
    return ()


def _word(body: bytes, at: int) -> int:
    if at + 4 > len(body):
        raise RtcpError("short")
    return int.from_bytes(body[at : at + 4], "big")


def _blocks(body: bytes, at: int, count: int) -> tuple[Block, ...]:
    found = []
    for n in range(count):
        ssrc, losses, highest, jitter, last, delay = _BLOCK.unpack_from(body, at + 24 * n)
        lost = losses & 0xFFFFFF
        lost -= (lost & 0x800000) << 1
        found.append(Block(ssrc, losses >> 24, lost, highest, jitter, last, delay))
    return tuple(found)


def _sequences(body: bytes) -> tuple[int, ...]:
    found: list[int] = []
    for at in range(8, len(body) - 3, 4):
        if len(found) >= MOST_NAMED:
            break
        word = _word(body, at)
        first, mask = word >> 16, word & 0xFFFF
        found.append(first)
        found.extend((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return tuple(found)


def _packet(count: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def _write_block(block: Block) -> bytes:
    losses = block.fraction << 24 | max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc, losses, block.highest, block.jitter, block.last_report, block.delay
    )


def write_sender_report(report: SenderReport) -> bytes:
    """At most 31 blocks. Counts are taken modulo 2**32."""
    fixed = _SENDER.pack(
        report.ssrc, report.ntp, report.timestamp,
        report.packets & 0xFFFFFFFF, report.octets & 0xFFFFFFFF,
    )  # fmt: skip
    return _packet(len(report.blocks), SR, fixed + b"".join(map(_write_block, report.blocks)))


def write_receiver_report(ssrc: int, blocks: Sequence[Block]) -> bytes:
    """At most 31 blocks."""
    body = struct.pack("!I", ssrc) + b"".join(map(_write_block, blocks))
    return _packet(len(blocks), RR, body)


def write_nack(sender: int, media: int, sequences: Sequence[int]) -> bytes:
    """Generic NACK (RFC 4585 §6.2.1) for sequence numbers given in sending order."""
    items: list[list[int]] = []
    for sequence in sequences:
        ahead = (sequence - items[-1][0]) & 0xFFFF if items else 0
        if items and 0 < ahead <= 16:
            items[-1][1] |= 1 << (ahead - 1)
        else:
            items.append([sequence, 0])
    body = struct.pack("!II", sender, media)
    return _packet(NACK, RTPFB, body + b"".join(struct.pack("!HH", *item) for item in items))


def write_pli(sender: int, media: int) -> bytes:
    """Picture loss indication (RFC 4585 §6.3.1)."""
    return _packet(PLI, PSFB, struct.pack("!II", sender, media))
