"""The server's side of media, and the only module of `media` that others import.

Takes workers which dial in on the namespace `/media`, gives each room to one of them, passes
commands down and events up. Knows peers as opaque ids and no person; decides nothing about calls.
"""

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import socketio

from media.crew import Crew, Spawn, holder
from media.events import (
    Encode,
    Hint,
    LinkReport,
    MediaEvent,
    PeerGone,
    PeerQuality,
    PeerResumed,
    PeerStalled,
    PeerUp,
    PictureResumed,
    PictureStalled,
    SlotsChanged,
    SlotUse,
    SpeakerChanged,
    WorkerBack,
    WorkerLeaving,
    WorkerLost,
    read_event,
)
from media.quality import QualityError, load
from server.kernel import tasks

__all__ = [
    "Encode", "Hint", "LinkReport", "MediaAway", "MediaClient", "MediaEvent", "MediaRefused",
    "Offer", "PeerGone", "PeerQuality", "PeerResumed", "PeerStalled", "PeerUp", "PictureResumed",
    "PictureStalled", "QualityError", "SlotUse", "SlotsChanged", "Spawn", "SpeakerChanged",
    "WorkerBack", "WorkerLeaving", "WorkerLost", "check_ladder", "holder",
]  # fmt: skip

log = logging.getLogger("carbet.media.client")
NAMESPACE = "/media"
PROTOCOL = 2
UNKNOWN = Hint()
COMMAND_WITHIN = 3.0  # s
REDIAL_WITHIN = 5.0  # s a worker whose line broke has, before its rooms count as lost


class MediaAway(Exception):
    """No media worker can be reached now; a `WorkerBack` will follow."""


class MediaRefused(Exception):
    """The worker refuses; the text is the reason, without anything the browser wrote."""


@dataclass(frozen=True)
class Offer:
    """What the browser is to answer, and what it is to send at first."""

    session: str
    sdp: str
    plan: dict[str, Any] = field(default_factory=dict)


def check_ladder(path: str) -> None:
    """Whether workers could use this ladder, Carbet's own without a path. Raises QualityError."""
    load(Path(path) if path else None)


Callback = Callable[[MediaEvent], Awaitable[None]]


def _refusal(reason: str) -> Exception:
    refused: Any = socketio.exceptions.ConnectionRefusedError
    error: Exception = refused(reason)
    return error


@dataclass
class _Worker:
    """A worker which dialled in."""

    name: str
    sid: str | None
    rooms: dict[str, set[str]] = field(default_factory=dict)  # room → connected peers
    stats: dict[str, int] = field(default_factory=dict)
    waiting: asyncio.Task[Any] | None = None  # for a redial
    leaving: bool = False  # takes no new room
    left: set[str] = field(default_factory=set)  # rooms whose new sessions are elsewhere


class MediaClient:
    """See the module. `sio` is the server's; `spawn` says how to run workers here, if at all."""

    def __init__(self, sio: socketio.AsyncServer, *, token: str, spawn: Spawn | None) -> None:
        self._sio: Any = sio
        self._token = token
        self._workers: dict[str, _Worker] = {}
        self._callbacks: list[Callback] = []
        self._events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self._pump: asyncio.Task[Any] | None = None
        self._stopping = False
        self._past: Counter[str] = Counter()  # counters of workers which ended
        self._crew = Crew(spawn, token, self._died) if spawn else None
        self._listen()

    def _listen(self) -> None:
        for name, handler in (
            ("connect", self._connect), ("disconnect", self._disconnect),
            ("event", self._event), ("stats", self._stats), ("leaving", self._leaving),
        ):  # fmt: skip
            self._sio.on(name, handler, namespace=NAMESPACE)

    def subscribe(self, callback: Callback) -> None:
        """Call this with every event, one after the other."""
        self._callbacks.append(callback)

    async def start(self) -> None:
        """Deliver events, and run workers if so configured."""
        self._pump = tasks.spawn(self._deliver(), "media events")
        if self._crew:
            self._crew.start()

    async def stop(self) -> None:
        """Stop supervising. Workers are left alone: with a call they carry on and wait for the
        next server, without one they end by themselves."""
        self._stopping = True
        if self._crew:
            await self._crew.stop()
        waits = [w.waiting for w in self._workers.values() if w.waiting is not None]
        await tasks.stop(*([self._pump] if self._pump else []), *waits)

    async def open(self, room: str, peer: str, hint: Hint = UNKNOWN) -> Offer:
        """A new session for the peer; its older one lives until this one is connected. Raises
        MediaAway, or MediaRefused when the worker is full."""
        worker = self._worker_of(room) or self._idlest()
        if worker is None:
            raise MediaAway
        worker.rooms.setdefault(room, set())
        data = {"room": room, "peer": peer, "hint": asdict(hint)}
        reply = await self._command(worker, "open", data)
        return Offer(reply["session"], reply["sdp"], reply.get("plan", {}))

    async def answer(self, room: str, peer: str, session: str, sdp: str) -> None:
        """Hand in the browser's answer. Raises MediaRefused or MediaAway."""
        worker = self._worker_of(room)
        if worker is None:
            raise MediaAway
        if len(sdp) > 64_000:
            raise MediaRefused("too long")
        data = {"room": room, "peer": peer, "session": session, "sdp": sdp}
        await self._command(worker, "answer", data)

    async def report(self, room: str, peer: str, session: str, report: LinkReport) -> None:
        """What the peer's browser says of its own sending; lost when there is no worker."""
        data = {"room": room, "peer": peer, "session": session, "report": asdict(report)}
        await self._send(room, "report", data)

    async def matters(self, room: str, peer: str, source: str, what: str) -> None:
        """What matters in a peer's picture (`camera` or `exam`): speech, motion or detail."""
        data = {"room": room, "peer": peer, "source": source, "what": what}
        await self._send(room, "matters", data)

    async def transfer(self, room: str, peer: str, direction: str, on: bool) -> None:
        """Whether something else than media crosses the peer's link now, `up` or `down`: room is
        kept for it."""
        data = {"room": room, "peer": peer, "direction": direction, "on": on}
        await self._send(room, "transfer", data)

    async def close(self, room: str, peer: str) -> None:
        """End every session of the peer. Nothing to end, or nobody to ask, is no error."""
        for worker in self._holding(room):
            await self._tell(worker, "close", {"room": room, "peer": peer})
            worker.rooms.get(room, set()).discard(peer)

    async def close_room(self, room: str) -> None:
        """End every session of the room."""
        for worker in self._holding(room):
            await self._tell(worker, "close_room", {"room": room})
            worker.rooms.pop(room, None)
            worker.left.discard(room)

    def peers(self, room: str) -> tuple[str, ...]:
        """Whose sessions are connected, also as adopted from a worker older than this server."""
        worker = self._worker_of(room)
        return tuple(sorted(worker.rooms[room])) if worker else ()

    def rooms(self) -> tuple[str, ...]:
        """The rooms which have a worker."""
        return tuple(sorted({room for w in self._workers.values() for room in w.rooms}))

    def ready(self) -> bool:
        """Whether a session could be opened now."""
        return self._idlest() is not None

    def stats(self) -> dict[str, int]:
        """Counters of all workers, summed; `workers`, `sessions` and `rooms` are present values."""
        total = Counter(self._past)
        for worker in self._workers.values():
            total.update(worker.stats)
        total["workers"] = sum(w.sid is not None for w in self._workers.values())
        return dict(total)

    def _worker_of(self, room: str) -> _Worker | None:
        return next((w for w in self._workers.values() if room in w.rooms), None)

    def _holding(self, room: str) -> list[_Worker]:
        """Its worker, and one that is about to leave it."""
        return [w for w in self._workers.values() if room in w.rooms or room in w.left]

    def _idlest(self) -> _Worker | None:
        there = [w for w in self._workers.values() if w.sid is not None and not w.leaving]
        return min(there, key=lambda w: sum(map(len, w.rooms.values())), default=None)

    async def _command(self, worker: _Worker, name: str, data: dict[str, Any]) -> dict[str, Any]:
        if worker.sid is None:
            raise MediaAway
        try:
            reply = await self._sio.call(
                name, data, to=worker.sid, namespace=NAMESPACE, timeout=COMMAND_WITHIN
            )
        except (TimeoutError, socketio.exceptions.SocketIOError):
            raise MediaAway from None
        if not isinstance(reply, dict):
            raise MediaAway
        if "refused" in reply:
            raise MediaRefused(reply["refused"])
        return reply

    async def _tell(self, worker: _Worker, name: str, data: dict[str, Any]) -> None:
        try:
            await self._command(worker, name, data)
        except MediaAway:
            log.warning("a media command found no worker", extra={"command": name})

    async def _send(self, room: str, name: str, data: dict[str, Any]) -> None:
        """A command that needs no answer."""
        worker = self._worker_of(room)
        if worker is not None and worker.sid is not None:
            await self._sio.emit(name, data, to=worker.sid, namespace=NAMESPACE)

    async def _connect(self, sid: str, environ: Any, auth: Any) -> None:
        if not isinstance(auth, dict) or not self._trusted(auth.get("token")):
            raise _refusal("unknown")
        if auth.get("protocol") != PROTOCOL:
            raise _refusal("protocol")
        name = str(auth["worker"])
        worker = self._workers.setdefault(name, _Worker(name, None))
        if worker.waiting is not None:
            worker.waiting.cancel()
            worker.waiting = None
        worker.sid = sid
        rooms: dict[str, list[dict[str, str]]] = auth["rooms"]
        for room in worker.left:
            rooms.pop(room, None)
        for room in worker.rooms.keys() - rooms.keys():
            del worker.rooms[room]
        for room, peers in rooms.items():
            worker.rooms[room] = {each["peer"] for each in peers}
        if self._crew:
            self._crew.dialled(int(auth["pid"]), name)
        self._events.put_nowait(WorkerBack())
        self._move()

    async def _leaving(self, sid: str, *_: Any) -> dict[str, bool]:
        """A worker was told to end: it gets no more rooms, and those it has move."""
        worker = self._by_sid(sid)
        if worker is None:
            return {"moved": False}
        worker.leaving = True
        self._move()
        return {"moved": not worker.rooms}

    def _move(self) -> None:
        """Rooms of workers that leave, if there is another. Without one they stay to their end."""
        if self._idlest() is None:
            return
        for worker in self._workers.values():
            if worker.leaving and worker.rooms:
                moving = tuple(sorted(worker.rooms))
                worker.left |= worker.rooms.keys()
                worker.rooms.clear()
                self._events.put_nowait(WorkerLeaving(moving))

    def _trusted(self, token: Any) -> bool:
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self._token.encode())

    async def _disconnect(self, sid: str, *_: Any) -> None:
        worker = self._by_sid(sid)
        if worker is not None and not self._stopping:
            worker.sid = None
            worker.waiting = tasks.spawn(self._give_up(worker), "media redial")

    async def _give_up(self, worker: _Worker) -> None:
        await asyncio.sleep(REDIAL_WITHIN)
        worker.waiting = None
        self._lose(worker)

    def _died(self, name: str) -> None:
        worker = self._workers.get(name)
        if worker is not None:
            self._lose(worker)

    def _lose(self, worker: _Worker) -> None:
        if worker.waiting is not None:
            worker.waiting.cancel()
        if self._workers.pop(worker.name, None) is None:
            return
        gauges = ("sessions", "rooms")
        self._past.update({k: v for k, v in worker.stats.items() if k not in gauges})
        self._events.put_nowait(WorkerLost(tuple(sorted(worker.rooms))))

    def _by_sid(self, sid: str) -> _Worker | None:
        return next((w for w in self._workers.values() if w.sid == sid), None)

    async def _event(self, sid: str, data: Any) -> None:
        worker = self._by_sid(sid)
        if worker is None:
            return
        if data.get("room") in worker.left:
            return  # of sessions which nobody waits for any more
        event = read_event(data)
        if isinstance(event, PeerUp):
            worker.rooms.setdefault(event.room, set()).add(event.peer)
        elif isinstance(event, PeerGone) and event.room in worker.rooms:
            worker.rooms[event.room].discard(event.peer)
        self._events.put_nowait(event)

    async def _stats(self, sid: str, data: Any) -> None:
        worker = self._by_sid(sid)
        if worker is not None and isinstance(data, dict):
            worker.stats = {str(key): int(value) for key, value in data.items()}

    async def _deliver(self) -> None:
        while True:
            event = await self._events.get()
            for callback in self._callbacks:
                try:
                    await callback(event)
                except Exception:
                    log.exception("a media event could not be handled")
