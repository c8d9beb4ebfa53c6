"""Who gets what in one room: links in, layers and plans and words out.

Each receiver's ladder shares its link out; what receivers want, and what the sender's own link
carries, becomes the sender's plan. Knows no person and sends no packet. A session on its way counts
as a receiver already, so that what it will be sent fits from the first picture on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from media.core.allocation import plan as plans
from media.core.allocation.allocator import Down, Picture, Voice
from media.core.allocation.ladder import VoiceStep
from media.core.allocation.plan import Plan
from media.core.allocation.uplink import Codecs, Want
from media.session import Session

LOOK = 1.5  # times the floor
TOLD_EVERY = 2.0  # s between two words on a link where no rung changes
DEFAULTS = {"camera": "speech", "exam": "detail"}

Matters = Mapping[tuple[str, str], str]  # (peer, source) → speech, motion, detail
Say = Callable[[str, Session, dict[str, Any]], None]  # event, session, what it adds


@dataclass
class Told:
    """What the server was last told of one session."""

    plan: int = 0
    floor: int = 0
    number: int = 1
    rungs: tuple[str, str] = ("", "")
    at: float = -1e9


@dataclass
class Scene:
    """All that one step looks at: sessions by peer, what matters, who speaks, what receivers want
    of each (peer, source), and how they would have each voice sent."""

    sessions: Mapping[str, Session]
    matters: Matters
    speaker: str | None
    now: float
    wants: dict[tuple[str, str], list[Want]] = field(default_factory=lambda: defaultdict(list))
    voices: dict[str, list[VoiceStep]] = field(default_factory=lambda: defaultdict(list))

    def what(self, peer: str, source: str) -> str:
        return self.matters.get((peer, source), DEFAULTS[source])


class Adaptation:
    """One room's. `say` tells an event of a session to the server."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._told: dict[Session, Told] = {}

    def step(
        self, sessions: Sequence[Session], matters: Matters, speaker: str | None, now: float
    ) -> None:
        """A few times a second, with the newest session of each peer."""
        for gone in self._told.keys() - set(sessions):
            del self._told[gone]
        scene = Scene({session.peer: session for session in sessions}, matters, speaker, now)
        downs = {session: _downward(session, scene) for session in sessions}
        for session in sessions:
            plan = _upward(session, scene)
            if session.agreed:
                self._tell(session, plan, downs[session], now)

    def first(
        self, session: Session, sessions: Sequence[Session], matters: Matters, now: float
    ) -> Plan:
        """The plan a session begins with; the others' follow at the next step."""
        scene = Scene({one.peer: one for one in sessions}, matters, None, now)
        for other in sessions:
            _downward(other, scene)
        plan = _upward(session, scene)
        self._told[session] = Told(plan.n)
        return plan

    def _tell(self, session: Session, plan: Plan, down: Down, now: float) -> None:
        told = self._told.setdefault(session, Told())
        floor = session.up.floor(now)
        if plan.n != told.plan or floor > told.floor or (floor < told.floor and not floor):
            told.plan, told.floor = plan.n, floor
            told.number += 1
            self._say("encode", session, {"plan": planned(plan, floor, told.number)})
        rungs = (plan.rung, down.rung)
        if not session.connected:
            return
        if rungs != told.rungs or now - told.at >= TOLD_EVERY:
            told.rungs, told.at = rungs, now
            self._say("quality", session, _words(session, plan, down))


def planned(plan: Plan, floor: int, number: int) -> dict[str, Any]:
    """A plan as the page takes it; the browser may look a little beyond its floor."""
    ceiling = max(plan.ceiling, int(LOOK * floor))
    return plans.as_json(plan) | {"n": number, "floor": floor, "ceiling": ceiling}


def _downward(session: Session, scene: Scene) -> Down:
    """Share a receiver's link out, and note what it wants."""
    views = list(_views(session, scene))
    heard = _heard(session, scene)
    voices = [_voice(peer, scene) for peer in heard]
    pictures = [_picture(session, key, peer, source, scene) for key, peer, source in views]
    down = session.down.share(pictures, voices, scene.now)
    for key, peer, source in views:
        share = down.tracks.get(key)
        if share is not None:
            want = Want(share.wants, scene.what(peer, source), share.height, session.can.av1_down,
                        share.rung)  # fmt: skip
            scene.wants[peer, source].append(want)
    for peer in heard:
        scene.voices[peer].append(down.voice)
    if session.connected:
        session.show(down, {peer: one.sources for peer, one in scene.sessions.items()})
    return down


def _views(session: Session, scene: Scene) -> Iterator[tuple[str, str, str]]:
    """(slot, peer, source) of each picture the session shows, or will when it is up."""
    if not session.connected:
        others = [peer for peer in scene.sessions if peer != session.peer]
        yield from ((f"v{n}", peer, "camera") for n, peer in enumerate(others[:5]))
        return
    for key, track in session.tracks.items():
        shown = track.coming or track.source
        if shown is not None and not track.line.audio and shown.peer in scene.sessions:
            yield key, shown.peer, "exam" if key.startswith("x") else "camera"


def _heard(session: Session, scene: Scene) -> list[str]:
    if not session.connected:
        return [peer for peer in scene.sessions if peer != session.peer][:5]
    shown = [track.coming or track.source for track in session.tracks.values() if track.line.audio]
    return [one.peer for one in shown if one is not None and one.peer in scene.sessions]


def _picture(session: Session, key: str, peer: str, source: str, scene: Scene) -> Picture:
    sender = scene.sessions[peer]
    low = _arriving(sender, "low", scene.now) if source == "camera" else ()
    return Picture(
        key, peer, source, scene.what(peer, source), peer == scene.speaker,
        _arriving(sender, source, scene.now), low or None,
        session.can.av1_down and sender.can.av1_up,
    )  # fmt: skip


def _arriving(sender: Session, source: str, now: float) -> tuple[int, ...]:
    rates = sender.sources[source].rates(now)
    return rates if any(rates) else ()


def _voice(peer: str, scene: Scene) -> Voice:
    source = scene.sessions[peer].sources["mic"]
    rates = source.rates(scene.now)
    return Voice(peer, rates[-1] if rates else 0, peer == scene.speaker, source.redundant)


def _upward(session: Session, scene: Scene) -> Plan:
    wants = {source: scene.wants[session.peer, source] for source in ("camera", "exam")
             if scene.wants.get((session.peer, source))}  # fmt: skip
    return session.up.plan(
        wants, scene.voices[session.peer], Codecs(session.can.av1_up), session.round_trip, scene.now
    )


def _words(session: Session, plan: Plan, down: Down) -> dict[str, Any]:
    trip, found = session.round_trip, session.down.estimate
    seen = session.up.inflow
    return {
        "loss": round(max(seen.loss, found.loss), 4),
        "rtt": trip and round(trip, 4),
        "up": _way(plan.rung, plan.why, session.up.rate, plan.spare, seen.queue, seen.loss),
        "down": _way(down.rung, down.why, found.bitrate, down.spare, found.queue, found.loss),
    }


def _way(
    rung: str, why: Any, rate: int | None, spare: int, queue: float | None, loss: float
) -> dict[str, Any]:
    return {
        "rung": rung, "why": asdict(why), "rate": rate, "spare": spare,
        "queue": None if queue is None else round(queue * 1000), "loss": round(loss, 4),
    }  # fmt: skip
