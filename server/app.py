"""The composition root: the only file that knows every part, and how the process starts and ends.

Refuses to serve on a database it could not bring to the expected shape.
"""

import datetime as dt
import errno
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import engineio.async_socket
import engineio.base_socket
import socketio
import uvloop
from aiohttp import web

from expertise import lateness, specialties
from expertise.reception import Reception
from expertise.vault import Vault
from media.client import NAMESPACE, MediaClient, MediaEvent, PeerQuality, Spawn
from server import demo, health, middleware, pages
from server.bundles import NotBundled
from server.kernel import keys, logs, tasks
from server.kernel.anchor import Anchor
from server.kernel.db import Database, utcnow
from server.kernel.i18n import Translations
from server.kernel.login import Login
from server.kernel.metrics import METRICS
from server.kernel.migrate import migrate
from server.kernel.passwords import Passwords
from server.kernel.reserve import Reserve
from server.kernel.secrets import Secret
from server.kernel.sessions import Revocations
from server.kernel.settings import Settings
from server.kernel.step_up import StepUp
from server.kernel.tls import Certificate, make_certificate
from server.kernel.upkeep import Upkeep
from server.lobby import Lobby
from server.pages.answers import ALBUMS, ROOMS
from server.pages.expertise import FORMS, RECEPTION
from server.rendering import Rendering
from server.statics import Statics
from signaling.intake import Albums
from signaling.namespace import CallNamespace
from signaling.rooms import Rooms

WORDS = Path(__file__).parents[1] / "config" / "translations"
SWEEP_SECONDS, ANCHOR_SECONDS, CLOCK_SECONDS = 30.0, 60.0, 5.0
LATE_SECONDS, EXPIRY_SECONDS = 60.0, 3600.0
# Present values among the workers' numbers; all others only grow.
HELD = ("sessions", "rooms", "workers")
# As long as a browser keeps a connection: on a satellite link a new one costs over a second.
KEPT_SECONDS = 330.0
# A message of 2,000 characters and an SDP answer fit; nothing else is that long.
LONGEST_EVENT = 100_000


def certificate(settings: Settings) -> Certificate | None:
    """The files HTTPS is served with; None when a proxy in front speaks it."""
    if settings.tls.cert:
        cert = Path(settings.tls.cert)
        return Certificate(cert, Path(settings.tls.key), cert)
    if not settings.tls.auto:
        return None
    public = urlsplit(settings.server.public_url).hostname
    return make_certificate(settings.server.data_dir, [public] if public else [])


def address(settings: Settings) -> str:
    """Where a person on this machine opens Carbet."""
    scheme = "https" if settings.tls.cert or settings.tls.auto else "http"
    host = settings.server.host
    shown = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1", "::1", "") else host  # noqa: S104
    return settings.server.public_url or f"{scheme}://{shown}:{settings.server.port}"


def _own_url(settings: Settings, files: Certificate | None) -> str:
    """Where a process of this machine reaches the server."""
    host = settings.server.host
    everywhere = host in ("", "0.0.0.0", "::")  # noqa: S104
    named = "localhost" if everywhere or host in ("127.0.0.1", "::1") else host
    bracketed = f"[{named}]" if ":" in named else named
    return f"{'https' if files else 'http'}://{bracketed}:{settings.server.port}"


def _spawn(settings: Settings, files: Certificate | None) -> Spawn | None:
    if not settings.media.spawn:
        return None
    return Spawn(
        server_url=settings.media.server_url or _own_url(settings, files),
        ca_file=str(files.ca.absolute()) if files else "",
        udp_port=settings.media.udp_port,
        data_dir=settings.server.data_dir.absolute(),
        count=settings.media.spawn,
        hosts=(settings.media.host,) if settings.media.host else (),
        advertised=tuple(settings.media.advertised),
        linger_seconds=settings.media.linger_seconds,
        log_level=settings.log.level,
        quality=settings.media.quality and str(Path(settings.media.quality).absolute()),
        trace=settings.media.trace and str(Path(settings.media.trace).absolute()),
    )


class _Pings:
    """Stands where Engine.IO looks for the module `time`."""

    time = staticmethod(monotonic)


def _socket_server(settings: Settings) -> Any:
    """Only our own pages may connect: those of the public address, or of the host asked."""

    def ours(origin: str, environ: dict[str, str]) -> bool:
        public = settings.server.public_url
        return origin == public if public else urlsplit(origin).netloc == environ.get("HTTP_HOST")

    # Engine.IO counts a ping's seconds on the wall: a clock set forward would end the sockets whose
    # answer is on its way.
    engineio.async_socket.time = engineio.base_socket.time = _Pings
    return socketio.AsyncServer(
        async_mode="aiohttp",
        cors_allowed_origins=ours,
        max_http_buffer_size=LONGEST_EVENT,
        # A socket whose other end is gone is noticed within ten seconds; pages notice sooner.
        ping_interval=5,
        ping_timeout=5,
    )


async def estimated(event: MediaEvent) -> None:
    """What a worker believes of a browser's link, for the operator."""
    if isinstance(event, PeerQuality):
        METRICS.link_loss.observe(event.loss)
        if event.rtt is not None:
            METRICS.link_rtt.observe(event.rtt)
        for way, told in (("up", event.up), ("down", event.down)):
            if rate := told.get("rate"):
                METRICS.link_rate.labels(way).observe(rate)


def _measure(media: MediaClient, rooms: Rooms, reserve: Reserve) -> None:
    """Numbers which media workers, live rooms and the disk keep."""

    def held() -> dict[str, float]:
        return {name: count for name, count in media.stats().items() if name in HELD}

    def counted() -> dict[str, float]:
        return {name: count for name, count in media.stats().items() if name not in HELD}

    def waiting() -> dict[str, float]:
        return {"journal": len(rooms.journal)}

    METRICS.reading("carbet_media", "What the media workers hold now", "what", held)
    METRICS.reading(
        "carbet_media_done", "Packets, bytes, drops of the workers", "what", counted, counts=True
    )
    METRICS.reading("carbet_disk_share", "Of the data folder's disk", "what", reserve.measured)
    METRICS.reading("carbet_queue", "What waits to be stored", "queue", waiting)
    media.subscribe(estimated)


def make_app(settings: Settings, files: Certificate | None) -> web.Application:
    """Everything put together; what needs a running loop starts with the application."""
    app = web.Application()
    secret = Secret.load(settings.server.data_dir)
    db = app[keys.DB] = Database(settings.database_url)
    revocations = app[keys.REVOCATIONS] = Revocations()
    passwords = app[keys.PASSWORDS] = Passwords()
    words = app[keys.TRANSLATIONS] = Translations.load(WORDS)
    statics = Statics()
    app[keys.SETTINGS], app[keys.SECRET], app[keys.METRICS] = settings, secret, METRICS
    app[keys.LOGIN] = Login(db, secret, passwords, revocations, settings.session)
    app[keys.RENDER] = Rendering(words, statics, demo=settings.demo.enabled).page

    sio = _socket_server(settings)
    token = settings.media.token or secret.token("media-worker")
    media = MediaClient(sio, token=token, spawn=_spawn(settings, files))
    kept = dt.timedelta(minutes=settings.media.seat_minutes)
    reserve = app[keys.RESERVE] = Reserve(settings.server.data_dir)
    albums = app[ALBUMS] = Albums.below(settings.server.data_dir, secret, reserve)
    rooms = app[ROOMS] = Rooms(db, media, revocations, albums, kept=kept)
    sio.register_namespace(CallNamespace(rooms, db, policy=settings.session))
    sio.attach(app)
    lobby = Lobby(sio, NAMESPACE)
    app[keys.STEP_UP] = StepUp(db, secret, passwords)
    app[FORMS] = specialties.load()
    app[RECEPTION] = Reception(db, Vault(settings.server.data_dir / "cases"))
    _measure(media, rooms, reserve)

    async def media_ready() -> bool:
        return media.ready()

    async def room_left() -> bool:
        return reserve.holds()

    app[keys.READINESS] = {"media": media_ready, "disk": room_left}
    middleware.install(app)
    lobby.install(app)
    pages.add(app)
    app.router.add_get("/static/{version}/{name:.+}", statics.serve)
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", health.metrics)
    app.cleanup_ctx.append(_database)
    app.cleanup_ctx.append(lambda _app: _calls(rooms, media))
    app.cleanup_ctx.append(_housekeeping)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    await migrate(app[keys.SETTINGS].database_url)
    if app[keys.SETTINGS].demo.enabled:
        hashed = await app[keys.PASSWORDS].hash(demo.PASSWORD)
        async with app[keys.DB].begin() as session:
            await demo.fill(session, app[keys.SECRET], hashed, utcnow())
    yield
    app[keys.PASSWORDS].close()
    await app[keys.DB].close()


async def _calls(rooms: Rooms, media: MediaClient) -> AsyncIterator[None]:
    """The rooms come back from the database before any worker or browser speaks of them."""
    await rooms.start()
    await media.start()
    yield
    await media.stop()
    await rooms.stop()


async def _housekeeping(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS]
    anchor = Anchor(settings.server.data_dir, app[keys.SECRET])
    upkeep = Upkeep(app[keys.DB], app[keys.REVOCATIONS], settings.session)

    async def remember() -> None:
        await anchor.keep(app[keys.DB])

    async def notice_late() -> None:
        async with app[keys.DB].begin() as session:
            await lateness.sweep(session, utcnow())

    running = [
        tasks.every(LATE_SECONDS, notice_late, "late requests"),
        tasks.every(EXPIRY_SECONDS, app[RECEPTION].sweep, "uploads nobody ended"),
        tasks.every(SWEEP_SECONDS, upkeep.sweep, "session sweep"),
        tasks.every(ANCHOR_SECONDS, remember, "audit anchor"),
        tasks.every(CLOCK_SECONDS, upkeep.keep_time, "clock"),
    ]
    yield
    await tasks.stop(*running)


def in_demonstration(settings: Settings) -> Settings:
    """The same settings, with demonstration data kept apart from any real data."""
    folder = settings.server.data_dir / "demo"
    server = settings.server.model_copy(update={"data_dir": folder})
    enabled = settings.demo.model_copy(update={"enabled": True})
    return settings.model_copy(update={"server": server, "demo": enabled})


def run(settings: Settings, demo: bool) -> None:
    """Serves until a signal ends it. Calls go on meanwhile: media is another process."""
    settings = in_demonstration(settings) if demo else settings
    logs.start(settings.log.level)
    settings.server.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = certificate(settings)
    context = None
    if files:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(files.cert, files.key)
    try:
        _serve(settings, files, context)
    except NotBundled as error:
        sys.exit(str(error))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        key = f"server.port {settings.server.port}"
        sys.exit(f"{key} : déjà utilisé par un autre programme / already used by another program")


def _serve(settings: Settings, files: Certificate | None, context: ssl.SSLContext | None) -> None:
    web.run_app(
        make_app(settings, files),
        host=settings.server.host,
        port=settings.server.port,
        ssl_context=context,
        keepalive_timeout=KEPT_SECONDS,
        shutdown_timeout=2,
        access_log=None,
        print=lambda *_: print(f"Carbet : {address(settings)}", flush=True),
        loop=uvloop.new_event_loop(),
    )
