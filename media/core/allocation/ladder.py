"""The ladder: six rungs from moving pictures to text, what each gives, and when to change rung.

Holds what `config/quality.toml` says, as frozen data, and one rule of patience: down fast, up
slowly, slower after each climb that failed, and seldom enough that nobody sees flicker. Estimates
no link, shares nothing out: `allocator.py` and `uplink.py` do. Rates are bit/s on the wire.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from media.core.packets.wire import OVERHEAD

RUNGS = ("motion", "slow", "sharp", "stills", "voice", "text")  # best first
PICTURED = RUNGS[:3]  # rungs on which a video stream is sent
MATTERS = ("speech", "motion", "detail")
STILLS, VOICE, TEXT = 3, 4, 5
PACKET = OVERHEAD * 8  # bits around one payload
RED_HEADER = 5 * 8  # bits: one redundant block's header and the primary's (RFC 2198 §3)
LARGEST = 1150 * 8  # bits of payload in a full video packet
MOST = 1_000_000_000  # bit/s: whoever claims more is not believed
SETTLING = 3.0  # s from the beginning in which nobody has seen anything yet
BEGINNING = 15.0  # s from it in which a climb is a link being found out: no fall shows it was wrong
SPACED = 10.0  # s that the last change of a minute waits, if it is for the better
DEAF, HEARS = 0.4, 0.2  # loss beyond which a voice says nothing, and below which it does again
DEEP = 0.5  # of what a rung takes: below that, it is left at once


@dataclass(frozen=True)
class Reason:
    """Why a rung is what it is: `have` and `need` are kbit/s, of the link.

    `code`: fine rate loss delay choice processor ceiling starting climbing receiver."""

    code: str
    have: int | None = None
    need: int | None = None


@dataclass(frozen=True)
class Link:
    """What is known of one direction of one link.

    `rate` bit/s (downward the estimate, upward what arrives), `loss` and `own_loss` fractions (all
    of it, and what the link loses even when empty), `round_trip` and `queue` s or None, `soon`
    bit/s when a queue that drains has drained (0: as `rate`)."""

    rate: int
    loss: float
    own_loss: float
    round_trip: float | None
    queue: float | None
    state: str
    why: str
    soon: int = 0


@dataclass(frozen=True)
class VoiceStep:
    """How a voice is sent: payload bit/s, ms in a packet, whether the one before goes along."""

    bitrate: int
    ptime: int
    red: bool

    @property
    def wire(self) -> int:
        """Bit/s on the wire while somebody speaks."""
        each = PACKET + (RED_HEADER if self.red else 0)
        return self.bitrate * (2 if self.red else 1) + each * 1000 // self.ptime


@dataclass(frozen=True)
class AudioRow:
    """A step of the voice with the link rate from which, and the loss from which, it serves."""

    step: VoiceStep
    least: int
    loss: float


@dataclass(frozen=True)
class Level:
    """What a picture gets on one rung: bit/s at least and of use, frames a second, layers."""

    least: int
    best: int
    fps: int
    layers: int


@dataclass(frozen=True)
class LinkRules:
    """`margin` and `transfer` are fractions, `feedback` bit/s."""

    margin: float
    feedback: int
    transfer: float


@dataclass(frozen=True)
class StillRules:
    """`least` bit/s of the link; `every`, `slowest` s; `bytes`, `fewest` bytes of one still."""

    least: int
    every: float
    slowest: float
    bytes: int
    fewest: int


@dataclass(frozen=True)
class CodecRules:
    """Bit/s of a picture: AV1 below the first, VP8 above the second, no VP8 below the third."""

    av1_below: int
    vp8_above: int
    vp8_least: int


@dataclass(frozen=True)
class Hysteresis:
    """Seconds, and `room`: how many times `least` a climb takes."""

    fall: float
    climb: float
    room: float
    relapse: float
    longest: float
    window: float
    voice: float
    layer: float
    focus: float


@dataclass(frozen=True)
class StartRules:
    """Bit/s to start with when nothing is known, near and far; see `quality.toml`."""

    near: int
    far: int
    round_trip: float
    remembered: float


@dataclass(frozen=True)
class Quality:
    """The whole of `config/quality.toml`. `levels` by rung, then by what matters."""

    link: LinkRules
    levels: Mapping[str, Mapping[str, Level]]
    stills: StillRules
    voice_least: int
    heights: Mapping[str, tuple[tuple[int, int], ...]]
    ample: Mapping[str, int]
    codec: CodecRules
    audio: tuple[AudioRow, ...]
    hysteresis: Hysteresis
    start: StartRules

    def level(self, rung: int, matters: str) -> Level:
        """What a picture gets; an unknown `matters` is speech."""
        return self.levels[RUNGS[rung]][matters if matters in MATTERS else "speech"]

    def height(self, matters: str, rate: int) -> int:
        """Lines that a picture of so many bit/s deserves."""
        steps = self.heights[matters if matters in MATTERS else "speech"]
        return max((lines for least, lines in steps if least <= rate), default=steps[0][1])

    def worth(self, matters: str, share: int) -> int:
        """What a picture takes of its share: beyond what is ample, half of it stays free."""
        return min(share, max(self.enough(matters), share // 2))

    def enough(self, matters: str) -> int:
        """What is ample; an unknown `matters` is speech."""
        return self.ample[matters if matters in MATTERS else "speech"]

    def usable(self, rate: int) -> int:
        """What may be planned for on a link of so many bit/s: without margin and feedback."""
        return max(0, int(rate * (1 - self.link.margin)) - self.link.feedback)

    def takes(self, usable: int) -> int:
        """The link's rate at which so much is usable: `usable` the other way round."""
        return int((usable + self.link.feedback) / (1 - self.link.margin)) + 1

    def least(self, rung: int, matters: str, av1: bool = True) -> int:
        """Bit/s below which a rung is left: of the picture, or of the link from `stills` down."""
        if rung < STILLS:
            least = self.level(rung, matters).least
            return least if av1 else max(least, self.codec.vp8_least)
        return {STILLS: self.stills.least, VOICE: self.voice_least}.get(rung, 0)

    def choking(self, matters: str, av1: bool = True) -> int:
        """Bit/s below which a picture is not sent at all, though its rung may still be told."""
        return int(DEEP * self.least(STILLS - 1, matters, av1)) + 1

    def affords(
        self, share: float, rate: float, matters: str, *, av1: bool = True, room: float = 1.0
    ) -> int:
        """The best rung for a picture of `share` bit/s on a link of `rate`."""
        for rung in range(TEXT):
            have = share if rung < STILLS else rate
            if have >= room * self.least(rung, matters, av1):
                return rung
        return TEXT


def spoken(rung: int, loss: float, most: float) -> int:
    """The rung, or text where so much of a voice is lost that nobody would understand it."""
    return TEXT if rung == VOICE and fraction(loss) > most else rung


def payload(wire: int, fps: int) -> int:
    """Payload bit/s of a video whose packets take `wire` bit/s: each frame ends in a packet not
    full, so there are about `fps` packets more than the bits would fill."""
    return max(0, int((wire - PACKET * fps) / (1 + PACKET / LARGEST)))


def sane(rate: int | float | None) -> int:
    """A rate that may be calculated with, whatever the other side claims."""
    if rate is None or not rate > 0:
        return 0
    return int(min(rate, MOST))


def fraction(value: float) -> float:
    """Between 0 and 1, whatever the other side claims."""
    return min(value, 1.0) if value > 0 else 0.0


class Ladder:
    """The rung of one direction of one link, as people see it. Times are monotonic seconds."""

    def __init__(self, rules: Hysteresis, now: float) -> None:
        self.rung: int | None = None
        self.climbing = False  # better is affordable, and being waited for
        self._rules = rules
        self._wait = rules.climb
        self._below: float | None = None
        self._above: tuple[float, int] | None = None  # since when, at least which rung
        self._best: float | None = None  # since when the best
        self._changes: deque[tuple[float, int]] = deque()  # when, and the worse of the two rungs
        self._climbed = now - rules.relapse
        self._began = now

    def step(self, affordable: int, comfortable: int, deep: int, now: float) -> int:
        """The rung now. Indices in RUNGS: what can be had now, what with room to spare, and what
        even half of what rungs take would give (`deep`: below it there is no waiting)."""
        if self.rung is None:
            self.rung = affordable
        while self._changes and self._changes[0][0] <= now - self._rules.window:
            self._changes.popleft()
        if affordable > self.rung:
            self._sink(affordable, deep, now)
        else:
            self._below = None
            self._rise(comfortable, now)
        return self.rung

    def _sink(self, affordable: int, deep: int, now: float) -> None:
        assert self.rung is not None
        self._above, self._best, self.climbing = None, None, False
        self._below = now if self._below is None else self._below
        if deep <= self.rung and now - self._below < self._rules.fall:
            return
        # People see three changes a minute at most. So a third one which goes lower than any goes
        # one rung further, and then waits; only the end of the voice is always told.
        if len(self._changes) > 2 and affordable != TEXT:
            return
        lowest = max((rung for _, rung in self._changes), default=0)
        if len(self._changes) == 2 and lowest < affordable < VOICE:
            affordable += 1
        failed = now - self._climbed < self._rules.relapse
        self._wait = min(self._rules.longest, self._wait * 2) if failed else self._rules.climb
        self._change(affordable, now)

    def _rise(self, comfortable: int, now: float) -> None:
        assert self.rung is not None
        self.climbing = comfortable < self.rung
        if not self.climbing:
            self._above = self._best = None
            return
        since, worst = self._above or (now, comfortable)
        self._above = (since, max(worst, comfortable))
        self._best = (now if self._best is None else self._best) if not comfortable else None
        if len(self._changes) == 2:
            self._rise_last(now)
        elif len(self._changes) < 2 and now - since >= self._wait:
            self._climb(self._above[1], now)

    def _rise_last(self, now: float) -> None:
        """The third change of a minute is late in it, and only for moving pictures where there were
        none, or for the best there is where no climb failed: a fall after it would have to wait."""
        assert self.rung is not None and self._above is not None
        if now - self._changes[-1][0] < SPACED:
            return
        if self.rung >= STILLS and now - self._above[0] >= self._wait:
            self._climb(self._above[1], now)
        elif self._best is not None and now - self._best >= self._wait <= self._rules.climb:
            self._climb(0, now)

    def _climb(self, rung: int, now: float) -> None:
        if now - self._began >= BEGINNING:
            self._climbed = now
        self._change(rung, now)

    def _change(self, rung: int, now: float) -> None:
        assert self.rung is not None
        if now - self._began >= SETTLING:
            self._changes.append((now, max(rung, self.rung)))
        self.rung, self.climbing = rung, False
        self._below = self._above = self._best = None
