"""A client of tus that is not ours: tuspy, with its checksums, resumed by another of its kind."""

import asyncio
import io
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from tusclient import client as tus_client
from tusclient.exceptions import TusCommunicationError

from server.kernel.db import Database
from tests.expertise.conftest import Desk
from tests.expertise.photographs import photograph, sha256
from tests.expertise.site import Sender, drafted, image_at
from tests.server.conftest import visitor

PHOTO = photograph(600, 400)


@pytest.fixture
async def nurse(site: TestClient[Any, Any], database: Database, desk: Desk) -> Sender:
    return Sender(site, await visitor(site, database, desk.people.nurse), await drafted(desk))


def uploader(nurse: Sender, data: bytes, **how: Any) -> Any:
    """tuspy's, on the same session and for the same photograph."""
    base = f"http://{nurse.site.host}:{nurse.site.port}"
    made = tus_client.TusClient(base + nurse.place, headers=dict(nurse.visitor.headers))
    told = {"view": "close", "filename": "peau.jpg", "sha256": sha256(PHOTO)}
    url = {"url": base + how.pop("path")} if "path" in how else {}
    return made.uploader(file_stream=io.BytesIO(data), metadata=told, chunk_size=20_000,
                         retries=0, **url, **how)  # fmt: skip


def path_of(uploader: Any) -> str:
    return "/cases/" + str(uploader.url).split("/cases/")[1]


@pytest.mark.parametrize("checked", [False, True])
async def test_whole(nurse: Sender, database: Database, checked: bool) -> None:
    peer = uploader(nurse, PHOTO, upload_checksum=checked)
    await asyncio.to_thread(peer.upload)
    assert peer.offset == len(PHOTO)
    assert (await image_at(database, path_of(peer))).state == "kept"


async def test_resumed_by_another(nurse: Sender, database: Database) -> None:
    first = uploader(nurse, PHOTO)
    await asyncio.to_thread(first.upload_chunk)
    await asyncio.to_thread(first.upload_chunk)
    # It asks where the upload goes on as soon as it is made: not on the server's own loop.
    second = await asyncio.to_thread(lambda: uploader(nurse, PHOTO, path=path_of(first)))
    assert second.offset == 40_000
    await asyncio.to_thread(second.upload)
    assert (await image_at(database, path_of(first))).state == "kept"


async def test_another_file_is_told_to_be_another(nurse: Sender, database: Database) -> None:
    peer = uploader(nurse, PHOTO[:-1] + b"x")
    with pytest.raises(TusCommunicationError) as told:
        await asyncio.to_thread(peer.upload)
    assert told.value.status_code == 460
    assert (await image_at(database, path_of(peer))).state == "refused"
