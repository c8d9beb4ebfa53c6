"""Proof that a request which changes something was made by one of our own pages.

Two proofs, both asked: what the browser says of the page (`Origin`, `Sec-Fetch-Site`), and a
token which only our page could read: the session's, or before any login that of a cookie.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

PRE_COOKIE = "__Host-carbet-pre"
HEADER = "X-CSRF-Token"
FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Socket.IO carries its session in its own handshake; only its origin is checked here.
SOCKET = "/socket.io/"


class Forged(Exception):
    """The request was not, or not surely, made by our page. `why` is one closed word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def new_token() -> str:
    return secrets.token_urlsafe(32)


def pre_token(request: web.Request) -> str | None:
    """The token of the cookie given before any login, if it is one we could have made."""
    value = request.cookies.get(PRE_COOKIE, "")
    return value if re.fullmatch(r"[A-Za-z0-9_-]{43}", value) else None


async def refuse_forgery(
    request: web.Request, session_tokens: Sequence[str], public_url: str = ""
) -> None:
    """Raises `Forged`. Safe methods pass; a socket's handshake is held to its origin only."""
    if "\0" in request.path:
        raise web.HTTPNotFound
    if request.path.startswith(SOCKET):
        _check_origin(request, public_url)
        return
    if request.method in SAFE:
        return
    _check_origin(request, public_url)
    sent = await _sent_token(request)
    before = pre_token(request)
    # With a session, the weaker proof is not enough.
    expected = list(session_tokens) or ([before] if before else [])
    if not any(hmac.compare_digest(sent.encode(), each.encode()) for each in expected):
        raise Forged("token")


def _check_origin(request: web.Request, public_url: str) -> None:
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forged("site")
    # Our pages send no referrer, and a form of such a page says `Origin: null` (Fetch, "append
    # a request Origin header"): then only the token can tell.
    if origin is None or (origin == "null" and not request.path.startswith(SOCKET)):
        return
    hosts = {request.host.lower(), urlsplit(public_url).netloc.lower()} - {""}
    if urlsplit(origin).netloc.lower() not in hosts:
        raise Forged("origin")


async def _sent_token(request: web.Request) -> str:
    header = request.headers.get(HEADER, "")
    if request.content_type not in FORMS:
        return header
    try:
        form = await request.post()
    except ValueError:
        raise web.HTTPBadRequest from None
    if any("\0" in each for each in (*form.keys(), *form.values()) if isinstance(each, str)):
        # No field of ours holds one, and PostgreSQL cannot store it.
        raise web.HTTPBadRequest
    value = form.get(FIELD, "")
    return header or (value if isinstance(value, str) else "")
