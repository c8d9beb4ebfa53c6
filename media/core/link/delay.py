"""Delay told by arrivals: is a queue growing, and how much of one stands.

Two views of the same one-way delays (whose clocks share no zero and may drift): the trendline of
Google Congestion Control (Carlucci et al. 2016, "Analysis and design of the Google congestion
control for WebRTC"; constants as in libwebrtc) sees a queue that grows; the least delay of the
last half second above the least of the last half minute (as CoDel, RFC 8289, looks at sojourn
times) is the queue that stands. Decides nothing about rates.
"""

from collections import deque
from enum import Enum

from media.core.link.sent import Acknowledged

BURST = 0.005  # s: packets sent within it are one group
POINTS = 20  # groups a trendline is drawn through
SMOOTHING = 0.9
GAIN = 4.0
MOST_DELTAS = 60
THRESHOLD, LEAST_THRESHOLD, MOST_THRESHOLD = 12.5, 6.0, 600.0  # ms
QUICKER, SLOWER = 0.0087, 0.039  # how fast the threshold follows a trend above and below it
OUTLIER = 15.0  # ms above the threshold: too far to adapt to
SUSTAINED = 0.010  # s a trend must last
STANDING = 0.5  # s over which the least delay is the standing queue
FEW, MANY = 4, 1024  # packets it is taken from at least and at most
BASE = 30.0  # s over which the least delay is the path's own
BUCKET = 1.0  # s
JUMP = 5.0  # s between two packets: a clock was set


class Use(Enum):
    """How the link is used."""

    OVER = "over"
    NORMAL = "normal"
    UNDER = "under"


class Trendline:
    """The slope of smoothed delay over arrival time, against a threshold that adapts."""

    def __init__(self) -> None:
        self.use = Use.NORMAL
        self.threshold = THRESHOLD
        self.trend = 0.0  # ms, slope with its gain
        self._points: deque[tuple[float, float]] = deque(maxlen=POINTS)
        self._count = 0
        self._sum = self._smoothed = 0.0
        self._first: float | None = None
        self._over_for = 0.0
        self._over_count = 0
        self._before = 0.0
        self._adapted: float | None = None

    def add(self, sent_delta: float, arrival_delta: float, arrival: float) -> None:
        """Deltas between two groups, and when the later one arrived; seconds."""
        gradient = 1000 * (arrival_delta - sent_delta)
        if self._first is None:
            self._first = arrival
        self._count = min(self._count + 1, MOST_DELTAS)
        self._sum += gradient
        self._smoothed = SMOOTHING * self._smoothed + (1 - SMOOTHING) * self._sum
        self._points.append((1000 * (arrival - self._first), self._smoothed))
        if len(self._points) == POINTS:
            self._judge(self._slope(), sent_delta, arrival)

    def _slope(self) -> float:
        """Least squares, ms of delay per ms."""
        points = self._points
        x0, y0 = points[0]
        sx = sy = sxx = sxy = 0.0
        for x, y in points:
            x -= x0
            y -= y0
            sx += x
            sy += y
            sxx += x * x
            sxy += x * y
        below = len(points) * sxx - sx * sx
        return (len(points) * sxy - sx * sy) / below if below > 0 else 0.0

    def _judge(self, slope: float, sent_delta: float, arrival: float) -> None:
        trend = self._count * slope * GAIN
        if trend > self.threshold:
            self._over_for += sent_delta if self._over_count else sent_delta / 2
            self._over_count += 1
            if self._over_for > SUSTAINED and self._over_count > 1 and slope >= self._before:
                self.use = Use.OVER
                self._over_for, self._over_count = 0.0, 0
        else:
            self._over_for, self._over_count = 0.0, 0
            self.use = Use.UNDER if trend < -self.threshold else Use.NORMAL
        self._before, self.trend = slope, trend
        self._adapt(abs(trend), arrival)

    def _adapt(self, trend: float, arrival: float) -> None:
        passed = 0.0 if self._adapted is None else min(0.1, max(0.0, arrival - self._adapted))
        self._adapted = arrival
        if trend > self.threshold + OUTLIER:
            return
        speed = SLOWER if trend < self.threshold else QUICKER
        moved = self.threshold + speed * (trend - self.threshold) * passed * 1000
        self.threshold = min(MOST_THRESHOLD, max(LEAST_THRESHOLD, moved))


class Base:
    """The least delay of a sliding window with the size of its packet, kept by buckets."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[float, float, int]] = deque()  # begin, least, its size
        self.delay = 0.0
        self.size = 0

    def add(self, delay: float, size: int, at: float) -> None:
        """One packet, sent at ``at``."""
        buckets = self._buckets
        if not buckets or at >= buckets[-1][0] + BUCKET:
            buckets.append((at, delay, size))
            while buckets[0][0] < at - BASE:
                buckets.popleft()
            self._take()
        elif delay < buckets[-1][1]:
            buckets[-1] = (buckets[-1][0], delay, size)
            if delay < self.delay:
                self.delay, self.size = delay, size

    def _take(self) -> None:
        _, self.delay, self.size = min(self._buckets, key=lambda bucket: bucket[1])

    def restart(self, delay: float, size: int, at: float) -> None:
        """Forget everything but this packet."""
        self._buckets.clear()
        self.add(delay, size, at)


class Delay:
    """What the arrivals of one receiver tell."""

    def __init__(self) -> None:
        self.trendline = Trendline()
        self.queue = 0.0  # s that stand
        self.latest = 0.0  # s the last packets waited
        self.known = False  # enough packets arrived to tell
        self._base = Base()
        self._recent: deque[tuple[float, float, int]] = deque(maxlen=MANY)  # arrived, delay, size
        self._group: tuple[float, float, float] | None = None  # first sent, last sent, last arrival
        self._earlier: tuple[float, float] | None = None  # last sent, last arrival

    @property
    def use(self) -> Use:
        return self.trendline.use

    def add(self, packet: Acknowledged) -> None:
        """One packet that arrived, in sending order."""
        sent, arrived, size = packet.sent, packet.arrived / 1e6, packet.size
        self._grouped(sent, arrived)
        delay, base, recent = arrived - sent, self._base, self._recent
        if recent and abs(delay - recent[-1][1]) > JUMP:
            self._restart(delay, size, sent)
        base.add(delay, size, sent)
        recent.append((arrived, delay, size))
        while len(recent) > FEW and recent[0][0] < arrived - STANDING:
            recent.popleft()

    def settle(self, rate: float) -> None:
        """After the packets of one message: how much queue stands; ``rate``: bit/s we believe
        the link carries, at which a large packet takes longer to pass than a small one."""
        if len(self._recent) < FEW:
            return
        self.known = True
        base, size, each = self._base.delay, self._base.size, 8 / rate
        above = [d - (s - size) * each if s > size else d for _, d, s in self._recent]
        self.queue = max(0.0, min(above) - base)
        self.latest = max(0.0, sorted(above[-3:])[1] - base)

    def rebase(self) -> None:
        """What stands is not ours to drain: it is the path's own delay from now on."""
        if self._recent:
            delay, size = min((d, s) for _, d, s in self._recent)
            self._base.restart(delay, size, self._recent[-1][0] - delay)
            self.queue = 0.0

    def _restart(self, delay: float, size: int, at: float) -> None:
        self._base.restart(delay, size, at)
        self._recent.clear()
        self.trendline = Trendline()
        self._group = self._earlier = None

    def _grouped(self, sent: float, arrived: float) -> None:
        group = self._group
        if group is not None and sent - group[0] <= BURST:
            self._group = (group[0], max(sent, group[1]), max(arrived, group[2]))
            return
        if group is not None:
            earlier = self._earlier
            if earlier is not None:
                self.trendline.add(group[1] - earlier[0], group[2] - earlier[1], group[2])
            self._earlier = (group[1], group[2])
        self._group = (sent, sent, arrived)
