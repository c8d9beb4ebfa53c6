"""What a host does to a room, clicked: lock, unlock, remove, end, reopen."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.e2e.test_journey import CLAIRE, MIREILLE


async def press(page: Page, panel: str, name: str) -> None:
    """Opens a panel, presses a button of it, and closes it."""
    await page.get_by_role("button", name=panel, exact=True).click()
    await page.get_by_role("button", name=name, exact=True).first.click()


async def test_a_host_locks_removes_ends_and_reopens(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, people: People
) -> None:
    clinician, guest = await people.sit(chromium), await people.sit(second_chromium)
    await journey.enter_demo(clinician, carbet.address, CLAIRE)
    consultation = await journey.plan_now(clinician, carbet.address)
    link = await journey.link_for(clinician, MIREILLE)
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await journey.in_call(clinician)

    await press(clinician, "Réglages", "Fermer la salle à clé")
    await guest.goto(link)
    await journey.at_devices(guest)
    await journey.consent(guest)
    await journey.knock(guest)
    await expect(guest.get_by_text(re.compile("fermée"))).to_be_visible()
    await expect(clinician.get_by_role("article", name=MIREILLE)).to_have_count(0)

    await clinician.get_by_role("button", name="Rouvrir la salle").first.click()
    await guest.get_by_role("button", name=re.compile("Frapper")).click()
    await journey.waits_at_door(guest)
    await journey.admit(clinician, MIREILLE)
    await journey.in_call(guest)

    await press(clinician, "Présents", f"Retirer {MIREILLE}")
    await clinician.get_by_role("dialog").get_by_role("button", name="Retirer").click()
    await expect(guest.locator("main[data-state=over]")).to_be_visible()
    await expect(guest.get_by_text("Votre accès a pris fin")).to_be_visible()

    await journey.end_for_all(clinician)
    await journey.is_over(clinician)
    await clinician.goto(consultation)
    await clinician.get_by_role("button", name="Rouvrir la consultation").click()
    await expect(clinician.get_by_text("Ouverte", exact=True)).to_be_visible()
