"""Photographs of a request: they arrive by tus 1.0 (see `expertise.tus`), and are shown.

A body is written as it comes. An upload that is not yours is not found, whatever is asked of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web
from aiohttp.client_exceptions import ClientPayloadError
from babel.dates import format_datetime

from expertise import cases, images, tus
from expertise.darkroom import LARGEST, SIZES
from expertise.images import ARRIVING
from expertise.keys import Erased, key_of
from expertise.reception import Cut, Upload
from expertise.vault import Damaged
from server.kernel.access import Action, Actor
from server.kernel.cases import CaseImage
from server.kernel.db import utcnow
from server.kernel.keys import RESERVE, SECRET
from server.pages.answers import Handler, act, see_other
from server.pages.expertise import RECEPTION, form_for, wants_json

TUS = {"Tus-Resumable": tus.VERSION, "Cache-Control": "no-store"}


def _refused(refusal: tus.Refusal) -> web.Response:
    return web.json_response({"why": refusal.why}, status=refusal.status, headers=TUS)


def _protocol(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
    """Answers in tus's manner, refusals and a full disk included."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except tus.Refusal as refusal:
            return _refused(refusal)
        except Erased:
            raise web.HTTPNotFound from None
        except OSError:
            request.app[RECEPTION].failed()
            return _refused(tus.Refusal(507, "storage"))

    return answer


def _expires(moment: datetime) -> str:
    """As HTTP writes a date (RFC 9110, §5.6.7)."""
    return format_datetime(moment, "EEE, dd MMM yyyy HH:mm:ss 'GMT'", locale="en")


async def options(request: web.Request) -> web.Response:
    return web.Response(
        status=204,
        headers=TUS
        | {
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(LARGEST),
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
        },
    )


async def create(request: web.Request) -> web.Response:
    actor: Actor = request["actor"]
    async with act(request) as session:
        case = await cases.find(session, actor, request.match_info["id"], Action.CASE_WRITE)
        wanted = tus.read_creation(request.headers, LARGEST)
        # Twice: what arrives stays until it is developed.
        if not request.app[RESERVE].holds(2 * wanted.length):
            raise tus.Refusal(507, "storage")
        image = await images.begin(session, actor, case, form_for(request, case), wanted)
    where = f"/cases/{case.id}/uploads/{image.id}"
    headers = {"Location": where, "Upload-Expires": _expires(image.expires_at)}
    return web.Response(status=201, headers=TUS | headers)


async def _found(request: web.Request, action: Action = Action.CASE_WRITE) -> Upload:
    """The upload of the address, if it is this actor's to write; `HTTPNotFound` otherwise."""
    async with act(request) as session:
        case, image = await images.find(
            session, request["actor"], request.match_info["id"], request.match_info["image"], action
        )
    return Upload(image, key_of(request.app[SECRET], case))


class Body:
    """What a request brings, as it comes, until its end or until it is asked to let go."""

    def __init__(self, request: web.Request) -> None:
        self._content = request.content
        self._waiting: asyncio.Timeout | None = None
        self._ended = False

    def let_go(self) -> None:
        self._ended = True
        if self._waiting is not None:
            self._waiting.reschedule(0)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises `Cut` when it breaks off; what came before is given first."""
        try:
            while not self._ended:
                chunk = await self._next()
                if chunk == b"":
                    return
                if chunk is not None:
                    yield chunk
        except (ClientPayloadError, ConnectionError):
            # What arrived before the connection was lost is still there, but the reader gives
            # nothing as long as it has an exception.
            self._content.set_exception(None)  # type: ignore[arg-type]
        if rest := self._content.read_nowait():
            yield rest
        raise Cut

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await self._content.readany()
        except TimeoutError:
            return None
        finally:
            self._waiting = None


@asynccontextmanager
async def _turn(request: web.Request, body: Body | None = None) -> AsyncIterator[Upload]:
    """The upload as it is once this request's turn has come; a body lets go for the next."""
    upload = await _found(request)
    async with request.app[RECEPTION].turn(upload.image.id, body.let_go if body else None):
        yield await _found(request)


def _standing(upload: Upload, offset: int) -> dict[str, str]:
    image = upload.image
    told = {"Upload-Offset": str(offset), "Upload-Length": str(image.length)}
    if image.state == ARRIVING:
        told["Upload-Expires"] = _expires(image.expires_at)
    return TUS | told


async def head(request: web.Request) -> web.Response:
    """Where the upload goes on. Whole but not settled (the server died just then): settled now."""
    reception = request.app[RECEPTION]
    async with _turn(request) as upload:
        tus.check_version(request.headers)
        _check_alive(upload.image)
        offset = await reception.offset(upload)
        await reception.settle(upload, offset)
        return web.Response(status=200, headers=_standing(upload, offset))


def _check_alive(image: CaseImage) -> None:
    if image.state == images.REFUSED or (image.state == ARRIVING and image.expires_at <= utcnow()):
        raise tus.Refusal(410, image.why or "expired")


async def patch(request: web.Request) -> web.Response:
    reception, body = request.app[RECEPTION], Body(request)
    async with _turn(request, body) as upload:
        _check_alive(upload.image)
        have = await reception.offset(upload)
        left = tus.read_patch(request.headers, have, upload.image.length)
        checksum = tus.read_checksum(request.headers)
        try:
            if checksum is not None:
                offset = await reception.write_checked(upload, have, left, body.chunks(), checksum)
            else:
                offset = await reception.write(upload, have, left, body.chunks())
        except Cut:
            # Nobody reads this answer; what came is on disk.
            return _refused(tus.Refusal(400, "cut"))
        await reception.settle(upload, offset)
        return web.Response(status=204, headers=_standing(upload, offset))


async def terminate(request: web.Request) -> web.Response:
    await _found(request)
    tus.check_version(request.headers)
    await _remove(request)
    return web.Response(status=204, headers=TUS)


async def remove(request: web.Request) -> web.Response:
    """The page's own button."""
    await _remove(request)
    if wants_json(request):
        return web.json_response({})
    return see_other(f"/cases/{request.match_info['id']}#photos")


async def _remove(request: web.Request) -> None:
    async with _turn(request) as upload:
        async with act(request) as session:
            case, image = await images.find(
                session, request["actor"], upload.image.case_id, upload.image.id, Action.CASE_WRITE
            )
            await images.remove(session, request["actor"], case, image, utcnow())
        await request.app[RECEPTION].forget(upload.image.case_id, upload.image.id)


async def show(request: web.Request) -> web.Response:
    """A served copy, without anything the camera added; its reading is recorded."""
    size = request.match_info["size"]
    if size not in SIZES:
        raise web.HTTPNotFound
    upload = await _found(request, Action.CASE_SEE)
    async with act(request) as session:
        told = await images.read(session, request["actor"], upload.image, size)
    place = (upload.image.case_id, f"{upload.image.id}-{size}", upload.key)
    try:
        body = await request.app[RECEPTION].read(*place, told["bytes"])
    except Damaged:
        raise web.HTTPNotFound from None
    return web.Response(body=body, content_type=told["type"], headers={"Cache-Control": "no-store"})


TO = "/cases/{id}/uploads"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("OPTIONS", TO, options),
    ("POST", TO, _protocol(create)),
    ("HEAD", TO + "/{image}", _protocol(head)),
    ("PATCH", TO + "/{image}", _protocol(patch)),
    ("DELETE", TO + "/{image}", _protocol(terminate)),
    ("POST", "/cases/{id}/images/{image}/remove", _protocol(remove)),
    ("GET", "/cases/{id}/images/{image}/{size}", show),
)
