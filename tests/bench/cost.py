"""Processor time for each forwarded packet: the systems side by side, estimation on and off."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.systems import SYSTEMS
from tests.bench.window import Loading, Window, people
from tests.lab.figures import Row, load_now, number, table

PACKETS = 10_000.0  # a second into the system
STARTS = {
    ("aiortc", 1): 4_000.0,
    ("aiortc", 3): 1_500.0,
    ("plain", 3): 5_000.0,
}  # what it may bear; else PACKETS
SETTLING = 8.0  # s
TRYING = 3.0  # s
FULL = 0.9  # of the core of a system of one thread
BORNE = 0.99  # of the sound
LESS = 0.75
NAMES = {"unestimated": "carbet, estimation off", "plain": "carbet, not compiled"}
ONE_THREAD = ("carbet", "unestimated", "plain", "aiortc")


@dataclass(frozen=True)
class Case:
    """One system under one load; ``seconds``: of the window."""

    system: str
    fan_out: int
    seconds: float
    packets: float = PACKETS

    @property
    def name(self) -> str:
        return NAMES.get(self.system, self.system)


def bears(window: Window, case: Case) -> bool:
    """Whether the system keeps up: its sound comes out whole, and it has breath left."""
    whole = window.sounds >= BORNE * window.sounds_sent * case.fan_out
    return whole and (case.system not in ONE_THREAD or window.core < FULL)


async def measured(case: Case) -> Window:
    """At the packets asked for, or the most it bears. Who does not send is not there: idle people
    cost something too."""
    packets = min(case.packets, STARTS.get((case.system, case.fan_out), case.packets))
    while True:
        window = await _once(case, packets)
        if window is not None:
            return window
        packets *= LESS


async def _once(case: Case, packets: float) -> Window | None:
    """None where it does not bear so much, unless there is no less."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            SYSTEMS[case.system](Path(folder)) as running,
            Loading(running, case.system, case.fan_out, people(packets)) as load,
        ):
            await load.activate(load.people)
            await asyncio.sleep(SETTLING)
            least = load.people <= case.fan_out + 1
            if not least and not bears(await load.window(TRYING), case):
                return None
            return await load.window(case.seconds)


def _middle(windows: Sequence[Window], value: Callable[[Window], float]) -> float:
    return median(value(window) for window in windows)


FIGURES: dict[str, tuple[str, Callable[[Window], float]]] = {
    "processor time for a forwarded packet": ("µs", lambda w: w.each * 1e6),
    "of it in the kernel": ("µs", lambda w: w.spent.system / max(1, w.received) * 1e6),
    "forwarded packets for a core": ("1/s", lambda w: 1 / w.each if w.received else 0.0),
    "packets in": ("1/s", lambda w: w.sent / w.seconds),
    "packets forwarded": ("1/s", lambda w: w.received / w.seconds),
    "core taken": ("", lambda w: w.core),
    "load's busiest process": ("of a core", lambda w: w.generator),
}
EACH, _, CORE, *_ = FIGURES


def rows(case: Case, windows: Sequence[Window]) -> Iterator[Row]:
    for figure, (unit, value) in FIGURES.items():
        yield Row(figure, case.name, f"fan-out {case.fan_out}", _middle(windows, value), unit,
                  len(windows), load_now())  # fmt: skip


async def cost(
    systems: Sequence[str], fan_outs: Sequence[int], runs: int, seconds: float,
    packets: float, tell: Callable[[str], object],
) -> list[Row]:  # fmt: skip
    """Every system once, then all again: what the machine does meanwhile falls on each alike."""
    cases = [Case(system, fan_out, seconds, packets) for fan_out in fan_outs for system in systems]
    windows: dict[Case, list[Window]] = {case: [] for case in cases}
    for run in range(runs):
        for case in cases:
            window = await measured(case)
            windows[case].append(window)
            tell(f"{run + 1}/{runs} {case.name}, fan-out {case.fan_out}: "
                 f"{window.each * 1e6:.1f} µs, {window.sent / window.seconds:.0f}/s in, "
                 f"{window.received / window.seconds:.0f}/s forwarded, "
                 f"core {window.core:.2f}, {load_now()}")  # fmt: skip
    return [row for case in cases for row in rows(case, windows[case])]


def shown(found: Sequence[Row]) -> str:
    """A line for each system and fan-out, with the ratio to Carbet's."""
    values = {(row.system, row.profile, row.figure): row.value for row in found}
    lines = []
    for system, profile in dict.fromkeys((row.system, row.profile) for row in found):
        own, each = values.get(("carbet", profile, EACH)), values[system, profile, EACH]
        ratio = each / own if own and each else None
        line = [number(values[system, profile, figure]) for figure in FIGURES]
        lines.append((profile, system, *line, number(ratio)))
    units = [f"{figure} {unit}".strip() for figure, (unit, _) in FIGURES.items()]
    return table(("", "system", *units, "times Carbet's"), lines)
