"""What one browser is sent: each packet numbered, pictures paced, what its feedback says believed.

Sound leaves at once, pictures in their turn. Who is seen is decided elsewhere; how much of it fits
the link is decided by the ladder this holds.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from media.core.allocation.allocator import Down as Shares
from media.core.allocation.allocator import Downlink, Picture, Voice
from media.core.allocation.ladder import Link, Quality
from media.core.link.estimate import Estimate
from media.core.link.estimator import Estimator
from media.core.link.pacer import Pacer
from media.core.link.probe import Probe
from media.core.link.trace import Trace
from media.core.packets import feedback, rtp
from media.core.packets.lines import OPUS, RED
from media.core.packets.wire import AROUND, NUMBER, OVERHEAD
from media.core.stream.budget import Budget
from media.core.stream.rewrite import Packet
from media.events import Hint
from media.track import Outgoing, Track

REMEMBERED = 0.8  # of what the site had last time
NEAR = 0.1  # s of round trip below which a thin link is unlikely
START_FAR, START_NEAR = 120_000, 300_000  # bit/s where nothing is remembered
LEAST = 12_000  # bit/s: a voice
UNKNOWN = 2_000_000  # bit/s for whoever agreed to no feedback
SOUND = (OPUS, RED)
MOST_SAID = 256  # packets of sound that may leave again: some seconds of all voices
PACE = 0.01  # s between two looks at the queue
HEADROOM = 1.1  # of the estimate: the link is to be the limit, not the pacer


class Way(Protocol):
    """Where packets leave."""

    def send_rtp(self, packet: bytes) -> bytes | None: ...
    def repeat(self, sealed: bytes) -> None: ...
    def send_rtcp(self, packet: bytes) -> None: ...


def first_rate(hint: Hint) -> int:
    """Where to begin, bit/s: what this site had last time, else what its round trip suggests."""
    if hint.down:
        return max(24_000, int(REMEMBERED * hint.down))
    return START_NEAR if hint.rtt is not None and hint.rtt < NEAR else START_FAR


class Down:
    """See the module. All times are monotonic seconds."""

    def __init__(
        self, way: Way, hint: Hint, quality: Quality, counts: Counter[str], now: float,
        trace: Trace | None = None,
    ) -> None:  # fmt: skip
        self.hint = hint
        self.budget = Budget()
        self.blind = False  # it agreed to no feedback (no browser does that): nothing is adapted
        self.transfer = False  # something else than media crosses the link
        self._trace = trace
        self._estimator = Estimator(now, first_rate(hint), hint.rtt, trace=trace)
        self._ladder = Downlink(quality, now)
        self._pacer: Pacer[tuple[Track, Outgoing]] = Pacer(now, self.estimate.bitrate)
        self._demand = 0  # bit/s of all that could be of use
        self.fill: Callable[[int, float], bool] | None = None  # sends about so many idle bytes
        self._probe: Probe | None = None  # under way
        self._probe_at = now
        self._left = 0  # bytes that left since
        self._round_trip = hint.rtt
        self._said: dict[bytes, bytes] = {}  # number and stream of sound → what left
        self._way = way
        self._counts = counts

    def begin(self, most: int, near: bool, now: float) -> None:
        """Nothing left yet: the link carries no more than `most` bit/s, and may be `near`."""
        start = START_NEAR if near and self.hint.down is None else self.estimate.bitrate
        start = max(LEAST, min(start, most))
        if start != self.estimate.bitrate:
            self._estimator = Estimator(now, start, self.hint.rtt, trace=self._trace)

    @property
    def busy(self) -> bool:
        """Whether something waits to leave, or a probe is under way."""
        return bool(self._pacer) or self._probe is not None

    @property
    def estimate(self) -> Estimate:
        """What the link carries, as far as is known."""
        return self._estimator.estimate

    def share(self, pictures: Sequence[Picture], voices: Sequence[Voice], now: float) -> Shares:
        """Who gets how much of the link from now on."""
        found = self.estimate
        link = Link(
            found.bitrate, found.own_loss, found.own_loss, self._round_trip, found.queue,
            found.state, found.why, found.soon,
        )  # fmt: skip
        shares = self._ladder.step(now, link, pictures, voices, self.transfer, self.hint.ceiling)
        self._demand = shares.demand
        return shares

    def heard(self, body: bytes, now: float) -> None:
        """The browser's transport-wide feedback; what lies is counted and dropped."""
        try:
            self._estimator.feedback(body, now)
        except feedback.FeedbackError:
            self._counts["dropped_feedback"] += 1

    def reported(self, loss: float, round_trip: float | None, now: float) -> None:
        """Its receiver reports."""
        self._round_trip = round_trip
        self._estimator.report(loss, round_trip, now)

    def send(self, packet: bytes, now: float) -> None:
        """Number a packet and send it now: sound, or a picture in its turn."""
        size = len(packet) + NUMBER + AROUND
        number = self._estimator.sent(size, now, self._probe.id if self._probe else 0)
        sealed = self._way.send_rtp(rtp.numbered(packet, number))
        if packet[1] & 0x7F in SOUND and sealed:
            self._said[packet[2:4] + packet[8:12]] = sealed
            if len(self._said) > MOST_SAID:
                del self._said[next(iter(self._said))]
        self._left += size
        self._pacer.spent(size)

    def again(self, packet: bytes, now: float) -> None:
        """Sound once more, in its own stream: the very bytes that left. Sealed anew, with another
        number, it would be a second text under one nonce, which gives the key away."""
        sealed = self._said.get(packet[2:4] + packet[8:12])
        if sealed is not None:
            self._way.repeat(sealed)
            self._left += len(sealed)
            self._pacer.spent(len(sealed))

    def pace(self, track: Track, item: Outgoing, now: float) -> None:
        """Send a packet of a picture in its turn."""
        if isinstance(item, Packet) and self._pacer.straight(
            len(item.payload) + OVERHEAD, now, track.ssrc, item.timestamp, item.key
        ):
            track.emit(item, now)
            return
        size, frame = track.measure(item)
        self._pacer.push((track, item), size, now, frame)
        self._serve(now)

    def tick(self, now: float) -> None:
        """Every 10 or 20 ms."""
        self._estimator.tick(now)
        for track, item in self._pacer.stale(now):
            track.skip(item, now)
        self._probing(now)
        rate = UNKNOWN if self.blind else self.estimate.bitrate
        self.budget.rate = float(rate)
        self._pacer.rate = max(HEADROOM * rate, self._probe_rate())
        self._pacer.held = self.estimate.late
        self._serve(now)

    def _serve(self, now: float) -> None:
        for (track, item), size in self._pacer.due(now):
            self._pacer.spent(-size)  # what leaves is counted by `send`
            track.emit(item, now)

    def _probe_rate(self) -> int:
        return self._probe.bitrate if self._probe else 0

    def _probing(self, now: float) -> None:
        """Send faster for a moment, when that is due: what waits first, then what was sent last
        once more, then padding."""
        if self._probe is None:
            self._probe = self._estimator.wants_probe(self._demand, now)
            self._probe_at, self._left = now, 0
        probe = self._probe
        if probe is None:
            return
        if self.estimate.late:
            self._probe = None
            return
        owed = min(probe.bytes, probe.bitrate * (now - self._probe_at + PACE) / 8)
        while self._left < owed and not self._pacer and self.fill is not None:
            if not self.fill(int(owed) - self._left, now):
                break
        spent = now - self._probe_at > probe.bytes * 8 / probe.bitrate + PACE
        if self._left >= probe.bytes or spent:
            self._probe = None
