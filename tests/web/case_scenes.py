"""Requests for an opinion, in each situation that changes their pages. Nothing is stored."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from expertise import opinions, specialties
from expertise.case import Act
from expertise.images import Shown
from expertise.opinion import (
    CONFIDENCES,
    HYPOTHESES,
    TRANSFERS,
    URGENCIES,
    Content,
    Hypothesis,
    digest,
)
from expertise.worklist import Worklist
from server.kernel.cases import Case, CaseEvent, CaseImage, Opinion
from server.kernel.db import Person
from tests.web.fixtures import (
    BESANCON,
    CLAIRE,
    GUYANE,
    HOUR,
    MARIPASOULA,
    NASTY,
    NOW,
    ROSE,
    Scene,
    actor,
)

FORMS = specialties.load()
SKIN = FORMS["dermatology"]
NADINE = Person(
    id="p-nadine", organisation_id="org-g", organisation=GUYANE, name="Nadine Aloïké",
    title="Infirmière", role="site_staff", site=MARIPASOULA, site_id="site-m",
)  # fmt: skip
NURSE = SimpleNamespace(
    **vars(actor()) | {"id": "p-nadine", "name": "Nadine Aloïké", "role": "site_staff"},
    specialties=frozenset(),
)
EXPERT = SimpleNamespace(**vars(actor()), specialties=frozenset({"dermatology"}))
QUEUES = [("dermatology@org-b", "Dermatologie — CHU de Besançon")]
CONTEXT = {field.code: NASTY for field in SKIN.fields}
SAID = Content(NASTY, (Hypothesis(NASTY, "high"),), "Exérèse sous quinze jours", "higher", "needed")


def case(status: str, hours: float = -5, due: float = 43, **changes: Any) -> Case:
    sent = None if status == "draft" else NOW + hours * HOUR
    fields: dict[str, Any] = {
        "id": f"k-{status}-{due}", "organisation_id": "org-g", "organisation": GUYANE,
        "site_id": "site-m", "site": MARIPASOULA, "requester_id": "p-nadine",
        "requester": NADINE, "patient": ROSE, "specialty": "dermatology",
        "to_organisation_id": "org-b", "to_organisation": BESANCON, "status": status,
        "version": 4, "question": f"Faut-il une biopsie ? {NASTY}", "context": CONTEXT,
        "urgency": "urgent", "consent": None if status == "draft" else True,
        "created_at": NOW + hours * HOUR, "submitted_at": sent,
        "due_at": sent and NOW + due * HOUR, "expert_id": None, "expert": None,
    }  # fmt: skip
    if status not in ("draft", "submitted"):
        fields |= {"expert_id": "p-claire", "expert": CLAIRE}
    return Case(**{**fields, **changes})


def image(number: int, state: str, why: str = "") -> Shown:
    sizes = [
        {"name": name, "type": "image/jpeg", "width": wide, "height": wide * 3 // 4, "bytes": size}
        for name, wide, size in (("thumb", 320, 9000), ("view", 1600, 180_000),
                                 ("full", 4000, 2_900_000))
    ]  # fmt: skip
    row = CaseImage(id=f"i-{number}", case_id="k", view="close" if number else "other",
                    name=f"IMG_{number}{NASTY}.jpg", length=2_900_000, sha256="0" * 64, state=state,
                    why=why, sizes=sizes if state == "kept" else [])  # fmt: skip
    return Shown(row, 340_000 if state == "arriving" else 0)


def event(number: int, act: Act, text: str = "", by: Person | None = NADINE) -> CaseEvent:
    return CaseEvent(number=number, at=NOW - HOUR / number, act=act.value, text=text, person=by)


def opinion(number: int, at: dt.datetime = NOW) -> Opinion:
    return Opinion(
        case_id="k", number=number, author_id="p-claire", author=CLAIRE, content=SAID.stored(),
        signed_at=at, signed_by="Dr Claire Martin, Neurologue", proof="code", revision=3,
        digest=digest("k", number, SAID, "p-claire", at),
    )  # fmt: skip


def _can(*acts: Act) -> dict[str, bool]:
    return {each.value: each in acts for each in Act}


def _page(one: Case, **more: Any) -> dict[str, Any]:
    words = {"confidences": CONFIDENCES, "urgencies": URGENCIES, "transfers": TRANSFERS}
    return {
        "case": one, "sheet": SKIN, "now": NOW, "most": 40_000_000, "more": {}, "images": [],
        "events": [event(1, Act.SUBMIT), event(2, Act.CLAIM, by=CLAIRE)], "opinions": [],
        "mine": None, "queues": QUEUES, "late": False, "context": [(NASTY, NASTY)],
        "hypotheses": HYPOTHESES, "read_opinion": Content.read, "holds": opinions.holds,
        **{name: list(table.items()) for name, table in words.items()}, **more,
    }  # fmt: skip


def _draft(**more: Any) -> dict[str, Any]:
    values = {"question": "Faut-il", "consent": "", "urgency": "", "context-history": NASTY}
    pictures = [image(1, "kept"), image(2, "arriving"), image(0, "refused", "no_photograph"),
                image(3, "refused", "damaged")]  # fmt: skip
    return {"case": case("draft"), "sheet": SKIN, "now": NOW, "most": 40_000_000, "more": {},
            "values": values, "images": pictures, "actor": NURSE, **more}  # fmt: skip


def scenes() -> dict[str, Scene]:
    asking = (Act.ASK, Act.ANSWER, Act.PASS_ON, Act.DECLINE, Act.RELEASE)
    kept = [image(1, "kept"), image(2, "kept")]
    full = Worklist(
        queue=[case("submitted"), case("submitted", due=-2, question=NASTY)],
        taken=[case("assigned", due=-3, urgency="usual")],
        late_elsewhere=[case("assigned", due=-1)], asked=[case("more_asked")],
        answered=[case("closed")],
    )  # fmt: skip
    mine = Worklist(to_do=[case("draft", question=""), case("answered"), case("declined")],
                    waiting=[case("submitted")], over=[case("withdrawn")])  # fmt: skip
    stale = {"typed": {"question": NASTY, "context-history": "autre"}, "problem": "Changée."}
    wrong = {"errors": {"question": "Écrivez votre question.", "photos": "Au moins une."}}
    lists = {"forms": FORMS, "now": NOW, "can_ask": True}
    asked = [event(3, Act.ASK, NASTY, CLAIRE), event(4, Act.LATE, by=None)]
    return {
        "cases_expert": Scene("expertise.html", "/cases",
                              {**lists, "lists": full, "actor": EXPERT}),
        "cases_nurse": Scene("expertise.html", "/cases", {**lists, "lists": mine, "actor": NURSE}),
        "cases_empty": Scene(
            "expertise.html", "/cases", {**lists, "lists": Worklist(), "actor": NURSE}
        ),
        "case_new": Scene("expertise_new.html", "/cases/new",
                          {"values": {"to": NASTY}, "errors": {"to": "Non."}, "queues": QUEUES}),
        "case_new_nobody": Scene("expertise_new.html", "/cases/new",
                                 {"values": {}, "errors": {}, "queues": []}),
        "case_draft": Scene("expertise_draft.html", "/cases/k", _draft()),
        "case_draft_stale": Scene("expertise_draft.html", "/cases/k", _draft(more=stale)),
        "case_draft_wrong": Scene("expertise_draft.html", "/cases/k", _draft(more=wrong)),
        "case_queue": Scene("expertise_case.html", "/cases/k", _page(
            case("submitted"), can=_can(Act.CLAIM, Act.DECLINE, Act.PASS_ON), images=kept)),
        "case_answering": Scene("expertise_case.html", "/cases/k", _page(
            case("assigned", due=-2), can=_can(*asking), images=kept,
            more={"errors": {"proof": "Non.", "hypothesis-1": "Trop long."}})),
        "case_late": Scene("expertise_case.html", "/cases/k", _page(
            case("assigned", due=-2), can=_can(Act.TAKE_OVER))),
        "case_asked": Scene("expertise_case.html", "/cases/k", _page(
            case("more_asked"), can=_can(Act.GIVE, Act.WITHDRAW), events=asked, actor=NURSE,
            images=[image(1, "kept"), image(2, "arriving")])),
        "case_answered": Scene("expertise_case.html", "/cases/k", _page(
            case("answered"), can=_can(Act.ACKNOWLEDGE, Act.REOPEN), actor=NURSE,
            opinions=[opinion(2), opinion(1)])),
        "case_changed": Scene("expertise_case.html", "/cases/k", _page(
            case("declined"), can=_can(Act.REVISE, Act.WITHDRAW), actor=NURSE,
            more={"kept": {"act": "give", "text": NASTY}, "problem": "Changée.",
                  "typed": {"findings": NASTY}})),
    }  # fmt: skip
