"""What is fuzzed: for each parser a function that takes any bytes, and inputs to begin with.

A target raises only when a promise is broken: a typed error is an answer, any other is not, and
what was read must be within what was given. Kept free of randomness: one input, one end.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aioice import stun
from socketio.packet import Packet

from media.core.packets import answer as answers
from media.core.packets import av1, demux, feedback, offer, red, rtcp, rtp, twcc, vp8
from media.core.packets.demux import Kind
from media.core.packets.picture import PictureError
from media.port import Port
from media.srtp import Opener, Sealer
from server.kernel import frames
from signaling import checks, parsing
from tests.fuzz.values import Reader, write


@dataclass(frozen=True)
class Target:
    """`long` is the longest input tried, `inputs` how many are owed."""

    try_one: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    long: int = 1500
    inputs: int = 10_000_000


# The port, down to the signature


class _Nobody:
    """A leg that is there, and a socket that goes nowhere."""

    ufrag, password = "u" * 20, b"p" * 24

    def may_check(self, now: float) -> bool:
        return True

    def holds(self, address: Any, now: float) -> bool:
        return True

    def checked(self, *_: Any) -> None:
        self.was_checked = True

    def receive(self, kind: Kind, data: bytes, now: float) -> None:
        if kind is Kind.DTLS:
            demux.is_plausible(data)

    def sendto(self, data: bytes, address: Any) -> None:
        self.answer = data


HERE = ("192.0.2.7", 7)


def try_port(data: bytes) -> None:
    """A datagram from an address that may speak, and from one that may not."""
    nobody: Any = _Nobody()
    nobody.answer = b""
    port = Port(Counter())
    port.admit(nobody)
    port.datagram(nobody, HERE, data)
    known = HERE in port._by_address
    assert known == bool(nobody.answer), "answered without a signature, or not with one"
    assert len(nobody.answer) <= len(data), "an amplifier"
    port._by_address[HERE] = nobody
    port.datagram(nobody, HERE, data)
    assert sum(port.counts.values()) <= 2


def port_seeds() -> Iterator[bytes]:
    for names in ("u" * 20 + ":them", "u" * 20 + ":", "nobody:them"):
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"t" * 12)
        check.attributes["USERNAME"] = names
        check.attributes["PRIORITY"] = 1
        check.attributes["ICE-CONTROLLING"] = 7
        check.attributes["USE-CANDIDATE"] = None
        check.add_message_integrity(_Nobody.password)
        yield bytes(check)
    yield b"\x16\xfe\xff" + bytes(8) + b"\x00\x20\x01\x00\x00\x14" + bytes(26)
    yield b"\x15\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x1a" + bytes(26)
    yield b"\x2f" + bytes(40)


# RTP and what it carries


def try_rtp(data: bytes) -> None:
    try:
        second, sequence, timestamp, ssrc, block, start, end = rtp.parse(data)
    except rtp.RtpError:
        return
    assert 12 <= start <= end <= len(data) and block < start
    if block:
        number, level, mid = rtp.known(data, block, start)
        assert -1 <= number < 1 << 16 and -1 <= level < 128 and len(mid) < 256
        assert all(at + size <= start for _, at, size in rtp.extensions(data, block, start))
    assert -1 <= rtp.original(data, start, end) < 1 << 16
    written = rtp.write(second, sequence, timestamp, ssrc, data[start:end])
    again = rtp.parse(rtp.numbered(written, sequence))
    assert again[:4] == (second, sequence, timestamp, ssrc)
    assert written[12:] == data[start:end]


def rtp_seeds() -> Iterator[bytes]:
    plain = rtp.write(0x80 | 96, 7, 9, 11, b"\x90\x80\x01\x00payload")
    yield plain
    yield rtp.numbered(plain, 513)
    yield rtp.write_padding(97, 1, 2, 3, 20)
    block = b"\xbe\xde\x00\x03" + b"\x10\x55" + b"\x31\x02\x03" + b"\x42mic" + bytes(3)
    yield bytes((0x90,)) + plain[1:12] + block + plain[12:]
    long_form = b"\x10\x00\x00\x03" + b"\x01\x01\x55\x03\x02\x02\x03\x04\x03mic\x00\x00"
    yield bytes((0x91,)) + plain[1:12] + bytes(4) + long_form[:16] + plain[12:]


def try_rtcp(data: bytes) -> None:
    try:
        packets = rtcp.parse(data)
    except rtcp.RtcpError:
        return
    for packet in packets:
        match packet:
            case rtcp.SenderReport():
                assert rtcp.parse(rtcp.write_sender_report(packet)) == [packet]
            case rtcp.ReceiverReport():
                written = rtcp.write_receiver_report(packet.ssrc, packet.blocks)
                assert rtcp.parse(written) == [packet]
            case rtcp.Nack():
                assert len(packet.sequences) < rtcp.MOST_NAMED + 17
            case rtcp.TransportFeedback():
                assert len(packet.body) < len(data)
            case _:
                pass
    assert len(packets) <= len(data)


def rtcp_seeds() -> Iterator[bytes]:
    block = rtcp.Block(1, 2, -3, 4, 5, 6, 7)
    report = rtcp.SenderReport(1, 2, 3, 4, 5, (block, block))
    yield rtcp.write_sender_report(report) + rtcp.write_pli(1, 2)
    yield rtcp.write_receiver_report(1, [block] * 3)
    yield rtcp.write_nack(1, 2, [3, 4, 9, 40, 65535, 0])
    yield struct.pack("!BBHII", 0x84, 206, 4, 1, 0) + struct.pack("!II", 2, 7 << 24)
    yield struct.pack("!BBHII", 0x82, 203, 2, 1, 2)
    yield from (packet for packet in _told())


def _told() -> Iterator[bytes]:
    arrivals = twcc.Arrivals()
    for number, at in ((1, 0), (2, 300), (5, 900_000), (6, 900_100), (40, 1_000_000)):
        arrivals.note(number, at)
    yield from arrivals.feedback(1, 2)


def try_feedback(data: bytes) -> None:
    try:
        told = feedback.read(data)
    except feedback.FeedbackError:
        return
    assert 0 < told.count <= feedback.MOST_TOLD and len(told.arrivals) <= told.count
    places = [place for place, _ in told.arrivals]
    assert places == sorted(set(places)) and all(0 <= place < told.count for place in places)
    assert len(places) <= len(data), "an arrival takes a byte at least"


def feedback_seeds() -> Iterator[bytes]:
    yield from (packet[12:] for packet in _told())
    yield struct.pack("!HHIH", 1, 4096, 256, 4096) + bytes(2)
    yield struct.pack("!HHIHBB", 65535, 2, 1, 0x2002, 4, 255)
    yield struct.pack("!HHIHhB", 9, 8, 1, 0xD000, -4, 7)


def try_vp8(data: bytes) -> None:
    try:
        read = vp8.parse(data)
    except PictureError:
        return
    assert vp8.shift(data, read, 0, 0) == data and 0 <= read.temporal <= 3
    moved = vp8.shift(data, read, 5, 7)
    again = vp8.parse(moved)
    assert len(moved) == len(data) and again.keyframe == read.keyframe
    if read.picture_at >= 0:
        bits = 15 if read.wide else 7
        assert again.picture_id == read.picture_id + 5 & (1 << bits) - 1
    if read.tl0_at >= 0:
        assert again.tl0 == read.tl0 + 7 & 255


def vp8_seeds() -> Iterator[bytes]:
    yield b"\x10\x00rest"
    yield b"\x90\x80\x05\x00rest"
    yield b"\x90\xf0\x85\x06\x07\x60\x01rest"
    yield b"\x80\xe0\x05\x07\xa0"


def try_av1(data: bytes) -> None:
    try:
        read = av1.parse(data)
    except PictureError:
        return
    assert -1 <= read.temporal <= 7 and not (read.keyframe and not read.start)


def av1_seeds() -> Iterator[bytes]:
    yield b"\x18\x0a\x0brest"
    yield b"\x10\x36\x40rest"
    yield b"\x20\x03\x0a\x01\x02\x32\x00"
    yield b"\x80rest"
    yield b"\x00\xff\xff\x03\x0a"


def try_red(data: bytes) -> None:
    with suppress(red.RedError):
        kind, newest = red.primary(data)
        assert kind < 128 and data.endswith(newest)
        made = red.pair(kind, newest, 960, newest)
        if made is not None:
            assert red.primary(made) == (kind, newest)


def red_seeds() -> Iterator[bytes]:
    yield red.pair(111, b"older", 960, b"newer") or b""
    yield b"\x6fonly"
    yield b"\xef\x00\x04\x02\xef\x00\x08\x01\x6fab" + b"newer"


KEY, SALT = bytes(range(32)), bytes(range(12))


def try_srtp(data: bytes) -> None:
    """What nobody sealed is not opened; what was, once, and not with a bit changed."""
    sealer, opener, other = Sealer(KEY, SALT), Opener(KEY, SALT), Opener(KEY, SALT)
    assert opener.open_rtp(data) is None and opener.open_rtcp(data) is None
    for seal, reads, damaged in (
        (sealer.seal_rtp, opener.open_rtp, other.open_rtp),
        (sealer.seal_rtcp, opener.open_rtcp, other.open_rtcp),
    ):
        sealed = seal(data)
        if sealed is None:
            continue
        flipped = bytearray(sealed)
        flipped[data[-1] * len(sealed) >> 8] ^= 1 << (data[0] & 7)
        assert damaged(bytes(flipped)) is None
        assert reads(sealed) == data and reads(sealed) is None
    assert sealer.seal_rtp(data) is None, "a nonce used twice"


def srtp_seeds() -> Iterator[bytes]:
    yield from rtp_seeds()
    yield from rtcp_seeds()


# What browsers and pages write


def try_answer(data: bytes) -> None:
    try:
        read = answers.parse(data.decode("utf-8", "replace"))
    except answers.AnswerError as error:
        assert len(str(error)) < 60
        return
    assert 4 <= len(read.ufrag) <= 256 and 1 <= len(read.fingerprints) <= 8
    for line in read.lines.values():
        assert 0 <= line.ssrc < 1 << 32 and 0 <= line.rtx_ssrc < 1 << 32


def answer_seeds() -> Iterator[bytes]:
    door = offer.Door("u" * 8, "p" * 24, ":".join(["AB"] * 32), ("192.0.2.1",), 7)
    _, streams = offer.share_out(range(1, 1 + offer.ssrcs_needed()))
    sdp = offer.write(1, door, streams).replace("setup:actpass", "setup:active")
    yield sdp.encode()
    yield sdp.replace("sendonly", "recvonly").replace("\r\n", "\n").encode()


def try_words(data: bytes) -> None:
    """A client's event, `[event, payload…]`, or its `auth`."""
    said = Reader(data).value()
    try:
        if isinstance(said, list) and said:
            command = parsing.parse(said[0], tuple(said[1:]))
            assert type(command).__module__ == "signaling.messages"
        else:
            hello = parsing.parse_hello(said)
            assert 0 < len(hello.tab) <= 64 and 0 < len(hello.consultation) <= parsing.ID
    except checks.Invalid as error:
        assert len(str(error)) < 70, "an error that may quote"


ID = "3f2b8a52-6a1e-4b8f-9a53-1d8e64b0a2f1"


def words_seeds() -> Iterator[bytes]:
    state = {"mic": "on", "camera": "off", "exam": "none", "exam_kind": "camera"}
    link = {"session": "s", "up": 1e5, "rtt": 0.5, "loss": None, "limited": "none", "sent": 1,
            "received": 2.0}  # fmt: skip
    stage = {"bytes": 4000, "type": "image/webp", "width": 160, "height": 120}
    large = {"bytes": 90_000, "type": "image/jpeg", "width": 1600, "height": 1200}
    events: list[Any] = [
        ["consent", {"given": True}], ["knock", {}], ["answer", {"session": "s", "sdp": "v=0"}],
        ["renew", {"session": "s"}], ["media", state], ["say", {"client_id": ID, "text": "oui"}],
        ["hand", {"up": False}], ["admit", {"seat": "a"}], ["refuse", {"seat": "a"}],
        ["remove", {"seat": "a"}], ["lock", {"locked": True}], ["leave", {}], ["end", {}],
        ["link", link], ["matters", {"seat": "a", "source": "exam", "what": "detail"}],
        ["still_ask", {"seat": "a", "source": "camera"}],
        ["still_begin", {"id": ID, "source": "camera", "stages": [stage, large], "why": "asked"}],
        ["still_part", {"id": ID, "stage": 0, "offset": 0, "data": b"x"}],
        ["still_resume", {"id": ID}], ["still_drop", {"id": ID}],
        ["pointer", {"still": ID, "x": 0.5, "y": None}],
        {"consultation": "a", "tab": "t", "last_message": 0, "rtt": 0.1, "saver": True},
    ]  # fmt: skip
    for event in events:
        yield write(event)


def try_frame(data: bytes) -> None:
    """What we count against what Socket.IO would wait for."""
    frame = data.decode("utf-8", "replace")
    said = frames.attachments(frame)
    try:
        packet: Any = Packet(encoded_packet=frame)
    except Exception:  # not ours: the lobby ends the socket whatever it raises
        return
    if packet.packet_type in (5, 6):
        assert (said > frames.ATTACHMENTS) or packet.attachment_count <= frames.ATTACHMENTS


def frame_seeds() -> Iterator[bytes]:
    yield b'451-/call,1["still_part",{"_placeholder":true,"num":0}]'[1:]
    yield b'51-/call,1["a",{"_placeholder":true,"num":0}]'
    yield b'52-/call,["a"]'
    yield b'6999-/call,7["a"]'
    yield "5٣-/call,[]".encode()
    yield b'2/call,12["hand",{"up":true}]'
