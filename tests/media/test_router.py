"""A room without any network: who joins, falls silent, returns; what is told of it."""

from typing import Any

from media.core.packets import rtp
from media.router import Event, Room
from media.session import Session
from tests.media.test_session import CAMERA, MIC, Someone


class Scene:
    """A room and a clock. Everybody with a microphone sends until told otherwise."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[Event] = []
        self.dropped: list[Session] = []
        self.room = Room("room", self.told.append, self.dropped.append)
        self.people: dict[str, Someone] = {}
        self.sending: set[str] = set()
        self.levels: dict[str, int] = {}
        self._sequence = 0

    def offer(self, name: str) -> Someone:
        someone = Someone(name)
        someone.session.connected = someone.session.agreed = False
        someone.session.liveness.heard(self.now)
        someone.session.opened_at = self.now
        self.room.expect(someone.session)
        return someone

    def join(self, *names: str) -> None:
        for name in names:
            self.people[name] = self.offer(name)
            self.room.connected(self.people[name].session, self.now)
            self.sending.add(name)

    def play(self, seconds: float) -> None:
        for _ in range(int(seconds * 20)):
            self.now += 0.05
            self._sequence += 1
            for name in self.sending:
                self._send(name)
            self.room.watch(self.now, 30.0)

    def _send(self, name: str) -> None:
        session = self.people[name].session
        packet = rtp.write(111, self._sequence & 0xFFFF, self._sequence * 2400, MIC, b"opus")
        session.receive_rtp(packet, self.now)
        self.people[name].film(self._sequence & 0xFFFF, self.now, key=True)
        self.room.hear(name, self.levels.get(name, 127), self.now)

    def events(self, *names: str, **fields: Any) -> list[Event]:
        return [e for e in self.told if e["event"] in names and fields.items() <= e.items()]

    def slots(self, name: str) -> list[str | None]:
        return [peer for _, peer, _ in self.events("slots", peer=name)[-1]["slots"]]


def test_everybody_is_shown_everybody_else() -> None:
    scene = Scene()
    scene.join("ana", "bo", "cy")
    assert scene.slots("ana") == ["bo", "cy", None, None, None, None, None]
    assert scene.slots("cy") == ["ana", "bo", None, None, None, None, None]
    scene.play(0.2)
    assert scene.people["ana"].got() and scene.people["cy"].got()


def test_silence_is_told_once_then_its_end_then_the_end() -> None:
    scene = Scene()
    scene.join("ana", "bo")
    scene.play(3)
    scene.sending.discard("ana")
    scene.play(4)
    (stalled,) = scene.events("peer_stalled")
    assert stalled["peer"] == "ana" and 2.5 <= stalled["since"] < 2.6
    scene.sending.add("ana")
    scene.play(1)
    assert len(scene.events("peer_resumed", peer="ana")) == 1
    scene.sending.discard("ana")
    scene.play(29)
    assert not scene.events("peer_gone")
    scene.play(2)
    (gone,) = scene.events("peer_gone")
    assert (gone["peer"], gone["why"]) == ("ana", "silent")
    assert scene.slots("bo")[0] is None and scene.dropped == [scene.people["ana"].session]
    assert list(scene.room.peers) == ["bo"]


def test_a_returning_peer_replaces_its_older_session_and_keeps_its_slots() -> None:
    scene = Scene()
    scene.join("ana", "bo", "cy")
    scene.play(2)
    older = scene.people["ana"].session
    count = len(scene.people["bo"].got())
    newer = scene.offer("ana")
    scene.play(5)  # offered, not yet connected: the older one carries on
    assert len(scene.people["bo"].got()) >= count + 100 and not scene.dropped
    scene.room.connected(newer.session, scene.now)
    scene.people["ana"] = newer
    scene.play(1)
    assert scene.slots("ana")[:2] == ["bo", "cy"] and not scene.dropped
    scene.play(1)
    assert scene.dropped == [older] and not scene.events("peer_gone", "picture_stalled")
    assert scene.room.peers["ana"].live is newer.session


def test_an_offer_nobody_takes_lapses() -> None:
    scene = Scene()
    session = scene.offer("ana").session
    scene.play(29)
    assert not scene.told
    scene.play(2)
    assert scene.events("peer_gone", why="never connected") and scene.dropped == [session]
    assert not scene.room.peers


def test_a_second_offer_gives_up_the_first() -> None:
    scene = Scene()
    first = scene.offer("ana").session
    second = scene.offer("ana").session
    assert scene.dropped == [first]
    scene.room.connected(first, 0.0)
    assert not scene.told
    scene.room.connected(second, 0.0)
    assert scene.events("peer_up", session="ana1")


def test_a_picture_which_stops_is_told_while_the_sound_goes_on() -> None:
    scene = Scene()
    scene.join("ana", "bo")
    scene.play(3)
    scene.people["ana"].film = lambda *args, **named: None  # type: ignore[method-assign]
    scene.play(3)
    (stalled,) = scene.events("picture_stalled")
    assert (stalled["peer"], stalled["source"]) == ("ana", "camera")
    assert not scene.events("peer_stalled")
    del scene.people["ana"].film
    scene.play(1)
    assert len(scene.events("picture_resumed")) == 1


def test_the_speaker_is_told_and_brought_into_view() -> None:
    scene = Scene()
    scene.join(*"abcdefg")
    assert scene.slots("a")[:5] == list("bcdef")
    scene.levels["c"] = 20
    scene.play(2)
    assert scene.events("speaker")[-1]["peer"] == "c"
    scene.levels = {"g": 20}
    scene.play(3)
    assert scene.events("speaker")[-1]["peer"] == "g"
    assert "g" in scene.slots("a") and "c" in scene.slots("a")
    assert len(scene.events("speaker")) == 2
    scene.levels = {}
    scene.play(5)
    assert scene.events("speaker")[-1]["peer"] is None


def test_a_slot_given_to_another_never_shows_the_one_before() -> None:
    scene = Scene()
    scene.join("ana", "bo")
    scene.play(1)
    scene.room.leave("bo")
    scene.sending.discard("bo")
    scene.join("cy")
    scene.play(0.2)
    track = scene.people["ana"].session.tracks["v0"]
    assert scene.slots("ana")[0] == "cy"
    assert track.source is scene.people["cy"].session.sources["camera"]
    # One unbroken stream: the numbers go on.
    got = scene.people["ana"].got()
    assert got == list(range(got[0], got[0] + len(got)))
    assert track.source.ssrc == CAMERA


def test_everything_can_be_told_again() -> None:
    scene = Scene()
    scene.join("ana", "bo")
    scene.play(1)
    scene.told.clear()
    scene.room.tell_all()
    assert [e["event"] for e in scene.told] == ["peer_up", "slots", "peer_up", "slots", "speaker"]
    assert scene.room.state() == [{"peer": "ana", "session": "ana1"},
                                  {"peer": "bo", "session": "bo1"}]  # fmt: skip
