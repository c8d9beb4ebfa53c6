"""What a site had last time comes back when its people do, on both databases."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from media import client
from server.kernel.db import Attendance, AuditRow, Database, Site, SiteLink
from server.kernel.db import utcnow as now
from server.kernel.refusals import NotFound
from signaling import sites
from signaling.planning import InvalidPlan
from tests.people import People, actor_of
from tests.signaling.conftest import Browser, House

FINE = {"rung": "motion", "why": {"code": "fine"}, "rate": 80_000, "spare": 9000}


async def talks(house: House, browser: Browser, reports: int) -> None:
    (offer,) = (await browser.until(lambda b: b.heard("offer")))[-1:]
    at = (house.consultation.id, browser.view["me"]["seat"], offer["session"])
    await house.worker.tell(client.PeerUp(*at))
    for _ in range(reports):
        await house.worker.tell(client.PeerQuality(*at, 0.0, 0.6, FINE, {**FINE, "rate": 200_000}))


async def test_a_site_starts_from_what_it_had_last_time(house: House) -> None:
    nurse = await house.enters(house.people.nurse)
    await nurse.until(lambda b: b.heard("offer"))
    assert house.worker.hints[-1] == client.Hint()
    await talks(house, nurse, 5)
    assert (await nurse.ask("leave"))["ok"]
    await house.rooms.journal.flushed()
    again = await house.enters(house.people.nurse)
    await again.until(lambda b: b.heard("offer"))
    assert house.worker.hints[-1] == client.Hint(up=80_000, down=200_000, rtt=0.6)
    doctor = await house.enters(house.people.clinician)
    await doctor.until(lambda b: b.heard("offer"))
    assert house.worker.hints[-1] == client.Hint(), "another place"


async def test_what_a_call_used_is_in_its_record_even_after_a_restart(house: House) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    (offer,) = await nurse.until(lambda b: b.heard("offer"))
    told = {"session": offer["session"], "up": None, "rtt": None, "loss": None, "limited": "none"}
    await nurse.ask("link", **told, sent=1000, received=7000)
    room = house.rooms._live[house.consultation.id]
    seat = room.room.seats[0]
    room.room = room.room.put(replace(seat, meter=replace(seat.meter, stored=None)))
    await house.rooms.tick()
    await house.restart()
    back = await house.browser(login).open(session=offer["session"])
    await back.stage("in")
    await back.ask("link", **told, sent=1500, received=9000)
    await back.ask("leave")
    (stay,) = await house.rows(Attendance)
    assert (stay.sent, stay.received) == (1500, 9000) and stay.left_at is not None


async def test_calls_weigh_less_the_longer_ago_they_were(
    database: Database, people: People
) -> None:
    for rate in (64_000.0, 128_000.0):
        async with database.begin() as session:
            await sites.remember(session, people.network.cdps.id, rate, None, 0.6, now())
    async with database.read() as session:
        row = await session.get_one(SiteLink, people.network.cdps.id)
        assert (row.up, row.down, row.rtt, row.calls) == (96_000, None, 0.6, 2)
        site = await session.get_one(Site, people.network.cdps.id)
        known = await sites.link_of(session, site)
        assert known is not None and (known.up, known.ceiling) == (96_000, None)
        assert await sites.link_of(session, None) is None


@pytest.mark.parametrize(
    ("who", "site", "may"),
    [
        ("administrator", "site-ehpad", True), ("technician", "site-ucsa", True),
        ("administrator", "site-cdps", False), ("clinician", "site-ehpad", False),
        ("nurse", "site-cdps", False), ("stranger", "site-ehpad", False),
    ],
)  # fmt: skip
async def test_who_may_limit_a_link(
    database: Database, people: People, who: str, site: str, may: bool
) -> None:
    actor = actor_of(getattr(people, who))
    async with database.read() as session:
        shown = [each.id for each, _ in await sites.administered(session, actor)]
    assert (site in shown) is may
    async with database.begin() as session:
        if not may:
            with pytest.raises(NotFound):
                await sites.limit(session, actor, site, "64", "50")
            return
        await sites.limit(session, actor, site, "64", "50")
    async with database.read() as session:
        query = sa.select(AuditRow).where(AuditRow.subject == site)
        (row,) = await session.scalars(query)
        assert row.detail == {"ceiling": 64_000, "bytes": 50_000_000}
        assert row.actor == actor.audit_name
        known = await sites.link_of(session, await session.get_one(Site, site))
        assert known is not None and (known.ceiling, known.bytes) == (64_000, 50_000_000)


@pytest.mark.parametrize("text", ["23", "1000001", "64.5", "-1", "x", "６４", "9" * 400])
async def test_a_ceiling_that_is_none_changes_nothing(
    database: Database, people: People, text: str
) -> None:
    async with database.begin() as session:
        with pytest.raises(InvalidPlan) as refused:
            await sites.limit(session, actor_of(people.technician), "site-ehpad", text, "")
        assert set(refused.value.errors) == {"ceiling"}
