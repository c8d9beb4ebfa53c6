"""One line without any network: which frames pass, in which numbers, whatever happens to them."""

import contextlib
from collections import Counter, deque
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.core import red, rtp
from media.core.answer import AnsweredLine
from media.core.budget import Budget
from media.core.lines import LINES
from media.core.offer import Streams
from media.core.pacer import Frame
from media.core.picture import PictureError
from media.core.rewrite import Packet
from media.source import Source
from media.track import ENDLESS, Again, Outgoing, Track
from tests.media.layered import Receiver, Sender

CAMERA = next(line for line in LINES if line.mid == "camera")
V0 = next(line for line in LINES if line.mid == "v0")
SSRC, RTX_SSRC = 5, 6
ACCEPTED = AnsweredLine("v0", True, False, True, av1=True, av1_rtx=True)


class Scene:
    """A source, a track, and a queue between the track and its way out."""

    def __init__(self, paced: bool = False, said: AnsweredLine = ACCEPTED) -> None:
        self.now = 0.0
        self.out: list[bytes] = []
        self.queue: deque[Outgoing] = deque()
        self.source = Source("ana", CAMERA)
        self.paced = paced
        self.begun: set[int] = set()  # frames of which something left
        self.begun_at = 0  # where the line began anew
        self.track = Track(V0, Streams(SSRC, RTX_SSRC), self._send, self._pace, Budget())
        self.track.answered(said)
        self.track.show(self.source)

    def _send(self, packet: bytes, now: float) -> None:
        assert now == self.now
        self.out.append(packet)

    def _pace(self, track: Track, item: Outgoing, now: float) -> None:
        self.queue.append(item)
        if not self.paced:
            self.flush()

    def flush(self, most: int = 1_000_000) -> None:
        while self.queue and most:
            most -= 1
            item = self.queue.popleft()
            if isinstance(item, Packet):
                self.begun.add(item.timestamp)
                if item.place >= self.track._silent_from:
                    self.begun_at = item.place
            self.track.emit(item, self.now)

    def give_up(self, frame: int) -> None:
        """The pacer drops this frame whole, and after a base frame all up to a key frame."""
        kept: deque[Outgoing] = deque()
        dropped = []
        goes = dict.fromkeys(self.begun, False)
        broken = False
        for item in self.queue:
            assert isinstance(item, Packet) and item.picture is not None
            time = item.timestamp
            if time not in goes:
                broken = broken and not item.key
                goes[time] = broken or time == frame
                broken = broken or (goes[time] and item.picture.temporal == 0)
            (dropped if goes[time] else kept).append(item)
        self.queue = kept
        for item in dropped:
            self.track.skip(item, self.now)

    def feed(self, *packets: tuple[int, int, int, bytes]) -> None:
        for packet in packets:
            self.source.receive(*packet, self.now)

    def received(self) -> Receiver:
        receiver = Receiver()
        for packet in self.out:
            if rtp.parse(packet)[3] == SSRC:
                receiver.take(packet)
        return receiver


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


def test_without_retransmission_format_the_same_packet_leaves_again() -> None:
    scene, sender = Scene(said=AnsweredLine("v0", True, False, False)), Sender()
    scene.feed(*sender.frame(2, key=True))
    first = list(scene.out)
    scene.track.send_again((rtp.parse(first[1])[1],), 0.0, 0.1)
    assert scene.out == [*first, first[1]]


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
    assert kinds(scene) == [(96, 10)]
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


MIC = next(line for line in LINES if line.mid == "mic")
A0 = next(line for line in LINES if line.mid == "a0")


class Voice:
    """A microphone, and a line which plays it."""

    def __init__(self, red: bool = True) -> None:
        self.out: list[bytes] = []
        self.source = Source("ana", MIC)

        def never(track: Track, item: Outgoing, now: float) -> None:
            raise AssertionError("sound is not paced")

        def send(packet: bytes, now: float) -> None:
            self.out.append(packet)

        self.track = Track(A0, Streams(SSRC), send, never, Budget())
        self.track.answered(AnsweredLine("a0", True, red, False))
        self.track.show(self.source)

    def say(self, n: int, text: bytes, kind: int = 111) -> None:
        self.source.receive(n, n * 960, kind, text, n / 50)

    def heard(self) -> list[tuple[int, int, bytes]]:
        return [(each[1] & 0x7F, rtp.parse(each)[1], each[12:]) for each in self.out]


def pair(old: bytes, new: bytes, passed: int = 960) -> bytes:
    made = red.pair(111, old, passed, new)
    assert made is not None
    return made


def test_redundancy_is_passed_stripped_or_made() -> None:
    voice = Voice()
    voice.say(1, b"one")
    voice.say(2, pair(b"one", b"two"), 63)
    voice.track.hear("strip")
    voice.say(3, pair(b"two", b"three"), 63)
    voice.track.hear("make")
    voice.say(4, b"four")
    voice.say(5, b"five")
    voice.say(7, b"seven")
    voice.say(8, pair(b"seven", b"eight"), 63)
    assert voice.heard() == [
        (111, 1, b"one"), (63, 2, pair(b"one", b"two")), (111, 3, b"three"), (111, 4, b"four"),
        (63, 5, pair(b"four", b"five")), (63, 7, pair(b"five", b"seven", 1920)),
        (63, 8, pair(b"seven", b"eight")),
    ]  # fmt: skip


def test_none_is_made_for_who_does_not_know_it() -> None:
    voice = Voice(red=False)
    voice.track.hear("make")
    voice.say(1, b"one")
    voice.say(2, b"two")
    voice.say(3, pair(b"two", b"three"), 63)
    assert [kind for kind, _, _ in voice.heard()] == [111] * 3


def test_a_muted_voice_comes_back_without_a_hole_and_in_time() -> None:
    voice = Voice()
    voice.say(1, b"one")
    voice.track.hear("mute")
    for n in range(2, 3000):
        voice.say(n, b"x")
    voice.track.hear("pass")
    voice.say(3000, b"back")
    assert [(number, text) for _, number, text in voice.heard()] == [(1, b"one"), (2, b"back")]
    assert rtp.parse(voice.out[1])[2] == 3000 * 960


def test_lost_sound_comes_again_while_it_can_be_played() -> None:
    voice = Voice()
    for n in range(1, 5):
        voice.say(n, b"%d" % n)
    assert voice.track.send_again((2, 3), 0.1, 0.25) == 2
    assert voice.heard()[4:] == voice.heard()[1:3]
    assert voice.track.send_again((4,), 0.1, 0.26) == 0


def settled(sender: Sender, receiver: Receiver, scene: Scene) -> None:
    """What must hold whatever happened: whole frames, and nothing handed on without its needs."""
    decoded = set()
    for time in receiver.decoded:
        frame = sender.frames[time]
        assert frame.needs <= decoded, (frame, "decoded without what it needs")
        decoded.add(time)


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, int, float, float, bool]:
    return (
        draw(st.sampled_from(["long", "short", "two"])),
        draw(st.integers(0, 1 << 30)),
        draw(st.sampled_from([0.0, 0.05, 0.2])),
        draw(st.sampled_from([0.0, 0.3, 1.0])),
        draw(st.booleans()),
    )


class Play:
    """Frames come, some packets late, some never; layers change; the pacer gives frames up."""

    def __init__(self, pattern: str, seed: int, loss: float, forever: float, paced: bool) -> None:
        self.random = Random(seed)
        self.scene, self.sender = Scene(paced), Sender(pattern)
        self.loss, self.forever = loss, forever
        self.late: list[tuple[float, tuple[int, int, int, bytes]]] = []
        self.excused: set[int] = set()  # timestamps of frames a part of which could not come

    def catch_up(self) -> None:
        scene = self.scene
        scene.now += 0.04
        for at, packet in [each for each in self.late if each[0] <= scene.now]:
            self.late.remove((at, packet))
            # It will leave behind a key frame, if at all: none needs it any more.
            anew = any(isinstance(each, Packet) and each.key for each in scene.queue)
            anew = anew or scene.track._silent_from < ENDLESS or scene.begun_at > self.at(packet)
            if anew or scene.track._waiting or self.at(packet) < scene.track._start:
                self.excused.add(packet[1])
            scene.feed(packet)

    def at(self, packet: tuple[int, int, int, bytes]) -> int:
        highest = self.scene.source.highest
        return highest - ((highest - packet[0]) & 0xFFFF)

    def film(self, key: bool) -> None:
        for packet in self.sender.frame(self.random.randint(1, 4), key):
            if self.random.random() >= self.loss:
                self.scene.feed(packet)
            elif self.random.random() < self.forever:
                self.excused.add(packet[1])
            else:
                self.late.append((self.scene.now + self.random.uniform(0.0, 0.8), packet))

    def give_up(self) -> None:
        item = self.random.choice(self.scene.queue)
        assert isinstance(item, Packet)
        if item.timestamp not in self.scene.begun:  # a pacer never gives up what began to leave
            self.scene.give_up(item.timestamp)

    def run(self) -> None:
        scene, random = self.scene, self.random
        for n in range(120):
            self.catch_up()
            if random.random() < 0.08:
                scene.track.limit(random.choice((0, 1, 1, 2, 2, 3)))
            wanted = scene.track._waiting or scene.source is not scene.track.source
            self.film(n == 0 or random.random() < (0.3 if wanted else 0.02))
            if scene.paced:
                scene.flush(random.randint(0, 6))
                if scene.queue and random.random() < 0.1:
                    self.give_up()
        scene.track.limit(3)
        self.loss = 0.0
        for n in range(60):
            self.catch_up()
            self.film(n == 20)
            scene.flush()


def _true_time(packet: bytes) -> int:
    *_, start, end = rtp.parse(packet)
    return int.from_bytes(packet[start + 7 : start + 11], "big") if end - start > 8 else -1


@settings(max_examples=300, deadline=None)
@given(scripts())
def test_whatever_is_dropped_lost_or_late_no_frame_is_decoded_without_what_it_needs(
    script: tuple[str, int, float, float, bool],
) -> None:
    play = Play(*script)
    play.run()
    scene, frames = play.scene, play.sender.frames
    receiver = scene.received()  # no number twice, no picture id for two frames
    settled(play.sender, receiver, scene)
    sent = Counter(map(_true_time, scene.out))
    halves = {time for time, frame in frames.items() if 0 < sent[time] < len(frame.sequences)}
    # A half that could not be decoded for other reasons does no harm.
    decoded = set(receiver.decoded)
    assert not [time for time in halves - play.excused if frames[time].needs <= decoded]
    # In the end everything passes again.
    assert set(list(frames)[-30:]) <= set(receiver.decoded)
    if not play.late and not play.excused:
        assert not receiver.holes()
    if script[2] == 0.0:
        assert not receiver.held


hostile = st.tuples(
    st.sampled_from(["packet", "limit", "flush", "give up", "ask", "again"]),
    st.integers(0, 0xFFFF) | st.integers(0, 40),
    st.sampled_from([0, 3000, 6000, 9000, 2**32 - 1]) | st.integers(0, 2**32 - 1),
    st.sampled_from([96, 45, 96 | 0x80]),
    st.binary(max_size=12),
)


@given(st.lists(hostile, max_size=80))
def test_no_stream_however_odd_breaks_a_line(
    script: list[tuple[str, int, int, int, bytes]],
) -> None:
    scene = Scene(paced=True)
    key = bytes((0x90, 0xE0, 0x80, 5, 1, 0, 0))
    scene.feed((0, 0, 0x80 | 96, key))
    for n, (what, number, time, kind, payload) in enumerate(script):
        scene.now += 0.01
        if what == "packet":
            with contextlib.suppress(PictureError):
                scene.feed((number, time, kind, key[: n % 7] + payload))
        elif what == "limit":
            scene.track.limit(number % 4)
        elif what == "flush":
            scene.flush(number % 4)
        elif what == "give up" and scene.queue:
            item = scene.queue[number % len(scene.queue)]
            if isinstance(item, Packet):
                scene.queue.remove(item)
                scene.track.skip(item, scene.now)
        elif what == "ask":
            scene.track.ask(scene.now)
        else:
            scene.track.send_again((number, 0, 1), scene.now, 0.0)
    scene.flush()
    for packet in scene.out:
        rtp.parse(packet)


def test_memory_is_bounded_when_nothing_but_upper_layers_comes() -> None:
    scene, sender = Scene(), Sender("two")
    scene.track.limit(1)
    scene.feed(*sender.frame(key=True))
    for n in range(2_000):
        payload = bytes((0x90, 0xE0, 0x80 | n >> 8, n & 0xFF, 1, 0x40, 1))
        scene.feed(((65_502 + n) & 0xFFFF, n * 3000, 0x80 | 96, payload))
    rewriter = scene.track._rewriter
    assert len(rewriter._left) <= 512 and len(rewriter._kept) <= 512
    assert len(scene.track._verdicts) <= 256 and len(rewriter._left_pictures) <= 512
