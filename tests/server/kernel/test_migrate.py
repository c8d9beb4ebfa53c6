"""From nothing, and from the revision before, to today's tables; on both engines."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from server.kernel import audit
from server.kernel.db import (
    Attendance,
    AuditRow,
    Base,
    Database,
    DatabaseAway,
    Incident,
    Organisation,
    Seat,
    Site,
    SiteLink,
    Still,
)
from server.kernel.migrate import current, expected, migrate

# How each engine writes the zone of a time.
ZONES = {"sqlite": "", "postgr": "+00"}


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
        await audit.record(session, actor="nobody", action=audit.Audited.LOGOUT, subject="before")
    await database.close()

    await migrate(empty_url)
    database = Database(empty_url)
    assert await current(database.engine) == expected()
    async with database.begin() as session:
        assert (await session.get_one(Organisation, "before")).name == "CHU"
        await audit.record(session, actor="nobody", action=audit.Audited.LOGOUT, subject="after")
        assert await audit.verify(session) is None
        assert len((await session.scalars(sa.select(AuditRow))).all()) == 2
    await database.close()


# Rows of a call at the second revision, as both engines take them.
CALL = """
INSERT INTO organisations (id, name) VALUES ('o', 'CHU');
INSERT INTO sites (id, organisation_id, name, kind, city, timezone)
VALUES ('s', 'o', 'EHPAD', 'ehpad', 'Pontarlier', 'Europe/Paris');
INSERT INTO persons (id, organisation_id, email, name, title, role, locale, timezone,
password_hash, totp_last_step)
VALUES ('p', 'o', 'p@example.org', 'Dr P', '', 'clinician', 'fr', 'Europe/Paris', 'x', 0);
INSERT INTO patients (id, organisation_id, birth_name, first_birth_given_name, birth_date, sex,
birthplace_insee, ins_status) VALUES ('t', 'o', 'ANATO', 'J', '1957-03-14', 'F', '97353', 'PROV');
INSERT INTO consultations (id, organisation_id, site_id, clinician_id, patient_id, reason, status,
planned_at, planned_minutes, locked, last_message, notes, notes_version, created_at)
VALUES ('c', 'o', 's', 'p', 't', 'plaie', 'ended', '2026-11-21 10:00:00+00', 30, false, 0, '', 0,
'2026-11-21 10:00:00+00');
INSERT INTO seats (id, consultation_id, person_id, kind, name, place, stage)
VALUES ('seat', 'c', 'p', 'clinician', 'Dr P', '', 'left');
INSERT INTO attendances (id, consultation_id, seat_id, entered_at, left_at, left_why)
VALUES ('a', 'c', 'seat', '2026-11-21 10:00:00+00', '2026-11-21 10:30:00+00', 'left');
INSERT INTO incidents (id, consultation_id, seat_id, kind, started_at)
VALUES ('i', 'c', 'seat', 'cut', '2026-11-21 10:10:00+00')
"""


async def test_a_call_of_the_second_revision_has_nothing_new_to_say(empty_url: str) -> None:
    await migrate(empty_url, "0002")
    database = Database(empty_url)
    async with database.begin() as session:
        for statement in CALL.split(";"):
            await session.execute(sa.text(statement.replace("+00", ZONES[empty_url[:6]])))
    await database.close()

    await migrate(empty_url)
    database = Database(empty_url)
    async with database.begin() as session:
        seat = await session.get_one(Seat, "seat")
        stay = await session.get_one(Attendance, "a")
        site = await session.get_one(Site, "s")
        assert (seat.matters, stay.sent, stay.received) == ({}, 0, 0)
        assert (await session.get_one(Incident, "i")).why == ""
        assert (site.link_ceiling, site.link_bytes, site.telephone) == (None, None, None)
        session.add(Still(consultation_id="c", id="x" * 36, seat_id="seat", source="camera",
                          begun_at=stay.entered_at, stages=[{"bytes": 2}]))  # fmt: skip
        session.add(SiteLink(site_id="s", up=10**10, rtt=0.7, measured_at=stay.entered_at))
    async with database.read() as session:
        still = await session.get_one(Still, ("c", "x" * 36))
        assert (still.stages, still.have, still.kept_at) == ([{"bytes": 2}], 0, None)
        link = await session.get_one(SiteLink, "s")
        assert (link.up, link.down, link.rtt, link.calls) == (10**10, None, 0.7, 0)
    await database.close()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    database = Database(database_url)
    assert await current(database.engine) == expected()
    await database.close()


async def test_an_absent_database_is_said_to_be_away() -> None:
    with pytest.raises(DatabaseAway):
        await migrate("postgresql+asyncpg://carbet@127.0.0.1:1/carbet")
