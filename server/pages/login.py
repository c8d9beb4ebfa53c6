"""Coming in and going out: password, second factor, demonstration, logout."""

from aiohttp import web

from server import demo
from server.kernel import sessions
from server.kernel.access import Actor
from server.kernel.db import LoginSession
from server.kernel.i18n import gettext as _
from server.kernel.keys import DB, LOGIN, SETTINGS
from server.kernel.login import Result
from server.middleware import drop_cookie, limited_address
from server.pages.answers import Handler, form_of, page, say, see_other, with_cookie
from server.pages.words import ROLES

WRONG = {
    "password": _("Adresse ou mot de passe inconnus."),
    "code": _("Ce code n’est pas le bon, ou il a déjà servi."),
    "slowed": _("Trop d’essais."),
}


def _device(request: web.Request) -> str:
    return request.headers.get("User-Agent", "")[:200]


def _half_open(request: web.Request) -> LoginSession | None:
    """The session of somebody who gave the password and not yet the code."""
    row: LoginSession | None = request["session"]
    return row if row is not None and row.stage == sessions.PASSWORD else None


async def _demo_people(request: web.Request) -> list[dict[str, str]]:
    if not request.app[SETTINGS].demo.enabled:
        return []
    async with request.app[DB].read() as session:
        people = await demo.people(session)
    return [
        {
            "id": person.id,
            "name": person.name,
            "title": person.title,
            "role_label": say(request, ROLES[person.role]),
            "organisation": person.organisation.name,
            "site": person.site.name if person.site else "",
        }
        for person in people
    ]


async def login_form(request: web.Request) -> web.Response:
    actor: Actor = request["actor"]
    if actor.kind == "member":
        return see_other("/")
    return await _login_page(request)


async def _login_page(
    request: web.Request, email: str = "", error: str = "", retry_after: int = 0
) -> web.Response:
    people = await _demo_people(request)
    return page(
        request,
        "login.html",
        status=_status(error, retry_after),
        email=email,
        error=error,
        retry_after=retry_after,
        demo_people=people,
    )


def _status(error: str, retry_after: int) -> int:
    return 429 if retry_after else 401 if error else 200


def _error(request: web.Request, step: str, result: Result) -> str:
    return say(request, WRONG["slowed" if result.end == "slowed" else step])


async def login(request: web.Request) -> web.Response:
    form = await form_of(request)
    email = form.get("email", "")
    row: LoginSession | None = request["session"]
    result = await request.app[LOGIN].password(
        email,
        form.get("password", ""),
        address=limited_address(request),
        device=_device(request),
        replaces=row.id if row and row.person_id else None,
    )
    if result.opened is None:
        error = _error(request, "password", result)
        return await _login_page(request, email, error, result.retry_after)
    onward = see_other("/login/enrol" if result.end == "enrol" else "/login/code")
    return with_cookie(onward, sessions.MEMBER_COOKIE, result.opened.cookie)


async def code_form(request: web.Request) -> web.Response:
    row = _half_open(request)
    if row is None or row.person is None:
        return see_other("/login")
    if not row.person.totp_secret:
        return see_other("/login/enrol")
    return page(request, "login_code.html", error="", retry_after=0)


async def code(request: web.Request) -> web.Response:
    row = _half_open(request)
    if row is None:
        return see_other("/login")
    form = await form_of(request)
    result = await request.app[LOGIN].code(
        row, form.get("code", ""), address=limited_address(request), device=_device(request)
    )
    if result.opened is None:
        error = _error(request, "code", result)
        status = _status(error, result.retry_after)
        return page(request, "login_code.html", status=status, error=error,
                    retry_after=result.retry_after)  # fmt: skip
    return with_cookie(see_other("/"), sessions.MEMBER_COOKIE, result.opened.cookie)


async def enrol_form(request: web.Request) -> web.Response:
    row = _half_open(request)
    if row is None or row.person is None:
        return see_other("/login")
    if row.person.totp_secret:
        return see_other("/login/code")
    return _enrol_page(request, row)


def _enrol_page(request: web.Request, row: LoginSession, error: str = "") -> web.Response:
    shown = request.app[LOGIN].enrolment(row)
    return page(
        request,
        "login_enrol.html",
        status=_status(error, 0),
        qr_svg=shown.qr_svg,
        secret_text=shown.secret_text,
        error=error,
    )


async def enrol(request: web.Request) -> web.Response:
    row = _half_open(request)
    if row is None:
        return see_other("/login")
    form = await form_of(request)
    result = await request.app[LOGIN].enrol(
        row, form.get("code", ""), address=limited_address(request), device=_device(request)
    )
    if result.opened is None:
        return _enrol_page(request, row, _error(request, "code", result))
    return with_cookie(see_other("/"), sessions.MEMBER_COOKIE, result.opened.cookie)


async def demo_enter(request: web.Request) -> web.Response:
    """One click enters as an invented person; there is no such page outside the demonstration."""
    if not request.app[SETTINGS].demo.enabled:
        raise web.HTTPNotFound
    form = await form_of(request)
    row: LoginSession | None = request["session"]
    result = await request.app[LOGIN].demo(
        form.get("person", ""),
        device=_device(request),
        replaces=row.id if row and row.person_id else None,
    )
    if result.opened is None:
        raise web.HTTPNotFound
    return with_cookie(see_other("/"), sessions.MEMBER_COOKIE, result.opened.cookie)


async def logout(request: web.Request) -> web.Response:
    row: LoginSession | None = request["session"]
    if row is not None:
        await request.app[LOGIN].close(row)
    onward = see_other("/login")
    drop_cookie(onward, sessions.MEMBER_COOKIE)
    return onward


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/login", login_form),
    ("POST", "/login", login),
    ("GET", "/login/code", code_form),
    ("POST", "/login/code", code),
    ("GET", "/login/enrol", enrol_form),
    ("POST", "/login/enrol", enrol),
    ("POST", "/demo/enter", demo_enter),
    ("POST", "/logout", logout),
)
