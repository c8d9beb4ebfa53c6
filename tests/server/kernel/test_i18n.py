"""French in the code, English in the catalogue, and each reader's own clock."""

import datetime as dt
from pathlib import Path

import pytest

from server.kernel.i18n import Translations, local_time, when, zone

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"

#: web/templates/home.html:3
msgid "Bonjour {name}"
msgstr "Hello {name}"

#: web/static/js/pages/call.js:9
msgid "Quitter"
msgstr "Leave"

#: web/templates/home.html:4
msgid "{number} essai"
msgid_plural "{number} essais"
msgstr[0] "{number} try"
msgstr[1] "{number} tries"

#, fuzzy
msgid "Peut-être"
msgstr "Certainly"

msgid "Sans traduction"
msgstr ""
"""


@pytest.fixture
def texts(tmp_path: Path) -> Translations:
    path = tmp_path / "en" / "LC_MESSAGES" / "carbet.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE, "utf-8")
    return Translations.load(tmp_path)


def test_french_is_the_text_itself(texts: Translations) -> None:
    assert texts.gettext("fr", "Bonjour {name}", name="Rose") == "Bonjour Rose"
    assert texts.javascript_catalogue("fr") == {}


def test_english_is_in_the_catalogue(texts: Translations) -> None:
    assert texts.gettext("en", "Bonjour {name}", name="Rose") == "Hello Rose"
    assert texts.gettext("en", "Quitter") == "Leave"


def test_what_has_no_sure_translation_stays_french_and_is_named(texts: Translations) -> None:
    known = frozenset({"Quitter", "Peut-être", "Sans traduction"})
    assert [texts.gettext("en", each) for each in sorted(known)] == [
        "Peut-être", "Leave", "Sans traduction",
    ]  # fmt: skip
    assert texts.missing("en", known) == {"Peut-être", "Sans traduction"}
    assert texts.missing("fr", known) == frozenset()


def test_a_value_is_not_taken_for_a_template(texts: Translations) -> None:
    assert texts.gettext("en", "Bonjour {name}", name="{0.__class__}") == "Hello {0.__class__}"
    assert texts.gettext("en", "Un texte avec { une accolade") == "Un texte avec { une accolade"


def test_none_is_singular_in_french_and_plural_in_english(texts: Translations) -> None:
    said = [[texts.ngettext(locale, "{number} essai", "{number} essais", number)
             for number in (0, 1, 2)] for locale in ("fr", "en")]  # fmt: skip
    assert said == [["0 essai", "1 essai", "2 essais"], ["0 tries", "1 try", "2 tries"]]


def test_scripts_get_their_own_texts_only(texts: Translations) -> None:
    assert texts.javascript_catalogue("en") == {"Quitter": "Leave"}


def test_each_reads_their_own_clock() -> None:
    moment = dt.datetime(2026, 11, 23, 13, 30, tzinfo=dt.UTC)
    assert local_time(moment, "Europe/Paris").hour == 14
    assert local_time(moment, "America/Cayenne").hour == 10
    here = str(when(moment, "fr", "Europe/Paris", "America/Cayenne"))
    assert "14:30" in here.partition(">")[2] and 'datetime="2026-11-23T13:30:00+00:00"' in here
    assert "Cayenne" in here and "10:30" in here.partition(">")[0]
    there = str(when(moment, "en", "America/Cayenne", "Europe/Paris"))
    assert "10:30" in there.partition(">")[2] and "Paris" in there.partition(">")[0]
    alike = str(when(moment, "fr", "Europe/Paris", "Europe/Brussels"))
    assert "Brussels" not in alike


def test_a_night_in_two_days() -> None:
    """Half past midnight in Besançon is the evening before in Cayenne."""
    moment = dt.datetime(2026, 7, 13, 22, 30, tzinfo=dt.UTC)
    title = str(when(moment, "fr", "Europe/Paris", "America/Cayenne")).partition(">")[0]
    assert "14 juillet" in title and "13" in title.partition("—")[2]


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "\0", "a" * 300])
def test_an_unknown_zone_is_paris(name: str) -> None:
    assert zone(name).key == "Europe/Paris"
