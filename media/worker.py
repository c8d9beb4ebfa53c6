"""All rooms of one media worker, and the commands a server gives it. Opens no connection."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from media.core import answer as answers
from media.core import offer
from media.leg import Leg
from media.port import Port
from media.router import Event, Room
from media.session import Session
from media.transport import Certificate, DtlsState
from server.kernel import tasks

TICK = 0.02
WATCH = 0.25
HELD_UP = 0.5  # s this process may oversleep before it mistrusts its clock
RENEW = 5.0
CONNECT_WITHIN = 30.0  # s from offer to handshake
MOST_SESSIONS = 2_000
MOST_IN_ROOM = 32


class Refused(Exception):
    """The command cannot be done; the text says why."""


class Worker:
    """See the module. `tell` takes each event, in order, and must not block."""

    def __init__(self, port: Port, advertised: list[str], tell: Callable[[Event], None]) -> None:
        self.counts = port.counts
        self.rooms: dict[str, Room] = {}
        self._port = port
        self._advertised = advertised
        self._tell = tell
        self._certificate = Certificate()
        self._legs: dict[Session, Leg] = {}
        self._timers: list[asyncio.Task[Any]] = []

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

    def open(self, room_name: str, peer: str) -> tuple[str, str]:
        """A new session: (its name, its offer). Raises Refused when there is no place."""
        room = self.rooms.get(room_name)
        crowd = len(room.peers) if room else 0
        if len(self._legs) >= MOST_SESSIONS or crowd >= MOST_IN_ROOM:
            raise Refused("full")
        if room is None:
            room = self.rooms[room_name] = Room(room_name, self._tell, self._drop)
        ours, streams = offer.share_out(_numbers(offer.ssrcs_needed()))
        name = secrets.token_urlsafe(12)
        # 20 and 24 characters: a signed check is then never shorter than its answer.
        leg = Leg(
            secrets.token_hex(10), secrets.token_hex(12), self._certificate, self._port,
            self.counts, lambda state: self._changed(room_name, session, state),
        )  # fmt: skip
        now = time.monotonic()
        session = Session(peer, name, leg, ours, streams, self.counts, now, room.hear)
        leg.traffic = session
        self._legs[session] = leg
        self._port.admit(leg)
        room.expect(session)
        door = offer.Door(
            leg.ufrag, leg.password.decode(), self._certificate.fingerprint,
            tuple(self._advertised or self._port.addresses), self._port.number,
        )  # fmt: skip
        return name, offer.write(secrets.randbits(62), door, streams)

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
        session.answered(answer)
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
        session.connected = False
        session.leave()
        if leg is not None:
            tasks.spawn(leg.close(), "media leg closing")

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
