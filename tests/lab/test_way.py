"""Figures of what a link carried, from packets whose truth is known; and how packets are sorted."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from tests.lab.emulator import Way
from tests.lab.packets import content
from tests.lab.star import Crossing
from tests.lab.way import GCM_TAG, Carried, tag

WINDOW = (0.0, 10.0)
WIDE = Way(rate=((0, 80),), delay=0.3)  # 10,000 bytes a second


def crossing(at: float, size: int = 1000, **more: Any) -> Crossing:
    facts = {
        "queued": 0.0,
        "cause": "",
        "sent": at,
        "due": at + 0.3,
        "kind": "rtp",
        "payload": size - 40,
    }
    return Crossing("site up", at, size, **{**facts, "ssrc": 7, "payload_type": 96, **more})


def carried(crossings: list[Crossing], way: Way = WIDE) -> Carried:
    return Carried(crossings, way, 10, {99})


def each(count: int, **more: Any) -> list[Crossing]:
    return [crossing(i * 10 / count, **more) for i in range(count)]


def test_use_counts_what_was_sent_and_leaves_cuts_out() -> None:
    assert carried(each(50)).used(WINDOW) == pytest.approx(50)
    assert carried(each(50, cause="queue")).used(WINDOW) == 0
    assert carried(each(50, cause="loss")).used(WINDOW) == pytest.approx(50)
    halved = Way(rate=((0, 80),), cuts=((5, 10),))
    assert carried(each(50), halved).used(WINDOW) == pytest.approx(100)


def test_overhead_is_what_is_neither_sound_nor_picture() -> None:
    assert carried(each(10)).overhead(WINDOW) == pytest.approx(5)
    mixed = each(10) + each(10, kind="rtcp", payload=0)
    assert carried(mixed).overhead(WINDOW) == pytest.approx(52.5)
    assert carried([]).overhead(WINDOW) is None


def test_what_was_still_waiting_at_the_end_has_not_used_the_link() -> None:
    assert carried([crossing(9.9, sent=10.1), crossing(9.9, sent=9.95)]).used(WINDOW) == 1


def test_what_tcp_got_is_told() -> None:
    assert carried(each(50, kind="tcp") + each(9)).tcp(WINDOW) == pytest.approx(40)


def test_queue_and_drops() -> None:
    waits = [crossing(i / 10, queued=i / 100) for i in range(100)]
    assert carried(waits).queue_p95(WINDOW) == pytest.approx(940)
    assert carried(each(30) + each(10, cause="queue")).dropped(WINDOW) == 25


def test_repairs_for_each_loss() -> None:
    every = each(20, cause="loss") + each(20) + each(30, ssrc=99)
    assert carried(every).repairs_per_loss(WINDOW) == 1.5
    assert carried(each(20)).repairs_per_loss(WINDOW) is None


def test_a_rate_is_regained_when_the_link_carries_what_it_did() -> None:
    step = Way(rate=((0, 1000), (25, 150), (45, 1000)), delay=0.3)
    fast = [crossing(i / 100) for i in range(2500)] + [crossing(50 + i / 100) for i in range(2000)]
    assert carried(fast, step).regained() == pytest.approx(5 + 2 * 0.9, abs=0.1)
    assert carried(fast[:2500], step).regained() is None
    assert carried(fast).regained() is None


@pytest.mark.parametrize(
    ("ciphers", "size"),
    [({"SRTP_AES128_CM_HMAC_SHA1_80"}, 10), ({"SRTP_AEAD_AES_256_GCM"}, GCM_TAG), (set(), GCM_TAG)],
)
def test_the_tag_is_no_media(ciphers: set[str], size: int) -> None:
    assert tag(ciphers) == size


def packet(data: bytes, protocol: int = 17) -> bytes:
    head = struct.pack("!BBHHHBBHII", 0x45, 0, 28 + len(data), 0, 0, 64, protocol, 0, 1, 2)
    return head + bytes(8) + data


def rtp(first: int, kind: int, more: bytes = b"") -> bytes:
    return struct.pack("!BBHII", first, kind, 1, 2, 0xABCD) + more


@pytest.mark.parametrize(
    ("data", "kind", "payload"),
    [
        (rtp(0x80, 111, bytes(50)), "rtp", 50),
        (rtp(0x90, 111, struct.pack("!HH", 0xBEDE, 2) + bytes(58)), "rtp", 50),
        (rtp(0x82, 111, bytes(58)), "rtp", 50),
        (rtp(0xA0, 97, bytes(50)), "padding", 0),
        (rtp(0x81, 205, bytes(20)), "rtcp", 0),
        (b"\x00\x01" + bytes(18), "stun", 0),
        (b"\x16\xfe\xfd" + bytes(20), "dtls", 0),
        (b"", "udp", 0),
        (b"\x80\x60", "udp", 0),
    ],
)
def test_packets_are_sorted_by_what_is_in_clear(data: bytes, kind: str, payload: int) -> None:
    found = content(packet(data))
    assert (found.kind, found.payload) == (kind, payload)
    assert found.ssrc == (0xABCD if kind in ("rtp", "padding") else found.ssrc)


def test_other_packets_are_not_taken_for_media() -> None:
    assert content(packet(bytes(30), protocol=6)).kind == "tcp"
    assert content(packet(bytes(30), protocol=1)).kind == "other"
    assert content(b"").kind == content(b"\x60" + bytes(60)).kind == "other"
