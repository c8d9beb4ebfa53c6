"""What a consultation takes of memory, and whether calls that are over leave any behind."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.processor import memory
from tests.bench.systems import SYSTEMS
from tests.bench.window import Loading
from tests.lab.figures import Row, load_now

CALLS = 40  # that stand while they are weighed
TALKING = 8.0  # s: what is kept for repairs is then full
BEFORE, COMING = 200, 1_000  # calls that come and go before the first weighing, and between both
SETTLED = 3.0  # s
MEGA = 1e6


async def weighed(
    system: str, standing: int, before: int, coming: int, tell: Callable[[str], object]
) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        async with SYSTEMS[system](Path(folder)) as running:
            pid = running.pids[0]
            empty = memory(pid)
            async with Loading(running, system, 1, 2 * standing) as load:
                await load.activate(load.people)
                await asyncio.sleep(TALKING)
                full = memory(pid)
                count = load.people // 2
            tell(f"{system}: {empty / MEGA:.1f} MB empty, {full / MEGA:.1f} with {count} calls")
            async with Loading(running, system, 1, 2, 1) as load:
                await load.order(f"churn {before}")
                await asyncio.sleep(SETTLED)
                first = memory(pid)
                await load.order(f"churn {coming}")
                await asyncio.sleep(SETTLED)
                last = memory(pid)
            tell(f"{system}: {first / MEGA:.1f} MB after {before} calls, {last / MEGA:.1f} after "
                 f"{coming} more")  # fmt: skip
    figures = {
        "empty": empty, "a consultation of two": (full - empty) / count,
        f"after {before} calls": first, f"after {coming} more": last,
        f"left behind by each of {coming}": (last - first) / coming,
    }  # fmt: skip
    return [
        Row(figure, system, "memory", value / (1e3 if "each" in figure else MEGA),
            "kB" if "each" in figure else "MB", 1, load_now())
        for figure, value in figures.items()
    ]  # fmt: skip
