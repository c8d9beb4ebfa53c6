"""Datagrams nobody of ours would send, and addresses they are forged to come from."""

import asyncio
import os
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from media.core.packets import rtcp
from media.core.packets.lines import AV1, OPUS, RED, VP8, VP8_RTX
from tests.attacks.member import CAMERA, MIC, rtp

Address = tuple[str, int]
PLAIN_ALERT = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"  # fatal, unprotected
CLOSE_ALERT = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x01\x00"  # close_notify, unprotected
SEALED_ALERT = b"\x15\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x1a" + os.urandom(26)
SHORT_HELLO = b"\x16\xfe\xff" + bytes(8) + b"\x00\x20\x01\x00\x00\x14" + bytes(26)
CLEAR_RTCP = b"\x80\xcb\x00\x01" + struct.pack("!I", MIC)
SIZES = (0, 1, 2, 3, 11, 12, 13, 19, 20, 1499, 1500, 1501, 2047, 2048, 2049, 9000, 65_000)


def odd(rng: random.Random, count: int = 200) -> Iterator[bytes]:
    """Empty, short, oversize and random datagrams, and beginnings of each protocol."""
    for size in SIZES:
        for first in (0, 1, 20, 22, 25, 63, 64, 128, 191, 200, 255):
            yield (bytes((first,)) + bytes(size))[:size]
    yield from (PLAIN_ALERT, CLOSE_ALERT, SEALED_ALERT, SHORT_HELLO, rtp(1), CLEAR_RTCP)
    for _ in range(count):
        yield rng.randbytes(rng.randrange(1500))


@contextmanager
def stranger() -> Iterator[socket.socket]:
    """A socket no check was ever signed for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def throw(sock: socket.socket, data: bytes, target: Address) -> None:
    """Send it; what this machine itself does not take counts as sent."""
    with suppress(OSError):
        sock.sendto(data, target)


def answered(sock: socket.socket) -> list[bytes]:
    """What came back so far."""
    found = []
    try:
        while True:
            found.append(sock.recv(4096))
    except BlockingIOError:
        return found


@contextmanager
def forger() -> Iterator[Callable[[bytes, Address, Address], None]]:
    """Sends a datagram as if from another address. Needs the right to raw sockets."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:

        def forge(data: bytes, source: Address, target: Address) -> None:
            size = 8 + len(data)
            udp = struct.pack("!HHHH", source[1], target[1], size, 0)
            ip = struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 20 + size, 0, 0, 64, socket.IPPROTO_UDP, 0,
                socket.inet_aton(source[0]), socket.inet_aton(target[0]),
            )  # fmt: skip
            sock.sendto(ip + udp + data, (target[0], 0))

        yield forge


async def paced(rate: int, seconds: float, send: Callable[[int], object]) -> int:
    """`send(n)` so many times a second, in small bursts. How many it was."""
    begun, sent = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        due = min(int(passed * rate), sent + rate // 20)  # what this machine missed stays missed
        for number in range(sent, due):
            send(number)
        sent = max(sent, due)
        await asyncio.sleep(0.002)
    return sent


# Sealed with a real key, and broken within


def broken_rtp(rng: random.Random, number: int) -> bytes:
    """A packet whose header or payload lies."""
    kind = rng.choice((OPUS, RED, VP8, VP8_RTX, AV1, 45, 0, 127, rng.randrange(128)))
    packet = bytearray(rtp(number, rng.choice((MIC, CAMERA, rng.getrandbits(32))), kind,
                           rng.randbytes(rng.randrange(200))))  # fmt: skip
    way = rng.randrange(6)
    if way == 0:  # padding longer than the packet, or none
        packet[0] |= 0x20
        packet[-1] = rng.randrange(256)
    elif way == 1:  # contributing sources that are not there
        packet[0] |= rng.randrange(16)
    elif way == 2:  # an extension block whose elements lie
        words = rng.randrange(20)
        profile = rng.choice((0xBEDE, 0x1000, 0x100F, rng.getrandbits(16)))
        block = struct.pack("!HH", profile, words) + rng.randbytes(4 * words)
        packet[0] |= 0x10
        packet[12:12] = block
    elif way == 3:  # numbers that jump
        packet[2:8] = rng.randbytes(6)
    elif way == 4:  # a transport-wide number that jumps, beside a mid of ours
        block = b"\xbe\xde\x00\x03" + b"\x31" + rng.randbytes(2) + b"\x45camera" + b"\0\0"
        packet[0] |= 0x10
        packet[12:12] = block[:16]
    else:
        packet = bytearray(packet[: 12 + rng.randrange(4)])
    return bytes(packet)


def broken_rtcp(rng: random.Random, ours: list[int]) -> bytes:
    """Reports whose counts, lengths and contents lie. `ours`: SSRCs the worker sends with."""
    ssrc = rng.choice((MIC, CAMERA, *ours, rng.getrandbits(32)))
    way = rng.randrange(8)
    if way == 0:
        body = rng.randbytes(4 * rng.randrange(40))
        words = rng.choice((len(body) // 4, rng.getrandbits(16)))
        head = 0x80 | rng.randrange(64)
        return struct.pack("!BBHI", head, rng.randrange(192, 224), words, ssrc) + body
    if way == 1:  # more blocks than there are
        return struct.pack("!BBHI", 0x80 | 31, rng.choice((200, 201)), 1, ssrc)
    if way == 2:  # transport-wide feedback for packets never sent
        chunk = rng.choice((0x0000, 0x3FFF, 0x5FFF, 0x7FFF, 0xFFFF, rng.getrandbits(16)))
        body = struct.pack("!IIHHIH", MIC, ssrc, rng.getrandbits(16), rng.getrandbits(16),
                           rng.getrandbits(32), chunk) + rng.randbytes(2)  # fmt: skip
        return struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body
    if way == 3:  # a round trip from a report never sent, a loss of everything
        block = struct.pack("!IIIIII", ssrc, 0xFFFFFFFF, 0, 0, rng.getrandbits(32), 0)
        return struct.pack("!BBHI", 0x81, 201, 7, MIC) + block
    if way == 4:
        return rtcp.write_nack(MIC, ssrc, [rng.getrandbits(16) for _ in range(300)])
    if way == 5:
        return struct.pack("!BBHII", 0x84, 206, 4, MIC, 0) + struct.pack("!II", ssrc, 7 << 24)
    if way == 6:  # a limit of nothing, and one beyond all measure (REMB)
        limit = rng.choice((0, 0x3F << 18 | 0x3FFFF))
        remb = b"REMB" + struct.pack("!II", 1 << 24 | limit, ssrc)
        return struct.pack("!BBHII", 0x8F, 206, 2 + len(remb) // 4, MIC, 0) + remb
    report = rtcp.SenderReport(ssrc, rng.getrandbits(64), rng.getrandbits(32), 1, 1)
    return rtcp.write_sender_report(report)
