"""A code is good once, for its half minute and the one on either side."""

import asyncio
import datetime as dt

import pyotp
import pytest

from server.kernel import totp
from server.kernel.db import Database, Person
from server.kernel.secrets import Secret, SecretError
from tests.people import TOTP_SECRET, People

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
STEP = int(NOON.timestamp()) // totp.STEP


def _code(steps: int = 0) -> str:
    return pyotp.TOTP(TOTP_SECRET).at(NOON, counter_offset=steps)


def test_the_vectors_of_rfc_6238_by_their_last_six_digits() -> None:
    """Appendix B, SHA-1."""
    shared = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        now = dt.datetime.fromtimestamp(seconds, dt.UTC)
        assert totp.matching_step(shared, code, 0, now) == seconds // 30


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True),
                                             (2, False)])  # fmt: skip
def test_one_step_of_leeway(steps: int, good: bool) -> None:
    found = totp.matching_step(TOTP_SECRET, _code(steps), 0, NOON)
    assert found == (STEP + steps if good else None)


def test_a_used_step_and_those_before_are_refused() -> None:
    assert totp.matching_step(TOTP_SECRET, _code(), STEP, NOON) is None
    assert totp.matching_step(TOTP_SECRET, _code(-1), STEP, NOON) is None
    assert totp.matching_step(TOTP_SECRET, _code(1), STEP, NOON) == STEP + 1


def test_spaces_are_allowed_and_nothing_else() -> None:
    code = _code()
    assert totp.matching_step(TOTP_SECRET, f" {code[:3]} {code[3:]} ", 0, NOON) == STEP
    for wrong in ("", code[:5], code + "0", "١٢٣٤٥٦", "abcdef", f"-{code[1:]}", code + "\0"):
        assert totp.matching_step(TOTP_SECRET, wrong, 0, NOON) is None


async def test_a_step_is_spent_once_even_when_asked_together(
    database: Database, people: People
) -> None:
    async def spend() -> bool:
        async with database.begin() as session:
            return await totp.spend(session, people.nurse.id, STEP)

    assert sorted(await asyncio.gather(*(spend() for _ in range(6)))) == [False] * 5 + [True]
    async with database.read() as session:
        assert (await session.get_one(Person, people.nurse.id)).totp_last_step == STEP


def test_a_stored_secret_belongs_to_one_person(secret: Secret) -> None:
    sealed = totp.seal_secret(secret, "claire", TOTP_SECRET)
    assert TOTP_SECRET not in sealed and len(sealed) <= 255
    assert totp.unseal_secret(secret, "claire", sealed) == TOTP_SECRET
    with pytest.raises(SecretError):
        totp.unseal_secret(secret, "guy", sealed)


def test_each_enrolment_proposes_its_own_secret(secret: Secret) -> None:
    first, second = (totp.proposed_secret(secret, each) for each in ("a", "b"))
    assert first != second and first == totp.proposed_secret(secret, "a")
    assert len(first) == 32 and pyotp.TOTP(first).now().isdigit()


def test_the_picture_needs_no_style_or_script() -> None:
    drawn = str(totp.picture(TOTP_SECRET, "a<script>@example.org"))
    assert drawn.startswith("<svg")
    assert "style" not in drawn and "script" not in drawn
