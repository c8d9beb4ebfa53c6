"""Links, estimators and browsers in a few lines, for plan tests of the ladder. Seeded, no clock.

The estimators here are cruder than the real ones and err more: what holds beside them holds."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from media.core.allocation.capacity import start
from media.core.allocation.ladder import Link, Quality
from media.core.allocation.plan import Plan
from media.core.allocation.uplink import Believed, Codecs, Uplink, Want
from media.core.link.belief import Belief
from media.core.link.inflow import Inflow
from media.quality import load

QUALITY: Quality = load()
TICK = 0.2
Trace = Callable[[float], float]  # seconds → bit/s


def link(
    rate: int, loss: float = 0.0, own: float | None = None, queue: float | None = 0.0,
    state: str = "steady", why: str = "rate", trip: float | None = 0.6,
) -> Link:  # fmt: skip
    return Link(rate, loss, loss if own is None else own, trip, queue, state, why)


def steady(rate: float) -> Trace:
    return lambda now: rate


def steps(*legs: tuple[float, float]) -> Trace:
    """(seconds, bit/s) one after the other, again and again."""
    whole = sum(seconds for seconds, _ in legs)

    def at(now: float) -> float:
        place = now % whole
        for seconds, rate in legs:
            if place < seconds:
                return rate
            place -= seconds
        return legs[-1][1]

    return at


def ramp(start: float, end: float, seconds: float) -> Trace:
    return lambda now: start + (end - start) * min(1.0, now / seconds)


def cellular(low: float, high: float, seed: int) -> Trace:
    """A random walk in octaves between two bounds, a step each second."""
    dice, at = random.Random(seed), [low + (high - low) / 2]
    for _ in range(2000):
        at.append(min(high, max(low, at[-1] * 2 ** dice.uniform(-0.6, 0.6))))
    return lambda now: at[min(int(now), 1999)]


def noisy(trace: Trace, share: float, seed: int) -> Trace:
    """The same as a nervous estimator tells it: up to `share` more or less each time."""
    dice = random.Random(seed)
    return lambda now: trace(now) * (1 + dice.uniform(-share, share))


def most_in_a_minute(times: list[float]) -> int:
    """The most of these times that any 60 s hold."""
    return max((sum(at <= one < at + 60 for one in times) for at in times), default=0)


def changes(rungs: list[tuple[float, str]]) -> list[float]:
    """When the rung changed."""
    return [now for (_, old), (now, new) in pairwise(rungs) if old != new]


@dataclass
class Browser:
    """A browser which sends what its plan says through a link with a queue, and estimates about
    as libwebrtc does: 8 % more a second up to 1.5 times what got through, 0.85 of it on delay."""

    trace: Trace
    most_queue: float = 1.0  # s
    loss: float = 0.0
    video: float = 1.0  # of what it was told
    trip: float = 0.3
    tells: bool = True
    estimate: float = 300_000.0
    queue: float = 0.0  # bits
    lost: float = 0.0
    came: float = 0.0
    ceiling: int = 1 << 30

    def send(self, plan: Plan, now: float) -> None:
        streams = [one for one in (plan.camera, plan.low, plan.exam) if one]
        wanted = sum(one.bitrate * 1.06 + one.fps * 512 for one in streams) * self.video
        sent = plan.audio.wire + min(wanted, max(0.0, self.estimate - plan.audio.wire))
        rate = self.trace(now)
        if plan.ceiling > max(self.ceiling, self.estimate):  # libwebrtc probes then
            self.estimate = max(self.estimate, 0.95 * min(plan.ceiling, rate))
        self.ceiling = plan.ceiling
        self.queue += (sent - rate) * TICK
        through = min(rate, sent + max(0.0, self.queue) / TICK)
        self.queue = max(0.0, self.queue)
        over = max(0.0, self.queue - self.most_queue * rate)
        self.queue -= over
        self.lost = over / TICK / sent if rate else 1.0
        self.came = min(through, rate)
        if not rate:
            return  # no feedback, no new estimate
        if self.delay(now) > 0.15 or self.lost > 0.1:
            self.estimate = min(self.estimate, max(8000.0, 0.85 * self.came))
        else:
            grown = self.estimate * 1.08**TICK
            self.estimate = max(self.estimate, min(grown, 1.5 * self.came + 10_000), self.came)
            self.estimate = min(self.estimate, max(plan.ceiling, 8000))

    def delay(self, now: float) -> float:
        rate = self.trace(now)
        return min(self.queue / rate, 5.0) if rate else 5.0

    def link(self, now: float) -> Link:
        loss = min(1.0, self.loss + self.lost)
        return Link(int(self.came * (1 - self.loss)), loss, self.loss, self.trip,
                    self.delay(now) if self.came else None, "", "")  # fmt: skip


@dataclass
class Moment:
    now: float
    plan: Plan
    delay: float
    came: float
    rate: int


def call_up(
    browser: Browser, seconds: float, *, want: int = 2_500_000, matters: str = "speech",
    hint: int | None = None, ceiling: int | None = None, transfer: bool = False, av1: bool = True,
) -> Iterator[Moment]:  # fmt: skip
    """One browser told what to encode for one receiver, by what its link is believed to carry."""
    begun = start(QUALITY, hint, browser.trip)
    uplink, belief = Uplink(QUALITY, begun, 0.0), Belief(begun, 0.0)
    peaks, planned = deque[float](), 0
    for n in range(int(seconds / TICK)):
        now = n * TICK
        seen = browser.link(now)
        peaks.append(browser.came)
        if len(peaks) > 2 / TICK:
            peaks.popleft()
        flow = Inflow(seen.rate, seen.loss, seen.own_loss, seen.queue, int(max(peaks)), seen.rate)
        word = (int(browser.estimate), now) if browser.tells else None
        demand = min(want * 3 // 2 + 100_000, int(1.3 * uplink.rate))
        rate = belief.step(flow, word, planned, demand, transfer, now)
        plan = uplink.step(
            now, seen, Believed(rate), {"camera": [Want(want, matters, 720, True)]}, [],
            Codecs(av1), transfer, ceiling,
        )  # fmt: skip
        browser.send(plan, now)
        streams = [one for one in (plan.camera, plan.low, plan.exam) if one]
        planned = plan.audio.wire + sum(one.bitrate for one in streams)
        floor = min(belief.floor(flow, planned, now), uplink.rate)
        browser.estimate = floor if browser.estimate < 0.8 * floor else browser.estimate
        yield Moment(now, plan, browser.delay(now), browser.came, uplink.rate)
