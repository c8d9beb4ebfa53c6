"""The voice: bitrate, packet time and redundancy by the link's rate and loss, and who is heard.

On a thin link a packet's headers cost more than the speech in it, so packets grow long before the
voice grows coarse; where packets are lost and there is room, each carries the one before (RED).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from media.core.allocation.ladder import AudioRow, Quality, VoiceStep, fraction

LOSS_OVER = 0.5  # of the loss from which a row was chosen: below that it is left again
LOSS_CALM = 10.0  # s the loss must have been below
ROOM = 1.1  # times `least` that a better voice takes
STILL_WITHIN = 10.0  # s in which a still is to cross beside the voice
HEARD = 0.5  # of what is usable: the most that all voices may take together


@dataclass(frozen=True)
class Voice:
    """What arrives of one microphone: `rate` bit/s on the wire now, with or without RED."""

    peer: str
    rate: int
    speaking: bool
    red: bool = False


class VoiceChoice:
    """The voice one direction of one link carries."""

    def __init__(self, quality: Quality, now: float) -> None:
        self._quality = quality
        self._row: AudioRow | None = None
        self._raised = now
        self._loss = 0.0  # as acted upon
        self._calm: float | None = None

    def step(self, rate: int, loss: float, transfer: bool, now: float) -> VoiceStep:
        """The step for a link of `rate` bit/s losing `loss`; leaner while a still crosses a thin
        one."""
        self._note(fraction(loss), now)
        best = self._best(rate)
        if self._row is None or rate < self._row.least or self._row.loss > self._loss:
            self._row = best
        elif best is not self._row and self._due(best, rate, now):
            self._row, self._raised = best, now
        return self._leaner(rate) if transfer else self._row.step

    def _note(self, loss: float, now: float) -> None:
        """More loss counts at once, less only after a while."""
        if loss >= self._loss * LOSS_OVER and loss > 0:
            self._loss, self._calm = max(loss, self._loss), None
        elif self._calm is None:
            self._calm = now
        elif now - self._calm >= LOSS_CALM:
            self._loss, self._calm = loss, None

    def _best(self, rate: int) -> AudioRow:
        rows = [row for row in self._quality.audio if row.least <= rate and row.loss <= self._loss]
        made_for_loss = [row for row in rows if row.loss > 0]
        return (made_for_loss or rows or self._quality.audio[-1:])[0]

    def _due(self, best: AudioRow, rate: int, now: float) -> bool:
        assert self._row is not None
        if best.loss > self._row.loss:
            return True  # what protects does not wait
        return rate >= ROOM * best.least and now - self._raised >= self._quality.hysteresis.voice

    def _leaner(self, rate: int) -> VoiceStep:
        """The first step from the present one down beside which a still crosses in time."""
        assert self._row is not None
        now, rules = self._row.step, self._quality.stills
        needed = rules.bytes * 8 * (1 + self._quality.link.transfer) / STILL_WITHIN
        steps = [row.step for row in self._quality.audio
                 if row.step.wire <= now.wire and row.step.bitrate <= now.bitrate
                 and row.step.red <= now.red]  # fmt: skip
        steps.sort(key=lambda step: -step.wire)
        room = self._quality.usable(rate) - needed
        return next((step for step in steps if step.wire <= room), steps[-1])


class Hearing:
    """Who is heard by one receiver: on a thin link only the one who speaks."""

    def __init__(self) -> None:
        self._last: str | None = None

    def choose(self, voices: Sequence[Voice], wire: int, usable: int) -> list[Voice]:
        """Those heard, of voices of `wire` bit/s each: at least one, whoever speaks first."""
        places = max(1, int(usable * HEARD) // max(1, wire))
        ranked = sorted(voices, key=lambda voice: (not voice.speaking, voice.peer != self._last))
        heard = ranked[:places]
        if heard:
            self._last = heard[0].peer
        return heard
