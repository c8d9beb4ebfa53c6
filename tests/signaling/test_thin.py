"""What thin links add to a call, over real sockets: plans, reports, what matters, what was had."""

from media import client
from server.kernel.db import Seat
from tests.signaling.conftest import House

LINK = {
    "up": 64000.4, "rtt": 0.7, "loss": 0.02, "limited": "bandwidth", "sent": 10, "received": 20,
}  # fmt: skip
FINE = {"rung": "motion", "why": {"code": "fine"}, "rate": 500_000, "spare": 9000}


async def test_an_offer_and_its_first_plan_reach_the_page(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    (offer,) = await doctor.until(lambda b: b.heard("offer"))
    plan = {"n": 1, "rung": "motion"}
    assert await doctor.until(lambda b: b.heard("encode")) == [
        {"session": offer["session"], "plan": plan}
    ]
    seat = doctor.view["me"]["seat"]
    later = {"n": 2, "rung": "sharp", "camera": None}
    await house.worker.tell(client.Encode(house.consultation.id, seat, offer["session"], later))
    assert (await doctor.until(lambda b: b.heard("encode")[1:]))[0]["plan"] == later


async def test_a_page_tells_its_link_and_the_worker_hears_it(house: House) -> None:
    opened = await house.login(house.people.clinician)
    doctor = await house.browser(opened).open(rtt=0.62, saver=True)
    assert (await doctor.ask("knock"))["stage"] == "in"
    (offer,) = await doctor.until(lambda b: b.heard("offer"))
    assert house.worker.hints[0].rtt == 0.62
    assert (await doctor.ask("link", session=offer["session"], **LINK))["ok"]
    await doctor.until(lambda _: house.worker.reports)
    report = client.LinkReport(64000, 0.7, 0.02, "bandwidth")
    seat = doctor.view["me"]["seat"]
    assert house.worker.reports == [(seat, offer["session"], report)]
    wrong = {**LINK, "loss": 1.1, "session": offer["session"]}
    assert (await doctor.ask("link", wrong))["code"] == "invalid"


async def test_what_matters_outlives_the_server(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse_login = await house.login(house.people.nurse)
    nurse = await house.browser(nurse_login).open()
    await nurse.ask("knock")
    await nurse.stage("in")
    seat = nurse.view["me"]["seat"]
    wanted = {"seat": seat, "source": "camera", "what": "detail"}
    assert (await nurse.ask("matters", wanted))["code"] == "not_allowed"
    assert (await doctor.ask("matters", wanted))["ok"]
    await nurse.until(lambda b: b.view.get("matters") == {f"{seat}/camera": "detail"})
    assert ("matters", house.consultation.id, seat, "camera", "detail") in house.worker.asked
    assert {"camera": "detail"} in [row.matters for row in await house.rows(Seat)]
    await house.restart()
    house.worker.asked.clear()
    back = await house.browser(nurse_login).open()
    await back.until(lambda b: b.view.get("matters") == {f"{seat}/camera": "detail"})
    await back.until(lambda _: any(each[0] == "matters" for each in house.worker.asked))


async def test_how_a_link_does_reaches_those_who_are_in(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    nurse = await house.enters(house.people.nurse)
    (offer,) = await nurse.until(lambda b: b.heard("offer"))
    at = (house.consultation.id, nurse.view["me"]["seat"], offer["session"])
    low = {"rung": "voice", "why": {"code": "rate", "have": 12, "need": 20}, "spare": 0}
    await house.worker.tell(client.PeerUp(*at))
    await house.worker.tell(client.PeerQuality(*at, 0.0, 0.6, low, FINE))
    (told,) = await doctor.until(lambda b: b.heard("quality"))
    assert told["seats"][0]["up"]["why"] == {"code": "rate", "have": 12, "need": 20}
    assert told["seats"][0]["down"]["rung"] == "motion"
    await doctor.until(
        lambda b: [s["connection"] for s in b.view["seats"] if s["seat"] == at[1]] == ["weak"]
    )
