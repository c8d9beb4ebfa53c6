"""A session without any network: packets in, packets out, time as an argument."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.allocation.allocator import Down, Share
from media.core.allocation.ladder import Reason, VoiceStep
from media.core.packets import offer, rtcp, rtp
from media.core.packets.answer import Answer, AnsweredLine
from media.core.packets.lines import LINES
from media.core.packets.rtcp import Block, SenderReport
from media.quality import load
from media.session import Session, _smoothed
from tests.media.core.packets.test_twcc import decode

CAMERA, CAMERA_RTX, MIC = 501, 502, 503
QUALITY = load()


class Outbox:
    """Where a session's packets leave."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def send_rtp(self, packet: bytes) -> bytes:
        self.rtp.append(packet)
        return packet

    def repeat(self, sealed: bytes) -> None:
        self.rtp.append(sealed)

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)

    def reports(self) -> list[rtcp.Packet]:
        return [packet for data in self.rtcp for packet in rtcp.parse(data)]


class Someone:
    """A connected session, its outbox, its counters."""

    def __init__(self, name: str, red: bool = True, rtx: bool = True) -> None:
        self.out = Outbox()
        self.counts: Counter[str] = Counter()
        self.levels: list[int] = []
        ours, self.streams = offer.share_out(range(1, offer.ssrcs_needed() + 1))
        self.session = Session(
            name, name + "1", self.out, ours, self.streams, self.counts, 0.0,
            lambda peer, level, now: self.levels.append(level), QUALITY,
        )  # fmt: skip
        lines = {line.mid: AnsweredLine(line.mid, True, red, rtx) for line in LINES}
        lines["camera"] = AnsweredLine("camera", True, False, True, CAMERA, CAMERA_RTX)
        lines["mic"] = AnsweredLine("mic", True, red, False, MIC)
        self.session.answered(Answer(True, "user", (), lines))
        self.session.connected = True

    def watch(self, other: "Someone") -> None:
        self.session.tracks["v0"].show(other.session.sources["camera"])
        self.session.tracks["a0"].show(other.session.sources["mic"])

    def film(self, sequence: int, now: float, key: bool = False) -> None:
        payload = b"\x90\x80\x80" + bytes((sequence & 0xFF, 0 if key else 1)) + b"picture"
        self.session.receive_rtp(rtp.write(96, sequence, sequence * 3000, CAMERA, payload), now)

    def repeat(self, sequence: int, number: int, now: float) -> None:
        payload = sequence.to_bytes(2, "big") + b"\x90\x80\x80" + bytes((sequence & 0xFF, 1)) + b"p"
        packet = rtp.write(97, number, sequence * 3000, CAMERA_RTX, payload)
        self.session.receive_rtp(packet, now)

    def got(self) -> list[int]:
        """Sequence numbers of pictures sent to it, first sendings only."""
        ssrc = self.streams["v0"].ssrc
        return [p[1] for p in map(rtp.parse, self.out.rtp) if p[3] == ssrc]

    def got_again(self) -> list[int]:
        ssrc = self.streams["v0"].rtx
        parsed = [(data, rtp.parse(data)) for data in self.out.rtp]
        return [rtp.original(data, p[5], p[6]) for data, p in parsed if p[3] == ssrc]


def pair() -> tuple[Someone, Someone]:
    ana, bo = Someone("ana"), Someone("bo")
    bo.watch(ana)
    return ana, bo


def test_a_picture_starts_with_a_key_frame_which_was_asked_for() -> None:
    ana, bo = pair()
    ana.film(10, 0.0)
    ana.session.tick(0.02)
    assert bo.got() == [] and rtcp.KeyframeRequest(CAMERA) in ana.out.reports()
    ana.film(11, 0.1, key=True)
    ana.film(12, 0.2)
    assert bo.got() == [11, 12]


def test_a_gap_on_the_way_up_is_asked_for_and_closed_before_anyone_asks() -> None:
    ana, bo = pair()
    ana.film(1, 0.0, key=True)
    ana.film(4, 0.1)
    ana.session.tick(0.12)
    assert rtcp.Nack(CAMERA, (2, 3)) in ana.out.reports()
    ana.repeat(3, 900, 0.2)
    ana.repeat(2, 901, 0.2)
    ana.repeat(2, 902, 0.2)
    ana.repeat(4, 903, 0.2)  # a probe made of an old packet
    assert bo.got() == [1, 4, 3, 2]


def test_a_gap_that_stays_open_costs_a_key_frame_and_not_three_seconds() -> None:
    ana, _ = pair()
    ana.film(1, 0.0, key=True)
    ana.film(4, 0.5)
    for tick in range(50, 145):
        ana.session.tick(tick / 100)
    assert rtcp.KeyframeRequest(CAMERA) not in ana.out.reports()
    for tick in range(145, 160):
        ana.session.tick(tick / 100)
    assert ana.out.reports().count(rtcp.KeyframeRequest(CAMERA)) == 1


def test_a_nack_is_answered_once_a_round_trip_from_history() -> None:
    ana, bo = pair()
    for sequence in range(1, 20):
        ana.film(sequence, sequence / 50, key=sequence == 1)
    bo.session.round_trip = 0.6
    nack = rtcp.write_nack(1, bo.streams["v0"].ssrc, [5, 6, 7])
    for tenth in range(5):  # a receiver which asks again and again
        bo.session.receive_rtcp(nack, 1.0 + tenth / 10)
    assert bo.got_again() == [5, 6, 7] and bo.counts["packets_again"] == 3
    bo.session.receive_rtcp(nack, 1.7)
    assert bo.got_again() == [5, 6, 7] * 2
    bo.session.receive_rtcp(rtcp.write_nack(1, bo.streams["v0"].ssrc, [60_000]), 1.7)
    assert len(bo.got_again()) == 6


def test_a_storm_of_nacks_stays_within_the_budget() -> None:
    ana, bo = pair()
    for sequence in range(1, 400):
        ana.film(sequence, sequence / 200, key=sequence == 1)
    bo.session.round_trip = 0.0
    sent = sum(map(len, bo.out.rtp))
    nack = rtcp.write_nack(1, bo.streams["v0"].ssrc, range(1, 400))
    for n in range(200):
        bo.session.receive_rtcp(nack, 2.0 + n / 1000)
    assert sum(map(len, bo.out.rtp)) - sent < 60_000 + sent


def test_a_storm_of_picture_requests_becomes_few() -> None:
    ana, bo = pair()
    ana.film(1, 0.0, key=True)
    pli = rtcp.write_pli(1, bo.streams["v0"].ssrc)
    for n in range(1000):  # ten seconds
        bo.session.receive_rtcp(pli, n / 100)
        ana.session.tick(n / 100)
        if n % 50 == 0:
            ana.film(2 + n // 50, n / 100, key=True)
    asked = [p for p in ana.out.reports() if isinstance(p, rtcp.KeyframeRequest)]
    assert len(asked) <= 13


def test_sound_is_stripped_of_its_redundancy_for_who_does_not_know_it() -> None:
    ana, bo, cy = Someone("ana"), Someone("bo"), Someone("cy", red=False)
    bo.watch(ana)
    cy.watch(ana)
    red = b"\xef" + (960 << 10 | 3).to_bytes(3, "big") + b"\x6f" + b"old" + b"new"
    ana.session.receive_rtp(rtp.write(0x80 | 63, 1, 960, MIC, red), 0.0)
    (kept,), (plain,) = bo.out.rtp, cy.out.rtp
    assert (kept[1], kept[20:]) == (0x80 | 63, red)  # after the transport-wide number
    assert (plain[1], plain[20:]) == (0x80 | 111, b"new")


def test_the_senders_clock_is_carried_to_the_slot() -> None:
    ana, bo = pair()
    ana.film(1, 0.0, key=True)
    ana.session.receive_rtcp(
        rtcp.write_sender_report(SenderReport(CAMERA, 1 << 40, 3000, 1, 1)), 0.1
    )
    bo.session.tick(0.3)
    (report,) = [p for p in bo.out.reports() if isinstance(p, SenderReport)]
    assert report.ssrc == bo.streams["v0"].ssrc and report.packets == 1
    assert abs(report.ntp - (1 << 40) - 0.2 * 2**32) < 2**12
    assert abs(report.timestamp - 3000 - 18_000) <= 1
    # The receiver's block about it gives the round trip.
    last = report.ntp >> 16 & 0xFFFFFFFF
    block = Block(report.ssrc, 64, 1, 1, 0, last, int(0.5 * 65536))
    bo.session.receive_rtcp(rtcp.write_receiver_report(1, [block]), 1.4)
    assert bo.session.round_trip is not None and abs(bo.session.round_trip - 0.6) < 0.01


def test_arrivals_are_told_upward() -> None:
    ana, _ = pair()
    for n in range(5):
        extension = b"\xbe\xde\x00\x01\x31" + (n + 7).to_bytes(2, "big") + b"\x00"
        head = rtp.HEADER.pack(0x90, 111, n, n * 960, MIC)
        ana.session.receive_rtp(head + extension + b"opus", n / 50)
    ana.session.tick(0.12)
    (feedback,) = [data for data in ana.out.rtcp if data[1] == 205 and data[0] & 0x1F == 15]
    base, _, told, _ = decode(feedback)
    assert base == 7 and sorted(told) == [7, 8, 9, 10, 11]
    assert told[11] - told[7] == 320  # 80 ms


def test_a_stream_the_answer_did_not_name_is_known_by_its_mid_and_in_bounds() -> None:
    ana, bo = pair()
    extension = b"\xbe\xde\x00\x02\x45camera\x00"

    def send(ssrc: int, payload_type: int) -> None:
        head = rtp.HEADER.pack(0x90, payload_type, 1, 1, ssrc)
        ana.session.receive_rtp(head + extension + b"\x10\x00picture", 0.0)

    send(9000, 96)
    assert bo.got() == [1] and ana.session.sources["camera"].ssrc == 9000
    send(9001, 111)  # a sound which claims to be the camera
    send(9002, 35)
    assert ana.counts["dropped_stream"] == 2
    for n in range(100):
        send(10_000 + n, 96)
    assert len(ana.session._by_ssrc) <= 40


def test_levels_are_heard_from_sound_only() -> None:
    ana, _ = pair()
    head = rtp.HEADER.pack(0x90, 111, 1, 1, MIC)
    ana.session.receive_rtp(head + b"\xbe\xde\x00\x01\x10\x9e\x00\x00opus", 0.0)
    assert ana.levels == [30]


def test_goodbye_to_all_media_is_no_stall() -> None:
    ana, _ = pair()
    ana.film(1, 1.0, key=True)
    ana.session.receive_rtcp(b"\x81\xcb\x00\x01" + CAMERA.to_bytes(4, "big"), 1.0)
    assert ana.session.liveness.pulse(6.0).value == "alive"


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80)), max_size=20))
def test_any_decrypted_bytes_are_counted_or_forwarded(datagrams: list[tuple[bool, bytes]]) -> None:
    """A browser with the right keys may still write anything."""
    ana, bo = pair()
    ana.watch(bo)
    for is_rtp, data in datagrams:
        if is_rtp:
            ana.session.receive_rtp(data, 1.0)
            ana.session.receive_rtp(rtp.HEADER.pack(0x80, 96, 1, 1, CAMERA) + data, 1.0)
            ana.session.receive_rtp(rtp.HEADER.pack(0x80, 97, 1, 1, CAMERA_RTX) + data, 1.0)
            ana.session.receive_rtp(rtp.HEADER.pack(0x80, 63, 1, 1, MIC) + data, 1.0)
        else:
            ana.session.receive_rtcp(data, 1.0)
    for tenth in range(10, 40):
        ana.session.tick(tenth / 10)
        bo.session.tick(tenth / 10)


def test_anothers_stream_number_gives_nothing() -> None:
    """Each session knows its own streams only: whose number it is elsewhere does not matter."""
    ana, eve = pair()
    theirs = ana.streams["v0"].ssrc
    packet = rtp.write(96, 1, 1, theirs, b"\x90\x80\x80\x01\x00forged")
    eve.session.receive_rtp(packet, 0.0)
    assert eve.counts["dropped_stream"] == 1 and not ana.out.rtp
    eve.session.receive_rtcp(rtcp.write_sender_report(SenderReport(theirs, 1, 1, 1, 1)), 0.0)
    eve.session.receive_rtcp(rtcp.write_pli(1, CAMERA), 0.0)
    assert not any(source.line for source in eve.session.sources.values())


def test_the_pictures_that_matter_most_leave_first() -> None:
    ana, bo = pair()
    bo.session.show(shared("x0", "v0"), {"ana": ana.session.sources})
    tracks = bo.session.tracks
    assert (tracks["x0"].priority, tracks["v0"].priority) == (0, 1)
    bo.session.show(shared("v0", "x0"), {"ana": ana.session.sources})
    assert (tracks["x0"].priority, tracks["v0"].priority) == (1, 0)


def shared(*keys: str) -> Down:
    one = Share("camera", 3, 100_000, 240, "slow")
    voice = VoiceStep(16_000, 60, False)
    return Down("slow", Reason("rate"), dict.fromkeys(keys, one), {}, voice, 0, 0)


def test_lost_sound_leaves_again_as_the_very_bytes_that_left() -> None:
    """Numbered anew it would have to be sealed anew, under a nonce that was used."""
    ana, bo = Someone("ana"), Someone("bo")
    ana.watch(bo)
    for number in range(1, 400):
        packet = rtp.write(111, number, number * 960, MIC, b"voice")
        bo.session.receive_rtp(packet, number * 0.02)
    sounds = [data for data in ana.out.rtp if rtp.parse(data)[3] == ana.streams["a0"].ssrc]
    asked = [rtp.parse(data)[1] for data in sounds[-3:]]
    before = len(ana.out.rtp)
    ana.session.receive_rtcp(rtcp.write_nack(1, ana.streams["a0"].ssrc, asked), 8.0)
    assert ana.out.rtp[before:] == sounds[-3:]
    assert len(ana.session.down._said) == 256
    old = rtp.parse(sounds[-300])[1]
    ana.session.receive_rtcp(rtcp.write_nack(1, ana.streams["a0"].ssrc, [old]), 8.0)
    assert len(ana.out.rtp) == before + 3, "what is no longer held does not leave"


def test_a_round_trip_that_shrank_is_believed_sooner_than_one_that_grew() -> None:
    assert _smoothed(None, 0.3) == 0.3
    assert _smoothed(0.3, 0.7) == pytest.approx(0.4)
    assert _smoothed(0.7, 0.3) == pytest.approx(0.5)
