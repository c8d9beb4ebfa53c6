"""One thing a browser sends: microphone, camera or exam camera. Forwards, never decodes."""

from itertools import count
from typing import Protocol

from media.core.packets import av1, vp8
from media.core.packets.lines import AUDIO_RATE, AV1, RED, VIDEO_RATE, Line
from media.core.packets.picture import Picture
from media.core.packets.wire import OVERHEAD
from media.core.stream import rewrite
from media.core.stream.clockline import ClockLine
from media.core.stream.gaps import Arrival, Gaps
from media.core.stream.history import History
from media.core.stream.keyframes import KeyframeDesk
from media.core.stream.measure import Measure
from media.core.stream.reception import Reception
from media.core.stream.rewrite import Packet

PRESENT = 2.5  # s without a packet before a source counts as absent
EXAM_PRESENT = 4.0  # a still screen is sent about once a second
SIZE_WEIGHT = 0.05  # of each packet in the mean size
_runs = count(1)


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
        self.measure = Measure()
        self.heard_at = -1e9
        self.highest = -1  # place
        self.key_bytes = 0  # of the last key frame, as payload
        self.size = 0.0  # bytes of a packet on the wire, about
        self.redundant = False  # its sound comes as RED
        self._run = next(_runs)
        self._frame = self._key_frame = -1  # timestamps
        self._temporal = 0
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
            self.gaps = Gaps()
            self._restart()

    def present(self, now: float) -> bool:
        """Whether its packets arrive."""
        return now - self.heard_at < self._patience

    def ended(self) -> None:
        """The browser said it stops."""
        self.heard_at = -1e9

    def rates(self, now: float) -> tuple[int, ...]:
        """Bit/s on the wire over the last second: the lowest temporal layer, with the next, …"""
        return self.measure.rates(now)

    def frame_rate(self, now: float) -> float:
        """Frames a second over the last second, all layers."""
        return self.measure.frame_rate(now)

    def receive(
        self, sequence: int, timestamp: int, marker_and_type: int, payload: bytes, now: float
    ) -> None:
        """A packet, first sent or sent again; copies are dropped. Raises PictureError."""
        arrival, place = self.gaps.arrive(sequence, now)
        if arrival is Arrival.DUPLICATE:
            return
        if arrival is Arrival.RESTART:
            self._restart()
        self.heard_at = now
        picture, key = None, False
        if self.audio:
            self.redundant = marker_and_type & 0x7F == RED
        elif payload:
            picture = self._read(payload, timestamp, marker_and_type, now)
            if picture.keyframe:
                self.gaps.passed(place)
            key = timestamp == self._key_frame
            if key:
                self.key_bytes += len(payload)
        self.size += (len(payload) + OVERHEAD - self.size) * (SIZE_WEIGHT if self.size else 1)
        self.measure.note(len(payload), picture.temporal if picture else 0, now)
        packet = rewrite.Packet(
            place, timestamp, marker_and_type, payload, picture, key, self._run
        )  # fmt: skip
        if place > self.highest:
            self.highest = place
        self.history.put(place, packet, now)
        for receiver in self.receivers:
            receiver.forward(self, packet, now)

    def _read(self, payload: bytes, timestamp: int, marker_and_type: int, now: float) -> Picture:
        if marker_and_type & 0x7F == AV1:
            picture = av1.parse(payload)
            if picture.temporal < 0:  # said by an earlier packet of the frame, if that came
                said = self._temporal if timestamp == self._frame else 0
                picture = picture._replace(temporal=said, sync=said > 0)
        else:
            picture = vp8.parse(payload)
        if picture.keyframe:
            self.desk.arrived(now)
            self._key_frame, self.key_bytes = timestamp, 0
        if timestamp != self._frame and (timestamp - self._frame) & 0xFFFFFFFF < 0x80000000:
            self.measure.frame(now)
            self._frame, self._temporal = timestamp, picture.temporal
        return picture

    def _restart(self) -> None:
        self.history.clear()
        self.highest = -1
        self._run = next(_runs)
        for receiver in list(self.receivers):
            receiver.restart(self)
