"""One consultation before and after its call: what is known, who is invited, what may be done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel import qr
from server.kernel.access import Action, Actor, can
from server.kernel.db import Consultation, Invitation, utcnow
from server.kernel.i18n import gettext as _
from server.kernel.keys import REVOCATIONS, SECRET
from server.pages.agenda import kinds_of
from server.pages.answers import ROOMS, Handler, act, base_url, form_of, page, say, see_other
from signaling import consultations, invitations
from signaling.consultation import Refused, Status, reopenable
from signaling.planning import GUEST_KINDS, InvalidPlan

ASKED = {
    "host": Action.HOST,
    "enter": Action.ENTER,
    "invite": Action.INVITE,
    "cancel": Action.CANCEL,
    "annotate": Action.ANNOTATE,
    "record": Action.RECORD,
}


@asynccontextmanager
async def may(
    request: web.Request, action: Action
) -> AsyncIterator[tuple[AsyncSession, Consultation]]:
    """A transaction around the consultation of the address, for whoever may do `action` to it.
    For anybody else there is no such page, and the refusal is recorded."""
    async with act(request) as session:
        identifier = request.match_info["id"]
        yield session, await consultations.find(session, request["actor"], identifier, action)


def allowed(actor: Actor, c: Consultation) -> dict[str, bool]:
    """What this actor may do to a consultation, by the names templates use."""
    answers = {name: can(actor, action, c) for name, action in ASKED.items()}
    again = reopenable(Status(c.status), c.ended_at, utcnow())
    return {**answers, "reopen": again and can(actor, Action.REOPEN, c)}


def _shown(request: web.Request, invitation: Invitation) -> dict[str, Any]:
    url = invitations.link_of(request.app[SECRET], invitation, base_url(request))
    return {
        "id": invitation.id,
        "kind_label": say(request, GUEST_KINDS[invitation.kind]),
        "name": invitation.name,
        "url": url,
        "code": invitations.code_of(request.app[SECRET], invitation),
        "qr_svg": qr.drawing(url),
        "expires_at": invitation.expires_at,
        "revoked": invitation.revoked_at is not None,
        "used": invitation.used_at is not None,
    }


async def show(request: web.Request) -> web.Response:
    return await _page(request)


async def _page(request: web.Request, status: int = 200, **more: Any) -> web.Response:
    actor: Actor = request["actor"]
    async with may(request, Action.SEE) as (session, c):
        answers = allowed(actor, c)
        invited = await invitations.of_consultation(session, c.id) if answers["invite"] else []
        seats = await consultations.seats_of(session, c)
    return page(
        request,
        "consultation.html",
        status=status,
        c=c,
        seats=seats,
        invitations=[_shown(request, each) for each in invited],
        can=answers,
        kinds=kinds_of(request),
        **more,
    )


Change = Callable[[AsyncSession, Actor, Consultation], Awaitable[Consultation]]


def _changing(action: Action, change: Change) -> Handler:
    """A button of the page: does it, tells the room, and shows the page again."""

    async def handler(request: web.Request) -> web.Response:
        try:
            async with may(request, action) as (session, c):
                await change(session, request["actor"], c)
        except Refused:
            problem = say(request, _("Ce n’est plus possible : la consultation a changé d’état."))
            return await _page(request, status=409, problem=problem)
        await request.app[ROOMS].refresh(c.id)
        return see_other(f"/consultations/{c.id}")

    return handler


def _version(text: str) -> int:
    """The version of the notes a form was shown with. Raises `HTTPBadRequest`."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise web.HTTPBadRequest
    return int(text)


async def notes(request: web.Request) -> web.Response:
    """Stores notes; when somebody else wrote meanwhile, both texts are shown and none is lost."""
    form = await form_of(request)
    text = form.get("notes", "").replace("\r\n", "\n")
    try:
        async with may(request, Action.ANNOTATE) as (session, c):
            version = _version(form.get("version", ""))
            await consultations.annotate(session, request["actor"], c, text, version)
    except consultations.Stale:
        return await _page(request, status=409, stale={"draft": text})
    except InvalidPlan as refusal:
        return await _refused(request, refusal)
    return see_other(f"/consultations/{c.id}#notes")


async def _refused(request: web.Request, refusal: InvalidPlan) -> web.Response:
    """The page again, with what was wrong in the form."""
    problem = say(request, next(iter(refusal.errors.values())))
    return await _page(request, status=422, problem=problem)


async def invite(request: web.Request) -> web.Response:
    form = await form_of(request)
    kind, name = form.get("kind", ""), form.get("name", "")
    try:
        async with may(request, Action.INVITE) as (session, c):
            await invitations.invite(
                session, request["actor"], c, kind, name, secret=request.app[SECRET]
            )
    except InvalidPlan as refusal:
        return await _refused(request, refusal)
    return see_other(f"/consultations/{c.id}")


async def renew(request: web.Request) -> web.Response:
    """A new link and code; whoever came by the old ones is out at once."""
    async with may(request, Action.INVITE) as (session, c):
        _invitation, ended = await invitations.renew(
            session,
            request["actor"],
            c,
            request.match_info["invitation"],
            secret=request.app[SECRET],
        )
    await request.app[REVOCATIONS].announce(ended)
    return see_other(f"/consultations/{c.id}")


async def revoke(request: web.Request) -> web.Response:
    async with may(request, Action.INVITE) as (session, c):
        ended = await invitations.revoke(
            session, request["actor"], c, request.match_info["invitation"]
        )
    await request.app[REVOCATIONS].announce(ended)
    return see_other(f"/consultations/{c.id}")


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/consultations/{id}", show),
    ("POST", "/consultations/{id}/open", _changing(Action.OPEN, consultations.open_now)),
    ("POST", "/consultations/{id}/cancel", _changing(Action.CANCEL, consultations.cancel)),
    ("POST", "/consultations/{id}/reopen", _changing(Action.REOPEN, consultations.reopen)),
    ("POST", "/consultations/{id}/notes", notes),
    ("POST", "/consultations/{id}/invitations", invite),
    ("POST", "/consultations/{id}/invitations/{invitation}/renew", renew),
    ("POST", "/consultations/{id}/invitations/{invitation}/revoke", revoke),
)
