"""One thing a browser sends: microphone, camera or exam camera. Forwards, never decodes."""

from typing import Protocol

from media.core import rewrite, vp8
from media.core.clockline import ClockLine
from media.core.gaps import Arrival, Gaps
from media.core.history import History
from media.core.keyframes import KeyframeDesk
from media.core.lines import AUDIO_RATE, VIDEO_RATE, Line
from media.core.reception import Reception
from media.core.rewrite import Packet

PRESENT = 2.5  # s without a packet before a source counts as absent
EXAM_PRESENT = 4.0  # a still screen is sent about once a second


class Receiver(Protocol):
    """A slot's line which shows this source."""

    def forward(self, source: "Source", packet: Packet, now: float) -> None:
        """A packet of the source."""

    def restart(self, source: "Source") -> None:
        """The source's numbers start anew."""


class Source:
    """See the module. `ssrc` is 0 until the browser says it or sends."""

    def __init__(self, peer: str, line: Line) -> None:
        self.peer = peer
        self.mid = line.mid
        self.audio = line.audio
        self.rate = AUDIO_RATE if line.audio else VIDEO_RATE
        self.receivers: list[Receiver] = []
        self.line = ClockLine(self.rate)
        self.desk = KeyframeDesk()
        self.gaps = Gaps()
        self.history: History[Packet] = History()
        self.reception = Reception(0, self.rate)
        self.heard_at = -1e9
        self.round_trip = 0.1
        self._patience = EXAM_PRESENT if line.mid == "exam" else PRESENT

    @property
    def ssrc(self) -> int:
        """What the browser sends it with."""
        return self.reception.ssrc

    def speaks_as(self, ssrc: int) -> None:
        """The browser sends it with this SSRC from now on."""
        if ssrc != self.reception.ssrc:
            self.reception = Reception(ssrc, self.rate)
            self.line = ClockLine(self.rate)
            self._restart()

    def present(self, now: float) -> bool:
        """Whether its packets arrive."""
        return now - self.heard_at < self._patience

    def ended(self) -> None:
        """The browser said it stops."""
        self.heard_at = -1e9

    def receive(
        self, sequence: int, timestamp: int, marker_and_type: int, payload: bytes, now: float
    ) -> None:
        """A packet, first sent or sent again; copies are dropped. Raises Vp8Error."""
        arrival, place = self.gaps.arrive(sequence, now)
        if arrival is Arrival.DUPLICATE:
            return
        if arrival is Arrival.RESTART:
            self._restart(place)
        self.heard_at = now
        picture = None
        if not self.audio and payload:
            picture = vp8.parse(payload)
            if picture.keyframe:
                self.desk.arrived()
        packet = rewrite.Packet(place, timestamp, marker_and_type, payload, picture)
        if not self.audio:
            self.history.put(place & 0xFFFF, packet, now)
        for receiver in self.receivers:
            receiver.forward(self, packet, now)

    def _restart(self, place: int = -1) -> None:
        self.history = History()
        if place < 0:
            self.gaps = Gaps()
        for receiver in list(self.receivers):
            receiver.restart(self)
