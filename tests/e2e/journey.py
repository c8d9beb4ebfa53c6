"""What a person does with Carbet, by roles and French names as a screen reader tells them.

No selector of ours: what these steps cannot find, a person who does not see the screen cannot
find either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.async_api import Page, expect

from tests.peers import measure
from tests.peers.measure import until

SLOW = 60_000  # ms; for what waits on network, media or another person


@dataclass(frozen=True)
class Plan:
    """What the clinician writes in the planning form. ``guests`` are (kind as shown, name)."""

    site: str = "CDPS de Maripasoula"
    reason: str = "Plaie du pied gauche, avis sur le pansement"
    birth_name: str = "ANATO"
    given_name: str = "Joséphine"
    birth_date: str = "1957-03-14"
    birthplace: str = "97353"
    sex: str = "Féminin"
    guests: tuple[tuple[str, str], ...] = field(default=(("Proche", "Mireille Couachy"),))


async def enter_demo(page: Page, address: str, name: str) -> None:
    """One click enters as a demonstration person."""
    await page.goto(f"{address}/login")
    await page.get_by_role("button", name=name).click()
    await expect(page.get_by_role("heading", name="Agenda", exact=True)).to_be_visible()


async def fill_plan(page: Page, plan: Plan) -> None:
    await page.get_by_role("radio", name="Maintenant").check()
    await page.get_by_label("Site du patient").select_option(label=plan.site)
    await page.get_by_label("Motif").fill(plan.reason)
    await page.get_by_label("Nom de naissance", exact=True).fill(plan.birth_name)
    await page.get_by_label("Premier prénom de naissance").fill(plan.given_name)
    await page.get_by_label("Date de naissance").fill(plan.birth_date)
    await page.get_by_label("Code INSEE du lieu de naissance").fill(plan.birthplace)
    await page.get_by_role("radio", name=plan.sex).check()
    for index, (kind, name) in enumerate(plan.guests):
        kinds = page.get_by_label("Qui", exact=True)
        if await kinds.count() <= index or not await kinds.nth(index).is_visible():
            await page.get_by_role("button", name="Ajouter une personne").click()
        await kinds.nth(index).select_option(label=kind)
        await page.get_by_label("Nom affiché dans l’appel").nth(index).fill(name)


async def plan_now(page: Page, address: str, plan: Plan | None = None) -> str:
    """Plan a consultation for now and land on its page; returns its address."""
    await page.goto(f"{address}/")
    await page.get_by_role("link", name="Nouvelle consultation").click()
    await fill_plan(page, plan or Plan())
    await page.get_by_role("button", name="Créer la consultation").click()
    await page.wait_for_url(re.compile(r"/consultations/(?!new)[^/]+$"))
    return page.url


async def link_for(page: Page, name: str) -> str:
    """The address to send to this guest, read on the consultation's page."""
    card = page.get_by_role("article").filter(has_text=name)
    return await card.get_by_label("Lien à envoyer").input_value()


async def code_for(page: Page, name: str) -> str:
    """The eight digits to read aloud to this guest."""
    text = await page.get_by_role("article").filter(has_text=name).inner_text()
    found = re.search(r"\b(\d{4})\s*(\d{4})\b", text)
    assert found, text
    return found[1] + found[2]


async def go_to_call(page: Page) -> None:
    """From the consultation's page to the device page, opening the consultation if need be."""
    opening = page.get_by_role("button", name="Ouvrir la consultation")
    joining = page.get_by_role("link", name="Rejoindre")
    await expect(opening.or_(joining).first).to_be_visible()
    if await opening.count():
        await opening.click()
    if not page.url.endswith("/call"):
        await joining.first.click()
    await at_devices(page)


async def at_devices(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Avant d’entrer")).to_be_visible(timeout=SLOW)


async def devices_on(page: Page) -> None:
    """The device page shows camera and microphone as open."""
    await expect(page.get_by_role("button", name="Couper le micro")).to_be_enabled(timeout=SLOW)
    await expect(page.get_by_role("button", name="Éteindre la caméra")).to_be_enabled()


async def consent(page: Page, given: bool = True) -> None:
    await page.get_by_role("radio", name=re.compile("accepte" if given else "refuse")).check()
    await expect(page.get_by_text("Réponse enregistrée.")).to_be_visible(timeout=SLOW)


async def knock(page: Page) -> None:
    await page.get_by_role("button", name="Entrer", exact=True).click()


async def waits_at_door(page: Page) -> None:
    title = page.get_by_role("heading", name="Vous êtes dans la salle d’attente")
    await expect(title).to_be_visible(timeout=SLOW)


async def admit(page: Page, name: str) -> None:
    await page.get_by_role("button", name=f"Faire entrer {name}").click(timeout=SLOW)


async def in_call(page: Page) -> None:
    await expect(page.get_by_role("group", name="Commandes")).to_be_visible(timeout=SLOW)


async def end_for_all(page: Page) -> None:
    await page.get_by_role("button", name="Quitter", exact=True).click()
    await page.get_by_role("button", name="Terminer pour tous").click()


async def is_over(page: Page) -> None:
    title = page.get_by_role("heading", name="La consultation est terminée")
    await expect(title).to_be_visible(timeout=SLOW)


async def write(page: Page, text: str) -> None:
    """A written message, with the panel opened if it is not."""
    field = page.get_by_role("textbox", name="Votre message")
    if not await field.is_visible():
        await page.get_by_role("button", name=re.compile("^Messages")).first.click()
    await field.fill(text)
    await field.press("Enter")


async def messages(page: Page) -> list[str]:
    """The texts in the log of messages, opened if it is not."""
    log = page.get_by_role("log", name="Messages écrits")
    if not await log.is_visible():
        await page.get_by_role("button", name=re.compile("^Messages")).first.click()
    return await log.get_by_role("listitem").get_by_role("paragraph").all_inner_texts()


async def live(page: Page, people: int) -> dict[str, int]:
    """Wait until that many pictures and sounds of others are decoded and growing; frames by mid."""
    before = await _decoded(page)

    async def growing() -> dict[str, int]:
        now = await _decoded(page)
        return {mid: n for mid, n in now.items() if n > before.get(mid, 0)}

    def enough(grown: dict[str, int]) -> bool:
        pictures = [mid for mid in grown if mid.startswith("v")]
        sounds = [mid for mid in grown if mid.startswith("a")]
        return len(pictures) >= people and len(sounds) >= people

    return await until(f"{people} pictures and sounds at {page.url}", growing, enough)


async def _decoded(page: Page) -> dict[str, int]:
    """Frames decoded and micro-energy heard so far, by mid: both only grow while alive."""
    return {
        mid: int(row.get("framesDecoded", row.get("totalAudioEnergy", 0) * 1e6))
        for mid, row in (await measure.received(page)).items()
    }
