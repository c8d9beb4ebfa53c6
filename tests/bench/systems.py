"""The systems under load, each started alone and ended: Carbet's real worker behind a server of
its own, Debian's Janus with its videoroom, a relay made of stock aiortc."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from aiohttp import web

from media.client import MediaClient, Spawn
from media.crew import holder
from media.events import Hint
from tests.bench import copies
from tests.lab.janus import PORT, PROGRAM, _write_configuration
from tests.media.call_server import free_port
from tests.peers.measure import until

ROOT = Path(__file__).resolve().parents[2]
WIDE = Hint(up=20_000_000, down=20_000_000, rtt=0.01)  # what these sites had last time
LINGERS = 20.0  # s
TOKEN = "a worker's token"


@dataclass(frozen=True)
class Running:
    """Where it is asked, and which processes carry its packets."""

    url: str
    pids: tuple[int, ...]


class Unestimated(Spawn):
    """Workers without their estimator."""

    def command(self, number: int, spare: bool = False) -> list[str]:
        return ["env", "-C", str(copies.unestimated()), *super().command(number, spare)]


class Plain(Spawn):
    """Workers of the sources as they are."""

    def command(self, number: int, spare: bool = False) -> list[str]:
        return ["env", "-C", str(copies.plain()), *super().command(number, spare)]


class _Server:
    """Hands on the worker's offers, as Carbet's server does."""

    def __init__(self, media: MediaClient) -> None:
        self._media = media

    async def open(self, request: web.Request) -> web.Response:
        said = await request.json()
        offer = await self._media.open(said["room"], said["peer"], WIDE)
        return web.json_response({"session": offer.session, "sdp": offer.sdp})

    async def answer(self, request: web.Request) -> web.Response:
        said = await request.json()
        await self._media.answer(said["room"], said["peer"], said["session"], said["sdp"])
        return web.json_response({})

    async def close(self, request: web.Request) -> web.Response:
        await self._media.close_room((await request.json())["room"])
        return web.json_response({})


@asynccontextmanager
async def carbet(
    folder: Path, workers: int = 1, spawning: type[Spawn] = Spawn
) -> AsyncIterator[Running]:
    """So many workers, spawned as the server spawns them."""
    port = free_port()
    sio: Any = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])
    spawn = spawning(
        server_url=f"http://127.0.0.1:{port}", ca_file="", udp_port=20_000, data_dir=folder,
        count=workers, linger_seconds=LINGERS, log_level="warning",
    )  # fmt: skip
    media = MediaClient(sio, token=TOKEN, spawn=spawn)
    app = web.Application()
    sio.attach(app)
    server = _Server(media)
    for name in ("open", "answer", "close"):
        app.router.add_post(f"/{name}", getattr(server, name))
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await media.start()

    async def there() -> bool:
        return media.stats()["workers"] == workers

    try:
        await until("all workers", there, patience=30)
        pids = tuple(holder(spawn.lock(n)) or 0 for n in range(workers))
        yield Running(f"http://127.0.0.1:{port}", pids)
    finally:
        for room in media.rooms():
            await media.close_room(room)
        await media.stop()
        await runner.cleanup()
        await _gone(spawn, workers)


async def _gone(spawn: Spawn, workers: int) -> None:
    async def ended() -> bool:
        return not any(holder(spawn.lock(n)) for n in range(workers))

    await until("no worker left", ended, patience=2 * LINGERS)


@asynccontextmanager
async def _process(command: list[str], folder: Path, url: str) -> AsyncIterator[Running]:
    with (folder / "system.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        async with aiohttp.ClientSession() as client:

            async def answers() -> bool:
                try:
                    async with client.get(url):
                        return True
                except aiohttp.ClientError:
                    return False

            await until(f"{command[0]} ready", answers, patience=30)
        yield Running(url, (process.pid,))
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


def janus(folder: Path) -> AbstractAsyncContextManager[Running]:
    _write_configuration(folder)
    command = [PROGRAM, "-F", str(folder), "-N"]
    return _process(command, folder, f"http://127.0.0.1:{PORT}/janus/info")


def aiortc(folder: Path) -> AbstractAsyncContextManager[Running]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.relay", str(port)]
    return _process(command, folder, f"http://127.0.0.1:{port}")


@asynccontextmanager
async def unestimated(folder: Path) -> AsyncIterator[Running]:
    await asyncio.to_thread(copies.unestimated)
    async with carbet(folder, spawning=Unestimated) as running:
        yield running


def plain(folder: Path) -> AbstractAsyncContextManager[Running]:
    return carbet(folder, spawning=Plain)


SYSTEMS: dict[str, Callable[[Path], AbstractAsyncContextManager[Running]]] = {
    "carbet": carbet, "unestimated": unestimated, "plain": plain, "janus": janus, "aiortc": aiortc,
}  # fmt: skip
