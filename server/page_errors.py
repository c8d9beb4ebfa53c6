"""What a failure looks like: a page in the reader's language, or JSON. Never its cause."""

import html
import logging
from collections.abc import Mapping

from aiohttp import web

from server.kernel.i18n import Translations, gettext
from server.kernel.keys import RENDER, TRANSLATIONS

_ = gettext
log = logging.getLogger("carbet.http")

TEXTS: dict[int, tuple[str, str]] = {
    400: (_("Demande non comprise"), _("Le navigateur a envoyé quelque chose d’inattendu.")),
    403: (
        _("Demande refusée"),
        _("La page était peut-être ouverte depuis trop longtemps. Rechargez-la et recommencez."),
    ),
    404: (
        _("Page introuvable"),
        _("Cette page n’existe pas, ou vous n’y avez pas accès."),
    ),
    405: (_("Demande refusée"), _("Cette page ne s’utilise pas ainsi.")),
    413: (_("Envoi trop volumineux"), _("Ce que vous envoyez dépasse la taille permise.")),
    429: (_("Trop d’essais"), _("Attendez un peu, puis recommencez.")),
    507: (
        _("Plus assez de place"),
        _(
            "Le disque de Carbet est presque plein : rien n’a été enregistré. Les consultations "
            "en cours continuent. Prévenez l’assistance."
        ),
    ),
    503: (
        _("Momentanément indisponible"),
        _("Rien n’a été enregistré. Les consultations en cours continuent. Réessayez bientôt."),
    ),
}
OURS = (
    _("Une erreur est survenue"),
    _("Elle est de notre fait, et elle est notée. Réessayez, ou donnez ce numéro à l’assistance."),
)


def error_page(
    request: web.Request, status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    """The answer for `status`. Falls back to bare HTML when the template itself fails."""
    texts = TEXTS.get(status) or (TEXTS[400] if status < 500 else OURS)
    translate = request.app.get(TRANSLATIONS, Translations()).gettext
    title, text = (translate(request["locale"], each) for each in texts)
    identifier = str(request.get("request_id", ""))
    context = {"status": status, "title": title, "text": text, "request_id": identifier}
    if _asks_json(request):
        return web.json_response(
            {"status": status, "error": title, "text": text, "request": identifier},
            status=status, headers=headers,
        )  # fmt: skip
    render = request.app.get(RENDER)
    try:
        page = render(request, "error.html", context) if render else None
    except Exception:
        log.exception("the error page itself failed")
        page = None
    page = page or _bare(request["locale"], context)
    return web.Response(text=page, status=status, content_type="text/html", headers=headers)


def _asks_json(request: web.Request) -> bool:
    accept = request.headers.get("Accept", "")
    json = "application/json"
    return "text/html" not in accept and (json in accept or request.content_type == json)


def _bare(locale: str, context: Mapping[str, object]) -> str:
    title, text, identifier = (
        html.escape(str(context[name])) for name in ("title", "text", "request_id")
    )
    return (
        f'<!doctype html><html lang="{html.escape(locale)}"><meta charset="utf-8">'
        f"<title>{title}</title><h1>{title}</h1><p>{text}</p><p>{identifier}</p></html>"
    )
