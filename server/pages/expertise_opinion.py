"""An expert's answer: its draft, and its signature, given with a new proof of who signs."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from expertise import opinion, opinions
from expertise.case import Refused
from expertise.cases import Stale
from expertise.forms import Invalid
from expertise.opinion import Content
from server.kernel.access import Action, Actor
from server.kernel.i18n import gettext as _
from server.kernel.keys import STEP_UP
from server.kernel.step_up import Proved
from server.middleware import limited_address
from server.pages.answers import Handler, form_of, say, see_other
from server.pages.expertise import (
    CHANGED,
    TOO_LATE,
    case_page,
    may,
    number_of,
    told,
    wants_json,
)

NOT_PROVED = _("Ce n’est ni votre code du moment, ni votre mot de passe.")
SLOWED = _("Trop d’essais. Vous pourrez réessayer dans {seconds} secondes.")


async def _saved(request: web.Request, fields: Mapping[str, str]) -> tuple[Content, int]:
    """Stores the draft, and gives its revision. Raises `Invalid`, `Refused`, `Stale`."""
    async with may(request, Action.CASE_TAKE) as (session, case):
        revision = number_of(fields.get("revision", ""))
        content = opinion.read_content(fields)
        draft = await opinions.save(session, request["actor"], case, content, revision)
        return content, draft.revision


async def save(request: web.Request) -> web.Response:
    fields = await form_of(request)
    try:
        _content, revision = await _saved(request, fields)
    except (Invalid, Refused, Stale) as error:
        return await _not_done(request, fields, error)
    if wants_json(request):
        return web.json_response({"version": revision})
    return see_other(f"/cases/{request.match_info['id']}#opinion")


async def sign(request: web.Request) -> web.Response:
    """Stores the draft, asks for the proof, then signs: nothing typed is lost on the way."""
    fields = await form_of(request)
    actor: Actor = request["actor"]
    try:
        content, revision = await _saved(request, fields)
        version = number_of(fields.get("version", ""))
        if errors := opinion.missing(content):
            raise Invalid(errors)
        proved = await request.app[STEP_UP].prove(
            actor.id, fields.get("proof", ""), address=limited_address(request)
        )
        if not proved.by:
            return await _not_proved(request, fields, proved)
        async with may(request, Action.CASE_TAKE) as (session, case):
            await opinions.sign(session, actor, case, content, revision, version, proved.by)
    except (Invalid, Refused, Stale) as error:
        return await _not_done(request, fields, error)
    return see_other(f"/cases/{request.match_info['id']}")


async def _not_proved(
    request: web.Request, fields: Mapping[str, str], proved: Proved
) -> web.Response:
    slowed = proved.retry_after
    error = say(request, SLOWED, seconds=slowed) if slowed else say(request, NOT_PROVED)
    return await case_page(
        request, 429 if slowed else 422, typed=_without_proof(fields), errors={"proof": error}
    )


def _without_proof(fields: Mapping[str, str]) -> dict[str, Any]:
    """What may be shown again: never a password."""
    return {name: text for name, text in fields.items() if name != "proof"}


async def _not_done(
    request: web.Request, fields: Mapping[str, str], error: Invalid | Refused | Stale
) -> web.Response:
    """The page again with what was typed, and why; for a script, only why."""
    errors = told(request, error.errors) if isinstance(error, Invalid) else {}
    french = TOO_LATE if isinstance(error, Refused) else CHANGED
    problem = "" if errors else say(request, french)
    status = 422 if errors else 409
    if wants_json(request):
        said = problem or next(iter(errors.values()))
        return web.json_response({"error": said}, status=status)
    typed = _without_proof(fields)
    return await case_page(request, status, typed=typed, errors=errors, problem=problem)


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/cases/{id}/opinion", save),
    ("POST", "/cases/{id}/opinion/sign", sign),
)
