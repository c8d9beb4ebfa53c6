"""Stills over real sockets, a real disk and both databases: interrupted, restarted, refused, and
given to two receivers whose links are not alike."""

import asyncio
import errno
import os
from typing import Any

import pytest
import sqlalchemy as sa

from media import client
from server.kernel import audit
from server.kernel.audit import Audited
from server.kernel.db import AuditRow, Still
from tests.signaling.conftest import Browser, House
from tests.signaling.pictures import drawn, stage

ID = "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7e11"
OTHER = "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7e22"
# 1.6 kB and 13 kB.
SMALL, LARGE = drawn(), drawn(seed=2, grain=64, quality=100, subsampling=0)
STAGES = [SMALL, LARGE]
DEVICES = {"mic": "on", "camera": "on", "exam": "none", "exam_kind": "camera"}
BEGIN = {"id": ID, "source": "camera", "stages": [stage(d) for d in STAGES], "why": "asked"}


def got(browser: Browser, still: str = ID) -> list[bytes]:
    return [bytes(browser.received.get((still, n), b"")) for n in range(len(STAGES))]


def whole(browser: Browser) -> bool:
    return got(browser) == STAGES


async def session(browser: Browser) -> str:
    return str((await browser.until(lambda b: b.heard("offer")))[-1]["session"])


async def spares(house: House, browser: Browser, spare: float, of: str = "") -> None:
    """The worker says what a still may use of this seat's link downward."""
    at = (house.consultation.id, browser.view["me"]["seat"], of or await session(browser))
    way = {"rung": "motion", "why": {"code": "fine"}, "rate": 1e7, "spare": spare}
    await house.worker.tell(client.PeerUp(*at))
    await house.worker.tell(client.PeerQuality(*at, 0.0, 0.1, way, way))


async def test_a_still_is_asked_for_sent_and_seen(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    await spares(house, doctor, 1e7)
    await nurse.ask("media", DEVICES)
    seat, mine = nurse.view["me"]["seat"], doctor.view["me"]["seat"]
    asked = await doctor.ask("still_ask", seat=seat, source="camera")
    (wanted,) = await nurse.until(lambda b: b.heard("still_wanted"))
    assert wanted == {"id": asked["id"], "source": "camera", "by": mine}
    assert await nurse.sends(wanted["id"], STAGES) == {"ok": True, "stage": 2, "offset": 0}
    await doctor.until(lambda b: got(b, wanted["id"]) == STAGES)
    assert [s["have"] for s in doctor.heard("still")] == [0, 1, 2]
    (row,) = await house.rows(Still)
    assert (row.id, row.seat_id, row.asked_by, row.have) == (wanted["id"], seat, mine, 2)
    assert row.kept_at is not None and [s["bytes"] for s in row.stages] == list(map(len, STAGES))
    on_disk = [p for p in (house.folder / "stills").rglob("*") if p.is_file()]
    assert len(on_disk) == 2 and not any(SMALL[:20] in path.read_bytes() for path in on_disk)
    async with house.database.read() as session:
        rows = await session.scalars(sa.select(AuditRow).where(AuditRow.action.like("%:still:%")))
        told = [(r.action, r.subject) for r in rows]
        assert told == [(Audited.STILL_ASK, seat), (Audited.STILL_SEND, wanted["id"])]
        assert await audit.verify(session) is None
    room = house.consultation.id
    await doctor.until(lambda _: house.worker.asked[-1] == ("transfer", room, mine, "down", "off"))
    crossings = [each[2:] for each in house.worker.asked if each[0] == "transfer"]
    assert crossings[0] == (seat, "up", "on") and (seat, "up", "off") in crossings
    assert (mine, "down", "on") in crossings


@pytest.mark.parametrize("tenth", range(10))
async def test_a_still_interrupted_at_any_tenth_goes_on_where_it_was(
    house: House, tenth: int
) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    total = len(SMALL) + len(LARGE)
    await nurse.ask("still_begin", BEGIN)
    crossed = 0
    for n, data in enumerate(STAGES):
        for at in range(0, len(data), 450):
            if crossed * 10 >= total * tenth:
                break
            part = data[at : at + 450]
            answer = await nurse.ask("still_part", id=ID, stage=n, offset=at, data=part)
            assert answer["ok"]
            crossed += len(part)
    tab = nurse.tab
    await nurse.close()
    back = house.browser(login)
    back.tab = tab
    await back.open()
    found = await back.ask("still_resume", id=ID)
    before = sum(map(len, STAGES[: found["stage"]]))
    assert before + found["offset"] == crossed, "every acknowledged byte, and no other"
    assert (await back.sends(ID, STAGES, 500))["stage"] == 2
    (row,) = await house.rows(Still)
    assert row.have == 2


async def test_a_still_outlives_a_restart_in_the_middle(house: House) -> None:
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    await nurse.ask("still_begin", BEGIN)
    await nurse.ask("still_part", id=ID, stage=0, offset=0, data=SMALL)
    await nurse.ask("still_part", id=ID, stage=1, offset=0, data=LARGE[:300])
    rung = {**BEGIN, "id": OTHER, "why": "rung"}
    await nurse.ask("still_begin", rung)
    await nurse.ask("still_part", id=OTHER, stage=0, offset=0, data=SMALL)
    assert (house.folder / "stills-passing").exists()
    await house.restart()
    assert not (house.folder / "stills-passing").exists(), "nobody asked for it"
    doctor = await house.enters(house.people.clinician)
    await spares(house, doctor, 1e7)
    (listed,) = await doctor.until(lambda b: b.heard("stills"))
    assert [(s["id"], s["have"]) for s in listed["stills"]] == [(ID, 1)]
    back = await house.browser(login).open()
    assert await back.ask("still_resume", id=ID) == {"ok": True, "stage": 1, "offset": 300}
    assert (await back.sends(ID, STAGES))["stage"] == 2
    await doctor.until(lambda b: b.received.get((ID, 1)) == LARGE)
    assert (ID, 0) not in doctor.received, "a member fetches what was before"


async def test_a_server_that_died_before_it_looked_looks_again(house: House) -> None:
    """The last part was on disk, and nobody had said that it is a picture."""
    login = await house.login(house.people.nurse)
    nurse = await house.browser(login).open()
    await nurse.ask("knock")
    await nurse.ask("still_begin", BEGIN)
    house.albums.kept.append(house.consultation.id, ID, 0, 0, SMALL)
    await house.restart()
    back = await house.browser(login).open()
    assert await back.ask("still_resume", id=ID) == {"ok": True, "stage": 1, "offset": 0}


async def test_two_receivers_whose_links_are_not_alike(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    guest = await house.admitted(doctor)
    nurse = await house.enters(house.people.nurse)
    await spares(house, doctor, 1e7)
    await spares(house, guest, 0.0)
    await nurse.sends(ID, STAGES)
    await doctor.until(whole)
    await guest.until(lambda b: got(b)[0] == SMALL)
    assert got(guest)[1] == b"", "nothing is spared beside the voice for what refines it"
    await spares(house, guest, 1e7)
    await guest.until(whole)
    for browser in (doctor, guest):
        offsets = [(p["stage"], p["offset"]) for p in browser.heard("still_part")]
        assert offsets == sorted(set(offsets)), "each byte once, in order"
    assert nurse.received == {}


async def test_a_receiver_who_was_cut_goes_on_where_they_were(house: House) -> None:
    login = await house.login(house.people.clinician)
    doctor = await house.browser(login).open()
    await doctor.ask("knock")
    nurse = await house.enters(house.people.nurse)
    await spares(house, doctor, 0.0)
    await nurse.sends(ID, STAGES)
    await spares(house, doctor, 200_000.0)
    await doctor.until(lambda b: len(b.received.get((ID, 1), b"")) >= 4096)
    await doctor.close()
    back = house.browser(login)
    back.tab, back.received = doctor.tab, doctor.received
    already = len(doctor.received[ID, 1])
    assert already < len(LARGE)
    await back.open(session=await session(doctor))
    await back.stage("in")
    await spares(house, back, 1e7, await session(doctor))
    await back.until(whole)
    first = back.heard("still_part")[0]
    assert first["stage"] == 1 and already - 2048 <= first["offset"] <= already


async def test_what_is_no_picture_is_refused_and_the_rest_goes_on(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    lie = b"\xff\xd8\xff" + b"not a picture" * 20
    answer = await nurse.sends(ID, [lie])
    assert answer == {"ok": False, "code": "invalid"}
    assert await doctor.until(lambda b: b.heard("still_gone")) == [{"id": ID, "why": "refused"}]
    assert (await nurse.sends(ID, [lie]))["code"] == "invalid"
    assert (await doctor.ask("hand", up=True))["ok"]
    assert (await nurse.sends(OTHER, STAGES))["stage"] == 2
    assert [row.id for row in await house.rows(Still)] == [OTHER]

    def names() -> set[str]:
        return {p.name for p in (house.folder / "stills").rglob("*") if p.is_file()}

    async with asyncio.timeout(5):
        while names() != {f"{OTHER}-0", f"{OTHER}-1"}:
            await asyncio.sleep(0.01)


async def test_a_larger_stage_that_is_no_picture_leaves_the_smaller_one(house: House) -> None:
    nurse = await house.enters(house.people.nurse)
    answer = await nurse.sends(ID, [SMALL, SMALL + b"bytes behind the end"])
    assert answer["stage"] == 2
    assert (await nurse.sends(OTHER, [SMALL, b"x" * 5000]))["code"] == "invalid"
    rows = {row.id: (row.have, len(row.stages)) for row in await house.rows(Still)}
    assert rows == {ID: (2, 2), OTHER: (1, 1)}


async def test_a_part_sent_twice_at_once_is_there_once(house: House) -> None:
    nurse = await house.enters(house.people.nurse)
    await asyncio.gather(*(nurse.ask("still_begin", BEGIN) for _ in range(3)))
    part: dict[str, Any] = {"id": ID, "stage": 0, "offset": 0, "data": SMALL}
    answers = await asyncio.gather(*(nurse.ask("still_part", part) for _ in range(4)))
    assert answers == [{"ok": True, "stage": 1, "offset": 0}] * 4
    (row,) = await house.rows(Still)
    assert row.have == 1
    assert house.albums.kept.read(house.consultation.id, ID, 0) == SMALL


async def test_a_full_disk_is_said_and_nothing_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = await house.enters(house.people.nurse)
    await nurse.ask("still_begin", BEGIN)
    part: dict[str, Any] = {"id": ID, "stage": 0, "offset": 0, "data": SMALL[:200]}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert (await nurse.ask("still_part", part))["code"] == "no_room"
    assert await nurse.ask("still_part", part) == {"ok": True, "stage": 0, "offset": 200}


async def test_a_still_that_would_eat_the_reserve_is_refused_before_it_begins(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = await house.enters(house.people.nurse)
    whole, bytes_ = 1_000_000, 2 * (len(SMALL) + len(LARGE))
    left = [whole // 20 + bytes_ - 1]
    monkeypatch.setattr(house.albums.reserve, "_look", lambda _: (left[0], whole))
    assert (await nurse.ask("still_begin", BEGIN))["code"] == "no_room"
    assert await house.rows(Still) == []
    left[0] += 1
    assert (await nurse.ask("still_begin", BEGIN))["ok"]


async def test_too_many_parts_are_slowed_and_pointers_passed_over(house: House) -> None:
    nurse = await house.enters(house.people.nurse)
    await nurse.sends(ID, STAGES)
    places = [{"still": ID, "x": n / 100, "y": 0.5} for n in range(30)]
    answers = await asyncio.gather(*(nurse.ask("pointer", place) for place in places))
    assert {a.get("code") for a in answers} == {None, "slow_down"}
    assert sum(a["ok"] for a in answers) < 15
    assert (await nurse.ask("hand", up=True))["ok"], "a pointer costs nothing else its turn"


async def test_a_receiver_that_wants_none_of_it_is_left_alone(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    doctor._received = lambda part: {"ok": False, "code": "invalid"}  # type: ignore[method-assign]
    await spares(house, doctor, 1e7)
    await nurse.sends(ID, STAGES)
    mine, room = doctor.view["me"]["seat"], house.consultation.id
    await doctor.until(lambda b: len(b.heard("still_part")) == 2)
    await nurse.ask("hand", up=True)
    async with asyncio.timeout(5):
        while house.worker.asked[-1] != ("transfer", room, mine, "down", "off"):
            await asyncio.sleep(0.01)
    assert [p["stage"] for p in doctor.heard("still_part")] == [0, 1]
