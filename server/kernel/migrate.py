"""Brings a database to the shape this version of Carbet expects. Upwards only: a way back is a
backup, since a downgrade would lose what was written since."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.kernel.engine import POSTGRES_MIGRATION_LOCK, DatabaseAway, make_engine

FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def expected() -> str:
    """The revision of this version of Carbet."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the migrations are not installed")
    return head


async def current(engine: AsyncEngine) -> str | None:
    """The revision a database is at; None when it is empty. Raises `DatabaseAway`."""
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_current)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        raise DatabaseAway from error


def _current(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def migrate(url: str, revision: str = "head") -> None:
    """Runs every revision up to `revision`, in one transaction: all of it, or nothing.

    Two servers starting at once wait for one another. Raises `DatabaseAway`."""
    if url.startswith("sqlite"):
        _make_folder(url)
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            await _alone(connection)
            await connection.run_sync(_upgrade, revision)
    except (sa.exc.OperationalError, sa.exc.InterfaceError, OSError) as error:
        raise DatabaseAway from error
    finally:
        await engine.dispose()


def _make_folder(url: str) -> None:
    database = sa.engine.make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)


async def _alone(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(POSTGRES_MIGRATION_LOCK)
        await connection.execute(sa.select(lock))


def _upgrade(connection: sa.Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
