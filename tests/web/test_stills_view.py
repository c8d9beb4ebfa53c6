"""Stills as a person sees and handles them, in a real browser, with server and devices played."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.call_page import CLINICIAN, DOCTOR_SEAT, ME, NURSE, SITE, SITE_SEAT, Call, way
from tests.web.conftest import Gallery

LOOKS = (Path(__file__).parent / "looks.js").read_text()
APART = "**/still_apart.js*"
A, B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
Open = Callable[..., Call]

# Makes a still of two stages and announces it; `__push(stage, fraction)` brings its bytes.
STILL = """async ([id, seat, why]) => {
  const draw = async (width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const brush = canvas.getContext("2d");
    brush.fillStyle = "#c9a18a"; brush.fillRect(0, 0, width, height);
    brush.fillStyle = "#7a1f1f"; brush.fillRect(width / 4, height / 4, width / 4, height / 4);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.5 });
    return { blob, told: { bytes: blob.size, type: "image/webp", width, height } };
  };
  const sizes = why === "rung" ? [[640, 480]] : [[640, 480], [1280, 960]];
  const made = await Promise.all(sizes.map(([width, height]) => draw(width, height)));
  const stages = made.map(({ told }) => told);
  const at = "2026-11-22T10:00:00Z";
  __server.tell("still", { id, seat, source: "camera", by: null, why, at, stages, have: 0 });
  window.__push = async (stage, fraction = 1) => {
    const bytes = new Uint8Array(await made[stage].blob.arrayBuffer());
    const end = Math.floor(bytes.length * fraction);
    for (let offset = 0; offset < end; offset += 500) {
      const data = bytes.slice(offset, Math.min(end, offset + 500)).buffer;
      const part = { id, stage, offset, data };
      await new Promise((resolve) => __server.tell("still_part", part, resolve));
    }
  };
}"""
# A server that takes stills.
TAKES = """() => {
  __server.answers.still_begin = () => ({ ok: true, stage: 0, offset: 0 });
  const taken = ({ stage, offset, data }) => ({ ok: true, stage, offset: offset + data.length });
  __server.answers.still_part = taken;
}"""


@pytest.fixture
def call(chromium: Browser, gallery: Gallery) -> Iterator[Open]:
    """Opens the call page in a call; at the end, it may not have complained."""
    complaints: list[str] = []
    contexts = []

    def enter(
        who: dict[str, Any] = CLINICIAN, width: int = 1440, *, away: int | None = None
    ) -> Call:
        """`away`: what comes apart from the page is not there, with this status or, 0, no line."""
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            locale="fr-FR",
            timezone_id="Europe/Paris",
            has_touch=width < 500,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if away is not None:
            page.route(APART, lambda route: route.fulfill(status=away) if away else route.abort())
        opened = Call(page, who)
        opened.open()
        page.goto(gallery.url("/see/call"))
        expect(page.get_by_role("heading", name="Avant d’entrer")).to_be_visible()
        opened.room(DOCTOR_SEAT, SITE_SEAT)
        opened.media(SITE if who is CLINICIAN else ME)
        expect(page.get_by_role("group", name="Commandes")).to_be_visible()
        page.evaluate(TAKES)
        return opened

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def view(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Image en grand")


def arrive(c: Call, still: str = A, stages: int = 2, why: str = "asked", seat: str = SITE) -> None:
    c.page.evaluate(STILL, [still, seat, why])
    for stage in range(stages):
        c.page.evaluate("(stage) => __push(stage)", stage)


def thumbs(page: Page) -> Locator:
    return page.get_by_role("list", name="Images de cette consultation").get_by_role("button")


def test_an_asked_still_comes_forward_and_refines_without_taking_the_focus(call: Open) -> None:
    c = call()
    c.page.get_by_role("button", name="Messages").first.click()
    writing = c.page.get_by_role("textbox", name="Votre message")
    c.page.evaluate(STILL, [A, SITE, "asked"])
    c.page.evaluate("__push(0, 0.5)")
    expect(c.page.get_by_text("Image en cours d’arrivée : ")).to_be_visible()
    expect(view(c.page)).to_be_hidden()
    c.page.evaluate("__push(0)")
    image = view(c.page).get_by_role("img", name="Image nette : Odile Apatou, 11:00")
    expect(image).to_be_visible()
    expect(view(c.page)).to_contain_text("640 × 480 points ; plus nette à venir")
    expect(writing).to_be_focused()
    expect(
        c.page.get_by_role("status").filter(has_text="Image reçue : Odile Apatou.")
    ).to_have_count(1)
    c.page.evaluate("__push(1)")
    expect(view(c.page).get_by_text("1280 × 960 points", exact=True)).to_be_visible()
    assert image.evaluate("(image) => image.naturalWidth") == 1280


def test_what_was_closed_stays_closed_and_can_be_opened_again(call: Open) -> None:
    c = call()
    arrive(c, stages=1)
    expect(view(c.page)).to_be_visible()
    c.page.keyboard.press("Escape")
    expect(view(c.page)).to_be_hidden()
    c.page.evaluate("__push(1)")
    c.page.wait_for_timeout(300)
    expect(view(c.page)).to_be_hidden()
    thumbs(c.page).press("Enter")
    expect(view(c.page).get_by_role("group", name="Image : +")).to_be_focused()
    c.page.keyboard.press("Escape")
    expect(thumbs(c.page)).to_be_focused()


def test_it_is_handled_by_keyboard_alone(call: Open) -> None:
    c = call()
    arrive(c)
    arrive(c, B)
    title = view(c.page).get_by_role("heading")
    scale = view(c.page).get_by_role("button", name="Agrandie à")
    c.page.keyboard.press("Escape")
    thumbs(c.page).last.press("Enter")
    c.page.keyboard.press("ArrowLeft")
    expect(view(c.page).get_by_role("button", name="Image précédente")).to_be_disabled()
    for _ in range(3):
        c.page.keyboard.press("+")
    expect(scale).to_have_text("338 %")
    before = view(c.page).get_by_role("img").bounding_box()
    c.page.keyboard.press("ArrowRight")
    after = view(c.page).get_by_role("img").bounding_box()
    assert before and after and after["x"] < before["x"], "a picture that is close is moved"
    c.page.keyboard.press("0")
    expect(scale).to_have_text("100 %")
    c.page.keyboard.press("ArrowRight")
    expect(view(c.page).get_by_role("button", name="Image suivante")).to_be_disabled()
    expect(title).to_have_text("Odile Apatou, 11:00")
    c.page.keyboard.press("Enter")
    assert c.said("pointer") == [{"still": B, "x": 0.5, "y": 0.5}]


def test_wheel_and_drag_look_closer(call: Open) -> None:
    c = call()
    arrive(c)
    image = view(c.page).get_by_role("img")
    box = image.bounding_box()
    assert box
    c.page.mouse.move(box["x"] + 10, box["y"] + 10)
    c.page.mouse.wheel(0, -700)
    expect(view(c.page).get_by_role("button", name="Agrandie à")).not_to_have_text("100 %")
    close = image.bounding_box()
    assert close and close["width"] > 2 * box["width"]
    c.page.mouse.down()
    c.page.mouse.move(box["x"] - 90, box["y"] - 40)
    c.page.mouse.up()
    moved = image.bounding_box()
    assert moved and abs(moved["x"] - close["x"] + 100) < 2


def test_the_others_see_where_the_hand_is_and_when_it_leaves(call: Open) -> None:
    c = call()
    arrive(c)
    box = view(c.page).get_by_role("img").bounding_box()
    assert box
    for step in range(40):
        c.page.mouse.move(box["x"] + box["width"] * step / 40, box["y"] + box["height"] / 2)
        c.page.wait_for_timeout(10)
    c.page.mouse.move(5, 5)
    c.page.wait_for_timeout(400)
    said = c.said("pointer")
    assert said[-1] == {"still": A, "x": None, "y": None}
    assert 3 <= len(said) <= 30 and all(place["still"] == A for place in said)
    xs = [place["x"] for place in said[:-1]]
    assert xs == sorted(xs) and xs[-1] > 0.8


def test_a_tap_shows_a_spot(call: Open) -> None:
    c = call(NURSE, 360)
    arrive(c, seat=ME)
    box = view(c.page).get_by_role("img").bounding_box()
    assert box
    c.page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    expect(view(c.page).get_by_text("Vous", exact=True)).to_be_visible()
    (place,) = c.said("pointer")
    assert abs(place["x"] - 0.25) < 0.01 and abs(place["y"] - 0.5) < 0.01


def test_a_spot_on_another_still_leads_there(call: Open) -> None:
    c = call()
    arrive(c)
    arrive(c, B)
    expect(thumbs(c.page).last).to_have_attribute("aria-pressed", "true")
    c.tell("pointer", {"still": A, "seat": SITE, "x": 0.3, "y": 0.4})
    view(c.page).get_by_role("button", name="Odile Apatou montre une autre image").click()
    expect(view(c.page).get_by_text("Odile Apatou", exact=True)).to_be_visible()
    c.tell("pointer", {"still": A, "seat": SITE, "x": None, "y": None})
    expect(view(c.page).get_by_text("Odile Apatou", exact=True)).to_be_hidden()


def test_an_automatic_still_takes_the_place_of_the_picture_and_nothing_else(call: Open) -> None:
    c = call()
    arrive(c, stages=1, why="rung")
    c.page.evaluate("__pictures.stop('v0')")
    c.quality(site=(way("stills", "rate", 41), way()), doc=(way(), way()))
    tile = c.page.get_by_role("article", name="Odile Apatou", exact=True)
    expect(tile.get_by_text("Image fixe de 11:00:00")).to_be_visible()
    assert tile.locator("img").evaluate("(image) => image.naturalWidth") == 640
    expect(view(c.page)).to_be_hidden()
    expect(thumbs(c.page)).to_have_accessible_name(
        "Voir l’image en grand : Odile Apatou, image automatique, 11:00"
    )


def plan(number: int, stills: dict[str, float] | None, spare: int = 200_000) -> dict[str, Any]:
    why = {"code": "rate", "have": 41, "need": None}
    return {
        "session": "m1",
        "plan": {
            "n": number, "rung": "stills", "why": why, "camera": None, "low": None, "exam": None,
            "audio": {"bitrate": 8000, "ptime": 60, "red": False}, "ceiling": 300_000,
            "stills": stills, "spare": spare,
        },
    }  # fmt: skip


def test_while_the_plan_wants_stills_they_leave_by_themselves(call: Open) -> None:
    c = call(NURSE)
    c.tell("encode", plan(1, {"every": 1.0, "bytes": 7000}))
    c.page.wait_for_function("() => __server.said.filter(([e]) => e === 'still_begin').length >= 3")
    c.tell("encode", plan(2, None))
    begun = c.said("still_begin")
    assert {one["why"] for one in begun} == {"rung"}
    assert len({one["id"] for one in begun}) == len(begun)
    assert all(len(one["stages"]) == 1 and one["stages"][0]["bytes"] <= 7000 for one in begun)
    expect(view(c.page)).to_be_hidden()
    expect(c.page.get_by_text("Image en cours d’envoi")).to_have_count(0)
    expect(thumbs(c.page)).to_have_count(0)
    c.page.wait_for_timeout(1500)
    count = len(c.said("still_begin"))
    c.page.wait_for_timeout(2500)
    assert len(c.said("still_begin")) == count, "a plan without stills ends them"


def test_an_older_plan_changes_nothing(call: Open) -> None:
    c = call(NURSE)
    c.tell("encode", plan(5, None))
    c.tell("encode", plan(4, {"every": 1.0, "bytes": 7000}))
    c.page.wait_for_timeout(2000)
    assert c.said("still_begin") == []


def test_a_still_asked_of_us_is_taken_sent_and_told(call: Open) -> None:
    c = call(NURSE)
    c.tell("still_wanted", {"id": A, "source": "camera", "by": ME})
    c.tell("still_wanted", {"id": A, "source": "camera", "by": ME})
    notice = "Dr Claire Martin demande une image nette : elle est prise maintenant."
    expect(c.page.get_by_text(notice)).to_be_visible()
    expect(view(c.page).get_by_text("640 × 480 points", exact=True)).to_be_visible(timeout=15_000)
    (begun,) = c.said("still_begin")
    assert (begun["id"], begun["source"], begun["why"]) == (A, "camera", "asked")
    assert begun["stages"][0]["bytes"] <= 9000


def test_a_refusal_is_told_with_its_reason_and_can_be_tried_again(call: Open) -> None:
    c = call(NURSE)
    c.page.evaluate("__server.answers.still_begin = () => ({ ok: false, code: 'full' }); 0")
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    why = "Image non envoyée. Il y a déjà trop d’images dans cette consultation."
    expect(view(c.page).get_by_text(why)).to_be_visible()
    c.page.keyboard.press("Escape")
    c.page.evaluate(TAKES)
    c.page.get_by_role("button", name="Renvoyer").click()
    expect(c.page.get_by_text("Image non envoyée")).to_be_hidden()
    expect(c.page.get_by_role("list", name="Images en cours d’envoi")).to_be_hidden(timeout=15_000)
    assert [begun["id"] for begun in c.said("still_begin")] == [c.said("still_begin")[0]["id"]] * 2


def test_a_cut_is_said_and_waited_out(call: Open) -> None:
    c = call(NURSE)
    c.page.evaluate("__server.answers.still_part = () => new Promise(() => {}); 0")
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    expect(view(c.page).get_by_text("Image en cours d’envoi : 0 %")).to_be_visible()
    c.page.evaluate("__server.cut()")
    cut = "Image en attente : la liaison est coupée. Elle repartira toute seule."
    expect(view(c.page).get_by_text(cut)).to_be_visible()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("OffscreenCanvas.prototype.convertToBlob = () => Promise.reject('no'); 0",
         "L’image n’a pas pu être préparée sur cet appareil. Recommencez."),
        ("delete window.ImageCapture; window.createImageBitmap = () => Promise.reject('no'); 0",
         "L’image n’a pas été prise : la caméra ne donne rien."),
    ],
)  # fmt: skip
def test_a_still_that_cannot_be_made_is_told_and_the_call_goes_on(
    call: Open, broken: str, told: str
) -> None:
    c = call(NURSE)
    c.page.evaluate(broken)
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    expect(c.page.get_by_text(told)).to_be_visible(timeout=15_000)
    assert c.said("still_begin") == []
    expect(c.page.get_by_role("button", name="Micro : couper")).to_be_enabled()


def test_what_takes_and_draws_stills_is_fetched_before_the_call(call: Open) -> None:
    """On a thin link it would cross for a quarter of a minute beside the voice."""
    c = call()
    fetched = "performance.getEntriesByType('resource').some((one) => /still_apart/.test(one.name))"
    c.page.wait_for_function(f"() => {fetched}")
    assert c.said("still_begin") == []


@pytest.mark.parametrize("status", [0, 503])
def test_scripts_that_cannot_be_fetched_are_fetched_when_the_link_is_back(
    call: Open, status: int
) -> None:
    c = call(away=status)
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    expect(
        c.page.get_by_text("la liaison est coupée. Recommencez dans un instant.")
    ).to_be_visible()
    c.page.unroute(APART)
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    expect(view(c.page)).to_be_visible(timeout=15_000)


def test_a_page_of_a_release_before_is_told_to_reload(call: Open) -> None:
    c = call(away=404)
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    told = "Carbet a été mis à jour depuis que cette page est ouverte. Rechargez la page"
    expect(c.page.get_by_text(told)).to_be_visible()
    expect(c.page.get_by_text("la liaison est coupée")).to_be_hidden()
    expect(c.page.get_by_role("button", name="Micro : couper")).to_be_enabled()


def test_absurd_things_from_the_server_are_ignored(call: Open) -> None:
    c = call()
    for payload in (
        {"id": A, "seat": SITE, "source": "camera", "stages": None, "have": 9},
        {"id": B, "seat": SITE, "source": "camera", "have": 0,
         "stages": [{"bytes": 5, "type": "image/webp", "width": 20000, "height": 10000}]},
    ):  # fmt: skip
        c.tell("still", payload)
    c.tell("pointer", {"still": "nowhere", "seat": SITE, "x": 7, "y": "a"})
    expect(c.page.get_by_role("list", name="Images de cette consultation")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_too_wide_too_low_or_too_pale(call: Open, width: int) -> None:
    c = call(CLINICIAN, width)
    arrive(c)
    arrive(c, B)
    c.tell("pointer", {"still": A, "seat": SITE, "x": 0.3, "y": 0.4})
    c.tell("pointer", {"still": B, "seat": SITE, "x": 0.3, "y": 0.4})
    expect(view(c.page)).to_be_visible()
    assert [one for one in c.page.evaluate(LOOKS) if " px for " not in one] == []
    c.page.keyboard.press("Escape")
    c.page.evaluate("__server.answers.still_begin = () => ({ ok: false, code: 'full' }); 0")
    c.page.get_by_role("button", name="Envoyer une image nette").click()
    expect(view(c.page).get_by_text("Image non envoyée")).to_be_visible()
    c.page.keyboard.press("Escape")
    expect(c.page.get_by_role("button", name="Renvoyer")).to_be_visible()
    assert [one for one in c.page.evaluate(LOOKS) if " px for " not in one] == []
