"""The agenda, and planning: for now, or for later."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.access import Action, Actor, can
from server.kernel.db import Consultation, Person, Site, utcnow
from server.kernel.directory import clinicians_for, sites_for
from server.kernel.keys import DB, RESERVE, SECRET
from server.pages.answers import Handler, act, form_of, page, say, see_other
from signaling import consultations, planning
from signaling.planning import GUEST_KINDS, InvalidPlan, Plan


async def home(request: web.Request) -> web.Response:
    """The agenda, for whom there is one; the way in, for a stranger."""
    actor: Actor = request["actor"]
    if actor.kind != "member":
        return see_other("/login")
    can_cases = can(actor, Action.CASE_LIST, None)
    if not can(actor, Action.LIST, None):
        return see_other("/cases" if can_cases else "/account")
    async with act(request) as session:
        agenda = await consultations.agenda(session, actor)
    return page(request, "home.html", agenda=agenda, can_plan=can(actor, Action.PLAN, None),
                can_cases=can_cases)  # fmt: skip


def kinds_of(request: web.Request) -> list[tuple[str, str]]:
    return [(kind, say(request, label)) for kind, label in GUEST_KINDS.items()]


async def _planning(request: web.Request, session: AsyncSession) -> tuple[list[Site], list[Person]]:
    """Where this actor may plan, and for whom when it is not for themselves."""
    actor: Actor = request["actor"]
    if not can(actor, Action.PLAN, None):
        raise web.HTTPNotFound
    return await sites_for(session, actor), await clinicians_for(session, actor)


async def new_form(request: web.Request) -> web.Response:
    async with request.app[DB].read() as session:
        sites, clinicians = await _planning(request, session)
    return _new_page(request, sites, clinicians, {}, {})


def _new_page(
    request: web.Request,
    sites: list[Site],
    clinicians: list[Person],
    values: dict[str, object],
    errors: dict[str, str],
) -> web.Response:
    told = {field: say(request, text) for field, text in errors.items()}
    return page(
        request,
        "consultation_new.html",
        status=422 if errors else 200,
        sites=sites,
        clinicians=[(person.id, person.name) for person in clinicians],
        values=values,
        errors=told,
        kinds=kinds_of(request),
    )


async def _guests(request: web.Request) -> list[tuple[str, str]]:
    """The rows of third parties: one kind and one name each, in order."""
    fields = await request.post()
    kinds = [str(kind) for kind in fields.getall("guest_kind", [])]
    names = [str(name) for name in fields.getall("guest_name", [])]
    return list(zip(kinds, names, strict=False))


async def new(request: web.Request) -> web.Response:
    """Plans, or opens at once. What was typed comes back with its errors."""
    actor: Actor = request["actor"]
    if not request.app[RESERVE].holds():
        raise web.HTTPInsufficientStorage
    values, guests = await form_of(request), await _guests(request)
    try:
        wanted = planning.read_plan(values, guests, timezone=actor.timezone, now=utcnow())
        planned = await _plan(request, wanted)
    except InvalidPlan as refusal:
        async with request.app[DB].read() as session:
            sites, clinicians = await _planning(request, session)
        shown: dict[str, object] = {**values, "guests": guests}
        return _new_page(request, sites, clinicians, shown, refusal.errors)
    return see_other(f"/consultations/{planned.id}")


async def _plan(request: web.Request, wanted: Plan) -> Consultation:
    async with act(request) as session:
        return await consultations.plan(
            session, request["actor"], wanted, secret=request.app[SECRET]
        )


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", home),
    ("GET", "/consultations/new", new_form),
    ("POST", "/consultations/new", new),
)
