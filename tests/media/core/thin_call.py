"""A call over an emulated link, without a clock: a sender that obeys the estimator, a receiver that
writes real feedback bytes, and what came of it."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from media.core.link.estimator import Estimator
from media.core.link.probe import Probe
from media.core.link.trace import Trace
from media.core.packets.rtcp import TransportFeedback, parse
from media.core.packets.twcc import Arrivals
from tests.lab.emulator import Pipe, Way

TICK = 0.02
RECEIVER_CLOCK = 5000.0  # s: its clock shares no zero with ours


@dataclass(frozen=True)
class Media:
    """What there is to send. ``video``: the most a camera gives, bit/s on the wire; 0 for none.
    ``filled``: the share of what it may send that an encoder really makes."""

    voice_bytes: int = 150
    voice_every: float = 0.06
    video: int = 3_000_000
    fps: float = 15.0
    packet: int = 1100
    filled: float = 0.95
    video_from: float = 0.0


@dataclass(frozen=True)
class Sample:
    """At one tick."""

    at: float
    bitrate: int
    queue: float
    state: str
    why: str


@dataclass
class Record:
    """What came of a call."""

    samples: list[Sample] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)  # (sent at, queued)
    carried: list[tuple[float, int]] = field(default_factory=list)  # (left the link, bytes)
    probes: list[tuple[float, Probe, float]] = field(default_factory=list)  # with the estimate

    def rate(self, start: float, end: float) -> float:
        """bit/s that crossed the link."""
        return 8 * sum(size for at, size in self.carried if start <= at < end) / (end - start)

    def estimate(self, start: float, end: float) -> float:
        """bit/s, mean."""
        inside = [s.bitrate for s in self.samples if start <= s.at < end]
        return sum(inside) / len(inside)

    def queue_p95(self, start: float, end: float) -> float:
        """Seconds a packet waited for its first bit to leave."""
        waits = sorted(wait for at, wait in self.waits if start <= at < end)
        return waits[math.ceil(0.95 * len(waits)) - 1]

    def regained(self, after: float, rate: float) -> float:
        """Seconds after which the estimate is at least this and stays there for 2 s."""
        since = None
        for sample in self.samples:
            if sample.at < after:
                continue
            if sample.bitrate < rate:
                since = None
            elif since is None:
                since = sample.at
            elif sample.at - since >= 2:
                return since - after
        return math.inf


class Kept:
    """Lines of a trace, in memory."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str, /) -> None:
        self.lines.append(line)

    def read(self) -> list[list[Any]]:
        return [json.loads(line) for line in self.lines]


class ThinCall:
    """One direction of a call, event by event."""

    def __init__(
        self,
        down: Way,
        up: Way,
        *,
        start: int = 100_000,
        media: Media | None = None,
        seed: int = 1,
        trip: float | None = None,
        feedback: Callable[[float], float] | None = None,
        drift: float = 0.0,
        other: Callable[[float], Sequence[int]] | None = None,
        crowd: Callable[[float], Sequence[int]] | None = None,
        trace: Trace | None = None,
        most: int = 20_000_000,
        stalls: float = 0.0,
        tick: float = TICK,
    ) -> None:
        self.media = media or Media()
        self.pipe = Pipe(down, Random(f"down {seed}"))
        self.back = Pipe(up, Random(f"up {seed}"))
        self.estimator = Estimator(0.0, start, trip, trace=trace, most=most)
        self.record = Record()
        self._random = Random(f"media {seed}")
        self._arrivals = Arrivals()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._backlog: list[int] = []  # video packets waiting for the pacer
        self._credit = 0.0
        self._probe: Probe | None = None
        self._probe_left = 0
        self._probe_credit = 0.0
        self._every = tick
        self._drift = drift
        self._stalls = stalls  # s: the longest time the receiver's process is kept from running
        self._stall = (0.0, 0.0)
        self._other = other
        self._crowd = crowd  # what else fills the way back
        self._feedback_every = feedback
        self._received = 0.0
        self._fed_at = 0.0

    def run(self, seconds: float) -> Record:
        self.at(0.0, self._tick)
        self.at(0.0, self._voice)
        if self.media.video:
            self.at(self.media.video_from + 0.01, self._frame)
        self.at(0.1, self._feed)
        while self._events and self._events[0][0] <= seconds:
            now, _, act = heapq.heappop(self._events)
            act(now)
        return self.record

    def at(self, when: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (round(when, 5), next(self._order), act))

    # Sender

    def _send(self, size: int, now: float, probe: int = 0) -> None:
        number = self.estimator.sent(size, now, probe)
        fate = self.pipe.offer(size, now)
        if not fate.cause or fate.sent > now:
            self.record.waits.append((now, fate.queued))
            self.record.carried.append((fate.sent, size))
        if not fate.cause:
            self.at(fate.at, lambda at: self._receive(number, size, at))

    def _voice(self, now: float) -> None:
        self._send(self.media.voice_bytes, now)
        if self.estimator.estimate.state == "falling":  # as `pacer.py`: sound takes its part
            self._credit -= self.media.voice_bytes
        self.at(now + self.media.voice_every, self._voice)

    def _frame(self, now: float) -> None:
        media = self.media
        voice = 8 * media.voice_bytes / media.voice_every
        room = min(media.video, media.filled * self.estimator.estimate.soon - voice)
        if sum(self._backlog) * 8 > 0.5 * max(room, 1):
            room = 0  # an encoder which sees its pacer full skips the frame
        size = max(0.0, room) / media.fps / 8 * self._random.uniform(0.8, 1.2)
        while size > 60:
            self._backlog.append(int(min(size, media.packet)))
            size -= media.packet
        self.at(now + 1 / media.fps, self._frame)

    def _tick(self, now: float) -> None:
        estimator = self.estimator
        estimator.tick(now)
        said = estimator.estimate
        self.record.samples.append(
            Sample(now, said.bitrate, self._waits(now), said.state, said.why)
        )
        demand = self.media.video + int(8 * self.media.voice_bytes / self.media.voice_every)
        probe = estimator.wants_probe(demand, now)
        if probe is not None:
            self.record.probes.append((now, probe, said.bitrate))
            self._probe, self._probe_left, self._probe_credit = probe, probe.bytes, 0.0
        self._pace(now)
        for size in self._other(now) if self._other else ():
            self.pipe.offer(size, now)
        for size in self._crowd(now) if self._crowd else ():
            self.back.offer(size, now)
        self.at(now + self._every, self._tick)

    def _pace(self, now: float) -> None:
        probe = self._probe
        rate = 1.1 * self.estimator.estimate.bitrate if probe is None else float(probe.bitrate)
        self._credit = min(
            max(self._credit, -0.5 * rate / 8) + rate * self._every / 8,
            max(1500.0, rate * self._every / 8),
        )
        if self.estimator.estimate.late:
            self._probe = None
            return
        while self._credit > 0 and (self._backlog or probe is not None):
            size = self._backlog.pop(0) if self._backlog else min(255, max(60, self._probe_left))
            self._credit -= size
            self._send(size, now, probe.id if probe else 0)
            if probe is not None:
                self._probe_left -= size
                if self._probe_left <= 0:
                    probe = self._probe = None

    def _waits(self, now: float) -> float:
        return self.pipe.capacity.when(self.pipe.capacity.by(now) + self.pipe.backlog(now)) - now

    # Receiver

    def _receive(self, number: int, size: int, now: float) -> None:
        if self._stalls and now > self._stall[1] + 1.0:
            start = now + self._random.uniform(0, 1)
            self._stall = (start, start + self._random.uniform(0, self._stalls))
        if self._stall[0] <= now < self._stall[1]:
            now = self._stall[1]
        seen = RECEIVER_CLOCK + now * (1 + self._drift)
        self._arrivals.note(number, int(seen * 1e6))
        self._received += size

    def _feed(self, now: float) -> None:
        rate = 8 * self._received / max(0.05, now - self._fed_at)
        self._received, self._fed_at = 0.0, now
        for datagram in self._arrivals.feedback(1, 2):
            fate = self.back.offer(len(datagram) + 50, now)
            if not fate.cause:
                self.at(fate.at, lambda at, datagram=datagram: self._told(datagram, at))
        every = self._feedback_every(rate) if self._feedback_every else _browser_interval(rate)
        self.at(now + every, self._feed)

    def _told(self, datagram: bytes, now: float) -> None:
        for packet in parse(datagram):
            assert isinstance(packet, TransportFeedback)
            self.estimator.feedback(packet.body, now)


def _browser_interval(rate: float) -> float:
    """As Chromium: 5 % of what comes in, between 50 and 250 ms."""
    return min(0.25, max(0.05, 68 * 8 / max(1.0, 0.05 * rate)))


def steady(kbit: float, trip: float, **more: object) -> tuple[Way, Way]:
    """A link of that rate and round trip, with a queue of 400 ms, and the way back."""
    queue = int(more.pop("queue", max(4000, kbit * 125 * 0.4)))  # type: ignore[call-overload]
    down = Way(((0, kbit),), delay=trip / 2, queue=queue, **more)  # type: ignore[arg-type]
    return down, Way(((0, 1000),), delay=trip / 2)


class Model:
    """A TCP flow that models its path (BBR, draft-cardwell-iccrg-bbr-congestion-control-00): paced
    about the most it got lately, twice a round trip of it in flight, nearly none each ten seconds
    for a fifth of one. Its queue comes and goes by itself, and nothing is ever lost."""

    SIZE = 1500
    CYCLE = (1.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)

    def __init__(self, call: ThinCall, start: float, end: float, trip: float) -> None:
        self._call, self._end, self._back, self._begun = call, end, trip / 2, start
        self._flying, self.got = 0, 0
        self._least = (1e9, start)  # round trip, when it was seen
        self._rates: list[tuple[float, float]] = []  # when, bit/s
        self._grows, self._best, self._flat = True, 0.0, 0
        self._quiet_until = 0.0
        self._next_round = start
        call.at(start, self._send)

    def _rate(self, now: float) -> float:
        self._rates = [each for each in self._rates if each[0] > now - 10 * self._least[0]]
        return max((rate for _, rate in self._rates), default=10 * self.SIZE * 8 / 0.1)

    def _send(self, now: float) -> None:
        if now >= self._end:
            return
        rate, trip = self._rate(now), min(self._least[0], 1.0)
        gain = 2.0 if self._grows else self.CYCLE[int((now - self._begun) / trip) % 8]
        window = max(4 * self.SIZE, (2.9 if self._grows else 2.0) * rate * trip / 8)
        if now < self._quiet_until:
            window = 4 * self.SIZE
        if self._flying < window:
            self._flying += self.SIZE
            fate, got = self._call.pipe.offer(self.SIZE, now), self.got
            if fate.cause:
                self._call.at(now + 0.3, lambda at: self._done(now, at, got, 0))
            else:
                back = fate.at + self._back
                self._call.at(back, lambda at: self._done(now, at, got, self.SIZE))
        self._call.at(now + self.SIZE * 8 / (gain * rate), self._send)

    def _done(self, left: float, now: float, got: int, size: int) -> None:
        self._flying -= self.SIZE
        self.got += size
        if not size:
            return
        trip = now - left
        self._rates.append((now, (self.got - got) * 8 / trip))
        if trip <= self._least[0]:
            self._least = (trip, now)
        elif now - self._least[1] > 10:
            self._quiet_until, self._least = now + 0.25 + trip, (trip, now)
        if self._grows and now >= self._next_round:
            self._next_round = now + trip
            better = self._rate(now) > 1.25 * self._best
            self._best, self._flat = (
                max(self._best, self._rate(now)),
                0 if better else self._flat + 1,
            )
            self._grows = self._flat < 3


class Download:
    """A TCP flow (Reno) through the same pipe: one more packet in flight per round trip, half at a
    loss. Acknowledgements are never lost."""

    SIZE = 1500

    def __init__(self, call: ThinCall, start: float, end: float, trip: float) -> None:
        self._call, self._end, self._back = call, end, trip / 2
        self._window, self._flying, self._threshold = 10.0, 0, 1e9
        self._halved_at = start
        self.got = 0
        call.at(start, self._fill)

    def _fill(self, now: float) -> None:
        while now < self._end and self._flying < self._window:
            fate = self._call.pipe.offer(self.SIZE, now)
            self._flying += 1
            if fate.cause:
                self._call.at(now + 0.2 + self._back, self._missed)
            else:
                self._call.at(fate.at + self._back, self._acknowledged)

    def _acknowledged(self, now: float) -> None:
        self._flying -= 1
        self.got += self.SIZE
        self._window += 1.0 if self._window < self._threshold else 1 / self._window
        self._fill(now)

    def _missed(self, now: float) -> None:
        self._flying -= 1
        if now - self._halved_at > 2 * self._back + 0.3:
            self._window = self._threshold = max(2.0, self._window / 2)
            self._halved_at = now
        self._fill(now)
