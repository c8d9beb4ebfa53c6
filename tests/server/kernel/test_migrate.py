"""From nothing, and from the revision before, to today's tables; on both engines."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from server.kernel import audit
from server.kernel.db import AuditRow, Base, Database, DatabaseAway, Organisation
from server.kernel.migrate import current, expected, migrate


def _differences(connection: sa.Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    assert await current(database.engine) == expected()


async def test_an_empty_database_has_no_revision(empty_url: str) -> None:
    database = Database(empty_url)
    assert await current(database.engine) is None
    await database.close()


async def test_what_was_written_at_the_previous_revision_is_still_there(empty_url: str) -> None:
    await migrate(empty_url, "0001")
    database = Database(empty_url)
    assert await current(database.engine) == "0001"
    async with database.begin() as session:
        session.add(Organisation(id="before", name="CHU"))
        await audit.record(session, actor="nobody", action=audit.Audited.ACCESS, subject="before")
    await database.close()

    await migrate(empty_url)
    database = Database(empty_url)
    assert await current(database.engine) == expected()
    async with database.begin() as session:
        assert (await session.get_one(Organisation, "before")).name == "CHU"
        await audit.record(session, actor="nobody", action=audit.Audited.ACCESS, subject="after")
        assert await audit.verify(session) is None
        assert len((await session.scalars(sa.select(AuditRow))).all()) == 2
    await database.close()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    database = Database(database_url)
    assert await current(database.engine) == expected()
    await database.close()


async def test_an_absent_database_is_said_to_be_away() -> None:
    with pytest.raises(DatabaseAway):
        await migrate("postgresql+asyncpg://carbet@127.0.0.1:1/carbet")
