"""The typed names under which an application keeps what its parts share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from server.kernel.db import Database
from server.kernel.i18n import Translations
from server.kernel.login import Login
from server.kernel.metrics import Metrics
from server.kernel.passwords import Passwords
from server.kernel.reserve import Reserve
from server.kernel.secrets import Secret
from server.kernel.sessions import Revocations
from server.kernel.settings import Settings
from server.kernel.step_up import StepUp

# Fills a page's template for the request: (request, template, context) -> HTML.
Render = Callable[[web.Request, str, Mapping[str, Any]], str]
# Something which must hold for this server to be ready, by name.
Readiness = Mapping[str, Callable[[], Awaitable[bool]]]

DB = web.AppKey("db", Database)
SETTINGS = web.AppKey("settings", Settings)
SECRET = web.AppKey("secret", Secret)
TRANSLATIONS = web.AppKey("translations", Translations)
REVOCATIONS = web.AppKey("revocations", Revocations)
METRICS = web.AppKey("metrics", Metrics)
PASSWORDS = web.AppKey("passwords", Passwords)
RESERVE = web.AppKey("reserve", Reserve)
LOGIN = web.AppKey("login", Login)
STEP_UP = web.AppKey("step_up", StepUp)
RENDER: web.AppKey[Render] = web.AppKey("render")
READINESS: web.AppKey[Readiness] = web.AppKey("readiness")
