import contextlib

import aiortc.rtp as other
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import rtcp
from media.core.packets.rtcp import Block, SenderReport

words = st.integers(0, 2**32 - 1)
blocks = st.builds(Block, words, st.integers(0, 255), st.integers(-(2**23), 2**23 - 1),
                   words, words, words, words)  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes_are_rtcp_or_a_typed_error(data: bytes) -> None:
    with contextlib.suppress(rtcp.RtcpError):
        rtcp.parse(data)


@given(st.integers(0, 31), st.sampled_from([200, 201, 203, 205, 206]), st.binary(max_size=120))
def test_any_body_is_read_or_a_typed_error(count: int, kind: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    with contextlib.suppress(rtcp.RtcpError):
        rtcp.parse(bytes((0x80 | count, kind, 0, len(body) // 4)) + body)


@given(words, st.integers(0, 2**64 - 1), words, words, words, st.lists(blocks, max_size=31))
def test_a_sender_report_reads_as_written(
    ssrc: int, ntp: int, timestamp: int, packets: int, octets: int, some: list[Block]
) -> None:
    report = SenderReport(ssrc, ntp, timestamp, packets, octets, tuple(some))
    assert rtcp.parse(rtcp.write_sender_report(report)) == [report]


@given(words, st.lists(blocks, max_size=31))
def test_another_reads_our_receiver_report(ssrc: int, some: list[Block]) -> None:
    (read,) = other.RtcpPacket.parse(rtcp.write_receiver_report(ssrc, some))
    assert isinstance(read, other.RtcpRrPacket) and read.ssrc == ssrc
    assert [(r.ssrc, r.fraction_lost, r.packets_lost, r.highest_sequence, r.jitter, r.lsr, r.dlsr)
            for r in read.reports] == [
        (b.ssrc, b.fraction, b.lost, b.highest, b.jitter, b.last_report, b.delay) for b in some
    ]  # fmt: skip


@given(words, words, st.integers(0, 0xFFFF), st.lists(st.integers(1, 40), max_size=60))
def test_another_reads_our_nack(us: int, ssrc: int, first: int, steps: list[int]) -> None:
    sequences = [first]
    for step in steps:
        sequences.append((sequences[-1] + step) & 0xFFFF)
    data = rtcp.write_nack(us, ssrc, sequences)
    (read,) = other.RtcpPacket.parse(data)
    assert isinstance(read, other.RtcpRtpfbPacket)
    assert (read.ssrc, read.media_ssrc) == (us, ssrc)
    assert [n & 0xFFFF for n in read.lost] == sequences  # it does not wrap them
    assert rtcp.parse(data) == [rtcp.Nack(ssrc, tuple(sequences))]


def test_another_reads_our_pli_and_we_read_both_kinds_of_request() -> None:
    (read,) = other.RtcpPacket.parse(rtcp.write_pli(1, 2))
    assert isinstance(read, other.RtcpPsfbPacket)
    assert (read.fmt, read.ssrc, read.media_ssrc) == (other.RTCP_PSFB_PLI, 1, 2)
    assert rtcp.parse(bytes(read)) == [rtcp.KeyframeRequest(2)]
    fir = bytes.fromhex("84ce000600000001000000000000000a010000000000000b02000000")
    assert rtcp.parse(fir) == [rtcp.KeyframeRequest(10), rtcp.KeyframeRequest(11)]


def test_reads_a_compound_another_writes() -> None:
    report = other.RtcpSenderInfo(ntp_timestamp=5, rtp_timestamp=6, packet_count=7, octet_count=8)
    sdes = other.RtcpSdesPacket(chunks=[other.RtcpSourceInfo(ssrc=1, items=[(1, b"name")])])
    data = bytes(other.RtcpSrPacket(ssrc=1, sender_info=report)) + bytes(sdes)
    data += bytes(other.RtcpByePacket(sources=[3, 4]))
    assert rtcp.parse(data) == [SenderReport(1, 5, 6, 7, 8), rtcp.Bye((3, 4))]


def test_a_nack_names_no_more_than_a_receiver_keeps_a_list_of() -> None:
    """One of 1,400 bytes could otherwise make us look for six thousand packets."""
    packet = rtcp.write_nack(1, 2, [n for n in range(6_000) if n % 18])
    assert len(packet) < 1_400
    (read,) = rtcp.parse(packet)
    assert isinstance(read, rtcp.Nack)
    assert 1_000 <= len(read.sequences) < 1_017 and read.sequences[:3] == (1, 2, 3)
