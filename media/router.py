"""One room: who is in it, who sits in whose slots, who speaks, who fell silent.

Decides nothing about people: peers are opaque ids, and whoever has a session may be seen by the
others. Tells what happens as plain dictionaries, which travel to the server as they are.
"""

from collections.abc import Callable
from typing import Any

from media.adaptation import Adaptation
from media.core.allocation.plan import Plan
from media.core.packets.lines import EXAM_SLOTS, PERSON_SLOTS
from media.core.stream import slots
from media.core.stream.liveness import Pulse
from media.core.stream.slots import Slots
from media.core.stream.speaker import SpeakerChoice
from media.session import Session
from media.track import Track

Event = dict[str, Any]
SETTLING = 3.0  # s a new session has before a missing picture counts
KEPT_BESIDE = 1.5  # s an older session lives on after the newer connected


class Peer:
    """One peer's place: it outlives its sessions."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.live: Session | None = None
        self.pending: Session | None = None
        self.older: list[tuple[float, Session]] = []  # (when to close, session)
        self.persons: Slots = (None,) * PERSON_SLOTS
        self.exams: Slots = (None,) * EXAM_SLOTS
        self.stalled = False
        self.pictures: dict[str, bool] = {}  # source → present, once it was seen

    def sessions(self) -> list[Session]:
        """Every session of this peer, the live one first."""
        each = [self.live, self.pending, *(old for _, old in self.older)]
        return [session for session in each if session is not None]

    def shows_exam(self, now: float) -> bool:
        """Whether an exam picture arrives, by whichever session."""
        return any(session.sources["exam"].present(now) for session in self.sessions())


class Room:
    """See the module. `tell` receives events; `drop` must close a session's leg."""

    def __init__(
        self, name: str, tell: Callable[[Event], None], drop: Callable[[Session], None]
    ) -> None:
        self.name = name
        self.peers: dict[str, Peer] = {}
        self._speaker = SpeakerChoice()
        self._spoken: str | None = None
        self._recent: list[str] = []
        self._matters: dict[tuple[str, str], str] = {}  # (peer, source) → what matters in it
        self._adaptation = Adaptation(self._add)
        self._tell = tell
        self._drop = drop

    def hear(self, peer: str, level: int, now: float) -> None:
        """The level of one audio packet (RFC 6464)."""
        self._speaker.hear(peer, level, now)

    def expect(self, session: Session) -> None:
        """A new session was offered; an older one not yet connected is given up."""
        peer = self.peers.setdefault(session.peer, Peer(session.peer))
        if peer.pending is not None:
            self._drop(peer.pending)
        peer.pending = session

    def first_plan(self, session: Session, now: float) -> Plan:
        """What the browser of a session just offered is to send at first."""
        return self._adaptation.first(session, self._newest(), self._matters, now)

    def matter(self, name: str, source: str, what: str) -> None:
        """What matters in a picture of this peer, until something else does."""
        self._matters[name, source] = what

    def _newest(self) -> list[Session]:
        """Of each peer the session that is up, else the one on its way."""
        newest = (peer.live or peer.pending for peer in self.peers.values())
        return [session for session in newest if session is not None]

    def connected(self, session: Session, now: float) -> None:
        """Its handshake is done: it takes the peer's place, the older one stays a moment."""
        peer = self.peers.get(session.peer)
        if peer is None or peer.pending is not session:
            return
        session.connected, session.connected_at = True, now
        if peer.live is not None:
            peer.older.append((now + KEPT_BESIDE, peer.live))
        peer.live, peer.pending = session, None
        peer.stalled = False
        self._say("peer_up", session)
        self._seat(now)
        self._show(peer)
        self._tell_slots(peer)
        for other in self.peers.values():
            if other is not peer and session.peer in other.persons + other.exams:
                self._show(other)

    def ended(self, session: Session, why: str) -> None:
        """A session is over. The peer stays while it has another; its place is told otherwise."""
        peer = self.peers.get(session.peer)
        if peer is None or session not in peer.sessions():
            return
        self._drop(session)
        peer.older = [(at, old) for at, old in peer.older if old is not session]
        if peer.pending is session:
            peer.pending = None
        if peer.live is session:
            peer.live = None
            self._speaker.forget(peer.name)
        if peer.live is None:
            self._say("peer_gone", session, why=why)
        if not peer.sessions():
            del self.peers[peer.name]
        self._seat(session.liveness.heard_at)

    def leave(self, name: str) -> None:
        """Close every session of a peer, without an event: the server asked for it."""
        peer = self.peers.pop(name, None)
        if peer is None:
            return
        for session in peer.sessions():
            self._drop(session)
        self._speaker.forget(name)
        self._seat(0.0)

    def _seat(self, now: float) -> None:
        there = [peer for peer in self.peers.values() if peer.live is not None]
        showing = [peer.name for peer in there if peer.shows_exam(now)]
        for peer in there:
            others = [other.name for other in there if other is not peer]
            persons = slots.assign(peer.persons, others)
            # An exam picture keeps its slot while it pauses: only leaving or need frees it.
            wanted = [name for name in showing if name != peer.name]
            exams = slots.assign(peer.exams, wanted)
            if (persons, exams) != (peer.persons, peer.exams):
                peer.persons, peer.exams = persons, exams
                self._show(peer)
                self._tell_slots(peer)

    def _show(self, peer: Peer) -> None:
        """Point the tracks of the peer's live session at the sources in its slots."""
        if peer.live is None:
            return
        for slot, name in enumerate(peer.persons):
            sender = self._live(name)
            for mid, source in ((f"a{slot}", "mic"), (f"v{slot}", "camera")):
                _point(peer.live.tracks[mid], sender, source)
        for slot, name in enumerate(peer.exams):
            _point(peer.live.tracks[f"x{slot}"], self._live(name), "exam")

    def _live(self, name: str | None) -> Session | None:
        peer = self.peers.get(name) if name else None
        return peer.live if peer else None

    def _tell_slots(self, peer: Peer) -> None:
        if peer.live is None:
            return
        uses = [(n, name, "person") for n, name in enumerate(peer.persons)]
        uses += [(PERSON_SLOTS + n, name, "exam") for n, name in enumerate(peer.exams)]
        self._say("slots", peer.live, slots=uses)

    def _add(self, event: str, session: Session, more: dict[str, Any]) -> None:
        self._say(event, session, **more)

    def _say(self, event: str, session: Session, **more: Any) -> None:
        self._tell(
            {"event": event, "room": self.name, "peer": session.peer, "session": session.name}
            | more
        )

    def watch(self, now: float, patience: float) -> None:
        """A few times a second: silence, absent pictures, the speaker, older sessions.

        `patience`: seconds an offered session may take to connect.
        """
        for peer in list(self.peers.values()):
            for at, old in list(peer.older):
                if now >= at:
                    peer.older.remove((at, old))
                    self._drop(old)
            if peer.pending is not None and now - peer.pending.opened_at > patience:
                self.ended(peer.pending, "never connected")
            if peer.live is not None:
                self._pulse(peer, peer.live, now)
            if peer.live is not None:
                self._pictures(peer, peer.live, now)
        self._seat(now)
        self._choose(now)
        self._adaptation.step(self._newest(), self._matters, self._spoken, now)

    def _pulse(self, peer: Peer, session: Session, now: float) -> None:
        pulse = session.liveness.pulse(now)
        if pulse is Pulse.GONE:
            self.ended(session, "silent")
        elif (pulse is Pulse.STALLED) != peer.stalled:
            peer.stalled = not peer.stalled
            if peer.stalled:
                since = round(session.liveness.silence(now), 3)
                self._say("peer_stalled", session, since=since)
            else:
                self._say("peer_resumed", session)

    def _pictures(self, peer: Peer, session: Session, now: float) -> None:
        for mid in ("camera", "exam"):
            present = session.sources[mid].present(now)
            before = peer.pictures.get(mid)
            settling = not present and now - session.connected_at < SETTLING
            if present == bool(before) or peer.stalled or settling:
                continue
            peer.pictures[mid] = present
            if before is not None:
                name = "picture_resumed" if present else "picture_stalled"
                self._say(name, session, source=mid)

    def _choose(self, now: float) -> None:
        speaker = self._speaker.choose(now)
        if speaker == self._spoken:
            return
        self._spoken = speaker
        self._tell({"event": "speaker", "room": self.name, "peer": speaker})
        if speaker is not None:
            self._recent = [speaker, *(name for name in self._recent if name != speaker)][:32]
            self._bring_in(speaker)

    def _bring_in(self, speaker: str) -> None:
        for peer in self.peers.values():
            if peer.live is None or peer.name == speaker or None in peer.persons:
                continue
            persons = slots.bring_in(peer.persons, speaker, self._recent)
            if persons != peer.persons:
                peer.persons = persons
                self._show(peer)
                self._tell_slots(peer)

    def state(self) -> list[dict[str, str]]:
        """Who is connected, for a server which starts anew."""
        return [
            {"peer": peer.name, "session": peer.live.name}
            for peer in self.peers.values()
            if peer.live is not None
        ]

    def tell_all(self) -> None:
        """Say everything again, for a server which starts anew."""
        for peer in self.peers.values():
            if peer.live is not None:
                self._say("peer_up", peer.live)
                self._tell_slots(peer)
                if peer.stalled:
                    self._say("peer_stalled", peer.live, since=0.0)
        self._tell({"event": "speaker", "room": self.name, "peer": self._spoken})


def _point(track: Track, sender: Session | None, source: str) -> None:
    """Show a sender's source; its smaller copy, where that is shown, stays."""
    if not track.accepted:
        return
    shown = track.coming or track.source
    if sender is None or source != "camera" or shown is not sender.sources["low"]:
        track.show(sender.sources[source] if sender else None)
