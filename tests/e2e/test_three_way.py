"""Three people in one room: two Chromiums and a Firefox, each with a moving face and a voice.

Every receiver must see and hear each of the others, with their own picture beside their own voice,
and lips in step. Faces and voices come from the page camera, the same in both browsers. What the
browsers themselves add to the lip offset is measured on direct connections between the same
browsers, without Carbet.
"""

from __future__ import annotations

import asyncio
from itertools import permutations

from playwright.async_api import Browser, Page

from tests.e2e import journey
from tests.e2e.conftest import People
from tests.e2e.process import Carbet
from tests.peers import browsers, direct, measure
from tests.peers.talking_head import PEOPLE, SITE
from tests.peers.testimony import Testimony

ADDED = 150  # ms; what Carbet may add to the lip offset of a direct connection, either way
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


async def directly(sender: Browser, receiver: Browser) -> float:
    """The lip offset between these two browsers without Carbet, in ms."""
    async with (
        direct.empty_page() as address,
        browsers.person_at(sender, camera=SITE) as one,
        browsers.person_at(receiver) as other,
    ):
        await direct.connect(address, one, other)
        told = await measure.testimony(other, direct.PICTURE, direct.SOUND)
        return told.offset()


async def test_each_of_three_sees_and_hears_the_others_in_step(
    carbet: Carbet, chromium: Browser, second_chromium: Browser, firefox: Browser, people: People
) -> None:
    at = {"clinician": chromium, "site": second_chromium, "guest": firefox}
    pages = {person.name: await people.sit(at[person.name], person) for person in PEOPLE}
    await enter_three(carbet, **pages)
    received = dict(zip(at, await asyncio.gather(*map(received_by, pages.values())), strict=True))
    for page in pages.values():
        await page.close()

    for receiver, testimonies in received.items():
        for told in testimonies:
            assert told.seen == told.heard and len(told.seen) == 1, (receiver, told)
            assert told.frames > 30 and told.motion > MOVES, (receiver, told)
            assert told.loudness > SOUNDS, (receiver, told)
        senders = {name for told in testimonies for name in told.seen}
        assert senders == set(at) - {receiver}
    await lips_match(at, received)


async def lips_match(at: dict[str, Browser], received: dict[str, list[Testimony]]) -> None:
    """Each lip offset against that of a direct connection between browsers of the same makes."""
    makes = {name: browser.browser_type.name for name, browser in at.items()}
    pairs = {(makes[one], makes[other]): (at[one], at[other]) for one, other in permutations(at, 2)}
    offsets = await asyncio.gather(*(directly(*pair) for pair in pairs.values()))
    references = dict(zip(pairs, offsets, strict=True))
    for receiver, testimonies in received.items():
        for told in testimonies:
            (sender,) = told.seen
            added = told.offset() - references[makes[sender], makes[receiver]]
            print(f"{receiver:>9} ← {sender:9} {told.frames:3} frames, motion {told.motion:4.1f}, "
                  f"loudness {told.loudness:.3f}, lip offset {told.offset():+4.0f} ms, "
                  f"of which Carbet {added:+4.0f} ms")  # fmt: skip
            assert abs(added) < ADDED, (receiver, sender, told)
