"""The engine, and transactions. Holds no table.

Refuses to let an absent database look like an answer: whatever keeps a transaction from being
confirmed is `DatabaseAway`; a mistake of ours stays the error it is.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from server.kernel.metrics import METRICS
from server.kernel.outage import Outage


class DatabaseAway(Exception):
    """The database did not answer, or did not confirm: nothing may be claimed as done.

    `lasting`: nobody else will reach it now either, rather than this one transaction failed."""

    def __init__(self, *why: object, lasting: bool = False) -> None:
        super().__init__(*why)
        self.lasting = lasting


class _Unreached(Exception):
    """No connection came about."""


# Conditions which are ours (a mistake in a query), by SQLite's primary result code.
_SQLITE_MISTAKES = frozenset({1, 19, 20, 21, 25})  # ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE
# PostgreSQL: connection, resources, locks and deadlocks, intervention, system, by SQLSTATE.
_POSTGRES_AWAY = ("08", "40", "53", "55", "57", "58", "XX")
# What the operating system did not write or read: what it still holds of the file is not believed.
_SQLITE_BROKEN = frozenset({10, 11, 26})  # IOERR, CORRUPT, NOTADB
# Another program holds the file.
_SQLITE_HELD = frozenset({5, 6})  # BUSY, LOCKED
LOCK_SECONDS = 5.0
# Two migrations must not run at once. Any constant nothing else locks in this database.
POSTGRES_MIGRATION_LOCK = 0x43415243


def _of_driver(error: BaseException) -> bool:
    """Whether asyncpg raised it: its command timeout comes through SQLAlchemy untranslated, and
    must not be taken for an error of whoever uses the transaction."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__", "").startswith("asyncpg") for frame, _ in frames)


def _is_away(error: BaseException) -> bool:
    """Whether an error tells that the database is away, rather than that we asked nonsense."""
    if isinstance(error, sa.exc.TimeoutError):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original: Any = error.orig
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF not in _SQLITE_MISTAKES
    state = getattr(original, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_POSTGRES_AWAY)
    return isinstance(error, sa.exc.InterfaceError)


def _is_lasting(error: BaseException) -> bool:
    """Whether the next transaction would fail alike: it could not be reached. Not a deadlock, a
    full disk or a crowd, of which the next one may know nothing."""
    if isinstance(error, sa.exc.TimeoutError):
        return False
    if not isinstance(error, sa.exc.DBAPIError):
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_HELD
    return error.connection_invalidated


def _tune_sqlite(connection: Any, _record: Any) -> None:
    """WAL for readers beside a writer; FULL so that what was acknowledged survives a power cut."""
    # The driver must not open transactions of its own: see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes its lock at once: one which read first and then wrote would be refused,
    or chain to an audit row which is no longer the last."""
    reads = connection.get_execution_options().get("carbet_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _reopen_broken(context: sa.engine.ExceptionContext) -> None:
    """After a failed sync the same descriptor may claim success for what is lost: the file is
    opened anew (Rebello et al., "Can Applications Recover from fsync Failures?", 2020)."""
    code = getattr(context.original_exception, "sqlite_errorcode", 0)
    if code & 0xFF in _SQLITE_BROKEN:
        context.is_disconnect = True


def make_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`."""
    if url.startswith("sqlite"):
        engine = create_async_engine(url)
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        event.listen(engine.sync_engine, "handle_error", _reopen_broken)
        return engine
    limits = {"timeout": LOCK_SECONDS, "command_timeout": LOCK_SECONDS}
    return create_async_engine(
        url, pool_pre_ping=True, pool_timeout=LOCK_SECONDS, connect_args=limits
    )


class Database:
    """The engine and its sessions. `begin` is one transaction: all of it, or none.

    Both raise `DatabaseAway`; from `begin` it may also mean that a commit was not confirmed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        reading = self.engine.execution_options(carbet_reads=True)
        self._readers = async_sessionmaker(reading, expire_on_commit=False)
        # SQLite lets one writer in at a time, and its own queue is unfair: ours is in order.
        self._writer = asyncio.Lock() if url.startswith("sqlite") else None
        # Whoever only reads SQLite's file may while another program writes it.
        self._outage = Outage(self._probe)
        self._dark = Outage(self._probe) if self._writer else self._outage

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write. Never open one inside another of the same task."""
        self._refuse(self._outage)
        async with self._turn():
            self._refuse(self._outage)
            async with self._transaction(self._sessions, self._outage) as session:
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, and waits for no writer."""
        self._refuse(self._dark)
        async with self._transaction(self._readers, self._dark) as session:
            if not self.url.startswith("sqlite"):
                await session.execute(sa.text("SET TRANSACTION READ ONLY"))
            yield session

    @staticmethod
    def _refuse(outage: Outage) -> None:
        if outage.lasts:
            METRICS.database_away.inc()
            raise DatabaseAway(lasting=True)

    async def _probe(self) -> None:
        """What a writer needs first, undone at once."""
        async with self._sessions() as session, session.begin():
            await session.execute(sa.text("SELECT 1"))

    @asynccontextmanager
    async def _transaction(
        self, sessions: async_sessionmaker[AsyncSession], outage: Outage
    ) -> AsyncIterator[AsyncSession]:
        try:
            async with sessions() as session, session.begin():
                await self._reach(session)
                yield session
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if not _is_away(error):
                raise
            self._lose(error, outage)
        except (TimeoutError, ConnectionError) as error:
            if not _of_driver(error):
                raise
            self._lose(error, outage)
        except _Unreached as error:
            self._lose(error, outage)

    @staticmethod
    def _lose(error: BaseException, outage: Outage) -> NoReturn:
        METRICS.database_away.inc()
        lasting = _is_lasting(error)
        if lasting:
            outage.begins()
        raise DatabaseAway(lasting=lasting) from error

    @staticmethod
    async def _reach(session: AsyncSession) -> None:
        """Connects now, so that a network error here is surely the database's."""
        try:
            await session.connection()
        except (OSError, TimeoutError) as error:
            raise _Unreached from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._writer is None:
            yield
            return
        try:
            async with asyncio.timeout(LOCK_SECONDS):
                await self._writer.acquire()
        except TimeoutError as error:
            METRICS.database_away.inc()
            raise DatabaseAway from error
        try:
            yield
        finally:
            self._writer.release()

    async def close(self) -> None:
        await self._outage.close()
        await self._dark.close()
        await self.engine.dispose()
