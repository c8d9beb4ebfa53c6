"""Background work, kept referenced and seen when it fails.

The only place which may call `asyncio.create_task`: the event loop keeps weak references, and a
task nobody holds can vanish in the middle, silently.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from server.kernel.metrics import METRICS

log = logging.getLogger("carbet.tasks")
_running: set[asyncio.Task[Any]] = set()


def spawn(coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    """Runs a coroutine beside the caller. Its failure is logged and counted, not raised."""
    task = asyncio.create_task(coroutine, name=name)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        METRICS.task_failures.labels(task.get_name()).inc()
        log.error("task failed", exc_info=error, extra={"task": task.get_name()})


def every(seconds: float, act: Callable[[], Awaitable[Any]], name: str) -> asyncio.Task[Any]:
    """Does `act` again and again, `seconds` after it last ended; a failure does not stop it."""
    return spawn(_repeat(seconds, act, name), name)


async def _repeat(seconds: float, act: Callable[[], Awaitable[Any]], name: str) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await act()
        except Exception:
            METRICS.task_failures.labels(name).inc()
            log.exception("periodic task failed", extra={"task": name})


async def stop(*tasks: asyncio.Task[Any]) -> None:
    """Cancels tasks and waits until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def running() -> tuple[str, ...]:
    """The names of what runs now."""
    return tuple(sorted(task.get_name() for task in _running))
