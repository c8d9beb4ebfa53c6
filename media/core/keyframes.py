"""Requests for key frames, merged and limited: on a thin link one key frame is seconds of link."""


class KeyframeDesk:
    """All requests for one picture source meet here. One request goes out for many."""

    def __init__(self) -> None:
        self._wanted = False
        self._sent = -1e9

    def ask(self) -> None:
        """Somebody needs a key frame."""
        self._wanted = True

    def arrived(self) -> None:
        """A key frame started; whoever asked before is served."""
        self._wanted = False

    def due(self, now: float, round_trip: float) -> bool:
        """Whether to send a request now: again only when the last could have been answered."""
        if not self._wanted or now - self._sent < max(0.3, min(2 * round_trip + 0.1, 2.0)):
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

    def take(self, now: float) -> bool:
        """Whether this ask counts."""
        if self._at is not None:
            self._left = min(self._most, self._left + (now - self._at) / self._period)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
