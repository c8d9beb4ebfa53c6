"""Links and codes: worth one door, to whoever holds them, for a while; and hard to guess."""

import datetime as dt

import pytest
import sqlalchemy as sa

from server.kernel import sessions
from server.kernel.access import Actor
from server.kernel.db import AuditRow, Consultation, Database, Invitation, LoginSession, utcnow
from server.kernel.refusals import NotFound, begin
from server.kernel.secrets import Secret
from signaling import consultations, invitations, redemption
from signaling.planning import Guest, InvalidPlan, Plan
from signaling.redemption import Redeemed
from tests.people import People, actor_of
from tests.signaling.conftest import TRAITS

ADDRESS = "192.0.2.1"


class Desk:
    """A planned consultation with one guest, and the ways to their link."""

    def __init__(self, db: Database, secret: Secret, people: People) -> None:
        self.db, self.secret, self.people = db, secret, people
        self.doctor = actor_of(people.clinician)
        self.c: Consultation
        self.invitation: Invitation

    async def plan(self) -> "Desk":
        at = utcnow() + dt.timedelta(hours=1)
        site = self.people.network.cdps.id
        wanted = Plan(at, 30, site, "Contrôle", TRAITS, (Guest("family", "Joseph"),))
        async with begin(self.db) as session:
            self.c = await consultations.plan(session, self.doctor, wanted, secret=self.secret)
            (self.invitation,) = await invitations.of_consultation(session, self.c.id)
        return self

    @property
    def token(self) -> str:
        return invitations.token_of(self.secret, self.invitation)

    @property
    def code(self) -> str:
        return invitations.code_of(self.secret, self.invitation)

    async def link(
        self, token: str = "", now: dt.datetime | None = None, current: LoginSession | None = None
    ) -> Redeemed:
        async with self.db.begin() as session:
            return await redemption.redeem_token(
                session, token or self.token, secret=self.secret, address=ADDRESS, now=now,
                current=current,
            )  # fmt: skip

    async def say(
        self, code: str, address: str = ADDRESS, now: dt.datetime | None = None
    ) -> Redeemed:
        async with self.db.begin() as session:
            return await redemption.redeem_code(
                session, code, secret=self.secret, address=address, now=now
            )


@pytest.fixture
async def desk(database: Database, secret: Secret, people: People) -> Desk:
    return await Desk(database, secret, people).plan()


def nothing(found: Redeemed) -> bool:
    return found.invitation is None and found.opened is None


async def test_only_digests_are_stored(desk: Desk) -> None:
    assert len(desk.token) == 43 and len(desk.code) == 8 and desk.code.isdigit()
    stored = (desk.invitation.token_hash, desk.invitation.code_hash)
    assert desk.token not in stored and desk.code not in "".join(stored)
    url = invitations.link_of(desk.secret, desk.invitation, "https://carbet.example")
    assert url == f"https://carbet.example/j#{desk.token}"


async def test_a_link_opens_a_guest_session_of_its_consultation(desk: Desk) -> None:
    found = await desk.link()
    assert found.opened is not None and not found.again
    async with desk.db.read() as session:
        row = await sessions.find(session, found.opened.cookie)
        assert row is not None and row.invitation_id == desk.invitation.id and row.stage == "guest"


async def test_used_again_on_another_device_it_says_so_on_the_same_it_does_not(desk: Desk) -> None:
    first = await desk.link()
    assert first.opened is not None
    same = await desk.link(current=first.opened.session)
    assert same.invitation is not None and same.opened is None and not same.again
    other = await desk.link()
    assert other.again and other.opened is not None


async def test_expired_revoked_cancelled_and_altered_are_all_nothing(desk: Desk) -> None:
    late = desk.invitation.expires_at + dt.timedelta(seconds=1)
    assert nothing(await desk.link(now=late))
    assert nothing(await desk.link(token=("B" if desk.token[0] == "A" else "A") + desk.token[1:]))
    assert nothing(await desk.link(token="é" * 500))
    async with begin(desk.db) as session:
        c = await session.get_one(Consultation, desk.c.id)
        await consultations.cancel(session, desk.doctor, c)
    assert nothing(await desk.link())
    async with begin(desk.db) as session:
        c = await session.get_one(Consultation, desk.c.id)
        await consultations.reopen(session, desk.doctor, c)
    assert not nothing(await desk.link())
    async with begin(desk.db) as session:
        c = await session.get_one(Consultation, desk.c.id)
        await invitations.revoke(session, desk.doctor, c, desk.invitation.id)
    assert nothing(await desk.link()) and nothing(await desk.say(desk.code))


async def test_renewing_ends_the_old_link_its_code_and_its_sessions(desk: Desk) -> None:
    old_token, old_code, opened = desk.token, desk.code, (await desk.link()).opened
    assert opened is not None
    async with begin(desk.db) as session:
        c = await session.get_one(Consultation, desk.c.id)
        desk.invitation, ended = await invitations.renew(
            session, desk.doctor, c, desk.invitation.id, secret=desk.secret
        )
    assert ended == {opened.session.id}
    assert nothing(await desk.link(token=old_token)) and nothing(await desk.say(old_code))
    assert not nothing(await desk.link()) and not nothing(await desk.say(desk.code))


async def test_a_code_read_aloud_may_be_typed_in_pairs(desk: Desk) -> None:
    code = desk.code
    spaced = f"{code[:2]} {code[2:4]} {code[4:6]} {code[6:]}"
    assert not nothing(await desk.say(spaced))


async def test_guessing_codes_is_slowed_and_told_then_forgiven(desk: Desk) -> None:
    now = utcnow()
    waits = []
    for n in range(8):
        found = await desk.say(f"{n:08}", now=now)
        waits.append(found.retry_after)
        now += dt.timedelta(seconds=found.retry_after)
    assert waits == [0, 0, 0, 0, 0, 2, 4, 8]
    blocked = await desk.say(desk.code, now=now - dt.timedelta(seconds=1))
    assert nothing(blocked) and blocked.retry_after > 0
    assert not nothing(await desk.say(desk.code, now=now))


async def test_a_valid_code_of_ones_own_forgives_no_wrong_one(desk: Desk) -> None:
    now = utcnow()
    for n in range(5):
        await desk.say(f"{n:08}", now=now)
        assert not nothing(await desk.say(desk.code, now=now))
    assert (await desk.say("99999999", now=now)).retry_after > 0


async def test_guessing_from_many_addresses_is_slowed_everywhere_and_nobody_for_long(
    desk: Desk,
) -> None:
    now = utcnow()
    for n in range(redemption.EVERYWHERE.free + 1):
        await desk.say(f"{n:08}", address=f"2001:db8::{n:x}", now=now)
    elsewhere = await desk.say(desk.code, address="198.51.100.9", now=now)
    assert nothing(elsewhere) and 0 < elsewhere.retry_after <= redemption.EVERYWHERE.cap
    later = now + dt.timedelta(seconds=elsewhere.retry_after)
    assert not nothing(await desk.say(desk.code, address="198.51.100.9", now=later))


async def test_wrong_tries_are_in_the_audit_log_without_what_was_tried(desk: Desk) -> None:
    await desk.say("12345678")
    await desk.link(token="not-a-token")
    async with desk.db.read() as session:
        refused = sa.select(AuditRow).where(AuditRow.outcome == "refused")
        rows = list(await session.scalars(refused))
    assert [row.detail for row in rows] == [{"by": "code"}, {"by": "link"}]


@pytest.mark.parametrize("who", ["stranger", "nurse", "technician", "administrator"])
async def test_others_neither_invite_nor_renew_nor_revoke(desk: Desk, who: str) -> None:
    actor: Actor = actor_of(getattr(desk.people, who))
    common = {"secret": desk.secret}
    with pytest.raises(NotFound):
        async with begin(desk.db) as session:
            await invitations.invite(session, actor, desk.c, "family", "x", **common)
    with pytest.raises(NotFound):
        async with begin(desk.db) as session:
            await invitations.renew(session, actor, desk.c, desk.invitation.id, **common)
    with pytest.raises(NotFound):
        async with begin(desk.db) as session:
            await invitations.revoke(session, actor, desk.c, desk.invitation.id)
    async with desk.db.read() as session:
        refused = sa.select(sa.func.count()).where(AuditRow.outcome == "refused")
        assert await session.scalar(refused) == 3
    assert not nothing(await desk.link())


async def test_another_consultations_invitation_is_not_found(desk: Desk) -> None:
    other = await Desk(desk.db, desk.secret, desk.people).plan()
    with pytest.raises(NotFound):
        async with begin(desk.db) as session:
            await invitations.revoke(session, desk.doctor, desk.c, other.invitation.id)


async def test_an_unknown_kind_or_an_endless_name_is_told(desk: Desk) -> None:
    for kind, name in (("clinician", "x"), ("family", "x" * 101), ("family", "\x00")):
        with pytest.raises(InvalidPlan):
            async with begin(desk.db) as session:
                await invitations.invite(
                    session, desk.doctor, desk.c, kind, name, secret=desk.secret
                )
