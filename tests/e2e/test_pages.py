"""Each page in French on a telephone (360 px) and a desk (1440 px): pictured, measured, walked.

Pictures go to build/screenshots for people to look at. What a machine can judge is asserted:
nothing sticks out sideways, the keyboard reaches every control, axe-core finds nothing serious,
and the content policy is never hit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import ROOT, Carbet
from tests.peers.talking_head import CLINICIAN, GUEST, SITE

SHOTS = Path("build/screenshots")
AXE = ROOT / "node_modules/axe-core/axe.min.js"
WIDTHS = {"telephone": (360, 740), "desk": (1440, 900)}

OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter((e) => {
    const box = e.getBoundingClientRect();
    const shown = e.checkVisibility({ visibilityProperty: true }) && box.width > 1;
    const scrolled = e.closest(".visually-hidden") || [...ancestors(e)].some(
      (a) => /auto|scroll|hidden|clip/.test(getComputedStyle(a).overflowX));
    return shown && !scrolled && box.right > wide + 1;
  });
  function* ancestors(e) { for (let a = e.parentElement; a; a = a.parentElement) yield a; }
  const page = document.scrollingElement.scrollWidth > wide + 1;
  return page || out.length ? out.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)) : null;
}"""
# Every control that can be pressed or filled now; of a group of radios, one stop is enough.
CONTROLS = """() => {
  window.__reached = new Set();
  addEventListener("focusin", (event) => window.__reached.add(event.target));
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
  const one = new Set();
  window.__wanted = all.filter((e) => {
    const idle = e.disabled || e.type === "hidden" || e.tabIndex < 0 || !e.checkVisibility(
      { visibilityProperty: true, contentVisibilityAuto: true });
    if (idle) return false;
    if (e.type !== "radio") return true;
    return !one.has(e.name) && one.add(e.name);
  });
  document.activeElement?.blur?.();
  return window.__wanted.length;
}"""
MISSED = """() => window.__wanted.filter((e) => !window.__reached.has(e)
    && !(e.type === "radio" && [...window.__reached].some((r) => r.name === e.name)))
  .map((e) => e.outerHTML.slice(0, 120))"""
VIOLATIONS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter((v) => ["serious", "critical"].includes(v.impact))
  .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`)"""


class Gallery:
    """Pictures and examines pages, and collects what is wrong so that one run tells it all."""

    def __init__(self, width: str) -> None:
        self.width = width
        self.wrong: list[str] = []
        SHOTS.mkdir(parents=True, exist_ok=True)

    def listen(self, page: Page) -> None:
        """The content policy speaks on the console when it stops something."""

        def heard(message: ConsoleMessage) -> None:
            if (
                "Content Security Policy" in message.text
                or "Content-Security-Policy" in message.text
            ):
                self.wrong.append(f"{page.url}: {message.text}")

        page.on("console", heard)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))

    async def show(self, page: Page, name: str) -> None:
        await page.screenshot(path=SHOTS / f"{name}-{self.width}.png", full_page=True)
        sticking = await page.evaluate(OVERFLOW)
        if sticking is not None:
            self.wrong.append(f"{name} sticks out sideways: {sticking}")
        await self._walk(page, name)
        await self._examine(page, name)

    async def _walk(self, page: Page, name: str) -> None:
        controls = int(await page.evaluate(CONTROLS))
        for _ in range(controls + 20):
            await page.keyboard.press("Tab")
            missed = await page.evaluate(MISSED)
            if not missed:
                return
        self.wrong.append(f"{name}: the keyboard never reaches {missed}")

    async def _examine(self, page: Page, name: str) -> None:
        await page.evaluate(AXE.read_text())
        found: list[Any] = await page.evaluate(VIOLATIONS)
        self.wrong += [f"{name}: {each}" for each in found]


@pytest.mark.parametrize("width", WIDTHS)
async def test_pages_at_rest(carbet: Carbet, chromium: Browser, people: People, width: str) -> None:
    gallery = Gallery(width)
    page = await people.sit(chromium, width=WIDTHS[width][0], height=WIDTHS[width][1])
    gallery.listen(page)
    for name, path in {
        "login": "/login",
        "code": "/code",
        "join": "/j",
        "error": "/nothing",
    }.items():
        await page.goto(carbet.address + path)
        await gallery.show(page, name)
    await journey.enter_demo(page, carbet.address, "Dr Claire Morel")
    await gallery.show(page, "home")
    await page.goto(f"{carbet.address}/consultations/new")
    await gallery.show(page, "consultation_new")
    await page.get_by_role("button", name="Créer la consultation").click()
    await gallery.show(page, "consultation_new-refused")
    await journey.plan_now(page, carbet.address)
    await gallery.show(page, "consultation")
    await page.goto(f"{carbet.address}/account")
    await gallery.show(page, "account")
    assert not gallery.wrong, "\n".join(gallery.wrong)


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_call_from_device_page_to_the_record(
    carbet: Carbet, chromium: Browser, people: People, width: str
) -> None:
    gallery = Gallery(width)
    wide, high = WIDTHS[width]
    clinician = await people.sit(chromium, CLINICIAN.unmarked(), width=wide, height=high)
    site = await people.sit(chromium, SITE.unmarked())
    guest = await people.sit(chromium, GUEST.unmarked(), width=wide, height=high)
    for page in (clinician, guest):
        gallery.listen(page)
    await enter_three(carbet, clinician, site, guest, gallery)
    await journey.live(guest, 2)
    await journey.live(clinician, 2)
    await gallery.show(guest, "call-3-guest")
    await gallery.show(clinician, "call-3-clinician")
    await journey.write(guest, "Bonjour docteur, vous m’entendez ?")
    await gallery.show(guest, "call-4-messages")
    for panel in ("Présents", "Réglages"):
        await guest.get_by_role("tab", name=panel).click()
        await gallery.show(guest, f"call-4-{panel.lower()}")
    await journey.end_for_all(clinician)
    await journey.is_over(guest)
    await gallery.show(guest, "call-5-end")
    await journey.is_over(clinician)
    await clinician.get_by_role("link", name="Voir la trace de la consultation").click()
    await gallery.show(clinician, "record")
    assert not gallery.wrong, "\n".join(gallery.wrong)


async def enter_three(
    carbet: Carbet, clinician: Page, site: Page, guest: Page, gallery: Gallery
) -> None:
    await journey.enter_demo(clinician, carbet.address, "Dr Claire Morel")
    consultation = await journey.plan_now(clinician, carbet.address)
    link = await journey.link_for(clinician, "Mireille Couachy")
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await journey.enter_demo(site, carbet.address, "Odile Apatou")
    await site.goto(f"{consultation}/call")
    await journey.at_devices(site)
    await journey.consent(site)
    await journey.knock(site)
    await guest.goto(link)
    await journey.at_devices(guest)
    await journey.devices_on(guest)
    await gallery.show(guest, "call-1-devices")
    await journey.consent(guest)
    await journey.knock(guest)
    await journey.waits_at_door(guest)
    await gallery.show(guest, "call-2-door")
    await gallery.show(clinician, "call-2-knock")
    await journey.admit(clinician, "Mireille Couachy")
    await journey.in_call(guest)
