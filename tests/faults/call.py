"""A call that faults fall into: a server, two people who hear and see each other, and a try.

One call serves many tries, one after the other, until one of them is not survived.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from playwright.async_api import async_playwright

from tests.e2e import journey
from tests.e2e.test_journey import CLAIRE, MIREILLE, meet
from tests.faults import history, recovery
from tests.faults.catalogue import Fault, Scene
from tests.faults.people import Sitter, all_heard_and_seen
from tests.faults.places import SERVER, Places
from tests.lab.seats import trusting
from tests.lab.systems import HubCarbet, certificate
from tests.peers.measure import until
from tests.peers.talking_head import CLINICIAN, GUEST

NAMES = {CLINICIAN.name: CLAIRE, GUEST.name: MIREILLE}  # as the others read them
PATIENCE = 60.0  # seconds after which somebody is not back at all
SETTLED = 2.0  # seconds of undisturbed call before a fault may fall
SPREAD = 2.0  # seconds within which it falls, by the seed


@dataclass(frozen=True)
class Try:
    """One fault, once. ``seconds`` is what counts, infinite when somebody never was back."""

    fault: str
    seed: int
    victim: str
    seconds: float
    parts: dict[str, float]  # "guest hears", "clinician sees", "control"
    missed: dict[str, float]  # the longest pause of each, whenever it began
    asides: dict[str, float]
    complaints: list[str]
    words: dict[str, list[str]]  # what each person's banner said, in order


@dataclass
class Call:
    """Two people in a call; ``strike`` lets one fault fall."""

    carbet: HubCarbet
    people: dict[str, Sitter]
    consultation: str
    settled: float = SETTLED
    spread: float = SPREAD
    acknowledged: list[str] = field(default_factory=list)
    number: int = 0  # of the try, so that no text is written twice

    @property
    def database(self) -> Path:
        return self.carbet.folder / "data" / "demo" / "carbet.sqlite"

    async def strike(self, fault: Fault, seed: int) -> Try:
        """Raises nothing for a product that fails: that is a Try with its complaints."""
        self.number += 1
        random = Random(f"{fault.name} {seed}")
        victim = self.people[random.choice(sorted(self.people))]
        scene = Scene(self.carbet, self.people, victim, random)
        await self._steady()
        await self._write(f"{fault.name} {self.number}, avant")
        await self._delivered()
        await asyncio.sleep(random.uniform(0, self.spread))
        self.acknowledged += await victim.acknowledged()
        struck = time.time()
        counted = await fault.strike(scene)
        control = asyncio.ensure_future(self._control(scene, counted))
        parts, missed = await self._back(struck, counted, fault)
        parts["control"] = await control
        if scene.afterwards:
            await scene.afterwards()
        words = {one.name: await one.read(struck) for one in self.people.values()}
        found = await self._complaints(scene, struck, counted, fault)
        return Try(
            fault.name, seed, victim.name, self._seconds(fault, parts), parts, missed,
            scene.asides, found, words,
        )  # fmt: skip

    @staticmethod
    def _seconds(fault: Fault, parts: dict[str, float]) -> float:
        control = parts["control"]
        return control if fault.control else max(v for k, v in parts.items() if k != "control")

    async def _steady(self) -> None:
        """Until nothing was missed for ``settled`` seconds."""
        since = time.time()

        async def missed() -> bool:
            nonlocal since
            now = time.time()
            for one in self.people.values():
                signs = await one.signs(since)
                for medium in (signs.sounds, signs.pictures):
                    found = recovery.pauses(medium, since, now)
                    since = max([since, *(end for _, end in found)])
            return now - since < self.settled

        await until("a steady call", missed, lambda missed: not missed, 2 * PATIENCE)

    async def _back(
        self, struck: float, counted: float, fault: Fault
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Seconds until each direction of each medium was back, and what was missed of it."""
        while True:
            now = time.time()
            signs = {name: await one.signs(struck - 5) for name, one in self.people.items()}
            parts = recovery.each(signs, struck, counted, now)
            if max(parts.values()) < math.inf or now - counted > PATIENCE:
                break
            await asyncio.sleep(0.3)
        missed = {
            f"{name} {verb}": recovery.longest(medium, struck, now)
            for name, one in signs.items()
            for verb, medium in (("hears", one.sounds), ("sees", one.pictures))
        }
        return parts, missed

    async def _write(self, text: str) -> None:
        for one in self.people.values():
            await one.write(f"{text}, {one.name}")

    async def _control(self, scene: Scene, counted: float) -> float:
        """Seconds until something the victim writes is acknowledged; what the other writes at the
        same time is part of the history."""
        try:
            await journey.in_call(scene.victim.page)
            await self._write(f"{self.number}, après")
            await self._delivered()
        except AssertionError:
            return math.inf
        return max(0.0, time.time() - counted)

    async def _delivered(self) -> None:
        """Until nothing anybody wrote on their present page is on its way."""

        async def waiting() -> list[str]:
            return [text for one in self.people.values() for text in await one.waiting()]

        await until("everything delivered", waiting, lambda texts: not texts)

    async def _complaints(
        self, scene: Scene, struck: float, counted: float, fault: Fault
    ) -> list[str]:
        logs = {}
        for one in self.people.values():
            logs[one.name] = await one.acknowledged()
            self.acknowledged += logs[one.name]
        stored = await asyncio.to_thread(history.read, self.database, self.consultation)
        found = history.complaints(stored, sorted(set(self.acknowledged)), logs)
        if fault.cut:
            name = NAMES[scene.victim.name]
            found += history.cut_written(stored, name, struck, counted)
        return found


@asynccontextmanager
async def held(places: Places, folder: Path) -> AsyncIterator[Call]:
    """A call from nothing. To be entered within the server's namespace."""
    switches = [trusting(certificate(folder).cert)]
    carbet = HubCarbet(folder, SERVER, None)
    carbet.address = carbet.public
    async with async_playwright() as play:
        people = {
            face.name: Sitter(play, places[face.name], face, folder, switches)
            for face in (CLINICIAN, GUEST)
        }
        try:
            await carbet.start()
            for one in people.values():
                await one.sit()
            address = await meet(carbet, people["clinician"].page, people["guest"].page)
            await all_heard_and_seen(list(people.values()))
            yield Call(carbet, people, address.rstrip("/").rsplit("/", 1)[1])
        finally:
            for one in people.values():
                await one.leave()
            await carbet.end()


def folder() -> tempfile.TemporaryDirectory[str]:
    """Where one call keeps everything."""
    return tempfile.TemporaryDirectory(prefix="carbet-faults-")
