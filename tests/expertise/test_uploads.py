"""Photographs over real sockets: whole, cut, two at once, false, another's, a full disk."""

import asyncio
import base64
import datetime as dt
import errno
import hashlib
import os
import random
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestClient

from expertise.case import Act
from expertise.keys import key_of
from expertise.specialties import MOST_PICTURES
from server.kernel.cases import CaseImage
from server.kernel.db import AuditRow, Database
from server.kernel.keys import SECRET
from server.pages.expertise import RECEPTION
from tests.expertise.conftest import Desk
from tests.expertise.photographs import FALSE, MAKE, photograph
from tests.expertise.site import RESUMABLE, Sender, drafted, image_at
from tests.server.conftest import visitor

PHOTO = photograph(600, 400)


@pytest.fixture
async def nurse(site: TestClient[Any, Any], database: Database, desk: Desk) -> Sender:
    return Sender(site, await visitor(site, database, desk.people.nurse), await drafted(desk))


async def _written(nurse: Sender, path: str, offset: int, patience: float = 20) -> None:
    """Until so much is on disk: asking by HEAD would itself end whoever still sends."""
    vault = nurse.site.app[RECEPTION].vault
    key = key_of(nurse.site.app[SECRET], nurse.case)
    name = path.rpartition("/")[2] + "-original"
    async with asyncio.timeout(patience):
        while vault.glance(nurse.case.id, name, key) != offset:
            await asyncio.sleep(0.02)


async def test_a_photograph_in_one_go(nurse: Sender, database: Database, tmp_path: Path) -> None:
    created = await nurse.create(PHOTO)
    assert created.status == 201 and created.headers["Tus-Resumable"] == "1.0.0"
    assert created.headers["Upload-Expires"].endswith(" GMT")
    path = created.headers["Location"]
    assert path.startswith(nurse.place) and (await nurse.head(path)).offset == 0
    done = await nurse.patch(path, 0, PHOTO)
    assert (done.status, done.offset) == (204, len(PHOTO))
    image = await image_at(database, path)
    assert (image.state, image.view, image.name) == ("kept", "close", "peau.jpg")
    assert (await nurse.head(path)).offset == len(PHOTO)
    stored = {each.name for each in (tmp_path / "cases" / nurse.case.id).iterdir()}
    assert stored == {f"{image.id}-{size}" for size in ("original", "thumb", "view", "full")}
    for name in stored:
        raw = (tmp_path / "cases" / nurse.case.id / name).read_bytes()
        assert PHOTO[:16] not in raw and MAKE.encode() not in raw and b"JFIF" not in raw


async def test_what_the_server_can(nurse: Sender) -> None:
    told = await nurse.ask("OPTIONS", nurse.place)
    assert told.status == 204 and told.headers["Tus-Version"] == "1.0.0"
    assert set(told.headers["Tus-Extension"].split(",")) == {
        "creation", "checksum", "expiration", "termination",
    }  # fmt: skip
    assert "sha256" in told.headers["Tus-Checksum-Algorithm"]


async def test_cut_in_the_middle_it_goes_on_where_it_was(nurse: Sender, database: Database) -> None:
    path = await nurse.begun(PHOTO)
    cut, at = random.Random(7), 0
    for _ in range(8):
        part = PHOTO[at : at + cut.randrange(1, len(PHOTO) // 10)]
        await nurse.cut(path, at, len(PHOTO) - at, part)
        await _written(nurse, path, at + len(part))
        at = (await nurse.head(path)).offset
    assert (await nurse.patch(path, at, PHOTO[at:])).offset == len(PHOTO)
    assert (await image_at(database, path)).state == "kept", "its SHA-256 was the one announced"


async def test_a_connection_that_hangs_gives_way_to_the_next(
    nurse: Sender, database: Database
) -> None:
    path = await nurse.begun(PHOTO)
    _reader, hanging = await nurse.open(path, 0, len(PHOTO))
    hanging.write(PHOTO[:5000])
    await hanging.drain()
    await asyncio.sleep(0.2)
    at = (await nurse.head(path)).offset
    assert at == 5000, "what it had brought is kept"
    # The one that hung speaks again: nobody listens any more, nothing of it is stored.
    hanging.write(b"x" * 100)
    done = await nurse.patch(path, at, PHOTO[at:])
    assert done.status == 204 and (await image_at(database, path)).state == "kept"
    hanging.close()


async def test_two_at_once_never_mix(nurse: Sender, database: Database) -> None:
    path = await nurse.begun(PHOTO)
    ends = await asyncio.gather(*(nurse.patch(path, 0, PHOTO) for _ in range(6)))
    statuses = sorted(end.status for end in ends)
    assert set(statuses) <= {204, 400, 409} and statuses
    at = (await nurse.head(path)).offset
    if at < len(PHOTO):
        assert (await nurse.patch(path, at, PHOTO[at:])).status == 204
    assert (await image_at(database, path)).state == "kept", "its SHA-256 was the one announced"


@pytest.mark.parametrize("offset", [0, 99, 101, 10**9])
async def test_a_wrong_offset_changes_nothing(nurse: Sender, offset: int) -> None:
    path = await nurse.begun(PHOTO)
    assert (await nurse.patch(path, 0, PHOTO[:100])).offset == 100
    assert (await nurse.patch(path, offset, PHOTO[100:])).status == 409
    assert (await nurse.head(path)).offset == 100


async def test_more_than_was_announced(nurse: Sender, database: Database) -> None:
    path = await nurse.begun(PHOTO)
    assert (await nurse.patch(path, 0, PHOTO + b"x")).status == 413
    assert (await nurse.head(path)).offset == 0

    async def endless() -> Any:
        yield PHOTO
        yield b"more"

    headers = {
        **nurse.visitor.headers, **RESUMABLE, "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    async with nurse.site.patch(path, data=endless(), headers=headers) as answer:
        assert answer.status == 413, "without a length, by what comes"
    assert (await nurse.head(path)).offset <= len(PHOTO)
    assert (await image_at(database, path)).state in ("arriving", "kept")


async def test_a_false_hash_is_never_complete(
    nurse: Sender, database: Database, tmp_path: Path
) -> None:
    path = await nurse.begun(PHOTO)
    other = photograph(600, 400, quality=84)[: len(PHOTO)].ljust(len(PHOTO), b"\0")
    assert (await nurse.patch(path, 0, other)).status == 460
    image = await image_at(database, path)
    assert (image.state, image.why, image.sizes) == ("refused", "damaged", [])
    assert (await nurse.head(path)).status == 410
    assert list((tmp_path / "cases" / nurse.case.id).iterdir()) == []


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_part_with_a_checksum_is_there_whole_or_not(nurse: Sender, algorithm: str) -> None:
    path = await nurse.begun(PHOTO)
    good = base64.b64encode(hashlib.new(algorithm, PHOTO[:100]).digest()).decode()
    how = {"Upload-Checksum": f"{algorithm} {good}"}
    assert (await nurse.patch(path, 0, PHOTO[1:101], **how)).status == 460
    assert (await nurse.head(path)).offset == 0
    assert (await nurse.patch(path, 0, PHOTO[:100], **how)).offset == 100
    assert (await nurse.patch(path, 100, PHOTO[100:], Upload_Checksum="md5 AA==")).status == 400


@pytest.mark.parametrize("name", FALSE)
async def test_what_is_no_photograph_is_said_to_be_none(
    nurse: Sender, database: Database, tmp_path: Path, name: str
) -> None:
    path = await nurse.begun(FALSE[name], name="vacances.jpg")
    assert (await nurse.patch(path, 0, FALSE[name])).status == 422
    image = await image_at(database, path)
    assert (image.state, image.why) == ("refused", "no_photograph")
    assert list((tmp_path / "cases" / nurse.case.id).iterdir()) == []


async def test_nothing_is_too_large_or_too_many(nurse: Sender) -> None:
    from tests.expertise.site import announced

    for length, status in (("40000001", 413), ("0", 400), ("-5", 400), ("4294967296", 413)):
        how = announced(PHOTO) | {"Upload-Length": length}
        assert (await nurse.ask("POST", nurse.place, **how)).status == status
    assert (await nurse.create(PHOTO, view="soul")).status == 400
    for _ in range(MOST_PICTURES):
        assert (await nurse.create(PHOTO)).status == 201
    assert (await nurse.create(PHOTO)).status == 409


async def test_anothers_upload_is_not_found(
    nurse: Sender, site: TestClient[Any, Any], database: Database, desk: Desk
) -> None:
    path = await nurse.begun(PHOTO)
    for name in ("clinician", "caregiver", "requester", "stranger", "administrator"):
        someone = await visitor(site, database, getattr(desk.people, name))
        other = Sender(site, someone, nurse.case)
        for answer in (
            await other.head(path), await other.patch(path, 0, PHOTO),
            await other.ask("DELETE", path, **RESUMABLE), await other.create(PHOTO),
            await other.ask("GET", path.replace("uploads", "images") + "/full"),
            await other.ask("POST", path.replace("uploads", "images") + "/remove"),
        ):  # fmt: skip
            assert answer.status == 404
    assert (await nurse.head(path)).offset == 0
    own = await desk.create("requester", "wounds@org-chu")
    for wrong in (f"/cases/{own.id}/uploads/{path.rpartition('/')[2]}", nurse.place + "/none",
                  nurse.place + "/%00"):  # fmt: skip
        assert (await nurse.head(wrong)).status == 404


async def test_without_our_pages_token_nothing_is_taken(nurse: Sender) -> None:
    path = await nurse.begun(PHOTO)
    nurse.visitor.headers.pop("X-CSRF-Token")
    assert (await nurse.patch(path, 0, PHOTO)).status == 403
    assert (await nurse.create(PHOTO)).status == 403
    assert (await nurse.head(path)).offset == 0


async def test_removed_it_is_gone_and_a_sent_one_stays(
    nurse: Sender, desk: Desk, tmp_path: Path
) -> None:
    path, other = await nurse.begun(PHOTO), await nurse.whole(PHOTO)
    await nurse.patch(path, 0, PHOTO[:50])
    assert (await nurse.ask("DELETE", path, **RESUMABLE)).status == 204
    for answer in (await nurse.head(path), await nurse.ask("DELETE", path, **RESUMABLE)):
        assert answer.status == 404
    await desk.submit(nurse.case)
    assert (await nurse.ask("DELETE", other, **RESUMABLE)).status == 409
    assert (await nurse.create(PHOTO)).status == 409, "it left as it was"
    await desk.act("clinician", nurse.case, Act.CLAIM)
    await desk.act("clinician", nurse.case, Act.ASK, text="De plus loin ?")
    await nurse.whole(PHOTO, view="region")
    folder = tmp_path / "cases" / nurse.case.id
    assert len(list(folder.iterdir())) == 8


async def test_served_without_the_place_the_device_or_a_script(
    nurse: Sender, site: TestClient[Any, Any], database: Database, desk: Desk
) -> None:
    path = await nurse.whole(
        photograph(2000, 1200, turn=6), name="<img src=x onerror=alert(1)>.jpg"
    )
    await desk.submit(nurse.case)
    expert = Sender(site, await visitor(site, database, desk.people.clinician), nurse.case)
    folder = path.replace("uploads", "images")
    for size in ("thumb", "view", "full"):
        shown = await expert.ask("GET", f"{folder}/{size}")
        assert shown.status == 200 and shown.headers["Content-Type"] == "image/jpeg"
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        for trace in (MAKE.encode(), b"Exif", b"GPS", b"script"):
            assert trace not in shown.body
    page = await expert.visitor.get(f"/cases/{nurse.case.id}")
    assert "<img src=x" not in page.text and page.status == 200
    for wrong in ("original", "thumb.jpg", "..%2ffull", "%00", "FULL"):
        assert (await expert.ask("GET", f"{folder}/{wrong}")).status == 404
    async with database.read() as session:
        rows = await session.scalars(
            sa.select(AuditRow).where(AuditRow.action == "case:image:read")
        )
        told = [(row.actor, row.detail.get("size")) for row in rows]
    assert told == [("member:person-clinician", size) for size in ("thumb", "view", "full")]


async def test_a_damaged_file_is_not_found(nurse: Sender, tmp_path: Path) -> None:
    path = await nurse.whole(PHOTO)
    for each in (tmp_path / "cases" / nurse.case.id).iterdir():
        each.write_bytes(each.read_bytes()[:-1])
    shown = await nurse.ask("GET", path.replace("uploads", "images") + "/full")
    assert shown.status == 404


async def test_a_full_disk_acknowledges_nothing_and_goes_on_later(
    nurse: Sender, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await nurse.begun(PHOTO)
    assert (await nurse.patch(path, 0, PHOTO[:1000])).offset == 1000
    real, ours = os.fsync, "cases"

    def full(descriptor: int) -> None:
        if ours in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    for allowed in ("", "developed"):
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            rest = PHOTO[1000:] if not allowed else PHOTO[1000:2000]
            assert (await nurse.patch(path, 1000, rest)).status == 507
        assert (await nurse.head(path)).offset == 1000
    assert (await nurse.patch(path, 1000, PHOTO[1000:])).status == 204
    assert (await image_at(database, path)).state == "kept"


async def test_a_server_that_died_before_it_looked_looks_when_asked_again(
    nurse: Sender, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await nurse.begun(PHOTO)
    with monkeypatch.context() as patched:

        async def died(*_: Any) -> None:
            raise RuntimeError("died")

        patched.setattr("expertise.darkroom.Darkroom.develop", died)
        assert (await nurse.patch(path, 0, PHOTO)).status == 500
    assert (await image_at(database, path)).state == "arriving"
    assert (await nurse.head(path)).offset == len(PHOTO)
    assert (await image_at(database, path)).state == "kept"


async def test_after_fifteen_days_it_is_gone_and_not_after_ten(
    nurse: Sender, database: Database, tmp_path: Path
) -> None:
    path = await nurse.begun(PHOTO)
    await nurse.patch(path, 0, PHOTO[:1000])
    reception = nurse.site.app[RECEPTION]

    async def aged(days: int) -> None:
        async with database.begin() as session:
            (image,) = await session.scalars(sa.select(CaseImage))
            image.expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=15 - days)
        await reception.sweep()

    await aged(10)
    assert (await nurse.head(path)).offset == 1000
    await aged(15)
    assert (await nurse.head(path)).status == 404
    assert list((tmp_path / "cases" / nurse.case.id).iterdir()) == []
