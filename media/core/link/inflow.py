"""What the worker sees of one browser's sending: rate, loss, the queue before it. PURE.

Rate from what came; loss from the transport-wide numbers, which count every packet once; the queue
from the microphone's clock: a sample is sent when it is recorded, so whatever it arrives later
than the promptest one of the last seconds, it has waited. Estimates no capacity: the browser does.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from media.core.packets.sequence import Unroller
from media.core.packets.wire import AROUND

WINDOW = 1.0  # s over which the rate is taken
BURST = 0.5  # s over which its peaks are
PEAK_KEPT = 2.0  # s
LOSSES = 8.0  # s over which loss is: a thin link carries ten packets a second
PROMPT = 20.0  # s the promptest packet is remembered: the clocks of two machines drift
CALM = 0.1  # s of queue below which loss is the link's own, not the queue's
OWN_WEIGHT = 0.03  # of each look, four a second: some ten seconds to be sure
CLOCK = 48_000
TURN = 1 << 32
OVERTAKEN = 3 * CLOCK  # of RTP time before the newest: further back its clock was set anew
LONGEST_GAP = 1000  # numbers: a jump beyond it is a new start, not a loss
JUMP = 30.0  # s: a microphone so late had its clock set anew


@dataclass(frozen=True)
class Inflow:
    """`rate` bit/s on the wire, over a second, `latest` over half of one, `peak` the most of that
    lately; `loss` and `own_loss` fractions; `queue` s (None: no sound)."""

    rate: int
    loss: float
    own_loss: float
    queue: float | None
    peak: int = 0
    latest: int = 0


class Watch:
    """Watches one browser's packets. All times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._came: deque[tuple[float, int]] = deque()
        self._bytes = 0
        self._burst = 0
        self._burst_from = now
        self._peaks: deque[tuple[float, int]] = deque()
        self._line = Unroller()
        self._seconds: deque[tuple[float, int, int, bool]] = deque()  # end, expected, came, waited
        self._waited = False  # something did since the last of these
        self._numbered = 0
        self._from = -1
        self._cut_at = now
        self._own = 0.0
        self._prompt: deque[tuple[float, float]] = deque()  # rising minima of lateness
        self._newest: int | None = None  # RTP time
        self._late: float | None = None
        self._late_at = now

    def arrived(self, size: int, now: float) -> None:
        """A decrypted packet of so many bytes."""
        self._came.append((now, size + AROUND))
        self._bytes += size + AROUND
        self._count_burst(size + AROUND, now)
        while self._came[0][0] < now - WINDOW:
            self._bytes -= self._came.popleft()[1]

    def _count_burst(self, size: int, now: float) -> None:
        passed = now - self._burst_from
        if passed >= BURST:
            rate = int(self._burst * 8 / passed)
            self._peaks.append((now, rate))
            self._burst, self._burst_from = 0, now
            while self._peaks[0][0] < now - PEAK_KEPT:
                self._peaks.popleft()
        self._burst += size

    def numbered(self, number: int) -> None:
        """It had this transport-wide number. A copy counts twice, and loss is then told too low."""
        before = self._line.highest
        place = self._line.place(number)
        if before < 0 or place - before > LONGEST_GAP:
            self._from, self._numbered = place, 0
        self._numbered += 1

    def sounded(self, timestamp: int, samples: int, now: float) -> None:
        """A microphone's packet: its RTP time and how much sound it holds. One that is sent again,
        or was overtaken, tells nothing of a queue."""
        if self._newest is not None and (self._newest - timestamp) % TURN < OVERTAKEN:
            return
        self._newest = timestamp
        late = self._lateness(timestamp + samples, now)
        while self._prompt and self._prompt[-1][1] >= late:
            self._prompt.pop()
        self._prompt.append((now, late))
        while self._prompt[0][0] < now - PROMPT:
            self._prompt.popleft()
        self._late, self._late_at = late - self._prompt[0][1], now
        self._waited = self._waited or self._late >= CALM

    def _lateness(self, ended: int, now: float) -> float:
        """Seconds, on a scale of its own; unrolled over the 32 bits of RTP time."""
        turn = TURN / CLOCK
        late = (now - ended / CLOCK) % turn
        last = self._prompt[-1][1] if self._prompt else late
        late += round((last - late) / turn) * turn
        if abs(late - last) > JUMP:
            self._prompt.clear()
        return late

    def see(self, now: float) -> Inflow:
        """How it is now; to be asked a few times a second."""
        while self._came and self._came[0][0] < now - WINDOW:
            self._bytes -= self._came.popleft()[1]
        span = min(WINDOW, max(0.1, now - self._since))
        queue = self._late if self._late is not None and now - self._late_at < 1.0 else None
        loss = self._loss(now)
        if queue is not None and queue < CALM:
            self._own += OWN_WEIGHT * (self._lost(self._seconds, calm=True) - self._own)
        rate = int(self._bytes * 8 / span)
        peak = max((each for at, each in self._peaks if at >= now - PEAK_KEPT), default=0)
        return Inflow(rate, loss, self._own, queue, max(rate, peak), self._latest(now))

    def _latest(self, now: float) -> int:
        size = 0
        for at, each in reversed(self._came):
            if at <= now - BURST:
                break
            size += each
        return int(size * 8 / BURST)

    def _loss(self, now: float) -> float:
        if now - self._cut_at >= 0.5 and self._from >= 0:
            expected = self._line.highest + 1 - self._from
            came = min(expected, self._numbered)
            self._seconds.append((now, expected, came, self._waited))
            self._from, self._numbered, self._cut_at = self._line.highest + 1, 0, now
            self._waited = False
        while self._seconds and self._seconds[0][0] < now - LOSSES:
            self._seconds.popleft()
        return self._lost(self._seconds)

    @staticmethod
    def _lost(seconds: Iterable[tuple[float, int, int, bool]], calm: bool = False) -> float:
        """Of all that was expected, or of that alone which nothing waited before: what a full
        queue drops is not lost on the air."""
        counted = [row for row in seconds if not (calm and row[3])]
        expected = sum(row[1] for row in counted)
        return 1 - sum(row[2] for row in counted) / expected if expected > 0 else 0.0
