"""One downward line of one receiver: shows whichever source sits in its slot.

Swaps sources at the first packet that can be played (any sound, a key frame), so a returning
person's old picture stays until the new one is there. Sound leaves at once, pictures through a
pacer: what passes is decided when it comes (`core/passage.py`), numbers are given when it leaves.
Answers NACK with what it sent.
"""

from collections.abc import Callable

from media.core.link.pacer import Frame
from media.core.packets import rtcp
from media.core.packets.answer import AnsweredLine
from media.core.packets.lines import AUDIO_RATE, AV1, VIDEO_RATE, VP8, Line
from media.core.packets.offer import Streams
from media.core.packets.wire import OVERHEAD
from media.core.stream.budget import Budget
from media.core.stream.halts import Halts
from media.core.stream.keyframes import Allowance
from media.core.stream.passage import Passage
from media.core.stream.redundancy import Redundancy
from media.core.stream.repairs import SOUND_ROUND_TRIP, Again, Repairs
from media.core.stream.rewrite import Packet, Rewriter
from media.source import Source

ASK_AGAIN = 1.0  # s between two asks for the key frame a line waits for

Outgoing = Packet | Again


class Track:
    """See the module. `send` takes what is written; `pace` takes video, and calls `emit` or `skip`
    with each of it, in the order given."""

    def __init__(
        self,
        line: Line,
        streams: Streams,
        send: Callable[[bytes, float], None],
        pace: Callable[["Track", Outgoing, float], None],
        budget: Budget,
        again: Callable[[bytes, float], None] | None = None,
    ) -> None:
        self.line = line
        self.ssrc = streams.ssrc
        self.source: Source | None = None  # what is shown
        self.coming: Source | None = None  # what will be, from its first playable packet on
        self.fresh = 0  # reports still to be sent soon: two of them make a clock line
        self.accepted = False
        self.muted = False
        self.priority = 0  # of its pictures at the pacer, the lowest first
        self.packets = self.octets = 0
        self._audio = line.audio
        self._allowance = Allowance()
        self._asked_at = -1e9
        self._send = send
        self._again = again or send
        self._pace = pace
        self._budget = budget
        self._passage = Passage()
        self._halts = Halts()
        self._redundancy = Redundancy()
        self._rewriter = Rewriter(streams.ssrc, AUDIO_RATE if line.audio else VIDEO_RATE)
        self._repairs = Repairs(self._rewriter, streams.rtx, budget)
        self._run = 0  # of what left last
        self._given_up = (0, -1)  # run and timestamp of a frame of the lowest layer
        self._paced = Frame(streams.ssrc, -1, True, False)  # the frame measured last

    def answered(self, said: AnsweredLine) -> None:
        """What the browser accepted of this line."""
        self.accepted, self._redundancy.known = said.accepted, said.red
        can = {VP8: said.vp8, AV1: said.av1}
        again = {VP8: said.rtx, AV1: said.av1_rtx}
        self._passage.codecs = frozenset(codec for codec, on in can.items() if on)
        self._repairs.codecs = frozenset(codec for codec, on in again.items() if on)

    # Which source

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
            self._ask(source)

    def _leave(self, source: Source | None) -> None:
        if source is not None and self in source.receivers:
            source.receivers.remove(self)

    def _ask(self, source: Source | None) -> None:
        if source is not None and self._passage.layers:
            source.desk.ask()

    def restart(self, source: Source) -> None:
        """The source's numbers start anew: treat it as one that is coming."""
        if source is self.source:
            self.source, self.coming = None, self.coming or source
            self._ask(source)

    def ask(self, now: float) -> None:
        """The receiver needs a key frame: asked for within what its link can carry of them."""
        source = self.source
        if source is None or not self._passage.layers:
            return
        self._asked_at = now
        if self._allowance.take(now, 8 * source.key_bytes, self._budget.rate):
            source.desk.ask()

    def limit(self, layers: int) -> None:
        """Let so many temporal layers pass, 1 to 3; none pauses until a key frame after it."""
        paused = not self._passage.layers
        self._passage.limit(layers)
        if layers and paused:
            self._ask(self.coming or self.source)

    def hear(self, treatment: str) -> None:
        """How sound goes on: its redundancy passed, stripped or made, or the sound muted."""
        if self.muted:  # what was left out meanwhile takes no numbers
            self._halts.silence(self._run, 0)
        self.muted = treatment == "mute"
        if not self.muted:
            self._redundancy.treatment = treatment

    # What passes

    def forward(self, source: Source, packet: Packet, now: float) -> None:
        """A packet of a source: sent on at once, or to the pacer, or left out."""
        passage = self._passage
        if source is not self.source:
            if source is self.coming:
                self._swap(source, packet, now)
        elif packet.place < passage.start:
            return
        elif self._audio:
            if not self.muted:
                self.emit(packet, now)
        elif passage.waiting:
            self._await(source, packet, now)
        elif packet.timestamp == passage.frame and passage.verdict and packet.payload:
            self._pace(self, packet, now)
        else:
            self._film(packet, now)

    def _swap(self, source: Source, packet: Packet, now: float) -> None:
        """Show what was coming from this packet on, if it can be played."""
        if self._audio and not packet.payload:
            return
        if not self._audio and not self._passage.can_start(packet):
            if self._passage.can_show(packet):
                self._ask(source)
            return
        self._leave(self.source)
        self.source, self.coming, self.fresh = source, None, 2
        self._passage.begin(packet)
        if not self._audio:
            self._resume(source, packet, now)
        elif not self.muted:
            self.emit(packet, now)

    def _await(self, source: Source, packet: Packet, now: float) -> None:
        if self._passage.passes(packet.timestamp):  # the rest of what began to pass
            self._pace(self, packet, now)
        elif self._passage.can_start(packet):
            self._passage.begin(packet)
            self._resume(source, packet, now)
        elif now - self._asked_at >= ASK_AGAIN and self._passage.can_show(packet):
            self.ask(now)

    def _resume(self, source: Source, packet: Packet, now: float) -> None:
        self._film(packet, now)
        # The key frame's first packet may have come after others of it.
        for place in range(packet.place + 1, source.highest + 1):
            behind = source.history.get(place, now)
            if behind is not None:
                self._film(behind, now)

    def _film(self, packet: Packet, now: float) -> None:
        passage = self._passage
        if passage.judge(packet) and packet.payload:
            self._pace(self, packet, now)
        elif passage.waiting:
            self._halts.silence(packet.run, packet.place)
        else:
            self._leave_out(packet, now)

    def _leave_out(self, packet: Packet, now: float) -> None:
        padding = self._rewriter.leave_out(packet)
        if padding is not None:
            self._send(padding, now)

    # What leaves

    def measure(self, item: Outgoing) -> tuple[int, Frame | None]:
        """(Bytes on the wire, which frame) for the pacer; no frame for what is sent again."""
        if isinstance(item, Again):
            return item.size + OVERHEAD, None
        frame = self._paced
        if frame.key != item.timestamp:
            picture = item.picture
            base = item.key or picture is None or picture.temporal < 1
            frame = Frame(self.ssrc, item.timestamp, base, item.key, self.priority)
            self._paced = frame
        return len(item.payload) + OVERHEAD, frame

    def emit(self, item: Outgoing, now: float) -> int:
        """Send it. Returns how many bytes left, without what SRTP and IP add; 0 when it is of no
        use any more."""
        if isinstance(item, Again):
            again = self._repairs.write(item, now)
            if again:
                (self._again if self._audio else self._send)(again, now)
            return len(again or b"")
        place, halts, rewriter = item.place, self._halts, self._rewriter
        anew = place >= halts.silent_from or item.run != self._run
        if anew and not self._begin(item, now):
            return 0
        asked = place >= halts.capped_from or place < rewriter.next
        if asked and halts.holds(item, rewriter.next):
            self._passage.refuse(item.timestamp)
            self._leave_out(item, now)
            return 0
        if self._audio:
            kind, payload = self._redundancy.treat(item)
        else:
            kind, payload = item.marker_and_type & 0x7F, item.payload
        rewriter.lowest = self._passage.lowest
        written, sent = rewriter.write(item, payload, kind, now)
        if sent is None:
            return self._write(written, now)
        size = len(written)
        self._repairs.sent.put(rewriter.sequence, sent, now)
        self.packets += 1
        self.octets += size - 12
        self._budget.bytes += size >> 1
        self._send(written, now)
        return size

    def _write(self, packet: bytes | None, now: float) -> int:
        if packet:
            self._send(packet, now)
        return len(packet or b"")

    def _begin(self, packet: Packet, now: float) -> bool:
        if not self._audio and not self._passage.can_start(packet):
            return False
        self._rewriter.begin(packet, now, packet.run == self._run)
        self._run = packet.run
        self._halts.begin(packet)
        return True

    def skip(self, item: Outgoing, now: float) -> None:
        """The pacer gave it up. Its frame is left out whole; what needs it, too: after a frame of
        the lowest layer all up to a key frame."""
        if isinstance(item, Again):
            return
        self._passage.refuse(item.timestamp)
        picture = item.picture
        if picture is not None and picture.temporal > 0 and not item.key:
            self._leave_out(item, now)
            # Chromium waits for a sync of a layer it has not seen, though it could decode.
            if picture.sync or not picture.discardable:
                left = self._rewriter.next if item.run == self._run else 0
                self._halts.cap(picture.temporal, item, left)
            return
        if self._given_up != (item.run, item.timestamp):
            self._given_up = (item.run, item.timestamp)
            self._halts.silence(item.run, item.place)
        if not self._passage.waiting and item.place >= self._passage.key_place:
            self._passage.waiting = True
            self.ask(now)

    # Once more

    def send_again(self, sequences: tuple[int, ...], now: float, round_trip: float) -> int:
        """Answer a NACK: each packet at most once a round trip, within the budget. How many."""
        if self._audio and round_trip > SOUND_ROUND_TRIP:
            return 0
        wanted = self._repairs.wanted(sequences, now, round_trip)
        for again in wanted:
            self.emit(again, now) if self._audio else self._pace(self, again, now)
        return len(wanted)

    def idle(self, size: int, now: float) -> bool:
        """Send something of no new content, for a probe. False where nothing can be sent."""
        return self.accepted and self._write(self._repairs.idle(size, now), now) > 0

    def report(self, now: float) -> rtcp.SenderReport | None:
        """The sender report of this line, on the source's own clock; None before it told one."""
        source = self.source
        if source is None or not source.line or not self.packets:
            return None
        self.fresh = max(0, self.fresh - 1)
        ntp, timestamp = source.line.read(now)
        moved = (timestamp + self._rewriter.time_offset) & 0xFFFFFFFF
        return rtcp.SenderReport(self.ssrc, ntp, moved, self.packets, self.octets)
