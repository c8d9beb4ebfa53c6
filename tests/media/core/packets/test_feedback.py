"""Feedback is read as the draft says, from bytes written by hand and by our own writer; what lies
is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets.feedback import MOST_TOLD, Feedback, FeedbackError, Share, read
from media.core.packets.rtcp import TransportFeedback, parse
from media.core.packets.twcc import Arrivals


def body(
    base: int, count: int, chunks: list[int], deltas: bytes, clock: int = 0x000002_07
) -> bytes:
    return struct.pack(f"!HHI{len(chunks)}H", base, count, clock, *chunks) + deltas


def test_a_run_of_small_deltas() -> None:
    told = read(body(0xFFFE, 3, [1 << 13 | 3], bytes((4, 0, 255))))
    assert told == Feedback(0xFFFE, 3, 2, 7, ((0, 1000), (1, 1000), (2, 64_750)))


def test_a_vector_of_one_bit_symbols_tells_fourteen_at_most() -> None:
    told = read(body(7, 14, [0x8000 | 0b10000000000001], bytes((1, 2))))
    assert told.arrivals == ((0, 250), (13, 750))
    assert read(body(7, 2, [0x8000 | 0b01000000000000], bytes((8,)))).arrivals == ((1, 2000),)


def test_a_vector_of_two_bit_symbols_with_a_delta_that_goes_back() -> None:
    chunk = 0xC000 | 0b10_00_01_00_00_10_00
    told = read(body(7, 7, [chunk], struct.pack("!hBh", 400, 0, -300)))
    assert told.arrivals == ((0, 100_000), (2, 100_000), (5, 25_000))


def test_a_run_of_missing_packets_tells_no_arrival() -> None:
    assert read(body(7, 3000, [3000], b"")) == Feedback(7, 3000, 2, 7, ())


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (b"", "short"),
        (body(0, 1, [], b""), "short"),
        (body(0, 0, [0], b""), "count"),
        (body(0, 4097, [4097], b""), "count"),
        (body(0, 0xFFFF, [0x1FFF] * 6, b""), "count"),  # 65,535 packets in 20 bytes
        (body(0, 20, [0x8000], b""), "statuses missing"),
        (body(0, 3, [4], b""), "run"),
        (body(0, 3, [0, 3], b""), "run"),
        (body(0, 2, [1 << 13 | 2], b"\1"), "deltas"),
        (body(0, 1, [2 << 13 | 1], b"\1"), "deltas"),
        (body(0, 1, [3 << 13 | 1], b"\1\1\1"), "deltas"),
        (body(0, 1, [1], b"\0\0\0\0"), "more than told"),
        (body(0, 1, [1], b"\0\1"), "more than told"),
    ],
)
def test_lies_are_refused(lie: bytes, why: str) -> None:
    with pytest.raises(FeedbackError, match=why):
        read(lie)


def test_a_long_cut_is_told_in_one_message() -> None:
    assert read(body(0, 4096, [4096], b"")).count == 4096


def test_a_flood_is_read_in_part() -> None:
    share = Share()
    taken = [share.take(n / 1000) for n in range(2500)]
    assert [sum(taken[n : n + 1000]) for n in (0, 1000, 2000)] == [200, 200, 200]
    assert share.take(-5.0)  # a clock that went back


def test_zeros_which_fill_a_word_are_no_lie() -> None:
    assert read(body(0, 1, [1], b"\0\0\0")).count == 1


@given(st.binary(max_size=120))
def test_garbage_is_refused_or_bounded(garbage: bytes) -> None:
    try:
        told = read(garbage)
    except FeedbackError:
        return
    assert len(told.arrivals) <= told.count <= MOST_TOLD
    assert len(told.arrivals) <= len(garbage)


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 900_000)), min_size=1, max_size=200),
)
def test_what_our_writer_tells_is_read_back(first: int, steps: list[tuple[int, int]]) -> None:
    arrivals, noted, place, now = Arrivals(), {}, first, 77_000_000_000
    for step, passed in steps:
        arrivals.note(place & 0xFFFF, now)
        noted[place & 0xFFFF] = now // 250 * 250
        place, now = place + step, now + passed
    seen = {}
    for datagram in arrivals.feedback(1, 2):
        (packet,) = parse(datagram)
        assert isinstance(packet, TransportFeedback) and packet.ssrc == 2
        told = read(packet.body)
        reference = told.reference * 64_000
        seen.update({(told.base + n) & 0xFFFF: reference + us for n, us in told.arrivals})
    assert seen == noted
