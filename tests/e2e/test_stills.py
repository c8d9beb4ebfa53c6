"""A sharp still on request: asked, taken at the camera's full size, refined, pointed at, kept.

The guest's browser has Chromium's own fake camera, which films at any size up to 3840×2160, so the
still must be larger than the moving picture. The socket is cut in the middle by closing it under
the page, as a network does.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Playwright, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.e2e.test_journey import CLAIRE, MIREILLE, meet
from tests.peers import browsers
from tests.peers.measure import until
from tests.peers.talking_head import CLINICIAN, GUEST

ASK = f"Demander une image nette : {MIREILLE}"
LARGE = "3840 × 2160 points"
FIREFOX_LARGE = "4096 × 2160 points"
CUTS, PART, UNDER_WAY = 3, 2048, 4  # bytes; parts

# Remembers the page's sockets and how many bytes of stills left by them.
SOCKETS = """(() => {
  const Native = window.WebSocket;
  window.__line = { sockets: [], bytes: 0, parts: 0, begun: [] };
  window.WebSocket = class extends Native {
    constructor(...how) { super(...how); window.__line.sockets.push(this); }
    send(data) {
      if (typeof data !== "string") window.__line.bytes += data.byteLength;
      else if (data.includes('"still_part"')) window.__line.parts += 1;
      else if (data.includes('"still_begin"')) window.__line.begun.push(data);
      return super.send(data);
    }
  };
})()"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def large_camera(play: Playwright) -> AsyncIterator[Browser]:
    """Chromium with its own fake camera: any size the page asks for."""
    browser = await browsers.chromium(play)
    yield browser
    await browser.close()


def view(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Image en grand")


async def pixels(page: Page) -> str:
    """SHA-256 of the decoded picture shown large: files differ by what a server strips of them."""
    return str(
        await view(page)
        .get_by_role("img")
        .evaluate(
            """async (image) => {
              await image.decode();
              const { naturalWidth: width, naturalHeight: height } = image;
              const brush = new OffscreenCanvas(width, height).getContext("2d");
              brush.drawImage(image, 0, 0);
              const { data } = brush.getImageData(0, 0, width, height);
              const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
              return digest.join();
            }"""
        )
    )


async def sharpest(page: Page, size: str = LARGE) -> None:
    await expect(view(page).get_by_text(size)).to_be_visible(timeout=120_000)


async def test_a_still_is_asked_for_refined_and_pointed_at(
    carbet: Carbet, chromium: Browser, large_camera: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(large_camera)
    await meet(carbet, clinician, guest)
    await journey.live(clinician, 1)

    await clinician.get_by_role("button", name=ASK).click()
    told = guest.get_by_text(f"{CLAIRE} demande une image nette : elle est prise maintenant.")
    await expect(told).to_be_visible(timeout=journey.SLOW)
    for page in (clinician, guest):
        await expect(view(page).get_by_role("img")).to_be_visible(timeout=journey.SLOW)
    await expect(view(clinician).get_by_text("; plus nette")).to_be_visible()
    await sharpest(clinician)
    await sharpest(guest)
    for page in (clinician, guest):
        await journey.live(page, 1)

    await points(clinician, guest, CLAIRE)
    await points(guest, clinician, MIREILLE)
    await view(clinician).press("Escape")
    await expect(view(clinician)).to_be_hidden()
    await expect(asked_for(clinician)).to_have_count(1)
    await comes_back_after_a_reload(clinician)
    await is_kept(clinician)


def asked_for(page: Page) -> Locator:
    """Small in its row; automatic ones, of a machine with no time for pictures, are named so."""
    return page.get_by_role("button", name=re.compile(f"Voir l’image en grand : {MIREILLE}, \\d"))


async def comes_back_after_a_reload(page: Page) -> None:
    """A page that has just come in fetches what it is asked to show: first small, then sharp."""
    await page.reload()
    await journey.in_call(page)
    await asked_for(page).click(timeout=journey.SLOW)
    await expect(view(page).get_by_text("640 × 360 points ; plus nette")).to_be_visible()
    await view(page).get_by_role("button", name="Charger en détail").click()
    await sharpest(page)


async def is_kept(page: Page) -> None:
    """The consultation's record shows the still, at full size and whose it is."""
    await page.keyboard.press("Escape")
    await journey.end_for_all(page)
    await journey.is_over(page)
    await page.get_by_role("link", name="Voir la trace de la consultation").click()
    kept = page.get_by_role("figure").filter(has_text=f"demandée par {CLAIRE}")
    await expect(kept).to_contain_text(MIREILLE)
    picture = kept.get_by_role("img")
    await picture.scroll_into_view_if_needed()
    await picture.evaluate("(image) => image.decode()")
    assert await picture.evaluate("(image) => image.naturalWidth") == 3840


async def points(one: Page, other: Page, name: str) -> None:
    """One moves over the picture; the other sees whose hand it is, at the same place of it."""
    await one.bring_to_front()
    picture = await view(one).get_by_role("img").bounding_box()
    assert picture is not None
    across, down = 0.25, 0.75
    await one.mouse.move(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    await one.mouse.move(
        picture["x"] + picture["width"] * across, picture["y"] + picture["height"] * down
    )
    label = view(other).get_by_text(name, exact=True)
    await expect(label).to_be_visible()

    async def place() -> tuple[float, float]:
        theirs = await view(other).get_by_role("img").bounding_box()
        spot = await label.locator("xpath=preceding-sibling::*").bounding_box()
        assert theirs is not None and spot is not None
        return (
            (spot["x"] + spot["width"] / 2 - theirs["x"]) / theirs["width"],
            (spot["y"] + spot["height"] / 2 - theirs["y"]) / theirs["height"],
        )

    await until(
        "the spot", place, lambda at: abs(at[0] - across) < 0.01 and abs(at[1] - down) < 0.01
    )
    await one.mouse.move(2, 2)
    await expect(label).to_be_hidden()


async def test_a_still_cut_in_the_middle_goes_on_where_it_was(
    carbet: Carbet, chromium: Browser, large_camera: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(large_camera)
    await guest.add_init_script(SOCKETS)
    await meet(carbet, clinician, guest)

    await guest.get_by_role("button", name="Envoyer une image nette").click()
    for _ in range(CUTS):
        await some_parts(guest, 3)
        await guest.evaluate("window.__line.sockets.forEach((one) => one.close())")
    await sharpest(clinician)
    assert await pixels(clinician) == await pixels(guest)

    (begun,) = await guest.evaluate("window.__line.begun")
    announced = json.loads(re.search(r"\[.*", begun)[0])[1]  # type: ignore[index]
    size = sum(stage["bytes"] for stage in announced["stages"])
    sent = await guest.evaluate("window.__line.bytes")
    lost = CUTS * UNDER_WAY * PART
    assert size <= sent <= size + lost, "each byte once, but for the few parts lost by each cut"


async def test_a_still_outlives_the_server_that_was_taking_it(
    own_carbet: Carbet, chromium: Browser, large_camera: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(large_camera)
    await guest.add_init_script(SOCKETS)
    await meet(own_carbet, clinician, guest)
    await guest.get_by_role("button", name="Envoyer une image nette").click()
    await some_parts(guest, 4)
    await own_carbet.stop(signal.SIGKILL)
    waiting = view(guest).get_by_text("Image en attente : la liaison est coupée.")
    await expect(waiting).to_be_visible(timeout=journey.SLOW)
    await own_carbet.start()
    await sharpest(clinician)
    assert await pixels(clinician) == await pixels(guest)
    assert len(await guest.evaluate("window.__line.begun")) == 1, "it was not begun anew"


async def some_parts(page: Page, count: int) -> None:
    """Until that many more parts of a still have left."""

    async def parts() -> int:
        return int(await page.evaluate("window.__line.parts"))

    before = await parts()
    await until("parts of a still", parts, lambda now: now >= before + count)


async def test_firefox_gives_its_camera_s_full_size_too(
    carbet: Carbet, chromium: Browser, firefox: Browser, people: People
) -> None:
    """It takes no photographs and widens no track: a second view of the camera is opened."""
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(firefox)
    await meet(carbet, clinician, guest)
    await clinician.get_by_role("button", name=ASK).click()
    await sharpest(guest, FIREFOX_LARGE)
    await sharpest(clinician, FIREFOX_LARGE)
    await points(clinician, guest, CLAIRE)
    await journey.live(clinician, 1)


async def test_without_a_camera_nobody_can_be_asked(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician, guest = await people.sit(chromium, CLINICIAN), await people.sit(chromium, GUEST)
    await meet(carbet, clinician, guest)
    ask = clinician.get_by_role("button", name=ASK)
    await expect(ask).to_be_visible(timeout=journey.SLOW)
    await expect(guest.get_by_role("button", name="Demander une image nette")).to_have_count(0)
    await guest.get_by_role("button", name="Caméra : éteindre").click()
    await expect(ask).to_be_hidden()
