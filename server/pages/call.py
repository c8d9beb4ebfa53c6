"""The call's page, and what remains of the call."""

import asyncio
import logging
from typing import Any

from aiohttp import web

from server.kernel.access import Action, Actor, can
from server.kernel.db import Consultation, LoginSession, Seat
from server.kernel.keys import DB, TRANSLATIONS
from server.pages.answers import ALBUMS, Handler, page, see_other
from server.pages.consultation import allowed, may
from signaling import entrance, record
from signaling.album import Damaged
from signaling.consultation import OVER

log = logging.getLogger("carbet.stills")


def _candidates(request: web.Request) -> list[tuple[Actor, LoginSession]]:
    """Whoever this browser may stand for: its member first, then its guest."""
    found = [
        (request["actor"], request["session"]),
        (request["guest"], request["guest_session"]),
    ]
    return [(actor, row) for actor, row in found if actor is not None and row is not None]


async def call(request: web.Request) -> web.Response:
    """Device page, door and call in one document, for whoever may enter; else not found."""
    async with request.app[DB].begin() as session:
        c = await session.get(Consultation, request.match_info["id"])
        for actor, row in _candidates(request):
            if c is not None and can(actor, Action.ENTER, c):
                seat = await entrance.seat_of(session, actor, c, row)
                break
        else:
            raise web.HTTPNotFound
    if c.status in OVER and can(actor, Action.SEE, c):
        return see_other(f"/consultations/{c.id}")
    answer = page(request, "call.html", actor=actor, c=c, page_context=_context(actor, c, seat))
    # Nothing a person typed is in this page, so its length tells nothing of its token (BREACH).
    answer.enable_compression()
    return answer


def _context(actor: Actor, c: Consultation, seat: Seat) -> dict[str, Any]:
    """What the page's script knows before its socket is open. Nothing of the patient."""
    member = actor.kind == "member"
    # The clock of the other place, as on every page: the site's, or the clinician's from the site.
    other = c.clinician.timezone if actor.timezone == c.site.timezone else c.site.timezone
    counted = actor.site_id == c.site.id  # this person calls over the site's own link
    return {
        "consultation": c.id,
        "seat": seat.id,
        "name": seat.name,
        "kind": seat.kind,
        "member": member,
        "host": can(actor, Action.HOST, c),
        "title": c.clinician.name,
        "place": c.site.name if member else c.clinician.organisation.name,
        "back_url": f"/consultations/{c.id}" if member else "",
        "record_url": f"/consultations/{c.id}/record" if can(actor, Action.RECORD, c) else None,
        "other_tz": other,
        "other_place": other.rpartition("/")[2].replace("_", " "),
        "my_tz": actor.timezone,
        "reach": _reach(c, counted) if member else None,
        "link_ceiling": c.site.link_ceiling if counted else None,
        "link_bytes": c.site.link_bytes if counted else None,
    }


def _reach(c: Consultation, there: bool) -> dict[str, str] | None:
    """Whom to telephone when nothing passes: the clinician from the site, the site from elsewhere.
    On the page, because a cut leaves nobody to ask."""
    other = c.clinician if there else c.site
    return {"name": other.name, "number": other.telephone} if other.telephone else None


async def show_record(request: web.Request) -> web.Response:
    async with may(request, Action.RECORD) as (session, c):
        found = await record.record_of(session, c)
    return page(request, "record.html", c=c, record=found, can=allowed(request["actor"], c))


async def record_csv(request: web.Request) -> web.Response:
    words = request.app[TRANSLATIONS]
    locale: str = request["locale"]
    async with may(request, Action.RECORD) as (session, c):
        text = await record.export(
            session, request["actor"], c, lambda french: words.gettext(locale, french)
        )
    return web.Response(
        body=text.encode(),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="consultation-{c.id}.csv"'},
    )


async def still(request: web.Request) -> web.Response:
    """One size of a still that is kept with the consultation."""
    wanted, number = request.match_info["still"], request.match_info["stage"]
    async with may(request, Action.STILL) as (session, c):
        found = await record.still_of(session, request["actor"], c, wanted, number)
    album = request.app[ALBUMS].kept
    try:
        data = await asyncio.to_thread(album.read, c.id, found.id, found.stage)
    except Damaged:
        log.error("a still is damaged", extra={"consultation": c.id, "still": found.id})
        raise web.HTTPNotFound from None
    return web.Response(body=data, content_type=found.type)


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/consultations/{id}/call", call),
    ("GET", "/consultations/{id}/record", show_record),
    ("GET", "/consultations/{id}/record.csv", record_csv),
    ("GET", "/consultations/{id}/stills/{still}/{stage}", still),
)
