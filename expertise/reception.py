"""Photographs as they arrive: on disk before they are acknowledged, and looked at when whole.

Whoever comes for an upload takes it from whoever still holds it: behind a link that was cut, the
old connection may seem alive for minutes. What the old one had brought is kept. Nothing is called
complete before its SHA-256 is the one announced and a child process found a photograph in it.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from expertise import images, tus
from expertise.darkroom import Darkroom, NoPhotograph
from expertise.images import ARRIVING, DAMAGED, NO_PHOTOGRAPH, files_of
from expertise.vault import RECORD, Vault
from server.kernel.cases import CaseImage
from server.kernel.db import Database, utcnow
from server.kernel.metrics import METRICS

log = logging.getLogger("carbet.expertise")


class Cut(Exception):
    """The body ended before its end: the link was cut, or another connection took over."""


@dataclass(frozen=True)
class Upload:
    """One photograph on its way, and its case's key."""

    image: CaseImage
    key: bytes = field(repr=False)

    @property
    def place(self) -> tuple[str, str, bytes]:
        return self.image.case_id, f"{self.image.id}-{images.ORIGINAL}", self.key


@dataclass
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    let_go: Callable[[], None] | None = None


class Reception:
    """See the module. One for all cases of this server."""

    def __init__(self, db: Database, vault: Vault, darkroom: Darkroom | None = None) -> None:
        self._db, self.vault, self._darkroom = db, vault, darkroom or Darkroom()
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def turn(
        self, image_id: str, let_go: Callable[[], None] | None = None
    ) -> AsyncIterator[None]:
        """This upload's turn. Whoever has it is asked to let go of it, by its own `let_go`."""
        turn = self._turns.setdefault(image_id, _Turn())
        if turn.let_go is not None:
            turn.let_go()
        turn.waiting += 1
        try:
            async with turn.lock:
                turn.let_go = let_go
                try:
                    yield
                finally:
                    turn.let_go = None
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(image_id, None)

    async def offset(self, upload: Upload) -> int:
        """Bytes on disk; all of them when it is kept. In its turn, as all below."""
        if upload.image.state != ARRIVING:
            return upload.image.length if upload.image.state == images.KEPT else 0
        return await asyncio.to_thread(self.vault.size, *upload.place)

    async def write(
        self, upload: Upload, offset: int, most: int, chunks: AsyncIterator[bytes]
    ) -> int:
        """Puts a body on disk as it comes, at `offset`, in records of at most `RECORD` bytes, and
        returns where the upload goes on. Raises `Refusal` 413 past `most` bytes, `Cut` when the
        body broke off, `OSError`; what came before is on disk all the same."""
        gathered = bytearray()
        try:
            async for chunk in chunks:
                gathered += chunk
                if len(gathered) > most:
                    raise tus.Refusal(413, "more than announced")
                while len(gathered) >= RECORD:
                    offset = await self._append(upload, offset, bytes(gathered[:RECORD]))
                    most -= RECORD
                    del gathered[:RECORD]
        except tus.Refusal:
            del gathered[most:]
            await self._append(upload, offset, bytes(gathered))
            raise
        except Cut:
            await self._append(upload, offset, bytes(gathered))
            raise
        return await self._append(upload, offset, bytes(gathered))

    async def write_checked(
        self, upload: Upload, offset: int, most: int, chunks: AsyncIterator[bytes],
        checksum: tus.Checksum,
    ) -> int:  # fmt: skip
        """As `write`, for a body with a checksum: all of it, or nothing. Raises `Refusal` 460."""
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            if len(body) > most:
                raise tus.Refusal(413, "more than announced")
        if not checksum.holds(bytes(body)):
            raise tus.Refusal(tus.MISMATCH, "checksum")
        return await self._append(upload, offset, bytes(body))

    async def _append(self, upload: Upload, offset: int, data: bytes) -> int:
        if not data:
            return offset
        return await asyncio.to_thread(self.vault.append, *upload.place, offset, data)

    async def settle(self, upload: Upload, offset: int) -> None:
        """Once every byte is here: it is a photograph that is kept, or it is refused. Done again
        after a crash, it is done once. Raises `Refusal` 460 or 422, `OSError`."""
        image = upload.image
        if image.state != ARRIVING or offset < image.length:
            return
        data = await asyncio.to_thread(self.vault.arrived, *upload.place)
        if hashlib.sha256(data).hexdigest() != image.sha256:
            await self._refuse(upload, DAMAGED)
            raise tus.Refusal(tus.MISMATCH, "checksum")
        try:
            copies = await self._darkroom.develop(data)
        except NoPhotograph:
            await self._refuse(upload, NO_PHOTOGRAPH)
            raise tus.Refusal(422, "no photograph") from None
        case, original, key = upload.place
        await asyncio.to_thread(self.vault.keep, case, original, key, data)
        for copy in copies:
            name = f"{image.id}-{copy.told['name']}"
            await asyncio.to_thread(self.vault.keep, case, name, key, copy.body)
        async with self._db.begin() as session:
            await images.keep(session, image.id, copies, utcnow())
        await asyncio.to_thread(self.vault.forget_part, case, original)

    async def _refuse(self, upload: Upload, why: str) -> None:
        METRICS.refusals.labels("photograph").inc()
        async with self._db.begin() as session:
            await images.refuse(session, upload.image.id, why, utcnow())
        await self.forget(upload.image.case_id, upload.image.id)

    def failed(self) -> None:
        """A disk that is full or broken: told to the operator; nothing was acknowledged."""
        METRICS.task_failures.labels("photographs").inc()
        log.exception("a photograph could not be written")

    async def read(self, case_id: str, name: str, key: bytes, length: int) -> bytes:
        """A kept file. Raises `Damaged`."""
        return await asyncio.to_thread(self.vault.read, case_id, name, key, length)

    async def forget(self, case_id: str, image_id: str) -> None:
        """Removes the files of a photograph whose row is gone or refused."""
        await asyncio.to_thread(self.vault.erase, case_id, files_of(image_id))

    async def sweep(self) -> None:
        """Uploads nobody ended in time."""
        async with self._db.begin() as session:
            gone = await images.expired(session, utcnow())
        for case_id, image_id in gone:
            await self.forget(case_id, image_id)
