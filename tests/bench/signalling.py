"""How many people join a second, and how long a join and a message take at 2,000 open sockets.

The server is `carbet serve` over TLS with its own database; pages are `keep_tab`s in processes of
their own. Its media worker is one on paper, which answers at once: what is measured is signalling.
A join is counted from the socket's opening to the state that says `in`; a message until it is
acknowledged, which is when it is on disk.
"""

import asyncio
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.processor import memory, spent
from tests.faults.figures import quantile
from tests.faults.keep_house import Call, House
from tests.faults.keep_paper import TOKEN, paper
from tests.faults.keep_tab import Said, Tab, browser

PATH = Path("build/figures/signalling.json")
SOCKETS = 2000
PROCESSES = 2
AT_ONCE = 25  # joins under way in each process while the house fills
JOINS, MESSAGES = 5.0, 40.0  # a second, in all, once everybody is there
LASTS = 30.0  # s


@dataclass
class Figures:
    """Seconds unless said otherwise; of processor time, the server's alone."""

    sockets: int
    joins: float = 0.0  # a second, while the house filled
    filling: list[float] = field(default_factory=list)  # of each join meanwhile
    cpu_join: float = 0.0
    joining: list[float] = field(default_factory=list)  # of each join at all sockets
    saying: list[float] = field(default_factory=list)  # of each message then
    cpu_share: float = 0.0  # of one core, at all sockets
    refused: int = 0
    memory: int = 0  # bytes, at all sockets
    load: float = 0.0  # of the host


class Guests:
    """The pages of one process."""

    def __init__(self, http: aiohttp.ClientSession, address: str, calls: Sequence[Call],
                 rng: random.Random) -> None:  # fmt: skip
        self._http, self._address, self._rng = http, address, rng
        self._places = [
            (call.consultation, cookie) for call in calls for cookie in (call.clinician, call.nurse)
        ]
        self._tabs: list[tuple[Tab, asyncio.Future[None]]] = []
        self.refused = 0

    async def _join(self, place: tuple[str, str]) -> float:
        began = time.monotonic()
        tab = Tab(self._http, self._address, place[1], place[0], self._rng)
        self._tabs.append((tab, asyncio.ensure_future(tab.run())))
        await tab.enter()
        self.refused += len(tab.refused)
        return time.monotonic() - began

    async def fill(self) -> list[float]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(place: tuple[str, str]) -> float:
            async with gate:
                return await self._join(place)

        return list(await asyncio.gather(*map(one, self._places)))

    async def come_and_go(self, seconds: float) -> list[float]:
        """People leave and others join, at a steady pace whatever it takes."""
        return await self._paced(JOINS / PROCESSES, seconds, self._again)

    async def _again(self) -> float:
        n = self._rng.randrange(len(self._places))
        tab, running = self._tabs[n]
        await tab.ask("leave")
        await tab.close()
        await running
        seconds = await self._join(self._places[n])
        self._tabs[n] = self._tabs.pop()
        return seconds

    async def talk(self, seconds: float) -> list[float]:
        return await self._paced(MESSAGES / PROCESSES, seconds, self._say)

    async def _say(self) -> float:
        tab, _ = self._rng.choice(self._tabs)
        began = time.monotonic()
        await tab.say(Said(str(uuid.uuid4()), "Le pansement est sec."))
        return time.monotonic() - began

    async def _paced(self, rate: float, seconds: float, act: Any) -> list[float]:
        acts, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            acts.append(asyncio.ensure_future(act()))
            await asyncio.sleep(self._rng.expovariate(rate))
        return list(await asyncio.gather(*acts))

    async def leave(self) -> None:
        for _, running in self._tabs:
            running.cancel()
        await asyncio.gather(*(running for _, running in self._tabs), return_exceptions=True)


async def _guests(address: str, calls: Sequence[Call], seed: int, line: Connection) -> None:
    async with browser() as http:
        guests = Guests(http, address, calls, random.Random(seed))
        line.send(await guests.fill())
        seconds = await asyncio.to_thread(line.recv)
        joining, saying = await asyncio.gather(guests.come_and_go(seconds), guests.talk(seconds))
        line.send((joining, saying, guests.refused))
        await guests.leave()


def _main(address: str, calls: Sequence[Call], seed: int, line: Connection) -> None:
    asyncio.run(_guests(address, calls, seed, line))


def house(folder: Path) -> House:
    return House(folder, extra={
        "CARBET_LOG__LEVEL": "warning", "CARBET_MEDIA__SPAWN": "0", "CARBET_MEDIA__TOKEN": TOKEN,
    })  # fmt: skip


async def measure(sockets: int = SOCKETS, lasts: float = LASTS, seed: int = 1) -> Figures:
    """One run."""
    figures = Figures(sockets)
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="carbet-bench-") as name:
        server = house(Path(name))
        calls = await server.furnish(sockets // 2)
        processes, lines = [], []
        try:
            with paper(server.address):
                await server.start()
                before, began = spent(server.pid), time.monotonic()
                for n in range(PROCESSES):
                    ours, theirs = spawn.Pipe()
                    arguments = (server.address, calls[n::PROCESSES], seed + n, theirs)
                    processes.append(spawn.Process(target=_main, args=arguments, daemon=True))
                    processes[-1].start()
                    theirs.close()
                    lines.append(ours)
                for line in lines:
                    figures.filling += await asyncio.to_thread(line.recv)
                took = time.monotonic() - began
                figures.joins = sockets / took
                figures.cpu_join = (spent(server.pid) - before).all / sockets
                await _full(server, lines, lasts, figures)
        finally:
            for process in processes:
                process.kill()
                process.join()
            await server.end()
    return figures


async def _full(server: House, lines: Sequence[Connection], lasts: float,
                figures: Figures) -> None:  # fmt: skip
    before, began = spent(server.pid), time.monotonic()
    for line in lines:
        line.send(lasts)
    for line in lines:
        joining, saying, refused = await asyncio.to_thread(line.recv)
        figures.joining += joining
        figures.saying += saying
        figures.refused += refused
    figures.cpu_share = (spent(server.pid) - before).all / (time.monotonic() - began)
    figures.memory = memory(server.pid)
    figures.load = os.getloadavg()[0]


def summary(figures: Figures) -> str:
    lines = [
        f"joins: {figures.joins:.0f} a second until {figures.sockets} sockets, "
        f"{1000 * figures.cpu_join:.1f} ms of the server's processor each",
        f"at {figures.sockets} sockets: {100 * figures.cpu_share:.0f} % of a core, "
        f"{figures.memory / 1e6:.0f} MB, {figures.refused} refused",
    ]
    for name in ("filling", "joining", "saying"):
        values = getattr(figures, name)
        lines.append(f"{name}: p50 {1000 * quantile(values, 0.5):.0f} ms, "
                     f"p99 {1000 * quantile(values, 0.99):.0f} ms of {len(values)}")  # fmt: skip
    return "\n".join(lines)


async def run(tell: Callable[[str], None], sockets: int = SOCKETS, lasts: float = LASTS) -> None:
    """One run, told and written."""
    figures = await measure(sockets, lasts)
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps(asdict(figures), indent=1))
    tell(summary(figures))


if __name__ == "__main__":
    asyncio.run(run(print, *map(int, sys.argv[1:])))
