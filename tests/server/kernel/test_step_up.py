"""Proof asked again before signing: a code once, or the password; guessing is slowed."""

import datetime as dt

import pytest
import sqlalchemy as sa

from server.kernel.db import AuditRow, Database, Person
from server.kernel.passwords import Passwords
from server.kernel.secrets import Secret
from server.kernel.step_up import Proved, StepUp
from tests.people import PASSWORD, People, code_of

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
PLACE = "192.0.2.7"


@pytest.fixture
def asking(database: Database, secret: Secret, passwords: Passwords, people: People) -> StepUp:
    return StepUp(database, secret, passwords)


async def test_a_code_once_or_the_password_again_and_again(
    asking: StepUp, database: Database, people: People
) -> None:
    me, code = people.clinician.id, code_of(NOW)
    assert await asking.prove(me, code, address=PLACE, now=NOW) == Proved("code")
    assert await asking.prove(me, code, address=PLACE, now=NOW) == Proved()
    for _ in range(2):
        assert await asking.prove(me, PASSWORD, address=PLACE, now=NOW) == Proved("password")
    async with database.read() as session:
        rows = await session.scalars(
            sa.select(AuditRow).where(AuditRow.action == "login:account:step_up")
        )
        told = [(row.outcome, row.detail["by"]) for row in rows.all()]
    assert told == [("done", "code"), ("refused", ""), ("done", "password"), ("done", "password")]


async def test_neither_anothers_nor_nothing(
    asking: StepUp, database: Database, people: People
) -> None:
    for proof in ("", "000000", PASSWORD + "x", "\0", PASSWORD.encode().hex()):
        assert (await asking.prove(people.clinician.id, proof, address=PLACE, now=NOW)).by == ""
    assert await asking.prove("nobody", PASSWORD, address=PLACE, now=NOW) == Proved()
    async with database.begin() as session:
        (await session.get_one(Person, people.nurse.id)).disabled_at = NOW
    assert await asking.prove(people.nurse.id, PASSWORD, address=PLACE, now=NOW) == Proved()


async def test_guessing_is_slowed_even_for_who_then_knows(asking: StepUp, people: People) -> None:
    me = people.clinician.id
    for _ in range(6):
        last = await asking.prove(me, "000000", address=PLACE, now=NOW)
    assert last.retry_after > 0
    slowed = await asking.prove(me, PASSWORD, address=PLACE, now=NOW)
    assert slowed.by == "" and slowed.retry_after > 0
    later = NOW + dt.timedelta(seconds=slowed.retry_after)
    assert (await asking.prove(me, PASSWORD, address=PLACE, now=later)).by == "password"
