"""What the call page shows of a call's quality, in a real browser, with the server played."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.call_page import (
    CLINICIAN,
    DOCTOR_SEAT,
    ME,
    NURSE,
    SITE,
    SITE_SEAT,
    SON,
    SON_SEAT,
    Call,
    way,
)
from tests.web.conftest import Gallery

LOOKS = (Path(__file__).parent / "looks.js").read_text()
SPOKEN = "() => document.querySelector('.quality [role=status]').textContent"
MEGABITS = re.compile("Montant : entre .* maintenant 40 Mbit/s")
Open = Callable[..., Call]


@pytest.fixture
def call(chromium: Browser, gallery: Gallery) -> Iterator[Open]:
    """Opens the call page as somebody; at the end, it may not have complained."""
    complaints: list[str] = []
    contexts = []

    def enter(who: dict[str, Any] = CLINICIAN, width: int = 1440) -> Call:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, locale="fr-FR", timezone_id="Europe/Paris"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        opened = Call(page, who)
        opened.open()
        page.goto(gallery.url("/see/call"))
        expect(page.get_by_role("heading", name="Avant d’entrer")).to_be_visible()
        opened.room(DOCTOR_SEAT, SITE_SEAT)
        opened.media(SITE if opened.me == ME else ME)
        expect(indicator(page)).to_contain_text("Liaison établie")
        return opened

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def indicator(page: Page) -> Locator:
    return page.get_by_role("region", name="Qualité de la liaison")


def picture(page: Page, name: str = "Odile Apatou") -> Locator:
    return page.get_by_role("article", name=name, exact=True)


THIN = way("stills", "rate", 41, need=60)


def test_both_directions_are_said_and_spoken_once(call: Open) -> None:
    c = call()
    c.quality(doc=(way(), way()), site=(way(), way()))
    expect(indicator(c.page)).to_contain_text("Bonne liaison avec Maripasoula")
    c.quality(site=(THIN, way("slow", "rate", 180)))
    lines = indicator(c.page).get_by_role("button")
    expect(lines).to_contain_text("Liaison faible depuis Maripasoula : voix + images fixes")
    expect(lines).to_contain_text("Liaison faible vers Maripasoula : voix + image moins fluide")
    spoken = c.page.evaluate(SPOKEN)
    assert "images fixes" in spoken and "moins fluide" in spoken
    c.page.evaluate("document.querySelector('.quality [role=status]').textContent = ''")
    c.quality(site=(way("stills", "loss", 47), way("slow", "rate", 170)))
    c.page.wait_for_timeout(100)
    assert c.page.evaluate(SPOKEN) == ""
    c.quality(site=(way("voice", "rate", 18), way("voice", "rate", 18)))
    expect(lines).to_contain_text("Liaison faible avec Maripasoula : voix seule")
    assert "voix seule" in c.page.evaluate(SPOKEN)


def test_words_stand_still_while_the_estimate_moves(call: Open) -> None:
    c = call(NURSE)
    c.quality(doc=(way(), way()), site=(THIN, way()))
    said = indicator(c.page).get_by_role("button")
    expect(said).to_contain_text("votre liaison montante est faible (environ 41 kbit/s)")
    before = said.inner_text()
    for have in (44, 38, 52, 47):
        c.quality(site=(way("stills", "rate", have), way()))
    assert said.inner_text() == before


def test_the_thin_end_is_told_what_the_others_see(call: Open) -> None:
    c = call(NURSE)
    plan = {
        "n": 1, "rung": "stills", "why": THIN["why"], "camera": None, "low": None, "exam": None,
        "audio": {"bitrate": 8000, "ptime": 60, "red": False}, "ceiling": 60000, "spare": 7000,
        "stills": {"every": 8.0, "bytes": 9000},
    }  # fmt: skip
    c.tell("encode", {"session": "m1", "plan": plan})
    c.quality(doc=(way(), way()), site=(THIN, way()))
    said = indicator(c.page)
    expect(said).to_contain_text(
        "Besançon vous voit en images fixes, toutes les 10 secondes environ"
    )
    c.room(DOCTOR_SEAT, SITE_SEAT, SON_SEAT)
    expect(said).to_contain_text(
        "Les autres vous voient en images fixes, toutes les 10 secondes environ"
    )


def test_a_fall_is_told_on_the_picture_and_a_stopped_picture_has_words(call: Open) -> None:
    c = call()
    c.quality(doc=(way(), way()), site=(way(), way()))
    c.page.wait_for_timeout(500)
    c.quality(site=(way("slow", "rate", 180), way()))
    seen = picture(c.page)
    fall = seen.get_by_text("Image réduite : la liaison de Maripasoula ne suffit plus.")
    expect(fall).to_be_visible()
    expect(seen.get_by_text("Liaison faible")).to_be_visible()
    expect(fall).to_be_hidden(timeout=12_000)
    c.page.evaluate("__pictures.stop('v0')")
    why = re.compile(
        r"^Image arrêtée depuis \d\d:\d\d:\d\d : la liaison de Maripasoula ne suffit plus"
    )
    expect(seen.get_by_text(why)).to_be_visible()
    c.quality(site=(way(), way()))
    expect(indicator(c.page)).to_contain_text("L’image n’arrive plus (Maripasoula)")
    c.quality(site=(way("voice", "rate", 18), way()))
    veil = seen.get_by_text("Voix seule : la liaison de Maripasoula ne porte plus l’image.")
    expect(veil).to_be_visible()
    expect(seen.locator("video")).to_be_hidden()
    c.quality(site=(way("sharp", "climbing", 60), way()))
    expect(seen.get_by_text("L’image arrive…")).to_be_visible()
    expect(indicator(c.page)).to_contain_text("La qualité remonte avec Maripasoula")


def test_falling_to_voice_offers_what_can_be_done(call: Open) -> None:
    c = call(CLINICIAN | {"reach": {"name": "CDPS de Maripasoula", "number": "05 36 49 99 01"}})
    offers = c.page.get_by_role("complementary", name="Que faire maintenant")
    c.quality(doc=(way(), way()), site=(THIN, THIN))
    expect(offers).to_be_hidden()
    c.quality(site=(way("voice", "rate", 18), way("voice", "rate", 18)))
    expect(offers).to_contain_text("L’image ne passe plus, la voix passe.")
    offers.get_by_role("button", name="Image nette").click()
    assert c.said("still_ask") == [{"seat": SITE, "source": "camera"}]
    number = offers.get_by_role("link", name="CDPS de Maripasoula : 05 36 49 99 01")
    expect(number).to_have_attribute("href", "tel:0536499901")
    offers.get_by_role("button", name="Écrire").click()
    expect(c.page.get_by_role("textbox", name="Votre message")).to_be_focused()
    c.page.keyboard.press("Escape")
    offers.get_by_role("button", name="Fermer ces conseils").click()
    expect(offers).to_be_hidden()
    c.quality(site=(way("text", "rate", 6), way("text", "rate", 6)))
    expect(offers).to_contain_text("Appelez Odile Apatou au téléphone")
    c.quality(site=(way(), way()))
    expect(offers).to_be_hidden()
    c.room(DOCTOR_SEAT, SITE_SEAT | {"connection": "lost"})
    expect(offers).to_contain_text("Plus rien ne passe.")


def test_what_matters_is_chosen_per_picture_by_keyboard(call: Open) -> None:
    c = call()
    c.room(DOCTOR_SEAT, SITE_SEAT | {"exam": "on"}, matters={f"{SITE}/exam": "motion"})
    exam = picture(c.page, "Odile Apatou, deuxième image")
    exam.get_by_text("Ce qui compte : le mouvement").focus()
    exam.locator("summary").press("Enter")
    group = exam.get_by_role("group", name="Ce qui compte dans cette image")
    expect(group.get_by_role("radio", name="Le mouvement")).to_be_checked()
    group.get_by_role("radio", name="Le mouvement").press("ArrowDown")
    assert c.said("matters") == [{"seat": SITE, "source": "exam", "what": "detail"}]
    # The choice stands while the server's word is on its way, and yields to another's choice.
    c.page.wait_for_timeout(700)
    expect(group.get_by_role("radio", name="Le détail")).to_be_checked()
    c.room(DOCTOR_SEAT, SITE_SEAT | {"exam": "on"}, matters={f"{SITE}/exam": "speech"})
    expect(group.get_by_role("radio", name="La parole")).to_be_checked()
    c.page.keyboard.press("Escape")
    expect(group).to_be_hidden()
    expect(picture(c.page).get_by_text("Ce qui compte : la parole")).to_be_visible()


def test_the_sender_is_told_what_matters_and_cannot_choose(call: Open) -> None:
    c = call(NURSE)
    c.room(DOCTOR_SEAT, SITE_SEAT, matters={f"{SITE}/camera": "detail", f"{ME}/camera": "motion"})
    told = "Dans votre image, ce qui compte maintenant : le détail."
    expect(c.page.get_by_role("status").filter(has_text=told)).to_be_visible()
    theirs = picture(c.page, "Dr Claire Martin")
    expect(theirs.get_by_text("Ce qui compte : le mouvement")).to_be_visible()
    expect(c.page.locator("summary:visible")).to_have_count(0)


def test_a_cut_is_not_told_with_rungs_from_before(call: Open) -> None:
    c = call()
    c.quality(doc=(way(), way()), site=(THIN, THIN))
    expect(indicator(c.page)).to_contain_text("images fixes")
    c.page.evaluate("__server.cut()")
    expect(indicator(c.page)).to_contain_text("Qualité inconnue")


def test_what_the_call_has_used_and_what_the_site_allows_are_said(call: Open) -> None:
    c = call(NURSE | {"link_ceiling": 256_000, "link_bytes": 50_000_000})
    indicator(c.page).get_by_role("button").click()
    details = c.page.get_by_role("tabpanel", name="Liaison")
    expect(details).to_contain_text("Votre site limite un appel à 260 kbit/s dans chaque sens.")
    expect(details).to_contain_text("Votre site prévoit 50 Mo par appel : il en reste 50 Mo.")
    c.page.evaluate("Object.assign(__link, { up: 40e6, down: 40e6 })")
    expect(details).not_to_contain_text("il en reste 50 Mo", timeout=8_000)
    expect(details.get_by_role("img")).to_have_attribute("aria-label", MEGABITS, timeout=8_000)


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("who", [CLINICIAN, NURSE], ids=["clinician", "nurse"])
def test_nothing_is_too_wide_too_low_or_too_pale(
    call: Open, who: dict[str, Any], width: int
) -> None:
    c = call(who, width)
    c.room(DOCTOR_SEAT, SITE_SEAT, SON_SEAT)
    c.media(SITE if who is CLINICIAN else ME, SON)
    c.quality(doc=(way(), way()), son=(way(), way()), site=(way("voice", "rate", 18), way("sharp")))
    indicator(c.page).get_by_role("button").click()
    details = c.page.get_by_role("tabpanel", name="Liaison")
    expect(details.get_by_role("heading", name="Votre liaison")).to_be_visible()
    found = [one for one in c.page.evaluate(LOOKS) if " px for " not in one]
    assert found == []
