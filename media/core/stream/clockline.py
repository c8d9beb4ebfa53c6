"""A source's own clock, carried through so that lips match (RFC 3550 §6.4.1).

The NTP time a source wrote is kept; only the RTP time is moved by the receiver's offset. Between
two reports of the source the line is continued, so that a newcomer need not wait for the next.
"""


class ClockLine:
    """The line NTP time ↔ RTP time of one source."""

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._ntp = 0
        self._timestamp = 0
        self._at = 0.0

    def __bool__(self) -> bool:
        return bool(self._ntp)

    def report(self, ntp: int, timestamp: int, now: float) -> None:
        """The source's sender report arrived at `now`."""
        self._ntp, self._timestamp, self._at = ntp, timestamp, now

    def read(self, now: float) -> tuple[int, int]:
        """(NTP time 32.32, RTP timestamp) of the source at `now`."""
        passed = now - self._at
        ntp = (self._ntp + int(passed * 0x100000000)) & 0xFFFFFFFFFFFFFFFF
        return ntp, (self._timestamp + int(passed * self._rate)) & 0xFFFFFFFF


class SentReports:
    """When each of our reports left: a receiver's block then tells the round trip."""

    def __init__(self, most: int = 64) -> None:
        self._sent: dict[int, float] = {}
        self._most = most

    def sent(self, ntp: int, now: float) -> None:
        """A report with this NTP time left at `now`."""
        self._sent[ntp >> 16 & 0xFFFFFFFF] = now
        while len(self._sent) > self._most:
            del self._sent[next(iter(self._sent))]

    def round_trip(self, last_report: int, delay: int, now: float) -> float | None:
        """Seconds, from a block's LSR and DLSR; None when the report is not one of ours."""
        left = self._sent.get(last_report)
        if left is None:
            return None
        passed = now - left - delay / 65536
        return max(0.0, passed) if passed > -0.01 else None
