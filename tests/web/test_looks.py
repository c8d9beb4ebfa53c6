"""Pages in a real browser: contrast, sizes, width, and what their small scripts do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Gallery
from tests.web.fixtures import scenes

LOOKS = (Path(__file__).parent / "looks.js").read_text()
TOKEN = "kT9s-2vQ_7aLm0XyZ4bN8c"
Open = Callable[..., Page]


@pytest.fixture
def see(chromium: Browser, gallery: Gallery) -> Iterator[Open]:
    """Opens a scene; at the end, no page may have complained on its console."""
    complaints: list[str] = []
    contexts = []

    def open_scene(
        name: str,
        width: int = 360,
        scheme: Literal["light", "dark"] = "light",
        scripts: bool = True,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if "Content Sec" in m.text else None)
        page.goto(gallery.url(f"/see/{name}"))
        return page

    yield open_scene
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", sorted(scenes()))
def test_a_page_is_legible(
    see: Open, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = see(name, width, scheme)
    for details in page.query_selector_all("details"):
        details.evaluate("d => { d.open = true }")
    assert page.evaluate(LOOKS) == []


def test_the_record_prints_in_black_on_white(see: Open) -> None:
    page = see("record", 700, "dark")
    page.emulate_media(media="print")
    assert [f for f in page.evaluate(LOOKS) if " px for " not in f and "px high" not in f] == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for hidden in (page.get_by_role("button"), page.get_by_role("navigation")):
        assert not [e for e in hidden.all() if e.is_visible()]
    expect(page.get_by_text("Heures données pour")).to_be_visible()


def test_the_measure_sees_what_is_wrong(see: Open) -> None:
    page = see("error")
    page.evaluate(
        """() => {
          const p = document.querySelector("main p");
          p.style.color = "#bbb"; p.style.fontSize = "11px"; p.style.width = "900px";
          document.querySelector("main .button").style.minHeight = "0";
        }"""
    )
    found = " ".join(page.evaluate(LOOKS))
    for wrong in ("too wide", "1.9", "11 px", "px high"):
        assert wrong in found


def test_a_keyboard_reaches_the_content_first(see: Open) -> None:
    page = see("home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip visually-hidden"
    assert page.evaluate("document.activeElement.getBoundingClientRect().width") > 50
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_errors_are_read_first_and_lead_to_their_field(see: Open) -> None:
    page = see("new_wrong")
    assert page.evaluate("document.activeElement.id") == "errors"
    page.get_by_role("link", name="Indiquez le nom de naissance.").click()
    assert page.evaluate("document.activeElement.id") == "f-birth_name"


def test_the_date_is_asked_for_later_only(see: Open) -> None:
    page = see("new")
    expect(page.get_by_label("Date", exact=True)).to_be_hidden()
    page.get_by_label("Plus tard").check()
    expect(page.get_by_label("Date", exact=True)).to_be_visible()
    page.get_by_label("Date", exact=True).fill("2026-11-25")
    page.get_by_label("Heure", exact=True).fill("02:00")
    page.get_by_label("Site du patient").select_option("site-m")
    expect(page.locator("#site-time")).to_have_text("À Maripasoula, ce sera mardi 22:00.")
    page.get_by_label("Site du patient").select_option("site-t")
    expect(page.locator("#site-time")).to_be_hidden()


def test_third_parties_come_and_go(see: Open) -> None:
    page = see("new")
    rows = page.locator("[data-guest]:visible")
    expect(rows).to_have_count(0)
    add = page.get_by_role("button", name="Ajouter une personne")
    for _ in range(8):
        add.click()
    expect(rows).to_have_count(8)
    expect(add).to_be_hidden()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    rows.nth(6).get_by_label("Qui").select_option("escort")
    rows.nth(6).get_by_role("button", name="Retirer cette personne").click()
    expect(rows).to_have_count(7)
    sent = page.evaluate("new FormData(document.querySelector('main form')).getAll('guest_kind')")
    assert "escort" not in sent


def test_without_scripts_everything_can_be_filled(see: Open) -> None:
    page = see("new", scripts=False)
    for label in ("Date", "Heure"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    expect(page.locator("[data-guest]:visible")).to_have_count(3)
    expect(page.get_by_role("button", name="Retirer cette personne")).to_have_count(0)


def test_a_link_is_copied_and_it_is_said(see: Open) -> None:
    page = see("planned")
    page.get_by_role("button", name="Copier le lien de Joseph Alimeck").click()
    expect(page.get_by_role("status")).to_have_text("Lien copié.")
    assert page.evaluate("navigator.clipboard.readText()").startswith("https://carbet")


def test_the_token_leaves_the_address_and_opens_the_door(see: Open, gallery: Gallery) -> None:
    gallery.posted.clear()
    gallery.answers[:] = [web.json_response({"location": "/see/error"})]
    page = see(f"join#{TOKEN}")
    page.wait_for_url("**/see/error")
    assert gallery.posted == [{"csrf": "csrf-token", "token": TOKEN}]
    page.go_back()
    assert TOKEN not in page.url


def test_a_redirection_is_followed(see: Open, gallery: Gallery) -> None:
    gallery.answers[:] = [web.Response(status=303, headers={"Location": "/see/error"})]
    see(f"join#{TOKEN}").wait_for_url("**/see/error")


def test_a_refused_link_is_told_and_a_slow_service_can_be_asked_again(
    see: Open, gallery: Gallery
) -> None:
    gallery.answers[:] = [
        web.json_response({}, status=503),
        web.json_response({"error": "Ce lien a été retiré."}, status=404),
    ]
    page = see(f"join#{TOKEN}")
    assert TOKEN not in page.url
    expect(page.get_by_role("alert")).to_contain_text("momentanément indisponible")
    page.get_by_role("button", name="Rejoindre").click()
    expect(page.get_by_role("alert")).to_have_text("Ce lien a été retiré.")
    expect(page.get_by_role("button", name="Rejoindre")).to_be_hidden()


def test_a_link_without_its_token_says_what_to_do(see: Open, gallery: Gallery) -> None:
    gallery.posted.clear()
    page = see("join")
    expect(page.get_by_role("alert")).to_contain_text("Ouvrez de nouveau le lien")
    assert gallery.posted == []
