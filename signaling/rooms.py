"""The live rooms: events in, one at a time for each room, and their effects done.

It decides nothing: `room.step` does. Calls go on without a database (the `journal` waits for it)
and without a worker (seats ask again). It knows sockets only as names to send to.
"""

import asyncio
import datetime as dt
from math import inf
from time import monotonic
from typing import Any, Protocol, get_args
from weakref import WeakValueDictionary

from media import client
from server.kernel import tasks
from server.kernel.db import Consultation, Database, DatabaseAway, utcnow
from server.kernel.sessions import Revocations
from signaling import minutes, overdue, presence, relay, restoration, views
from signaling.clock import SteadyClock
from signaling.consultation import Status
from signaling.delivery import Delivery
from signaling.effects import (
    AnswerMedia,
    CloseRoom,
    Drop,
    Effect,
    EraseStill,
    FindStill,
    KeepPart,
    Reply,
    Send,
    Stored,
    WriteConsent,
    WriteMessage,
    WriteStill,
)
from signaling.events import (
    Arrived,
    Asked,
    Consented,
    Event,
    Revoked,
    Said,
    StatusChanged,
    Tick,
)
from signaling.intake import Albums, Intake
from signaling.journal import Journal
from signaling.live import Done, Live, Pending
from signaling.relay import Media
from signaling.room import SEAT_KEPT, step
from signaling.seats import Room
from signaling.still import Still
from signaling.wire import Wire

TICK = 1.0
SWEEP = 30.0
ALIVE = 60.0
# Longer than anybody takes from their cookie to their seat (s).
REMEMBERED = 120.0
# How long an acknowledgement waits for the disk; a call is not held up longer.
STORED_WITHIN = 3.0


class Line(Protocol):
    """The way to the sockets."""

    async def tell(self, socket: str, event: str, payload: dict[str, Any]) -> None: ...

    async def drop(self, socket: str) -> None: ...

    async def ask(self, socket: str, event: str, payload: dict[str, Any], within: float) -> Any:
        """The socket's answer. Raises `NotTaken` when there is none in time."""


class Rooms:
    """All live rooms of this server."""

    def __init__(
        self,
        db: Database,
        media: Media,
        revocations: Revocations,
        albums: Albums,
        *,
        kept: dt.timedelta = SEAT_KEPT,
        clock: SteadyClock | None = None,
    ) -> None:
        self._db, self._media, self._kept, self._albums = db, media, kept, albums
        self._clock = clock or SteadyClock()
        self._intake = Intake(db, albums, self.handle, self._still)
        self._delivery = Delivery(self.live, albums, media)
        self._wire = Wire(media, self.handle, self._clock)
        self._live: dict[str, Live] = {}
        # One turn for each room; gone when nobody holds it or waits for it.
        self._loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._ended: dict[str, float] = {}  # login session → when it was announced as over
        self._tasks: list[asyncio.Task[Any]] = []
        self._restored = False
        self.journal = Journal(db, revocations, self._keep_alive)
        self._line: Line | None = None
        media.subscribe(self._heard)
        revocations.subscribe(self.revoked)

    async def start(self) -> None:
        """Makes the rooms of before again, and begins to keep time."""
        self.journal.start()
        await asyncio.to_thread(self._albums.passing.clear)
        async with self._db.read() as session:
            unfinished = await restoration.unfinished(session)
        for consultation_id in unfinished:
            await self.load(consultation_id)
        self._restored = True
        await self._abandon()
        self._tasks = [
            tasks.every(TICK, self.tick, "rooms"),
            tasks.every(SWEEP, self.sweep, "consultations"),
            tasks.every(ALIVE, self._keep_alive, "sessions in calls"),
        ]

    async def stop(self) -> None:
        """Stops keeping time. Seats stay in: media goes on, and the next start finds them."""
        await tasks.stop(*self._tasks)
        await self._delivery.stop()
        await self.journal.stop()

    def connect(self, line: Line) -> None:
        """The way to the sockets, to be known before anybody arrives."""
        self._line = self._delivery.line = line

    def live(self, consultation_id: str) -> Room | None:
        found = self._live.get(consultation_id)
        return found.room if found else None

    def _still(self, consultation_id: str, still: str) -> Still | None:
        room = self.live(consultation_id)
        return room.still(still) if room else None

    async def load(self, consultation_id: str) -> bool:
        """Puts a room in memory, from the database. False when there is no such consultation.
        Raises `DatabaseAway`."""
        if consultation_id in self._live:
            return True
        async with self._loading.setdefault(consultation_id, asyncio.Lock()):
            if consultation_id in self._live:
                return True
            if self.journal.holds(consultation_id):
                await self.journal.flushed()
            peers = frozenset(self._media.peers(consultation_id))
            async with self._db.read() as session:
                room = await restoration.load(session, consultation_id, peers, self._clock())
            if room is not None:
                self._live[consultation_id] = Live(room)
            return room is not None

    # Events

    async def handle(self, consultation_id: str, event: Event) -> Done:
        """One event, in its turn. A room that is not in memory ignores it."""
        live = self._live.get(consultation_id)
        if live is None:
            return Done()
        async with live.turn:
            return await self._step(live, event)

    async def arrive(self, consultation_id: str, event: Arrived) -> None:
        """Whoever connects, into a room that stays: one just forgotten is made again. Raises
        `DatabaseAway`."""
        while await self.load(consultation_id):
            live = self._live[consultation_id]
            async with live.turn:
                if self._live.get(consultation_id) is live:
                    await self._step(live, event)
                    return

    async def _step(self, live: Live, event: Event) -> Done:
        now = self._clock()
        live.room, effects = step(live.room, event, now, kept=self._kept)
        done = await self._do(live, effects, now)
        self._delivery.look_after(live.room)
        return done

    async def _do(self, live: Live, effects: tuple[Effect, ...], now: dt.datetime) -> Done:
        rows = tuple(e for e in effects if isinstance(e, get_args(Stored)))
        batch = self.journal.add(live.room.id, rows, now) if rows else None
        for effect in effects:
            match effect:
                case Send(socket, event, payload) if self._line:
                    await self._line.tell(socket, event, payload)
                case Drop(socket) if self._line:
                    tasks.spawn(self._line.drop(socket), "drop")
                case EraseStill():
                    tasks.spawn(self._intake.erase(live.room.id, effect), "still erased")
                case _ if isinstance(effect, get_args(relay.Wired)):
                    tasks.spawn(self._wire.do(live, effect), "media command")
        reply = next((e for e in effects if isinstance(e, Reply)), None)
        return Done(reply, tuple(e for e in effects if isinstance(e, get_args(Pending))), batch)

    async def ask(self, consultation_id: str, asked: Asked) -> Reply:
        """A client's command, and its acknowledgement: given once what it says is true."""
        if self.journal.full:
            return Reply("unavailable")
        done = await self.handle(consultation_id, asked)
        live = self._live.get(consultation_id)
        reply = done.reply
        for effect in done.pending:
            if live is not None:
                reply = await self._perform(live, effect)
        if done.batch is not None:
            await self.journal.settled(done.batch, STORED_WITHIN)
        return reply or Reply("not_allowed")

    async def _perform(self, live: Live, effect: Pending) -> Reply:
        try:
            match effect:
                case AnswerMedia():
                    return await self._wire.answer(live, effect)
                case WriteMessage():
                    return await self._say(live, effect)
                case WriteConsent():
                    return await self._consent(live, effect)
                case WriteStill() | FindStill() | KeepPart():
                    return await self._intake.perform(live.room.id, effect)
        except DatabaseAway:
            return Reply("unavailable")

    async def _say(self, live: Live, wanted: WriteMessage) -> Reply:
        room = live.room.id
        async with live.pen:
            async with self._db.begin() as session:
                written = await minutes.write_message(session, room, wanted, self._clock())
                after = live.room.last_message
                fresh = await restoration.messages(session, room, after) if written else ()
            await self.handle(room, Said(fresh))
        if written is None:
            return Reply(wanted.refusal)
        return Reply(extra={"number": written.number, "at": views.stamp(written.at)})

    async def _consent(self, live: Live, wanted: WriteConsent) -> Reply:
        async with live.pen:
            async with self._db.begin() as session:
                await minutes.write_consent(session, live.room.id, wanted, self._clock())
            await self.handle(live.room.id, Consented(wanted.seat, wanted.given))
        return Reply()

    # The worker

    async def _heard(self, told: client.MediaEvent) -> None:
        rooms = lambda: iter(tuple(self._live))  # noqa: E731
        for room, event in relay.heard(told, rooms, lambda room: set(self._media.peers(room))):
            if room in self._live:
                await self.handle(room, event)
        if isinstance(told, client.WorkerBack) and self._restored:
            await self._abandon()

    async def _abandon(self) -> None:
        """Rooms which a worker still carries and nobody is in any more end there too."""
        for room in self._media.rooms():
            if room not in self._live:
                await self._media.close_room(room)

    # Pages, sessions, time

    async def refresh(self, consultation_id: str) -> None:
        """After a page changed a consultation: whoever is connected is told. Raises
        `DatabaseAway`."""
        if consultation_id not in self._live:
            return
        await self.journal.flushed()
        async with self._db.read() as session:
            c = await session.get(Consultation, consultation_id)
        if c is not None:
            await self.handle(consultation_id, StatusChanged(Status(c.status), c.ended_at))

    async def revoked(self, session_ids: frozenset[str]) -> None:
        """Sockets of these login sessions are cut, at once."""
        now = monotonic()
        self._ended = {c: at for c, at in self._ended.items() if now - at < REMEMBERED}
        self._ended |= dict.fromkeys(session_ids, now)
        for room in tuple(self._live):
            await self.handle(room, Revoked(session_ids))

    def ended_since(self, credential: str, moment: float) -> bool:
        """Whether this login session was announced as over since then (`time.monotonic`)."""
        return self._ended.get(credential, -inf) >= moment

    async def tick(self) -> None:
        """Seats given up after ten minutes, offers asked again, empty rooms forgotten."""
        for consultation_id, live in tuple(self._live.items()):
            await self.handle(consultation_id, Tick())
            if live.room.idle and not live.busy and not self.journal.holds(consultation_id):
                del self._live[consultation_id]
                self._delivery.forget(consultation_id)
                if consultation_id in self._media.rooms():
                    tasks.spawn(self._wire.do(live, CloseRoom()), "media command")
        if not self._live:
            self._clock.set()
        presence.count([live.room for live in self._live.values()])

    async def sweep(self) -> None:
        """Consultations nobody came to, or which everybody left long ago."""
        try:
            async with self._db.begin() as session:
                changed = await overdue.sweep(session, utcnow())
        except DatabaseAway:
            return
        for consultation_id in changed:
            await self.refresh(consultation_id)

    async def _keep_alive(self) -> None:
        rooms = [live.room for live in self._live.values()]
        # By the time sessions are judged by, which is not the call's when the clock was set.
        dead = await presence.keep(self._db, rooms, utcnow())
        if dead:
            await self.revoked(dead)
