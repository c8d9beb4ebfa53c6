"""Where sockets are before they are anybody's, below the namespaces: Engine.IO, in our measure.

Whoever shows no session cookie gets no long polling; a polling session answers only the browser
that began it; who joins no namespace is put out; frames come as fast as one browser makes them,
and what is no frame ends its socket. Knows no person and no room.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.typedefs import Handler

from server.kernel import sessions, tasks
from server.kernel.frames import ATTACHMENTS, attachments
from server.kernel.limits import Bucket
from server.kernel.metrics import METRICS

log = logging.getLogger("carbet.lobby")
PATH = "/socket.io/"
# A still's part is two frames, and a hundred parts a second are heard at most.
BURST, RATE = 400, 250.0
JOINED_WITHIN = 20.0  # s; a server a thousand come back to at once is slow to listen
LOOK = 1.0
MOST_WAITING = 2_000  # together; a house coming back after a cut is a thousand
MOST_OF_ONE = 30  # with the same cookies
COOKIES = (sessions.MEMBER_COOKIE, sessions.GUEST_COOKIE)


def bearer(cookies: Mapping[str, str]) -> str:
    """A digest of the session cookies; empty without any."""
    shown = [f"{name}={cookies[name]}" for name in COOKIES if cookies.get(name)]
    return hashlib.sha256("\n".join(shown).encode()).hexdigest() if shown else ""


class Lobby:
    """See the module. `sio` is python-socketio's AsyncServer; `workers` the namespace whose
    sockets, being our own processes, may say as much as they like."""

    def __init__(self, sio: Any, workers: str, clock: Callable[[], float] = monotonic) -> None:
        self._sio, self._workers, self._clock = sio, workers, clock
        self._of: dict[str, str] = {}  # socket → whose it is
        self._buckets: dict[str, Bucket] = {}
        self._waiting: dict[str, float] = {}  # socket → since when
        self._inner = dict(sio.eio.handlers)
        sio.eio.on("connect", self._connect)
        sio.eio.on("message", self._message)
        sio.eio.on("disconnect", self._disconnect)

    def install(self, app: web.Application) -> None:
        """Puts it in front of the application's sockets."""
        app.middlewares.append(self._guard)
        app.cleanup_ctx.append(self._watching)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Before Engine.IO sees it: whose request this is."""
        if request.path == PATH:
            refused = self._refused(parse_qs(request.query_string), bearer(request.cookies))
            if refused:
                METRICS.refusals.labels("lobby").inc()
                return web.Response(status=refused, headers={"Retry-After": "5"})
        return await handler(request)

    def _refused(self, query: Mapping[str, list[str]], whose: str) -> int:
        """The status of a refusal, or 0."""
        if "j" in query:  # JSONP: a script any other site's page may load
            return 400
        if "sid" in query:
            return 0 if self._of.get(query["sid"][0]) == whose else 400
        if not whose and query.get("transport", ["polling"]) != ["websocket"]:
            return 403
        if len(self._waiting) >= MOST_WAITING:
            return 503
        mine = Counter(self._of[each] for each in self._waiting)[whose] if whose else 0
        return 429 if mine >= MOST_OF_ONE else 0

    # What Engine.IO tells

    async def _connect(self, socket: str, environ: dict[str, Any]) -> Any:
        now = self._clock()
        self._of[socket] = bearer(environ["aiohttp.request"].cookies)
        self._buckets[socket] = Bucket.full(BURST, RATE, now)
        self._waiting[socket] = now
        return await self._inner["connect"](socket, environ)

    async def _disconnect(self, socket: str, reason: Any) -> None:
        for kept in (self._of, self._buckets, self._waiting):
            kept.pop(socket, None)
        await self._inner["disconnect"](socket, reason)

    async def _message(self, socket: str, frame: Any) -> None:
        """One frame. Engine.IO reads a socket's next only afterwards: who is made to wait here
        slows nobody but himself."""
        bucket = self._buckets.get(socket)
        if bucket is None:  # put out; what was on its way is read by nobody
            await asyncio.sleep(1.0)
            return
        if not bucket.take(self._clock()) and not self._joined(socket, (self._workers,)):
            await asyncio.sleep(1 / RATE)
        try:
            if attachments(frame) > ATTACHMENTS:
                raise ValueError
            await self._inner["message"](socket, frame)
        except Exception:
            # No client of ours sends it, and what it would mean is nobody's to guess.
            METRICS.refusals.labels("frame").inc()
            await self.put_out(socket)

    def _joined(self, socket: str, namespaces: Any) -> bool:
        manager = self._sio.manager
        return any(manager.sid_from_eio_sid(socket, name) for name in namespaces)

    # Who waits too long

    async def _watching(self, app: web.Application) -> AsyncIterator[None]:
        watch = tasks.every(LOOK, self.look, "lobby")
        yield
        await tasks.stop(watch)

    async def look(self) -> None:
        """Puts out whoever is in no namespace for too long, never joined or left again."""
        now = self._clock()
        namespaces = list(self._sio.manager.get_namespaces())
        for socket in list(self._of):
            if self._joined(socket, namespaces):
                self._waiting.pop(socket, None)
            elif now - self._waiting.setdefault(socket, now) > JOINED_WITHIN:
                METRICS.refusals.labels("lobby").inc()
                await self.put_out(socket)

    async def put_out(self, socket: str) -> None:
        """Ends a socket without waiting for its browser."""
        held = self._sio.eio.sockets.pop(socket, None)
        if held is not None:
            await held.close(wait=False, reason=self._sio.eio.reason.SERVER_DISCONNECT)
            await held.queue.put(None)  # its writer sends what it has, and ends
        for kept in (self._of, self._buckets, self._waiting):
            kept.pop(socket, None)
