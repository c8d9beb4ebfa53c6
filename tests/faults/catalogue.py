"""The faults: each strikes a call once, and says from which instant seconds are counted.

``owed`` is the p95 in seconds that issue and documents promise. A fault changes nothing of the
product: it is what happens to people, to processes, to links.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.faults.people import Sitter
from tests.lab.systems import HubCarbet

LINGERS = 2.0  # seconds a network that is left still carries


@dataclass
class Scene:
    """A call in which a fault is about to fall, and upon whom."""

    carbet: HubCarbet
    people: dict[str, Sitter]
    victim: Sitter
    random: Random
    asides: dict[str, float] = field(default_factory=dict)  # other seconds worth telling
    afterwards: Callable[[], Awaitable[None]] | None = None  # what is left to do once all are back

    @property
    def other(self) -> Sitter:
        return next(one for one in self.people.values() if one is not self.victim)


@dataclass(frozen=True)
class Fault:
    """``strike`` returns the instant of ``time.time`` from which seconds are counted. ``cut``: how
    long nothing passes; ``whole``: media must not stop at all."""

    name: str
    owed: float
    strike: Callable[[Scene], Awaitable[float]]
    cut: float = 0.0
    whole: bool = False
    control: bool = False  # seconds are those of control, not of sound and picture


async def reload(scene: Scene) -> float:
    struck = time.time()
    await scene.victim.page.reload(wait_until="commit")
    return struck


async def killed(scene: Scene) -> float:
    """``kill -9`` of the browser; opened again with the cookies it had, as browsers restore them
    after a crash. Counted from when the reopened browser asks for the page."""
    victim = scene.victim
    address, struck = victim.page.url, time.time()
    cookies: list[Any] = list(await victim.page.context.cookies())
    await victim.kill()
    await victim.sit()
    await victim.page.context.add_cookies(cookies)
    asked = time.time()
    scene.asides["browser away"] = asked - struck
    await victim.page.goto(address, wait_until="commit")
    return asked


async def second_tab(scene: Scene) -> float:
    struck = time.time()
    first = await scene.victim.new_tab()
    scene.afterwards = first.close
    return struck


async def _restart(scene: Scene, how: signal.Signals) -> float:
    struck = time.time()
    await scene.carbet.stop(how)
    await scene.victim.write(f"Pendant l’arrêt {struck:.3f}")
    await scene.carbet.start()
    ready = time.time()
    scene.asides["server away"] = ready - struck
    return ready


async def server_ended(scene: Scene) -> float:
    return await _restart(scene, signal.SIGTERM)


async def server_killed(scene: Scene) -> float:
    return await _restart(scene, signal.SIGKILL)


async def worker_killed(scene: Scene) -> float:
    struck = time.time()
    scene.carbet.kill_worker()
    return struck


async def moved(scene: Scene) -> float:
    """Out of reach of the Wi-Fi: it goes, and mobile data comes up in its place."""
    place = scene.victim.place
    left, struck = place.network, time.time()
    await asyncio.to_thread(place.leave, left)
    await asyncio.to_thread(place.enter, place.other)
    return struck


async def moved_softly(scene: Scene) -> float:
    """Mobile data comes up and is preferred, while the Wi-Fi still looks well: it carries for
    LINGERS seconds, then nothing, and goes only later."""
    place = scene.victim.place
    left = place.network
    await asyncio.to_thread(place.enter, place.other)
    await asyncio.sleep(LINGERS)
    struck = time.time()
    await asyncio.to_thread(place.silence, left)

    async def gone() -> None:
        await asyncio.to_thread(place.leave, left)

    scene.afterwards = gone
    return struck


def cut(seconds: float) -> Callable[[Scene], Awaitable[float]]:
    async def strike(scene: Scene) -> float:
        place = scene.victim.place
        await asyncio.to_thread(place.silence, place.network)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(place.restore, place.network)
        return time.time()

    return strike


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("reload", 3.0, reload),
        Fault("browser-killed", 3.0, killed),
        Fault("second-tab", 3.0, second_tab),
        Fault("server-restarted", 3.0, server_ended, whole=True, control=True),
        Fault("server-killed", 3.0, server_killed, whole=True, control=True),
        Fault("worker-killed", 4.0, worker_killed),
        Fault("address-changed", 3.0, moved),
        Fault("address-lingers", 3.0, moved_softly),
        Fault("cut-5", 2.0, cut(5), cut=5),
        Fault("cut-30", 3.0, cut(30), cut=30),
        Fault("cut-120", 5.0, cut(120), cut=120),
    )
}
