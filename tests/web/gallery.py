"""Every page template with invented contexts, rendered and served on loopback to be looked at.

Rows are real `server.kernel.db` objects never stored, so a template that asks for a column
that is not there fails. Holds no handler: what a form sends goes nowhere.

    python -m tests.web.gallery [port]
"""

import asyncio
import datetime as dt
import functools
import gettext
import sys
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web
from markupsafe import Markup

from server.kernel import i18n
from tests.web import fixtures

WEB = Path(__file__).parents[2] / "web"


def when(
    at: dt.datetime, other_tz: str | None = None, form: str = "short", tz: str = "Europe/Paris"
) -> Markup:
    """A `<time>` in `tz`; the title tells the hour in `other_tz`."""
    return i18n.when(at, "fr", tz, other_tz, form=form)


@functools.cache
def environment() -> jinja2.Environment:
    """Strict: a name the page table does not promise is an error, not a blank."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    null = gettext.NullTranslations()
    found.install_gettext_translations(null, newstyle=True)  # type: ignore[attr-defined]
    found.globals.update(when=when, static=lambda path: f"/static/{path}")
    return found


def render(scene: fixtures.Scene, **changes: Any) -> str:
    context = {**fixtures.common(scene.path), **scene.context, **changes}
    return environment().get_template(scene.template).render(**context)


# As the server's, so that a page which needs more than its own files fails here too.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


async def _page(request: web.Request) -> web.Response:
    scene = fixtures.scenes()[request.match_info["name"]]
    headers = {"Content-Security-Policy": POLICY}
    return web.Response(text=render(scene), content_type="text/html", headers=headers)


async def _index(request: web.Request) -> web.Response:
    links = "".join(f'<li><a href="/see/{name}">{name}</a>' for name in fixtures.scenes())
    return web.Response(text=f"<ul>{links}</ul>", content_type="text/html")


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/", _index)
    app.router.add_get("/see/{name}", _page)
    app.router.add_static("/static", WEB / "static")
    return app


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    web.run_app(application(), host="127.0.0.1", port=int((sys.argv[1:] or ["8071"])[0]))
