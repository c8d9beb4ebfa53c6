"""What others may send to the port at any time, and that the call does not care.

Strangers have sockets of their own. What would need a forged source address is handed to the port
as if it came from there.
"""

import asyncio
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from media.core.packets.demux import Kind
from media.leg import Leg
from media.port import Port
from media.transport import Certificate
from tests.media.aiortc_peer import AiortcPeer
from tests.media.workshop import Workshop

PLAIN_ALERT = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"  # fatal, unprotected
SEALED_ALERT = b"\x15\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x1a" + os.urandom(26)
CLIENT_HELLO = b"\x16\xfe\xff" + bytes(8) + b"\x00\x20\x01\x00\x00\x14" + bytes(26)
CLEAR_RTP = b"\x80\x6f\x00\x01\x00\x00\x00\x01\x00\x00\x00\x07" + bytes(40)
CLEAR_RTCP = b"\x80\xcb\x00\x01\x00\x00\x00\x07"
STRANGE = [b"", b"\x00", b"\x80", b"\x16", bytes(1500), bytes(9000), b"\xff" * 1400, PLAIN_ALERT,
           SEALED_ALERT, CLIENT_HELLO, CLEAR_RTP, CLEAR_RTCP, b"\x80\xc8" + bytes(140)]  # fmt: skip


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def assault(workshop: Workshop, stranger: socket.socket) -> None:
    for data in STRANGE:
        stranger.sendto(data, ("127.0.0.1", workshop.port.number))
    for _ in range(200):
        data = random.randbytes(random.randrange(1, 1500))
        stranger.sendto(data, ("127.0.0.1", workshop.port.number))


async def lives(peer: AiortcPeer) -> None:
    """Sound and picture still arrive, now."""
    for mid in ("a0", "v0"):
        for _ in range(5):
            await peer.receive(mid)


async def test_a_strangers_datagrams_before_during_and_after_the_handshake(
    workshop: Workshop, stranger: socket.socket
) -> None:
    assault(workshop, stranger)
    ana, bo = workshop.peer("ana"), workshop.peer("bo")
    answers = [await ana.answer(), await bo.answer()]
    for peer, sdp in zip((ana, bo), answers, strict=True):
        assault(workshop, stranger)
        workshop.worker.answer("room", peer.name, peer.session, sdp)
        assault(workshop, stranger)
    await ana.connected()
    await bo.connected()
    await lives(ana)
    assault(workshop, stranger)
    await lives(ana)
    await lives(bo)
    assert workshop.counts["dropped_stranger"] > 100 and workshop.counts["failed_internally"] == 0
    with pytest.raises(BlockingIOError):
        stranger.recv(2000)  # never a word in answer


def address_of(workshop: Workshop, peer: AiortcPeer) -> tuple[socket.socket, Any]:
    leg = next(leg for s, leg in workshop.worker._legs.items() if s.name == peer.session)
    assert leg._path is not None
    return leg._path


async def test_forged_from_the_browsers_own_address(workshop: Workshop) -> None:
    ana, bo = [await workshop.peer(name).join() for name in ("ana", "bo")]
    await lives(bo)
    sock, address = address_of(workshop, ana)
    for data in STRANGE:
        workshop.port.datagram(sock, address, data)
        await asyncio.sleep(0.01)
    assert workshop.counts["dropped_dtls"] == 2
    assert workshop.counts["dropped_srtp"] >= 3
    await lives(bo)
    await lives(ana)
    assert workshop.counts["failed_internally"] == 0


async def test_replayed_and_wrongly_keyed_media(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = [await workshop.peer(name).join() for name in ("ana", "bo")]
    _, address = address_of(workshop, ana)
    seen: list[tuple[Any, Any, bytes]] = []
    real = workshop.port.datagram

    def tap(sock: Any, source: Any, data: bytes) -> None:
        if source == address and data[0] >= 128:
            seen.append((sock, source, data))
        real(sock, source, data)

    monkeypatch.setattr(workshop.port, "datagram", tap)
    await workshop.until(lambda: len(seen) > 50)
    monkeypatch.undo()
    before = workshop.counts["dropped_srtp"]
    for sock, source, data in seen:
        workshop.port.datagram(sock, source, data)
    assert workshop.counts["dropped_srtp"] == before + len(seen)
    key = Policy(key=os.urandom(44), ssrc_type=Policy.SSRC_ANY_OUTBOUND,
                 srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)  # fmt: skip
    workshop.port.datagram(seen[0][0], address, Session(key).protect(CLEAR_RTP))
    assert workshop.counts["dropped_srtp"] == before + len(seen) + 1
    await lives(bo)


def a_check(ours: str, key: bytes | None, **attributes: Any) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ours}:them"
    message.attributes.update(attributes)
    if key is not None:
        message.add_message_integrity(key)
    return bytes(message)


async def test_only_a_signed_check_is_answered_and_never_at_greater_length(
    workshop: Workshop, stranger: socket.socket
) -> None:
    workshop.worker.open("room", "ana")
    leg = next(iter(workshop.worker._legs.values()))
    port = ("127.0.0.1", workshop.port.number)
    for data in (
        a_check(leg.ufrag, None), a_check(leg.ufrag, b"guess"), a_check("nobody", leg.password),
        a_check(leg.ufrag, leg.password)[:-1], a_check(leg.ufrag, leg.password) + b"more",
    ):  # fmt: skip
        stranger.sendto(data, port)
    await workshop.until(lambda: workshop.counts["dropped_check"] == 5)
    with pytest.raises(BlockingIOError):
        stranger.recv(2000)
    request = a_check(leg.ufrag, leg.password)
    stranger.sendto(request, port)
    response = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(stranger, 2000), 5)
    assert len(response) <= len(request)
    read = stun.parse_message(response)
    assert read.check_message_integrity(leg.password)
    assert read.attributes["XOR-MAPPED-ADDRESS"] == stranger.getsockname()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        # The longer answer, to IPv6, is still no longer than the shortest signed check.
        fake = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
        fake.attributes["XOR-MAPPED-ADDRESS"] = ("2001:db8::1", 1)
        fake.add_message_integrity(leg.password)
        assert six and len(bytes(fake)) <= len(request)


async def test_checks_cost_us_little_however_many_come(
    workshop: Workshop, stranger: socket.socket
) -> None:
    workshop.worker.open("room", "ana")
    leg = next(iter(workshop.worker._legs.values()))
    sock, source = workshop.port._sockets["127.0.0.1"], stranger.getsockname()
    for _ in range(1000):
        workshop.port.datagram(sock, source, a_check(leg.ufrag, b"wrong"))
    assert workshop.counts["dropped_check"] == 1000
    later = time.monotonic() + 10
    assert sum(leg.may_check(later) for _ in range(300)) == 200


async def test_a_browser_validates_only_so_many_addresses(workshop: Workshop) -> None:
    workshop.worker.open("room", "ana")
    leg = next(iter(workshop.worker._legs.values()))
    sock = workshop.port._sockets["127.0.0.1"]
    for n in range(100):
        workshop.port.datagram(sock, ("127.0.0.1", 10_000 + n), a_check(leg.ufrag, leg.password))
    assert len(workshop.port._by_address) == len(leg._addresses) == 12
    workshop.worker.close("room", "ana")
    await asyncio.sleep(0.05)
    assert not workshop.port._by_address and not workshop.port._by_ufrag


async def test_fifty_times_a_cameras_rate_is_cut_to_a_quota(workshop: Workshop) -> None:
    workshop.worker.open("room", "ana")
    leg = next(iter(workshop.worker._legs.values()))
    now = time.monotonic()
    for n in range(50_000):
        leg.receive(Kind.RTP, CLEAR_RTP, now + n / 25_000)
    flooded = workshop.counts["dropped_flood"]
    assert 41_000 < flooded < 46_000
    for n in range(10_000):
        leg.receive(Kind.RTCP, CLEAR_RTCP, now + 10 + n / 5_000)
    assert 8_000 < workshop.counts["dropped_flood"] - flooded < 9_000


async def test_a_browser_has_only_so_many_streams(workshop: Workshop) -> None:
    """Each takes memory as long as its browser is there."""
    ana = await workshop.peer("ana").join(sends=False)
    leg = next(leg for s, leg in workshop.worker._legs.items() if s.name == ana.session)
    opened: list[bytes] = []
    leg.secure.open_rtp = lambda data: opened.append(data) or data  # type: ignore[method-assign]
    for ssrc in range(200):
        packet = CLEAR_RTP[:8] + ssrc.to_bytes(4, "big") + CLEAR_RTP[12:]
        leg.receive(Kind.RTP, packet, time.monotonic())
    assert len(opened) <= 64 and workshop.counts["dropped_stream"] >= 136
    leg.receive(Kind.RTP, opened[0], time.monotonic())
    assert opened[-1] == opened[0], "a stream that was known goes on"


async def test_an_address_is_not_taken_from_whoever_checked_it_lately(workshop: Workshop) -> None:
    """A member who forges another's address signs for himself: the other would be mute."""
    workshop.worker.open("room", "ana")
    workshop.worker.open("room", "bo")
    ana, bo = workshop.worker._legs.values()
    sock, source = workshop.port._sockets["127.0.0.1"], ("127.0.0.1", 10_000)
    workshop.port.datagram(sock, source, a_check(ana.ufrag, ana.password))
    workshop.port.datagram(sock, source, a_check(bo.ufrag, bo.password))
    assert workshop.port._by_address[source] is ana and workshop.counts["dropped_check"] == 1
    assert source not in bo._addresses
    ana._addresses[source] -= 10.1  # not heard of since: another browser may have the port now
    workshop.port.datagram(sock, source, a_check(bo.ufrag, bo.password))
    assert workshop.port._by_address[source] is bo


CERTIFICATE = Certificate()


@given(st.binary(max_size=300), st.integers(0, 120), st.integers(0, 30))
def test_damaged_checks_are_only_counted(data: bytes, at: int, cut: int) -> None:
    """Each starts as a signed check of a real leg, then is damaged."""
    counts: Counter[str] = Counter()
    port = Port(counts)
    leg = Leg("u" * 20, "p" * 24, CERTIFICATE, port, counts, lambda state: None)
    port.admit(leg)
    good = a_check(leg.ufrag, leg.password)
    damaged = good[:at] + data + good[at + cut :]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port.datagram(sock, sock.getsockname(), damaged)
    # What follows the signature is not signed (RFC 8489 §14.5) and counts for nothing.
    signed = len(good) - 8
    intact = damaged[:2] == good[:2] and damaged[4:signed] == good[4:signed]
    assert intact or not port._by_address
    assert port._by_address or damaged != good
