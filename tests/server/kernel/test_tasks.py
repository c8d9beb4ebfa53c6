"""Background work is held, and its failures are seen."""

import asyncio
import gc
import logging

import pytest

from server.kernel import tasks
from server.kernel.metrics import METRICS


def _failures(name: str) -> float:
    return METRICS.registry.get_sample_value("carbet_task_failures_total", {"task": name}) or 0


async def test_a_task_is_kept_although_nobody_holds_it() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.set()

    tasks.spawn(work(), "kept")
    gc.collect()
    assert "kept" in tasks.running()
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0)
    assert "kept" not in tasks.running()


async def test_a_failure_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    before = _failures("fails")
    task = tasks.spawn(fails(), "fails")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert _failures("fails") == before + 1
    assert any(record.levelno == logging.ERROR for record in caplog.records)


async def test_a_periodic_task_survives_its_failures() -> None:
    times = 0

    async def act() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise ZeroDivisionError

    before = _failures("again")
    task = tasks.every(0.001, act, "again")
    async with asyncio.timeout(5):
        while times < 3:
            await asyncio.sleep(0.001)
    await tasks.stop(task)
    assert task.cancelled() and _failures("again") == before + 1
