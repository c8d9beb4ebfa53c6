"""Rows cut off the end are found too, as far as the anchor reaches."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from server.kernel.anchor import NAME, Anchor, AnchorForged
from server.kernel.audit import Broken, verify
from server.kernel.db import Database
from server.kernel.secrets import Secret
from tests.server.kernel.test_audit import _tamper, _write


@pytest.fixture
def anchor(tmp_path: Path, secret: Secret) -> Anchor:
    return Anchor(tmp_path / "data", secret)


async def _verified(database: Database, anchor: Anchor) -> Broken | None:
    async with database.read() as session:
        return await anchor.verify(session)


async def test_before_the_first_time_there_is_nothing_to_hold(
    database: Database, anchor: Anchor
) -> None:
    assert await _verified(database, anchor) is None
    assert await anchor.keep(database) is None


async def test_a_cut_end_is_found_by_the_anchor_alone(database: Database, anchor: Anchor) -> None:
    await _write(database, 6)
    assert await anchor.keep(database) is None
    await _write(database, 2)
    assert await _verified(database, anchor) is None
    await _tamper(database, "DELETE FROM audit WHERE number > 4")
    async with database.read() as session:
        assert await verify(session) is None
    assert await _verified(database, anchor) == Broken(5, "cut")


async def test_an_anchor_which_no_longer_holds_is_not_overwritten(
    database: Database, anchor: Anchor
) -> None:
    await _write(database, 6)
    await anchor.keep(database)
    await _tamper(database, "DELETE FROM audit WHERE number > 4")
    assert await anchor.keep(database) == Broken(5, "cut")
    # Written over with as many rows: the number is there again, the digest is not.
    async with database.begin() as session:
        await session.execute(sa.text("DELETE FROM audit WHERE number > 3"))
    await _write(database, 3)
    assert await anchor.keep(database) == Broken(6, "changed")
    assert await _verified(database, anchor) == Broken(6, "changed")


async def test_a_forged_anchor_is_refused(
    database: Database, anchor: Anchor, tmp_path: Path
) -> None:
    await _write(database, 2)
    await anchor.keep(database)
    path = tmp_path / "data" / NAME
    genuine = path.read_text()
    for forged in (genuine.replace('"number": 2', '"number": 1'), "{}", "", "[1]"):
        path.write_text(forged)
        with pytest.raises(AnchorForged):
            anchor.read()
    path.write_text(genuine)
    kept = anchor.read()
    assert kept is not None and kept.number == 2
