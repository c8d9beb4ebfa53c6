"""What happens to people in a call when something breaks: the server, the media worker, a tab.

Nobody clicks anything to come back.
"""

from __future__ import annotations

import signal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.e2e.test_journey import meet
from tests.peers.measure import until
from tests.peers.talking_head import CLINICIAN, GUEST


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_pictures_go_on_while_the_server_restarts(
    own_carbet: Carbet, chromium: Browser, people: People, how: signal.Signals
) -> None:
    clinician, guest = await people.sit(chromium, CLINICIAN), await people.sit(chromium, GUEST)
    await meet(own_carbet, clinician, guest)
    await journey.live(guest, 1)
    (worker,) = own_carbet.workers()

    await own_carbet.stop(how)
    cut = guest.get_by_text("La liaison avec Carbet est coupée")
    await expect(cut).to_be_visible(timeout=journey.SLOW)
    assert own_carbet.workers() == [worker], "the media worker outlives the server"
    for page in (clinician, guest):
        await journey.live(page, 1)
    await journey.write(guest, "Écrit pendant la coupure")
    await expect(guest.get_by_text("En attente d’envoi")).to_be_visible()

    await own_carbet.start()
    await expect(cut).to_be_hidden(timeout=journey.SLOW)
    await arrived_once(clinician, "Écrit pendant la coupure")
    assert own_carbet.workers() == [worker], "the media worker is adopted, not replaced"
    for page in (clinician, guest):
        await journey.live(page, 1)


async def arrived_once(page: Page, text: str) -> None:
    async def told() -> list[str]:
        return await journey.messages(page)

    seen = await until(f"message at {page.url}", told, lambda texts: text in texts)
    assert seen.count(text) == 1


async def test_a_killed_worker_is_replaced_and_everybody_is_back(
    own_carbet: Carbet, chromium: Browser, firefox: Browser, people: People
) -> None:
    clinician, guest = await people.sit(chromium, CLINICIAN), await people.sit(firefox, GUEST)
    await meet(own_carbet, clinician, guest)
    await journey.live(clinician, 1)
    before = own_carbet.kill_worker()

    async def workers() -> list[int]:
        return own_carbet.workers()

    await until("a new worker", workers, lambda pids: len(pids) == 1 and before not in pids)
    for page in (clinician, guest):
        await another_session(page)
        await journey.live(page, 1)
    await journey.in_call(guest)


async def another_session(page: Page) -> None:
    async def made() -> int:
        return int(await page.evaluate("window.__measure.connections.length"))

    await until("a second session", made, lambda number: number > 1)


async def test_a_second_tab_takes_the_seat_and_the_first_says_so(
    carbet: Carbet, chromium: Browser, people: People
) -> None:
    clinician, guest = await people.sit(chromium, CLINICIAN), await people.sit(chromium, GUEST)
    await meet(carbet, clinician, guest)
    second = await guest.context.new_page()
    await second.goto(guest.url)
    await journey.in_call(second)
    title = guest.get_by_role("heading", name="La consultation continue dans un autre onglet")
    await expect(title).to_be_visible(timeout=journey.SLOW)
    await journey.live(second, 1)
    await journey.live(clinician, 1)
    await expect(clinician.get_by_role("article")).to_have_count(1)
