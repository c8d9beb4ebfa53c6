"""Every template, in every scene, under strict names: structure, labels, words, inertness."""

import re
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from markupsafe import escape

from server.kernel.access import ROLES, SITE_KINDS
from server.pages.words import ROLES as ROLE_WORDS
from signaling.consultation import STATUSES
from signaling.ledger import KINDS
from signaling.planning import GUEST_KINDS
from tests.web.fixtures import CAN, CHROME, FIREFOX, NASTY, actor, scenes, seat
from tests.web.gallery import WEB, environment, render

TEMPLATES = WEB / "templates"
PAGES = sorted(p for p in TEMPLATES.glob("*.html") if p.name not in ("layout.html", "call.html"))
SOURCES = [*PAGES, TEMPLATES / "layout.html", *sorted((TEMPLATES / "components").glob("*.html"))]
SCENES = sorted(scenes())
UNTRANSLATED = {"Carbet", "English", "Français"}
SPOKEN = ("aria-label", "title", "placeholder", "alt")


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], inside: tuple[str, ...]) -> None:
        self.tag, self.attributes, self.inside, self.text = tag, attributes, inside, ""


class Page(HTMLParser):
    """The elements of a page, each with the tags around it and its own text."""

    VOID = frozenset(["input", "meta", "link", "br", "img", "hr", "path", "rect"])

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        assert not self._open, [e.tag for e in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = tuple(e.tag for e in self._open)
        element = Element(tag, {k: v or "" for k, v in attrs}, inside)
        self.elements.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = tuple(e.tag for e in self._open)
        self.elements.append(Element(tag, {k: v or "" for k, v in attrs}, inside))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        closed = self._open.pop()
        assert closed.tag == tag, f"<{closed.tag}> closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [e for e in self.elements if e.tag in tags]


def page(name: str) -> Page:
    return Page(render(scenes()[name]))


def test_every_page_has_its_scene() -> None:
    assert {scene.template for scene in scenes().values()} == {p.name for p in PAGES}


@pytest.mark.parametrize("name", SCENES)
def test_a_page_has_one_title_and_its_landmarks(name: str) -> None:
    found = page(name)
    assert [h.text.strip() != "" for h in found.all("h1")] == [True]
    assert len(found.all("main")) == 1
    assert found.all("html")[0].attributes["lang"] == "fr"
    assert found.all("title")[0].text.strip(" ·") not in ("", "Carbet")


@pytest.mark.parametrize("name", SCENES)
def test_headings_skip_no_level(name: str) -> None:
    levels = [int(e.tag[1]) for e in page(name).all("h1", "h2", "h3", "h4")]
    steps = [after - before for before, after in pairwise(levels)]
    assert levels[0] == 1
    assert max(steps, default=0) <= 1, levels


@pytest.mark.parametrize("name", SCENES)
def test_every_field_has_its_label(name: str) -> None:
    found = page(name)
    labelled = {e.attributes.get("for") for e in found.all("label")}
    for field in found.all("input", "select", "textarea"):
        if field.attributes.get("type") != "hidden":
            wrapped = "label" in field.inside
            assert wrapped or field.attributes.get("id") in labelled, field.attributes


@pytest.mark.parametrize("name", SCENES)
def test_every_button_and_link_says_something(name: str) -> None:
    for element in page(name).all("button", "a", "summary"):
        if element.attributes.get("id") != "errors":
            assert element.text.strip(), element.attributes


@pytest.mark.parametrize("name", SCENES)
def test_ids_are_single_and_references_exist(name: str) -> None:
    found = page(name)
    ids = [e.attributes["id"] for e in found.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in found.elements:
        for attribute in ("for", "aria-describedby", "aria-labelledby"):
            for target in element.attributes.get(attribute, "").split():
                assert target in ids, (attribute, target)
        if element.attributes.get("href", "").startswith("#"):
            assert element.attributes["href"][1:] in ids, element.attributes


@pytest.mark.parametrize("name", SCENES)
def test_nothing_inline_and_nothing_from_elsewhere(name: str) -> None:
    found = page(name)
    for element in found.elements:
        names = element.attributes
        assert "style" not in names
        assert not [n for n in names if n.startswith("on")]
        for reference in (names.get("src"), names.get("href"), names.get("action")):
            assert reference is None or reference.startswith(("/", "#", "tel:")), reference
    assert not found.all("style")
    for script in found.all("script"):
        assert "src" in script.attributes or script.attributes["type"] == "application/json"


@pytest.mark.parametrize("name", SCENES)
def test_every_form_carries_its_token(name: str) -> None:
    html = render(scenes()[name])
    forms = re.findall(r"<form\b.*?</form>", html, re.S)
    assert forms
    for form in forms:
        assert 'method="post"' in form
        assert 'name="csrf" value="csrf-token"' in form


@pytest.mark.parametrize("name", SCENES)
def test_one_main_action_at_most(name: str) -> None:
    buttons = page(name).all("a", "button")
    assert sum("primary" in e.attributes.get("class", "").split() for e in buttons) <= 1


@pytest.mark.parametrize("name", SCENES)
def test_what_people_typed_is_inert(name: str) -> None:
    assert "<script>alert" not in render(scenes()[name]).lower()


def test_what_people_typed_is_shown() -> None:
    shown = [name for name in SCENES if "&lt;script&gt;alert" in render(scenes()[name]).lower()]
    assert {"home", "planned", "record", "new_wrong", "login"} <= set(shown)
    values = [e.attributes.get("value") for e in page("login").all("input")]
    assert NASTY in values


@pytest.mark.parametrize("name", SCENES)
def test_a_demonstration_says_so_and_a_service_does_not(name: str) -> None:
    scene = scenes()[name]
    assert "Démonstration" in render(scene, demo=True, demo_people=[])
    plain = render(scene, demo=False)
    assert "demo-banner" not in plain
    assert "/demo/enter" not in plain


def test_what_one_may_not_do_is_not_offered() -> None:
    nothing = dict.fromkeys(CAN, False)
    for name in ("planned", "in_call", "ended"):
        found = Page(render(scenes()[name], can=nothing, problem="", stale=None))
        actions = [e.attributes["action"] for e in found.all("form")]
        assert set(actions) == {"/logout", "/locale"}
        links = [e.attributes["href"] for e in found.all("a")]
        assert not [link for link in links if link.endswith(("/call", "/record"))]
        assert not found.all("textarea")


def test_a_coordinator_sees_the_agenda_and_enters_no_call() -> None:
    somebody = actor()
    somebody.role = "coordinator"
    links = [e.attributes["href"] for e in Page(render(scenes()["home"], actor=somebody)).all("a")]
    assert "/consultations/new" in links
    assert not [link for link in links if link.endswith("/call")]


def test_the_catalogue_of_scripts_cannot_close_its_element() -> None:
    html = render(scenes()["new"], catalogue={"À {city}": "</script><b>In {city}"}, locale="en")
    assert "</script><b>" not in html
    assert 'id="catalogue"' in html
    assert 'id="catalogue"' not in render(scenes()["new"], catalogue={})


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_no_word_escapes_translation(path: Path) -> None:
    classes = r"\{% block (?:main|body)_class %\}.*?\{% endblock %\}"
    code = rf"{classes}|\{{#.*?#\}}|\{{%.*?%\}}|\{{\{{.*?\}}\}}"
    source = re.sub(code, "\0", path.read_text(), flags=re.S)
    for tag in re.findall(r"<[^>]*>", source):
        for attribute in SPOKEN:
            spoken = re.search(rf'{attribute}="([^"]*)"', tag)
            assert not spoken or not re.search(r"[^\W\d_]", spoken[1]), tag
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>| aria-[a-z]+=\"[^\"]*\"", " ", source))
    assert set(words) <= UNTRANSLATED, words


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_messages_can_be_extracted(path: Path) -> None:
    """A message is one literal; a bare % would be taken for a placeholder."""
    source = path.read_text()
    assert not re.findall(r"\b_\((?![\"'])", source)
    for message in re.findall(r"\b_\(\"([^\"]*)\"", source):
        assert not re.search(r"%(?!\(\w+\)s)", message), message


@pytest.mark.parametrize(
    ("macro", "codes"),
    [("role", ROLES), ("site_kind", SITE_KINDS), ("incident", KINDS)],
    ids=["role", "site_kind", "incident"],
)
def test_every_code_has_its_words(macro: str, codes: tuple[str, ...]) -> None:
    words = environment().get_template("components/words.html").make_module({})
    for code in codes:
        assert str(getattr(words, macro)(code)).strip() != code
    assert str(getattr(words, macro)("unheard_of")).strip() == "unheard_of"


@pytest.mark.parametrize(
    ("macro", "labels"), [("role", ROLE_WORDS), ("seat_kind", GUEST_KINDS)], ids=["role", "seat"]
)
def test_pages_and_handlers_use_the_same_words(macro: str, labels: dict[str, str]) -> None:
    words = environment().get_template("components/words.html").make_module({})
    assert {code: str(getattr(words, macro)(code)).strip() for code in labels} == labels


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        (FIREFOX, "Firefox sur Windows"),
        (CHROME, "Chrome sur Android"),
        ("", "Appareil inconnu"),
        ("curl/8", "curl/8"),
        (NASTY, str(escape(NASTY))),
    ],
    ids=["firefox", "chrome", "none", "other", "nasty"],
)
def test_a_device_is_named_in_three_words(agent: str, shown: str) -> None:
    words = environment().get_template("components/words.html").make_module({})
    assert str(words.device(agent)).strip() == shown  # type: ignore[attr-defined]


def test_every_status_has_its_badge() -> None:
    macro = "status"
    badges = environment().get_template("components/badge.html").make_module({})
    shown = {re.sub(r"<[^>]*>", "", str(getattr(badges, macro)(code))) for code in STATUSES}
    assert len(shown) == len(STATUSES)
    assert not shown & set(STATUSES)


def test_the_shared_style_stays_light() -> None:
    assert (WEB / "static/css/base.css").stat().st_size < 12_000
    assert (WEB / "static/css/pages.css").stat().st_size < 12_000


def _clocks(timezone: str) -> set[str]:
    """What the titles of the consultation page's hours tell of another place."""
    reader = actor()
    reader.timezone = timezone
    scene = next(s for _, s in sorted(scenes().items()) if s.template == "consultation.html")
    titles = [e.attributes["title"] for e in Page(render(scene, actor=reader)).all("time")]
    return {t.rpartition(" — ")[2].partition(" : ")[0] for t in titles if " — " in t}


def test_each_side_is_told_the_hour_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.web import gallery

    for own, other in (("Europe/Paris", "Cayenne"), ("America/Cayenne", "Paris")):
        clock = partial(gallery.when, tz=own)
        monkeypatch.setitem(environment().globals, "when", clock)
        assert _clocks(own) == {other}


def test_participants_show_the_consent_they_gave_or_refused() -> None:
    scene = next(s for _, s in sorted(scenes().items()) if s.context.get("seats"))
    seats = [seat("site", "Nadine", "in"), seat("family", "Joseph", "ready")]
    seats[1].consent = False
    shown = Page(render(scene, seats=seats)).all("li")
    told = {
        li.text.strip()[:6]: "Refusé" in li.text.split()
        for li in shown
        if "seat" in li.attributes.get("class", "").split()
    }
    assert told == {"Nadine": False, "Joseph": True}
