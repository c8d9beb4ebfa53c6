"""The whole server with a request in it, and a browser which can also break off."""

import asyncio
import base64
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient

from expertise import tus
from server.kernel.cases import Case, CaseImage
from server.kernel.db import Database
from tests.expertise.conftest import Desk
from tests.expertise.photographs import sha256
from tests.server.conftest import Visitor

RESUMABLE = {"Tus-Resumable": "1.0.0"}


def announced(data: bytes, view: str = "close", name: str = "peau.jpg") -> dict[str, str]:
    told = {"view": view, "filename": name, "sha256": sha256(data)}
    pairs = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in told.items())
    return RESUMABLE | {"Upload-Length": str(len(data)), "Upload-Metadata": pairs}


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])


class Sender:
    """One person's uploads to one case, over real sockets."""

    def __init__(self, site: TestClient[Any, Any], visitor: Visitor, case: Case) -> None:
        self.site, self.visitor, self.case = site, visitor, case
        self.place = f"/cases/{case.id}/uploads"

    async def ask(self, method: str, path: str, data: bytes = b"", **headers: str) -> Answer:
        sent = self.visitor.headers | {k.replace("_", "-"): v for k, v in headers.items()}
        async with self.site.request(method, path, data=data or None, headers=sent) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def create(self, data: bytes, **changes: str) -> Answer:
        how = announced(data, **changes)
        return await self.ask("POST", self.place, **how)

    async def begun(self, data: bytes, **changes: str) -> str:
        answer = await self.create(data, **changes)
        assert answer.status == 201, (answer.status, answer.body)
        return str(answer.headers["Location"])

    async def head(self, path: str) -> Answer:
        return await self.ask("HEAD", path, **RESUMABLE)

    async def patch(self, path: str, offset: int, data: bytes, **more: str) -> Answer:
        headers = RESUMABLE | {"Content-Type": tus.OFFSET_TYPE, "Upload-Offset": str(offset)}
        return await self.ask("PATCH", path, data, **(headers | more))

    async def whole(self, data: bytes, **changes: str) -> str:
        """The path of a photograph that was sent in one go."""
        path = await self.begun(data, **changes)
        answer = await self.patch(path, 0, data)
        assert answer.status == 204, (answer.status, answer.body)
        return path

    async def cut(self, path: str, offset: int, length: int, data: bytes) -> None:
        """Announces `length` bytes, sends `data`, and is gone."""
        _reader, writer = await self.open(path, offset, length)
        writer.write(data)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def open(
        self, path: str, offset: int, length: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A PATCH that has begun, and whose body is still to come."""
        assert self.site.port is not None
        reader, writer = await asyncio.open_connection(self.site.host, self.site.port)
        lines = [
            f"PATCH {path} HTTP/1.1", f"Host: {self.site.host}:{self.site.port}",
            "Tus-Resumable: 1.0.0", f"Content-Type: {tus.OFFSET_TYPE}",
            f"Upload-Offset: {offset}", f"Content-Length: {length}",
            *(f"{name}: {value}" for name, value in self.visitor.headers.items()),
        ]  # fmt: skip
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        return reader, writer


async def image_at(db: Database, path: str) -> CaseImage:
    async with db.read() as session:
        return await session.get_one(CaseImage, path.rpartition("/")[2])


async def drafted(desk: Desk) -> Case:
    return await desk.save(await desk.create())
