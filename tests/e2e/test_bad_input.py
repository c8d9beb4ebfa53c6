"""What a person may type to do harm stays text: on screen, in the exported record, in the log."""

from __future__ import annotations

import csv
import io

from playwright.async_api import Browser, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.peers.talking_head import CLINICIAN, GUEST

OWNED = "<img src=x onerror=\"document.title='owned'\">"
SCRIPT = "</script><script>document.title='owned'</script>"
FORMULA = '=HYPERLINK("https://example.org";"ouvrir")'
INJECTION = "Robert'); DROP TABLE consultations;--"


async def is_inert(page: Page, text: str) -> None:
    """The text is shown as it was typed, and nothing in it ran."""
    await expect(page.get_by_text(text).first).to_be_visible(timeout=journey.SLOW)
    assert "owned" not in await page.title()
    assert await page.locator("img[src=x]").count() == 0


async def test_what_is_typed_stays_text_everywhere(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(chromium, GUEST)
    plan = journey.Plan(reason=f"{INJECTION} {SCRIPT}", guests=(("Proche", OWNED),))
    await journey.enter_demo(clinician, carbet.address, "Dr Claire Morel")
    consultation = await journey.plan_now(clinician, carbet.address, plan)
    await is_inert(clinician, OWNED)
    await is_inert(clinician, INJECTION)
    link = await journey.link_for(clinician, OWNED)
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await journey.in_call(clinician)
    await guest.goto(link)
    await journey.at_devices(guest)
    await journey.consent(guest)
    await journey.knock(guest)
    await journey.admit(clinician, OWNED)
    await journey.in_call(guest)
    for text in (FORMULA, SCRIPT, OWNED):
        await journey.write(guest, text)
        await journey.messages(clinician)
        await is_inert(clinician, text)
    await journey.end_for_all(clinician)
    await journey.is_over(clinician)
    await clinician.goto(f"{consultation}/record")
    for text in (FORMULA, SCRIPT, OWNED, INJECTION):
        await is_inert(clinician, text)
    await the_export_calculates_nothing(clinician, f"{consultation}/record.csv")
    log = carbet.log.read_text()
    for secret in ("ANATO", "DROP TABLE", "HYPERLINK", "onerror", link.split("#")[1]):
        assert secret not in log, f"{secret} is in the log"


async def the_export_calculates_nothing(page: Page, address: str) -> None:
    answer = await page.request.get(address)
    assert answer.ok, answer.status
    cells = [cell for row in csv.reader(io.StringIO(await answer.text())) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.lstrip()[:1] in "=+-@" and cell.strip()]


async def test_a_wrong_link_says_so_and_tells_nothing(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    stranger = await people.sit(chromium)
    await stranger.goto(f"{carbet.address}/j#{'A' * 43}")
    problem = stranger.get_by_role("alert")
    await expect(problem).to_contain_text("Ce lien n’est pas valable", timeout=journey.SLOW)
    for path in ("/consultations/whatever", "/consultations/whatever/call", "/account"):
        answer = await stranger.request.get(carbet.address + path, max_redirects=0)
        assert answer.status in (302, 303, 404), (path, answer.status)
        assert "ANATO" not in await answer.text()


async def test_a_revoked_link_cuts_the_guest(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician = await people.sit(chromium)
    guest = await people.sit(chromium)
    await journey.enter_demo(clinician, carbet.address, "Dr Claire Morel")
    await journey.plan_now(clinician, carbet.address)
    link = await journey.link_for(clinician, "Mireille Couachy")
    await guest.goto(link)
    await journey.at_devices(guest)
    await clinician.get_by_role("button", name="Retirer l’accès").click()
    title = guest.get_by_role("heading", name="Votre accès a pris fin")
    await expect(title).to_be_visible(timeout=journey.SLOW)
    await guest.goto(link)
    await expect(guest.get_by_role("alert")).to_contain_text("n’est pas valable")
