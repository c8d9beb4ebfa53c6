"""Transactions: all or nothing, in turn; and an absent database never looks like an answer."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.kernel import engine
from server.kernel.db import Database, DatabaseAway, Organisation
from server.kernel.metrics import METRICS


async def _names(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(sa.select(Organisation.name)))


async def _back(database: Database) -> None:
    """It is back by itself; the limit only ends a broken run."""
    async with asyncio.timeout(10):
        while database._outage.lasts:
            await asyncio.sleep(0.01)


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    async with database.begin() as session:
        session.add(Organisation(name="kept"))
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as session:
            session.add(Organisation(name="lost"))
            await session.flush()
            raise ZeroDivisionError
    assert await _names(database) == {"kept"}


async def test_a_reader_waits_for_no_writer(database: Database) -> None:
    async with database.begin() as session:
        session.add(Organisation(name="being written"))
        await session.flush()
        async with asyncio.timeout(2):
            assert await _names(database) == set()
    assert await _names(database) == {"being written"}


async def test_writers_take_turns_and_all_get_one(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.begin() as session:
            count = await session.scalar(sa.select(sa.func.count()).select_from(Organisation))
            session.add(Organisation(name=f"{number}/{count}"))

    await asyncio.gather(*(add(number) for number in range(40)))
    names = await _names(database)
    assert len(names) == 40
    if database.engine.dialect.name == "sqlite":
        assert {int(name.partition("/")[2]) for name in names} == set(range(40))


async def test_a_mistake_of_ours_stays_a_mistake(database: Database) -> None:
    for statement in ("SELECT * FROM nothing", "SELECT nonsense("):
        with pytest.raises(sa.exc.DBAPIError):
            async with database.begin() as session:
                await session.execute(sa.text(statement))
    with pytest.raises(sa.exc.IntegrityError):
        async with database.begin() as session:
            session.add_all([Organisation(id="same", name="a"), Organisation(id="other", name="b")])
            await session.flush()
            await session.execute(sa.text("INSERT INTO organisations VALUES ('same', 'c')"))


async def test_an_error_of_the_caller_passes_through(database: Database) -> None:
    for error in (OSError("of the caller"), TimeoutError("of the caller")):
        with pytest.raises(type(error), match="of the caller"):
            async with database.begin():
                raise error


@pytest.mark.parametrize(
    "url",
    ["postgresql+asyncpg://carbet@127.0.0.1:1/carbet", "sqlite+aiosqlite:////no/such/folder/x"],
)
async def test_what_cannot_be_reached_is_away(url: str) -> None:
    database = Database(url)
    before = METRICS.registry.get_sample_value("carbet_database_away_total") or 0
    for opening in (database.begin, database.read):
        with pytest.raises(DatabaseAway):
            async with opening():
                pytest.fail("there is no database")
    assert METRICS.registry.get_sample_value("carbet_database_away_total") == before + 2
    await database.close()


async def test_a_connection_cut_in_the_middle_is_away(
    database: Database, request: pytest.FixtureRequest
) -> None:
    """PostgreSQL ends our session, as it does when it is stopped; nothing is left of the act."""
    if database.engine.dialect.name != "postgresql":
        return await _locked_out(database)
    other = Database(database.url)
    with pytest.raises(DatabaseAway):
        async with database.begin() as session:
            pid = await session.scalar(sa.text("SELECT pg_backend_pid()"))
            session.add(Organisation(name="lost"))
            await session.flush()
            async with other.begin() as killer:
                await killer.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await asyncio.sleep(0.1)
    assert await _names(other) == set()
    await _back(database)
    assert await _names(database) == set()
    await other.close()
    return None


async def _locked_out(database: Database) -> None:
    """Another program holds SQLite's file."""
    connection = sqlite3.connect(database.url.partition("///")[2])
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseAway):
        async with database.begin() as session:
            session.add(Organisation(name="lost"))
    began = time.monotonic()
    with pytest.raises(DatabaseAway):
        async with database.begin():
            pytest.fail("the file is held")
    assert time.monotonic() - began < engine.LOCK_SECONDS / 2, "told at once, not after a wait"
    # Whoever reads needs not wait for the other program.
    assert await _names(database) == set()
    connection.rollback()
    connection.close()
    await _back(database)
    async with database.begin() as session:
        session.add(Organisation(name="kept"))
    assert await _names(database) == {"kept"}


async def test_a_deadlock_or_a_full_disk_is_nobody_elses_matter() -> None:
    full = sqlite3.OperationalError("disk full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    for original, sure in ((full, False), (_Told("40P01"), False)):
        error = sa.exc.OperationalError("", {}, original)
        assert engine._is_away(error) and engine._is_lasting(error) is sure
    held = sqlite3.OperationalError("locked")
    held.sqlite_errorcode = sqlite3.SQLITE_BUSY
    assert engine._is_lasting(sa.exc.OperationalError("", {}, held))
    assert not engine._is_lasting(sa.exc.TimeoutError())
    assert engine._is_lasting(ConnectionResetError())


async def test_after_a_failed_sync_the_file_is_opened_anew(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x'}")
    opened: list[object] = []
    sa.event.listen(database.engine.sync_engine, "connect", lambda *_: opened.append(1))

    def fails(_: object, __: object, statement: str, *___: object) -> None:
        if statement == "SELECT 2":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", fails)
    for statement in ("SELECT 1", "SELECT 2", "SELECT 1"):
        try:
            async with database.begin() as session:
                await session.execute(sa.text(statement))
        except DatabaseAway as error:
            assert statement == "SELECT 2" and not error.lasting
    assert len(opened) == 2
    await database.close()


class _Told(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


async def test_a_writer_who_never_gets_a_turn_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_SECONDS", 0.05)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x'}")
    async with database.begin():
        with pytest.raises(DatabaseAway):
            async with database.begin():
                pytest.fail("two writers at once")
    async with database.begin():
        pass
    await database.close()


async def test_a_full_disk_is_away_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x'}")
    async with database.begin() as session:
        await session.execute(sa.text("CREATE TABLE organisations (id TEXT, name TEXT)"))
        await session.execute(sa.text("INSERT INTO organisations VALUES ('1', 'kept')"))
    async with database.begin() as session:
        pages = await session.scalar(sa.text("PRAGMA page_count"))
        await session.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(DatabaseAway):
        async with database.begin() as session:
            await session.execute(sa.text("PRAGMA max_page_count = 3"))
            for _ in range(200):
                statement = "INSERT INTO organisations VALUES ('2', hex(zeroblob(4000)))"
                await session.execute(sa.text(statement))
    assert await _names(database) == {"kept"}
    await database.close()


async def test_sqlite_writes_to_the_disk_before_it_answers(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x'}")
    async with database.begin() as session:
        assert await session.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(sa.text("PRAGMA synchronous")) == 2
        assert await session.scalar(sa.text("PRAGMA foreign_keys")) == 1
    await database.close()


async def test_a_reading_transaction_cannot_write_on_postgresql(database: Database) -> None:
    if database.engine.dialect.name == "postgresql":
        with pytest.raises(sa.exc.DBAPIError, match="read-only"):
            async with database.read() as session:
                session.add(Organisation(name="lost"))
                await session.flush()
    assert await _names(database) == set()
