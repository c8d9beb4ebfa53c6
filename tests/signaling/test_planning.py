"""A plan and INS traits, read from a form: what the RNIV allows, and what no paper can hold."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.identity import OIDS, matricule_holds, read_traits, rniv_name
from signaling.planning import GUESTS, Guest, InvalidPlan, local_time, read_plan

NOW = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
ROSE = {
    "birth_name": "Alimeck", "first_birth_given_name": "Rose-Marie", "birth_date": "1951-04-03",
    "sex": "F", "birthplace_insee": "97353",
}  # fmt: skip
FORM = {**ROSE, "when": "now", "site_id": "site-1", "reason": "Plaie", "minutes": "30"}
OID = "1.2.250.1.213.1.4.8"


def key_of(thirteen: str) -> str:
    number = int(thirteen.replace("2A", "19").replace("2B", "18"))
    return f"{thirteen}{97 - number % 97:02}"


def wrong(**changes: str) -> set[str]:
    with pytest.raises(InvalidPlan) as refused:
        read_plan({**FORM, **changes}, timezone="Europe/Paris", now=NOW)
    return set(refused.value.errors)


def test_the_least_that_is_needed() -> None:
    plan = read_plan(FORM, timezone="Europe/Paris", now=NOW)
    assert (plan.at, plan.minutes, plan.traits.ins_status) == (None, 30, "PROV")
    assert plan.traits.birth_name == "ALIMECK" and plan.traits.matricule is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Œuvrard-Ñandú", "OEUVRARD-NANDU"), ("d’Arc", "D'ARC"), ("  N'Guyen ", "N'GUYEN"),
        ("Ançay", "ANCAY"), ("LE GOFF", "LE GOFF"), ("D'", "D'"),
    ],
)  # fmt: skip
def test_names_are_written_as_the_rniv_writes_them(typed: str, kept: str) -> None:
    assert rniv_name(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", " ", "R2D2", "<b>", "A  B", "-A", "A-", "A\nB", "=1+1", "王", "A" * 101, "A;B"]
)
def test_what_no_name_holds_is_refused(typed: str) -> None:
    assert rniv_name(typed) is None
    assert wrong(birth_name=typed) == {"birth_name"}


@given(st.text(max_size=120))
def test_a_name_is_capitals_or_nothing(typed: str) -> None:
    kept = rniv_name(typed)
    assert kept is None or (set(kept) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ'- ") and kept)


@pytest.mark.parametrize("date", ["2026-11-23", "1895-12-31", "1951-02-30", "03/04/1951", "", "x"])
def test_birth_dates_that_are_none(date: str) -> None:
    assert wrong(birth_date=date) == {"birth_date"}


def test_born_today_by_the_clinicians_clock() -> None:
    late = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)
    form = {**FORM, "birth_date": "2026-11-23"}
    assert read_plan(form, timezone="Europe/Paris", now=late).traits.birth_date.day == 23
    with pytest.raises(InvalidPlan):
        read_plan(form, timezone="America/Cayenne", now=late)


@pytest.mark.parametrize("code", ["97302", "2A004", "2b033", "99352", "01004", "91352"])
def test_birthplaces(code: str) -> None:
    traits, errors = read_traits({**ROSE, "birthplace_insee": code}, TODAY)
    assert traits is not None and traits.birthplace_insee == code.upper() and not errors


@pytest.mark.parametrize(
    "code", ["", "9730", "973020", "00123", "2C004", "Paris", "9 730", "２Ａ004"]
)
def test_birthplaces_that_are_none(code: str) -> None:
    assert wrong(birthplace_insee=code) == {"birthplace_insee"}


@pytest.mark.parametrize("sex", ["", "f", "X", "MF"])
def test_sex_is_one_of_three(sex: str) -> None:
    assert wrong(sex=sex) == {"sex"}


def test_a_matricule_has_its_key_and_its_kind() -> None:
    good = key_of("2510497353123")
    assert matricule_holds(good) and matricule_holds(key_of("151042A004123"))
    spaced = f"{good[:1]} {good[1:3]} {good[3:]}"
    form = {**FORM, "matricule": spaced, "matricule_oid": OID, "ins_status": "QUAL"}
    plan = read_plan(form, timezone="Europe/Paris", now=NOW)
    assert plan.traits.matricule == good and OIDS[plan.traits.matricule_oid or ""] == "NIR"
    for position, digit in enumerate(good):
        other = str((int(digit) + 1) % 10)
        assert not matricule_holds(good[:position] + other + good[position + 1 :])


def test_what_goes_with_a_matricule() -> None:
    good = key_of("2510497353123")
    assert wrong(matricule=good) == {"matricule_oid"}
    assert wrong(matricule=good, matricule_oid="1.2.3") == {"matricule_oid"}
    assert wrong(matricule_oid=OID) == {"matricule"}
    assert wrong(ins_status="QUAL") == wrong(ins_status="RECUP") == {"ins_status"}
    assert wrong(ins_status="SURE") == {"ins_status"}
    assert wrong(matricule="1" * 15, matricule_oid=OID) == {"matricule"}


def test_a_time_is_the_planners_wall_clock() -> None:
    later = {**FORM, "when": "later", "date": "2026-12-01", "time": "09:00"}
    paris = read_plan(later, timezone="Europe/Paris", now=NOW).at
    cayenne = read_plan(later, timezone="America/Cayenne", now=NOW).at
    assert paris == dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)
    assert cayenne == dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)


def test_an_hour_that_spring_skips_is_none() -> None:
    assert local_time("2027-03-28", "02:30", "Europe/Paris") is None
    assert local_time("2027-03-28", "03:30", "Europe/Paris") is not None
    assert local_time("2026-10-25", "02:30", "Europe/Paris") is not None


@pytest.mark.parametrize(
    ("date", "time"),
    [("", ""), ("2026-11-21", "09:00"), ("2029-11-22", "09:00"), ("2026-12-01", "25:00"),
     ("2026-12-01", "09:00+02:00"), ("2026-12-01T09:00", "00")],
)  # fmt: skip
def test_times_that_are_none(date: str, time: str) -> None:
    assert wrong(when="later", date=date, time=time) == {"date"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("reason", " "), ("reason", "x" * 501), ("reason", "\x00"), ("site_id", ""),
     ("minutes", "4"), ("minutes", "241"), ("minutes", "-5"), ("minutes", "²"), ("when", "soon")],
)  # fmt: skip
def test_fields_that_are_none(field: str, value: str) -> None:
    assert wrong(**{field: value}) == {field}


def test_a_reason_is_kept_as_written() -> None:
    nasty = "=1+1\n<script>'; DROP TABLE x;--"
    plan = read_plan({**FORM, "reason": nasty}, timezone="Europe/Paris", now=NOW)
    assert plan.reason == nasty


def test_guests_are_read_and_empty_rows_passed_over() -> None:
    rows = [("family", "Joseph"), ("", ""), ("interpreter", " ")]
    plan = read_plan(FORM, rows, timezone="Europe/Paris", now=NOW)
    assert plan.guests == (Guest("family", "Joseph"), Guest("interpreter", ""))
    for bad in ([("", "Joseph")], [("clinician", "x")], [("family", "x")] * (GUESTS + 1)):
        with pytest.raises(InvalidPlan) as refused:
            read_plan(FORM, bad, timezone="Europe/Paris", now=NOW)
        assert set(refused.value.errors) == {"guests"}


@given(st.dictionaries(st.sampled_from([*FORM, "date", "time", "matricule"]), st.text()))
def test_any_form_is_a_plan_or_told_what_is_wrong(form: dict[str, Any]) -> None:
    try:
        read_plan(form, timezone="Europe/Paris", now=NOW)
    except InvalidPlan as refused:
        assert refused.errors
