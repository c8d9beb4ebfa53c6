"""Firefox and Chromium in one room."""

import asyncio
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.media.call_server import CallServer
from tests.media.test_chromium import enter, seen, stats, until
from tests.peers import browsers


async def test_firefox_and_chromium_see_and_hear_each_other(
    tmp_path: Path, chromium: Browser
) -> None:
    server = CallServer(tmp_path, hosts=(browsers.host_address(),))
    await server.start()
    await server.ready()
    async with async_playwright() as play:
        firefox = await browsers.firefox(play)
        fox = await enter(firefox, server, "fox")
        chrome = await enter(chromium, server, "chrome")
        other = await enter(chromium, server, "other")
        for page in (fox, chrome, other):
            await until(page, seen("v0 v1"))
        before = (await stats(fox))["in"]
        await asyncio.sleep(1)
        after = (await stats(fox))["in"]
        for mid in ("a0", "a1"):
            assert after[mid]["packetsReceived"] >= before[mid]["packetsReceived"] + 10
            assert after[mid]["packetsLost"] == 0
        await firefox.close()
    await server.stop()
