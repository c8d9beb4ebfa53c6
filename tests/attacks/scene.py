"""A Carbet of its own, two people talking in a process of theirs, and what an attack cost them.

The talkers are another call than the attacked one: whatever they lose, they lose to the attack.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.attacks.member import Member, members
from tests.faults.keep_house import Call, House, living
from tests.faults.keep_voices import Pair, talking

CALLS = 40  # one is listened to, each attack spoils one
LEAST, LONG = 2.0, 8.0  # s of listening; below LONG a share of packets means little
TOLD = 2.2  # s, once in which a worker tells its counters
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Toll:
    """What the talkers, the processes and the log had of an attack."""

    seconds: float = 0.0
    kept: float = 0.0  # the worse of both talkers: packets heard, of those that were due
    silence: float = 0.0  # s, the longest
    worker_cpu: float = 0.0  # of a core
    server_cpu: float = 0.0
    worker_grew: float = 0.0  # MB
    server_grew: float = 0.0
    log_lines: int = 0
    counts: dict[str, float] = field(default_factory=dict)  # the worker's, that moved


@dataclass
class Scene:
    """See the module."""

    house: House
    calls: list[Call]
    pair: Pair
    whole: bool = True  # whether each toll waits for the worker's counters

    def call(self) -> Call:
        """A call nobody is in yet."""
        return self.calls.pop()

    @asynccontextmanager
    async def attackers(self, certificate: object = None) -> AsyncIterator[tuple[Member, Member]]:
        """Two members of one call, not yet in."""
        async with members(self.house.address, self.call(), certificate) as both:
            yield both

    async def counts(self, of: str = "carbet_media_done_total") -> dict[str, float]:
        """The media workers' counters. They tell them every two seconds."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.house.address}/metrics", ssl=False) as answer,
        ):
            text = await answer.text()
        found = {}
        for row in text.splitlines():
            if row.startswith(f'{of}{{what="'):
                name, value = row.split('"')[1], row.rsplit(" ", 1)[1]
                found[name] = float(value)
        return found

    async def sessions(self) -> float:
        """How many legs are connected, once the worker told it anew."""
        await asyncio.sleep(TOLD)
        return (await self.counts("carbet_media"))["sessions"]

    async def until_counted(self, name: str, least: float, seconds: float = 15) -> float:
        """A counter, once it is as high. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (count := (await self.counts()).get(name, 0)) < least:
                await asyncio.sleep(0.2)
        return count

    @asynccontextmanager
    async def toll(self, counted: bool = False) -> AsyncIterator[Toll]:
        """Filled in at the end of the block, after `LEAST` seconds at least; `counted`: with the
        worker's counters even where the scene is in a hurry."""
        toll = Toll()
        (worker,) = self.house.workers()
        pids = (worker, self.house.pid)
        counted, lines = await self.counts(), _lines(self.house.log)
        begun, used, held = time.monotonic(), _used(pids), _held(pids)
        yield toll
        least = LONG if self.whole else LEAST
        await asyncio.sleep(begun + least - time.monotonic())
        ended = time.monotonic()
        toll.seconds = ended - begun
        toll.worker_cpu, toll.server_cpu = (
            (b - a) / toll.seconds for a, b in zip(used, _used(pids), strict=True)
        )
        toll.worker_grew, toll.server_grew = (
            (b - a) / 1e6 for a, b in zip(held, _held(pids), strict=True)
        )
        hearings = await self.pair.heard(begun, ended)
        toll.kept = min(each.share for each in hearings)
        toll.silence = max(each.silence for each in hearings)
        toll.log_lines = _lines(self.house.log) - lines
        if not (counted or self.whole):
            return
        await asyncio.sleep(TOLD)
        now = await self.counts()
        toll.counts = {k: v - counted.get(k, 0) for k, v in now.items() if v != counted.get(k, 0)}

    async def still_talking(self, seconds: float = 10) -> None:
        """Both hear each other now. Raises TimeoutError."""
        since = time.monotonic()
        async with asyncio.timeout(seconds):
            while True:
                await asyncio.sleep(0.2)
                now = time.monotonic()
                if all(each.share > 0 for each in await self.pair.heard(since, now)):
                    return


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def _used(pids: tuple[int, ...]) -> list[float]:
    """Seconds of processor each had."""
    return [
        sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        / TICKS
        for pid in pids
    ]


def _held(pids: tuple[int, ...]) -> list[int]:
    """Bytes each holds."""
    return [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids]


@asynccontextmanager
async def a_scene(folder: Path, whole: bool = True) -> AsyncIterator[Scene]:
    """Carbet, and two people who talk."""
    house = House(folder)
    calls = await house.furnish(CALLS, guests=True)
    async with living(house), talking(house.address, calls.pop(0)) as pair:
        yield Scene(house, calls, pair, whole)
