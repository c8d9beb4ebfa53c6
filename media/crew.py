"""Worker processes of this machine: started, watched, started again, and adopted when they outlived
the server before. Each holds a lock file while it lives, so there is never a second on one port.

Beside each waits a spare, with everything loaded: it takes the lock when the worker ends, however
that was, and carries on in a tenth of the time a start takes."""

import asyncio
import contextlib
import fcntl
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.kernel import tasks

log = logging.getLogger("carbet.media.crew")
POLL = 0.1
HOME = Path(__file__).resolve().parents[1]  # where `python -m media` finds it
SHORT_LIFE = 5.0  # s; who ends sooner makes the next start wait longer
LONGEST_PAUSE = 10.0
STUCK = 20.0  # s a living worker may stay without dialling in
SPARE_AFTER = 5.0  # s a worker has been dialled in before its spare is started: not while all start
SUCCEEDS = 1.0  # s a spare has to take the lock of a worker that ended


@dataclass(frozen=True)
class Spawn:
    """How to run workers here. Worker n (from 0) takes the UDP port `udp_port + n`."""

    server_url: str
    ca_file: str
    udp_port: int
    data_dir: Path
    count: int = 1
    hosts: tuple[str, ...] = ()
    advertised: tuple[str, ...] = ()
    linger_seconds: float = 60.0
    log_level: str = "info"
    quality: str = ""  # another quality.toml than ours
    trace: str = ""  # folder where estimates and decisions are recorded

    def lock(self, number: int) -> Path:
        """The file worker `number` holds."""
        return self.data_dir.resolve() / f"media-{self.udp_port + number}.lock"

    def command(self, number: int, spare: bool = False) -> list[str]:
        """Its command line, or its spare's."""
        line = [
            sys.executable, "-m", "media", "--server", self.server_url,
            "--ca", str(Path(self.ca_file).resolve()) if self.ca_file else "",
            "--udp-port", str(self.udp_port + number), "--linger", str(self.linger_seconds),
            "--supervised", "--lock", str(self.lock(number)), "--log-level", self.log_level,
            "--quality", self.quality, "--trace", self.trace,
            *(["--spare", str(os.getpid())] if spare else []),
        ]  # fmt: skip
        for host in self.hosts:
            line += ["--host", host]
        for address in self.advertised:
            line += ["--advertise", address]
        return line


class Crew:
    """See the module. `died` is called with the name a worker dialled in with."""

    def __init__(self, spawn: Spawn, token: str, died: Callable[[str], None]) -> None:
        self._spawn = spawn
        self._token = token
        self._died = died
        self._tasks: list[asyncio.Task[Any]] = []
        self._names: dict[int, str] = {}  # pid → name
        self._since: dict[int, float] = {}  # pid → when it dialled in
        self._spares: dict[int, subprocess.Popen[bytes]] = {}  # by worker

    def start(self) -> None:
        """Keep every worker running."""
        self._spawn.data_dir.mkdir(parents=True, exist_ok=True)
        for number in range(self._spawn.count):
            self._tasks.append(tasks.spawn(self._keep(number), f"media worker {number}"))

    async def stop(self) -> None:
        """Watch no longer. Workers are left alone; spares end, who would wait for nothing."""
        await tasks.stop(*self._tasks)
        self._tasks.clear()
        for number, spare in self._spares.items():
            if spare.poll() is None and holder(self._spawn.lock(number)) != spare.pid:
                spare.terminate()
                await asyncio.to_thread(spare.wait)
        self._spares.clear()

    def dialled(self, pid: int, name: str) -> None:
        """A worker dialled in under this name."""
        self._names[pid] = name
        self._since[pid] = time.monotonic()

    async def _keep(self, number: int) -> None:
        pause = 0.0
        while True:
            began = time.monotonic()
            try:
                await self._follow(number)
            except OSError:
                # No process, no file, no memory now: there may be in a moment.
                log.exception("media worker could not be run", extra={"worker": number})
            long = time.monotonic() - began > SHORT_LIFE
            pause = 0.0 if long else min(LONGEST_PAUSE, max(0.2, pause * 2))
            await asyncio.sleep(pause)

    async def _follow(self, number: int) -> None:
        """One worker's life, to its end. Raises OSError."""
        pid = await self._present(number)
        if pid is not None:
            await self._watch(number, pid)
        else:
            pid = await self._run(number)
        self._since.pop(pid, None)
        name = self._names.pop(pid, None)
        if name is not None:
            self._died(name)

    async def _present(self, number: int) -> int | None:
        """Who is this worker now: one of an earlier server, or a spare that succeeds."""
        until = time.monotonic() + SUCCEEDS
        pid = holder(self._spawn.lock(number))
        spare = self._spares.get(number)
        while pid is None and spare and spare.poll() is None and time.monotonic() < until:
            await asyncio.sleep(POLL / 4)
            pid = holder(self._spawn.lock(number))
        return pid

    def _provide(self, number: int, pid: int) -> None:
        """A spare for a worker which has settled, unless one waits. Raises OSError."""
        settled = time.monotonic() - self._since.get(pid, math.inf) > SPARE_AFTER
        spare = self._spares.get(number)
        if settled and (spare is None or spare.pid == pid or spare.poll() is not None):
            self._spares[number] = self._start(number, spare=True)

    async def _watch(self, number: int, pid: int) -> None:
        """A worker of an earlier server: wait until it ends. One that never dials in is ended."""
        log.info("media worker adopted", extra={"worker": number, "pid": pid})
        since = time.monotonic()
        while holder(self._spawn.lock(number)) == pid:
            if pid not in self._names and time.monotonic() - since > STUCK:
                log.warning("media worker never dialled in", extra={"pid": pid})
                with contextlib.suppress(ProcessLookupError):  # ended meanwhile
                    os.kill(pid, signal.SIGKILL)
            self._provide(number, pid)
            await asyncio.sleep(POLL)

    async def _run(self, number: int) -> int:
        process = self._start(number)
        log.info("media worker started", extra={"worker": number, "pid": process.pid})
        while process.poll() is None:
            self._provide(number, process.pid)
            await asyncio.sleep(POLL)
        log.warning("media worker ended", extra={"pid": process.pid, "status": process.returncode})
        return process.pid

    def _start(self, number: int, spare: bool = False) -> subprocess.Popen[bytes]:
        # Its own session: Ctrl-C in the terminal ends the server, not the call. Not asyncio's
        # subprocess, which would kill it together with the event loop.
        return subprocess.Popen(  # noqa: S603 - our own command line
            self._spawn.command(number, spare),
            env=os.environ | {"CARBET_MEDIA_TOKEN": self._token},
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def holder(path: Path) -> int | None:
    """The pid of the living worker which holds this lock file, or None."""
    try:
        with path.open("r+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdecimal() else None
    except FileNotFoundError:
        pass
    return None
