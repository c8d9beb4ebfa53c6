"""The specialties and their forms, read from `config/specialties.toml` at start.

Refuses a file that does not hold together, with the place and the reason. Knows no person.
"""

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.kernel.i18n import LOCALES

DEFAULT = Path(__file__).parents[1] / "config" / "specialties.toml"
MOST_PICTURES = 20
# What a requester may always add.
OTHER_VIEW = "other"


class WrongSpecialties(ValueError):
    """Where in the file, and why, in French and English."""

    def __init__(self, where: str, fr: str, en: str) -> None:
        super().__init__(f"specialties.toml : {where} : {fr} / {en}")


@dataclass(frozen=True)
class Words:
    """A text in every language, by locale."""

    by_locale: Mapping[str, str]

    def __getitem__(self, locale: str) -> str:
        return self.by_locale.get(locale, self.by_locale["fr"])


@dataclass(frozen=True)
class Field:
    code: str
    label: Words
    hint: Words | None
    needed: bool


@dataclass(frozen=True)
class View:
    code: str
    label: Words


@dataclass(frozen=True)
class Urgency:
    code: str
    label: Words
    within: dt.timedelta


@dataclass(frozen=True)
class Specialty:
    """One form. `pictures` is how many at least; `views` those wanted, then "another"."""

    code: str
    name: Words
    ask: Words
    fields: tuple[Field, ...]
    views: tuple[View, ...]
    pictures: int
    urgencies: tuple[Urgency, ...]

    def urgency(self, code: str) -> Urgency | None:
        return next((each for each in self.urgencies if each.code == code), None)

    def view(self, code: str) -> View | None:
        return next((each for each in self.views if each.code == code), None)


Specialties = Mapping[str, Specialty]


def load(path: Path = DEFAULT) -> Specialties:
    """All specialties, in the order of the file. Raises `WrongSpecialties`."""
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise WrongSpecialties("", f"illisible : {error}", f"unreadable: {error}") from None
    return read(told)


def read(told: Mapping[str, Any]) -> Specialties:
    """As `load`, of what the file says."""
    found = {code: _specialty(code, told) for code in told.get("specialties", {})}
    if not found:
        raise WrongSpecialties("specialties", "aucune spécialité", "no specialty")
    return found


def _words(where: str, told: Any) -> Words:
    if not isinstance(told, dict) or any(not str(told.get(each, "")).strip() for each in LOCALES):
        raise WrongSpecialties(where, "il manque le texte d’une langue", "a language is missing")
    return Words({locale: told[locale] for locale in LOCALES})


def _named(told: Mapping[str, Any], table: str, code: str, where: str) -> dict[str, Any]:
    found = told.get(table, {}).get(code)
    if not isinstance(found, dict):
        raise WrongSpecialties(where, f"{code} n’est pas dans [{table}]",
                               f"{code} is not in [{table}]")  # fmt: skip
    return found


def _specialty(code: str, told: Mapping[str, Any]) -> Specialty:
    one, where = told["specialties"][code], f"specialties.{code}"
    pictures = one.get("pictures", 0)
    if not isinstance(pictures, int) or not 0 <= pictures <= MOST_PICTURES:
        raise WrongSpecialties(where, "pictures hors de 0 à 20", "pictures outside 0 to 20")
    views = [*one.get("views", []), OTHER_VIEW]
    return Specialty(
        code,
        _words(f"{where}.name", one.get("name")),
        _words(f"{where}.ask", one.get("ask")),
        tuple(_fields(told, one, where)),
        tuple(View(each, _words(f"views.{each}", _named(told, "views", each, where).get("label")))
              for each in views),
        pictures,
        tuple(_urgencies(told, one, where)),
    )  # fmt: skip


def _fields(told: Mapping[str, Any], one: Mapping[str, Any], where: str) -> Iterator[Field]:
    needed = [*told.get("mandatory", []), *one.get("needs", [])]
    asked = [*needed, *one.get("wants", [])]
    if len(set(asked)) != len(asked):
        raise WrongSpecialties(where, "un champ est demandé deux fois", "a field is asked twice")
    for code in asked:
        field = _named(told, "fields", code, where)
        hint = _words(f"fields.{code}.hint", field["hint"]) if "hint" in field else None
        yield Field(code, _words(f"fields.{code}.label", field.get("label")), hint, code in needed)


def _urgencies(told: Mapping[str, Any], one: Mapping[str, Any], where: str) -> Iterator[Urgency]:
    hours = one.get("hours", {})
    order = list(hours.values())
    if not order or order != sorted(set(order), reverse=True) or min(order) <= 0:
        raise WrongSpecialties(f"{where}.hours", "des heures décroissantes sont attendues",
                               "hours are expected, longest first")  # fmt: skip
    for code, within in hours.items():
        label = _named(told, "urgencies", code, where).get("label")
        words = _words(f"urgencies.{code}.label", label)
        yield Urgency(code, words, dt.timedelta(hours=within))
