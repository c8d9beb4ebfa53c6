"""Every route of requests as every kind of person; and the journey by forms, without script."""

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from expertise.case import Act
from server.kernel.cases import Case
from server.kernel.db import Database
from tests.expertise.conftest import Desk
from tests.expertise.photographs import photograph
from tests.expertise.site import Sender, drafted
from tests.people import PASSWORD
from tests.server.conftest import NOBODY, Visitor, visitor

ASKING = {"clinician", "colleague", "caregiver", "nurse", "requester", "stranger"}
EVERYBODY = ASKING | {"coordinator", "technician", "administrator", "nobody"}
SEEING, NURSE, EXPERT = {"nurse", "clinician"}, {"nurse"}, {"clinician"}
C = "/cases/{id}"
# Of a request which the nurse sent and the clinician took.
LET_IN: dict[tuple[str, str], set[str]] = {
    ("GET", "/cases"): ASKING,
    ("GET", "/cases/new"): ASKING,
    ("POST", "/cases/new"): ASKING,
    ("GET", C): SEEING,
    ("POST", C + "/draft"): NURSE,
    ("POST", C + "/send"): NURSE,
    ("POST", C + "/acts/{act}"): EXPERT,
    ("POST", C + "/opinion"): EXPERT,
    ("POST", C + "/opinion/sign"): EXPERT,
    ("OPTIONS", C + "/uploads"): EVERYBODY,
    ("POST", C + "/uploads"): NURSE,
    ("HEAD", C + "/uploads/{image}"): NURSE,
    ("PATCH", C + "/uploads/{image}"): NURSE,
    ("DELETE", C + "/uploads/{image}"): NURSE,
    ("POST", C + "/images/{image}/remove"): NURSE,
    ("GET", C + "/images/{image}/{size}"): SEEING,
}
SECRETS = ("ANATO", "JOSEPHINE", "Faut-il une biopsie", "1957-03-14", "14/03/1957")
IDENTITY = {
    "birth_name": "Anato", "first_birth_given_name": "Joséphine", "birth_date": "1957-03-14",
    "sex": "F", "birthplace_insee": "97353",
}  # fmt: skip
FORM = {
    "context-history": "trois mois", "context-risks": "aucun connu", "context-treatments": "aucun",
    "question": "Faut-il une biopsie ?", "urgency": "soon", "consent": "yes",
}  # fmt: skip
OPINION = {
    "findings": "Lésion régulière", "advice": "Surveiller", "urgency": "same", "transfer": "none",
}  # fmt: skip


async def _browser(site: TestClient[Any, Any], desk: Desk, who: str) -> Visitor:
    if who == "nobody":
        return Visitor(site, NOBODY)
    return await visitor(site, desk.db, getattr(desk.people, who))


@pytest.fixture
async def asked(site: TestClient[Any, Any], desk: Desk) -> tuple[Case, str]:
    """A request with one photograph, taken by the clinician; and the photograph's id."""
    sender = Sender(site, await visitor(site, desk.db, desk.people.nurse), await drafted(desk))
    path = await sender.whole(photograph())
    await desk.submit(sender.case)
    taken = await desk.act("clinician", sender.case, Act.CLAIM)
    return taken, path.rpartition("/")[2]


@pytest.mark.parametrize("who", sorted(EVERYBODY))
async def test_each_person_gets_what_is_theirs_and_nothing_else(
    who: str, site: TestClient[Any, Any], desk: Desk, asked: tuple[Case, str]
) -> None:
    case, image = asked
    browser = await _browser(site, desk, who)
    for (method, path), allowed in LET_IN.items():
        address = path.replace("{id}", case.id).replace("{image}", image)
        address = address.replace("{act}", "ask").replace("{size}", "thumb")
        async with site.request(
            method, address, headers=browser.headers, allow_redirects=False
        ) as answer:
            text = (await answer.read()).decode(errors="replace")
        if who in allowed:
            assert answer.status in (200, 204, 303, 400, 409, 412, 422), (method, path)
        else:
            assert answer.status == 404, (method, path, answer.status)
            assert not any(word in text for word in SECRETS), (method, path)


def _id(location: str) -> str:
    return location.rpartition("/")[2]


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


async def _sent(nurse: Visitor) -> str:
    """The address of a request sent by forms alone, to a specialty that needs no photograph."""
    begun = await nurse.post("/cases/new", to="wounds@org-chu", **IDENTITY)
    assert begun.status == 303, begun.text
    at = str(begun.headers["Location"])
    shown = await nurse.get(at)
    assert "ANATO" in shown.text and "Brouillon" in shown.text
    saved = await nurse.post(at + "/draft", version="1", **FORM)
    assert saved.status == 303
    return at


async def test_the_journey_by_forms_alone(site: TestClient[Any, Any], desk: Desk) -> None:
    nurse, doctor = [await _browser(site, desk, who) for who in ("nurse", "clinician")]
    at = await _sent(nurse)
    sender = Sender(site, nurse, Case(id=_id(at)))
    await sender.whole(photograph(), view="scale")
    refused = await nurse.post(at + "/send", version="2", **FORM)
    assert refused.status == 422 and "Nécessaire. S’il n’y a rien" in refused.text
    assert "trois mois" in refused.text, "what was typed is still there"
    whole = FORM | {"context-site_of_lesion": "jambe", "context-wound_care": "tulle",
                    "context-pain": "2"}  # fmt: skip
    version = _hidden(refused.text, "version")
    sent = await nurse.post(at + "/send", version=version, **whole)
    assert (sent.status, sent.headers["Location"]) == (303, at)
    again = await nurse.post(at + "/send", version=version, **whole)
    assert again.status == 303, "the button pressed twice"
    assert "À prendre en charge" in (await doctor.get("/cases")).text
    shown = (await doctor.get(at)).text
    assert "Faut-il une biopsie" in shown and "Prendre en charge" in shown
    await doctor.post(at + "/acts/claim", version=_hidden(shown, "version"))
    shown = (await doctor.get(at)).text
    asked = await doctor.post(at + "/acts/ask", version=_hidden(shown, "version"), text="Combien ?")
    assert asked.status == 303
    shown = (await nurse.get(at)).text
    assert "Combien ?" in shown
    await nurse.post(at + "/acts/give", version=_hidden(shown, "version"), text="Trois.")
    shown = (await doctor.get(at)).text
    assert (await doctor.post(at + "/opinion", revision="0", **OPINION)).status == 303
    assert "Lésion régulière" not in (await nurse.get(at)).text, "a draft is nobody's but its own"
    version = _hidden(shown, "version")
    wrong = await doctor.post(at + "/opinion/sign", revision="1", version=version, proof="x1y2z3",
                              **OPINION)  # fmt: skip
    assert wrong.status == 422 and "x1y2z3" not in wrong.text and "Lésion régulière" in wrong.text
    signed = await doctor.post(at + "/opinion/sign", revision="1", version=version, proof=PASSWORD,
                               **OPINION)  # fmt: skip
    assert signed.status == 303
    shown = (await nurse.get(at)).text
    assert "Lésion régulière" in shown and "Signé par" in shown
    await nurse.post(at + "/acts/acknowledge", version=_hidden(shown, "version"))
    assert "Réponse lue" in (await doctor.get(at)).text


async def test_what_was_typed_over_a_changed_request_comes_back(
    site: TestClient[Any, Any], desk: Desk, asked: tuple[Case, str]
) -> None:
    case, at = asked[0], f"/cases/{asked[0].id}"
    doctor = await _browser(site, desk, "clinician")
    stale = str(case.version - 1)
    late = await doctor.post(at + "/acts/ask", version=stale, text="Avec réglette ?")
    assert late.status == 409 and "Avec réglette ?" in late.text and "a changé" in late.text
    await desk.act("nurse", case, Act.WITHDRAW)
    typed = OPINION | {"findings": "Deux pages de texte"}
    gone = await doctor.post(at + "/opinion", revision="0", **typed)
    assert gone.status == 409 and "Deux pages de texte" in gone.text
    told = await site.post(at + "/opinion", data={"revision": "0", **typed},
                           headers=doctor.headers | {"Accept": "application/json"})  # fmt: skip
    assert told.status == 409 and "changé d’état" in (await told.json())["error"]


async def test_two_windows_of_one_draft(site: TestClient[Any, Any], desk: Desk) -> None:
    nurse = await _browser(site, desk, "nurse")
    at = await _sent(nurse)
    other = FORM | {"question": "De l’autre fenêtre"}
    late = await nurse.post(at + "/draft", version="1", **other)
    assert late.status == 409
    assert "De l’autre fenêtre" in late.text and "Faut-il une biopsie ?" in late.text
    json = nurse.headers | {"Accept": "application/json"}
    for version, status in (("1", 409), ("2", 200), ("2", 200)):
        how = {"version": version, **other}
        answer = await site.post(at + "/draft", data=how, headers=json)
        assert answer.status == status
    assert (await answer.json()) == {"version": 3}, "the same words again are no conflict"


@pytest.mark.parametrize(
    "wrong", [{"version": "x"}, {"version": ""}, {"version": "-1"}, {"version": "9" * 10}]
)
async def test_a_made_up_version_is_no_request_of_ours(
    site: TestClient[Any, Any], desk: Desk, asked: tuple[Case, str], wrong: dict[str, str]
) -> None:
    nurse = await _browser(site, desk, "nurse")
    at = f"/cases/{asked[0].id}"
    assert (await nurse.post(at + "/draft", **wrong, **FORM)).status == 400
    assert (await nurse.post(at + "/acts/withdraw", **wrong)).status == 400


async def test_texts_are_inert_and_what_cannot_be_kept_is_told(
    site: TestClient[Any, Any], desk: Desk
) -> None:
    nurse = await _browser(site, desk, "nurse")
    nasty = "<script>alert('x')</script>{{7*7}}"
    at = await _sent(nurse)
    await nurse.post(at + "/draft", version="2", **FORM | {"question": nasty})
    shown = (await nurse.get(at)).text
    assert "<script>alert" not in shown and "{{7*7}}" in shown and "&lt;script&gt;" in shown
    long = await nurse.post(at + "/draft", version="3", **FORM | {"question": "é" * 2001})
    assert long.status == 422 and "trop long" in long.text
    for act in ("submit", "answer", "late", "none", "%00"):
        assert (await nurse.post(f"{at}/acts/{act}", version="3")).status == 404


async def test_a_refused_consent_is_kept_and_nothing_leaves(
    site: TestClient[Any, Any], desk: Desk
) -> None:
    nurse = await _browser(site, desk, "nurse")
    at = await _sent(nurse)
    refused = await nurse.post(at + "/send", version="2", **FORM | {"consent": "no"})
    assert refused.status == 422 and "Son refus est enregistré" in refused.text
    async with desk.db.read() as session:
        stored = await session.get_one(Case, _id(at))
        assert (stored.consent, stored.status) == (False, "draft") and stored.consent_at


async def test_given_up_nothing_of_a_draft_stays(
    site: TestClient[Any, Any], desk: Desk, database: Database, tmp_path: Any
) -> None:
    nurse = await _browser(site, desk, "nurse")
    at = await _sent(nurse)
    sender = Sender(site, nurse, Case(id=_id(at)))
    await sender.whole(photograph(), view="scale")
    gone = await nurse.post(at + "/acts/withdraw", version="2")
    assert (gone.status, gone.headers["Location"]) == (303, "/cases")
    assert not (tmp_path / "cases" / _id(at)).exists()
    assert (await nurse.get(at)).status == 404
    assert "ANATO" not in (await nurse.get("/cases")).text
