"""One measured call: people at their places, a system, links imposed, and all that was seen.

``python -m tests.lab`` runs several and reads them; here is one, raw.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.lab import namespaces
from tests.lab.compared import system
from tests.lab.profiles import SETTLED, Profile
from tests.lab.seats import Sight, seats, trusting
from tests.lab.stall import Stalls
from tests.lab.star import Journal, Star
from tests.lab.systems import System, certificate

MEMORY = Path("/dev/shm")  # cameras rewrite their picture a hundred times a second


@dataclass(frozen=True)
class Call:
    """All that was seen of one call. ``clicked``: seconds of the link's time."""

    profile: Profile
    system: str
    clicked: float
    sights: Mapping[str, Sight]
    journal: Journal
    stalled: float  # percent
    trouble: str  # why it did not begin, if so


async def _hold(star: Star, profile: Profile, name: str, folder: Path) -> Call:
    known = trusting(certificate(folder).cert)
    async with async_playwright() as play, seats(play, star, folder, known) as people:
        holding = system(name, star, profile, folder)
        try:
            await holding.ready(people)
            with Stalls() as stalls:
                begun = star.impose()
                async with _download(star, profile):
                    clicked = time.monotonic()
                    trouble = await _through(holding, people, begun + profile.seconds)
                ended = time.monotonic()
            sights = {seat.name: await seat.sight(begun) for seat in people.values()}
            journal = star.journal()
            star.lift()
        finally:
            await holding.end()
    stalled = stalls.percent(begun, ended)
    return Call(profile, name, clicked - begun, sights, journal, stalled, trouble)


async def _through(holding: System, people: Mapping[str, Any], end: float) -> str:
    """Begin, and stay until the end; returns why it could not begin, if so. That a system never
    begins on a thin link is a figure, not the end of the measuring."""
    beginning = asyncio.create_task(holding.begin(people))
    await asyncio.sleep(end - time.monotonic())
    if not beginning.done():
        beginning.cancel()
        await asyncio.wait([beginning])
        return "did not begin in time"
    failure = beginning.exception()
    return f"did not begin: {str(failure)[:200]!r}" if failure else ""


@asynccontextmanager
async def _download(star: Star, profile: Profile) -> AsyncIterator[None]:
    """Somebody at the site fetches a large file by TCP, from the settled part of the call on."""
    if not profile.download:
        yield
        return
    lasting = str(int(profile.seconds - SETTLED))
    words = ["iperf3", "-c", star.address, "-R", "-t", lasting]
    fetch = namespaces.within(star.sites["site"], *words)
    server = await _start("iperf3", "-s", "-1", "-B", star.address)
    client = await _start("sh", "-c", f"sleep {SETTLED}; exec {' '.join(fetch)}")
    try:
        yield
    finally:
        for process in (client, server):
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _start(*words: str) -> asyncio.subprocess.Process:
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*words, stdout=quiet, stderr=quiet)


def hold(profile: Profile, name: str, seed: int = 1) -> Call:
    """Hold one call, from making the links to taking them away. Takes about the call's length and
    half a minute. Raises NoNamespace where there can be no links."""
    for left in MEMORY.glob("carbet-lab-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():  # its owner was killed
            shutil.rmtree(left)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY, prefix=f"carbet-lab-{os.getpid()}-") as folder,
        Star(profile.links, seed) as star,
        star.within_hub(),
    ):
        return asyncio.run(_hold(star, profile, name, Path(folder)))
