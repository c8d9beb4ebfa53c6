"""One downward line of one receiver: shows whichever source sits in its slot.

Swaps sources at the first packet that can be played (any sound, a key frame), so a returning
person's old picture stays until the new one is there. Answers NACK from the source's history.
"""

from collections.abc import Callable

from media.core import red, rtcp
from media.core.keyframes import Allowance
from media.core.lines import AUDIO_RATE, OPUS, RED, RTX, VIDEO_RATE, VP8, Line
from media.core.offer import Streams
from media.core.rewrite import Packet, Rewriter
from media.source import Source

MOST_REMEMBERED = 512


class Budget:
    """What a receiver may draw from the history: half of what it is sent, and a little always."""

    def __init__(self) -> None:
        self.bytes = 60_000.0

    def earn(self, count: int) -> None:
        """So many bytes were sent, or fell due."""
        self.bytes = min(120_000.0, self.bytes + count)

    def spend(self, count: int) -> bool:
        """Whether so many bytes may be sent again."""
        if self.bytes < count:
            return False
        self.bytes -= count
        return True


class Track:
    """See the module."""

    def __init__(
        self, line: Line, streams: Streams, send: Callable[[bytes], None], budget: Budget
    ) -> None:
        self.line = line
        self.ssrc = streams.ssrc
        self.source: Source | None = None  # what is shown
        self.coming: Source | None = None  # what will be, from its first playable packet on
        self.fresh = 0  # reports still to be sent soon: two of them make a clock line
        self.red = self.rtx = self.accepted = False
        self.packets = self.octets = 0
        self.allowance = Allowance()
        self._rtx_ssrc = streams.rtx
        self._rtx_sequence = 0
        self._rewriter = Rewriter(streams.ssrc, AUDIO_RATE if line.audio else VIDEO_RATE)
        self._send = send
        self._budget = budget
        self._resent: dict[int, float] = {}

    def show(self, source: Source | None) -> None:
        """Show this source next. What another person sent is cut at once; the same person's older
        source stays until the new one can be played."""
        if source is self.coming or (self.coming is None and source is self.source):
            return
        self._leave(self.coming)
        self.coming = None
        if self.source is source:
            return
        if source is None or self.source is None or self.source.peer != source.peer:
            self._leave(self.source)
            self.source = None
        if source is not None:
            self.coming = source
            source.receivers.append(self)
            source.desk.ask()

    def _leave(self, source: Source | None) -> None:
        if source is not None and self in source.receivers:
            source.receivers.remove(self)

    def restart(self, source: Source) -> None:
        """The source's numbers start anew: treat it as one that is coming."""
        if source is self.source:
            self.source, self.coming = None, self.coming or source
            source.desk.ask()

    def forward(self, source: Source, packet: Packet, now: float) -> None:
        """Send one packet of a source on, under this slot's numbers."""
        if source is not self.source:
            if source is not self.coming or not self._playable(source, packet):
                return
            self._swap(source, packet, now)
        elif packet.place < self._rewriter.start:
            return
        payload_type, payload = packet.marker_and_type & 0x7F, packet.payload
        if payload_type == RED and not self.red:
            payload_type, payload = OPUS, red.primary(payload)[1]
        written = self._rewriter.write(packet, payload, payload_type, now)
        self.packets += 1
        self.octets += len(written) - 12
        self._budget.earn(len(written) >> 1)
        self._send(written)

    def _playable(self, source: Source, packet: Packet) -> bool:
        if self.line.audio or (packet.picture is not None and packet.picture.keyframe):
            return bool(packet.payload)
        source.desk.ask()
        return False

    def _swap(self, source: Source, packet: Packet, now: float) -> None:
        self._leave(self.source)
        self.source, self.coming, self.fresh = source, None, 2
        self._rewriter.begin(packet, now)
        self._resent.clear()

    def send_again(self, sequences: tuple[int, ...], now: float, round_trip: float) -> int:
        """Answer a NACK: each packet at most once a round trip, within the budget. How many."""
        source = self.source
        if source is None or self.line.audio:
            return 0
        count = 0
        for sequence in sequences:
            packet = source.history.get((sequence - self._rewriter.sequence_offset) & 0xFFFF)
            if packet is None or packet.place < self._rewriter.start or not packet.payload:
                continue
            if now - self._resent.get(sequence, -1e9) < 0.8 * round_trip:
                continue
            if not self._budget.spend(len(packet.payload) + 24):
                break
            self._resent[sequence] = now
            self._send(self._copy(packet, now))
            count += 1
        while len(self._resent) > MOST_REMEMBERED:
            del self._resent[next(iter(self._resent))]
        return count

    def _copy(self, packet: Packet, now: float) -> bytes:
        if not self.rtx:
            return self._rewriter.write(packet, packet.payload, VP8, now)
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        return self._rewriter.write_again(packet, (self._rtx_ssrc, self._rtx_sequence, RTX))

    def report(self, now: float) -> rtcp.SenderReport | None:
        """The sender report of this line, on the source's own clock; None before it told one."""
        source = self.source
        if source is None or not source.line or not self.packets:
            return None
        self.fresh = max(0, self.fresh - 1)
        ntp, timestamp = source.line.read(now)
        moved = (timestamp + self._rewriter.time_offset) & 0xFFFFFFFF
        return rtcp.SenderReport(self.ssrc, ntp, moved, self.packets, self.octets)
