"""The database goes away in the middle of a call: stopped, frozen, or locked by another program.

Two people talk (in a process of their own) and write; while it is away they go on writing, one
page is cut and comes back, somebody leaves and enters again, pages are asked for. Then the
checker reads what became of it. What counts is how long after the return things are kept again.
"""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests import postgres
from tests.faults.keep_history import History
from tests.faults.keep_house import Call, House, living
from tests.faults.keep_tab import Said, Tab, browser
from tests.faults.keep_voices import Pair, talking
from tests.peers.measure import until

AWAY = 60.0  # s
KINDS = ("stopped", "frozen", "locked")


@dataclass
class Outcome:
    """One try: seconds after the return until a message was kept, a page shown, the journal empty;
    the longest silence while it was away; what the checker found."""

    kind: str
    message: float
    page: float
    journal: float
    refusal: float  # the longest time a page took to say that it cannot
    silence: float
    faults: list[str] = field(default_factory=list)


Absence = Callable[[], AbstractAsyncContextManager[None]]


def _postmaster(cluster: Path) -> list[int]:
    """PostgreSQL's processes, the first one first."""
    first = int((cluster / "data" / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]


@asynccontextmanager
async def stopped(cluster: Path) -> AsyncIterator[None]:
    """Killed as by a power cut, and started again."""
    await asyncio.to_thread(postgres.halt, cluster)
    try:
        yield
    finally:
        await asyncio.to_thread(postgres.again, cluster)


@asynccontextmanager
async def frozen(cluster: Path) -> AsyncIterator[None]:
    """Every process of it stands still: connections stay, and nothing answers."""
    pids = _postmaster(cluster)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Another program holds SQLite's file for writing."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@asynccontextmanager
async def _house(kind: str, folder: Path) -> AsyncIterator[tuple[House, Absence]]:
    if kind == "locked":
        house = House(folder)
        yield house, lambda: locked(house.data / "carbet.sqlite")
        return
    cluster = await asyncio.to_thread(postgres.start)
    try:
        house = House(folder, postgres.url(cluster, "postgres"))
        yield house, lambda: (stopped if kind == "stopped" else frozen)(cluster)
    finally:
        await asyncio.to_thread(postgres.stop, cluster)


class Writer:
    """Somebody who writes a line now and then, and waits for each to be kept."""

    def __init__(self, tab: Tab, name: str, rng: random.Random) -> None:
        self._tab, self._name, self._rng = tab, name, rng
        self.said: list[Said] = []

    async def write(self) -> None:
        while True:
            identifier = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
            said = Said(identifier, f"{self._name} {len(self.said) + 1}")
            self.said.append(said)
            await self._tab.say(said)
            await asyncio.sleep(self._rng.uniform(0.2, 1.0))


async def _page(http: aiohttp.ClientSession, house: House, cookie: str) -> tuple[int, str, float]:
    """Status, text and seconds of a page that must write (its audit row)."""
    began = time.monotonic()
    headers = {"Cookie": cookie, "Accept-Language": "fr"}
    async with http.get(f"{house.address}/", headers=headers, allow_redirects=True) as answer:
        return answer.status, await answer.text(), time.monotonic() - began


async def _journal(http: aiohttp.ClientSession, house: House) -> float:
    async with http.get(f"{house.address}/metrics") as answer:
        rows = (await answer.text()).splitlines()
    return next(float(row.split()[-1]) for row in rows if row.startswith("carbet_queue{"))


async def _bustle(house: House, call: Call, http: aiohttp.ClientSession, nurse: Tab,
                  seconds: float, outcome: Outcome) -> None:  # fmt: skip
    """What people do meanwhile."""
    began = time.monotonic()
    await nurse.cut_off()
    shown, moved = 0, False
    while (now := time.monotonic() - began) < seconds:
        status, text, took = await _page(http, house, call.clinician)
        outcome.refusal = max(outcome.refusal, took)
        if status == 503 and "Momentanément indisponible" not in text:
            outcome.faults.append("a refused page does not say so")
        if status not in (200, 503):
            outcome.faults.append(f"a page answered {status}")
        shown += status == 503
        if now > seconds / 3 and not moved:
            moved = True
            await _leave_and_come_back(nurse)
        await asyncio.sleep(0.5)
    if not shown:
        outcome.faults.append("no page was refused while the database was away")


async def _leave_and_come_back(nurse: Tab) -> None:
    """An incident and a stay of whose beginning and end the database hears later."""
    await nurse.until(lambda tab: tab.up, 30)
    devices = {"mic": "on", "exam": "none", "exam_kind": "camera"}
    await nurse.ask("media", **devices, camera="lost")
    await nurse.ask("media", **devices, camera="on")
    await nurse.ask("leave")
    await nurse.enter()


async def one(kind: str, seed: int, away: float = AWAY) -> Outcome:
    """One try."""
    rng = random.Random(seed)
    outcome = Outcome(kind, 0, 0, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="carbet-keep-") as name:
        async with _house(kind, Path(name)) as (house, absence):
            spoken, written = await house.furnish(2)
            async with (
                living(house),
                browser() as http,
                talking(house.address, spoken) as pair,
            ):
                await _try(house, absence, written, http, pair, rng, away, outcome)
            outcome.faults += house.complaints()
    return outcome


async def _try(house: House, absence: Absence, call: Call, http: aiohttp.ClientSession, pair: Pair,
               rng: random.Random, away: float, outcome: Outcome) -> None:  # fmt: skip
    tabs = [Tab(http, house.address, cookie, call.consultation, rng)
            for cookie in (call.clinician, call.nurse)]  # fmt: skip
    running = [asyncio.ensure_future(tab.run()) for tab in tabs]
    for tab in tabs:
        await tab.enter()
    writers = [Writer(tab, name, rng) for tab, name in zip(tabs, ("doctor", "nurse"), strict=True)]
    writing = [asyncio.ensure_future(writer.write()) for writer in writers]
    await asyncio.sleep(3)
    began = time.monotonic()
    async with absence():
        gone = time.monotonic()
        await _bustle(house, call, http, tabs[1], away, outcome)
    back = time.monotonic()
    acknowledged = [at for writer in writers for said in writer.said for at, answer in said.answers
                    if answer["ok"] and gone < at < back - 0.2]  # fmt: skip
    if acknowledged and outcome.kind != "frozen":
        outcome.faults.append(f"{len(acknowledged)} messages acknowledged while it was away")
    outcome.page = await since(back, lambda: shown(http, house, call))
    outcome.message = await since(back, lambda: _kept(writers, back))
    outcome.journal = await since(back, lambda: _empty(http, house))
    for heard in await pair.heard(began, time.monotonic()):
        outcome.silence = max(outcome.silence, heard.silence)
        if heard.stage != "in" or heard.offers != 1:
            outcome.faults.append(f"the call was touched: {heard}")
    await asyncio.sleep(2)
    for task in writing:
        task.cancel()
    for tab in tabs:
        await tab.until(lambda tab: tab.up, 30)
    await asyncio.sleep(1)
    history = await History(house.url, house.data).read()
    said = [each for writer in writers for each in writer.said]
    outcome.faults += history.faults(call.consultation, said, tabs)
    outcome.faults += _noted(history, call)
    for tab in tabs:
        await tab.close()
    await asyncio.gather(*running, *writing, return_exceptions=True)


async def since(back: float, happened: Callable[[], Awaitable[Any]]) -> float:
    await until("back", happened, patience=30)
    return time.monotonic() - back


async def shown(http: aiohttp.ClientSession, house: House, call: Call) -> bool:
    return (await _page(http, house, call.clinician))[0] == 200


async def _kept(writers: list[Writer], back: float) -> bool:
    await asyncio.sleep(0.02)
    return all(
        any(at >= back and answer["ok"] for said in writer.said for at, answer in said.answers)
        for writer in writers
    )


async def _empty(http: aiohttp.ClientSession, house: House) -> bool:
    return await _journal(http, house) == 0


def _noted(history: History, call: Call) -> list[str]:
    """What happened meanwhile must be in the record: the nurse left and came back."""
    stays = history.attendances.get(call.consultation, [])
    kinds = [incident.kind for incident in history.incidents.get(call.consultation, [])]
    found = [] if len(stays) == 3 else [f"{len(stays)} stays are kept of 3"]
    return found + ([] if kinds.count("device_lost_camera") == 1 else [f"incidents: {kinds}"])


async def tries(seed: int, n: int, away: float = AWAY) -> list[Outcome]:
    """`n` tries of each kind, one after the other."""
    return [await one(kind, seed + i, away) for i in range(n) for kind in KINDS]


if __name__ == "__main__":
    kind, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else AWAY
    print(asyncio.run(one(kind, 1, seconds)))
