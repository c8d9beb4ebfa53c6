"""Nothing stays longer than it should, and whoever holds a socket hears of it."""

import datetime as dt

from server.kernel import sessions
from server.kernel.db import Database, LoginSession
from server.kernel.metrics import METRICS
from server.kernel.sessions import Revocations
from server.kernel.settings import SessionSettings
from server.kernel.upkeep import SESSIONS_KEPT, Upkeep
from tests.people import People, logged_in

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def _open_sessions() -> float | None:
    return METRICS.registry.get_sample_value("carbet_login_sessions", {"kind": sessions.FULL})


async def test_a_quiet_session_ends_and_its_observers_hear(
    database: Database, people: People
) -> None:
    revocations, heard = Revocations(), []

    async def hears(ids: frozenset[str]) -> None:
        heard.append(ids)

    revocations.subscribe(hears)
    upkeep = Upkeep(database, revocations, SessionSettings())
    opened = await logged_in(database, people.nurse, NOON)
    await upkeep.sweep(NOON + dt.timedelta(minutes=14))
    assert heard == [] and _open_sessions() == 1
    await upkeep.sweep(NOON + dt.timedelta(minutes=15))
    assert heard == [{opened.session.id}] and _open_sessions() == 0
    await upkeep.sweep(NOON + dt.timedelta(minutes=16))
    assert len(heard) == 1


async def test_an_ended_session_is_removed_after_a_while(
    database: Database, people: People
) -> None:
    upkeep = Upkeep(database, Revocations(), SessionSettings())
    opened = await logged_in(database, people.nurse, NOON)
    ended = NOON + dt.timedelta(hours=1)
    for moment, kept in ((ended, True), (ended + SESSIONS_KEPT, True),
                         (ended + SESSIONS_KEPT + dt.timedelta(seconds=1), False)):  # fmt: skip
        await upkeep.sweep(moment)
        async with database.read() as session:
            assert (await session.get(LoginSession, opened.session.id) is not None) is kept
