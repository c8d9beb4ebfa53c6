"""One system under one load: its load processes steered, windows of it measured."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.processor import Spent, spent
from tests.bench.systems import ROOT, Running
from tests.bench.traffic import PACKETS

COPIES = ("unestimated", "plain")  # of Carbet
JOINED_WITHIN = 240.0  # s
ANSWERED_WITHIN = 600.0


@dataclass(frozen=True)
class Window:
    """What happened in some seconds."""

    seconds: float
    spent: Spent  # of all the processes that carry packets
    generator: float  # share of a core the busiest load process took
    sent: int  # packets into the system
    received: int  # forwarded packets that arrived
    sounds_sent: int
    sounds: int
    sounds_lost: int
    late: int  # times the load could not keep its own pace
    delays: list[int] = field(repr=False)  # ns, sorted

    @property
    def core(self) -> float:
        """Cores taken."""
        return self.spent.all / self.seconds

    @property
    def each(self) -> float:
        """Processor seconds for a forwarded packet."""
        return self.spent.all / max(1, self.received)

    def delay(self, share: float) -> float:
        """Seconds, of sound; NaN without any."""
        if not self.delays:
            return float("nan")
        return self.delays[min(len(self.delays) - 1, int(share * len(self.delays)))] / 1e9

    def borne(self, fan_out: int) -> float:
        """The share of what was sent that came out."""
        return self.received / max(1, self.sent * fan_out)


class Loading:
    """``async with``: so many people in rooms of ``fan_out`` + 1, spread over processes."""

    def __init__(
        self, running: Running, system: str, fan_out: int, people: int, processes: int = 2,
        cores: Sequence[int] = (),
    ) -> None:  # fmt: skip
        rooms = max(1, round(people / (fan_out + 1)))
        self.fan_out, self.processes = fan_out, min(processes, rooms)
        self.people = rooms * (fan_out + 1)
        self._running, self._system, self._cores = running, system, cores
        self._rooms = [rooms // self.processes + (n < rooms % self.processes)
                       for n in range(self.processes)]  # fmt: skip
        self._loads: list[asyncio.subprocess.Process] = []
        self.profiles: set[str] = set()

    async def __aenter__(self) -> Self:
        for part in range(self.processes):
            told = {
                "system": "carbet" if self._system in COPIES else self._system,
                "estimated": self._system != "unestimated", "url": self._running.url,
                "part": part, "rooms": self._rooms[part], "fan_out": self.fan_out,
            }  # fmt: skip
            command = [sys.executable, "-m", "tests.bench.load", json.dumps(told)]
            process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, limit=1 << 26,
            )  # fmt: skip
            self._loads.append(process)
            if self._cores:
                os.sched_setaffinity(process.pid, self._cores)
        try:
            for load in self._loads:
                ready = await self._answer(load, JOINED_WITHIN)
                self.profiles.update(ready["profiles"])
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        for load in self._loads:
            if load.returncode is None and load.stdin:
                load.stdin.write(b"end\n")
        for load in self._loads:
            try:
                await asyncio.wait_for(load.communicate(), 60)
            except TimeoutError:
                load.kill()
                await load.wait()

    @staticmethod
    async def _answer(load: asyncio.subprocess.Process, within: float) -> dict[str, Any]:
        assert load.stdout
        line = await asyncio.wait_for(load.stdout.readline(), within)
        if not line:
            raise RuntimeError("the load ended early")
        told: dict[str, Any] = json.loads(line)
        return told

    async def order(self, *words: str) -> list[dict[str, Any]]:
        """The same order to each process: a word for each, or one for all."""
        every = words if len(words) > 1 else words * self.processes
        for load, word in zip(self._loads, every, strict=True):
            assert load.stdin
            load.stdin.write(f"{word}\n".encode())
        return [await self._answer(load, ANSWERED_WITHIN) for load in self._loads]

    async def activate(self, people: int) -> None:
        """Let so many publish, spread evenly over the processes, by whole rooms."""
        rooms = max(1, round(people / (self.fan_out + 1)))
        shares = [rooms // self.processes + (n < rooms % self.processes)
                  for n in range(self.processes)]  # fmt: skip
        await self.order(*(f"active {share * (self.fan_out + 1)}" for share in shares))

    async def window(self, seconds: float) -> Window:
        """Watch for so long."""
        loads_before = [spent(load.pid) for load in self._loads]
        before = await self.order("tell")
        spent_before = [spent(pid) for pid in self._running.pids]
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
        passed = asyncio.get_running_loop().time() - begun
        spent_after = [spent(pid) for pid in self._running.pids]
        after = await self.order("tell")
        loads_after = [spent(load.pid) for load in self._loads]

        def more(name: str) -> int:
            return sum(each[name] for each in after) - sum(each[name] for each in before)

        taken = [late - early for late, early in zip(spent_after, spent_before, strict=True)]
        busiest = max((late - early).all
                      for late, early in zip(loads_after, loads_before, strict=True))  # fmt: skip
        return Window(
            passed, Spent(sum(each.user for each in taken), sum(each.system for each in taken)),
            busiest / passed, more("sent"), more("received"), more("sounds_sent"), more("sounds"),
            more("sounds_lost"), more("late"), sorted(delay for each in after
                                                      for delay in each["delays"]),
        )  # fmt: skip


def people(packets: float) -> int:
    """How many send about so many packets a second together."""
    return max(2, round(packets / PACKETS))


def scratch(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(parents=True, exist_ok=True)
    return made
