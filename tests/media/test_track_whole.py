"""Whatever happens to a line, what leaves it can be decoded."""

import contextlib
from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from media.core.packets import rtp, vp8
from media.core.packets.picture import PictureError
from media.core.stream.passage import ENDLESS
from media.core.stream.rewrite import Packet
from tests.media.layered import Receiver, Sender
from tests.media.line import Scene


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
        self.key_at = 0  # place of the newest key frame that began to come: none waits for less

    def catch_up(self) -> None:
        scene = self.scene
        scene.now += 0.04
        for at, packet in [each for each in self.late if each[0] <= scene.now]:
            self.late.remove((at, packet))
            # It will leave behind a key frame, if at all: none needs it any more.
            anew = any(isinstance(each, Packet) and each.key for each in scene.queue)
            anew = (
                anew or scene.track._halts.silent_from < ENDLESS or scene.begun_at > self.at(packet)
            )
            anew = anew or self.at(packet) < self.key_at
            if anew or scene.track._passage.waiting or self.at(packet) < scene.track._passage.start:
                self.excused.add(packet[1])
            scene.feed(packet)
            self.note_key(packet)

    def at(self, packet: tuple[int, int, int, bytes]) -> int:
        highest = self.scene.source.highest
        return highest - ((highest - packet[0]) & 0xFFFF)

    def film(self, key: bool) -> None:
        for packet in self.sender.frame(self.random.randint(1, 4), key):
            if self.random.random() >= self.loss:
                self.scene.feed(packet)
                self.note_key(packet)
            elif self.random.random() < self.forever:
                self.excused.add(packet[1])
            else:
                self.late.append((self.scene.now + self.random.uniform(0.0, 0.8), packet))

    def note_key(self, packet: tuple[int, int, int, bytes]) -> None:
        if vp8.parse(packet[3]).keyframe:
            self.key_at = max(self.key_at, self.at(packet))

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
            wanted = scene.track._passage.waiting or scene.source is not scene.track.source
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
    assert len(scene.track._passage._verdicts) <= 256 and len(rewriter._left_pictures) <= 512
