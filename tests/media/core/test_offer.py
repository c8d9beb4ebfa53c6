from aiortc.sdp import SessionDescription

from media.core import offer
from media.core.lines import LINES

ADDRESSES = ("127.0.0.1", "192.0.2.7", "2001:db8::1")
DOOR = offer.Door("u" * 20, "p" * 24, ":".join(["AB"] * 32), ADDRESSES, 20000)


def written() -> str:
    _, streams = offer.share_out(range(1, offer.ssrcs_needed() + 1))
    return offer.write(12, DOOR, streams)


def test_another_reads_the_lines_of_the_protocol_page() -> None:
    read = SessionDescription.parse(written())
    assert [media.rtp.muxId for media in read.media] == [
        "mic", "camera", "exam", "a0", "a1", "a2", "a3", "a4", "v0", "v1", "v2", "v3", "v4",
        "x0", "x1",
    ]  # fmt: skip
    assert [media.direction for media in read.media] == ["recvonly"] * 3 + ["sendonly"] * 12
    assert read.group[0].items == [line.mid for line in LINES]
    assert all(media.rtcp_mux and media.dtls.role == "auto" for media in read.media)
    assert all(media.ice.iceLite for media in read.media)
    a0, v0, x1 = read.media[3], read.media[8], read.media[14]
    assert a0.msid.split()[0] == v0.msid.split()[0] == "p0" and x1.msid.split()[0] == "x1"


def test_every_stream_has_its_own_number() -> None:
    read = SessionDescription.parse(written())
    numbers = [description.ssrc for media in read.media for description in media.ssrc]
    assert len(numbers) == len(set(numbers)) == offer.ssrcs_needed() - 1


def test_loopback_is_the_last_resort() -> None:
    candidates = SessionDescription.parse(written()).media[0].ice_candidates
    by_priority = sorted(candidates, key=lambda each: -each.priority)
    assert [each.ip for each in by_priority] == ["2001:db8::1", "192.0.2.7", "127.0.0.1"]
    assert {(each.port, each.protocol) for each in candidates} == {(20000, "udp")}
