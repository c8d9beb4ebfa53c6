"""Both steps of a login, and everybody who tries to get past them. The clock is an argument."""

import asyncio
import datetime as dt
from dataclasses import dataclass

import pyotp
import pytest
import sqlalchemy as sa

from server.kernel import audit, sessions
from server.kernel.audit import Audited
from server.kernel.db import AuditRow, Database, LoginSession, Person
from server.kernel.guessing import ACCOUNT, ADDRESS, PAIR
from server.kernel.login import Login, Result
from server.kernel.passwords import Passwords
from server.kernel.secrets import Secret
from server.kernel.sessions import Revocations
from server.kernel.settings import SessionSettings
from tests.people import PASSWORD, People, code_of

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOME, HOTEL, ATTACKER = "192.0.2.1", "198.51.100.2", "203.0.113.3"


@dataclass
class Desk:
    """A login, its clock, and what its observers heard."""

    login: Login
    database: Database
    revoked: list[frozenset[str]]
    now: dt.datetime = NOON

    def wait(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    async def password(
        self, email: str, password: str = PASSWORD, address: str = HOME, replaces: str | None = None
    ) -> Result:
        return await self.login.password(
            email, password, address=address, device="Firefox", replaces=replaces, now=self.now
        )

    async def code(self, half: Result, code: str | None = None, address: str = HOME) -> Result:
        assert half.opened is not None
        return await self.login.code(
            half.opened.session, code or code_of(self.now), address=address, now=self.now
        )

    async def enter(self, email: str, address: str = HOME) -> Result:
        """Both steps; each with a code of its own half minute."""
        half = await self.password(email, address=address)
        if half.opened is None:
            return half
        self.wait(31)
        return await self.code(half, address=address)

    async def log(self) -> list[tuple[str, str]]:
        async with self.database.read() as session:
            assert await audit.verify(session) is None
            rows = await session.scalars(sa.select(AuditRow).order_by(AuditRow.number))
            return [(row.action, row.outcome) for row in rows]

    async def stands(self, result: Result) -> bool:
        assert result.opened is not None
        async with self.database.read() as session:
            found = await sessions.find(session, result.opened.cookie, now=self.now)
        return found is not None


@pytest.fixture
def desk(database: Database, people: People, secret: Secret, passwords: Passwords) -> Desk:
    revocations, heard = Revocations(), []

    async def hears(ids: frozenset[str]) -> None:
        heard.append(ids)

    revocations.subscribe(hears)
    login = Login(database, secret, passwords, revocations, SessionSettings())
    return Desk(login, database, heard)


async def test_a_clinician_enters_with_password_and_code(desk: Desk, people: People) -> None:
    half = await desk.password(" Clinician@Example.org ")
    assert half.end == "code" and half.opened is not None
    assert half.opened.session.stage == sessions.PASSWORD
    full = await desk.code(half)
    assert full.end == "in" and full.opened is not None
    assert full.opened.session.stage == sessions.FULL
    assert full.opened.session.person_id == people.clinician.id
    assert await desk.log() == [(Audited.LOGIN_PASSWORD, "done"), (Audited.LOGIN_CODE, "done")]


async def test_each_step_gives_a_new_cookie_and_ends_the_old(desk: Desk) -> None:
    planted = await desk.enter("stranger@example.org")
    assert planted.opened is not None
    half = await desk.password("clinician@example.org", replaces=planted.opened.session.id)
    assert not await desk.stands(planted)
    full = await desk.code(half)
    assert not await desk.stands(half) and await desk.stands(full)
    opened = [each.opened for each in (planted, half, full) if each.opened]
    assert len({each.cookie for each in opened}) == 3
    assert len({each.session.csrf_token for each in opened}) == 3
    assert frozenset({planted.opened.session.id}) in desk.revoked
    assert frozenset({opened[1].session.id}) in desk.revoked


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("clinician@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("nobody@example.org", "wrong"),
        ("", ""),
        ("clinician@example.org", PASSWORD + " "),
        ("clinician@example.org", "x" * 100_000),
        ("' OR 1=1 --", PASSWORD),
        ("x" * 10_000, PASSWORD),
    ],
)
async def test_wrong_is_wrong_whatever_is_wrong(desk: Desk, email: str, password: str) -> None:
    assert await desk.password(email, password) == Result("refused")
    assert await desk.log() == [(Audited.LOGIN_PASSWORD, "refused")]


async def test_the_log_of_a_refusal_holds_no_address_typed(desk: Desk) -> None:
    await desk.password("marie.secret@example.org")
    async with desk.database.read() as session:
        row = await session.get_one(AuditRow, 1)
    assert "marie" not in repr(vars(row)) and row.subject.startswith("account:")


async def test_a_password_is_verified_whether_the_account_exists_or_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    matches = Passwords._matches

    def counting(self: Passwords, stored: str, password: str) -> bool:
        verified.append(stored.rsplit("$", 2)[0])
        return matches(self, stored, password)

    monkeypatch.setattr(Passwords, "_matches", counting)
    await desk.password("clinician@example.org", "wrong")
    await desk.password("nobody@example.org", "wrong")
    assert len(verified) == 2 and verified[0] == verified[1]


async def test_a_disabled_person_is_refused_at_both_steps(desk: Desk, people: People) -> None:
    half = await desk.password("clinician@example.org")
    async with desk.database.begin() as session:
        (await session.get_one(Person, people.clinician.id)).disabled_at = NOON
    assert (await desk.code(half)).end == "refused"
    assert (await desk.password("clinician@example.org")).end == "refused"


async def test_a_code_is_refused_when_played_again(desk: Desk) -> None:
    first, second = [await desk.password("clinician@example.org") for _ in range(2)]
    code = code_of(desk.now)
    assert (await desk.code(first, code)).end == "in"
    assert (await desk.code(second, code)).end == "refused"
    # The code of the half minute before was on the same screen: refused too.
    assert (await desk.code(second, code_of(NOON - dt.timedelta(seconds=30)))).end == "refused"
    desk.wait(30)
    assert (await desk.code(second)).end == "in"


async def test_one_code_sent_twice_at_once_opens_one_session(desk: Desk) -> None:
    first, second = [await desk.password("clinician@example.org") for _ in range(2)]
    code = code_of(desk.now)
    ends = await asyncio.gather(desk.code(first, code), desk.code(second, code))
    assert sorted(each.end for each in ends) == ["in", "refused"]


async def test_a_half_open_session_is_spent_by_its_code(desk: Desk) -> None:
    half = await desk.password("clinician@example.org")
    assert (await desk.code(half)).end == "in"
    desk.wait(30)
    assert (await desk.code(half)).end == "refused"


async def test_a_full_session_cannot_take_the_second_step_again(desk: Desk) -> None:
    full = await desk.enter("clinician@example.org")
    desk.wait(30)
    assert (await desk.code(full)).end == "refused"


async def test_a_late_code_is_refused(desk: Desk) -> None:
    half = await desk.password("clinician@example.org")
    desk.wait(600)
    assert (await desk.code(half)).end == "refused"


async def _forget_factor(desk: Desk, person: Person) -> None:
    async with desk.database.begin() as session:
        (await session.get_one(Person, person.id)).totp_secret = None


async def test_a_new_person_enrols_their_telephone(desk: Desk, people: People) -> None:
    await _forget_factor(desk, people.nurse)
    half = await desk.password("nurse@example.org")
    assert half.end == "enrol" and half.opened is not None
    shown = desk.login.enrolment(half.opened.session)
    shared = shown.secret_text.replace(" ", "")
    assert desk.login.enrolment(half.opened.session) == shown
    wrong = await desk.login.enrol(half.opened.session, "000000", address=HOME, now=desk.now)
    assert wrong.end == "refused"
    code = pyotp.TOTP(shared).at(desk.now)
    done = await desk.login.enrol(half.opened.session, code, address=HOME, now=desk.now)
    assert done.end == "in"
    assert (Audited.LOGIN_ENROL, "done") in await desk.log()

    desk.wait(60)
    again = await desk.password("nurse@example.org")
    assert again.end == "code"
    assert (await desk.code(again, pyotp.TOTP(shared).at(desk.now))).end == "in"


async def test_enrolling_cannot_replace_a_second_factor(desk: Desk, people: People) -> None:
    """Knowing the password only: the thief's own telephone must not be taken."""
    half = await desk.password("clinician@example.org")
    assert half.opened is not None
    shared = desk.login.enrolment(half.opened.session).secret_text.replace(" ", "")
    code = pyotp.TOTP(shared).at(desk.now)
    ended = await desk.login.enrol(half.opened.session, code, address=HOME, now=desk.now)
    assert ended.end == "refused"
    assert (await desk.code(half)).end == "in"


async def test_the_code_step_cannot_skip_an_enrolment(desk: Desk, people: People) -> None:
    await _forget_factor(desk, people.nurse)
    half = await desk.password("nurse@example.org")
    assert (await desk.code(half, "000000")).end == "refused"


async def test_logging_out_ends_the_session_and_its_sockets(desk: Desk) -> None:
    full = await desk.enter("clinician@example.org")
    assert full.opened is not None
    await desk.login.close(full.opened.session)
    assert not await desk.stands(full)
    assert desk.revoked[-1] == frozenset({full.opened.session.id})
    assert (await desk.log())[-1] == (Audited.LOGOUT, "done")


async def _demo_session(desk: Desk, person: Person) -> LoginSession:
    result = await desk.login.demo(person.id)
    assert result.end == "in" and result.opened is not None
    return result.opened.session


async def test_one_may_end_ones_other_sessions_and_nobody_elses(desk: Desk, people: People) -> None:
    mine, other, third = [await _demo_session(desk, people.clinician) for _ in range(3)]
    theirs = await _demo_session(desk, people.stranger)
    assert await desk.login.close_other(mine, theirs.id) == 0
    assert (await desk.log())[-1] == (Audited.SESSION_REVOKE, "refused")
    assert await desk.login.close_other(mine, other.id) == 1
    assert await desk.login.close_other(mine, mine.id) == 0
    assert await desk.login.close_other(mine) == 1
    async with desk.database.read() as session:
        alive = {each.id for each in (mine, other, third, theirs)
                 if await sessions.alive(session, each.id)}  # fmt: skip
    assert alive == {mine.id, theirs.id}


async def test_ten_thousand_passwords_are_slowed_and_told_and_nobody_is_locked_out(
    desk: Desk,
) -> None:
    """Somebody guesses once a second for three hours, from one place."""
    judged, longest = 0, 0
    for number in range(10_000):
        result = await desk.password("clinician@example.org", f"guess {number}", ATTACKER)
        judged += result.end == "refused"
        longest = max(longest, result.retry_after)
        if result.end == "slowed":
            assert 1 <= result.retry_after <= PAIR.cap
        desk.wait(1)
    assert judged <= PAIR.free + 10 + 10_000 / PAIR.cap
    assert longest == PAIR.cap
    # The owner, who never logged in from here before, waits a minute at most.
    result = await desk.enter("clinician@example.org", HOTEL)
    if result.end == "slowed":
        assert result.retry_after <= ACCOUNT.cap
        desk.wait(result.retry_after)
        result = await desk.enter("clinician@example.org", HOTEL)
    assert result.end == "in"
    # And the attacker's own place is open again after the cap, not closed for good.
    desk.wait(PAIR.cap)
    assert (await desk.password("clinician@example.org", PASSWORD, ATTACKER)).end == "code"
    assert len(await desk.log()) < 200


async def test_an_account_attacked_from_everywhere_is_open_where_its_owner_has_been(
    desk: Desk,
) -> None:
    assert (await desk.enter("clinician@example.org", HOME)).end == "in"
    ends = set()
    for number in range(300):
        elsewhere = f"203.0.113.{number % 250}"
        ends.add((await desk.password("clinician@example.org", "wrong", elsewhere)).end)
    assert "slowed" in ends
    assert (await desk.password("clinician@example.org", PASSWORD, HOTEL)).end == "slowed"
    assert (await desk.enter("clinician@example.org", HOME)).end == "in"


async def test_one_address_guessing_many_accounts_is_slowed(desk: Desk) -> None:
    ends = [(await desk.password(f"someone{number}@example.org", "wrong", ATTACKER)).end
            for number in range(100)]  # fmt: skip
    assert ends.count("refused") == ADDRESS.free + 1
    assert (await desk.password("nurse@example.org", PASSWORD, ATTACKER)).end == "slowed"
    assert (await desk.password("nurse@example.org", PASSWORD, HOME)).end == "code"


async def test_ones_own_account_does_not_buy_guesses_at_others(desk: Desk) -> None:
    judged = 0
    for number in range(100):
        if number % 5 == 0:
            await desk.password("stranger@example.org", PASSWORD, ATTACKER)
        result = await desk.password(f"someone{number}@example.org", "wrong", ATTACKER)
        judged += result.end == "refused"
    assert judged <= ADDRESS.free + 1


async def test_guesses_sent_at_once_do_not_slip_through(desk: Desk) -> None:
    results = await asyncio.gather(
        *(desk.password("clinician@example.org", f"guess {n}", ATTACKER) for n in range(40))
    )
    assert sum(each.end == "refused" for each in results) == PAIR.free + 1


async def test_ten_thousand_codes_are_slowed_and_told_and_nobody_is_locked_out(
    desk: Desk,
) -> None:
    """Somebody who knows the password guesses codes for three hours, with fresh half-sessions."""
    half, judged, opened = await desk.password("clinician@example.org", address=ATTACKER), 0, 0
    for number in range(10_000):
        if number % 500 == 0:
            half = await desk.password("clinician@example.org", address=ATTACKER)
            assert half.end == "code"
        wrong = f"{(int(code_of(desk.now)) + 7 + number) % 1_000_000:06d}"
        if wrong in {code_of(desk.now + dt.timedelta(seconds=each)) for each in (-30, 0, 30)}:
            wrong = "x"
        result = await desk.code(half, wrong, ATTACKER)
        judged += result.end == "refused"
        opened += result.end == "in"
        if result.end == "slowed":
            assert 1 <= result.retry_after <= PAIR.cap
        desk.wait(1)
    assert opened == 0 and judged <= PAIR.free + 10 + 10_000 / PAIR.cap
    result = await desk.enter("clinician@example.org", HOTEL)
    if result.end == "slowed":
        desk.wait(ACCOUNT.cap)
        result = await desk.enter("clinician@example.org", HOTEL)
    assert result.end == "in"
