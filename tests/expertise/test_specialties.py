"""The forms as they ship, and a file that does not hold together."""

import copy
import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from expertise import specialties
from expertise.specialties import DEFAULT, WrongSpecialties

SHIPPED = {
    "dermatology", "wounds", "cardiology", "radiology", "ophthalmology", "diabetology",
    "infectious", "nephrology", "geriatrics", "psychiatry",
}  # fmt: skip


def told() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(DEFAULT.read_text("utf-8")))


def test_what_ships() -> None:
    forms = specialties.load()
    assert set(forms) == SHIPPED
    for form in forms.values():
        needed = [field.code for field in form.fields if field.needed]
        assert needed[:3] == ["history", "risks", "treatments"], "the ANS document's own three"
        assert form.name["fr"] and form.name["en"] and form.views[-1].code == "other"
        waits = [each.within for each in form.urgencies]
        assert waits == sorted(waits, reverse=True) and waits[-1] <= dt.timedelta(hours=12)
    skin = forms["dermatology"]
    assert [view.code for view in skin.views[:4]] == ["region", "landmark", "close", "oblique"]
    assert skin.urgency("urgent") is not None and skin.urgency("never") is None
    assert skin.view("close") is not None and skin.view("tracing") is None


def test_no_text_of_the_file_is_unused() -> None:
    file, forms = told(), specialties.load()
    used_fields = {field.code for form in forms.values() for field in form.fields}
    used_views = {view.code for form in forms.values() for view in form.views}
    used_urgencies = {each.code for form in forms.values() for each in form.urgencies}
    assert set(file["fields"]) == used_fields
    assert set(file["views"]) == used_views and set(file["urgencies"]) == used_urgencies


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda f: f["specialties"]["wounds"]["name"].pop("en"), "specialties.wounds.name"),
        (lambda f: f["specialties"]["wounds"]["needs"].append("soul"), "specialties.wounds"),
        (lambda f: f["specialties"]["wounds"]["needs"].append("history"), "specialties.wounds"),
        (lambda f: f["specialties"]["wounds"]["views"].append("x"), "specialties.wounds"),
        (lambda f: f["specialties"]["wounds"].update(pictures=21), "specialties.wounds"),
        (lambda f: f["specialties"]["wounds"].update(pictures="1"), "specialties.wounds"),
        (lambda f: f["specialties"]["wounds"]["hours"].update(urgent=0), "wounds.hours"),
        (lambda f: f["specialties"]["wounds"]["hours"].update(urgent=300), "wounds.hours"),
        (lambda f: f["specialties"]["wounds"].update(hours={"now": 1}), "specialties.wounds"),
        (lambda f: f["fields"]["pain"].update(label="Douleur"), "fields.pain.label"),
        (lambda f: f.pop("specialties"), "specialties"),
    ],
)
def test_what_does_not_hold_together_is_refused_by_its_place(change: Any, where: str) -> None:
    file = told()
    change(file)
    with pytest.raises(WrongSpecialties, match=where):
        specialties.read(file)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "specialties.toml"
    path.write_text("[specialties")
    with pytest.raises(WrongSpecialties, match="unreadable"):
        specialties.load(path)
