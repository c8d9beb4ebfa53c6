"""What was received of one stream, for the report to its sender (RFC 3550 §6.4, A.3, A.8)."""

from media.core.packets.rtcp import Block
from media.core.packets.sequence import Unroller


class Reception:
    """Counts of one stream."""

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.loss = 0.0  # fraction, at the last report
        self._rate = clock_rate
        self._line = Unroller()
        self._first = -1
        self._received = 0
        self._expected_before = 0
        self._received_before = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._last_report = 0
        self._reported_at = 0.0

    def arrive(self, sequence: int, timestamp: int, now: float) -> None:
        """A packet of the stream itself arrived; retransmissions on another SSRC do not count."""
        before = self._line.highest
        place = self._line.place(sequence)
        if self._first < 0 or place - before > 0x4000:
            self._first, self._received = place, 0
            self._expected_before = self._received_before = 0
        self._received += 1
        transit = now * self._rate - timestamp
        if self._transit is not None and place == before + 1:
            step = abs((transit - self._transit + 0x80000000) % 0x100000000 - 0x80000000)
            self._jitter += (step - self._jitter) / 16
        self._transit = transit

    def sender_report(self, ntp: int, now: float) -> None:
        """The sender told its clock; the next block says when that was."""
        self._last_report = ntp >> 16 & 0xFFFFFFFF
        self._reported_at = now

    def block(self, now: float) -> Block | None:
        """The report block, or None before the first packet."""
        if self._first < 0:
            return None
        expected = self._line.highest - self._first + 1
        expected_now = expected - self._expected_before
        lost_now = expected_now - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        self.loss = lost_now / expected_now if expected_now > 0 and lost_now > 0 else 0.0
        delay = int((now - self._reported_at) * 65536) if self._last_report else 0
        return Block(
            self.ssrc, min(255, int(self.loss * 256)), expected - self._received,
            self._line.highest & 0xFFFFFFFF, int(self._jitter) & 0xFFFFFFFF,
            self._last_report, delay & 0xFFFFFFFF,
        )  # fmt: skip
