"""All rooms of one media worker, and the commands a server gives it. Opens no connection."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from media.core.allocation.ladder import MATTERS, Quality
from media.core.allocation.plan import Plan
from media.core.packets import answer as answers
from media.core.packets import offer
from media.events import Hint, LinkReport
from media.leg import Leg
from media.port import Port
from media.quality import load
from media.router import Event, Room
from media.session import Session
from media.traces import Traces
from media.transport import Certificate, DtlsState
from server.kernel import tasks

UNKNOWN = Hint()
TICK = 0.01
WATCH = 0.25
HELD_UP = 0.5  # s this process may oversleep before it mistrusts its clock
RENEW = 5.0
CONNECT_WITHIN = 30.0  # s from offer to handshake
KEY_AGE = 86_400.0  # s one key shakes hands; then another is made
MOST_SESSIONS = 2_000
MOST_IN_ROOM = 32


class Refused(Exception):
    """The command cannot be done; the text says why."""


class Worker:
    """See the module. `tell` takes each event, in order, and must not block."""

    def __init__(
        self, port: Port, advertised: list[str], tell: Callable[[Event], None],
        quality: Quality | None = None, traces: Traces | None = None,
    ) -> None:  # fmt: skip
        self.counts = port.counts
        self.rooms: dict[str, Room] = {}
        self._quality = quality or load()
        self._traces = traces
        self._port = port
        self._advertised = advertised
        self._tell = self._noting(tell) if traces else tell
        self._certificate, self._made_at = Certificate(), time.monotonic()
        self._legs: dict[Session, Leg] = {}
        self._timers: list[asyncio.Task[Any]] = []

    def _noting(self, tell: Callable[[Event], None]) -> Callable[[Event], None]:
        def noted(event: Event) -> None:
            assert self._traces is not None
            self._traces.told(event, time.monotonic())
            tell(event)

        return noted

    def start(self) -> None:
        """Start the clocks."""
        self._timers = [
            tasks.spawn(self._every(TICK, self._tick), "media tick"),
            tasks.spawn(self._every(WATCH, self._watch), "media watch"),
            tasks.spawn(self._every(RENEW, self._port.renew), "media addresses"),
        ]

    async def stop(self) -> None:
        """Close every session and stop."""
        for name in list(self.rooms):
            self.close_room(name)
        await asyncio.sleep(0)
        await tasks.stop(*self._timers)
        if self._traces:
            self._traces.close()

    async def _every(self, seconds: float, act: Callable[[float], None]) -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(seconds)
            now = time.monotonic()
            held_up, before = now - before > seconds + HELD_UP, now
            if held_up:  # it is we who were absent: first read what came meanwhile
                continue
            try:
                act(now)
            except Exception:
                self._port.complain()

    def _tick(self, now: float) -> None:
        for session in list(self._legs):
            session.tick(now)

    def _watch(self, now: float) -> None:
        for room in list(self.rooms.values()):
            room.watch(now, CONNECT_WITHIN)
            self._tidy(room)

    def _tidy(self, room: Room) -> None:
        if not room.peers:
            self.rooms.pop(room.name, None)

    def sessions(self) -> int:
        """How many are connected."""
        return sum(session.connected for session in self._legs)

    def open(self, room_name: str, peer: str, hint: Hint = UNKNOWN) -> tuple[str, str, Plan]:
        """A new session: (its name, its offer, its first plan). Raises Refused when there is no
        place."""
        room = self.rooms.get(room_name)
        crowd = len(room.peers) if room else 0
        if len(self._legs) >= MOST_SESSIONS or crowd >= MOST_IN_ROOM:
            raise Refused("full")
        if room is None:
            room = self.rooms[room_name] = Room(room_name, self._tell, self._drop)
        name = secrets.token_urlsafe(12)
        now = time.monotonic()
        if now - self._made_at > KEY_AGE:
            self._certificate, self._made_at = Certificate(), now
        session, leg, streams = self._session(room, peer, name, hint, now)
        room.expect(session)
        plan = room.first_plan(session, now)
        door = offer.Door(
            leg.ufrag, leg.password.decode(), self._certificate.fingerprint,
            tuple(self._advertised or self._port.addresses), self._port.number,
        )  # fmt: skip
        sdp = offer.write(secrets.randbits(62), door, streams, _start(plan))
        return name, sdp, plan

    def _session(
        self, room: Room, peer: str, name: str, hint: Hint, now: float
    ) -> tuple[Session, Leg, dict[str, offer.Streams]]:
        ours, streams = offer.share_out(_numbers(offer.ssrcs_needed()))
        # 20 and 24 characters: a signed check is then never shorter than its answer.
        leg = Leg(
            secrets.token_hex(10), secrets.token_hex(12), self._certificate, self._port,
            self.counts, lambda state: self._changed(room.name, session, state),
        )  # fmt: skip
        trace = self._traces.begin(peer, name) if self._traces else None
        session = Session(
            peer, name, leg, ours, streams, self.counts, now, room.hear, self._quality, hint, trace
        )
        leg.traffic = session
        self._legs[session] = leg
        self._port.admit(leg)
        return session, leg, streams

    def answer(self, room_name: str, peer: str, name: str, sdp: str) -> None:
        """The browser's answer to that session. Raises Refused."""
        session = self._pending(room_name, peer, name)
        try:
            answer = answers.parse(sdp)
        except answers.AnswerError as error:
            raise Refused(str(error)) from None
        leg = self._legs[session]
        if leg.shaking is not None:
            raise Refused("answered before")
        session.answered(answer, time.monotonic())
        handshake = leg.secure.handshake(answer.fingerprints, answer.active)
        leg.shaking = tasks.spawn(handshake, "media handshake")

    def _pending(self, room_name: str, peer: str, name: str) -> Session:
        room = self.rooms.get(room_name)
        place = room.peers.get(peer) if room else None
        for session in place.sessions() if place else ():
            if session.name == name:
                return session
        raise Refused("no such session")

    def _changed(self, room_name: str, session: Session, state: DtlsState) -> None:
        room = self.rooms.get(room_name)
        if room is None:
            return
        if state is DtlsState.CONNECTED:
            room.connected(session, time.monotonic())
        elif state is not DtlsState.CONNECTING:
            room.ended(session, state.value)

    def _drop(self, session: Session) -> None:
        leg = self._legs.pop(session, None)
        if self._traces:
            self._traces.end(session.name)
        session.connected = False
        session.leave()
        if leg is not None:
            tasks.spawn(leg.close(), "media leg closing")

    def report(self, room_name: str, peer: str, name: str, report: LinkReport) -> None:
        """What a browser says of its own sending; of a session that is gone, nothing."""
        room = self.rooms.get(room_name)
        place = room.peers.get(peer) if room else None
        for session in place.sessions() if place else ():
            if session.name == name:
                session.up.reported(report, time.monotonic())

    def matters(self, room_name: str, peer: str, source: str, what: str) -> None:
        """What matters in a peer's picture. Raises Refused."""
        if source not in ("camera", "exam") or what not in MATTERS:
            raise Refused("no such picture, or nothing that matters")
        room = self.rooms.get(room_name)
        if room is not None:
            room.matter(peer, source, what)

    def transfer(self, room_name: str, peer: str, direction: str, on: bool) -> None:
        """Whether something else than media crosses the peer's link, up or down."""
        room = self.rooms.get(room_name)
        place = room.peers.get(peer) if room else None
        for session in place.sessions() if place else ():
            way = session.up if direction == "up" else session.down
            way.transfer = on

    def close(self, room_name: str, peer: str) -> None:
        """End every session of a peer. Closing what is not there is done already."""
        room = self.rooms.get(room_name)
        if room is not None:
            room.leave(peer)
            self._tidy(room)

    def close_room(self, room_name: str) -> None:
        """End every session of a room."""
        room = self.rooms.pop(room_name, None)
        for peer in list(room.peers) if room else ():
            if room is not None:
                room.leave(peer)

    def state(self) -> dict[str, list[dict[str, str]]]:
        """Rooms and who is connected in each."""
        return {name: room.state() for name, room in self.rooms.items() if room.state()}

    def stats(self) -> dict[str, int]:
        """Counters since the start, and what is there now."""
        return dict(self.counts) | {"sessions": self.sessions(), "rooms": len(self.rooms)}


def _numbers(count: int) -> list[int]:
    """Different random SSRCs, none of them 0."""
    found: dict[int, None] = {}
    while len(found) < count:
        found[secrets.randbelow(0xFFFFFFFE) + 1] = None
    return list(found)


def _start(plan: Plan) -> offer.Start:
    """What the offer itself can say of a plan: the browser's first packets are made before the
    page could apply it."""
    voice = plan.audio
    kbps = max(30, plan.ceiling // 1000)
    return offer.Start(voice.bitrate, voice.ptime, kbps, kbps, voice.red)
