"""The Socket.IO shell on `/call`: sockets in, events to `rooms`, payloads out.

It authenticates by the cookie alone, at the connection, before anything else is heard; parses
strictly; slows down whoever talks too fast. A foreign `Origin` never gets here: Engine.IO answers
it (see `cors_allowed_origins` of the AsyncServer).
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import socketio

from server.kernel import tasks
from server.kernel.db import Database, DatabaseAway, utcnow
from server.kernel.limits import Bucket
from server.kernel.metrics import METRICS
from server.kernel.settings import SessionSettings
from signaling import entrance, parsing
from signaling.checks import Invalid
from signaling.courier import NotTaken
from signaling.effects import Reply
from signaling.entrance import Unknown
from signaling.events import Arrival, Arrived, Asked, Vanished
from signaling.messages import Hello
from signaling.rooms import Rooms
from signaling.seats import Stage
from signaling.turnstile import TooMany, Turnstile

log = logging.getLogger("carbet.call")
NAMESPACE = "/call"
BURST, RATE = 40, 10.0
# Parts of stills are many by nature, and pointers move: each has its own measure. What a pointer
# says too often is passed over, since the next place is worth more.
PARTS_BURST, PARTS_RATE = 60, 100.0
PLACES_BURST, PLACES_RATE = 5, 10.0
# One browser comes back often on a bad link, and does not come back a hundred times a minute.
VISITS, VISIT_RATE = 20, 0.5
# Told to slow down this often without doing it, a socket is closed.
PATIENCE = 200
SEATED_WITHIN = 10.0
KNOWN = 5_000


@dataclass
class Connection:
    """A socket that was let in; `seated` once the room knows it."""

    room: str
    buckets: dict[str, Bucket]
    slowed: int = 0
    seated: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def fresh(cls, room: str, now: float) -> "Connection":
        buckets = {
            "still_part": Bucket.full(PARTS_BURST, PARTS_RATE, now),
            "pointer": Bucket.full(PLACES_BURST, PLACES_RATE, now),
            "": Bucket.full(BURST, RATE, now),
        }
        return cls(room, buckets)

    def take(self, event: Any, now: float) -> bool:
        """Whether this event comes slowly enough."""
        of_its_own = isinstance(event, str) and event in self.buckets
        return self.buckets[event if of_its_own else ""].take(now)


def acknowledgement(reply: Reply) -> dict[str, Any]:
    if reply.code is not None:
        return {"ok": False, "code": reply.code}
    return {"ok": True, **reply.extra}


def refusal(code: str, **more: float) -> Exception:
    """What makes Socket.IO refuse a connection with this code as its content."""
    refused: Any = socketio.exceptions.ConnectionRefusedError
    error: Exception = refused(code, {"code": code, **more})
    return error


class CallNamespace(socketio.AsyncNamespace):  # type: ignore[misc]
    """See the module. Mounted by `sio.register_namespace(CallNamespace(…))`."""

    def __init__(
        self,
        rooms: Rooms,
        db: Database,
        *,
        policy: SessionSettings = SessionSettings(),  # noqa: B008
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(NAMESPACE)
        self._rooms, self._db, self._policy, self._clock = rooms, db, policy, clock
        self._sockets: dict[str, Connection] = {}
        self._turnstile = Turnstile(clock)
        self._visits: dict[str, Bucket] = {}
        # Who was let in, by their cookies' digest: seats survive a database that is away.
        self._known: dict[tuple[str, str], Arrival] = {}
        rooms.connect(self)

    # Out

    async def tell(self, socket: str, event: str, payload: dict[str, Any]) -> None:
        await self._io.emit(event, payload, to=socket, namespace=NAMESPACE)

    async def ask(self, socket: str, event: str, payload: dict[str, Any], within: float) -> Any:
        try:
            return await self._io.call(
                event, payload, to=socket, namespace=NAMESPACE, timeout=within
            )
        except (socketio.exceptions.SocketIOError, TimeoutError):
            raise NotTaken from None

    async def drop(self, socket: str) -> None:
        await self._io.disconnect(socket, namespace=NAMESPACE)

    @property
    def _io(self) -> Any:
        """The AsyncServer, which carries no annotations."""
        return self.server

    # In

    async def trigger_event(self, event: Any, *arguments: Any) -> Any:
        """Everything on this namespace. A client may name an event `connect` or `disconnect`:
        only Socket.IO's own are taken for that."""
        socket = arguments[0]
        if event == "connect" and socket not in self._sockets:
            return await self._connect(*arguments)
        if event == "disconnect" and not self._io.manager.is_connected(socket, NAMESPACE):
            return await self._disconnect(socket)
        return acknowledgement(await self._asked(socket, event, arguments[1:]))

    async def _connect(self, socket: str, environ: dict[str, Any], auth: Any = None) -> None:
        header, began = str(environ.get("HTTP_COOKIE", "")), monotonic()
        try:
            hello = parsing.parse_hello(auth)
            async with self._turnstile.pass_():
                arrival = await self._arrival(header, hello)
        except (Invalid, Unknown):
            METRICS.refusals.labels("socket").inc()
            raise refusal("unknown") from None
        except DatabaseAway:
            raise refusal("unavailable") from None
        except TooMany as crowd:
            METRICS.refusals.labels("crowd").inc()
            raise refusal("slow_down", after=round(crowd.after, 2)) from None
        connection = Connection.fresh(hello.consultation, self._clock())
        self._sockets[socket] = connection
        METRICS.sockets.set(len(self._sockets))
        tasks.spawn(self._seat(socket, connection, arrival, hello, began), "seat")

    async def _arrival(self, header: str, hello: Hello) -> Arrival:
        digest = hashlib.sha256("\x1f".join(entrance.cookies_of(header)).encode()).hexdigest()
        key = (digest, hello.consultation)
        self._visit(digest)
        try:
            arrival = await entrance.arrival_of(
                self._db, header, hello.consultation, self._policy, utcnow()
            )
            if not await self._rooms.load(hello.consultation):
                raise Unknown
        except DatabaseAway:
            known = self._known.get(key)
            if known is None or not self._still_seated(hello.consultation, known):
                raise
            return known
        except Unknown:
            self._known.pop(key, None)
            raise
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[key] = arrival
        return arrival

    def _visit(self, digest: str) -> None:
        """Raises the refusal of whoever reconnects too often."""
        if len(self._visits) > KNOWN:
            self._visits.clear()
        now = self._clock()
        bucket = self._visits.setdefault(digest, Bucket.full(VISITS, VISIT_RATE, now))
        if not bucket.take(now):
            METRICS.refusals.labels("slow_down").inc()
            raise refusal("slow_down")

    def _still_seated(self, consultation_id: str, known: Arrival) -> bool:
        room = self._rooms.live(consultation_id)
        seat = room.by_id.get(known.seat) if room else None
        if seat is None or seat.credential != known.credential or seat.why == "revoked":
            return False
        return seat.stage in (Stage.IN, Stage.DOOR)

    async def _seat(
        self, socket: str, connection: Connection, arrival: Arrival, hello: Hello, began: float
    ) -> None:
        """Socket.IO answers the connection only after its handler: nothing may be sent before."""
        manager = self._io.manager
        for _ in range(200):
            if manager.is_connected(socket, NAMESPACE):
                break
            await asyncio.sleep(0.005)
        try:
            event = Arrived(
                arrival,
                socket,
                hello.tab,
                hello.last_message,
                hello.session,
                rtt=hello.rtt,
                saver=hello.saver,
            )
            await self._rooms.arrive(hello.consultation, event)
            if self._rooms.ended_since(arrival.credential, began):
                # Announced while this seat was on the way, when nobody held it.
                await self._rooms.revoked(frozenset({arrival.credential}))
        except DatabaseAway:
            await self.drop(socket)
        finally:
            connection.seated.set()

    async def _disconnect(self, socket: str) -> None:
        """Engine.IO may find out that a socket is dead as something is being sent to it, and waits
        for this: the room, whose turn that is, must not be waited for."""
        connection = self._sockets.pop(socket, None)
        METRICS.sockets.set(len(self._sockets))
        if connection is not None:
            tasks.spawn(self._vanish(socket, connection), "vanish")

    async def _vanish(self, socket: str, connection: Connection) -> None:
        await connection.seated.wait()
        await self._rooms.handle(connection.room, Vanished(socket))

    async def _asked(self, socket: str, event: Any, arguments: tuple[Any, ...]) -> Reply:
        connection = self._sockets.get(socket)
        if connection is None:
            return Reply("not_allowed")
        if not connection.take(event, self._clock()):
            if event == "pointer":
                return Reply("slow_down")
            return self._slow_down(socket, connection)
        try:
            command = parsing.parse(event, arguments)
        except Invalid:
            METRICS.refusals.labels("invalid").inc()
            return Reply("invalid")
        try:
            await asyncio.wait_for(connection.seated.wait(), SEATED_WITHIN)
            return await self._rooms.ask(connection.room, Asked(socket, command))
        except Exception:
            # Ours to mend. Nothing is claimed as done, and the client may try again.
            METRICS.task_failures.labels("call").inc()
            log.exception("a command failed", extra={"command": type(command).__name__})
            return Reply("unavailable")

    def _slow_down(self, socket: str, connection: Connection) -> Reply:
        METRICS.refusals.labels("slow_down").inc()
        connection.slowed += 1
        if connection.slowed == PATIENCE:
            log.warning("a socket was closed for talking too fast")
            tasks.spawn(self.drop(socket), "drop")
        return Reply("slow_down")
