"""A link that falls step by step, in pictures: what both people read and see meanwhile.

    python -m tests.lab.pictures [FOLDER]

The nurse holds a telephone, the specialist sits at a desk. Every picture goes to the folder
(``build/step-down``), named by its second and the link; one sheet of them, ``sheet.webp``, is to
be looked at by a person. It measures nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

from tests.lab.call import MEMORY
from tests.lab.profiles import Profile, written
from tests.lab.seats import SPECIALIST, Seat, seats, trusting
from tests.lab.star import Star
from tests.lab.systems import ByCarbet, certificate

# [second, kbit/s]: a good link, then each step what the next rung is for, then all of it again.
STEPS = ((0, 2000), (20, 300), (40, 100), (60, 48), (80, 14), (100, 2000))
SHOT_AFTER = 16.0  # seconds after each step: what it has come to
SIZES = {"site": (360, 740), SPECIALIST: (1440, 900)}
HEIGHT = 420  # of a picture on the sheet
GAP = 16
COLUMNS = 3


def falling() -> Profile:
    """The link, each way, with a satellite's delay halved so that two minutes show all of it."""
    rate = str([list(step) for step in STEPS])
    return written(f"up = {rate}, down = {rate}, delay = 150, queue_bytes = 12000, seconds = 120")


async def _shoot(people: dict[str, Seat], folder: Path, begun: float) -> None:
    for second, rate in STEPS:
        await asyncio.sleep(begun + second + SHOT_AFTER - time.monotonic())
        for name, seat in people.items():
            path = _path(folder, second, rate, name)
            await seat.page.screenshot(path=path, animations="allow")


async def _hold(star: Star, data: Path, folder: Path) -> None:
    known = trusting(certificate(data).cert)
    async with async_playwright() as play, seats(play, star, data, known) as people:
        for name, (width, height) in SIZES.items():
            await people[name].page.set_viewport_size({"width": width, "height": height})
        call = ByCarbet(star, data)
        try:
            await call.ready(people)
            begun = star.impose()
            await call.begin(people)
            await _shoot(people, folder, begun)
        finally:
            await call.end()


def sheet(folder: Path) -> Path:
    """Each step's two pages side by side, three steps in a row; returns its path."""
    pairs = [_pair(folder, second, rate) for second, rate in STEPS]
    width, height = pairs[0].width + GAP, pairs[0].height + GAP
    rows = -(-len(pairs) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * width - GAP, rows * height - GAP), "white")
    for number, pair in enumerate(pairs):
        whole.paste(pair, (number % COLUMNS * width, number // COLUMNS * height))
    path = folder / "sheet.webp"
    whole.save(path, quality=60, method=6)
    return path


def _pair(folder: Path, second: float, rate: int) -> Image.Image:
    desk, telephone = (_scaled(_path(folder, second, rate, name)) for name in (SPECIALIST, "site"))
    both = Image.new("RGB", (desk.width + telephone.width + GAP // 2, HEIGHT), "white")
    both.paste(desk, (0, 0))
    both.paste(telephone, (desk.width + GAP // 2, 0))
    return both


def _path(folder: Path, second: float, rate: int, name: str) -> Path:
    return folder / f"{second + SHOT_AFTER:03.0f}s-{rate}-{name}.png"


def _scaled(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize((round(image.width * HEIGHT / image.height), HEIGHT))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with (
        tempfile.TemporaryDirectory(dir=MEMORY, prefix=f"carbet-lab-{os.getpid()}-") as data,
        Star(falling().links) as star,
        star.within_hub(),
    ):
        asyncio.run(_hold(star, Path(data), folder))
    print(sheet(folder))


if __name__ == "__main__":
    main(Path((sys.argv[1:] or ["build/step-down"])[0]))
