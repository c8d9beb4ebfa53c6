"""A person at their machine: a Chromium with a profile on disk, to be killed and opened anew.

The driver reaches browsers through their pipes, so that nothing of it crosses the ways that die.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Playwright

from tests.e2e import journey
from tests.faults.places import Place
from tests.faults.recovery import Signs
from tests.peers import measure
from tests.peers.browsers import CHROMIUM, CHROMIUM_SWITCHES, PARTS
from tests.peers.measure import until
from tests.peers.talking_head import Person, device_files

WITNESS = Path(__file__).with_name("witness.js")


@dataclass
class Sitter:
    """One person. ``page`` is the one they look at now."""

    play: Playwright
    place: Place
    face: Person
    folder: Path
    switches: Sequence[str]
    context: BrowserContext | None = None
    _page: Page | None = None
    written: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.face.name

    @property
    def page(self) -> Page:
        assert self._page, f"{self.name} has no page"
        return self._page

    @property
    def profile(self) -> Path:
        return self.folder / self.name

    async def sit(self) -> None:
        """Start the browser, with whatever it was left with."""
        devices = device_files(self.face.unmarked(), PARTS)
        files = [
            f"--use-file-for-fake-video-capture={devices.picture.resolve()}",
            f"--use-file-for-fake-audio-capture={devices.sound.resolve()}",
        ]
        self.context = await self.play.chromium.launch_persistent_context(
            self.profile,
            executable_path=self._program(),
            args=[*CHROMIUM_SWITCHES, *self.switches, *files, "--no-sandbox"],
            ignore_https_errors=True,
            locale="fr-FR",
            viewport={"width": 1280, "height": 800},
        )
        await measure.install(self.context)
        await self.context.add_init_script(f"({WITNESS.read_text()})()")
        self._page = self.context.pages[0]

    def _program(self) -> Path:
        """Chromium within the namespace, as one program: the pipes pass through ``ip``."""
        path = self.folder / f"chromium-{self.name}"
        path.write_text(f'#!/bin/sh\nexec ip netns exec {self.place.namespace} {CHROMIUM} "$@"\n')
        path.chmod(0o700)
        return path

    async def kill(self) -> None:
        """``kill -9`` of the browser; its children end because it did."""
        assert self.context
        os.kill(self._process(), signal.SIGKILL)
        await until(f"{self.name}'s browser gone", self._gone)
        self.context = self._page = None

    def _process(self) -> int:
        """The browser's own process: the one with our profile and of no type."""
        profile = f"--user-data-dir={self.profile}".encode()
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            ours = profile in words and words[0].endswith(b"chromium")
            if ours and not any(word.startswith(b"--type=") for word in words):
                return int(folder.name)
        raise ProcessLookupError(f"{self.name} has no browser")

    async def _gone(self) -> bool:
        try:
            self._process()
        except ProcessLookupError:
            return True
        return False

    async def new_tab(self) -> Page:
        """A second tab, at the same address; returns the first."""
        assert self.context
        first, address = self.page, self.page.url
        self._page = await self.context.new_page()
        await self.page.goto(address, wait_until="commit")
        return first

    async def leave(self) -> None:
        """Close the browser, if there is one."""
        if self.context:
            await self.context.close()
        self.context = self._page = None

    # What they notice

    async def told(self, since: float) -> dict[str, Any]:
        """What the page's witness saw since that instant of ``time.time``; nothing while there is
        no page to ask."""
        nothing: dict[str, Any] = {"sounds": [], "pictures": [], "words": [], "loaded": 0.0}
        try:
            asked = "(since) => window.__witness?.told(since)"
            return await self.page.evaluate(asked, since * 1000) or nothing
        except Error:  # between two documents
            return nothing

    async def signs(self, since: float) -> Signs:
        told = await self.told(since)
        return Signs(
            tuple(at / 1000 for at in told["sounds"]), tuple(at / 1000 for at in told["pictures"])
        )

    async def read(self, since: float) -> list[str]:
        """What the banner said, in order."""
        return [one["text"] for one in (await self.told(since))["words"]]

    # What they write

    async def write(self, text: str) -> None:
        self.written.append(text)
        await journey.write(self.page, text)

    async def acknowledged(self) -> list[str]:
        """The texts of one's page that are no longer on their way, in their order."""
        return [text for text, waits in await self._log() if not waits]

    async def waiting(self) -> list[str]:
        """Those which are."""
        return [text for text, waits in await self._log() if waits]

    async def _log(self) -> list[tuple[str, bool]]:
        log = self.page.get_by_role("log", name="Messages écrits")
        if not await log.is_visible():
            await journey.messages(self.page)
        rows: list[tuple[str, bool]] = await log.get_by_role("listitem").evaluate_all(
            "(rows) => rows.map((row) => [row.querySelector('.message-text').textContent,"
            " !row.querySelector('.fate').hidden])"
        )
        return rows


async def all_heard_and_seen(people: Sequence[Sitter], patience: float = 60.0) -> None:
    """Wait until everybody hears and sees somebody."""
    begun = time.time()

    async def signs() -> list[Signs]:
        return list(await asyncio.gather(*(one.signs(begun) for one in people)))

    await until("everybody heard and seen", signs, lambda all_: all(
        one.sounds and one.pictures for one in all_), patience)  # fmt: skip
