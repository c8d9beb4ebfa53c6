"""Many browsers in one process: they send, receive, report and answer as Chromium does.

One loop over raw sockets; the event loop gets a turn in each round, for consent checks. It looks
once a millisecond and waits for no socket, so that waking this process is not charged to whoever
sends to it. Arrival times are the kernel's, so that its slowness is not taken for the relay's.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pylibsrtp

from media.core.packets import rtcp, twcc
from media.core.stream.reception import Reception
from tests.bench.traffic import STAMP, Publisher
from tests.bench.wire import Wire

FEEDBACK_EVERY = 0.05  # Chromium's at rates as high as these
REPORT_EVERY = 1.0
TURN = 0.001  # s
LATEST = 0.1  # s behind which a publisher does not catch up
_HEAD = struct.Struct("!xBH4xI")
_TIME = struct.Struct("=qq")
_NUMBER = struct.Struct("!H")
KEPT = 1 << 16  # delays


@dataclass
class Heard:
    """What one receiver got of one stream."""

    audio: bool
    reception: Reception
    first: int = -1
    highest: int = -1
    came: int = 0

    def note(self, sequence: int, timestamp: int, now: float) -> None:
        if self.highest < 0:
            self.first = self.highest = sequence + 0x10000
        place = self.highest + ((sequence - self.highest + 0x8000) & 0xFFFF) - 0x8000
        self.highest = max(self.highest, place)
        self.came += 1
        self.reception.arrive(sequence, timestamp, now)


@dataclass
class Browser:
    """One transport: it publishes, receives, or both. ``streams``: SSRC → whether it is sound."""

    wire: Wire
    publisher: Publisher | None = None
    streams: dict[int, bool] = field(default_factory=dict)
    repairs: frozenset[int] = frozenset()  # SSRCs of retransmissions
    number_id: int = 0  # of the extension with the transport-wide number, 0: none agreed
    ssrc: int = 1  # it reports as
    active: bool = False  # whether it publishes
    heard: dict[int, Heard] = field(default_factory=dict)
    arrivals: twcc.Arrivals = field(default_factory=twcc.Arrivals)
    sent: dict[tuple[int, int], bytes] = field(default_factory=dict)  # for NACK
    feedback_due: float = 0.0
    report_due: float = 0.0


class Crowd:
    """See the module. Counters only grow; who measures takes differences."""

    def __init__(self) -> None:
        self.browsers: list[Browser] = []
        self.counts = dict.fromkeys(
            ("sent", "sounds_sent", "received", "sounds", "opened", "unopened", "feedbacks",
             "answered", "keys", "lost", "sounds_lost", "late"), 0,
        )  # fmt: skip
        self.delays: deque[int] = deque(maxlen=KEPT)  # ns, of sound
        self.running = True
        self._poll = select.epoll()
        self._by_number: dict[int, Browser] = {}

    def add(self, browser: Browser) -> None:
        number = browser.wire.sock.fileno()
        self.browsers.append(browser)
        self._by_number[number] = browser
        self._poll.register(number, select.EPOLLIN)

    def remove(self, browser: Browser) -> None:
        self.browsers.remove(browser)
        number = browser.wire.sock.fileno()
        self._poll.unregister(number)
        del self._by_number[number]

    def snapshot(self) -> dict[str, Any]:
        """Counters so far, and the delays since the last one."""
        lost = sounds_lost = 0
        for browser in self.browsers:
            for heard in browser.heard.values():
                missing = heard.highest + 1 - heard.first - heard.came if heard.came else 0
                lost += missing
                sounds_lost += missing if heard.audio else 0
        delays = list(self.delays)
        self.delays.clear()
        return {**self.counts, "lost": lost, "sounds_lost": sounds_lost, "delays": delays}

    async def run(self) -> None:
        while self.running:
            begun = time.monotonic()
            self._turn(begun)
            await asyncio.sleep(0)
            time.sleep(max(0.0, begun + TURN - time.monotonic()))

    def _turn(self, now: float) -> None:
        for browser in self.browsers:
            if browser.active and browser.publisher and browser.publisher.due <= now:
                self._publish(browser, browser.publisher, now)
        for number, _ in self._poll.poll(0):
            browser = self._by_number[number]
            self._drain(browser, browser.wire.sock)
        now = time.monotonic()
        for browser in self.browsers:
            if browser.feedback_due <= now:
                browser.feedback_due = now + FEEDBACK_EVERY
                self._feed(browser)
            if browser.report_due <= now:
                browser.report_due = now + REPORT_EVERY
                self._report(browser, now)

    def _publish(self, browser: Browser, publisher: Publisher, now: float) -> None:
        if now - publisher.due > LATEST:
            self.counts["late"] += 1
            publisher.skip(now)
        sounds = publisher.sounds
        for packet in publisher.packets(now):
            browser.wire.send_rtp(packet)
            self.counts["sent"] += 1
            _, sequence, ssrc = _HEAD.unpack_from(packet)
            browser.sent[ssrc, sequence & 0xFF] = packet
        self.counts["sounds_sent"] += publisher.sounds - sounds

    def _drain(self, browser: Browser, sock: socket.socket) -> None:
        recvmsg = sock.recvmsg
        while True:
            try:
                data, told, _, _ = recvmsg(2048, 64)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            first = data[0]
            if first < 4:
                browser.wire.stun(data)
            elif first >= 128:
                if 192 <= data[1] <= 223:
                    self._rtcp(browser, data)
                else:
                    seconds, nanoseconds = _TIME.unpack_from(told[0][2])
                    self._rtp(browser, data, seconds * 1_000_000_000 + nanoseconds)

    def _rtp(self, browser: Browser, data: bytes, at: int) -> None:
        _, sequence, ssrc = _HEAD.unpack_from(data)
        if browser.number_id and data[0] & 0x10:
            number = _number(data, browser.number_id)
            if number >= 0:
                browser.arrivals.note(number, at // 1000)
        if ssrc in browser.repairs:
            return
        heard = browser.heard.get(ssrc)
        if heard is None:
            if ssrc not in browser.streams:
                return
            audio = browser.streams[ssrc]
            heard = Heard(audio, Reception(ssrc, 48_000 if audio else 90_000))
            browser.heard[ssrc] = heard
        heard.note(sequence, int.from_bytes(data[4:8], "big"), at / 1e9)
        self.counts["received"] += 1
        if heard.audio:
            self.counts["sounds"] += 1
            self._open(browser, data, at)

    def _open(self, browser: Browser, data: bytes, at: int) -> None:
        """Decrypt a sound: it says when it left."""
        try:
            plain = browser.wire.incoming.unprotect(data)
        except pylibsrtp.Error:
            self.counts["unopened"] += 1
            return
        self.counts["opened"] += 1
        self.delays.append(at - STAMP.unpack_from(plain, len(plain) - STAMP.size)[0])

    def _rtcp(self, browser: Browser, data: bytes) -> None:
        with contextlib.suppress(pylibsrtp.Error, rtcp.RtcpError):
            for packet in rtcp.parse(browser.wire.incoming.unprotect_rtcp(data)):
                self._told(browser, packet)

    def _told(self, browser: Browser, packet: rtcp.Packet) -> None:
        match packet:
            case rtcp.TransportFeedback():
                self.counts["feedbacks"] += 1
            case rtcp.KeyframeRequest() if browser.publisher:
                self.counts["keys"] += 1
                browser.publisher.want_key()
            case rtcp.Nack():
                for sequence in packet.sequences:
                    kept = browser.sent.get((packet.ssrc, sequence & 0xFF))
                    if kept is not None and kept[2:4] == _NUMBER.pack(sequence):
                        self.counts["answered"] += 1
                        browser.wire.send_rtp(kept)
            case rtcp.SenderReport():
                heard = browser.heard.get(packet.ssrc)
                if heard is not None:
                    heard.reception.sender_report(packet.ntp, time.time())

    def _feed(self, browser: Browser) -> None:
        if not browser.number_id or not browser.heard:
            return
        media = next(iter(browser.heard))
        for packet in browser.arrivals.feedback(browser.ssrc, media):
            browser.wire.send_rtcp(packet)

    def _report(self, browser: Browser, now: float) -> None:
        written = []
        if browser.publisher is not None and browser.active:
            written += self._sender_reports(browser.publisher)
        blocks = [heard.reception.block(time.time()) for heard in browser.heard.values()]
        present = [block for block in blocks if block is not None]
        if present:
            written.append(rtcp.write_receiver_report(browser.ssrc, present[:31]))
        if written:
            browser.wire.send_rtcp(b"".join(written))

    @staticmethod
    def _sender_reports(publisher: Publisher) -> list[bytes]:
        ntp = int((time.time() + 2_208_988_800) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        both = ((publisher.audio_ssrc, publisher.sounds), (publisher.video_ssrc, publisher.films))
        return [
            rtcp.write_sender_report(
                rtcp.SenderReport(ssrc, ntp, publisher.clock(which), count, publisher.octets[which])
            )
            for which, (ssrc, count) in enumerate(both)
        ]

    def activate(self, count: int) -> None:
        """Let so many publish, in the order they came."""
        publishing = [browser for browser in self.browsers if browser.publisher]
        now = time.monotonic()
        for n, browser in enumerate(publishing):
            if n < count and not browser.active and browser.publisher:
                browser.publisher.skip(now)
            browser.active = n < count


def _number(data: bytes, wanted: int) -> int:
    """The transport-wide number in a packet; -1 when absent."""
    at = 12 + 4 * (data[0] & 0x0F)
    end = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
    at += 4
    while at < end:
        head = data[at]
        if head == 0:
            at += 1
            continue
        if head >> 4 == wanted:
            return data[at + 1] << 8 | data[at + 2]
        at += 2 + (head & 0x0F)
    return -1
