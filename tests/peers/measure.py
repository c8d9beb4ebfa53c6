"""Asks ``measure.js`` in a page what it received, and waits for conditions. It judges nothing."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Page

from tests.peers.testimony import Testimony, read

T = TypeVar("T")

SCRIPT = Path(__file__).with_name("measure.js")
PATIENCE = 60.0  # seconds; how long a condition may take before a test says it never came
LISTENING = 7.0  # seconds of recording: three events at least, one each two seconds


class NeverCame(AssertionError):
    """The condition did not come true; the text holds what was seen last."""


async def until(
    what: str,
    look: Callable[[], Awaitable[T]],
    good: Callable[[T], bool] = bool,
    patience: float = PATIENCE,
) -> T:
    """Look again and again until it is good. Raises NeverCame after ``patience`` seconds."""
    end = time.monotonic() + patience
    while True:
        last = await look()
        if good(last):
            return last
        if time.monotonic() > end:
            raise NeverCame(f"{what}: not after {patience:.0f} s; last seen: {last!r}")
        await asyncio.sleep(0.1)


async def install(context: BrowserContext) -> None:
    """Put the measuring script into every page of the context, before the page's own scripts."""
    await context.add_init_script(f"({SCRIPT.read_text()})()")


async def testimony(page: Page, picture: str, sound: str, seconds: float = LISTENING) -> Testimony:
    """Record the m-lines with these mids (received, or else sent) and read the recording."""
    name = f"{picture}+{sound}"
    started = await page.evaluate("(a) => window.__measure.record(...a)", [name, picture, sound])
    assert started, f"no tracks at {name}"
    await asyncio.sleep(seconds)
    recording = base64.b64decode(await page.evaluate("(n) => window.__measure.collect(n)", name))
    return await asyncio.to_thread(read, recording)


async def received(page: Page) -> dict[str, dict[str, Any]]:
    """The browser's own ``inbound-rtp`` rows of the newest connection, by mid."""
    rows: list[dict[str, Any]] = await page.evaluate("() => window.__measure.stats()")
    return {str(row["mid"]): row for row in rows if row["type"] == "inbound-rtp" and "mid" in row}
