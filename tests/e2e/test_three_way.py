"""Three people in one room: two Chromiums and a Firefox, each with a moving face and a voice.

Every receiver must see and hear each of the others, with their own picture beside their own voice,
and lips in step. Faces and voices come from the page camera: it is the same in both browsers
and in step at the sender, which is measured too.
"""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, Page

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.peers import measure
from tests.peers.talking_head import CLINICIAN, GUEST, SITE
from tests.peers.testimony import Testimony

# Sound 90 ms early to 185 ms late is acceptable to viewers (ITU-R BT.1359-1); the recording of a
# busy machine adds its own unsteadiness to each side.
EARLIEST, LATEST = -120, 185  # ms; positive: the sound is late
MOVES = 6  # of 255; a still face stays below 3
SOUNDS = 0.02  # RMS of 1; silence stays below 0.001


async def enter_three(carbet: Carbet, clinician: Page, site: Page, guest: Page) -> None:
    """Dr Morel hosts, Odile Apatou is with the patient, a relative comes by link."""
    await journey.enter_demo(clinician, carbet.address, "Dr Claire Morel")
    consultation = await journey.plan_now(clinician, carbet.address)
    link = await journey.link_for(clinician, "Mireille Couachy")
    await journey.go_to_call(clinician)
    await journey.knock(clinician)
    await journey.in_call(clinician)

    await journey.enter_demo(site, carbet.address, "Odile Apatou")
    await site.goto(consultation)
    await journey.go_to_call(site)
    await journey.consent(site)
    await journey.knock(site)
    await journey.in_call(site)

    await guest.goto(link)
    await journey.at_devices(guest)
    await journey.consent(guest)
    await journey.knock(guest)
    await journey.waits_at_door(guest)
    await journey.admit(clinician, "Mireille Couachy")
    await journey.in_call(guest)


async def received_by(page: Page) -> list[Testimony]:
    """What this page got of the two others, one testimony for each slot in use."""
    alive = await journey.live(page, 2)
    slots = sorted(mid[1:] for mid in alive if mid.startswith("v"))
    return list(await asyncio.gather(*(measure.testimony(page, f"v{n}", f"a{n}") for n in slots)))


async def test_each_of_three_sees_and_hears_the_others_in_step(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, firefox: Browser, people: People
) -> None:
    clinician = await people.sit(chromium, CLINICIAN)
    site = await people.sit(second_chromium, SITE, timezone="America/Cayenne")
    guest = await people.sit(firefox, GUEST)
    await enter_three(carbet, clinician, site, guest)

    pages = {"clinician": clinician, "site": site, "guest": guest}
    received = dict(
        zip(pages, await asyncio.gather(*map(received_by, pages.values())), strict=True)
    )
    own = await asyncio.gather(*(measure.testimony(p, "camera", "mic") for p in pages.values()))
    at_sender = {name: told.offset() for name, told in zip(pages, own, strict=True)}

    for receiver, testimonies in received.items():
        senders = set()
        for told in testimonies:
            assert told.seen == told.heard and len(told.seen) == 1, (receiver, told)
            (sender,) = told.seen
            senders.add(sender)
            late = told.offset() - at_sender[sender]
            print(f"{receiver:>9} ← {sender:9} {told.frames:3} frames, motion {told.motion:4.1f}, "
                  f"loudness {told.loudness:.3f}, sound late by {late:+.0f} ms")  # fmt: skip
            assert told.frames > 30 and told.motion > MOVES, (receiver, told)
            assert told.loudness > SOUNDS, (receiver, told)
            assert EARLIEST < late < LATEST, (receiver, told)
        assert senders == set(pages) - {receiver}
