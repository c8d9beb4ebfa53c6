"""When a session stands, and when it ends. The clock is an argument."""

import datetime as dt

import pytest

from server.kernel import sessions
from server.kernel.db import Consultation, Database, Invitation, LoginSession, Patient, Person
from server.kernel.sessions import Opened, Revocations
from tests.people import People

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def _after(**units: float) -> dt.datetime:
    return NOON + dt.timedelta(**units)


async def _opened(database: Database, person: Person, stage: str = sessions.FULL) -> Opened:
    async with database.begin() as session:
        stored = await session.get_one(Person, person.id)
        return await sessions.open(session, stored, stage=stage, device="Firefox", now=NOON)


async def _stands(database: Database, opened: Opened, now: dt.datetime) -> bool:
    async with database.read() as session:
        return await sessions.find(session, opened.cookie, now=now) is not None


@pytest.fixture
async def opened(database: Database, people: People) -> Opened:
    return await _opened(database, people.clinician)


@pytest.fixture
async def invited(database: Database, people: People) -> Opened:
    async with database.begin() as session:
        session.add(Patient(id="p", organisation_id="org-chu", birth_name="DURAND", sex="F",
                            first_birth_given_name="ROSE", birth_date=dt.date(1940, 1, 2),
                            birthplace_insee="97302"))  # fmt: skip
        await session.flush()
        session.add(Consultation(id="c", organisation_id="org-chu", site_id="site-ehpad",
                                 clinician_id="person-clinician", patient_id="p", reason="",
                                 status="open", planned_at=NOON))  # fmt: skip
        await session.flush()
        invitation = Invitation(id="i", consultation_id="c", kind="family", name="Rose",
                                token_hash="t", code_hash="c",
                                expires_at=_after(hours=2))  # fmt: skip
        session.add(invitation)
        await session.flush()
        return await sessions.open_guest(session, invitation, now=NOON)


async def test_only_a_digest_of_the_cookie_is_stored(database: Database, opened: Opened) -> None:
    async with database.read() as session:
        row = await session.get_one(LoginSession, opened.session.id)
    assert opened.cookie not in {str(value) for value in vars(row).values()}
    assert row.token_hash == sessions.digest(opened.cookie)
    assert len(opened.cookie) == 43 and row.csrf_token != opened.cookie


async def test_a_cookie_finds_its_person(database: Database, opened: Opened) -> None:
    async with database.read() as session:
        found = await sessions.find(session, opened.cookie, now=NOON)
        for wrong in ("", opened.cookie[:-1], opened.session.token_hash, opened.session.id, "é"):
            assert await sessions.find(session, wrong, now=NOON) is None
    assert found is not None and found.person is not None
    assert found.person.organisation.name == "CHU de Besançon"


async def test_a_quarter_of_an_hour_of_quiet_ends_it(database: Database, opened: Opened) -> None:
    assert await _stands(database, opened, _after(minutes=14, seconds=59))
    assert not await _stands(database, opened, _after(minutes=15))


async def test_a_visit_or_a_call_keeps_it_alive(database: Database, opened: Opened) -> None:
    for minutes in range(5, 60, 5):
        async with database.begin() as session:
            await sessions.keep_alive(session, opened.session.id, _after(minutes=minutes))
    assert await _stands(database, opened, _after(minutes=69))
    assert not await _stands(database, opened, _after(minutes=70))


async def test_twelve_hours_end_it_whatever_happens(database: Database, opened: Opened) -> None:
    for minutes in range(10, 12 * 60, 10):
        async with database.begin() as session:
            await sessions.keep_alive(session, opened.session.id, _after(minutes=minutes))
    assert await _stands(database, opened, _after(hours=11, minutes=59))
    assert not await _stands(database, opened, _after(hours=12))


async def test_the_clock_never_goes_back(database: Database, opened: Opened) -> None:
    async with database.begin() as session:
        await sessions.keep_alive(session, opened.session.id, _after(minutes=10))
        await sessions.keep_alive(session, opened.session.id, _after(minutes=-30))
    assert await _stands(database, opened, _after(minutes=20))


async def test_between_password_and_code_there_are_ten_minutes(
    database: Database, people: People
) -> None:
    half = await _opened(database, people.clinician, sessions.PASSWORD)
    assert await _stands(database, half, _after(minutes=9))
    async with database.begin() as session:
        await sessions.keep_alive(session, half.session.id, _after(minutes=9))
    assert not await _stands(database, half, _after(minutes=10))


async def test_a_revoked_session_is_over_at_once_and_for_good(
    database: Database, opened: Opened
) -> None:
    async with database.begin() as session:
        assert await sessions.revoke(session, [opened.session.id], NOON) == {opened.session.id}
        assert await sessions.revoke(session, [opened.session.id, "x"], NOON) == frozenset()
        await sessions.keep_alive(session, opened.session.id, _after(seconds=1))
    assert not await _stands(database, opened, NOON)
    async with database.read() as session:
        assert not await sessions.alive(session, opened.session.id, now=NOON)


async def test_a_disabled_persons_session_is_over(
    database: Database, people: People, opened: Opened
) -> None:
    async with database.begin() as session:
        (await session.get_one(Person, people.clinician.id)).disabled_at = NOON
    assert not await _stands(database, opened, NOON)


async def test_all_others_of_a_person_and_nobody_elses(
    database: Database, people: People, opened: Opened
) -> None:
    second = await _opened(database, people.clinician)
    nurse = await _opened(database, people.nurse)
    async with database.begin() as session:
        listed = await sessions.of_person(session, people.clinician.id, now=NOON)
        assert {each.id for each in listed} == {opened.session.id, second.session.id}
        ended = await sessions.revoke_person(
            session, people.clinician.id, but=opened.session.id, now=NOON
        )
    assert ended == {second.session.id}
    assert await _stands(database, opened, NOON) and await _stands(database, nurse, NOON)


async def test_a_guests_session_ends_with_the_invitation(
    database: Database, invited: Opened
) -> None:
    async with database.begin() as session:
        for minutes in range(10, 121, 10):
            await sessions.keep_alive(session, invited.session.id, _after(minutes=minutes))
    assert await _stands(database, invited, _after(minutes=119))
    assert not await _stands(database, invited, _after(hours=2))


async def test_a_guests_session_ends_when_the_invitation_is_revoked(
    database: Database, invited: Opened
) -> None:
    async with database.begin() as session:
        (await session.get_one(Invitation, "i")).revoked_at = NOON
    assert not await _stands(database, invited, NOON)
    async with database.begin() as session:
        ended = await sessions.revoke_invitation(session, "i", NOON)
    assert ended == {invited.session.id}


async def test_sweeping_names_what_has_ended(
    database: Database, people: People, opened: Opened
) -> None:
    fresh = await _opened(database, people.nurse)
    async with database.begin() as session:
        await sessions.keep_alive(session, fresh.session.id, _after(minutes=10))
        assert await sessions.sweep(session, now=_after(minutes=14)) == frozenset()
        assert await sessions.sweep(session, now=_after(minutes=15)) == {opened.session.id}
        assert await sessions.sweep(session, now=_after(minutes=15)) == frozenset()
        assert await sessions.sweep(session, now=_after(hours=12)) == {fresh.session.id}


async def test_a_visit_is_not_written_every_second(opened: Opened) -> None:
    assert not sessions.needs_touch(opened.session, _after(seconds=29))
    assert sessions.needs_touch(opened.session, _after(seconds=30))


async def test_every_observer_hears_of_a_revocation() -> None:
    revocations, heard = Revocations(), []

    async def fails(_ids: frozenset[str]) -> None:
        raise OSError

    async def hears(ids: frozenset[str]) -> None:
        heard.append(ids)

    revocations.subscribe(fails)
    revocations.subscribe(hears)
    with pytest.raises(ExceptionGroup):
        await revocations.announce(["a", "b"])
    await revocations.announce([])
    assert heard == [frozenset({"a", "b"})]
