"""The chain: complete, in order, and any change of any row is named. On both engines."""

import asyncio
import datetime as dt

import pytest
import sqlalchemy as sa

from server.kernel import audit
from server.kernel.audit import Audited, Broken
from server.kernel.db import AuditRow, Database, Organisation

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


async def _write(database: Database, count: int) -> None:
    async with database.begin() as session:
        for number in range(count):
            await audit.record(
                session, actor="member:claire", action=Audited.RECORD_READ,
                subject=f"consultation-{number}", detail={"n": number, "é": [None, True]},
                now=NOON + dt.timedelta(microseconds=number),
            )  # fmt: skip


async def _tamper(database: Database, *statements: str) -> None:
    """As the owner of the database, who can switch the triggers off."""
    async with database.begin() as session:
        if database.engine.dialect.name == "postgresql":
            await session.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            for name in ("update", "delete", "replace"):
                await session.execute(sa.text(f"DROP TRIGGER audit_no_{name}"))
        for statement in statements:
            await session.execute(sa.text(statement))


async def _verify(database: Database) -> Broken | None:
    async with database.read() as session:
        return await audit.verify(session)


async def test_an_empty_or_whole_chain_holds(database: Database) -> None:
    assert await _verify(database) is None
    await _write(database, 12)
    assert await _verify(database) is None


async def test_a_row_says_who_what_and_how_it_ended(database: Database) -> None:
    async with database.begin() as session:
        await audit.record(session, actor="nobody", action=Audited.LOGIN_PASSWORD, subject="x",
                           outcome="refused", now=NOON)  # fmt: skip
    async with database.read() as session:
        row = await session.get_one(AuditRow, 1)
    assert (row.at, row.actor, row.action) == (NOON, "nobody", "login:account:password")
    assert (row.subject, row.outcome, row.detail) == ("x", "refused", {})


async def test_a_word_outside_the_vocabulary_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="free text"):
        async with database.begin() as session:
            await audit.record(session, actor="a", action="free text", subject="x")  # type: ignore[arg-type]


def test_every_word_has_its_three_parts_and_fits() -> None:
    for word in Audited:
        assert len(word.value.split(":")) == 3 and len(word.value) <= 64


async def test_the_act_and_its_row_are_one(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.begin() as session:
            session.add(Organisation(id="o", name="CHU"))
            await audit.record(session, actor="a", action=Audited.LOGOUT, subject="o")
            raise RuntimeError
    async with database.read() as session:
        assert await session.get(Organisation, "o") is None
        assert await audit.head(session) == audit.Head(0, audit.FIRST)


async def test_writers_at_once_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(_write(database, 2) for _ in range(12)))
    assert await _verify(database) is None
    async with database.read() as session:
        assert (await audit.head(session)).number == 24


async def test_two_processes_make_one_chain(database: Database) -> None:
    """Another process is another engine: our own queue of writers is not between them."""
    other = Database(database.url)
    await asyncio.gather(*(_write(each, 1) for each in (database, other) * 8))
    await other.close()
    assert await _verify(database) is None
    async with database.read() as session:
        assert (await audit.head(session)).number == 16


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET subject = 'x' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit",
    ],
)
async def test_the_database_refuses_a_change(database: Database, statement: str) -> None:
    await _write(database, 3)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        async with database.begin() as session:
            await session.execute(sa.text(statement))
    assert await _verify(database) is None


async def test_the_database_refuses_to_empty_or_replace(database: Database) -> None:
    await _write(database, 3)
    postgres = database.engine.dialect.name == "postgresql"
    row = "2, '2026-01-01', 'a', 'b', 'c', 'done', '{}', '', ''"
    statement = "TRUNCATE audit" if postgres else f"INSERT OR REPLACE INTO audit VALUES ({row})"
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        async with database.begin() as session:
            await session.execute(sa.text(statement))
    assert await _verify(database) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2026-11-22 12:00:01.000000'"),
        ("actor", "'member:guy'"),
        ("action", "'record:record:export'"),
        ("subject", "'consultation-9'"),
        ("outcome", "'refused'"),
        ("detail", "'{}'"),
        ("digest", f"'{'0' * 64}'"),
        ("previous", f"'{'0' * 64}'"),
    ],
)
async def test_an_edited_row_is_named(database: Database, column: str, value: str) -> None:
    await _write(database, 6)
    await _tamper(database, f"UPDATE audit SET {column} = {value} WHERE number = 4")
    assert await _verify(database) == Broken(4, "changed")


async def test_a_deleted_row_is_named(database: Database) -> None:
    await _write(database, 6)
    await _tamper(database, "DELETE FROM audit WHERE number = 3")
    assert await _verify(database) == Broken(3, "missing")


async def test_a_row_removed_with_its_number_closed_up_is_named(database: Database) -> None:
    await _write(database, 4)
    await _tamper(
        database,
        "DELETE FROM audit WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = 4",
    )
    assert await _verify(database) == Broken(3, "changed")


async def test_two_rows_exchanged_are_named(database: Database) -> None:
    await _write(database, 6)
    await _tamper(
        database,
        "UPDATE audit SET number = 99 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 5",
        "UPDATE audit SET number = 5 WHERE number = 99",
    )
    assert await _verify(database) == Broken(2, "changed")


async def test_a_row_rewritten_with_its_digest_breaks_the_next(database: Database) -> None:
    await _write(database, 4)
    async with database.read() as session:
        row = await session.get_one(AuditRow, 2)
    row.subject = "another"
    digest = audit.digest_of(row)
    change = f"UPDATE audit SET subject = 'another', digest = '{digest}' WHERE number = 2"
    await _tamper(database, change)
    assert await _verify(database) == Broken(3, "unchained")
