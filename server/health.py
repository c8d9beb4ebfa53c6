"""Whether this process lives, whether it is ready, and its numbers."""

import asyncio
import hmac

from aiohttp import web

from server.kernel import address
from server.kernel.db import DatabaseAway
from server.kernel.keys import DB, METRICS, READINESS, SETTINGS
from server.kernel.metrics import CONTENT_TYPE
from server.kernel.migrate import current, expected

# A database that takes longer is not one to send people to.
ANSWERS_WITHIN = 3.0


async def healthz(request: web.Request) -> web.Response:
    """The process answers. Says nothing of what it depends on."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """200 when the database answers at the expected revision and every other part is ready;
    else 503, with the parts that are not."""
    parts = {"database": await _database_is_ready(request)}
    for name, check in request.app.get(READINESS, {}).items():
        parts[name] = await check()
    ready = all(parts.values())
    return web.json_response(
        {"status": "ok" if ready else "not ready", "parts": parts}, status=200 if ready else 503
    )


async def _database_is_ready(request: web.Request) -> bool:
    revision = expected()
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            return await current(request.app[DB].engine) == revision
    except (DatabaseAway, TimeoutError):
        return False


async def metrics(request: web.Request) -> web.Response:
    """For this machine, or with the bearer token of the settings. Not found by anybody else."""
    if not (_has_token(request) or _is_local(request)):
        raise web.HTTPNotFound
    return web.Response(body=request.app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE})


def _has_token(request: web.Request) -> bool:
    token = request.app[SETTINGS].metrics.token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _is_local(request: web.Request) -> bool:
    """A proxy on this machine passes on what comes from elsewhere: then it is not local, trusted
    or not."""
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    return not forwarded and address.is_this_machine(address.parse(request.remote or ""))
