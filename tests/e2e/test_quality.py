"""What the screen says of a call's quality, in real calls: the words, the details, the choice of
what matters, and a picture that stops.

Links are as good as loopback but in the last test, where Chromium itself makes the site's link
thin: enough for the words; what a thin link does to speech and pictures is for the laboratory.
"""

from __future__ import annotations

import re

from playwright.async_api import Browser, CDPSession, Locator, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.e2e.test_journey import CLAIRE
from tests.peers.talking_head import SITE

ODILE = "Odile Apatou"
SLOW = journey.SLOW


async def enter_both(carbet: Carbet, clinician: Page, site: Page) -> None:
    """Dr Morel and the site's nurse, in the call and seeing each other."""
    await journey.enter_demo(clinician, carbet.address, CLAIRE)
    consultation = await journey.plan_now(clinician, carbet.address)
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await journey.in_call(clinician)
    await journey.enter_demo(site, carbet.address, ODILE)
    await site.goto(consultation)
    await journey.go_to_call(site)
    await journey.consent(site)
    await journey.knock(site)
    await journey.in_call(site)
    await journey.live(clinician, 1)
    await journey.live(site, 1)


def indicator(page: Page) -> Locator:
    return page.get_by_role("region", name="Qualité de la liaison")


async def test_the_indicator_says_how_the_call_is_and_shows_why_to_whoever_asks(
    carbet: Carbet, chromium: Browser, firefox: Browser, people: People
) -> None:
    clinician = await people.sit(chromium)
    site = await people.sit(firefox, SITE, width=360, height=740)
    await enter_both(carbet, clinician, site)
    # A machine with other work to do may make a link weak: the words are true then too.
    for page, place in ((clinician, "Maripasoula"), (site, "Besançon")):
        await expect(indicator(page)).to_contain_text(
            re.compile(f"(Bonne liaison|Liaison irrégulière|Liaison faible).*{place}"), timeout=SLOW
        )

    for page in (clinician, site):
        await details_are_shown(page)


async def details_are_shown(page: Page) -> None:
    """Opened and closed by keyboard, with words, drawing and figures."""
    asking = indicator(page).get_by_role("button")
    await asking.focus()
    await page.keyboard.press("Enter")
    details = page.get_by_role("tabpanel", name="Liaison")
    await expect(details.get_by_text("Vous recevez :").first).to_contain_text("voix + ")
    await expect(details.get_by_role("img", name=re.compile("Montant : entre"))).to_be_visible()
    await expect(details.get_by_text(re.compile(r"a utilisé [\d,.]+ (ko|Mo)"))).to_be_visible()
    await expect(details.get_by_text("Montant possible")).to_be_visible(timeout=SLOW)
    await page.keyboard.press("Escape")
    await expect(details).to_be_hidden()
    await expect(asking).to_be_focused()


async def test_what_matters_is_chosen_by_the_clinician_and_told_to_the_site(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, people: People
) -> None:
    clinician, site = await people.sit(chromium), await people.sit(second_chromium)
    await enter_both(carbet, clinician, site)
    picture = clinician.get_by_role("article", name=ODILE)
    await picture.get_by_text("Ce qui compte : la parole").click()
    choice = picture.get_by_role("group", name="Ce qui compte dans cette image")
    await choice.get_by_role("radio", name=re.compile("Le détail")).check()
    await expect(picture.get_by_text("Ce qui compte : le détail")).to_be_visible()
    told = "Dans votre image, ce qui compte maintenant : le détail."
    await expect(site.get_by_role("status").filter(has_text=told)).to_be_visible()
    theirs = site.get_by_role("article", name=CLAIRE)
    await expect(theirs.get_by_role("radio")).to_have_count(0)

    await clinician.reload()
    await journey.in_call(clinician)
    await expect(picture.get_by_text("Ce qui compte : le détail")).to_be_visible()


async def test_a_picture_that_stops_is_told_with_its_hour_until_it_moves_again(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, people: People
) -> None:
    clinician, site = await people.sit(chromium), await people.sit(second_chromium)
    await enter_both(carbet, clinician, site)
    picture = clinician.get_by_role("article", name=ODILE)
    stopped = picture.get_by_text(re.compile(r"^Image arrêtée depuis \d\d:\d\d:\d\d"))
    await expect(stopped).to_be_hidden()
    await site.evaluate(STOP)
    await expect(stopped).to_be_visible(timeout=SLOW)
    await site.evaluate(GO_ON)
    await expect(stopped).to_be_hidden(timeout=SLOW)


STOP = """() => {
  const { sender } = window.__measure.live().getTransceivers().find((one) => one.mid === "camera");
  window.__kept = { sender, track: sender.track };
  return sender.replaceTrack(null);
}"""
GO_ON = "() => window.__kept.sender.replaceTrack(window.__kept.track)"


class Throttle:
    """Chromium's own emulation of a link, kbit/s. A page's connections must be made under it."""

    def __init__(self, tools: CDPSession) -> None:
        self._tools = tools

    @classmethod
    async def of(cls, page: Page) -> Throttle:
        tools = await page.context.new_cdp_session(page)
        await tools.send("Network.enable")
        return cls(tools)

    async def give(self, up: float, down: float) -> None:
        conditions = {"offline": False, "latency": 50, "packetLoss": 0, "packetQueueLength": 30}
        rates = {"uploadThroughput": up * 125, "downloadThroughput": down * 125}
        await self._tools.send("Network.emulateNetworkConditions", conditions | rates)


async def test_a_link_that_gets_thin_is_told_at_both_ends_and_so_is_its_return(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, people: People
) -> None:
    clinician, site = await people.sit(chromium), await people.sit(second_chromium)
    link = await Throttle.of(site)
    await link.give(2000, 4000)
    await enter_both(carbet, clinician, site)
    await link.give(24, 400)
    low = re.compile("Liaison faible (depuis|avec) Maripasoula : voix (seule|. images fixes)")
    await expect(indicator(clinician)).to_contain_text(low, timeout=SLOW)
    seen = re.compile("Besançon vous (voit en images fixes|entend, sans image)")
    await expect(indicator(site)).to_contain_text(seen, timeout=SLOW)
    said = re.compile("^(Images? fixe|Voix seule)")
    await expect(
        clinician.get_by_role("article", name=ODILE).get_by_text(said).first
    ).to_be_visible()

    await link.give(2000, 4000)
    await expect(indicator(clinician)).not_to_contain_text(low, timeout=2 * SLOW)
    await expect(indicator(site)).not_to_contain_text(seen, timeout=2 * SLOW)
