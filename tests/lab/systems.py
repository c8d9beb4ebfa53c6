"""The systems that are compared, each as the same two steps: get ready, then begin.

Getting ready happens on a wide link (a warm page, devices open, the specialist waiting); beginning
happens on the thin one, and its instant is the click from which a first picture is counted.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from playwright.async_api import Page

from server.kernel.tls import Certificate, make_certificate
from tests.e2e import journey
from tests.e2e.process import ROOT, Carbet
from tests.lab.profiles import Profile
from tests.lab.seats import SPECIALIST, Seat, afresh
from tests.lab.star import Star
from tests.lab.tuning import Tuning, tuned
from tests.peers.measure import until

SCRIPT = Path(__file__).with_name("direct.js")
PAGE = "<!doctype html><title>Essai</title><body></body>"
ORIGIN = "https://lab.invalid/"  # answered by the driver: no packet asks for it
# What a person waits to see before each step; looked for at every frame.
LINK = "() => [...document.links].some((one) => one.href.endsWith('/call') && one.offsetParent)"
QUESTION = "() => document.querySelector('input[name=consent]')?.offsetParent"
DEVICES = """() => [...document.querySelectorAll("button")].filter(
  (one) => /Couper le micro|Éteindre la caméra/.test(one.innerText) && !one.disabled).length > 1"""
READY = (LINK, QUESTION, DEVICES)
SECOND = "Mireille Couachy"  # the guest who sits at the second site


class System(Protocol):
    """One way to hold a call."""

    async def ready(self, seats: Mapping[str, Seat]) -> None:
        """Everything before the click, while links are wide."""

    async def begin(self, seats: Mapping[str, Seat]) -> None:
        """The click, on thin links, and what follows from it."""

    async def ask_still(self, seats: Mapping[str, Seat]) -> bool:
        """The specialist asks for a sharp still of the site; False where nobody can."""

    async def end(self) -> None:
        """Leave no process behind, whatever happened."""


async def open_pages(seats: Mapping[str, Seat]) -> None:
    """An empty page for each, able to connect, with camera and microphone open."""
    for seat in seats.values():
        await seat.page.route(
            ORIGIN, lambda route: route.fulfill(body=PAGE, content_type="text/html")
        )
        await seat.page.goto(ORIGIN)
        await seat.page.evaluate(SCRIPT.read_text())
        await seat.page.evaluate("() => window.__direct.ready()")


class Direct:
    """Browsers joined with each other and nothing between: each pair a connection."""

    def __init__(self, star: Star, profile: Profile, by_hand: bool) -> None:
        self._profile, self._by_hand = profile, by_hand

    async def ready(self, seats: Mapping[str, Seat]) -> None:
        await open_pages(seats)

    def _tuning(self, name: str, others: int) -> Tuning | None:
        if not self._by_hand:
            return None
        links = self._profile.links
        ways = [links["site"].down] if name == SPECIALIST else [links[name].up]
        return tuned(ways[0], self._profile.seconds, others)

    async def begin(self, seats: Mapping[str, Seat]) -> None:
        pairs = itertools.combinations(seats.values(), 2)
        await asyncio.gather(*(self._join(a, b, len(seats) - 1) for a, b in pairs))

    async def _join(self, one: Seat, other: Seat, others: int) -> None:
        """The driver carries descriptions at once: in favour of this system, a server's
        messages would cross the link."""
        tunings = [t and t.for_page() for t in (self._tuning(s.name, others) for s in (one, other))]
        offer = await one.page.evaluate(
            "([name, tuning]) => window.__direct.offer(name, tuning)", [other.name, tunings[0]]
        )
        answer = await other.page.evaluate(
            "([name, tuning, sdp]) => window.__direct.answer(name, tuning, sdp)",
            [one.name, tunings[1], offer],
        )
        await one.page.evaluate(
            "([name, sdp]) => window.__direct.conclude(name, sdp)", [other.name, answer]
        )

    async def ask_still(self, seats: Mapping[str, Seat]) -> bool:
        return False

    async def end(self) -> None:
        return


def certificate(folder: Path) -> Certificate:
    """The one Carbet will find in its data and serve with; made before any browser starts."""
    return make_certificate(folder / "data" / "demo")


class HubCarbet(Carbet):
    """Carbet in the hub: pages on every address, media on the one that links lead to."""

    def __init__(self, folder: Path, host: str, traces: Path | None) -> None:
        super().__init__(folder)
        self.host, self.traces = host, traces
        self.public = f"https://{host}:{self.port}"

    async def start(self) -> None:
        environment = {key: value for key, value in os.environ.items() if key[:7] != "CARBET_"}
        environment |= {
            "CARBET_SERVER__HOST": "0.0.0.0",
            "CARBET_SERVER__PORT": str(self.port),
            "CARBET_SERVER__DATA_DIR": str(self.folder / "data"),
            "CARBET_MEDIA__HOST": self.host,
            "CARBET_MEDIA__UDP_PORT": str(self.udp_port),
            "CARBET_MEDIA__TRACE": str(self.traces.absolute()) if self.traces else "",
        }
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "demo", cwd=ROOT, env=environment,
                stdout=log, stderr=log,
            )  # fmt: skip
        await until(f"Carbet ready ({self.log})", self.ready, patience=90)

    def _processes(self) -> list[int]:
        """Those within our namespace: elsewhere another Carbet may have the same port."""
        here = os.readlink("/proc/thread-self/ns/net")
        return [pid for pid in super()._processes() if os.readlink(f"/proc/{pid}/ns/net") == here]


class ByCarbet:
    """The real server and the real pages, clicked: the site enters where the specialist waits.

    ``cold``: the site is logged in and has nothing else; all of the page crosses the thin link, and
    the click is the one that opens it. A person's hesitation is not counted: what is asked is
    answered as soon as it can be read.
    """

    def __init__(
        self, star: Star, folder: Path, traces: Path | None = None, cold: bool = False
    ) -> None:
        self._carbet = HubCarbet(folder, star.address, traces)
        self._cold, self._consultation = cold, ""

    async def ready(self, seats: Mapping[str, Seat]) -> None:
        await self._carbet.start()
        clinician, site = seats[SPECIALIST].page, seats["site"].page
        await journey.enter_demo(clinician, self._carbet.public, "Dr Claire Morel")
        self._consultation = await journey.plan_now(clinician, self._carbet.public)
        link = await journey.link_for(clinician, SECOND)
        await journey.go_to_call(clinician)
        await journey.knock(clinician)
        await journey.in_call(clinician)
        await journey.enter_demo(site, self._carbet.public, "Odile Apatou")
        if self._cold:
            await afresh(seats["site"])
        else:
            await self._to_door(site)
        if "second" in seats:
            guest = seats["second"].page
            await guest.goto(link)
            await journey.at_devices(guest)
            await journey.consent(guest)
            await journey.devices_on(guest)

    async def _to_door(self, site: Page) -> None:
        await site.goto(self._consultation, timeout=journey.SLOW)
        await journey.go_to_call(site)
        await journey.consent(site)
        await journey.devices_on(site)

    async def _at_once(self, site: Page) -> None:
        """To the door again, without a moment between what can be done and doing it."""
        await site.goto(self._consultation, timeout=journey.SLOW, wait_until="commit")
        for ready in READY:
            await site.wait_for_function(ready, polling="raf", timeout=journey.SLOW)
            if ready == LINK:
                await site.get_by_role("link", name="Rejoindre").click(no_wait_after=True)
            if ready == QUESTION:
                await site.get_by_role("radio", name=re.compile("accepte")).check()

    async def begin(self, seats: Mapping[str, Seat]) -> None:
        if self._cold:
            await self._at_once(seats["site"].page)
        await journey.knock(seats["site"].page)
        if "second" in seats:
            await journey.knock(seats["second"].page)
            await journey.admit(seats[SPECIALIST].page, SECOND)

    async def ask_still(self, seats: Mapping[str, Seat]) -> bool:
        asking = re.compile("^Demander une image nette")
        await seats[SPECIALIST].page.get_by_role("button", name=asking).first.click()
        return True

    async def end(self) -> None:
        await self._carbet.end()
