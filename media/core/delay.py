"""Delay told by arrivals: is a queue growing, and how much of one stands.

Two views of the same one-way delays (whose clocks share no zero and may drift): the trendline of
Google Congestion Control (Carlucci et al. 2016, "Analysis and design of the Google congestion
control for WebRTC"; constants as in libwebrtc) sees a queue that grows; the least delay of the
last half second above the least of the last half minute (as CoDel, RFC 8289, looks at sojourn
times) is the queue that stands. Decides nothing about rates.
"""

from collections import deque
from enum import Enum

from media.core.sent import Acknowledged

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
FEW = 4  # packets it is taken from at least
BASE = 30.0  # s over which the least delay is the path's own
BUCKET = 1.0  # s
JUMP = 3.0  # s: a change of delay no queue makes


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


class Least:
    """The least value of a sliding window, kept by buckets."""

    def __init__(self, window: float, bucket: float) -> None:
        self._window = window
        self._bucket = bucket
        self._buckets: deque[tuple[float, float]] = deque()  # (begin, least), leasts increasing

    def add(self, value: float, at: float) -> None:
        buckets = self._buckets
        begin = buckets[-1][0] if buckets and at < buckets[-1][0] + self._bucket else at
        while buckets and buckets[-1][1] >= value:
            begin = min(begin, buckets[-1][0]) if buckets[-1][0] == begin else begin
            buckets.pop()
        if not buckets or buckets[-1][0] < begin:
            buckets.append((begin, value))
        while buckets[0][0] < at - self._window:
            buckets.popleft()

    def value(self) -> float | None:
        return self._buckets[0][1] if self._buckets else None

    def restart(self, value: float, at: float) -> None:
        """Forget everything but this value."""
        self._buckets.clear()
        self._buckets.append((at, value))


class Delay:
    """What the arrivals of one receiver tell."""

    def __init__(self) -> None:
        self.trendline = Trendline()
        self.queue = 0.0  # s that stand
        self.latest = 0.0  # s the last packets waited
        self._base = Least(BASE, BUCKET)
        self._recent: deque[tuple[float, float]] = deque()  # (sent, delay above serialization)
        self._group: tuple[float, float, float] | None = None  # first sent, last sent, last arrival
        self._earlier: tuple[float, float] | None = None  # last sent, last arrival

    @property
    def use(self) -> Use:
        return self.trendline.use

    def add(self, packet: Acknowledged, rate: float) -> None:
        """One packet that arrived, in sending order; ``rate``: bit/s we believe in."""
        sent, arrived = packet.sent, packet.arrived / 1e6
        self._grouped(sent, arrived)
        delay = arrived - sent - 8 * packet.size / rate
        base = self._base.value()
        if base is not None and abs(delay - base) > JUMP:
            self._restart(delay, sent)
        self._base.add(delay, sent)
        recent = self._recent
        recent.append((sent, delay))
        while len(recent) > FEW and recent[0][0] < sent - STANDING:
            recent.popleft()

    def settle(self) -> None:
        """After the packets of one message: how much queue stands."""
        base = self._base.value()
        if base is not None and len(self._recent) >= FEW:
            self.queue = max(0.0, min(delay for _, delay in self._recent) - base)
            last = [self._recent[-n][1] for n in (1, 2, 3)]
            self.latest = max(0.0, sorted(last)[1] - base)

    def rebase(self) -> None:
        """What stands is not ours to drain: it is the path's own delay from now on."""
        if self._recent:
            at = self._recent[-1][0]
            self._base.restart(min(delay for _, delay in self._recent), at)
            self.queue = 0.0

    def _restart(self, delay: float, at: float) -> None:
        self._base.restart(delay, at)
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
