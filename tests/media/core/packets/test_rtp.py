import struct

import pytest
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import rtp


@given(st.binary(max_size=100))
def test_any_bytes_are_a_packet_or_a_typed_error(data: bytes) -> None:
    try:
        _, _, _, _, block, start, end = rtp.parse(data)
    except rtp.RtpError:
        return
    assert 12 <= start <= end <= len(data)
    if block:
        for _, at, length in rtp.extensions(data, block, start):
            assert block + 4 <= at and at + length <= start
        rtp.known(data, block, start)


def a_packet(**more: object) -> RtpPacket:
    packet = RtpPacket(payload_type=96, marker=1, sequence_number=65_535, timestamp=2**32 - 1,
                       ssrc=0xDEADBEEF, payload=b"payload")  # fmt: skip
    for name, value in more.items():
        setattr(packet, name, value)
    return packet


def test_reads_what_another_writes() -> None:
    data = a_packet(csrc=[1, 2], padding_size=5).serialize()
    second, sequence, timestamp, ssrc, block, start, end = rtp.parse(data)
    assert (second, sequence, timestamp, ssrc) == (0x80 | 96, 65_535, 2**32 - 1, 0xDEADBEEF)
    assert block == 0 and data[start:end] == b"payload"


def test_another_reads_what_we_write() -> None:
    packet = RtpPacket.parse(rtp.write(0x80 | 96, 7, 8, 9, b"abc"))
    assert (packet.marker, packet.payload_type, packet.sequence_number) == (1, 96, 7)
    assert (packet.timestamp, packet.ssrc, packet.payload) == (8, 9, b"abc")
    padding = RtpPacket.parse(rtp.write_padding(96, 7, 8, 9))
    assert (padding.payload, padding.padding_size) == (b"", 1)


def test_reads_the_extensions_another_writes() -> None:
    from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters

    names = HeaderExtensionsMap()
    names.configure(RTCRtpParameters(headerExtensions=[
        RTCRtpHeaderExtensionParameters(id=rtp.MID, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
        RTCRtpHeaderExtensionParameters(
            id=rtp.AUDIO_LEVEL, uri="urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    ]))  # fmt: skip
    packet = a_packet(extensions=HeaderExtensions(mid="camera", audio_level=(True, 42)))
    data = packet.serialize(names)
    *_, block, start, end = rtp.parse(data)
    assert rtp.known(data, block, start) == (-1, 42, "camera")
    assert data[start:end] == b"payload"


@pytest.mark.parametrize("profile,elements", [
    (rtp.ONE_BYTE, b"\x31\x12\x34\x00\x10\x85\x00\x00"),
    (rtp.TWO_BYTE, b"\x03\x02\x12\x34\x00\x01\x01\x85"),
])  # fmt: skip
def test_both_forms_carry_the_transport_wide_number(profile: int, elements: bytes) -> None:
    block = struct.pack("!HH", profile, len(elements) // 4) + elements
    data = struct.pack("!BBHII", 0x90, 96, 1, 2, 3) + block + b"x"
    *_, at, start, _ = rtp.parse(data)
    assert rtp.known(data, at, start) == (0x1234, 5, "")


@given(st.integers(0, 0xFFFF), st.binary(max_size=50), st.booleans())
def test_a_number_is_put_into_a_packet_and_nothing_else_changes(
    number: int, payload: bytes, padded: bool
) -> None:
    packet = rtp.write_padding(96, 7, 8, 9) if padded else rtp.write(0x80 | 96, 7, 8, 9, payload)
    made = rtp.numbered(packet, number)
    assert len(made) == len(packet) + 8
    second, sequence, timestamp, ssrc, block, start, end = rtp.parse(made)
    assert (second & 0x7F, sequence, timestamp, ssrc) == (96, 7, 8, 9)
    assert rtp.known(made, block, start) == (number, -1, "")
    assert made[start:end] == (b"" if padded else payload)
    assert RtpPacket.parse(made).marker == (not padded)


@pytest.mark.parametrize("size", [1, 17, 255])
def test_padding_is_as_long_as_asked(size: int) -> None:
    data = rtp.write_padding(97, 1, 2, 3, size)
    packet = RtpPacket.parse(data)
    assert (packet.payload, packet.padding_size, len(data)) == (b"", size, 12 + size)


def test_a_retransmission_names_its_original_and_a_probe_none() -> None:
    data = rtp.write(97, 1, 2, 3, b"\x12\x34rest")
    assert rtp.original(data, 12, len(data)) == 0x1234
    for short in (b"", b"\x12", b"\x12\x34"):
        data = rtp.write(97, 1, 2, 3, short)
        assert rtp.original(data, 12, len(data)) == -1


def test_an_element_of_no_bytes_at_the_very_end_says_nothing() -> None:
    head = rtp.write(96, 1, 2, 3, b"")
    block = b"\x10\x00\x00\x01" + bytes((rtp.TRANSPORT_SEQUENCE, 0, rtp.AUDIO_LEVEL, 0))
    packet = bytes((0x90,)) + head[1:] + block
    _, _, _, _, at, start, end = rtp.parse(packet)
    assert start == end == len(packet) and rtp.known(packet, at, start) == (-1, -1, "")
