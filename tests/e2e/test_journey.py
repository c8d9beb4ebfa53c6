"""The whole journey, clicked: plan, link, device page, door, admit, call, reload, end, record.

Camera and microphone are the browser's own devices (fake ones which play the face and the
voice), so capture and echo cancellation run as they do for people.
"""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet

CLAIRE, ODILE, MIREILLE = "Dr Claire Morel", "Odile Apatou", "Mireille Couachy"
WRITTEN = ("Pouvez-vous approcher la caméra ?", "Oui, voilà.", "Je suis revenue.")


async def meet(carbet: Carbet, clinician: Page, guest: Page) -> str:
    """From nothing to both in the call; returns the consultation's address."""
    await journey.enter_demo(clinician, carbet.address, CLAIRE)
    consultation = await journey.plan_now(clinician, carbet.address)
    link = await journey.link_for(clinician, MIREILLE)
    await journey.go_to_call(clinician)
    await journey.devices_on(clinician)
    await journey.knock(clinician)
    await journey.in_call(clinician)

    await guest.goto(link)
    await journey.at_devices(guest)
    assert "#" not in guest.url, "the token must leave the address"
    await journey.devices_on(guest)
    await journey.consent(guest)
    await journey.knock(guest)
    await journey.waits_at_door(guest)
    await journey.admit(clinician, MIREILLE)
    await journey.in_call(guest)
    return consultation


async def test_from_planning_to_the_record(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, people: People
) -> None:
    clinician = await people.sit(chromium)
    guest = await people.sit(second_chromium, timezone="America/Cayenne")
    consultation = await meet(carbet, clinician, guest)
    await journey.live(clinician, 1)
    await journey.live(guest, 1)
    await expect(guest.get_by_role("article", name=CLAIRE)).to_be_visible()
    await expect(clinician.get_by_role("article", name=MIREILLE)).to_be_visible()

    await journey.write(clinician, WRITTEN[0])
    await expect(guest.get_by_text(re.compile("Dr Claire Morel vous a écrit"))).to_be_visible()
    await journey.write(guest, WRITTEN[1])
    await expect(clinician.get_by_text(WRITTEN[1])).to_be_visible()

    await guest.get_by_role("button", name="Main : lever").click()
    await expect(clinician.get_by_role("article", name=MIREILLE)).to_contain_text("Main levée")

    await guest.reload()
    await journey.in_call(guest)
    await journey.live(guest, 1)
    await journey.live(clinician, 1)
    await journey.write(guest, WRITTEN[2])
    await expect(clinician.get_by_text(WRITTEN[2])).to_be_visible()
    assert await journey.messages(clinician) == list(WRITTEN)

    await journey.end_for_all(clinician)
    await journey.is_over(clinician)
    await journey.is_over(guest)

    await clinician.get_by_role("link", name="Voir la trace de la consultation").click()
    await the_record_tells(clinician)
    await notes_are_kept(clinician, consultation)


async def the_record_tells(page: Page) -> None:
    title = page.get_by_role("heading", name="Trace de la consultation")
    await expect(title).to_be_visible()
    presences = page.get_by_role("region", name="Présences")
    for name in (CLAIRE, MIREILLE):
        await expect(presences).to_contain_text(name)
    consent = page.get_by_role("region", name=re.compile("^Consentement"))
    await expect(consent).to_contain_text(MIREILLE)
    messages = page.get_by_role("region", name="Messages écrits")
    for text in WRITTEN:
        await expect(messages.get_by_text(text, exact=True)).to_have_count(1)


async def notes_are_kept(page: Page, consultation: str) -> None:
    await page.goto(consultation)
    await page.get_by_label("Notes de la consultation").fill("Pansement à refaire dans 48 h.")
    await page.get_by_role("button", name="Enregistrer les notes").click()
    await page.goto(f"{consultation}/record")
    notes = page.get_by_role("region", name="Notes")
    await expect(notes).to_contain_text("Pansement à refaire dans 48 h.")


async def test_a_code_read_on_the_telephone_leads_to_the_same_door(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician = await people.sit(chromium)
    guest = await people.sit(chromium, width=360, height=740)
    await journey.enter_demo(clinician, carbet.address, CLAIRE)
    await journey.plan_now(clinician, carbet.address)
    code = await journey.code_for(clinician, MIREILLE)
    await guest.goto(f"{carbet.address}/code")
    await guest.get_by_label("Code à 8 chiffres").fill(code)
    await guest.get_by_role("button", name="Rejoindre").click()
    await journey.at_devices(guest)
    await journey.consent(guest)
    await journey.knock(guest)
    await journey.waits_at_door(guest)


async def test_a_refusal_to_consent_is_told_to_the_clinician(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician = await people.sit(chromium)
    guest = await people.sit(chromium)
    await journey.enter_demo(clinician, carbet.address, CLAIRE)
    await journey.plan_now(clinician, carbet.address)
    link = await journey.link_for(clinician, MIREILLE)
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await guest.goto(link)
    await journey.at_devices(guest)
    await journey.consent(guest, given=False)
    await journey.knock(guest)
    door = clinician.get_by_role("region", name="À la porte")
    await expect(door).to_contain_text("Cette personne a refusé", timeout=journey.SLOW)
