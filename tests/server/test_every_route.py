"""Every route, as every kind of person, with a consultation that is theirs or is not."""

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestClient

from server.kernel import audit
from server.kernel.db import AuditRow, Database, LoginSession, Site
from server.pages import ROUTES
from tests.expertise.test_pages import LET_IN as OF_CASES
from tests.people import People, cookie_header, logged_in
from tests.server.conftest import NOBODY, Planned, Visitor, visitor

# Shown to anybody: they tell nothing, or ask who it is.
FOR_ALL = {
    ("GET", "/"), ("GET", "/login"), ("POST", "/login"), ("GET", "/login/code"),
    ("POST", "/login/code"), ("GET", "/login/enrol"), ("POST", "/login/enrol"), ("GET", "/j"),
    ("POST", "/join"), ("GET", "/code"), ("POST", "/code"), ("POST", "/locale"),
    ("POST", "/logout"),
}  # fmt: skip
# Only in the demonstration: the test server is none.
FOR_NONE = {("POST", "/demo/enter")}
MEMBERS = {
    "clinician", "colleague", "coordinator", "caregiver", "nurse", "requester", "technician",
    "administrator", "stranger",
}  # fmt: skip
PLANNERS = {"clinician", "colleague", "coordinator", "stranger"}
SEERS = {"clinician", "colleague", "coordinator", "nurse"}
CLINICIANS = {"clinician", "colleague"}
INVITERS = CLINICIANS | {"coordinator"}
C = "/consultations/{id}"
LET_IN: dict[tuple[str, str], set[str]] = {
    ("GET", "/account"): MEMBERS,
    ("POST", "/account"): MEMBERS,
    ("POST", "/account/sessions/revoke-others"): MEMBERS,
    ("POST", "/account/sessions/{session}/revoke"): set(),
    ("GET", "/consultations/new"): PLANNERS,
    ("POST", "/consultations/new"): PLANNERS,
    ("GET", C): SEERS,
    ("POST", C + "/open"): CLINICIANS,
    ("POST", C + "/cancel"): INVITERS,
    ("POST", C + "/reopen"): CLINICIANS,
    ("POST", C + "/notes"): CLINICIANS,
    ("POST", C + "/invitations"): INVITERS,
    ("POST", C + "/invitations/{invitation}/renew"): INVITERS,
    ("POST", C + "/invitations/{invitation}/revoke"): INVITERS,
    ("GET", C + "/call"): CLINICIANS | {"nurse", "guest"},
    ("GET", C + "/record"): CLINICIANS | {"nurse"},
    ("GET", C + "/record.csv"): CLINICIANS | {"nurse"},
    ("GET", C + "/stills/{still}/{stage}"): CLINICIANS | {"nurse"},
    ("POST", "/sites/{site}/link"): {"administrator", "technician"},
}
SECRETS = ("ANATO", "JOSEPHINE", "plaie de jambe", "Rosa", "1957")


def test_no_route_is_forgotten() -> None:
    named = FOR_ALL | FOR_NONE | LET_IN.keys() | OF_CASES.keys()
    assert {(method, path) for method, path, _handler in ROUTES} == named


def _address(path: str, planned: Planned, session_id: str) -> str:
    return (
        path.replace("{id}", planned.consultation.id)
        .replace("{invitation}", planned.invitation.id)
        .replace("{session}", session_id)
        .replace("{still}", planned.still)
        .replace("{stage}", "0")
        .replace("{site}", "site-ehpad")
    )


async def _visitor(
    who: str, site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> Visitor:
    if who == "nobody":
        return Visitor(site, NOBODY)
    if who == "guest":
        return Visitor(site, cookie_header(planned.guest))
    return await visitor(site, database, getattr(people, who))


@pytest.mark.parametrize("who", sorted(MEMBERS | {"guest", "nobody"}))
async def test_each_person_gets_what_is_theirs_and_nothing_else(
    who: str, site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    # Another person's session, so that its id is one that exists.
    other = people.technician if who != "technician" else people.requester
    elsewhere = await logged_in(database, other)
    for (method, path), allowed in LET_IN.items():
        browser = await _visitor(who, site, database, people, planned)
        got = await browser.ask(method, _address(path, planned, elsewhere.session.id))
        if who in allowed:
            assert got.status in (200, 303, 400, 409, 422), (method, path, got.status)
        else:
            assert got.status == 404, (method, path, got.status)
            assert not any(word in got.text for word in SECRETS), (method, path)
        if who == "guest" and path.endswith("/revoke") and "invitations" in path:
            assert got.status == 404


async def test_a_still_is_the_picture_that_was_kept_and_nothing_keeps_it(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    nurse = await visitor(site, database, people.nurse)
    folder = f"/consultations/{planned.consultation.id}/stills/"
    answer = await site.get(folder + planned.still + "/0", headers=nurse.headers)
    assert await answer.read() == planned.picture
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for other in ("/1", "/2", "/00000", "/-1", "/x", "/0/", "/\u0660"):
        assert (await nurse.get(folder + planned.still + other)).status == 404, other
    for still in ("x", "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7eff", "..%2f..%2fsecret", "%00" * 12):
        assert (await nurse.get(folder + still + "/0")).status == 404, still
    elsewhere = f"/consultations/AAAAAAAAAAAAAAAA/stills/{planned.still}/0"
    assert (await nurse.get(elsewhere)).status == 404
    async with database.read() as session:
        rows = await session.scalars(
            sa.select(AuditRow).where(AuditRow.action == audit.Audited.STILL_READ)
        )
        told = [(row.actor, row.subject, row.outcome) for row in rows]
        actor = f"member:{people.nurse.id}"
        assert told[0] == (actor, planned.still, "done")
        assert {outcome for *_, outcome in told[1:]} == {"refused"}


async def test_a_damaged_still_is_not_found(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned, tmp_path: Path
) -> None:
    (path,) = (tmp_path / "stills" / planned.consultation.id).iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    nurse = await visitor(site, database, people.nurse)
    address = f"/consultations/{planned.consultation.id}/stills/{planned.still}/0"
    assert (await nurse.get(address)).status == 404


async def test_the_record_shows_stills_bytes_and_why_a_link_fell(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    nurse = await visitor(site, database, people.nurse)
    address = f"/consultations/{planned.consultation.id}/record"
    shown = (await nurse.get(address)).text
    assert f'src="/consultations/{planned.consultation.id}/stills/{planned.still}/0"' in shown
    assert "demandée par Dr Claire Morel" in shown and "12,3 Mo échangés" not in shown
    assert "1,5 Mo échangés" in shown
    assert "Voix sans image, à l’envoi : débit trop faible" in shown
    told = (await nurse.get(address + ".csv")).text
    assert f"Caméra · demandée par Dr Claire Morel · 640 × 480 · {planned.still}" in told
    assert "1500 ko" in told and "Voix sans image, à l’envoi · débit trop faible" in told


async def test_a_site_may_limit_its_link_and_lift_the_limit(
    site: TestClient[Any, Any], database: Database, people: People
) -> None:
    technician = await visitor(site, database, people.technician)
    address = "/sites/site-ehpad/link"
    assert "EHPAD Les Tilleuls" in (await technician.get("/account")).text
    wanted = {"ceiling": "64", "bytes": " 50 ", "telephone": "03.53.01.99.02"}
    assert (await technician.post(address, **wanted)).status == 303
    shown = (await technician.get("/account")).text
    assert 'value="64"' in shown and 'value="50"' in shown and "03 53 01 99 02" in shown
    async with database.read() as session:
        stored = await session.get_one(Site, "site-ehpad")
        assert (stored.link_ceiling, stored.link_bytes) == (64_000, 50_000_000)
        assert stored.telephone == "03 53 01 99 02"
    for wrong in ({"ceiling": "23"}, {"ceiling": "-64"}, {"ceiling": "1e3"}, {"bytes": "0"},
                  {"bytes": "100001"}, {"ceiling": "<b>"}, {"telephone": "<b>"}):  # fmt: skip
        got = await technician.post(address, **wrong)
        assert got.status == 422 and "Écrivez un" in got.text and "<b>" not in got.text
    assert (await technician.post(address, ceiling="", bytes="")).status == 303
    async with database.read() as session:
        stored = await session.get_one(Site, "site-ehpad")
        assert (stored.link_ceiling, stored.link_bytes) == (None, None)
    for other in ("site-cdps", "site-none", "%00"):
        assert (await technician.post(f"/sites/{other}/link", ceiling="64")).status == 404
    clinician = await visitor(site, database, people.clinician)
    assert "liaison des sites" not in (await clinician.get("/account")).text


def _without_request(text: str) -> str:
    return re.sub(r"[0-9a-f]{16}|csrf\" content=\"[^\"]+|value=\"[^\"]{43}\"", "", text)


async def test_what_is_not_yours_looks_like_what_does_not_exist(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    stranger = await visitor(site, database, people.stranger)
    theirs = await stranger.get(f"/consultations/{planned.consultation.id}")
    nothing = await stranger.get("/consultations/AAAAAAAAAAAAAAAA")
    assert theirs.status == nothing.status == 404
    assert _without_request(theirs.text).replace(planned.consultation.id, "") == _without_request(
        nothing.text
    ).replace("AAAAAAAAAAAAAAAA", "")


async def test_a_refusal_is_in_the_audit_log(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    stranger = await visitor(site, database, people.stranger)
    await stranger.get(f"/consultations/{planned.consultation.id}/record")
    async with database.read() as session:
        refused = await session.scalars(sa.select(AuditRow).where(AuditRow.outcome == "refused"))
        rows = [(row.actor, row.action, row.subject) for row in refused]
        assert (
            f"member:{people.stranger.id}", audit.Audited.RECORD_READ, planned.consultation.id,
        ) in rows  # fmt: skip
        assert await audit.verify(session) is None


async def test_only_planners_plan_however_well_the_form_is_filled(
    site: TestClient[Any, Any], database: Database, people: People
) -> None:
    form = {
        "when": "now", "minutes": "30", "site_id": people.network.ehpad.id, "reason": "chute",
        "birth_name": "Anato", "first_birth_given_name": "Joséphine", "birth_date": "1957-03-14",
        "sex": "F", "birthplace_insee": "97353",
    }  # fmt: skip
    requester = await visitor(site, database, people.requester)
    assert (await requester.post("/consultations/new", **form)).status == 404
    stranger = await visitor(site, database, people.stranger)
    assert (await stranger.post("/consultations/new", **form)).status == 422
    clinician = await visitor(site, database, people.clinician)
    planned = await clinician.post("/consultations/new", **form)
    assert planned.status == 303
    shown = await clinician.get(planned.headers["Location"])
    assert "ANATO" in shown.text
    assert "ANATO" in (await clinician.get("/")).text
    assert "ANATO" not in (await stranger.get("/")).text


async def test_what_was_cancelled_stays_in_the_agenda_and_can_be_reopened(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    clinician = await visitor(site, database, people.clinician)
    address = f"/consultations/{planned.consultation.id}"
    assert (await clinician.post(address + "/cancel")).status == 303
    agenda = (await clinician.get("/")).text
    assert "ANATO" in agenda and "Annulée" in agenda
    assert (await clinician.post(address + "/reopen")).status == 303
    assert "Ouverte" in (await clinician.get(address)).text


async def test_what_the_client_claims_of_itself_is_ignored(
    site: TestClient[Any, Any], database: Database, people: People
) -> None:
    browser = await visitor(site, database, people.requester)
    claims = {"role": "administrator", "organisation_id": "org-stranger", "person_id": "x"}
    changed = await browser.post("/account", locale="en", timezone="Europe/Paris", **claims)
    assert changed.status == 303
    async with database.read() as session:
        person = await session.get_one(type(people.requester), people.requester.id)
        assert (person.role, person.organisation_id) == ("requester", "org-chu")
        assert person.locale == "en"


async def test_a_person_says_where_they_are_telephoned(
    site: TestClient[Any, Any], database: Database, people: People
) -> None:
    browser = await visitor(site, database, people.clinician)
    said = {"locale": "fr", "timezone": "Europe/Paris"}
    refused = await browser.post("/account", telephone="<b>03", **said)
    assert refused.status == 422 and "Écrivez un numéro" in refused.text
    assert "&lt;b&gt;03" in refused.text  # what was typed is not lost
    assert (await browser.post("/account", telephone="03 53 01 99 11", **said)).status == 303
    assert 'value="03 53 01 99 11"' in (await browser.get("/account")).text
    assert (await browser.post("/account", telephone="", **said)).status == 303
    async with database.read() as session:
        assert (
            await session.get_one(type(people.clinician), people.clinician.id)
        ).telephone is None


async def test_a_cookie_is_worth_nothing_after_logout(
    site: TestClient[Any, Any], database: Database, people: People
) -> None:
    browser = await visitor(site, database, people.clinician)
    assert (await browser.get("/")).status == 200
    assert (await browser.post("/logout")).status == 303
    again = await browser.get("/")
    assert (again.status, again.headers["Location"]) == (303, "/login")


async def test_a_request_without_its_token_changes_nothing(
    site: TestClient[Any, Any], database: Database, people: People, planned: Planned
) -> None:
    browser = await visitor(site, database, people.clinician)
    browser.headers = {"Cookie": browser.headers["Cookie"]}
    got = await browser.post(f"/consultations/{planned.consultation.id}/cancel")
    assert got.status == 403
    async with database.read() as session:
        c = await session.get_one(type(planned.consultation), planned.consultation.id)
        assert c.status == "open"


async def test_revoking_another_device_ends_its_session(
    site: TestClient[Any, Any], database: Database, people: People
) -> None:
    mine = await visitor(site, database, people.clinician)
    other = await logged_in(database, people.clinician)
    got = await mine.post(f"/account/sessions/{other.session.id}/revoke")
    assert got.status == 303
    async with database.read() as session:
        row = await session.get_one(LoginSession, other.session.id)
        assert row.revoked_at is not None


def test_every_page_handler_is_mounted_once() -> None:
    app = web.Application()
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, handler)
    assert len(ROUTES) == len({(method, path) for method, path, _ in ROUTES})
