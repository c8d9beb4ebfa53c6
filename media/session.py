"""One browser's media session: what it sends becomes sources, what it receives comes by tracks.

Reads and writes RTCP for it, feeds its congestion control, notices its silence. Knows its room
only through the callbacks it is given.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from media.core.allocation.allocator import Down as Shares
from media.core.allocation.ladder import Quality
from media.core.link.trace import Trace
from media.core.packets import rtcp, rtp
from media.core.packets.answer import Answer
from media.core.packets.lines import AV1, CODEC_OF, DOWN, OPUS, RED, UP, VP8, Line
from media.core.packets.offer import Streams
from media.core.packets.picture import PictureError
from media.core.packets.red import RedError
from media.core.stream.clockline import SentReports
from media.core.stream.liveness import Liveness
from media.down import Down
from media.events import Hint
from media.source import Source
from media.track import Track
from media.up import Up

log = logging.getLogger("carbet.media.session")
MOST_LEARNED = 32
ASKS = 0.02  # s between two looks at what is missing
CALM = 0.015  # s between two ticks while nothing waits to leave
REPORTS = 1.0  # s between our receiver reports
SENDER_REPORTS = 2.0
DESCRIBED = 30_000  # bits of an offer and an answer on the wire, compressed
NEAR = 0.3  # s of their time on a link that is neither far nor thin
SPARED = 0.7  # s of their time that is not the link's thinness
RISES, FALLS = 0.25, 0.5  # weight of a new round trip
FIRST_REPORTS = 0.2  # s between the first two on a new source


class Way(Protocol):
    """Where packets leave."""

    def send_rtp(self, packet: bytes) -> bytes | None: ...
    def repeat(self, sealed: bytes) -> None: ...
    def send_rtcp(self, packet: bytes) -> None: ...


@dataclass(frozen=True)
class Can:
    """What the browser can: send and show AV1. Believed until its answer says otherwise, for a
    page falls back by itself."""

    av1_up: bool = True
    av1_down: bool = True


def crossing(took: float) -> int:
    """Bit/s at which an offer and its answer crossed, both ways together, when they took so many
    seconds with a satellite's round trip and a browser's thinking: a bound, telling only on links
    so thin that this is not what took long."""
    return int(DESCRIBED / max(SPARED / 20, took - SPARED))


class Session:
    """See the module. All times are monotonic seconds."""

    def __init__(
        self,
        peer: str,
        name: str,
        way: Way,
        ours: int,
        streams: Mapping[str, Streams],
        counts: Counter[str],
        now: float,
        hear: Callable[[str, int, float], None],
        quality: Quality,
        hint: Hint = Hint(),  # noqa: B008 - frozen
        trace: Trace | None = None,
    ) -> None:
        self.peer = peer
        self.name = name
        self.liveness = Liveness(now)
        self.opened_at = now
        self.connected = False
        self.connected_at = now
        self.round_trip: float | None = None
        self.can = Can()
        self.agreed = False  # it was answered
        self.sources = {line.mid: Source(peer, line) for line in UP}
        self.up = Up(ours, hint, quality, way.send_rtcp, now)
        self.down = down = Down(way, hint, quality, counts, now, trace)
        down.fill = self._fill
        self.tracks = {
            line.mid: Track(line, streams[line.mid], down.send, down.pace, down.budget, down.again)
            for line in DOWN
        }
        self._way = way
        self._ours = ours
        self._counts = counts
        self._hear = hear
        self._by_ssrc: dict[int, tuple[Source, bool]] = {}
        self._down = {track.ssrc: track for track in self.tracks.values()}
        self._sent_reports = SentReports()
        self._last_ssrc = 0
        self._learned = 0
        self._reported_at = self._sent_at = self._looked_at = self._asked_at = now
        self._ticked_at = -1e9

    def answered(self, answer: Answer, now: float = 0.0) -> None:
        """The browser's answer came. How long it was on its way is the first word on its link."""
        took = now - self.opened_at
        self.up.begin(crossing(took), took < NEAR)
        self.down.begin(crossing(took), took < NEAR, now)
        self.agreed = True
        for line in UP:
            said = answer.lines[line.mid]
            if said.ssrc:
                self._know(line, said.ssrc, False)
            if said.rtx_ssrc:
                self._know(line, said.rtx_ssrc, True)
        for mid, track in self.tracks.items():
            track.answered(answer.lines[mid])
        self.can = Can(answer.lines["camera"].av1, answer.lines["v0"].av1)
        self.down.blind = not answer.lines["v0"].feedback

    def _know(self, line: Line, ssrc: int, again: bool) -> None:
        source = self.sources[line.mid]
        self._by_ssrc[ssrc] = (source, again)
        if not again:
            source.speaks_as(ssrc)

    # Up

    def heard(self, now: float) -> None:
        """A signed check came."""
        self.liveness.heard(now)

    def receive_rtp(self, packet: bytes, now: float) -> None:
        """A decrypted RTP packet came; what is malformed or of no known stream is dropped."""
        try:
            self._rtp(packet, now)
        except (rtp.RtpError, PictureError, RedError):
            self._counts["dropped_malformed"] += 1

    def _rtp(self, packet: bytes, now: float) -> None:
        second, sequence, timestamp, ssrc, block, start, end = rtp.parse(packet)
        self.liveness.media(now)
        number, level, mid = rtp.known(packet, block, start) if block else (-1, -1, "")
        self.up.arrived(len(packet), number, now)
        payload_type = second & 0x7F
        known = self._by_ssrc.get(ssrc) or self._learn(ssrc, payload_type, mid)
        if known is None:
            self._counts["dropped_stream"] += 1
            return
        source, again = known
        self._last_ssrc = ssrc
        if again:
            codec, sequence = CODEC_OF.get(payload_type), rtp.original(packet, start, end)
            if codec is not None and sequence >= 0:
                source.receive(sequence, timestamp, second & 0x80 | codec,
                               packet[start + 2 : end], now)  # fmt: skip
            return
        if payload_type not in ((OPUS, RED) if source.audio else (VP8, AV1)):
            self._counts["dropped_stream"] += 1
            return
        source.reception.arrive(sequence, timestamp, now)
        if source.audio:
            self.up.sounded(payload_type, timestamp, packet[start:end], now)
            if level >= 0:
                self._hear(self.peer, level, now)
        source.receive(sequence, timestamp, second, packet[start:end], now)

    def _learn(self, ssrc: int, payload_type: int, mid: str) -> tuple[Source, bool] | None:
        """A stream the answer did not name: believe its mid, within bounds."""
        line = next((line for line in UP if line.mid == mid), None)
        if line is None and payload_type in (OPUS, RED):
            line = UP[0]
        if line is None or line.audio != (payload_type in (OPUS, RED)):
            return None
        if self._learned >= MOST_LEARNED:
            return None
        self._learned += 1
        self._know(line, ssrc, payload_type in CODEC_OF)
        return self._by_ssrc[ssrc]

    def receive_rtcp(self, datagram: bytes, now: float) -> None:
        """A decrypted RTCP datagram came."""
        self.liveness.heard(now)
        try:
            packets = rtcp.parse(datagram)
        except rtcp.RtcpError:
            self._counts["dropped_malformed"] += 1
            return
        for packet in packets:
            self._rtcp(packet, now)

    def _rtcp(self, packet: rtcp.Packet, now: float) -> None:
        match packet:
            case rtcp.SenderReport():
                self._clock(packet, now)
                self._blocks(packet.blocks, now)
            case rtcp.ReceiverReport():
                self._blocks(packet.blocks, now)
            case rtcp.Nack():
                track = self._down.get(packet.ssrc)
                if track is not None:
                    count = track.send_again(packet.sequences, now, self.round_trip or 0.05)
                    self._counts["packets_again"] += count
            case rtcp.KeyframeRequest():
                track = self._down.get(packet.ssrc)
                if track is not None:
                    track.ask(now)
            case rtcp.TransportFeedback():
                self.down.heard(packet.body, now)
            case rtcp.Bye():
                self._goodbye(packet)

    def _clock(self, report: rtcp.SenderReport, now: float) -> None:
        source, again = self._by_ssrc.get(report.ssrc, (None, True))
        if source is not None and not again:
            source.reception.sender_report(report.ntp, now)
            source.line.report(report.ntp, report.timestamp, now)

    def _blocks(self, blocks: tuple[rtcp.Block, ...], now: float) -> None:
        worst = -1.0
        for block in blocks:
            if block.ssrc not in self._down:
                continue
            worst = max(worst, block.fraction / 256)
            measured = self._sent_reports.round_trip(block.last_report, block.delay, now)
            if measured is not None:
                self.round_trip = _smoothed(self.round_trip, measured)
        if worst >= 0:
            self.down.reported(worst, self.round_trip, now)

    def _goodbye(self, packet: rtcp.Bye) -> None:
        for ssrc in packet.ssrcs:
            source, _ = self._by_ssrc.get(ssrc, (None, True))
            if source is not None:
                source.ended()
        if all(source.heard_at < 0 for source in self.sources.values()):
            self.liveness.media_ended()

    # Down and in time

    def tick(self, now: float) -> None:
        """Every 10 ms: what is due. Sends nothing before the handshake."""
        if not self.connected or (now - self._ticked_at < CALM and not self.down.busy):
            return
        self._ticked_at = now
        self.down.tick(now)
        if now - self._asked_at >= ASKS:
            self._asked_at = now
            self._ask(now)
        self.up.feed(self._last_ssrc, self.down.estimate.bitrate, now)
        if now - self._looked_at >= FIRST_REPORTS:
            self._looked_at = now
            self._report(now)

    def _ask(self, now: float) -> None:
        """For lost packets and key frames, within what the link carries."""
        trip, rate = self.round_trip or self.up.hint.rtt or 0.1, self.up.rate or 0
        for source in self.sources.values():
            if not source.ssrc:
                continue
            if source.gaps:
                asks = source.gaps.due(now, trip, rate, int(source.size), sound=source.audio)
                if asks:
                    self._way.send_rtcp(rtcp.write_nack(self._ours, source.ssrc, asks))
                if source.gaps.given_up() and not source.audio:
                    source.desk.ask()  # Chromium would wait three seconds, then ask for the same
            if (
                source.receivers
                and not source.audio
                and source.desk.due(now, trip, 8 * source.key_bytes, rate)
            ):
                self._counts["keyframes_asked"] += 1
                self._way.send_rtcp(rtcp.write_pli(self._ours, source.ssrc))

    def _report(self, now: float) -> None:
        all_of_them = now - self._sent_at >= SENDER_REPORTS
        if all_of_them:
            self._sent_at = now
        written = []
        for track in self.tracks.values():
            report = track.report(now) if all_of_them or track.fresh else None
            if report is not None:
                self._sent_reports.sent(report.ntp, now)
                written.append(rtcp.write_sender_report(report))
        if now - self._reported_at >= REPORTS:
            self._reported_at = now
            self.down.budget.earn(8_000)
            blocks = [source.reception.block(now) for source in self.sources.values()]
            present = [block for block in blocks if block is not None]
            if present:
                written.append(rtcp.write_receiver_report(self._ours, present))
        if written:
            self._way.send_rtcp(b"".join(written))

    def _fill(self, size: int, now: float) -> bool:
        """Something idle for a probe, of at most `size` bytes; False when there is nothing."""
        return any(not track.line.audio and track.idle(size, now) for track in self.tracks.values())

    def show(self, shares: Shares, sources: Mapping[str, Mapping[str, Source]]) -> None:
        """Let through what was allotted. `sources` by peer, then by mid."""
        for place, (key, share) in enumerate(shares.tracks.items()) if not self.down.blind else ():
            track = self.tracks[key]
            track.priority = place  # what matters most is told first
            shown = track.coming or track.source
            if shown is not None and shown.mid in ("camera", "low"):
                source = sources.get(shown.peer, {}).get(share.which)
                if source is not None:  # its sender may have gone since it was allotted
                    track.show(source)
            track.limit(share.layers)
        for track in self.tracks.values():
            if track.line.audio and track.source is not None:
                track.hear(shares.voices.get(track.source.peer, "pass"))

    def leave(self) -> None:
        """Show nothing any more."""
        for track in self.tracks.values():
            track.show(None)


def _smoothed(before: float | None, measured: float) -> float:
    """A round trip (s) of several: a queue that ran dry is believed sooner than one that grows."""
    if before is None:
        return measured
    return before + (RISES if measured > before else FALLS) * (measured - before)
