"""A browser and the gallery, for the tests that look at pages."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web
from playwright.sync_api import Browser, sync_playwright

from tests.web.gallery import application

CHROMIUM = "/usr/bin/chromium"


class Gallery:
    """The gallery on a thread of its own; `posted` keeps what pages sent to `/join`."""

    def __init__(self) -> None:
        self.posted: list[dict[str, str]] = []
        self.answers: list[web.Response] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def url(self, path: str) -> str:
        return f"http://localhost:{self.port}{path}"

    async def _join(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        token = request.headers.get("X-CSRF-Token", "")
        self.posted.append({"csrf": token, **{k: str(v) for k, v in form.items()}})
        return self.answers.pop(0)

    async def _start(self) -> None:
        app = application()
        app.router.add_post("/join", self._join)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self._ready.set()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    def __enter__(self) -> "Gallery":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    with Gallery() as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
