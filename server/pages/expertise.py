"""Requests for an opinion: the worklist, one request, and each act of its life.

What somebody typed over a request that changed meanwhile comes back to them, with a word on why.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import case as life
from expertise import cases, images, opinions, queues
from expertise.case import Act, Refused, Side, Status
from expertise.cases import Stale
from expertise.darkroom import LARGEST
from expertise.forms import Invalid
from expertise.keys import Erased, key_of
from expertise.opinion import CONFIDENCES, HYPOTHESES, TRANSFERS, URGENCIES, Content
from expertise.reception import Reception
from expertise.specialties import Specialties, Specialty
from expertise.worklist import worklist
from server.kernel.access import Action, Actor, can
from server.kernel.cases import Case
from server.kernel.db import Organisation, utcnow
from server.kernel.i18n import gettext as _
from server.kernel.keys import SECRET
from server.pages.answers import Handler, act, form_of, page, say, see_other

# The forms of the specialties, and the photographs that arrive.
FORMS: web.AppKey[Specialties] = web.AppKey("specialties")
RECEPTION = web.AppKey("reception", Reception)

# Acts which are a button or a short form of the page; sending and signing have their own.
BUTTONS = tuple(each for each in Act if each not in (Act.SUBMIT, Act.ANSWER, Act.LATE))
CHANGED = _("Cette demande a changé pendant que vous l’aviez sous les yeux. Rien de ce que vous "
            "avez écrit n’est perdu : relisez-la, puis recommencez s’il le faut.")  # fmt: skip
TOO_LATE = _("Ce n’est plus possible : la demande a changé d’état.")


@asynccontextmanager
async def may(request: web.Request, action: Action) -> AsyncIterator[tuple[AsyncSession, Case]]:
    """A transaction around the case of the address, for whoever may do `action` to it. For
    anybody else there is no such page, and the refusal is recorded."""
    try:
        async with act(request) as session:
            identifier = request.match_info["id"]
            yield session, await cases.find(session, request["actor"], identifier, action)
    except Erased:
        raise web.HTTPNotFound from None


def form_for(request: web.Request, case: Case) -> Specialty:
    """The form of a case's specialty. Raises `HTTPNotFound` for one that is no longer kept."""
    found = request.app[FORMS].get(case.specialty)
    if found is None:
        raise web.HTTPNotFound
    return found


def number_of(text: str) -> int:
    """The version a form was shown with. Raises `HTTPBadRequest`."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise web.HTTPBadRequest
    return int(text)


def wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def told(request: web.Request, errors: Mapping[str, str]) -> dict[str, str]:
    """Errors by field, in the reader's language."""
    return {field: say(request, text) for field, text in errors.items()}


def shown_queues(request: web.Request, found: list[queues.Destination]) -> list[tuple[str, str]]:
    """The queues by their code, as people read them; a specialty without a form is not shown."""
    known, locale = request.app[FORMS], request["locale"]
    return [
        (each.code, f"{known[each.specialty].name[locale]} — {each.organisation.name}")
        for each in found
        if each.specialty in known
    ]


# The worklist


async def home(request: web.Request) -> web.Response:
    actor: Actor = request["actor"]
    async with act(request) as session:
        lists = await worklist(session, actor, utcnow())
    return page(request, "expertise.html", lists=lists, forms=request.app[FORMS], now=utcnow(),
                can_ask=can(actor, Action.CASE_REQUEST, None))  # fmt: skip


# One request


async def show(request: web.Request) -> web.Response:
    return await case_page(request)


async def case_page(request: web.Request, status: int = 200, **more: Any) -> web.Response:
    """The request as whoever asks may see it: a draft to be written, or what was sent."""
    actor: Actor = request["actor"]
    async with may(request, Action.CASE_SEE) as (session, case):
        common = {
            "case": case,
            "sheet": form_for(request, case),
            "now": utcnow(),
            "most": LARGEST,
            "images": await images.of_case(
                session, case, request.app[RECEPTION].vault, key_of(request.app[SECRET], case)
            ),
            "more": more,
        }
        if case.status == Status.DRAFT:
            return page(request, "expertise_draft.html", status=status, **_draft(case), **common)
        found = {
            "events": await cases.events_of(session, case),
            "opinions": await opinions.signed(session, case),
            "mine": await opinions.draft_of(session, actor, case),
            "queues": await _elsewhere(request, session, case),
        }
    return page(request, "expertise_case.html", status=status, **common, **found,
                can=allowed(actor, case), context=_context(request, case),
                late=life.late(cases.standing(case), utcnow()), **_opinion(request))  # fmt: skip


def _draft(case: Case) -> dict[str, Any]:
    """What the draft's form is filled with, unless something else was typed."""
    consent = {True: "yes", False: "no", None: ""}[case.consent]
    written = {f"context-{code}": text for code, text in case.context.items()}
    return {
        "values": {"question": case.question, "urgency": case.urgency, "consent": consent,
                   **written},
    }  # fmt: skip


def _opinion(request: web.Request) -> dict[str, Any]:
    """The words of an opinion's closed answers."""
    return {
        name: [(code, say(request, words)) for code, words in table.items()]
        for name, table in (
            ("confidences", CONFIDENCES),
            ("urgencies", URGENCIES),
            ("transfers", TRANSFERS),
        )
    } | {"hypotheses": HYPOTHESES, "read_opinion": Content.read, "holds": opinions.holds}


async def _elsewhere(
    request: web.Request, session: AsyncSession, case: Case
) -> list[tuple[str, str]]:
    """The other queues it may be passed on to."""
    if not can(request["actor"], Action.CASE_TAKE, case):
        return []
    found = await queues.destinations(session, case.organisation_id, case.site_id)
    here = queues.Destination(case.specialty, Organisation(id=case.to_organisation_id))
    return shown_queues(request, [each for each in found if each.code != here.code])


def _context(request: web.Request, case: Case) -> list[tuple[str, str]]:
    """What is known of the patient, by the name of each field, whichever form it was written in:
    a request that was passed on keeps what it said."""
    labels = {
        field.code: field.label[request["locale"]]
        for form in (*request.app[FORMS].values(), form_for(request, case))
        for field in form.fields
    }
    return [(labels.get(code, code), text) for code, text in case.context.items() if text.strip()]


def allowed(actor: Actor, case: Case) -> dict[str, bool]:
    """What this actor may do to a case now, by the names of the acts."""
    standing, now = cases.standing(case), utcnow()
    sides = {side: can(actor, action, case) for side, action in cases.NEEDS.items()}
    return {
        each.value: life.possible(standing, each, now)
        and sides.get(life.side(standing.status, each), False)
        for each in Act
        if life.BY[each] is not Side.CLOCK
    }


# Acts


async def do(request: web.Request) -> web.Response:
    """One act of the request's life, over the version that was shown."""
    what = next((each for each in BUTTONS if each == request.match_info["act"]), None)
    if what is None:
        raise web.HTTPNotFound
    fields = await form_of(request)
    kept = {"act": what.value, "text": fields.get("text", "")}
    try:
        case = await _do(request, what, fields)
    except Invalid as refusal:
        return await case_page(request, 422, kept=kept, errors=told(request, refusal.errors))
    except Stale:
        return await case_page(request, 409, kept=kept, problem=say(request, CHANGED))
    except Refused:
        return await case_page(request, 409, kept=kept, problem=say(request, TOO_LATE))
    stays = case.wrapped_key and can(request["actor"], Action.CASE_SEE, case)
    return see_other(f"/cases/{case.id}" if stays else "/cases")


async def _do(request: web.Request, what: Act, fields: Mapping[str, str]) -> Case:
    async with may(request, cases.NEEDS[life.BY[what]]) as (session, case):
        version = number_of(fields.get("version", ""))
        urgency = form_for(request, case).urgency(case.urgency)
        await cases.act(
            session, request["actor"], case, what, version, text=fields.get("text", ""),
            to=fields.get("to", ""), within=urgency.within if urgency else None,
        )  # fmt: skip
    if not case.wrapped_key:
        await images.erase(request.app[RECEPTION].vault, case)
    return case


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/cases", home),
    ("GET", "/cases/{id}", show),
    ("POST", "/cases/{id}/acts/{act}", do),
)
