"""One line without any network: which frames pass, in which numbers, and what is sent again."""

import pytest

from media.core.link.pacer import Frame
from media.core.packets import rtp
from media.core.packets.answer import AnsweredLine
from media.core.stream.repairs import Again
from media.core.stream.rewrite import Packet
from media.source import Source
from tests.media.layered import Receiver, Sender
from tests.media.line import CAMERA, RTX_SSRC, SSRC, Scene


def layers(sender: Sender, receiver: Receiver) -> list[int]:
    return [sender.frames[time].layer for time in receiver.decoded]


@pytest.mark.parametrize("pattern,keeps", [("long", [0, 0]), ("two", [0, 0, 0, 0])])
def test_one_layer_passes_without_a_hole(pattern: str, keeps: list[int]) -> None:
    scene, sender = Scene(), Sender(pattern)
    scene.feed(*sender.frame(3))
    scene.track.limit(1)
    for _ in range(7):
        scene.feed(*sender.frame(2))
    receiver = scene.received()
    assert not receiver.holes() and not receiver.held
    assert layers(sender, receiver) == keeps


def test_layers_come_back_one_by_one_where_each_is_whole_again() -> None:
    scene, sender = Scene(), Sender("long")
    scene.track.limit(1)
    for n in range(24):
        if n == 12:
            scene.track.limit(3)
        scene.feed(*sender.frame())
    # 12 is a base frame; 13 and 15 hang on a middle frame that was left out; 14 too. The next
    # sync of the middle layer is at 18, that of the top layer at 17: too early, so at 25.
    assert layers(sender, scene.received()) == [0, 0, 0, 0, 0, 1, 0, 1]


def test_what_was_lost_of_layers_left_out_leaves_no_hole() -> None:
    scene, sender = Scene(), Sender()
    scene.track.limit(1)
    for n in range(24):
        packets = sender.frame(2, key=n == 0)
        kept = {1: [], 5: packets[1:], 9: packets[:1]}.get(n % 12, packets)  # whole, head, tail
        scene.feed(*kept)
    receiver = scene.received()
    assert not receiver.holes() and layers(sender, receiver) == [0] * 6
    assert max(receiver.packets) - min(receiver.packets) == 11


@pytest.mark.parametrize("lost", [4, 8])
def test_a_number_is_kept_for_what_may_be_of_the_lowest_layer(lost: int) -> None:
    scene, sender = Scene(), Sender()
    scene.track.limit(1)
    held = []
    for n in range(13):
        packets = sender.frame(2, key=n == 0)
        if n == lost:
            held = packets
        else:
            scene.feed(*packets)
    assert len(scene.received().holes()) == 2
    scene.feed(*held)
    receiver = scene.received()
    assert not receiver.holes() and layers(sender, receiver) == [0] * 4


def test_a_late_packet_of_a_layer_left_out_takes_the_number_kept_for_it() -> None:
    scene, sender = Scene(), Sender()
    scene.track.limit(2)
    held = []
    for n in range(9):
        packets = sender.frame(key=n == 0)
        if n == 3:  # between middle and lowest layer: nobody knows which it is
            held = packets
        else:
            scene.feed(*packets)
    assert len(scene.received().holes()) == 1
    scene.feed(*held)
    assert not scene.received().holes()
    *_, start, end = rtp.parse(scene.out[-1])
    assert start == end  # padding


def test_the_pacer_is_told_sizes_and_frames() -> None:
    scene, sender = Scene(paced=True), Sender()
    scene.track.priority = 2
    for n in range(3):
        scene.feed(*sender.frame(2, key=n == 0))
    told = [scene.track.measure(item) for item in scene.queue]
    assert [size for size, _ in told] == [len(each.payload) + 64 for each in scene.queue
                                          if isinstance(each, Packet)]  # fmt: skip
    frames = [frame for _, frame in told]
    times = list(sender.frames)
    assert frames[0] == frames[1] == Frame(SSRC, times[0], True, True, 2)
    assert frames[2] == frames[3] == Frame(SSRC, times[1], False, False, 2)
    assert scene.track.measure(Again(5, 100)) == (164, None)


def test_a_probe_is_made_of_what_was_sent_last_or_of_padding() -> None:
    scene, sender = Scene(), Sender()
    scene.feed(*sender.frame(key=True))
    assert scene.track.idle(300, 0.0) and again(scene) == [rtp.parse(scene.out[0])[1]]
    assert scene.track.idle(70, 0.0)
    packet = scene.out[-1]
    second, sequence, _, ssrc, _, start, end = rtp.parse(packet)
    assert (second, ssrc, start, end) == (97, RTX_SSRC, 12, 12) and len(packet) == 12 + 6
    assert sequence == rtp.parse(scene.out[-2])[1] + 1
    assert not Scene(said=AnsweredLine("v0", True, False, False)).track.idle(300, 0.0)
    assert not Scene(said=AnsweredLine("v0", False, False, True)).track.idle(300, 0.0)


def again(scene: Scene) -> list[int]:
    """Original numbers of what was sent once more."""
    return [int.from_bytes(packet[12:14], "big") for packet in scene.out
            if rtp.parse(packet)[3] == RTX_SSRC]  # fmt: skip


def test_a_pause_asks_for_nothing_and_ends_with_a_key_frame() -> None:
    scene, sender = Scene(), Sender()
    scene.feed(*sender.frame(key=True))
    scene.track.limit(0)
    for _ in range(20):
        scene.feed(*sender.frame())
        scene.track.ask(scene.now)
    assert len(scene.out) == 1 and not scene.source.desk.due(0.0, 0.1)
    scene.track.limit(2)
    assert scene.source.desk.due(5.0, 0.1)
    scene.feed(*sender.frame(), *sender.frame(key=True), *sender.frame())
    receiver = scene.received()
    assert not receiver.holes() and layers(sender, receiver) == [0, 0]


def test_who_is_paused_does_not_ask_for_whom_it_is_shown_next() -> None:
    scene = Scene()
    scene.track.show(None)
    scene.source.desk.arrived(0.0)
    scene.track.limit(0)
    scene.track.show(scene.source)
    scene.feed(*Sender("two").frame()[:0])
    assert not scene.source.desk.due(9.0, 0.1)


def test_a_key_frame_whose_start_comes_last_is_shown_whole() -> None:
    scene, sender = Scene(), Sender()
    scene.track.limit(0)
    scene.feed(*sender.frame(key=True))
    scene.track.limit(3)
    first, *rest = sender.frame(4, key=True)
    scene.feed(*rest)
    assert not scene.out
    scene.feed(first, *sender.frame())
    receiver = scene.received()
    assert layers(sender, receiver) == [0, 2] and not receiver.holes()


def test_a_base_frame_given_up_costs_one_ask_within_the_allowance() -> None:
    scene, sender = Scene(paced=True), Sender()
    asked = 0
    scene.feed(*sender.frame(key=True))
    scene.flush()
    for n in range(60):  # a minute in which nothing but key frames helps
        scene.now = float(n)
        base = sender.frame(key=n % 5 == 4)
        while sender.frames[base[0][1]].layer:
            base = sender.frame()
        scene.feed(*base, *sender.frame())
        if scene.queue:
            item = scene.queue[0]
            assert isinstance(item, Packet)
            scene.give_up(item.timestamp)
        asked += scene.source.desk.due(scene.now, 0.1)
    assert not scene.queue and len(scene.out) == 1
    assert asked >= 12


def test_lost_packets_are_sent_again_as_they_were_whatever_came_since() -> None:
    scene, sender = Scene(), Sender()
    for n in range(8):
        scene.feed(*sender.frame(2, key=n == 0))
    before = {rtp.parse(each)[1]: each for each in scene.out}
    other = Source("ana", CAMERA)
    scene.track.show(other)
    for packet in Sender("two").frame(2, key=True):
        other.receive(*packet, scene.now)
    numbers = tuple(before)[3:6]
    assert scene.track.send_again(numbers, scene.now, 0.6) == 3
    assert again(scene) == list(numbers)
    for packet in scene.out[-3:]:
        original = before[int.from_bytes(packet[12:14], "big")]
        assert packet[14:] == original[12:] and packet[4:8] == original[4:8]
        assert packet[1] == original[1] & 0x80 | 97


def test_what_was_sent_again_is_given_a_round_trip_to_arrive() -> None:
    scene, sender = Scene(), Sender()
    scene.feed(*sender.frame(4, key=True))
    number = rtp.parse(scene.out[1])[1]
    sent = 0
    for tick in range(100):  # a receiver which asks every 20 ms, at a round trip of 600
        scene.now = tick / 50
        sent += scene.track.send_again((number, 9), scene.now, 0.6)
    assert sent == len(again(scene)) == 3  # at 0, 0.68 and 1.36 s
    scene.now = 3.1
    assert scene.track.send_again((number,), scene.now, 0.6) == 0  # too old by now


def test_without_retransmission_format_no_number_of_a_picture_is_used_twice() -> None:
    scene, sender = Scene(said=AnsweredLine("v0", True, False, False)), Sender()
    scene.feed(*sender.frame(2, key=True))
    first = list(scene.out)
    assert scene.track.send_again((rtp.parse(first[1])[1],), 0.0, 0.1) == 0
    assert scene.out == first


def av1(sequence: int, time: int, key: bool = False, layer: int = 0) -> tuple[int, int, int, bytes]:
    head = bytes((0x18 if key else 0x10, 0x0A if key else 0x36, layer << 5))
    return sequence, time, 0x80 | 45, head + b"frame"


def kinds(scene: Scene) -> list[tuple[int, int]]:
    return [(each[1] & 0x7F, rtp.parse(each)[1]) for each in scene.out]


def test_the_codec_changes_at_a_key_frame_and_retransmissions_with_it() -> None:
    scene = Scene()
    vp8 = bytes((0x90, 0xE0, 0x80, 5, 1, 0, 0))
    scene.feed((10, 0, 0x80 | 96, vp8), av1(11, 3000), av1(12, 6000, True), av1(13, 9000))
    assert kinds(scene) == [(96, 10), (45, 11), (45, 12)]
    scene.track.send_again((10, 12), 0.0, 0.1)
    assert [each[1] & 0x7F for each in scene.out[3:]] == [97, 46]
    scene.feed((14, 12_000, 0x80 | 96, vp8[:3] + bytes((9, 77)) + vp8[5:]))
    assert kinds(scene)[-1] == (96, 13)
    # Picture ids go on from the last of VP8, wherever the encoder started anew.
    assert scene.out[-1][12 + 3] == 6 and scene.out[-1][12 + 4] == 2


def test_who_cannot_show_av1_is_sent_none_and_asks_for_nothing() -> None:
    scene = Scene(said=AnsweredLine("v0", True, False, True))
    vp8 = bytes((0x90, 0xE0, 0x80, 5, 1, 0, 0))
    scene.feed((10, 0, 0x80 | 96, vp8))
    scene.feed(av1(11, 3000, True), av1(12, 6000), av1(13, 9000, True))
    assert kinds(scene) == [(96, 10)] and not scene.source.desk.due(99.0, 0.1)
    scene.feed((14, 12_000, 0x80 | 96, vp8))
    assert kinds(scene) == [(96, 10), (96, 11)]


def test_av1_layers_fall_and_come_back() -> None:
    scene = Scene()
    scene.track.limit(1)
    for n in range(24):
        if n == 8:
            scene.track.limit(3)
        scene.feed(av1(n, n * 3000, n == 0, (0, 2, 1, 2)[n % 4]))
    # From 8 on: the middle layer at 10, the top one behind it.
    passed = [0, 4, 8, 10, 11, *range(12, 24)]
    assert [rtp.parse(each)[2] // 3000 for each in scene.out] == passed
    assert [number for _, number in kinds(scene)] == list(range(len(passed)))
