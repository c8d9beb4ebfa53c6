"""One handler per page. Each asks the same questions in the same order: who is it, may they, what
do they see; what may not be seen is not found."""

from aiohttp import web

from server.pages import (
    account,
    agenda,
    call,
    consultation,
    expertise,
    expertise_draft,
    expertise_images,
    expertise_opinion,
    join,
    login,
)

ROUTES = (
    *login.ROUTES,
    *account.ROUTES,
    *join.ROUTES,
    *agenda.ROUTES,
    *consultation.ROUTES,
    *call.ROUTES,
    *expertise.ROUTES,
    *expertise_draft.ROUTES,
    *expertise_opinion.ROUTES,
    *expertise_images.ROUTES,
)


def add(app: web.Application) -> None:
    """Puts every page at its address."""
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, handler)
