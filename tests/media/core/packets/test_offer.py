from aiortc.sdp import SessionDescription

from media.core.packets import offer
from media.core.packets.lines import LINES

ADDRESSES = ("127.0.0.1", "192.0.2.7", "2001:db8::1")
DOOR = offer.Door("u" * 20, "p" * 24, ":".join(["AB"] * 32), ADDRESSES, 20000)


def written() -> str:
    _, streams = offer.share_out(range(1, offer.ssrcs_needed() + 1))
    return offer.write(12, DOOR, streams)


def test_another_reads_the_lines_of_the_protocol_page() -> None:
    read = SessionDescription.parse(written())
    assert [media.rtp.muxId for media in read.media] == [
        "mic", "camera", "exam", "low", "a0", "a1", "a2", "a3", "a4", "v0", "v1", "v2", "v3", "v4",
        "x0", "x1",
    ]  # fmt: skip
    assert [media.direction for media in read.media] == ["recvonly"] * 4 + ["sendonly"] * 12
    assert read.group[0].items == [line.mid for line in LINES]
    assert all(media.rtcp_mux and media.dtls.role == "auto" for media in read.media)
    assert all(media.ice.iceLite for media in read.media)
    a0, v0, x1 = read.media[4], read.media[9], read.media[15]
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


def test_what_goes_down_is_numbered_and_carries_nothing_else() -> None:
    read = SessionDescription.parse(written())
    for line, media in zip(LINES, read.media, strict=True):
        numbers = {extension.id for extension in media.rtp.headerExtensions}
        assert numbers == ({3} if not line.up else {1, 3, 4} if line.audio else {3, 4})
        for codec in media.rtp.codecs:
            feedback = {(each.type, each.parameter) for each in codec.rtcpFeedback}
            assert (("transport-cc", None) in feedback) == (not codec.name.endswith("rtx"))


def test_av1_stands_behind_vp8_each_with_its_retransmissions() -> None:
    for line, media in zip(LINES, SessionDescription.parse(written()).media, strict=True):
        if not line.audio:
            assert [(codec.payloadType, codec.name) for codec in media.rtp.codecs] == [
                (96, "VP8"), (97, "rtx"), (45, "AV1"), (46, "rtx"),
            ]  # fmt: skip
            repeated = [codec.parameters.get("apt") for codec in media.rtp.codecs]
            assert repeated == [None, 96, None, 45]


def rows(start: offer.Start, mid: str) -> list[str]:
    _, streams = offer.share_out(range(1, offer.ssrcs_needed() + 1))
    sections = offer.write(12, DOOR, streams, start).split("m=")[1:]
    return next(each for each in sections if f"a=mid:{mid}\r\n" in each).split("\r\n")


def test_the_first_seconds_follow_what_the_link_is_thought_to_carry() -> None:
    start = offer.Start(16_000, 60, 64, 128, red=False)
    mic, camera, exam, low = (rows(start, mid) for mid in ("mic", "camera", "exam", "low"))
    assert "a=ptime:60" in mic and mic[0].endswith(" 111 63")
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;maxaveragebitrate=16000" in mic
    for each in (camera, exam, low):
        assert "b=AS:128" in each and "b=TIAS:128000" in each
        assert "a=fmtp:96 x-google-start-bitrate=64" in each
        assert "a=fmtp:45 x-google-start-bitrate=64" in each
    assert not any(row.startswith("b=") for row in mic + rows(start, "v0"))
    # What others' microphones send is theirs to say.
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1" in rows(start, "a0")
    assert rows(start, "a0")[0].endswith(" 63 111")


def test_without_knowledge_nothing_is_bound() -> None:
    assert not any(row.startswith("b=") for row in rows(offer.Start(), "camera"))
    assert rows(offer.Start(), "mic")[0].endswith(" 63 111")


def test_lost_sound_may_be_asked_for_both_ways() -> None:
    for mid in ("mic", "a3"):
        assert "a=rtcp-fb:111 nack" in rows(offer.Start(), mid)
