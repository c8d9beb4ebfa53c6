"""How many bit/s the link down to one receiver carries: told by its feedback, its reports, or its
silence.

Joins the parts (sent, delay, loss, rate, probe, aimd) and names the reason of each decision. It
sends nothing, chooses no picture, and never raises for anything a receiver says, except
FeedbackError for bytes which are no feedback.
"""

from __future__ import annotations

from media.core.link.aimd import LIMITED, WHOLE, Control
from media.core.link.blind import Blind
from media.core.link.delay import Delay, Trendline, Use
from media.core.link.estimate import Estimate
from media.core.link.loss import HEAVY, Loss, Trial
from media.core.link.probe import Probe, Probes
from media.core.link.rate import AcknowledgedRate, SendingRate
from media.core.link.rival import Rival
from media.core.link.sent import Joined, Sent
from media.core.link.silence import News, Silence, Steady, sane
from media.core.link.trace import Trace
from media.core.packets.feedback import Share, read

DEFAULT_TRIP = 0.3  # s, until one is known
HIGH = 0.10  # s of standing queue: too much
CALM = 0.04  # s of standing queue under which the rate may grow
CONFIRMED = 0.05  # s a packet must have waited, without which a trend is noise
EARLY = 0.9  # of the rate is carried where a queue only begins, and all arrives,
SPARED = 1.15  # times what was carried, at most
QUIET = 0.05  # loss above the link's own beside which the rate may grow
CRUSHING = 0.30  # loss no picture survives: down to a voice
KEEP = 0.95  # of a limit told by losses
TYPICAL = 2_000  # bits of a packet whose size is not known any more
SLOWER, QUICKER = 0.2, 0.5  # how the loop follows what is longer and what is shorter
FORGETS = 0.1  # of the best rate carried, 1/s
STARTING = 10.0  # s after the first feedback
SAFE = 16_000  # bit/s: a voice


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
        self._clock = Steady(now)
        now = self._clock.at(now)
        self._trip = sane(round_trip)
        self._control = Control(start, least, most, now)
        self._share = Share()
        self._sent = Sent()
        self._sending = SendingRate()
        self._acked = AcknowledgedRate()
        self._carried: float | None = None  # bit/s acknowledged lately
        self._news = News()
        self._delay = Delay()
        self._loss = Loss()
        self._trial = Trial()
        self._probes = Probes()
        self._rival = Rival()
        self._silence = Silence()
        self._blind = Blind()
        self._loop = (self._trip or DEFAULT_TRIP) + 0.1  # s until what we do is told
        self._heard_at: float | None = None
        self._best = 0.0  # bit/s carried lately
        self._starting_until = float("inf")
        self._fell_for = "delay"
        self.estimate = self._publish()

    # In

    def sent(self, size: int, now: float, probe: int = 0) -> int:
        """A packet of ``size`` bytes on the wire leaves. Returns the number to write in it."""
        if self._trace is not None:
            self._trace.sent(size, now, probe)
        now = self._clock.at(now)
        self._silence.sent(now)
        self._sending.add(size, now)
        if probe:
            self._probes.left(probe, size)
        return self._sent.send(size, now, probe)

    def feedback(self, body: bytes, now: float) -> None:
        """Transport-wide feedback came: what follows the two SSRCs. Raises FeedbackError."""
        if self._trace is not None:
            self._trace.feedback(body, now)
        now = self._clock.at(now)
        if self._share.take(now):
            age = self._sent.waits(now)
            joined = self._sent.join(read(body), now)
            if joined.acknowledged:
                self._news.came(age)
                self._arrived(joined, now)
            self._follow(joined, now)
            self._say()

    def report(self, loss: float, round_trip: float | None, now: float) -> None:
        """A receiver report came: the share lost and the round trip measured, s."""
        if self._trace is not None:
            self._trace.report(loss, round_trip, now)
        now = self._clock.at(now)
        self._trip = sane(round_trip) or self._trip
        if self._blind.counts(self._silence.lasts(now), self._heard_at is not None):
            if self._silence.silent:
                self._silence.back(True, self._control)
                self._silence.over(now)
            self._blind.report(loss, self._trip, self._control, now)
        self._say()

    def tick(self, now: float) -> None:
        """Time passes; every 20 to 50 ms."""
        if self._trace is not None:
            self._trace.tick(now)
        now = self._clock.at(now)
        if not self._blind.sees(now):
            self._silence.listen(self._trip or self._loop, self._loop, self._control, now)
        if not (self._silence.silent or self._blind.active):
            self._control.advance(self._carried, self._loop, self._calm(), now)
        self._say()

    def wants_probe(self, demand: int, now: float) -> Probe | None:
        """Whether to send faster for a moment; ``demand``: bit/s there is use for."""
        given, now = now, self._clock.at(now)
        if self._silence.silent:
            probe = self._probes.knock(SAFE, now)
        else:
            ready = self._delay.known and self._delay.latest < HIGH
            ready = ready and self._calm() and not (self._control.draining or self._late())
            probe = self._probes.want(demand, self._control.rate, ready, self._loop, now)
            if probe is not None:
                self._control.probing(self._loop, now)
        if self._trace is not None:
            self._trace.wanted(demand, given, probe)
        return probe

    # What it says

    def _arrived(self, joined: Joined, now: float) -> None:
        arrived = joined.acknowledged
        self._acked.add(arrived, joined.whole)
        seen = self._acked.value()
        self._carried = None if seen is None else seen.came
        for packet in arrived:
            self._delay.add(packet)
        self._delay.settle(max(self._control.rate, self._carried or 0.0))
        self._heard(min(5.0, now - arrived[-1].sent), now)
        found = self._probes.arrived(arrived, now)
        if found is not None:
            self._control.probed(found.bitrate, found.saturated, found.queue, self._loop, now)

    def _heard(self, seen: float, now: float) -> None:
        if self._heard_at is None:
            self._starting_until = now + STARTING
        passed = min(1.0, now - (self._heard_at or now))
        self._heard_at = now
        self._loop += (SLOWER if seen > self._loop else QUICKER) * (seen - self._loop)
        self._best = max(self._carried or 0.0, self._best * (1 - FORGETS * passed))
        if self._silence.silent or self._blind.active:
            self._loss.forget()
            self._delay.trendline = Trendline()
            self._probes.fell(self._silence.before, now)
            self._silence.back(self._delay.latest < HIGH, self._control)
        self._blind.active = False
        self._silence.over(now)

    def _losses(self, joined: Joined) -> bool:
        """Whether the loss model has something new to say."""
        arrived = joined.acknowledged
        lost = [loss for loss in joined.lost if loss[0] >= self._silence.ended_at]
        if not arrived and not lost:
            return False
        at = arrived[-1].sent if arrived else lost[-1][0]
        bits = 8 * sum(packet.size for packet in arrived)
        bits += len(lost) * (bits // len(arrived) if arrived else TYPICAL)
        runs = sum(not follows for _, follows in lost)
        return self._loss.add(
            len(arrived), len(lost) - joined.recovered, runs, bits, self._delay.latest, at
        )

    # What follows

    def _follow(self, joined: Joined, now: float) -> None:
        """Falls where a message told of a reason to."""
        fresh = self._losses(joined)
        if self._heard_at is None or self._silence.silent:
            return
        if joined.acknowledged and self._delay.latest < CALM:
            self._control.drained(joined.acknowledged[-1].sent, now)
            self._rival.drained()
        self._queues(now)
        if fresh:
            self._lossy(now)

    def _queues(self, now: float) -> None:
        """Falls for a queue that grows or stands, unless it is not ours."""
        delay, rival, full = self._delay, self._rival, self._acked.full(self._loss.own)
        over = delay.use is Use.OVER and delay.latest > CONFIRMED
        if full is None or not (over or delay.queue > HIGH):
            return
        carried, waits = full.came, max(delay.queue, delay.latest)
        sending = self._sending.value(now)
        if rival.beside(waits, full.left, carried, now):
            return
        if rival.judged(delay.queue, sending, carried, now):
            delay.rebase()
            self._control.share()
            return
        sending, rate = max(sending, full.left), self._control.rate
        if delay.queue < CALM and carried > max(LIMITED * rate, WHOLE * full.left):
            carried = max(carried, min(EARLY * rate, SPARED * carried))  # it was never full
        if self._control.fall(carried, sending, waits, self._loop, now):
            rival.fell(delay.queue, carried, sending, self._loop, now)
            self._fell(self._best, "delay", now, waits)

    def _lossy(self, now: float) -> None:
        """Falls for losses, after each observation."""
        loss, control = self._loss, self._control
        if loss.recent > CRUSHING and not loss.queued and control.rate > SAFE:
            control.limit(max(SAFE, control.rate * (1 - loss.recent / 2)))
            self._fell(self._best, "loss", now)
        elif loss.blamed and loss.limit is not None and control.rate > loss.limit:
            control.settle(loss.limit)
            control.limit(KEEP * loss.limit)
            self._fell(loss.limit, "loss", now)
        elif not loss.queued and control.rate > SAFE:
            less = self._trial.rate(loss.recent, control.rate, now)
            if less is not None:
                control.limit(max(SAFE, less))
                self._fell(less, "loss", now)

    def _fell(self, carried: float, why: str, now: float, queue: float = 0.0) -> None:
        self._probes.fell(carried, now, queue)
        self._fell_for, self._starting_until = why, now

    def _calm(self) -> bool:
        """Whether nothing speaks against sending more."""
        delay = self._delay
        return delay.queue < CALM and delay.use is not Use.OVER and not self._lossy_now()

    def _late(self) -> bool:
        """Whether what is told is so much older than usual that pictures must wait."""
        waits = self._sent.waits(self._clock.now)
        return not self._blind.active and self._news.late(waits)

    def _lossy_now(self) -> bool:
        """Whether more is lost than the link loses by itself, or too much whosever it is."""
        return self._loss.recent >= HEAVY or self._loss.recent - self._loss.own >= QUIET

    # Out

    def _state(self) -> tuple[str, str]:
        if self._silence.silent:
            return "silent", "silent"
        if self._blind.active:
            return "blind", "loss" if self._blind.lossy else "rate"
        if self._control.draining:
            return "falling", self._fell_for
        if self._clock.now < self._starting_until:
            return "starting", "starting"
        if self._control.grown:
            return "climbing", "climbing"
        if self._delay.queue > HIGH:
            return "steady", "delay"
        return "steady", "loss" if self._lossy_now() else "rate"

    def _say(self) -> None:
        self.estimate = self._publish()
        if self._trace is not None:
            self._trace.said(self.estimate)

    def _publish(self) -> Estimate:
        state, why = self._state()
        return Estimate(
            int(self._control.rate),
            int(self._control.soon),
            None if self._carried is None else int(self._carried),
            self._loss.recent,
            self._loss.own,
            self._delay.queue,
            state,
            why,
            self._late(),
        )
