"""Who is speaking, from the audio levels in the packets (RFC 6464). Never hears the audio."""

import math

QUIET = 55  # -dBov: what is below is not speech
MARGIN = 6.0  # dB louder than the present speaker
HOLD = 0.5  # s of being louder before the change
FORGET = 3.0  # s of silence before nobody speaks
SMOOTHING = 0.3  # s


class SpeakerChoice:
    """The active speaker of one room."""

    def __init__(self) -> None:
        self.speaker: str | None = None
        self._loudness: dict[str, tuple[float, float]] = {}  # peer → (dB above silence, when)
        self._rival: tuple[str, float] | None = None
        self._spoke = 0.0

    def hear(self, peer: str, level: int, now: float) -> None:
        """A packet of `peer` had this level: 0 loudest … 127 silence."""
        value, before = self._loudness.get(peer, (0.0, now))
        weight = math.exp(-(now - before) / SMOOTHING) if now > before else 0.93
        self._loudness[peer] = (value * weight + (127 - level) * (1 - weight), now)

    def forget(self, peer: str) -> None:
        """The peer left."""
        self._loudness.pop(peer, None)
        if self.speaker == peer:
            self.speaker = None

    def choose(self, now: float) -> str | None:
        """The active speaker now. Changes only after a clear and lasting difference."""
        loud = {peer: value for peer, (value, at) in self._loudness.items()
                if now - at < 1.0 and value > 127 - QUIET}  # fmt: skip
        if self.speaker in loud:
            self._spoke = now
        if not loud:
            self._rival = None
            if now - self._spoke > FORGET:
                self.speaker = None
            return self.speaker
        best = max(loud, key=lambda peer: loud[peer])
        self._contest(best, loud, now)
        return self.speaker

    def _contest(self, best: str, loud: dict[str, float], now: float) -> None:
        if best == self.speaker or loud[best] < loud.get(self.speaker or "", 0.0) + MARGIN:
            self._rival = None
            return
        if self._rival is None or self._rival[0] != best:
            self._rival = (best, now)
        if now - self._rival[1] >= HOLD:
            self.speaker, self._spoke, self._rival = best, now, None
