"""What every page's handler answers with: a rendered template, or the way to the next page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from server.kernel.keys import DB, RENDER, SETTINGS, TRANSLATIONS
from server.kernel.refusals import NotFound, begin
from server.middleware import set_cookie
from signaling.intake import Albums
from signaling.rooms import Rooms

# The live rooms, told when a page changed their consultation.
ROOMS = web.AppKey("rooms", Rooms)
# The stills of consultations, on disk.
ALBUMS = web.AppKey("albums", Albums)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def act(request: web.Request) -> AsyncIterator[AsyncSession]:
    """A transaction in which use cases are called. What they refuse is undone and recorded, and
    for whoever asked there is no such page."""
    try:
        async with begin(request.app[DB]) as session:
            yield session
    except NotFound:
        raise web.HTTPNotFound from None


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    html = request.app[RENDER](request, template, context)
    return web.Response(text=html, content_type="text/html", status=status)


def see_other(path: str) -> web.Response:
    """Redirects after a form, so that a reload sends nothing twice."""
    return web.Response(status=303, headers={"Location": path})


def say(request: web.Request, french: str, /, **values: Any) -> str:
    """A text in the reader's language."""
    locale: str = request["locale"]
    return request.app[TRANSLATIONS].gettext(locale, french, **values)


def base_url(request: web.Request) -> str:
    """What links begin with: the configured public address, or the one this request came to."""
    return request.app[SETTINGS].server.public_url or f"https://{request.host}"


def with_cookie(response: web.Response, name: str, value: str) -> web.Response:
    set_cookie(response, name, value)
    return response


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form, the first of each name; files are not fields."""
    fields = await request.post()
    return {name: value for name, value in fields.items() if isinstance(value, str)}
