"""One downward line of one receiver: shows whichever source sits in its slot.

Swaps sources at the first packet that can be played (any sound, a key frame), so a returning
person's old picture stays until the new one is there. Decides frame by frame which temporal layers
pass; hands video to a pacer and writes it when its turn comes. Answers NACK with what it sent.
"""

from collections.abc import Callable
from typing import NamedTuple

from media.core import red, rtcp, rtp
from media.core.answer import AnsweredLine
from media.core.budget import Budget
from media.core.history import History
from media.core.keyframes import Allowance
from media.core.lines import AUDIO_RATE, AV1, OPUS, RED, RTX_OF, VIDEO_RATE, VP8, Line
from media.core.measure import OVERHEAD
from media.core.offer import Streams
from media.core.pacer import Frame
from media.core.rewrite import Packet, Rewriter, Sent
from media.source import Source

MOST_REMEMBERED = 512
MOST_FRAMES = 256
ALL = 4  # more temporal layers than there are
ENDLESS = 1 << 62
SOUND_ROUND_TRIP = 0.25  # s; sound sent again later than this would miss its playout


class Again(NamedTuple):
    """Something to be sent once more."""

    sequence: int
    size: int  # bytes of payload


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
    ) -> None:
        self.line = line
        self._audio = line.audio
        self.ssrc = streams.ssrc
        self.source: Source | None = None  # what is shown
        self.coming: Source | None = None  # what will be, from its first playable packet on
        self.fresh = 0  # reports still to be sent soon: two of them make a clock line
        self.accepted = self.red = False
        self.redundancy = "pass"  # or strip, or make
        self.muted = False
        self.priority = 0
        self.rate = 0.0  # bit/s the receiver's link carries, 0 when unknown
        self.packets = self.octets = 0
        self.allowance = Allowance()
        self._codecs: set[int] = set()
        self._rtx: set[int] = set()
        self._rtx_ssrc = streams.rtx
        self._rtx_sequence = 0
        self._rewriter = Rewriter(streams.ssrc, AUDIO_RATE if line.audio else VIDEO_RATE)
        self._send = send
        self._pace = pace
        self._budget = budget
        self._sent: History[Sent] = History()
        self._resent: dict[int, float] = {}
        self._before: Packet | None = None  # the newest sound
        # As packets come in:
        self._layers = ALL  # how many may pass, 0 is none
        self._passing = ALL  # how many do
        self._spans = [(0, ENDLESS)] * ALL  # of each layer: places between which it passed last
        self._waiting = False  # for a key frame
        self._start = 0  # place of the first packet of this stretch
        self._key_place = 0  # of the newest key frame
        self._codec = 0
        self._frame = -1  # timestamp of the newest frame
        self._verdicts: dict[int, bool] = {}  # timestamp → whether the frame passes
        self._verdict = True  # of the newest frame
        self._paced = Frame(self.ssrc, -1, True, False)  # the frame measured last
        # As packets leave:
        self._run = 0
        self._silences: list[tuple[int, int]] = []  # (run, place) from which on nothing leaves
        self._silent_from = ENDLESS  # until a key frame; the first of this run
        self._caps: list[list[int]] = [[] for _ in range(ALL)]  # of each layer: places from
        self._cap_run, self._cap_from = 0, ENDLESS  # which on it waits for a sync; the first

    def answered(self, said: AnsweredLine) -> None:
        """What the browser accepted of this line."""
        self.accepted, self.red = said.accepted, said.red
        self._codecs = {codec for codec, on in ((VP8, said.vp8), (AV1, said.av1)) if on}
        self._rtx = {codec for codec, on in ((VP8, said.rtx), (AV1, said.av1_rtx)) if on}

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
        if source is not None and self._layers:
            source.desk.ask()

    def restart(self, source: Source) -> None:
        """The source's numbers start anew: treat it as one that is coming."""
        if source is self.source:
            self.source, self.coming = None, self.coming or source
            self._ask(source)

    def ask(self, now: float) -> None:
        """The receiver asks for a key frame: passed on within its allowance."""
        source = self.source
        if source is None or not self._layers:
            return
        if self.allowance.take(now, 8 * source.key_bytes, self.rate):
            source.desk.ask()

    def limit(self, layers: int) -> None:
        """Let so many temporal layers pass, 1 to 3; none pauses until a key frame after it."""
        paused, self._layers = not self._layers, layers if layers < 3 else ALL
        if layers and paused:
            self._ask(self.coming or self.source)

    def hear(self, treated: str) -> None:
        """How sound goes on: redundancy passed, stripped or made, or the sound muted."""
        if self.muted:  # what was left out meanwhile takes no numbers
            self._silences, self._silent_from = [(self._run, 0)], 0
        self.muted = treated == "mute"
        if treated in ("pass", "strip", "make"):
            self.redundancy = treated

    # What passes

    def forward(self, source: Source, packet: Packet, now: float) -> None:
        """A packet of a source: sent on at once, or to the pacer, or left out."""
        if source is not self.source:
            if source is not self.coming or not self._starts(source, packet):
                return
            self._leave(self.source)
            self.source, self.coming, self.fresh = source, None, 2
            self._stretch(packet)
        elif packet.place < self._start:
            return
        if self._audio:
            if not self.muted:
                self.emit(packet, now)
        elif self._waiting:
            self._await(source, packet, now)
        elif packet.timestamp == self._frame and self._verdict and packet.payload:
            self._pace(self, packet, now)
        else:
            self._film(packet, now)

    def _await(self, source: Source, packet: Packet, now: float) -> None:
        if self._starts(source, packet):
            self._stretch(packet)
            self._resume(source, packet, now)
        elif self._verdicts.get(packet.timestamp):  # the rest of what began to pass
            self._pace(self, packet, now)

    def _starts(self, source: Source, packet: Packet) -> bool:
        if self.line.audio:
            return bool(packet.payload)
        if packet.picture is not None and packet.picture.keyframe and self._layers:
            return packet.marker_and_type & 0x7F in self._codecs
        self._ask(source)
        return False

    def _stretch(self, packet: Packet) -> None:
        """From this packet on everything can be played."""
        self._start = packet.place
        self._waiting = not self.line.audio
        self._frame = -1
        self._verdicts.clear()
        self._before = None
        self._passing = ALL
        self._spans = [(packet.place, ENDLESS)] * ALL
        self._rewriter.lowest = (0, 0, 0)

    def _resume(self, source: Source, packet: Packet, now: float) -> None:
        self._waiting = False
        self._film(packet, now)
        # The key frame's first packet may have come after others of it.
        for place in range(packet.place + 1, source.highest + 1):
            behind = source.history.get(place, now)
            if behind is not None:
                self._film(behind, now)

    def _film(self, packet: Packet, now: float) -> None:
        verdict = self._verdict if packet.timestamp == self._frame else self._judge(packet)
        if verdict and packet.payload:
            self._pace(self, packet, now)
        else:
            self._leave_out(packet, now)

    def _leave_out(self, packet: Packet, now: float) -> None:
        padding = self._rewriter.leave_out(packet)
        if padding is not None:
            self._send(padding, now)

    def _judge(self, packet: Packet) -> bool:
        """Whether the frame of this packet passes: one answer for all its packets."""
        known = self._verdicts.get(packet.timestamp)
        picture = packet.picture
        if known is not None or picture is None:
            return bool(known)
        if self._frame >= 0 and (packet.timestamp - self._frame) & 0xFFFFFFFF >= 0x80000000:
            first, behind = self._spans[picture.temporal]
            verdict = first <= packet.place < behind
        else:
            self._frame = packet.timestamp
            verdict = self._verdict = self._admit(packet)
        self._verdicts[packet.timestamp] = verdict
        while len(self._verdicts) > MOST_FRAMES:
            del self._verdicts[next(iter(self._verdicts))]
        return verdict

    def _admit(self, packet: Packet) -> bool:
        picture, codec = packet.picture, packet.marker_and_type & 0x7F
        assert picture is not None
        if picture.keyframe and codec in self._codecs and self._layers:
            self._codec, self._key_place = codec, packet.place
            self._pass_layers(self._layers, packet)
        elif codec != self._codec or not self._layers:
            self._wait(packet)
            self._ask(self.source if codec in self._codecs else None)
            return False
        if self._layers < self._passing:
            self._pass_layers(self._layers, packet)
        if self._passing == picture.temporal < self._layers and picture.sync:
            self._pass_layers(self._passing + 1, packet)
        return picture.temporal < self._passing

    def _wait(self, packet: Packet) -> None:
        """Nothing from this packet on, until a key frame."""
        self._waiting = True
        self._silence(packet)

    def _silence(self, packet: Packet) -> None:
        self._silences.append((packet.run, packet.place))
        if packet.run == self._run:
            self._silent_from = min(self._silent_from, packet.place)

    def _pass_layers(self, layers: int, packet: Packet) -> None:
        place = packet.place
        for layer in range(layers, self._passing):
            self._spans[layer] = (self._spans[layer][0], place)
        for layer in range(self._passing, layers):
            self._spans[layer] = (place, ENDLESS)
        run, first, _ = self._rewriter.lowest
        if layers == 1 < self._passing:
            self._rewriter.lowest = (packet.run, place, ENDLESS)
        elif layers > 1 == self._passing:
            self._rewriter.lowest = (run, first, place)
        self._passing = layers

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
            return self._emit_again(item, now)
        place = item.place
        anew = place >= self._silent_from or item.run != self._run
        if anew and not self._begin(item, now):
            return 0
        if place >= self._cap_from and not self._uncapped(item):
            self._leave_out(item, now)
            return 0
        kind, payload = item.marker_and_type & 0x7F, item.payload
        if self._audio:
            kind, payload = self._sound(item, kind)
        rewriter = self._rewriter
        written, sent = rewriter.write(item, payload, kind, now)
        if sent is None:
            if written:
                self._send(written, now)
            return len(written)
        size = len(written)
        self._sent.put(rewriter.sequence, sent, now)
        self.packets += 1
        self.octets += size - 12
        self._budget.bytes += size >> 1
        self._send(written, now)
        return size

    def _begin(self, packet: Packet, now: float) -> bool:
        picture = packet.picture
        if not self.line.audio and (picture is None or not picture.keyframe or not self._layers):
            return False
        self._rewriter.begin(packet, now, packet.run == self._run)
        self._run = packet.run
        here = (packet.run, packet.place)
        self._silences = [each for each in self._silences if each > here]
        ahead = [place for run, place in self._silences if run == packet.run]
        self._silent_from = min(ahead, default=ENDLESS)
        if self._cap_run != packet.run or self._cap_from < packet.place:
            self._uncap()
        return True

    def _uncap(self) -> None:
        self._caps = [[] for _ in range(ALL)]
        self._cap_from = ENDLESS

    def _uncapped(self, packet: Packet) -> bool:
        """Whether a frame behind a given-up one can be decoded without it."""
        picture, place = packet.picture, packet.place
        if picture is None or packet.run != self._cap_run:
            return True
        if picture.keyframe:
            for layer in range(ALL):
                self._lift(layer, place)
        layer = picture.temporal
        if not self._is_capped(layer, place):
            return True
        below = any(self._is_capped(each, place) for each in range(layer))
        if place >= self._rewriter.next and picture.sync and not below:
            self._lift(layer, place)
            return True
        self._refuse(packet)
        return False

    def _refuse(self, packet: Packet) -> None:
        """Let nothing more of this frame pass."""
        self._verdicts[packet.timestamp] = False
        if packet.timestamp == self._frame:
            self._verdict = False

    def skip(self, item: Outgoing, now: float) -> None:
        """The pacer gave it up. Its frame is left out whole; what needs it, too: after a frame of
        the lowest layer all up to a key frame."""
        if isinstance(item, Again):
            return
        self._refuse(item)
        picture = item.picture
        if picture is not None and picture.temporal > 0 and not item.key:
            self._leave_out(item, now)
            # Chromium waits for a sync of a layer it has not seen, though it could decode.
            if picture.sync or not picture.discardable:
                self._cap(picture.temporal, item)
            return
        self._silence(item)
        source = self.source
        if source is None or self._waiting or item.place < self._key_place:
            return
        self._waiting = True
        self.ask(now)

    def _cap(self, layer: int, packet: Packet) -> None:
        if packet.run != self._cap_run:
            self._uncap()
        self._cap_run = packet.run
        # What left already has left: its other packets may follow.
        left = self._rewriter.next if packet.run == self._run else 0
        for caps in self._caps[layer:]:
            caps.append(max(packet.place, left))
        self._note_caps()

    def _lift(self, layer: int, place: int) -> None:
        self._caps[layer] = [each for each in self._caps[layer] if each > place]
        self._note_caps()

    def _is_capped(self, layer: int, place: int) -> bool:
        return any(each <= place for each in self._caps[layer])

    def _note_caps(self) -> None:
        self._cap_from = min((min(caps) for caps in self._caps if caps), default=ENDLESS)

    # Sound

    def _sound(self, packet: Packet, payload_type: int) -> tuple[int, bytes]:
        before, self._before = self._before, packet
        if payload_type == RED:
            if self.red and self.redundancy != "strip":
                return RED, packet.payload
            return OPUS, red.primary(packet.payload)[1]
        if self.redundancy == "make" and self.red and before is not None:
            passed = (packet.timestamp - before.timestamp) & 0xFFFFFFFF
            made = red.pair(OPUS, before.payload, passed, packet.payload)
            if made is not None and before.marker_and_type & 0x7F == OPUS:
                return RED, made
        return payload_type, packet.payload

    # Once more

    def send_again(self, sequences: tuple[int, ...], now: float, round_trip: float) -> int:
        """Answer a NACK: each packet at most once a round trip, within the budget. How many."""
        if self.line.audio and round_trip > SOUND_ROUND_TRIP:
            return 0
        count = 0
        for sequence in sequences:
            sent = self._sent.get(sequence, now)
            if sent is None or now - self._resent.get(sequence, -1e9) < 1.1 * round_trip + 0.01:
                continue
            if not self._budget.spend(len(sent[1]) + OVERHEAD):
                break
            self._resent.pop(sequence, None)
            self._resent[sequence] = now
            count += 1
            again = Again(sequence, len(sent[1]))
            if self.line.audio:
                self.emit(again, now)
            else:
                self._pace(self, again, now)
        while len(self._resent) > MOST_REMEMBERED:
            del self._resent[next(iter(self._resent))]
        return count

    def idle(self, size: int, now: float) -> bool:
        """Send something of no new content, for a probe: what was sent last once more, which may
        spare a repair, else padding. False where nothing can be sent."""
        if not self.accepted or not self._rtx:
            return False
        last = self._sent.get(self._rewriter.sequence & 0xFFFF, now)
        if last is not None and len(last[1]) + OVERHEAD <= size:
            return self._emit_again(Again(self._rewriter.sequence & 0xFFFF, 0), now) > 0
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        padding = min(255, max(1, size - OVERHEAD))
        kind = RTX_OF[next(iter(self._rtx))]
        written = rtp.write_padding(kind, self._rtx_sequence, 0, self._rtx_ssrc, padding)
        self._send(written, now)
        return True

    def _emit_again(self, item: Again, now: float) -> int:
        sent = self._sent.get(item.sequence, now)
        if sent is None:
            return 0
        rtx = None
        if sent[5] in self._rtx:
            self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
            rtx = (self._rtx_ssrc, self._rtx_sequence, RTX_OF[sent[5]])
        written = self._rewriter.write_again(sent, item.sequence, rtx)
        self._send(written, now)
        return len(written)

    def report(self, now: float) -> rtcp.SenderReport | None:
        """The sender report of this line, on the source's own clock; None before it told one."""
        source = self.source
        if source is None or not source.line or not self.packets:
            return None
        self.fresh = max(0, self.fresh - 1)
        ntp, timestamp = source.line.read(now)
        moved = (timestamp + self._rewriter.time_offset) & 0xFFFFFFFF
        return rtcp.SenderReport(self.ssrc, ntp, moved, self.packets, self.octets)
