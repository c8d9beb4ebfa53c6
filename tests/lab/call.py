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
from tests.lab.seats import seats, trusting
from tests.lab.sight import Sight
from tests.lab.stall import Stalls
from tests.lab.star import Journal, Star
from tests.lab.systems import System, certificate

MEMORY = Path("/dev/shm")  # cameras rewrite their picture a hundred times a second


@dataclass(frozen=True)
class Call:
    """All that was seen of one call. ``clicked``, ``asked`` (for a still): seconds of the link's
    time."""

    profile: Profile
    system: str
    clicked: float
    sights: Mapping[str, Sight]
    journal: Journal
    stalled: float  # percent
    trouble: str  # why it did not begin, if so
    asked: float | None = None


async def _hold(star: Star, profile: Profile, name: str, folder: Path, traces: Path | None) -> Call:
    known = trusting(certificate(folder).cert)
    async with async_playwright() as play, seats(play, star, folder, known) as people:
        holding = system(name, star, profile, folder, traces)
        try:
            await holding.ready(people)
            with Stalls() as stalls:
                begun = star.impose()
                async with _download(star, profile):
                    clicked = time.monotonic()
                    trouble, asked = await _through(holding, people, begun, profile)
                ended = time.monotonic()
            sights = {seat.name: await seat.sight(begun) for seat in people.values()}
            journal = star.journal()
            star.lift()
        finally:
            await holding.end()
    stalled = stalls.percent(begun, ended)
    return Call(profile, name, clicked - begun, sights, journal, stalled, trouble, asked)


async def _through(
    holding: System, people: Mapping[str, Any], begun: float, profile: Profile
) -> tuple[str, float | None]:
    """Begin, and stay until the end; returns why it could not begin, if so, and when a still was
    asked for. That a system never begins on a thin link is a figure, not the end of measuring."""
    beginning = asyncio.create_task(holding.begin(people))
    asking = asyncio.create_task(_ask(holding, people, begun, profile.still))
    await asyncio.sleep(begun + profile.seconds - time.monotonic())
    for task in (beginning, asking):
        task.cancel()  # nothing to one that is done
    await asyncio.wait([beginning, asking])
    asked = None if asking.cancelled() or asking.exception() else asking.result()
    if beginning.cancelled():
        return "did not begin in time", asked
    failure = beginning.exception()
    return f"did not begin: {str(failure)[:200]!r}" if failure else "", asked


async def _ask(
    holding: System, people: Mapping[str, Any], begun: float, second: float | None
) -> float | None:
    """Ask for a sharp still at that second; returns when it was asked, if it could be."""
    if second is None:
        return None
    await asyncio.sleep(begun + second - time.monotonic())
    return time.monotonic() - begun if await holding.ask_still(people) else None


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


def hold(profile: Profile, name: str, seed: int = 1, traces: Path | None = None) -> Call:
    """Hold one call, from making the links to taking them away. Takes about the call's length and
    half a minute. ``traces``: a folder for what a system can record of its estimates. Raises
    NoNamespace where there can be no links."""
    for left in MEMORY.glob("carbet-lab-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():  # its owner was killed
            shutil.rmtree(left)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY, prefix=f"carbet-lab-{os.getpid()}-") as folder,
        Star(profile.links, seed) as star,
        star.within_hub(),
    ):
        return asyncio.run(_hold(star, profile, name, Path(folder), traces))
