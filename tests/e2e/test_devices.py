"""Cameras and microphones refused, taken or missing, and a second picture beside the first."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.e2e.test_journey import MIREILLE, meet
from tests.peers import measure
from tests.peers.measure import until
from tests.peers.talking_head import CLINICIAN, GUEST

PLAIN_WORDS = {
    "NotAllowedError": "La caméra et le micro sont refusés par le navigateur",
    "NotReadableError": "La caméra et le micro sont pris par un autre logiciel",
    "NotFoundError": "Ni caméra ni micro trouvés",
}


async def guest_at_devices(carbet: Carbet, clinician: Page, guest: Page) -> None:
    await journey.enter_demo(clinician, carbet.address, "Dr Claire Morel")
    await journey.plan_now(clinician, carbet.address)
    await guest.goto(await journey.link_for(clinician, MIREILLE))
    await journey.at_devices(guest)


@pytest.mark.parametrize("failure", PLAIN_WORDS)
async def test_each_failure_is_told_in_plain_words_and_may_be_tried_again(
    carbet: Carbet, chromium: Browser, people: People, failure: str
) -> None:
    clinician = await people.sit(chromium)
    guest = await people.sit(chromium, GUEST)
    await guest.context.add_init_script(f"window.__pageCamera.failure = '{failure}'")
    await guest_at_devices(carbet, clinician, guest)
    told = guest.get_by_text(PLAIN_WORDS[failure])
    await expect(told).to_be_visible(timeout=journey.SLOW)
    await guest.evaluate("window.__pageCamera.failure = null")
    await guest.get_by_role("button", name="Réessayer").click()
    await journey.devices_on(guest)
    await expect(told).to_be_hidden()


async def test_without_any_device_one_enters_and_writes(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(chromium, GUEST)
    await guest.context.add_init_script("window.__pageCamera.failure = 'NotFoundError'")
    await guest_at_devices(carbet, clinician, guest)
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await journey.in_call(clinician)
    await journey.consent(guest)
    await journey.knock(guest)
    await journey.admit(clinician, MIREILLE)
    await journey.in_call(guest)
    await journey.live(guest, 1)
    await journey.write(guest, "Je n’ai pas de micro.")
    await journey.messages(clinician)
    await expect(clinician.get_by_text("Je n’ai pas de micro.")).to_be_visible()
    tile = clinician.get_by_role("article", name=MIREILLE)
    await expect(tile).to_contain_text("Sans caméra")


async def test_a_second_picture_appears_beside_the_first(
    carbet: Carbet, chromium: Browser, firefox: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    guest = await people.sit(firefox, GUEST)
    await meet(carbet, clinician, guest)
    await journey.live(guest, 1)
    await clinician.get_by_role("button", name="2e image : choisir").click()
    await clinician.get_by_role("button", name="Partager l’écran").click()
    second = guest.get_by_role("article", name="Dr Claire Morel, deuxième image")
    await expect(second).to_be_visible(timeout=journey.SLOW)
    await expect(guest.get_by_role("article", name="Dr Claire Morel", exact=True)).to_be_visible()

    async def frames() -> int:
        rows = await measure.received(guest)
        return sum(int(rows[mid].get("framesDecoded", 0)) for mid in ("x0", "x1") if mid in rows)

    await until("frames of the second picture", frames, lambda number: number > 30)
    await clinician.get_by_role("button", name="2e image : arrêter").click()
    await expect(second).to_be_hidden(timeout=journey.SLOW)
