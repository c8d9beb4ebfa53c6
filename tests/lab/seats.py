"""People at their places: a Chromium within each namespace, with a camera, a voice and an eye.

The driver reaches browsers through their pipes, so that nothing of the measuring crosses a link.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, BrowserContext, Page, Playwright, StorageState

from tests.lab.camera import filming
from tests.lab.sight import Sight
from tests.lab.star import Star
from tests.peers import measure
from tests.peers.browsers import CHROMIUM, CHROMIUM_SWITCHES, PARTS
from tests.peers.talking_head import CLINICIAN, GUEST, SITE, DeviceFiles, Person

EYE = Path(__file__).with_name("eye.js")
SPECIALIST = "specialist"
NUMBERS = {SPECIALIST: 0, "site": 1, "second": 2}  # in the time code
PEOPLE: dict[str, Person] = {SPECIALIST: CLINICIAN, "site": SITE, "second": GUEST}


@dataclass
class Seat:
    """One person at a page."""

    name: str  # "specialist", "site", "second"
    page: Page

    async def sight(self, begun: float) -> Sight:
        """What was seen; ``begun`` is the ``time.monotonic`` of the link's beginning."""
        told = json.loads(await self.page.evaluate("() => window.__eye.collect()"))
        shift = time.time() - time.monotonic() + begun
        for each in itertools.chain(*told.values()):
            each["wall"] = each["at"]
            each["at"] -= shift
        return Sight(**told)


def _wrapper(folder: Path, namespace: str) -> Path:
    """Chromium within a namespace, as one program: Playwright's pipes pass through ``ip``."""
    path = folder / f"chromium-{namespace}"
    path.write_text(f'#!/bin/sh\nexec ip netns exec {namespace} {CHROMIUM} "$@"\n')
    path.chmod(0o700)
    return path


def trusting(cert: Path) -> str:
    """The switch by which Chromium takes this certificate as any other: what came over one that
    is merely ignored it asks for twice, and keeps nothing of it."""
    key = x509.load_pem_x509_certificate(cert.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    return f"--ignore-certificate-errors-spki-list={digest}"


async def _chromium(
    play: Playwright, program: Path, devices: DeviceFiles, switches: Sequence[str]
) -> Browser:
    files = [
        f"--use-file-for-fake-video-capture={devices.picture}",
        f"--use-file-for-fake-audio-capture={devices.sound.resolve()}",
    ]
    arguments = [*CHROMIUM_SWITCHES, *switches, *files, "--no-sandbox"]
    return await play.chromium.launch(executable_path=program, args=arguments)


async def _context(browser: Browser, known: StorageState | None = None) -> BrowserContext:
    context = await browser.new_context(
        ignore_https_errors=True,
        locale="fr-FR",
        viewport={"width": 1280, "height": 800},
        storage_state=known,
    )
    await install_eye(context)
    return context


async def afresh(seat: Seat) -> None:
    """The same person with their cookies, but nothing else: no page, cache or connection."""
    old = seat.page.context
    assert old.browser
    context = await _context(old.browser, await old.storage_state())
    await old.close()
    seat.page = await context.new_page()


async def install_eye(context: BrowserContext) -> None:
    """Into every page of the context, with what it needs."""
    await measure.install(context)
    await context.add_init_script(f"({EYE.read_text()})()")


@asynccontextmanager
async def seat(
    play: Playwright, star: Star, name: str, folder: Path, switches: Sequence[str]
) -> AsyncIterator[Seat]:
    """One person's browser: the specialist beside the server, others at their sites."""
    namespace = star.hub if name == SPECIALIST else star.sites[name]
    with filming(PEOPLE[name], NUMBERS[name], PARTS, folder) as devices:
        browser = await _chromium(play, _wrapper(folder, namespace), devices, switches)
        try:
            yield Seat(name, await (await _context(browser)).new_page())
        finally:
            await browser.close()


@asynccontextmanager
async def seats(
    play: Playwright, star: Star, folder: Path, *switches: str
) -> AsyncIterator[dict[str, Seat]]:
    """The specialist and everybody at the star's sites. ``switches``: of their browsers, besides
    those all of ours have."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(seat(play, star, name, folder, switches))
            for name in (SPECIALIST, *star.sites)
        }
