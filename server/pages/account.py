"""One's own account: language, clocks, and the devices which are logged in."""

import zoneinfo
from typing import Any

from aiohttp import web

from server.kernel import sessions
from server.kernel.access import Action, Actor, can
from server.kernel.audit import Audited, record
from server.kernel.db import LoginSession, Person
from server.kernel.i18n import LOCALES
from server.kernel.keys import DB, LOGIN, SETTINGS
from server.middleware import LOCALE_COOKIE, set_cookie
from server.pages.answers import Handler, act, form_of, page, say, see_other
from signaling import sites
from signaling.planning import InvalidPlan

A_YEAR = 365 * 24 * 3600
ZONES = tuple(sorted(
    zone for zone in zoneinfo.available_timezones()
    if zone.startswith(("Europe/", "America/", "Indian/", "Pacific/", "Africa/", "Asia/"))
))  # fmt: skip


def _member(request: web.Request) -> LoginSession:
    """The session of a full member, or the page is not found."""
    actor: Actor = request["actor"]
    row: LoginSession | None = request["session"]
    if row is None or row.person is None or not can(actor, Action.ACCOUNT, row.person):
        raise web.HTTPNotFound
    return row


async def account(request: web.Request) -> web.Response:
    return await _page(request)


async def _page(request: web.Request, status: int = 200, **more: Any) -> web.Response:
    """The account; and the links of their sites, for those who administer them."""
    row = _member(request)
    policy = request.app[SETTINGS].session
    async with request.app[DB].read() as session:
        open_sessions = await sessions.of_person(session, row.person_id or "", policy=policy)
        links = await sites.administered(session, request["actor"])
    return page(
        request,
        "account.html",
        status=status,
        telephone=row.person.telephone if row.person else None,
        sessions=open_sessions,
        current_id=row.id,
        timezones=ZONES,
        links=links,
        **more,
    )


async def limit(request: web.Request) -> web.Response:
    """Where a site is telephoned, and what its link may carry."""
    form, site = await form_of(request), request.match_info["site"]
    try:
        async with act(request) as session:
            await sites.reach(session, request["actor"], site, form.get("telephone", ""))
            wanted = (form.get("ceiling", ""), form.get("bytes", ""))
            await sites.limit(session, request["actor"], site, *wanted)
    except InvalidPlan as refusal:
        told = {field: say(request, text) for field, text in refusal.errors.items()}
        typed = {"site": site, **form}
        return await _page(request, status=422, typed=typed, errors=told)
    return see_other("/account#links")


async def change(request: web.Request) -> web.Response:
    row = _member(request)
    form = await form_of(request)
    locale, timezone = form.get("locale", ""), form.get("timezone", "")
    if locale not in LOCALES or timezone not in ZONES:
        raise web.HTTPBadRequest
    try:
        telephone = sites.telephone_of(form.get("telephone", ""))
    except InvalidPlan as refusal:
        told = {field: say(request, text) for field, text in refusal.errors.items()}
        return await _page(request, status=422, typed=form, errors=told)
    async with request.app[DB].begin() as session:
        person = await session.get_one(Person, row.person_id)
        person.locale, person.timezone, person.telephone = locale, timezone, telephone
        changed = {"locale": locale, "timezone": timezone}
        await record(session, actor=request["actor"].audit_name, action=Audited.ACCOUNT_CHANGE,
                     subject=person.id, detail=changed)  # fmt: skip
    return see_other("/account")


async def revoke(request: web.Request) -> web.Response:
    row = _member(request)
    ended = await request.app[LOGIN].close_other(row, request.match_info["session"])
    if not ended:
        raise web.HTTPNotFound
    return see_other("/account")


async def revoke_others(request: web.Request) -> web.Response:
    await request.app[LOGIN].close_other(_member(request))
    return see_other("/account")


def _own_path(text: str) -> str:
    """A path of ours to go back to; anything else leads home."""
    safe = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if safe and text.isprintable() else "/"


async def choose_locale(request: web.Request) -> web.Response:
    """The language of this browser, and of the account when there is one."""
    form = await form_of(request)
    locale = form.get("locale", "")
    if locale not in LOCALES:
        raise web.HTTPBadRequest
    actor: Actor = request["actor"]
    if actor.kind == "member":
        async with request.app[DB].begin() as session:
            person = await session.get_one(Person, actor.id)
            person.locale = locale
            await record(session, actor=actor.audit_name, action=Audited.ACCOUNT_CHANGE,
                         subject=person.id, detail={"locale": locale})  # fmt: skip
    onward = see_other(_own_path(form.get("back", "/")))
    set_cookie(onward, LOCALE_COOKIE, locale, A_YEAR)
    return onward


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/account", account),
    ("POST", "/account", change),
    ("POST", "/account/sessions/revoke-others", revoke_others),
    ("POST", "/account/sessions/{session}/revoke", revoke),
    ("POST", "/sites/{site}/link", limit),
    ("POST", "/locale", choose_locale),
)
