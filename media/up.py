"""What one browser sends, seen from here: its feedback fed, its link watched, its own words kept.

The browser's congestion control decides how much; this tells what it should be spent on.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from media.core.allocation.capacity import start
from media.core.allocation.ladder import Link, Quality, VoiceStep
from media.core.allocation.plan import Plan
from media.core.allocation.uplink import Believed, Codecs, Uplink, Want
from media.core.link.belief import EMPTY, LEAST, Belief
from media.core.link.inflow import Inflow, Watch
from media.core.packets import opus, red, twcc
from media.core.packets.lines import RED
from media.events import Hint, LinkReport

AHEAD = 1.3  # times what plans are made for: a belief runs no further ahead of them
DEMAND = 1.5  # times what receivers could use of the largest picture
START_NEAR = 300_000  # bit/s where nothing is remembered of a link that is near
VOICE = 100_000  # bit/s beside the pictures
FLOOR_STEP = 1.3
FOUND = 1.1  # times what it was told to start again from
WIDE = 100_000  # bit/s
LATELY = 5.0  # s: what a browser believed in for less does not shape its pictures


class Up:
    """See the module. All times are monotonic seconds."""

    def __init__(
        self, ours: int, hint: Hint, quality: Quality, send: Callable[[bytes], None], now: float
    ) -> None:
        self.hint = hint
        self.transfer = False  # something else than media crosses the link
        self.inflow = Inflow(0, 0.0, 0.0, None)
        begun = start(quality, hint.up, hint.rtt)
        self._ladder = Uplink(quality, begun, now)
        self.belief = Belief(begun, now)
        self._near = False
        self._trip_near = quality.start.round_trip
        self._report: LinkReport | None = None
        self._said: list[tuple[int, float]] = []  # what it meant to send at most, and when
        self._planned = 0  # bit/s the browser was told to send
        self._ours = ours
        self._send = send
        self._watch = Watch(now)
        self._arrivals = twcc.Arrivals()
        self._bits = 0
        self._fed_at = now
        self._feed_every = twcc.FAST

    def begin(self, most: int, near: bool) -> None:
        """Nothing came yet: its link carries no more than `most` bit/s, and may be `near`."""
        if near:
            self._begin_near()
        self.belief.rate = min(self.belief.rate, max(LEAST, most))

    def _begin_near(self) -> None:
        if self.hint.up is None and not self._near:
            self._near = True
            self.belief.rate = max(self.belief.rate, START_NEAR)
            self._ladder.begin(START_NEAR)

    def arrived(self, size: int, number: int, now: float) -> None:
        """A decrypted packet of `size` bytes; `number` is transport-wide, -1 when absent."""
        self._bits += 8 * size
        self._watch.arrived(size, now)
        if number >= 0:
            self._arrivals.note(number, int(now * 1_000_000))
            self._watch.numbered(number)

    def sounded(self, payload_type: int, timestamp: int, payload: bytes, now: float) -> None:
        """A microphone's packet. Raises RedError."""
        if payload_type == RED:
            payload = red.primary(payload)[1]
        self._watch.sounded(timestamp, opus.duration(payload), now)

    def reported(self, report: LinkReport, now: float) -> None:
        """What the browser says of its own sending."""
        self._report = report
        waits = self.inflow.queue is None or self.inflow.queue > EMPTY
        if report.rtt is not None and report.rtt <= self._trip_near and not waits:
            self._begin_near()
        self._said = [*self._lately(now), (report.up, now)] if report.up else []

    def _lately(self, now: float) -> list[tuple[int, float]]:
        """What it said in the last seconds, and what held when they began."""
        before = [one for one in self._said if one[1] < now - LATELY]
        return before[-1:] + [one for one in self._said if one[1] >= now - LATELY]

    @property
    def rate(self) -> int:
        """Bit/s its link is thought to carry."""
        return self._ladder.rate

    def plan(
        self, wants: Mapping[str, Sequence[Want]], voices: Sequence[VoiceStep], can: Codecs,
        round_trip: float | None, now: float,
    ) -> Plan:  # fmt: skip
        """What the browser is to send, for what receivers want: the same while nothing changes."""
        seen = self.inflow = self._watch.see(now)
        trip = self.hint.rtt if round_trip is None else round_trip
        link = Link(seen.rate, seen.own_loss, seen.own_loss, trip, seen.queue, "steady", "rate")
        believed = self._believe(wants, now)
        plan = self._ladder.step(
            now, link, believed, wants, voices, can, self.transfer, self.hint.ceiling
        )
        pictures = [one.bitrate for one in (plan.camera, plan.low, plan.exam) if one]
        self._planned = plan.audio.wire + sum(pictures)
        return plan

    def _believe(self, wants: Mapping[str, Sequence[Want]], now: float) -> Believed:
        report = self._report
        said = self._said[-1] if self._said else None
        useful = max((want.rate for each in wants.values() for want in each), default=0)
        demand = min(int(DEMAND * useful) + VOICE, int(AHEAD * self.rate))
        rate = self.belief.step(self.inflow, said, self._planned, demand, self.transfer, now)
        least = min((up for up, _ in self._lately(now)), default=None)
        limited = report.limited if report else "none"
        return Believed(rate, limited, least, self._found(now))

    def _found(self, now: float) -> int:
        """Bit/s the browser believes in beyond all it was told to start again from: it has seen so
        much pass. A thin link's browser is told before it can find out."""
        said, at = self._said[-1] if self._said else (0, now)
        floor = self.floor(now)
        return said if now - at < LATELY and floor and said > max(WIDE, FOUND * floor) else 0

    def floor(self, now: float) -> int:
        """Bit/s the browser should start again from, should it believe in less; 0 for none. In
        steps, so that each is worth a message."""
        rate = min(self.belief.floor(self.inflow, self._planned, now), self.rate)
        return int(FLOOR_STEP ** int(math.log(rate, FLOOR_STEP))) if rate else 0

    def feed(self, media: int, sendable: int, now: float) -> None:
        """Feedback, when it is due. `media`: SSRC heard last; `sendable`: bit/s of the way back."""
        if now - self._fed_at < self._feed_every:
            return
        self._feed_every = twcc.interval(self._bits / (now - self._fed_at), sendable)
        self._fed_at, self._bits = now, 0
        for packet in self._arrivals.feedback(self._ours, media):
            self._send(packet)
