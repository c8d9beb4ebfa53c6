"""The way in for people without an account: a link, or the code read to them on the telephone.

A link opens no more than the right to knock at one consultation's door.
"""

from aiohttp import web

from server.kernel import sessions
from server.kernel.db import LoginSession
from server.kernel.i18n import gettext as _
from server.kernel.keys import DB, SECRET, SETTINGS
from server.middleware import limited_address
from server.pages.answers import Handler, form_of, page, say, with_cookie
from signaling import redemption
from signaling.redemption import Redeemed

NOT_A_LINK = _("Ce lien n’est pas valable, ou ne l’est plus. Demandez-en un nouveau à la personne "
               "qui vous l’a envoyé.")  # fmt: skip
NOT_A_CODE = _("Ce code n’est pas le bon, ou n’est plus valable.")
SLOWED = _("Trop d’essais.")
SLOWED_FOR = _("Trop d’essais. Vous pourrez réessayer dans {seconds} secondes.")


async def _redeem(request: web.Request, by: str, value: str) -> Redeemed:
    redeem = {"link": redemption.redeem_token, "code": redemption.redeem_code}[by]
    current: LoginSession | None = request["guest_session"]
    async with request.app[DB].begin() as session:
        return await redeem(
            session,
            value,
            secret=request.app[SECRET],
            address=limited_address(request),
            current=current,
            device=request.headers.get("User-Agent", "")[:200],
            policy=request.app[SETTINGS].session,
        )


def _let_in(response: web.Response, redeemed: Redeemed) -> web.Response:
    if redeemed.opened is None:
        return response
    return with_cookie(response, sessions.GUEST_COOKIE, redeemed.opened.cookie)


def _door(redeemed: Redeemed) -> str:
    assert redeemed.invitation is not None
    return f"/consultations/{redeemed.invitation.consultation_id}/call"


async def join_page(request: web.Request) -> web.Response:
    """The link's page: its script reads the token from the fragment and sends it to `join`."""
    return page(request, "join.html")


async def join(request: web.Request) -> web.Response:
    form = await form_of(request)
    redeemed = await _redeem(request, "link", form.get("token", ""))
    if redeemed.invitation is not None:
        return _let_in(web.json_response({"location": _door(redeemed)}), redeemed)
    if redeemed.retry_after:
        error = say(request, SLOWED_FOR, seconds=redeemed.retry_after)
        return web.json_response(
            {"error": error}, status=429, headers={"Retry-After": str(redeemed.retry_after)}
        )
    return web.json_response({"error": say(request, NOT_A_LINK)}, status=404)


async def code_page(request: web.Request) -> web.Response:
    return page(request, "code.html", error="", retry_after=0)


async def code(request: web.Request) -> web.Response:
    form = await form_of(request)
    redeemed = await _redeem(request, "code", form.get("code", ""))
    if redeemed.invitation is not None:
        onward = web.Response(status=303, headers={"Location": _door(redeemed)})
        return _let_in(onward, redeemed)
    slowed = redeemed.retry_after
    error = say(request, SLOWED if slowed else NOT_A_CODE)
    return page(request, "code.html", status=429 if slowed else 404, error=error,
                retry_after=slowed)  # fmt: skip


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/j", join_page),
    ("POST", "/join", join),
    ("GET", "/code", code_page),
    ("POST", "/code", code),
)
