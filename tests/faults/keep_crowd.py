"""A thousand people in five hundred calls, and the server starts again: all come back at once.

The pages are `keep_tab`s in two processes of their own, over TLS, with the pauses of the real
page; their media is on paper. Beside them two people talk. Seconds are counted from when the
server answers again.
"""

import asyncio
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.bench.processor import spent
from tests.faults.figures import quantile
from tests.faults.keep_house import Call, House, living
from tests.faults.keep_paper import TOKEN, paper
from tests.faults.keep_tab import Tab, browser
from tests.faults.keep_voices import talking
from tests.peers.measure import until

CLIENTS = 1000
PROCESSES = 2
AT_ONCE = 20  # tabs that open in the same moment at the beginning, in each process
PATIENCE = 120.0
HOW = {"restarted": signal.SIGTERM, "killed": signal.SIGKILL}


@dataclass
class Outcome:
    """One try: seconds until half, 95 of 100 and all were back; the pair's longest silence and the
    share of its packets that arrived; what clients were told meanwhile."""

    kind: str
    clients: int
    down: float = 0.0  # s from the end of the old server to the first answer of the new one
    half: float = 0.0
    most: float = 0.0
    all: float = 0.0
    cpu: float = 0.0  # s of the server's processor until all were back
    silence: float = 0.0
    share: float = 1.0
    refused: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


async def _crowd(address: str, calls: Sequence[Call], seed: int, line: Connection) -> None:
    rng = random.Random(seed)
    async with browser() as http:
        tabs = [
            Tab(http, address, cookie, call.consultation, rng)
            for call in calls
            for cookie in (call.clinician, call.nurse)
        ]
        gate, running = asyncio.Semaphore(AT_ONCE), []

        async def opened(tab: Tab) -> None:
            async with gate:
                running.append(asyncio.ensure_future(tab.run()))
                await tab.enter()

        await asyncio.gather(*map(opened, tabs))
        line.send("in")
        while await asyncio.to_thread(line.recv) != "stop":
            line.send([
                (tab.stage if tab.up else "", tab.over, list(tab.seated), list(tab.cut),
                 [*tab.refused, *["swallowed"] * tab.swallowed]) for tab in tabs
            ])  # fmt: skip
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _main(address: str, calls: Sequence[Call], seed: int, line: Connection) -> None:
    asyncio.run(_crowd(address, calls, seed, line))


class Crowd:
    """All the other processes, as the try sees them."""

    def __init__(self, lines: Sequence[Connection]) -> None:
        self._lines = lines

    async def tell(self) -> list[Any]:
        """Of each tab: stage, why it is over, when it was seated and cut, how it was refused."""
        for line in self._lines:
            line.send("tell")
        told = [await asyncio.to_thread(line.recv) for line in self._lines]
        return [one for each in told for one in each]


@asynccontextmanager
async def crowd(address: str, calls: Sequence[Call], seed: int) -> AsyncIterator[Crowd]:
    """Everybody in their calls."""
    spawn = multiprocessing.get_context("spawn")
    processes, lines = [], []
    for n in range(PROCESSES):
        ours, theirs = spawn.Pipe()
        arguments = (address, calls[n::PROCESSES], seed + n, theirs)
        process = spawn.Process(target=_main, args=arguments, daemon=True)
        process.start()
        theirs.close()
        processes.append(process)
        lines.append(ours)
    try:
        for line in lines:
            assert await asyncio.to_thread(line.poll, 300), "not everybody came in"
            assert await asyncio.to_thread(line.recv) == "in"
        yield Crowd(lines)
        for line in lines:
            line.send("stop")
    finally:
        for process in processes:
            await asyncio.to_thread(process.join, 20)
            if process.is_alive():
                process.kill()
                await asyncio.to_thread(process.join)


async def one(kind: str, seed: int, clients: int = CLIENTS) -> Outcome:
    """One try."""
    outcome = Outcome(kind, clients)
    with tempfile.TemporaryDirectory(prefix="carbet-keep-") as name:
        house = House(Path(name), extra={
            "CARBET_LOG__LEVEL": "warning", "CARBET_MEDIA__TOKEN": TOKEN,
        })  # fmt: skip
        spoken, *calls = await house.furnish(1 + clients // 2)
        async with (
            living(house),
            talking(house.address, spoken) as pair,
            AsyncExitStack() as stack,
        ):
            stack.enter_context(paper(house.address))
            await until("the worker on paper", lambda: _dialled(house))
            people = await stack.enter_async_context(crowd(house.address, calls, seed))
            await asyncio.sleep(3)
            began = time.monotonic()
            await house.stop(HOW[kind])
            gone = time.monotonic()
            await house.begin()
            await until("the server answers", house.answers)
            back = time.monotonic()
            outcome.down = back - gone
            begun = spent(house.pid).all
            await _return(people, gone, back, outcome)
            outcome.cpu = spent(house.pid).all - begun
            await asyncio.sleep(3)
            for heard in await pair.heard(began, time.monotonic()):
                outcome.silence = max(outcome.silence, heard.silence)
                outcome.share = min(outcome.share, heard.share)
                if heard.stage != "in" or heard.offers != 1:
                    outcome.faults.append(f"the call was touched: {heard}")
        outcome.faults += house.complaints()
    return outcome


async def _dialled(house: House) -> bool:
    """Whether both workers are there."""
    async with browser() as http, http.get(f"{house.address}/metrics") as answer:
        return 'carbet_media{what="workers"} 2.0' in await answer.text()


async def _return(people: Crowd, gone: float, back: float, outcome: Outcome) -> None:
    """Until everybody is in again, or patience ends."""
    told: list[Any] = []
    while time.monotonic() - back < PATIENCE:
        told = await people.tell()
        if all(stage == "in" and seated[-1] > gone for stage, _, seated, _, _ in told):
            break
        await asyncio.sleep(1)
    firsts = [next((at for at in seated if at > gone), None) for _, _, seated, _, _ in told]
    seconds = sorted(max(0.0, at - back) for at in firsts if at is not None)
    if len(seconds) < outcome.clients:
        outcome.faults.append(f"{outcome.clients - len(seconds)} never came back")
    if seconds:
        outcome.half, outcome.most = quantile(seconds, 0.5), quantile(seconds, 0.95)
        outcome.all = seconds[-1]
    outcome.refused = dict(Counter(code for *_, codes in told for code in codes))
    over = Counter(why for _, why, *_ in told if why)
    outcome.faults += [f"{n} were told {why}" for why, n in over.items()]


async def tries(seed: int, n: int, clients: int = CLIENTS) -> list[Outcome]:
    """`n` tries each way."""
    return [await one(kind, seed + i, clients) for i in range(n) for kind in HOW]


if __name__ == "__main__":
    kind, number = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else CLIENTS
    print(asyncio.run(one(kind, 1, number)))
