"""The disk fills up, or fails, under a call: refused before accepted, said in words, nothing torn.

`full`: the data folder is on a small disk of its own, filled by somebody else to the last byte.
`reserve`: the same, filled to where only the reserve is left. `enospc` and `eio`: the kernel's
answers to the server's own writes and syncs are changed to these errors (strace; needs root).
"""

import asyncio
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from server.kernel.secrets import Secret
from signaling.album import Album
from tests.faults.keep_database import Writer, shown, since
from tests.faults.keep_history import History
from tests.faults.keep_house import Call, House, living
from tests.faults.keep_tab import Tab, browser
from tests.faults.keep_voices import Pair, talking
from tests.signaling.pictures import drawn, stage

KINDS = ("full", "reserve", "enospc", "eio")
FULL_FOR = 15.0  # s
SIZE = 256  # MB, so that what a database keeps for itself fits in the reserve
# Carries the prepared folder onto a disk of its own that only this process and its children see.
MOUNT = (
    "unshare", "--mount", "sh", "-c",
    'mount -t tmpfs -o size={size}m none "$0" && cp -a "$1"/. "$0" && shift && exec "$@"',
)  # fmt: skip
WRITES = "write,pwrite64,fsync,fdatasync"


@dataclass
class Outcome:
    """One try: seconds after the room was back until a message and a still were kept and a page
    shown; how many of each were refused meanwhile; what the checker found."""

    kind: str
    message: float = 0.0
    page: float = 0.0
    silence: float = 0.0
    refused: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Disk(House):
    """A house whose data folder is on a small disk of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mounted = folder / "disk"
        self.mounted.mkdir()
        self._prepared = self.data
        words = [word.format(size=SIZE) for word in MOUNT]
        self.before = (*words, str(self.mounted), str(self._prepared))
        self.extra = {
            "CARBET_SERVER__DATA_DIR": str(self.mounted),
            "CARBET_DATABASE__URL": f"sqlite+aiosqlite:///{self.mounted / 'carbet.sqlite'}",
        }

    @property
    def inside(self) -> Path:
        """The mounted folder, as the server sees it."""
        return Path(f"/proc/{self.pid}/root{self.mounted.absolute()}")

    def fill(self, leave: float) -> None:
        """Takes all but this share of the disk."""
        disk = os.statvfs(self.inside)
        take = int(disk.f_bavail * disk.f_frsize - leave * disk.f_blocks * disk.f_frsize)
        with (self.inside / "filler").open("ab", buffering=0) as file:
            while take > 0:
                try:
                    take -= file.write(bytes(min(take, 65_536)))
                except OSError:
                    return

    def empty(self) -> None:
        (self.inside / "filler").unlink()


class Stills:
    """Somebody who sends pictures, one after the other, as long as they are taken."""

    def __init__(self, tab: Tab, rng: random.Random) -> None:
        self._tab, self._rng = tab, rng
        self.kept: dict[str, bytes] = {}
        self.begun: dict[str, float] = {}
        self.refused = 0

    async def send(self) -> None:
        while True:
            data = drawn(seed=self._rng.getrandbits(30), grain=48)
            identifier = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
            self.begun[identifier] = time.monotonic()
            if await self._sent(identifier, data):
                self.kept[identifier] = data
            else:
                self.refused += 1
            await asyncio.sleep(0.3)

    async def _sent(self, identifier: str, data: bytes) -> bool:
        begin = {"id": identifier, "source": "camera", "stages": [stage(data)], "why": "asked"}
        answer = await self._tab.ask("still_begin", **begin)
        at = 0
        while answer["ok"] and answer["stage"] == 0:
            at = answer["offset"]
            part = data[at : at + 2048]
            answer = await self._tab.ask_with("still_part", part, id=identifier, stage=0, offset=at)
        if not answer["ok"]:
            await self._tab.ask("still_drop", id=identifier)
        return bool(answer["ok"])


@asynccontextmanager
async def broken(house: House, error: str) -> AsyncIterator[None]:
    """The kernel answers the server's writes and syncs below its data folder with this error."""
    files = [each for each in house.data.rglob("*") if each.is_file()]
    paths = [word for each in (*files, house.data / "stills") for word in ("-P", str(each))]
    tracer = await asyncio.create_subprocess_exec(
        "strace", "-f", "-qq", "-o", "/dev/null", "-p", str(house.pid), *paths,
        "-e", f"trace={WRITES}", "-e", f"inject={WRITES}:error={error.upper()}",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await asyncio.sleep(0.5)
    if tracer.returncode is not None:
        assert tracer.stderr is not None
        raise RuntimeError((await tracer.stderr.read()).decode())
    try:
        yield
    finally:
        tracer.terminate()
        await tracer.wait()


@asynccontextmanager
async def filled(house: Disk, leave: float) -> AsyncIterator[None]:
    await asyncio.to_thread(house.fill, leave)
    try:
        yield
    finally:
        house.empty()


async def one(kind: str, seed: int, lasting: float = FULL_FOR) -> Outcome:
    """One try."""
    rng, outcome = random.Random(seed), Outcome(kind)
    with tempfile.TemporaryDirectory(prefix="carbet-keep-") as name:
        folder = Path(name)
        house = Disk(folder) if kind in ("full", "reserve") else House(folder)
        spoken, written = await house.furnish(2)
        async with (
            living(house),
            browser() as http,
            talking(house.address, spoken) as pair,
        ):
            await _try(house, written, http, pair, rng, lasting, outcome)
            outcome.faults += house.complaints()
    return outcome


async def _try(house: House, call: Call, http: aiohttp.ClientSession, pair: Pair,
               rng: random.Random, lasting: float, outcome: Outcome) -> None:  # fmt: skip
    tabs = [Tab(http, house.address, cookie, call.consultation, rng)
            for cookie in (call.clinician, call.nurse)]  # fmt: skip
    running = [asyncio.ensure_future(tab.run()) for tab in tabs]
    for tab in tabs:
        await tab.enter()
    writer, stills = Writer(tabs[0], "doctor", rng), Stills(tabs[1], rng)
    working = [asyncio.ensure_future(each) for each in (writer.write(), stills.send())]
    await asyncio.sleep(3)
    began = time.monotonic()
    if isinstance(house, Disk):
        absence = filled(house, 0.0 if outcome.kind == "full" else 0.03)
    else:
        absence = broken(house, outcome.kind)
    async with absence:
        await asyncio.sleep(1)
        mark = (len(writer.said), time.monotonic())
        await _meanwhile(house, call, http, lasting, outcome)
        outcome.faults += _refusals(outcome, writer, stills, mark)
    back = time.monotonic()
    outcome.page = await since(back, lambda: shown(http, house, call))
    outcome.message = await since(back, lambda: _kept(writer, back))
    for heard in await pair.heard(began, time.monotonic()):
        outcome.silence = max(outcome.silence, heard.silence)
        if heard.stage != "in" or heard.offers != 1:
            outcome.faults.append(f"the call was touched: {heard}")
    await asyncio.sleep(3)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    await asyncio.sleep(1)
    outcome.refused = {"stills": stills.refused}
    outcome.faults += await _on_disk(house, call, writer, stills, tabs)
    for tab in tabs:
        await tab.close()
    await asyncio.gather(*running, return_exceptions=True)


async def _meanwhile(house: House, call: Call, http: aiohttp.ClientSession, lasting: float,
                     outcome: Outcome) -> None:  # fmt: skip
    """Pages, readiness and numbers say what is wrong."""
    end = time.monotonic() + lasting
    said = set()
    while time.monotonic() < end:
        headers = {"Cookie": call.clinician, "Accept-Language": "fr"}
        async with http.get(f"{house.address}/", headers=headers) as answer:
            text = await answer.text()
            said.add((answer.status, "Rien n’a été enregistré" in text
                      or "rien n’a été enregistré" in text))  # fmt: skip
        async with http.get(f"{house.address}/readyz") as answer:
            parts = (await answer.json())["parts"]
        if isinstance(house, Disk) and parts["disk"]:
            outcome.faults.append("/readyz says there is room")
        async with http.get(f"{house.address}/metrics") as answer:
            numbers = await answer.text()
        if 'carbet_disk_share{what="free"}' not in numbers:
            outcome.faults.append("/metrics says nothing of the disk")
        await asyncio.sleep(0.5)
    # With the reserve left pages go on; without it their audit row cannot be written.
    fine, away = (200, False), (503, True)
    expected = {fine, away} if outcome.kind == "reserve" else {(507, True), away}
    if not said <= expected or (fine in said) is not (outcome.kind == "reserve"):
        outcome.faults.append(f"pages answered {said}")


def _refusals(
    outcome: Outcome, writer: Writer, stills: Stills, mark: tuple[int, float]
) -> list[str]:
    """Whether anything was accepted that could not be kept, or refused although it could."""
    messages = [said for said in writer.said[mark[0] :] if said.number is not None]
    found = []
    if outcome.kind == "reserve" and not messages:
        found.append("the reserve serves no message")
    if outcome.kind != "reserve" and messages:
        found.append(f"{len(messages)} messages acknowledged on a full disk")
    # One that was begun before may go on to its end.
    late = [still for still in stills.kept if stills.begun[still] > mark[1]]
    if late:
        found.append(f"{len(late)} stills accepted on a full disk")
    if not stills.refused:
        found.append("no still was refused")
    return found


async def _on_disk(house: House, call: Call, writer: Writer, stills: Stills, tabs: list[Tab]
                   ) -> list[str]:  # fmt: skip
    """What is on the disk now, seen from a copy: nothing torn, nothing lost, nothing twice."""
    data = house.inside if isinstance(house, Disk) else house.data
    with tempfile.TemporaryDirectory(prefix="carbet-copy-") as name:
        copy = Path(name) / "data"
        await asyncio.to_thread(shutil.copytree, data, copy, ignore=_sockets)
        path = copy / "carbet.sqlite"
        with sqlite3.connect(path) as connection:
            (whole,) = connection.execute("PRAGMA integrity_check").fetchone()
        found = [] if whole == "ok" else [f"the database is torn: {whole}"]
        history = await History(f"sqlite+aiosqlite:///{path}", copy).read()
        found += history.faults(call.consultation, writer.said, tabs)
        album = Album(copy / "stills", Secret.load(copy))
        for identifier, data_ in stills.kept.items():
            if album.read(call.consultation, identifier, 0)[:2] != data_[:2]:
                found.append(f"still {identifier} is not as it was sent")
        torn = [each.name for each in copy.rglob(".*") if each.is_file()]
    return found + [f"a draft is left: {each}" for each in torn]


def _sockets(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "filler"]


async def _kept(writer: Writer, back: float) -> bool:
    await asyncio.sleep(0.02)
    return any(at >= back and answer["ok"] for said in writer.said for at, answer in said.answers)


async def tries(seed: int, n: int, lasting: float = FULL_FOR) -> list[Outcome]:
    """`n` tries of each kind, one after the other."""
    return [await one(kind, seed + i, lasting) for i in range(n) for kind in KINDS]


if __name__ == "__main__":
    kind, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else FULL_FOR
    print(asyncio.run(one(kind, 1, seconds)))
