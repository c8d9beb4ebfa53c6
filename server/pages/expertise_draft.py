"""A request before it leaves: begun for a patient, written, saved, sent.

What was typed is never lost to an error, a cut, or another window.
"""

from collections.abc import Mapping

from aiohttp import web

from expertise import cases, drafts, forms, images, queues
from expertise.case import Act, Refused
from expertise.cases import Stale
from expertise.forms import Draft, Invalid
from server.kernel.access import Action, Actor, can
from server.kernel.cases import Case
from server.kernel.db import utcnow
from server.kernel.i18n import local_time
from server.kernel.identity import read_traits
from server.kernel.keys import DB, RESERVE, SECRET
from server.pages.answers import Handler, act, form_of, page, say, see_other
from server.pages.expertise import (
    CHANGED,
    FORMS,
    case_page,
    form_for,
    may,
    number_of,
    shown_queues,
    told,
    wants_json,
)


async def _new_page(
    request: web.Request, values: Mapping[str, str], errors: Mapping[str, str]
) -> web.Response:
    actor: Actor = request["actor"]
    if not can(actor, Action.CASE_REQUEST, None):
        raise web.HTTPNotFound
    async with request.app[DB].read() as session:
        found = await queues.destinations(session, actor.organisation_id or "", actor.site_id)
    return page(request, "expertise_new.html", status=422 if errors else 200, values=values,
                errors=told(request, errors), queues=shown_queues(request, found))  # fmt: skip


async def new_form(request: web.Request) -> web.Response:
    return await _new_page(request, {}, {})


async def new(request: web.Request) -> web.Response:
    """A draft for this patient. What was typed comes back with its errors."""
    actor: Actor = request["actor"]
    if not request.app[RESERVE].holds():
        raise web.HTTPInsufficientStorage
    fields = await form_of(request)
    today = local_time(utcnow(), actor.timezone).date()
    traits, errors = read_traits(fields, today)
    if traits is None:
        return await _new_page(request, fields, errors)
    try:
        async with act(request) as session:
            case = await drafts.create(
                session, actor, fields.get("to", ""), traits, secret=request.app[SECRET]
            )
    except Invalid as refusal:
        return await _new_page(request, fields, refusal.errors)
    return see_other(f"/cases/{case.id}")


async def _saved(request: web.Request, fields: Mapping[str, str]) -> Case:
    """Stores what the form holds. Raises `Invalid`, `Refused`, `Stale`."""
    async with may(request, Action.CASE_WRITE) as (session, case):
        version = number_of(fields.get("version", ""))
        draft: Draft = forms.read_draft(fields, form_for(request, case))
        return await drafts.save(session, request["actor"], case, draft, version)


async def save(request: web.Request) -> web.Response:
    """Stores the draft as it is, finished or not."""
    fields = await form_of(request)
    try:
        case = await _saved(request, fields)
    except (Invalid, Refused, Stale) as error:
        return await _not_saved(request, fields, error)
    if wants_json(request):
        return web.json_response({"version": case.version})
    return see_other(f"/cases/{case.id}#saved")


async def _not_saved(
    request: web.Request, fields: Mapping[str, str], error: Invalid | Refused | Stale
) -> web.Response:
    """The page again with what was typed; for a script, only why."""
    errors = told(request, error.errors) if isinstance(error, Invalid) else {}
    problem = "" if errors else say(request, CHANGED)
    status = 422 if errors else 409
    if wants_json(request):
        said = problem or next(iter(errors.values()))
        return web.json_response({"error": said}, status=status)
    return await case_page(request, status, typed=fields, errors=errors, problem=problem)


async def send(request: web.Request) -> web.Response:
    """Stores the draft, then sends it; what is missing is told, and what was typed is kept."""
    fields = await form_of(request)
    try:
        saved = await _saved(request, fields)
        async with may(request, Action.CASE_WRITE) as (session, case):
            pictures = await images.counted(session, case)
            await drafts.submit(
                session, request["actor"], case, saved.version, request.app[FORMS], pictures
            )
    except (Invalid, Refused, Stale) as error:
        if not isinstance(error, Refused) or not await _sent_already(request):
            return await _not_saved(request, fields, error)
    return see_other(f"/cases/{request.match_info['id']}")


async def _sent_already(request: web.Request) -> bool:
    """The button was pressed again, because the first answer never came back."""
    actor: Actor = request["actor"]
    async with may(request, Action.CASE_SEE) as (session, case):
        last = (await cases.events_of(session, case))[-1:]
        return any((each.act, each.person_id) == (Act.SUBMIT, actor.id) for each in last)


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/cases/new", new_form),
    ("POST", "/cases/new", new),
    ("POST", "/cases/{id}/draft", save),
    ("POST", "/cases/{id}/send", send),
)
