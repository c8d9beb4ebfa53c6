"""How many bit/s the link down to one receiver carries: told by its feedback, its reports, or its
silence.

Joins the parts (sent, delay, loss, rate, probe, aimd) and names the reason of each decision. It
sends nothing, chooses no picture, and never raises for anything a receiver says, except
FeedbackError for bytes which are no feedback.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from media.core.aimd import Control
from media.core.delay import Delay, Use
from media.core.feedback import read
from media.core.loss import Loss
from media.core.probe import Probe, Probes
from media.core.rate import AcknowledgedRate, SendingRate
from media.core.rival import Rival
from media.core.sent import Joined, Sent

if TYPE_CHECKING:
    from media.core.trace import Trace

DEFAULT_TRIP = 0.3  # s, until one is known
HIGH = 0.10  # s of standing queue: too much
CALM = 0.04  # s of standing queue under which the rate may grow
CONFIRMED = 0.015  # s of standing queue without which a trend is noise
QUIET = 0.05  # loss above the link's own beside which the rate may grow
HEAVY = 0.15  # loss beside which nothing is worth trying
SILENT_TRIPS, SILENT_LEAST = 3.0, 0.8  # round trips and s without feedback: a cut
NEVER = 3.0  # s without any feedback from the beginning
STEP = 0.7  # of the rate carried over a longer while: the link got thinner
TYPICAL = 2_000  # bits of a packet whose size is not known any more
KEEP = 0.95  # of a limit told by losses
SAFE = 16_000  # bit/s: a voice
RETURN = 0.8  # of the rate before a cut, when the link is back
BLIND_LOW, BLIND_HIGH = 0.02, 0.10  # loss of receiver reports: below grow, above fall
BLIND_GROWTH = 1.05
BLIND_MOST = 600_000  # bit/s: nothing measured supports more
BLIND_QUEUE = 0.25  # s of round trip above the least


@dataclass(frozen=True, slots=True)
class Estimate:
    """What may be sent, and why."""

    bitrate: int  # bit/s on the wire, all streams together
    acked: int | None  # bit/s that arrived lately
    loss: float  # share lost lately
    own_loss: float  # share the link loses by itself
    queue: float  # s that stand in front of the link
    state: str  # starting | steady | climbing | falling | blind | silent
    why: str  # rate | loss | delay | starting | climbing | silent


class Estimator:
    """The link down to one receiver. Times are monotonic seconds."""

    def __init__(
        self,
        now: float,
        start: int,
        round_trip: float | None = None,
        *,
        least: int = 8_000,
        most: int = 20_000_000,
        trace: Trace | None = None,
    ) -> None:
        self._trace = trace
        if trace is not None:
            trace.begin(now, start, round_trip, least, most)
        self._now = now if isfinite(now) else 0.0
        self._trip = _sane(round_trip)
        self._least_trip: float | None = None
        self._control = Control(start, least, most, self._now)
        self._sent = Sent()
        self._sending = SendingRate()
        self._acked = AcknowledgedRate()
        self._delay = Delay()
        self._loss = Loss()
        self._probes = Probes()
        self._rival = Rival()
        self._loop = (self._trip or DEFAULT_TRIP) + 0.1
        self._heard_at: float | None = None  # feedback
        self._waiting: float | None = None  # since when packets wait to be told of
        self._silent = self._blind = False
        self._before = 0.0  # rate before a cut
        self._back_at = self._now  # when the last cut ended
        self._best = 0.0  # bit/s the link carried lately
        self._lowered_at = self._now
        self._why = "starting"
        self.estimate = self._publish()

    # In

    def sent(self, size: int, now: float, probe: int = 0) -> int:
        """A packet of ``size`` bytes on the wire leaves. Returns the number to write in it."""
        now = self._clock(now)
        if self._waiting is None:
            self._waiting = now
        self._sending.add(size, now)
        number = self._sent.send(size, now, probe)
        if self._trace is not None:
            self._trace.sent(size, now, probe, number)
        return number

    def feedback(self, body: bytes, now: float) -> None:
        """Transport-wide feedback came: what follows the two SSRCs. Raises FeedbackError."""
        now = self._clock(now)
        if self._trace is not None:
            self._trace.feedback(body, now)
        joined = self._sent.join(read(body), now)
        if joined.acknowledged:
            self._arrived(joined, now)
        self._decide(self._losses(joined), now)
        self._say()

    def report(self, loss: float, round_trip: float | None, now: float) -> None:
        """A receiver report came: the share lost and the round trip measured, s."""
        now = self._clock(now)
        if self._trace is not None:
            self._trace.report(loss, round_trip, now)
        trip = _sane(round_trip)
        if trip is not None:
            self._trip = trip
            self._least_trip = min(trip, self._least_trip or trip)
        if self._heard_at is None and isfinite(loss):
            self._without_feedback(min(1.0, max(0.0, loss)), now)
        self._say()

    def tick(self, now: float) -> None:
        """Time passes; every 20 to 50 ms."""
        now = self._clock(now)
        if self._trace is not None:
            self._trace.tick(now)
        self._listen(now)
        if not (self._silent or self._blind):
            self._control.advance(self._acked.value(), self._loop, self._calm(), now)
        self._name()
        self._say()

    def wants_probe(self, demand: int, now: float) -> Probe | None:
        """Whether to send faster for a moment; ``demand``: bit/s there is use for."""
        now = self._clock(now)
        ready = self._heard_at is not None and self._calm() and not self._control.draining
        if self._silent:
            probe = self._probes.knock(SAFE, now)
        else:
            probe = self._probes.want(demand, self._control.rate, ready, self._loop, now)
            if probe is not None:
                self._control.probing(self._loop, now)
        if self._trace is not None:
            self._trace.wanted(demand, now, probe)
        return probe

    # What it says

    def _arrived(self, joined: Joined, now: float) -> None:
        arrived = joined.acknowledged
        newest = arrived[-1].sent
        self._heard_at = now
        self._waiting = None
        self._blind = False
        seen = now - newest
        self._loop += 0.2 * (min(5.0, seen) - self._loop)
        if self._silent:
            self._returned(now)
        self._acked.add(arrived, joined.whole)
        acked = self._acked.value() or 0.0
        self._best = max(acked, self._best * (1 - 0.1 * min(1.0, seen)))
        believed = max(self._control.rate, acked)
        for packet in arrived:
            self._delay.add(packet)
        self._delay.settle(believed)
        found = self._probes.arrived(arrived, now)
        if found is not None:
            self._control.probed(found.bitrate, found.saturated, found.queue, self._loop, now)

    def _losses(self, joined: Joined) -> bool:
        """Whether the loss model has something new to say."""
        arrived = joined.acknowledged
        lost = [loss for loss in joined.lost if loss[0] >= self._back_at]
        if not arrived and not lost:
            return False
        at = arrived[-1].sent if arrived else lost[-1][0]
        bits = 8 * sum(packet.size for packet in arrived)
        bits += len(lost) * (bits // len(arrived) if arrived else TYPICAL)
        runs = sum(not follows for _, follows in lost)
        told = self._loss.add(
            len(arrived), len(lost) - joined.recovered, runs, bits, self._delay.latest, at
        )
        return told and self._loss.blamed

    # What follows

    def _decide(self, fresh: bool, now: float) -> None:
        if self._silent or self._heard_at is None:
            return
        carried, queue = self._carried(), self._delay.queue
        if self._delay.latest < CALM:
            self._control.drained(now)
            self._rival.drained()
        over = self._delay.use is Use.OVER and self._delay.latest > CONFIRMED
        if carried is not None and (over or queue > HIGH):
            self._crowded(carried, now)
        limit = self._loss.limit
        if fresh and limit is not None and self._control.rate > limit:
            self._probes.fell(limit, now)
            self._control.settle(limit)
            self._control.limit(KEEP * limit)
            self._why = "loss"

    def _crowded(self, carried: float, now: float) -> None:
        """A queue grows or stands."""
        queue, sending = max(self._delay.queue, self._delay.latest), self._sending.value(now)
        if self._rival.judged(self._delay.queue, sending, carried, now):
            self._delay.rebase()
            self._control.share()
        elif self._control.fall(carried, sending, queue, self._loop, now):
            self._rival.fell(self._delay.queue, carried, self._loop, now)
            self._probes.fell(self._best, now)
            self._why = "delay"

    def _carried(self) -> float | None:
        """bit/s the link carries while it is full, what it loses by itself included."""
        acked, short = self._acked.value(), self._acked.short()
        if acked is None:
            return None
        if short is not None and short < STEP * acked:
            acked = short
        return max(1000.0, acked / (1 - min(0.5, self._loss.own)))

    def _calm(self) -> bool:
        excess = self._loss.recent - self._loss.own
        if self._loss.recent > HEAVY:
            return False
        return self._delay.queue < CALM and self._delay.use is not Use.OVER and excess < QUIET

    # Silence

    def _listen(self, now: float) -> None:
        if self._waiting is None:
            return
        patience = max(SILENT_LEAST, SILENT_TRIPS * (self._trip or self._loop))
        if self._heard_at is None:
            patience = NEVER
        if self._blind or now - self._waiting < patience:
            return
        if not self._silent:
            self._silent = True
            self._before = self._control.rate
            self._lowered_at = now - self._loop
        if now - self._lowered_at >= self._loop:
            self._lowered_at = now
            self._control.limit(max(SAFE, self._control.rate / 2))

    def _returned(self, now: float) -> None:
        self._silent = False
        self._back_at = now
        self._loss.forget()
        self._delay.trendline.__init__()  # type: ignore[misc]
        self._control.settle(None)
        self._probes.fell(self._before, now)
        self._control.raise_to(RETURN * self._before)

    def _without_feedback(self, loss: float, now: float) -> None:
        """Receiver reports alone (as the loss-based controller of draft-ietf-rmcat-gcc-02 §6)."""
        if self._waiting is None or now - self._waiting < NEVER:
            return
        self._blind, self._silent = True, False
        control = self._control
        waits = (self._trip or 0.0) - (self._least_trip or 0.0)
        if loss > BLIND_HIGH:
            control.limit(control.rate * (1 - loss / 2))
        elif waits > BLIND_QUEUE:
            control.limit(control.rate * 0.85)
        elif loss < BLIND_LOW:
            control.raise_to(min(BLIND_MOST, control.rate * BLIND_GROWTH))

    # Out

    def _clock(self, now: float) -> float:
        """Time never goes back here."""
        if isfinite(now) and now > self._now:
            self._now = now
        return self._now

    def _name(self) -> None:
        if self._control.grown:
            self._why = "climbing" if self._why != "starting" else "starting"
        elif not self._control.draining and self._why == "climbing":
            self._why = "rate"

    def _state(self) -> tuple[str, str]:
        if self._silent:
            return "silent", "silent"
        if self._blind:
            return "blind", "loss" if self._why == "loss" else "rate"
        if self._control.draining:
            return "falling", "loss" if self._why == "loss" else "delay"
        if self._why == "starting":
            return "starting", "starting"
        if self._control.grown:
            return "climbing", "climbing"
        return "steady", self._why

    def _say(self) -> None:
        self.estimate = self._publish()
        if self._trace is not None:
            self._trace.said(self.estimate)

    def _publish(self) -> Estimate:
        state, why = self._state()
        acked = self._acked.value()
        return Estimate(
            int(self._control.rate),
            None if acked is None else int(acked),
            self._loss.recent,
            self._loss.own,
            self._delay.queue,
            state,
            why,
        )


def _sane(trip: float | None) -> float | None:
    """A round trip that can be, s; None for what cannot."""
    return min(trip, 10.0) if trip is not None and isfinite(trip) and trip > 0 else None
