from aiortc.rtp import RtpPacket, unwrap_rtx

from media.core.packets import vp8
from media.core.stream.rewrite import Packet, Rewriter


def video(place: int, timestamp: int, picture: int, tl0: int = -1) -> Packet:
    body = bytes((0x90, 0xC0 if tl0 >= 0 else 0x80, 0x80 | picture >> 8, picture & 0xFF))
    body += bytes((tl0,)) if tl0 >= 0 else b""
    payload = body + b"\x11frame"
    return Packet(place, timestamp, 0x80 | 96, payload, vp8.parse(payload))


def sent(rewriter: Rewriter, packet: Packet, now: float) -> RtpPacket:
    return RtpPacket.parse(rewriter.write(packet, packet.payload, 96, now)[0])


def test_the_first_source_passes_as_it_is() -> None:
    rewriter = Rewriter(5, 90_000)
    packet = video(70_000, 1234, 9)
    rewriter.begin(packet, 0)
    read = sent(rewriter, packet, 0)
    assert (read.ssrc, read.sequence_number, read.timestamp) == (5, 70_000 & 0xFFFF, 1234)
    assert (read.payload, read.marker) == (packet.payload, 1)


def test_another_source_continues_every_number() -> None:
    rewriter = Rewriter(5, 90_000)
    rewriter.begin(video(65_535, 2**32 - 10, 0x7FFF, 255), 0)
    sent(rewriter, video(65_535, 2**32 - 10, 0x7FFF, 255), 0)
    second = video(3_000, 777, 40, 7)
    rewriter.begin(second, 0.1)
    read = sent(rewriter, second, 0.1)
    picture = vp8.parse(read.payload)
    assert read.sequence_number == 0
    assert read.timestamp == 9_000 - 10  # a tenth of a second later
    assert (picture.picture_id, picture.tl0) == (0, 0)
    read = sent(rewriter, video(3_002, 777 + 6000, 42, 9), 0.16)
    assert (read.sequence_number, read.timestamp) == (2, 9_000 - 10 + 6000)
    assert vp8.parse(read.payload).picture_id == 2


def test_a_late_packet_keeps_its_place_and_does_not_turn_back_the_count() -> None:
    rewriter = Rewriter(5, 90_000)
    rewriter.begin(video(10, 0, 1), 0)
    for place in (10, 12, 11):
        assert sent(rewriter, video(place, place, place), 0).sequence_number == place
    other = video(900, 0, 3)
    rewriter.begin(other, 1)
    assert sent(rewriter, other, 1).sequence_number == 13


def test_a_retransmission_unwraps_to_what_was_sent() -> None:
    rewriter = Rewriter(5, 90_000)
    rewriter.begin(video(10, 0, 1), 0)
    sent(rewriter, video(10, 0, 1), 0)
    source = video(500, 60, 30)
    rewriter.begin(source, 1)
    first, how = rewriter.write(source, source.payload, 96, 1)
    number = rewriter.sequence
    rewriter.begin(video(9_000, 5, 99), 2)  # by then others sit in the slot
    sent(rewriter, video(9_000, 5, 99), 2)
    assert how is not None
    again = RtpPacket.parse(rewriter.write_again(how, number, (6, 77, 97)))
    assert (again.ssrc, again.sequence_number, again.payload_type) == (6, 77, 97)
    assert unwrap_rtx(again, payload_type=96, ssrc=5).serialize() == first
    assert rewriter.write_again(how, number, None) == first
