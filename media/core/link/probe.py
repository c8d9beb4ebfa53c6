"""Probes: short trains a little faster than the estimate, to learn whether the link carries more.

Says when one may leave, how large it is, and what came of it. A probe is sized so that, if the
link carries no more than we believe, it adds at most a given queue. Sends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from media.core.link.sent import Acknowledged

MOST_QUEUE = 0.25  # s a probe may add to the queue of a link as thick as the estimate
GENTLE_QUEUE = 0.12  # s, once a probe found nothing
FACTOR = 2.0  # of the estimate
GENTLE_FACTOR = 1.6
FEW = 5  # packets which must arrive, or
LONG = 0.06  # s of them at the rate asked: fewer, but so large that jitter hardly matters
ENOUGH = 0.7  # of the bytes which left that must
SATURATED = 0.9  # of the sending rate: below it, the link was full
SLACK = 0.1  # s a probe may take longer to leave: what is short then is not to be had
LEAST_SPAN = 0.015  # s


@dataclass(frozen=True, slots=True)
class Probe:
    """Packets to send at once, at this rate, with this number."""

    id: int
    bitrate: int  # bit/s, all that leaves meanwhile
    bytes: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe showed."""

    bitrate: float  # bit/s the link carried
    saturated: bool  # it carried less than was sent
    queue: float  # s the probe's last packet waited longer than its first


def sized(number: int, estimate: float, factor: float, queue: float) -> Probe:
    """A probe ``factor`` times as fast as the estimate, which adds at most that much queue."""
    rate = estimate * factor
    span = queue / (factor - 1)
    return Probe(number, int(rate), int(rate * span / 8))


class Train:
    """What has arrived of one probe."""

    def __init__(self, probe: Probe, before: float, now: float) -> None:
        self.probe = probe
        self.before = before  # bit/s estimated when it left
        self.left_at = now
        self.left = 0  # bytes which really left
        self._ends = now + 8 * probe.bytes / probe.bitrate + SLACK
        self._bytes = self._packets = 0
        self._first: Acknowledged | None = None
        self._last_size = 0
        self._sent = (0.0, 0.0)
        self._arrived = (0, 0)

    def add(self, packets: Sequence[Acknowledged]) -> None:
        """Packets of this probe that arrived, in sending order."""
        for packet in packets:
            if self._first is None:
                self._first = packet
                self._sent = (packet.sent, packet.sent)
                self._arrived = (packet.arrived, packet.arrived)
            self._sent = (min(self._sent[0], packet.sent), max(self._sent[1], packet.sent))
            self._arrived = (
                min(self._arrived[0], packet.arrived),
                max(self._arrived[1], packet.arrived),
            )
            self._last_size = packet.size
            self._bytes += packet.size
            self._packets += 1

    def result(self, now: float) -> Found | None:
        """None while too little left or arrived."""
        first, claimed = self._first, self.probe.bitrate
        if self.left < self.probe.bytes and now < self._ends:
            return None
        if first is None or self._bytes < ENOUGH * self.left:
            return None
        bits = 8 * (self._bytes - first.size)
        if self._packets < FEW and bits < LONG * claimed:
            return None
        sending = max(LEAST_SPAN, self._sent[1] - self._sent[0])
        receiving = max(LEAST_SPAN, (self._arrived[1] - self._arrived[0]) / 1e6)
        sent = min(claimed, 8 * (self._bytes - self._last_size) / sending)
        received = bits / receiving
        if received < SATURATED * sent:
            return Found(received, True, max(0.0, receiving - sending))
        return Found(min(sent, received), False, 0.0)


RECOVER_EVERY = 4.0  # s between probes towards a rate the link once carried
SOON, RECOVER_LATER = 40.0, 10.0  # s after the fall probes become rarer, and then between them
MUCH = 0.75  # of what the link carried once: worth asking for often
REMEMBERED = 120.0  # s it is worth trying
STAGNANT = 15.0  # s of the same estimate with unmet demand
UNMET = 1.1  # of the estimate: demand there is use for
OVERDUE = 1.0  # s beyond the loop: nothing more will be told of a probe
TRIES = 3  # probes which showed nothing, until they are made rarer
USEFUL = 1.1  # of the estimate: less carried shows nothing
KNOCK_EVERY, KNOCK_BYTES = 1.0, 200  # during silence


class Probes:
    """When to probe one receiver's link, and what was found."""

    def __init__(self) -> None:
        self._number = 0
        self._train: Train | None = None
        self._starting = True
        self._failed = False
        self._untold = 0
        self._left_at = -1e9
        self._earlier = 0.0  # bit/s before the last fall
        self._fell_at = -1e9
        self._flat: tuple[float, float] | None = None  # estimate, since when

    def fell(self, before: float, now: float, queue: float = 0.0) -> None:
        """The estimate fell; the link had carried that many bit/s. After a long ``queue``, s, a
        probe at once would fill again what hardly drained."""
        if before > self._earlier or now - self._fell_at > REMEMBERED:
            self._earlier, self._fell_at = before, now
        self._starting = False
        if queue > MOST_QUEUE:
            self._failed, self._left_at = True, now

    def want(
        self, demand: int, estimate: float, ready: bool, loop: float, now: float
    ) -> Probe | None:
        """A probe to send now, if there is reason for one and nothing speaks against it."""
        if self._flat is None or abs(estimate - self._flat[0]) > 0.05 * self._flat[0]:
            self._flat = (estimate, now)
        if self._train is not None and now - self._train.left_at > loop + OVERDUE:
            self._missed()
        if self._train is not None or not ready or demand < UNMET * estimate:
            return None
        if now - self._left_at < self._pause(estimate, loop, now):
            return None
        factor, queue = (GENTLE_FACTOR, GENTLE_QUEUE) if self._failed else (FACTOR, MOST_QUEUE)
        factor = min(factor, max(1.2, 1.1 * demand / estimate))
        self._number += 1
        probe = sized(self._number, estimate, factor, queue)
        self._train, self._left_at, self._flat = Train(probe, estimate, now), now, None
        return probe

    def _pause(self, estimate: float, loop: float, now: float) -> float:
        """Seconds to leave between the last probe and the next."""
        if self._starting or not self._failed:
            return loop
        if estimate < MUCH * self._earlier and now - self._fell_at < REMEMBERED:
            return RECOVER_EVERY if now - self._fell_at < SOON else RECOVER_LATER
        flat = self._flat is not None and now - self._flat[1] >= STAGNANT
        return STAGNANT if flat else float("inf")

    def knock(self, rate: int, now: float) -> Probe | None:
        """During silence: a few bytes, so that a link which is back is noticed."""
        if now - self._left_at < KNOCK_EVERY:
            return None
        self._left_at, self._train = now, None
        self._number += 1
        return Probe(self._number, rate, KNOCK_BYTES)

    def left(self, number: int, size: int) -> None:
        """A packet of that probe left."""
        if self._train is not None and self._train.probe.id == number:
            self._train.left += size

    def arrived(self, packets: Sequence[Acknowledged], now: float) -> Found | None:
        """What the running probe showed, once it has."""
        train = self._train
        if train is None:
            return None
        mine = [packet for packet in packets if packet.probe == train.probe.id]
        if not mine:
            return None
        train.add(mine)
        found = train.result(now)
        if found is None:
            return None
        self._train = None
        if not found.saturated and found.bitrate < USEFUL * train.before:
            self._missed()
            return None
        self._untold, self._failed = 0, found.saturated
        self._starting = self._starting and not found.saturated
        return found

    def _missed(self) -> None:
        """A probe showed nothing: too little of it left, or arrived."""
        self._train, self._untold = None, self._untold + 1
        if self._untold >= TRIES:
            self._failed, self._starting = True, False
