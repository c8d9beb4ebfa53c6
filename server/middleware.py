"""What happens to every request before and after its page: a request id and a log line, security
headers, whose session it is, proof that our own page asked, and error pages.

Decides nothing about consultations. Tells a stranger nothing: what may not be seen is not found.
"""

import contextlib
import logging
import re
import secrets
import time
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from server import early
from server.kernel import access, address, logs, sessions
from server.kernel.db import DatabaseAway, LoginSession, utcnow
from server.kernel.forgery import PRE_COOKIE, Forged, new_token, pre_token, refuse_forgery
from server.kernel.i18n import LOCALES
from server.kernel.keys import DB, METRICS, RESERVE, SETTINGS
from server.page_errors import error_page

log = logging.getLogger("carbet.http")
LOCALE_COOKIE = "__Host-carbet-locale"
# Nobody's session is looked up for these: they answer everybody alike, or by their own means.
WITHOUT_SESSION = ("/static/", "/i18n/", "/healthz", "/readyz", "/metrics", "/socket.io/")

CONTENT_SECURITY = "; ".join((
    "default-src 'none'",
    f"script-src 'self' {early.SOURCE}",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' blob:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
))  # fmt: skip
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "Permissions-Policy": (
        "camera=(self), microphone=(self), display-capture=(self), geolocation=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Instead of the names and versions of what we are made with.
    "Server": "Carbet",
}
FILE_HEADERS = {
    name: HEADERS[name]
    for name in ("Cross-Origin-Resource-Policy", "X-Content-Type-Options", "Server")
}


def install(app: web.Application) -> None:
    """Puts the whole of it in front of an application's routes."""
    app.middlewares.extend((follow, answer_errors, recognise, guard))
    app.on_response_prepare.append(add_headers)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer; on a thin link a file or a socket carries only those that mean something
    there. A handler may say how long its own answer is kept; nothing else is kept anywhere."""
    response.headers.update(_headers_for(request, response))
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Request-Id"] = str(request.get("request_id", ""))
    settings = request.app[SETTINGS]
    # A browser told to insist on HTTPS would no longer let anybody pass a made-up certificate.
    if not settings.demo.enabled and _is_https(request):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


def _headers_for(request: web.Request, response: web.StreamResponse) -> Mapping[str, str]:
    if response.status == 101 or (request.path.startswith("/static/") and response.status < 400):
        return FILE_HEADERS
    return HEADERS


def _is_https(request: web.Request) -> bool:
    public = request.app[SETTINGS].server.public_url
    return request.secure or public.startswith("https://")


@web.middleware
async def follow(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives the request its id, and a line in the log when it has been answered."""
    identifier = request["request_id"] = secrets.token_hex(8)
    token = logs.request_id.set(identifier)
    start, status = time.perf_counter(), 500
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        _tell(request, status, time.perf_counter() - start)
        logs.request_id.reset(token)


def _tell(request: web.Request, status: int, seconds: float) -> None:
    metrics = request.app[METRICS]
    # Anybody can make a method up: it must not become a label.
    method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
    metrics.requests.labels(method, str(status)).inc()
    metrics.request_seconds.observe(seconds)
    # The route and never what filled it: that may be anything, a token pasted in the wrong place.
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else "(unknown)"
    log.info(
        "answered",
        extra={"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)},
    )


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Makes every failure a page, or JSON where that is asked, which says nothing of its cause."""
    _be_nobody(request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: error.headers[name] for name in ("Allow", "Retry-After")
                if name in error.headers}  # fmt: skip
        return error_page(request, error.status, kept)
    except Forged as error:
        request.app[METRICS].refusals.labels("forged").inc()
        log.warning("refused: not asked by our own page", extra={"why": error.why})
        return error_page(request, 403)
    except DatabaseAway:
        log.warning("database away")
        reserve = request.app.get(RESERVE)
        status = 507 if reserve is not None and reserve.gone else 503
        return error_page(request, status, {"Retry-After": "5"})
    except ConnectionResetError:
        # Whoever asked went meanwhile, as many do when a crowd comes back: no failure of ours.
        return web.Response(status=400)
    except Exception:
        log.exception("unexpected failure")
        return error_page(request, 500)


def _be_nobody(request: web.Request) -> None:
    request["actor"], request["session"] = access.NOBODY, None
    request["guest"], request["guest_session"] = None, None
    request["locale"] = _spoken(request)
    request["csrf"] = pre_token(request) or new_token()


def _spoken(request: web.Request) -> str:
    """The language somebody without an account chose, or else their browser's."""
    if request.cookies.get(LOCALE_COOKIE) in LOCALES:
        return request.cookies[LOCALE_COOKIE]
    for part in request.headers.get("Accept-Language", "").split(","):
        language = re.split("[-;]", part.strip())[0].lower()
        if language in LOCALES:
            return language
    return request.app[SETTINGS].i18n.default


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Sets `actor` and `session`; `guest` and `guest_session` too, for a member who also holds
    an invitation to somewhere they could not enter as a member."""
    if request.path.startswith(WITHOUT_SESSION):
        return await handler(request)
    await _recognise(request)
    response = await handler(request)
    _give_pre_token(request, response)
    return response


async def _recognise(request: web.Request) -> None:
    member = await _session(request, sessions.MEMBER_COOKIE)
    guest = await _session(request, sessions.GUEST_COOKIE)
    if guest is not None and guest.invitation is not None:
        request["guest_session"] = guest
        request["guest"] = access.guest(guest.invitation, locale=request["locale"])
        _become(request, guest, request["guest"])
    if member is not None and member.person is not None:
        full = member.stage == sessions.FULL
        _become(request, member, access.member(member.person) if full else access.NOBODY)
        request["locale"] = member.person.locale


def _become(request: web.Request, session: LoginSession, actor: access.Actor) -> None:
    request["session"], request["actor"] = session, actor
    request["csrf"] = session.csrf_token


async def _session(request: web.Request, cookie: str) -> LoginSession | None:
    value = request.cookies.get(cookie)
    if not value:
        return None
    db, policy = request.app[DB], request.app[SETTINGS].session
    async with db.read() as session:
        row = await sessions.find(session, value, policy=policy)
    if row is None or (row.stage == sessions.GUEST) != (cookie == sessions.GUEST_COOKIE):
        return None
    if sessions.needs_touch(row):
        # A page that only reads may be shown although its visit cannot be noted.
        with contextlib.suppress(DatabaseAway):
            async with db.begin() as session:
                await sessions.touch(session, row.id, utcnow())
    return row


def _give_pre_token(request: web.Request, response: web.StreamResponse) -> None:
    """A form shown before any login carries the token of this cookie."""
    shown = request.method == "GET" and response.content_type == "text/html"
    if shown and request["session"] is None and not pre_token(request) and not response.prepared:
        set_cookie(response, PRE_COOKIE, request["csrf"])


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what another site's page, or a lured browser, makes this browser ask."""
    tokens = [each.csrf_token for each in (request["session"], request["guest_session"]) if each]
    await refuse_forgery(request, tokens, request.app[SETTINGS].server.public_url)
    return await handler(request)


def set_cookie(
    response: web.StreamResponse, name: str, value: str, max_age: int | None = None
) -> None:
    """A cookie of ours: this host only, HTTPS only, unread by scripts, not sent along by others."""
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Lax"
    )


def drop_cookie(response: web.StreamResponse, name: str) -> None:
    response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")


def limited_address(request: web.Request) -> str:
    """Where the request comes from, as login limits count it."""
    return address.as_limited(address.of_request(request, request.app[SETTINGS]))
