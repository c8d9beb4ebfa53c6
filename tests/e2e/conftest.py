"""One real server, two Chromiums and a Firefox for all end-to-end tests, on one event loop.

The shared server keeps its data from test to test: each test plans its own consultation. A test
that stops or kills asks for ``own_carbet``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright, async_playwright

from tests.e2e.process import Carbet
from tests.peers import browsers
from tests.peers.talking_head import CLINICIAN, SITE, Person, device_files

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the server said."""
    report = yield
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Carbet):
                report.sections.append(("Carbet's log", value.last_words()))
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def play() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(play: Playwright) -> AsyncIterator[Browser]:
    """Chromium whose fake camera and microphone play the clinician's files."""
    browser = await browsers.chromium(play, device_files(CLINICIAN, browsers.PARTS))
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def second_chromium(play: Playwright) -> AsyncIterator[Browser]:
    """Another Chromium, with the site's files: devices belong to the whole browser."""
    browser = await browsers.chromium(play, device_files(SITE, browsers.PARTS))
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def firefox(play: Playwright) -> AsyncIterator[Browser]:
    browsers.host_address()
    browser = await browsers.firefox(play)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def carbet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carbet]:
    """The shared server, ready."""
    running = Carbet(tmp_path_factory.mktemp("carbet"))
    try:
        await running.start()
        yield running
    finally:
        await running.end()


@pytest_asyncio.fixture(loop_scope="session")
async def own_carbet(tmp_path: Path) -> AsyncIterator[Carbet]:
    """A server of the test's own, to be stopped and killed."""
    running = Carbet(tmp_path)
    try:
        await running.start()
        yield running
    finally:
        await running.end()


class People:
    """Pages of different persons, each with cookies and storage of their own."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.pages: list[Page] = []

    async def sit(self, browser: Browser, camera: Person | None = None, **how: Any) -> Page:
        """A fresh person at this browser; ``how``: see ``browsers.person_at``."""
        page = await self._stack.enter_async_context(
            browsers.person_at(browser, camera=camera, **how)
        )
        self.pages.append(page)
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def people(request: pytest.FixtureRequest) -> AsyncIterator[People]:
    """Gives pages; after a failure, a picture of each is left in build/failures."""
    async with AsyncExitStack() as stack:
        seated = People(stack)
        failed = request.session.testsfailed
        yield seated
        if request.session.testsfailed > failed:
            await _photograph(seated, request.node.name)


async def _photograph(seated: People, name: str) -> None:
    folder = Path("build/failures")
    folder.mkdir(parents=True, exist_ok=True)
    for index, page in enumerate(seated.pages):
        if not page.is_closed():
            await page.screenshot(path=folder / f"{name}-{index}.png", full_page=True)
