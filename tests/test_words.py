"""Every French text has its English, and the catalogue holds nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from server.kernel.i18n import Translations

ROOT = Path(__file__).parents[1]
CATALOGUES = ROOT / "config/translations"
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)\w|%[a-z]")
IN_SCRIPT = re.compile(r'\b_\(\s*"([^"\\]+)"')


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """A text, or its singular and plural."""
    return (text or "",) if isinstance(text, str) or text is None else tuple(text)


def by_text(catalogue: Catalog) -> dict[str, Message]:
    return {forms(message.id)[0]: message for message in catalogue if message.id}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Message]:
    """What `make words` finds in the code."""
    found = tmp_path_factory.mktemp("words") / "carbet.pot"
    extract = ["extract", "-F", "pyproject.toml", "--add-location=file", "-o", str(found), "."]
    babel = [sys.executable, "-m", "babel.messages.frontend", "-q"]
    subprocess.run([*babel, *extract], cwd=ROOT, check=True)
    with found.open("rb") as file:
        return by_text(read_po(file))


@pytest.fixture(scope="module")
def english() -> Catalog:
    with (CATALOGUES / "en/LC_MESSAGES/carbet.po").open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def test_every_text_has_its_english(used: dict[str, Message], english: Catalog) -> None:
    translated = {
        text
        for text, message in by_text(english).items()
        if not message.fuzzy and all(forms(message.string))
    }
    assert sorted(used.keys() - translated) == []


def test_no_translation_outlives_its_text(used: dict[str, Message], english: Catalog) -> None:
    assert sorted(by_text(english).keys() - used.keys()) == []
    assert sorted(map(str, english.obsolete)) == []


def test_a_translation_keeps_the_placeholders(english: Catalog) -> None:
    differing = [
        (french, form)
        for message in by_text(english).values()
        for french, form in zip(forms(message.id), forms(message.string), strict=True)
        if form and set(PLACEHOLDER.findall(french)) != set(PLACEHOLDER.findall(form))
    ]
    assert differing == []


def test_scripts_get_their_own_texts_and_no_others(used: dict[str, Message]) -> None:
    in_scripts = {
        text
        for text, message in used.items()
        if any(name.endswith(".js") for name, _line in message.locations)
    }
    catalogue = Translations.load(CATALOGUES).javascript_catalogue("en")
    assert catalogue.keys() == in_scripts


def test_no_text_of_a_script_escapes_the_extraction(used: dict[str, Message]) -> None:
    scripts = sorted((ROOT / "web/static/js").rglob("*.js"))
    written = {text for path in scripts for text in IN_SCRIPT.findall(path.read_text("utf-8"))}
    assert sorted(written - used.keys()) == []
