"""A source, a line which shows it, and a queue between the line and its way out."""

from collections import deque

from media.core.packets import rtp
from media.core.packets.answer import AnsweredLine
from media.core.packets.lines import LINES
from media.core.packets.offer import Streams
from media.core.stream.budget import Budget
from media.core.stream.rewrite import Packet
from media.source import Source
from media.track import Outgoing, Track
from tests.media.layered import Receiver

CAMERA = next(line for line in LINES if line.mid == "camera")
V0 = next(line for line in LINES if line.mid == "v0")
SSRC, RTX_SSRC = 5, 6
ACCEPTED = AnsweredLine("v0", True, False, True, av1=True, av1_rtx=True)


class Scene:
    """A source, a track, and a queue between the track and its way out."""

    def __init__(self, paced: bool = False, said: AnsweredLine = ACCEPTED) -> None:
        self.now = 0.0
        self.out: list[bytes] = []
        self.queue: deque[Outgoing] = deque()
        self.source = Source("ana", CAMERA)
        self.paced = paced
        self.begun: set[int] = set()  # frames of which something left
        self.begun_at = 0  # where the line began anew
        self.track = Track(V0, Streams(SSRC, RTX_SSRC), self._send, self._pace, Budget())
        self.track.answered(said)
        self.track.show(self.source)

    def _send(self, packet: bytes, now: float) -> None:
        assert now == self.now
        self.out.append(packet)

    def _pace(self, track: Track, item: Outgoing, now: float) -> None:
        self.queue.append(item)
        if not self.paced:
            self.flush()

    def flush(self, most: int = 1_000_000) -> None:
        while self.queue and most:
            most -= 1
            item = self.queue.popleft()
            if isinstance(item, Packet):
                self.begun.add(item.timestamp)
                if item.place >= self.track._halts.silent_from:
                    self.begun_at = item.place
            self.track.emit(item, self.now)

    def give_up(self, frame: int) -> None:
        """The pacer drops this frame whole, and after a base frame all up to a key frame."""
        kept: deque[Outgoing] = deque()
        dropped = []
        goes = dict.fromkeys(self.begun, False)
        broken = False
        for item in self.queue:
            assert isinstance(item, Packet) and item.picture is not None
            time = item.timestamp
            if time not in goes:
                broken = broken and not item.key
                goes[time] = broken or time == frame
                broken = broken or (goes[time] and item.picture.temporal == 0)
            (dropped if goes[time] else kept).append(item)
        self.queue = kept
        for item in dropped:
            self.track.skip(item, self.now)

    def feed(self, *packets: tuple[int, int, int, bytes]) -> None:
        for packet in packets:
            self.source.receive(*packet, self.now)

    def received(self) -> Receiver:
        receiver = Receiver()
        for packet in self.out:
            if rtp.parse(packet)[3] == SSRC:
                receiver.take(packet)
        return receiver
