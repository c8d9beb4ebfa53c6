"""Chromium and Firefox for tests, both driven by Playwright, each with a face and a voice.

Chromium is Debian's, over DevTools. Firefox is Debian's ESR, over WebDriver BiDi (Playwright's
channel ``moz-firefox``; releases after 1.64.1 begin with a command this Firefox does not know,
hence the pin).

Firefox pairs no loopback address for ICE, whatever its preference says, so a media worker under
test must also advertise an address of a real interface: ``host_address()``. Where the machine has
none, that is an error with its reason, not a silent skip.
"""

from __future__ import annotations

import base64
import ipaddress
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import ifaddr
from playwright.async_api import Browser, BrowserContext, Page, Playwright

from tests.peers import measure
from tests.peers.talking_head import DeviceFiles, MissingPart, Person, film

CHROMIUM = Path("/usr/bin/chromium")
FIREFOX = Path("/usr/bin/firefox-esr")
PAGE_CAMERA = Path(__file__).with_name("page_camera.js")
PARTS = Path("build/peers")  # generated pictures and sounds; ignored by git

CHROMIUM_SWITCHES = (
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-component-update",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--force-webrtc-ip-handling-policy=default",
)
FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


def _present(program: Path) -> str:
    if not program.exists():
        raise MissingPart(f"{program} is not installed")
    return str(program)


def host_address() -> str:
    """An IPv4 address of this machine that is not loopback, for browsers which refuse loopback."""
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if ip.is_IPv4 and not ipaddress.ip_address(str(ip.ip)).is_loopback:
                return str(ip.ip)
    raise MissingPart(
        "this machine has only loopback addresses and Firefox pairs none for ICE: "
        "give it an interface (for instance a veth pair in a network namespace)"
    )


async def chromium(
    play: Playwright, devices: DeviceFiles | None = None, switches: tuple[str, ...] = ()
) -> Browser:
    """Debian's Chromium; with ``devices`` its fake camera and microphone play these files."""
    arguments = [*CHROMIUM_SWITCHES, *switches]
    if devices:
        arguments += [
            f"--use-file-for-fake-video-capture={devices.picture.resolve()}",
            f"--use-file-for-fake-audio-capture={devices.sound.resolve()}",
        ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return await play.chromium.launch(executable_path=_present(CHROMIUM), args=arguments)


async def firefox(play: Playwright) -> Browser:
    """Debian's Firefox ESR."""
    return await play.firefox.launch(
        channel="moz-firefox",
        executable_path=_present(FIREFOX),
        firefox_user_prefs=FIREFOX_PREFERENCES,
    )


@asynccontextmanager
async def person_at(
    browser: Browser,
    *,
    camera: Person | None = None,
    width: int = 1280,
    height: int = 800,
    timezone: str = "Europe/Paris",
) -> AsyncIterator[Page]:
    """A page of its own context (cookies, storage), measured; ``camera``: with the page camera."""
    context = await browser.new_context(
        ignore_https_errors=True,
        viewport={"width": width, "height": height},
        locale="fr-FR",
        timezone_id=timezone,
    )
    try:
        await measure.install(context)
        if camera:
            await give_camera(context, camera)
        yield await context.new_page()
    finally:
        await context.close()


async def give_camera(context: BrowserContext, person: Person) -> None:
    """Put the page camera into every page of the context, showing and speaking as this person."""
    content = base64.b64encode(film(person, PARTS).read_bytes()).decode()
    await context.add_init_script(f"({PAGE_CAMERA.read_text()})('{content}')")
