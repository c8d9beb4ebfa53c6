"""How late packets leave, how many consultations a core holds, and whether two cores hold twice.

The loads run beside on the other cores; where they could not keep their own pace (``late``), the
figure is of them and is not given.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from tests.bench.systems import SYSTEMS, Running, carbet
from tests.bench.window import Loading, Window
from tests.lab.figures import Row, load_now

SETTLING = 6.0  # s
LOST = 0.001  # of the sound
SHARES = (0.5, 0.8)  # of a core
GUESS = 60  # people whose cost tells how many make a share of a core
STEPS = 5  # of looking for the most
MOST = 1.6  # times what the cost at a guess foretells: idle time is shared, and less with more
Tell = Callable[[str], object]


def _cores(workers: int) -> tuple[set[int], list[int]]:
    """The workers' cores, and the loads'."""
    every = sorted(os.sched_getaffinity(0))
    return set(every[:workers]), every[workers:] or every


def _pin(running: Running, cores: set[int]) -> None:
    """Each process on a core of its own."""
    for pid, core in zip(running.pids, sorted(cores), strict=True):
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})


async def _at(load: Loading, people: int, seconds: float) -> Window:
    await load.activate(people)
    await asyncio.sleep(SETTLING)
    return await load.window(seconds)


async def _share(load: Loading, share: float, seconds: float) -> tuple[int, Window]:
    """So many people as take about that share of a core."""
    people = min(GUESS, load.people)
    window = await _at(load, people, seconds)
    for _ in range(2):
        people = max(2, min(load.people, round(people * share / max(0.01, window.core))))
        window = await _at(load, people, seconds)
    return people, window


async def delay(system: str, runs: int, seconds: float, most: int, tell: Tell) -> list[Row]:
    """Added to a packet's way, from the sender's call to the receiver's kernel."""
    found: dict[tuple[float, str], list[float]] = {}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            async with (
                SYSTEMS[system](Path(folder)) as running,
                Loading(running, system, 1, most, 3) as load,
            ):
                for share in SHARES:
                    people, window = await _share(load, share, seconds)
                    for name, part in (("p50", 0.5), ("p99", 0.99)):
                        found.setdefault((share, name), []).append(1000 * window.delay(part))
                    found.setdefault((share, "core"), []).append(window.core)
                    tell(f"{system} at {share} of a core ({window.core:.2f}), {people} people: "
                         f"{1000 * window.delay(0.5):.2f} ms, p99 "
                         f"{1000 * window.delay(0.99):.2f} ms, {load_now()}")  # fmt: skip
    return [
        Row("core taken" if name == "core" else f"forwarding delay {name}", system,
            f"{share:.0%} of a core", median(values), "" if name == "core" else "ms", runs,
            load_now())
        for (share, name), values in found.items()
    ]  # fmt: skip


def holds(window: Window) -> bool:
    """Whether less than a thousandth of the sound is missing at its receivers."""
    return window.sounds >= (1 - LOST) * window.sounds_sent


async def most_people(load: Loading, start: int, seconds: float, tell: Tell) -> tuple[int, Window]:
    """The most who can talk two by two; found by halving. 0 when not even the fewest can."""
    low, high, best = 0, load.people, None
    people = min(start, load.people)
    for _ in range(STEPS):
        window = await _at(load, people, seconds)
        if window.late:
            tell(f"the load was late {window.late} times at {people} people")
        good = holds(window) and not window.late
        tell(f"{people // 2} consultations: core {window.core:.2f}, sound missing "
             f"{1 - window.sounds / max(1, window.sounds_sent):.4%}, p99 "
             f"{1000 * window.delay(0.99):.1f} ms{'' if good else ', too many'}")  # fmt: skip
        if good:
            low, best = people, window
        else:
            high = people
        following = min(high, round(people * 1.3)) if high == load.people else (low + high) // 2
        if best is not None and following - low < 2:
            break
        people = max(2, following)
    if best is None:
        raise RuntimeError("nobody could talk")
    return low, best


async def calls(
    workers: Sequence[int], runs: int, seconds: float, most: int, tell: Tell
) -> list[Row]:
    """Consultations of two through one server, on so many workers with a core each."""
    found: dict[int, list[tuple[int, Window]]] = {count: [] for count in workers}
    for _ in range(runs):
        for count in workers:
            cores, others = _cores(count)
            with tempfile.TemporaryDirectory() as folder:
                async with carbet(Path(folder), count) as running:
                    _pin(running, cores)
                    async with Loading(running, "carbet", 1, most * count, 2, others) as load:
                        first = await _at(load, GUESS, seconds)
                        start = round(GUESS * count / max(0.01, first.core))
                        found[count].append(await most_people(load, start, seconds, tell))
    rows = []
    for count, each in found.items():
        profile = f"{count} worker{'s' * (count > 1)}"
        for figure, values in (
            ("consultations of two", [people / 2 for people, _ in each]),
            ("packets forwarded", [window.received / window.seconds for _, window in each]),
            ("cores taken", [window.core for _, window in each]),
        ):
            unit = "1/s" if "packets" in figure else ""
            rows.append(Row(figure, "carbet", profile, median(values), unit, runs, load_now()))
    return rows
