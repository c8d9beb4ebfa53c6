"""Use cases of a case's photographs: begun, kept, refused, removed, read.

Rows of the database; bytes are the vault's. Each asks `can` and records in the caller's
transaction, which should be `refusals.begin`.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from expertise import cases
from expertise.case import Status
from expertise.darkroom import SIZES, Copy
from expertise.specialties import MOST_PICTURES, Specialty
from expertise.tus import Refusal, Wanted
from expertise.vault import Vault
from server.kernel import audit
from server.kernel.access import Action, Actor, can
from server.kernel.audit import Audited
from server.kernel.cases import Case, CaseImage
from server.kernel.db import utcnow
from server.kernel.refusals import NotFound
from server.kernel.text import storable

ARRIVING, KEPT, REFUSED = "arriving", "kept", "refused"
STATES = (ARRIVING, KEPT, REFUSED)
# Why one was refused.
DAMAGED, NO_PHOTOGRAPH = "damaged", "no_photograph"
# An upload that was cut may go on for that long: a boat, a week-end, ten days without power.
EXPIRES_AFTER = dt.timedelta(days=15)
ORIGINAL = "original"
# While these, photographs may be added.
OPEN = (Status.DRAFT, Status.MORE_ASKED)


@dataclass(frozen=True)
class Shown:
    """A photograph as a page tells of it: `arrived` bytes of its `length` are on the server."""

    row: CaseImage
    arrived: int

    @property
    def copies(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.row.sizes}


def files_of(image_id: str) -> tuple[str, ...]:
    """The names of its files in the vault."""
    return tuple(f"{image_id}-{each}" for each in (ORIGINAL, *SIZES))


async def _rows(session: AsyncSession, case: Case) -> list[CaseImage]:
    query = sa.select(CaseImage).where(CaseImage.case_id == case.id)
    return list(await session.scalars(query.order_by(CaseImage.created_at, CaseImage.id)))


async def of_case(session: AsyncSession, case: Case, vault: Vault, key: bytes) -> list[Shown]:
    """All of them, oldest first, with the bytes of each that are on disk."""

    def arrived(row: CaseImage) -> int:
        if row.state != ARRIVING:
            return row.length if row.state == KEPT else 0
        return vault.glance(case.id, f"{row.id}-{ORIGINAL}", key)

    rows = await _rows(session, case)
    return await asyncio.to_thread(lambda: [Shown(row, arrived(row)) for row in rows])


async def counted(session: AsyncSession, case: Case) -> tuple[int, int]:
    """How many are kept, and how many are on their way."""
    states = [row.state for row in await _rows(session, case)]
    return states.count(KEPT), states.count(ARRIVING)


async def find(
    session: AsyncSession, actor: Actor, case_id: str, image_id: str, action: Action
) -> tuple[Case, CaseImage]:
    """The photograph and its case, if both are there and `actor` may. Raises `NotFound`."""
    known = storable(case_id) and storable(image_id)
    case = await session.get(Case, case_id) if known else None
    image = await session.get(CaseImage, image_id) if known else None
    traced = Audited.IMAGE_READ if action is Action.CASE_SEE else Audited.IMAGE_BEGIN
    if case is None or image is None or image.case_id != case.id or not can(actor, action, case):
        raise NotFound(actor, traced, image_id if image else "", asked=action.value)
    return case, image


async def begin(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    form: Specialty,
    wanted: Wanted,
    now: dt.datetime | None = None,
) -> CaseImage:
    """An upload to come. Raises `NotFound`; `Refusal` 400 for a view the form does not know, 409
    when the request takes no photograph now or has enough of them."""
    now = now or utcnow()
    cases.permitted(actor, Action.CASE_WRITE, case)
    if case.status not in OPEN:
        raise Refusal(409, "not now")
    if form.view(wanted.view) is None:
        raise Refusal(400, "view")
    if len(await _rows(session, case)) >= MOST_PICTURES:
        raise Refusal(409, "enough")
    image = CaseImage(
        case_id=case.id, person_id=actor.id, view=wanted.view, name=wanted.name,
        length=wanted.length, sha256=wanted.sha256, state=ARRIVING, created_at=now,
        expires_at=now + EXPIRES_AFTER,
    )  # fmt: skip
    session.add(image)
    await session.flush()
    await _record(session, actor.audit_name, Audited.IMAGE_BEGIN, image, now)
    return image


async def keep(
    session: AsyncSession, image_id: str, copies: Sequence[Copy], now: dt.datetime
) -> None:
    """The photograph is whole, and its copies are on disk."""
    image = await session.get(CaseImage, image_id)
    if image is None or image.state == KEPT:
        return
    image.state, image.why, image.kept_at = KEPT, "", now
    image.sizes = [copy.told for copy in copies]
    await _record(session, f"member:{image.person_id}", Audited.IMAGE_KEEP, image, now)


async def refuse(session: AsyncSession, image_id: str, why: str, now: dt.datetime) -> None:
    """What arrived is not what was announced, or no photograph."""
    image = await session.get(CaseImage, image_id)
    if image is None or image.state != ARRIVING:
        return
    image.state, image.why = REFUSED, why
    await _record(session, f"member:{image.person_id}", Audited.IMAGE_REFUSE, image, now, why=why)


async def remove(
    session: AsyncSession, actor: Actor, case: Case, image: CaseImage, now: dt.datetime
) -> None:
    """Takes one out, while the request is still being written; afterwards only what never
    became a photograph. Raises `NotFound`, `Refusal` 409."""
    cases.permitted(actor, Action.CASE_WRITE, case)
    if case.status != Status.DRAFT and image.state == KEPT:
        raise Refusal(409, "sent")
    await session.delete(image)
    await _record(session, actor.audit_name, Audited.IMAGE_REMOVE, image, now)


async def read(session: AsyncSession, actor: Actor, image: CaseImage, size: str) -> dict[str, Any]:
    """What is told of one served copy; the reading is recorded. Raises `NotFound`."""
    copy = next((each for each in image.sizes if each["name"] == size), None)
    if copy is None or image.state != KEPT:
        raise NotFound(actor, Audited.IMAGE_READ, image.id, size=size[:32])
    await _record(session, actor.audit_name, Audited.IMAGE_READ, image, utcnow(), size=size)
    return dict(copy)


async def erase(vault: Vault, case: Case) -> None:
    """The files of a case that was erased; its key is gone already."""
    await asyncio.to_thread(vault.erase_case, case.id)


async def expired(session: AsyncSession, now: dt.datetime) -> list[tuple[str, str]]:
    """Uploads that never ended and may no longer: their rows go; returns case and image ids,
    whose files are the caller's to remove."""
    query = sa.select(CaseImage).where(CaseImage.state != KEPT, CaseImage.expires_at <= now)
    gone = []
    for image in await session.scalars(query):
        gone.append((image.case_id, image.id))
        await session.delete(image)
        await _record(session, "server", Audited.IMAGE_REMOVE, image, now, why="expired")
    return gone


async def _record(
    session: AsyncSession,
    audit_name: str,
    action: Audited,
    image: CaseImage,
    now: dt.datetime,
    **detail: Any,
) -> None:
    await audit.record(session, actor=audit_name, action=action, subject=image.id, now=now,
                       detail={"case": image.case_id, **detail})  # fmt: skip
