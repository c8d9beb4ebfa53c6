"""From a template and what a handler knows to HTML: words in the reader's language, times on the
reader's clock. Decides nothing about who may read it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web
from markupsafe import Markup

from server import early
from server.kernel import i18n
from server.kernel.access import NOBODY, Actor
from server.kernel.i18n import Translations
from server.statics import Statics

TEMPLATES = Path(__file__).parents[1] / "web" / "templates"


class Rendering:
    """The templates, once for each language."""

    def __init__(self, translations: Translations, statics: Statics, *, demo: bool) -> None:
        self._translations = translations
        self._statics = statics
        self._demo = demo
        self._environments = {locale: self._environment(locale) for locale in i18n.LOCALES}

    def _environment(self, locale: str) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        gettext: Callable[[str], str] = partial(self._translations.gettext, locale)
        ngettext = partial(self._translations.ngettext, locale)
        environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.globals["static"] = self._statics.address
        environment.globals["early"] = early.TEXT
        return environment

    def page(self, request: web.Request, template: str, context: Mapping[str, Any]) -> str:
        """The HTML of a page. `context` may override what every page knows."""
        actor: Actor = request.get("actor", NOBODY)
        locale: str = request.get("locale", i18n.SOURCE)
        everywhere = {
            "locale": locale,
            "actor": actor,
            "csrf": request.get("csrf", ""),
            "demo": self._demo,
            "path": request.path,
            "when": _clock(locale, actor.timezone),
            "catalogue": self._translations.javascript_catalogue(locale),
        }
        found = self._environments[locale].get_template(template)
        return found.render({**everywhere, **context})


def _clock(locale: str, timezone: str) -> Callable[..., Markup]:
    def when(
        moment: dt.datetime,
        other_tz: str | None = None,
        form: str = "short",
        tz: str = timezone,
    ) -> Markup:
        return i18n.when(moment, locale, tz, other_tz, form=form)

    return when
