"""When a silent peer is stalled and when it is gone. Sees only times.

A browser with a microphone sends fifty packets a second, muted or not, so 2.5 s of nothing mean
trouble. One which sends no media still proves its consent, every 2.5 s (Chromium) to 6 s
(RFC 7675 §5.1): there, silence means something only after that.
"""

from enum import Enum

STALLED_WITH_MEDIA = 2.5
STALLED_WITHOUT_MEDIA = 8.0
GONE = 30.0


class Pulse(Enum):
    """How a peer is."""

    ALIVE = "alive"
    STALLED = "stalled"
    GONE = "gone"


class Liveness:
    """The pulse of one session."""

    def __init__(self, now: float) -> None:
        self.heard_at = now
        self._media_at = -1e9

    def heard(self, now: float) -> None:
        """An authenticated datagram of any kind arrived."""
        self.heard_at = now

    def media(self, now: float) -> None:
        """A media packet arrived."""
        self.heard_at = self._media_at = now

    def media_ended(self) -> None:
        """The peer said its media stops (RTCP BYE)."""
        self._media_at = -1e9

    def silence(self, now: float) -> float:
        """Seconds since anything arrived."""
        return now - self.heard_at

    def pulse(self, now: float) -> Pulse:
        """How the peer is now."""
        silence = now - self.heard_at
        if silence >= GONE:
            return Pulse.GONE
        # Media until the silence began: then the media stopped with it.
        with_media = self.heard_at - self._media_at < 1.0
        limit = STALLED_WITH_MEDIA if with_media else STALLED_WITHOUT_MEDIA
        return Pulse.STALLED if silence >= limit else Pulse.ALIVE
