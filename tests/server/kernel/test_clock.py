"""A clock that is set: not believed at once, and when it is, what lasts is moved along."""

import datetime as dt

import pytest

from server.kernel import sessions
from server.kernel.clock import BELIEVED_AFTER, SMALL, Clock
from server.kernel.db import Database, Limit, LoginSession
from server.kernel.limits import Rule, check, failed
from server.kernel.sessions import Revocations
from server.kernel.settings import SessionSettings
from server.kernel.upkeep import Upkeep
from tests.people import People, logged_in

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


class Machine:
    """A machine whose clock may be set."""

    def __init__(self) -> None:
        self.set, self.ran = dt.timedelta(0), 1000.0
        self.clock = Clock(lambda: NOON + self.set + self.ran * SECOND, lambda: self.ran)
        self.noon = NOON + 1000 * SECOND


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("by", [DAY, -DAY])
def test_a_jump_is_seen_and_not_followed(machine: Machine, by: dt.timedelta) -> None:
    machine.set = by
    machine.ran += 5
    jump = machine.clock.look()
    assert jump is not None and jump.by == by and jump.stood == 0 and not jump.believed
    assert machine.clock() == machine.noon + 5 * SECOND
    machine.ran += BELIEVED_AFTER - 1
    jump = machine.clock.look()
    assert jump is not None and not jump.believed
    machine.ran += 1
    jump = machine.clock.look()
    assert jump is not None and jump.believed
    machine.clock.believe()
    assert machine.clock() == machine.noon + by + (5 + BELIEVED_AFTER) * SECOND
    assert machine.clock.look() is None


def test_a_clock_put_right_again_has_touched_nothing(machine: Machine) -> None:
    machine.set = DAY
    assert machine.clock.look() is not None
    machine.ran += BELIEVED_AFTER / 2
    machine.set = -DAY
    jump = machine.clock.look()
    assert jump is not None and jump.stood == 0, "another jump stands since now"
    machine.set = dt.timedelta(0)
    assert machine.clock.look() is None
    machine.set = DAY
    jump = machine.clock.look()
    assert jump is not None and jump.stood == 0


def test_small_corrections_are_followed(machine: Machine) -> None:
    machine.set = SMALL
    assert machine.clock.look() is None and machine.clock() == machine.noon + SMALL
    machine.set += SMALL + SECOND
    assert machine.clock.look() is not None and machine.clock() == machine.noon + SMALL


async def _row(database: Database, opened: sessions.Opened) -> LoginSession:
    async with database.read() as session:
        return await session.get_one(LoginSession, opened.session.id)


@pytest.mark.parametrize("by", [DAY, -DAY])
async def test_a_believed_clock_logs_nobody_out(
    database: Database, people: People, machine: Machine, by: dt.timedelta
) -> None:
    upkeep = Upkeep(database, Revocations(), SessionSettings(), machine.clock)
    opened = await logged_in(database, people.nurse, machine.clock())
    before, rule = await _row(database, opened), Rule(free=0, first=100)
    async with database.begin() as session:
        await failed(session, "key", rule, machine.clock())
    machine.set = by
    await upkeep.keep_time()
    assert machine.clock() == machine.noon, "somebody is logged in"
    machine.ran += BELIEVED_AFTER
    await upkeep.keep_time()
    now = machine.clock()
    assert now == machine.noon + by + BELIEVED_AFTER * SECOND
    row = await _row(database, opened)
    assert (row.seen_at, row.expires_at) == (before.seen_at + by, before.expires_at + by)
    assert sessions.is_alive(row, SessionSettings(), now)
    async with database.read() as session:
        limit = await session.get_one(Limit, "key")
        assert limit.since == machine.noon + by
        verdict = await check(session, "key", rule, machine.noon + by)
        assert (verdict.allowed, verdict.retry_after) == (False, 100)


async def test_with_nobody_logged_in_it_is_believed_at_once(
    database: Database, people: People, machine: Machine
) -> None:
    upkeep = Upkeep(database, Revocations(), SessionSettings(), machine.clock)
    opened = await logged_in(database, people.nurse, machine.clock())
    async with database.begin() as session:
        await sessions.revoke(session, [opened.session.id], machine.clock())
    machine.set = DAY
    await upkeep.keep_time()
    assert machine.clock() == machine.noon + DAY
