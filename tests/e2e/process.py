"""The real Carbet as child processes, on free ports, with its data in a folder of its own.

It ends only what it started: the server by its handle, the workers by their process ids, known by
the UDP port on their command line, which no other Carbet has.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp

from media.crew import holder
from tests.peers.measure import until

ROOT = Path(__file__).parents[2]
GOOD_ANSWER = re.compile(r'"text": "answered".*"status": [123]')


def free_port(kind: socket.SocketKind) -> int:
    """A port nobody listens on now. Another process may take it before we do: very seldom."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Carbet:
    """``carbet demo``; may be stopped, killed and started again with the same data and ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(socket.SOCK_STREAM)
        self.udp_port = free_port(socket.SOCK_DGRAM)
        self.address = f"https://localhost:{self.port}"
        self.log = folder / "carbet.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it says it is ready. Raises NeverCame with its last words."""
        environment = {key: value for key, value in os.environ.items() if key[:7] != "CARBET_"}
        environment |= {
            "CARBET_SERVER__PORT": str(self.port),
            "CARBET_SERVER__DATA_DIR": str(self.folder / "data"),
            "CARBET_MEDIA__UDP_PORT": str(self.udp_port),
            "CARBET_MEDIA__LINGER_SECONDS": "30",
        }
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "demo", cwd=ROOT, env=environment,
                stdout=log, stderr=log,
            )  # fmt: skip
        await until(f"Carbet ready ({self.log})", self.ready, patience=90)

    async def ready(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, f"Carbet ended:\n{self.last_words()}"
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{self.address}/readyz", ssl=False) as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the server alone; its workers decide for themselves, as after a crash."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), 30)
        except TimeoutError:
            process.kill()
            await process.wait()

    def workers(self) -> list[int]:
        """Process ids of the living workers on our UDP port, without the spares beside them."""
        locks = self.folder.rglob(f"media-{self.udp_port}.lock")
        held = {holder(path) for path in locks}
        return [pid for pid in self._processes() if pid in held]

    def _processes(self) -> list[int]:
        """Workers, and spares which wait for one to end."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"media" in words and str(self.udp_port).encode() in words:
                found.append(int(folder.name))
        return found

    def kill_worker(self) -> int:
        """``kill -9`` of the one worker; returns its former process id."""
        (pid,) = self.workers()
        os.kill(pid, signal.SIGKILL)
        return pid

    async def end(self) -> None:
        """Server and workers, whatever their state."""
        await self.stop()
        for pid in self._processes():
            with suppress(ProcessLookupError):  # a spare ends with its server
                os.kill(pid, signal.SIGTERM)

        async def left() -> list[int]:
            return self._processes()

        try:
            await until("workers gone", left, lambda pids: not pids, patience=15)
        except AssertionError:
            for pid in self._processes():
                os.kill(pid, signal.SIGKILL)

    def last_words(self, lines: int = 60) -> str:
        """The end of the log, without the requests that were answered well."""
        if not self.log.exists():
            return "(no log)"
        told = self.log.read_text(errors="replace").splitlines()
        return "\n".join([line for line in told if not GOOD_ANSWER.search(line)][-lines:])
