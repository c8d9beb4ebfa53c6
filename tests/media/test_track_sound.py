"""A line which plays a voice: redundancy, silence, repairs."""

from media.core.packets import red, rtp
from media.core.packets.answer import AnsweredLine
from media.core.packets.lines import LINES
from media.core.packets.offer import Streams
from media.core.stream.budget import Budget
from media.source import Source
from media.track import Outgoing, Track
from tests.media.line import SSRC

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
