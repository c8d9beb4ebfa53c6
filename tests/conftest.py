"""What every test may ask for: a migrated, empty database on each engine, and people.

`database` runs a test twice, on SQLite and on PostgreSQL. A template is migrated once per
process and copied for each test.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from server.kernel.db import Database
from server.kernel.migrate import migrate
from tests import postgres
from tests.people import network, passwords, people, secret

__all__ = ["network", "passwords", "people", "secret"]
ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Path]:
    """The session's PostgreSQL. With -n, its processes share the parent of their folders."""
    folder = tmp_path_factory.getbasetemp()
    with postgres.shared(folder if worker_id == "master" else folder.parent) as started:
        yield started


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "carbet.sqlite"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


async def _administer(cluster: Path, statement: str) -> None:
    connection = await asyncpg.connect(host=str(cluster), user="carbet", database="postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_template(cluster: Path) -> str:
    name = postgres.new_name("template")
    asyncio.run(_administer(cluster, f"CREATE DATABASE {name}"))
    asyncio.run(migrate(postgres.url(cluster, name)))
    return name


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def empty_url(
    engine_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[str]:
    """A database without any table."""
    if engine_name == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite'}"
        return
    cluster, name = request.getfixturevalue("cluster"), postgres.new_name("empty")
    await _administer(cluster, f"CREATE DATABASE {name}")
    yield postgres.url(cluster, name)
    await _administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(
    engine_name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    _templates: None,
) -> AsyncIterator[str]:
    """A database with every table and no row."""
    if engine_name == "sqlite":
        path = tmp_path / "carbet.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    cluster, name = request.getfixturevalue("cluster"), postgres.new_name("test")
    template = request.getfixturevalue("postgres_template")
    await _administer(cluster, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.url(cluster, name)
    await _administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def _templates(engine_name: str, request: pytest.FixtureRequest) -> None:
    """Made outside any running loop: migrating starts a loop of its own."""
    name = "sqlite_template" if engine_name == "sqlite" else "postgres_template"
    request.getfixturevalue(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()
