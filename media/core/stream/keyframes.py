"""Requests for key frames, merged and limited: on a thin link one key frame is seconds of link."""

SHORTEST, LONGEST = 0.3, 10.0  # s between two key frames asked for
SHARE = 4.0  # a key frame may take a quarter of the link


def spacing(cost: float, rate: float) -> float:
    """Seconds from one key frame to the next ask: `cost` in bits, over a link of `rate` bit/s."""
    return max(SHORTEST, min(SHARE * cost / rate, LONGEST)) if rate > 0 else SHORTEST


class KeyframeDesk:
    """All requests for one picture source meet here. One request goes out for many."""

    def __init__(self) -> None:
        self._wanted = False
        self._sent = -1e9
        self._came = -1e9

    def ask(self) -> None:
        """Somebody needs a key frame."""
        self._wanted = True

    def arrived(self, now: float) -> None:
        """A key frame started; whoever asked before is served."""
        self._wanted = False
        self._came = now

    def due(self, now: float, round_trip: float, cost: float = 0.0, rate: float = 0.0) -> bool:
        """Whether to send a request now: again only when the last could have been answered, and
        after a key frame of `cost` bits not before a link of `rate` bit/s recovered from it.

        A rate of 0 is unknown and bounds nothing."""
        if not self._wanted or now - self._came < (spacing(cost, rate) if cost else 0.0):
            return False
        crossing = min(cost / rate, LONGEST) if rate > 0 else 0.0
        if now - self._sent < max(SHORTEST, min(2 * round_trip + 0.1, 2.0) + crossing):
            return False
        self._sent = now
        return True


class Allowance:
    """How often one receiver may ask: a few at once, then one every `period` seconds."""

    def __init__(self, most: int = 5, period: float = 1.5) -> None:
        self._most = most
        self._period = period
        self._left = float(most)
        self._at: float | None = None

    def take(self, now: float, cost: float = 0.0, rate: float = 0.0) -> bool:
        """Whether this ask counts; key frames of `cost` bits over a link of `rate` bit/s make
        the period longer."""
        if self._at is not None:
            period = max(self._period, spacing(cost, rate))
            self._left = min(self._most, self._left + (now - self._at) / period)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
