"""Downward: what one receiver is sent of what arrives, and what it would like to be sent.

Voice first, off the top. Then pictures, the one that matters first: temporal layers are dropped at
once, the senders are told what could be used (`wants`), and a picture is paused only when its base
does not fit. Sends nothing and estimates nothing. Rates are bit/s on the wire.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from media.core.allocation.ladder import (
    DEAF,
    DEEP,
    HEARS,
    MOST,
    RUNGS,
    STILLS,
    TEXT,
    Ladder,
    Link,
    Quality,
    Reason,
    VoiceStep,
    sane,
    spoken,
)
from media.core.allocation.layers import Choice, Focus, Picture
from media.core.allocation.reasons import Telling, cause
from media.core.allocation.shares import Division
from media.core.allocation.voice import Hearing, Voice, VoiceChoice

__all__ = ["Down", "Downlink", "Link", "Picture", "Share", "Voice"]

STRIPPED = 0.6  # of a redundant voice's rate, about, is left without the redundancy
SILENT = "silent"  # the state of a link whose other end tells nothing any more
FILLED_FROM, FILL = 200_000, 0.75  # bit/s of a link, and of its margin
OVERSHOT = 1.15  # times what usually arrives of a picture, for a moment
TRANSFER = 3  # a transfer may take one part in so many of the picture's share


@dataclass(frozen=True)
class Share:
    """What one slot gets of its source.

    `which` copy and how many temporal `layers` of it (0: paused, 3: all there are) to forward now;
    `wants` bit/s of it, `height` lines and `rung` that this receiver could use: the sender's part.
    """

    which: str
    layers: int
    wants: int
    height: int
    rung: str


@dataclass(frozen=True)
class Down:
    """What one receiver gets. `tracks` by slot; `voices` by peer: pass, strip (leave the
    redundancy out), make (add it) or mute; `voice` is how it would have all voices sent; `spare`
    bit/s for transfers; `demand` bit/s it could use in all, for whoever probes."""

    rung: str
    why: Reason
    tracks: Mapping[str, Share]
    voices: Mapping[str, str]
    voice: VoiceStep
    spare: int
    demand: int


class Downlink:
    """The downward allocation of one receiver. Call `step` some times a second."""

    def __init__(self, quality: Quality, now: float) -> None:
        self._quality = quality
        self._voice = VoiceChoice(quality, now)
        self._hearing = Hearing()
        self._ladder = Ladder(quality.hysteresis, now)
        self._focus = Focus(quality.hysteresis.focus)
        self._division = Division(quality)
        self._telling = Telling(now)
        self._choices: dict[str, Choice] = {}
        self._others: dict[str, Ladder] = {}  # of pictures which are not the main one
        self._last: Down | None = None

    def step(
        self, now: float, link: Link, pictures: Sequence[Picture], voices: Sequence[Voice],
        transfer: bool, ceiling: int | None,
    ) -> Down:  # fmt: skip
        """What to forward from now on. `ceiling`: the most this site may use, None without.

        Never raises, whatever the figures; no estimate (rate 0) is the end of the ladder. While
        the link is silent (a cut) only voices go on, and all else stays as it was, to be there
        again at once."""
        if link.state == SILENT and self._last is not None:
            return self._waiting(self._last)
        rate, now_rate, bounded = self._rates(link, ceiling)
        voice = self._voice.step(rate, link.loss, transfer, now)
        usable = self._quality.usable(rate)
        heard = self._hearing.choose(voices, voice.wire, usable)
        audio = self._audio(heard, voice)
        left = max(0, usable - audio)
        order = self._focus.order(pictures, now)
        shares = self._division.step(left, order, now)
        rung, need = self._rung(order, shares, left, rate, audio, link.loss, now)
        why = self._why(rung, need, rate, link, bounded, order, shares, now)
        if rung == TEXT and rate < self._quality.voice_least:
            heard, audio, left = [], 0, usable  # text passes, and would not beside a voice
        reserve = self._reserve(rung, order, shares) if transfer else 0
        wants = self._wants(rung, order, shares, reserve)
        if order and not transfer and rate >= FILLED_FROM:
            self._fill(wants, order[0], int(FILL * (rate - usable)))
        fits = self._quality.usable(now_rate)
        pool = max(0, min(left - reserve, fits - audio))
        over = OVERSHOT if now_rate >= FILLED_FROM else 1.0
        tracks = self._tracks(
            order, wants, pool, now_rate - fits, rung, (now_rate < rate, over), now
        )
        spare = max(0, min(left, fits - audio) - sum(wants.values()))
        self._last = Down(
            RUNGS[rung], why, tracks, self._treated(voices, heard, voice), voice, spare,
            self._demand(heard, order, ceiling),
        )  # fmt: skip
        return self._last

    def _rates(self, link: Link, ceiling: int | None) -> tuple[int, int, bool]:
        """Bit/s to plan with, those to send with while a queue drains, and whether it is the
        ceiling that bounds them: nobody is asked to change for the second it takes."""
        now_rate = sane(link.rate)
        rate = max(now_rate, sane(link.soon))
        if ceiling is None or sane(ceiling) >= rate:
            return rate, now_rate, False
        return sane(ceiling), min(now_rate, sane(ceiling)), True

    def _treated(
        self, voices: Sequence[Voice], heard: Sequence[Voice], step: VoiceStep
    ) -> dict[str, str]:
        muted = {one.peer: "mute" for one in voices}
        return muted | {one.peer: self._treat(one, step) for one in heard}

    def _waiting(self, last: Down) -> Down:
        tracks = {key: replace(share, layers=0) for key, share in last.tracks.items()}
        return replace(last, tracks=tracks, spare=0)

    def _treat(self, voice: Voice, step: VoiceStep) -> str:
        if step.red:
            return "pass" if voice.red else "make"
        return "strip" if voice.red else "pass"

    def _audio(self, heard: Sequence[Voice], step: VoiceStep) -> int:
        """Bit/s kept for the voices: what arrives, and room for one who begins to speak."""
        costs = []
        for voice in heard:
            rate, treatment = sane(voice.rate), self._treat(voice, step)
            if treatment == "strip":
                rate = int(rate * STRIPPED)
            elif treatment == "make":
                rate += min(rate, step.bitrate)
            costs.append(rate)
        return max(step.wire, sum(costs))

    def _rung(
        self, order: Sequence[Picture], shares: Mapping[str, int], left: int, rate: int,
        audio: int, loss: float, now: float,
    ) -> tuple[int, int]:  # fmt: skip
        """The rung, and the link's rate that the next better one takes."""
        main = order[0] if order else None
        matters, av1 = (main.matters, main.av1) if main else ("speech", True)
        share = shares[main.key] if main else left
        quality, room = self._quality, self._quality.hysteresis.room

        def affords(times: float) -> int:
            return quality.affords(share, rate, matters, av1=av1, room=times)

        worst, best = spoken(affords(1), loss, DEAF), spoken(affords(room), loss, HEARS)
        rung = self._ladder.step(worst, best, affords(DEEP), now)
        better = quality.least(max(0, rung - 1), matters, av1)
        need = better if rung > STILLS else quality.takes(better + audio)
        return rung, need

    def _why(
        self, rung: int, need: int, rate: int, link: Link, bounded: bool,
        order: Sequence[Picture], shares: Mapping[str, int], now: float,
    ) -> Reason:  # fmt: skip
        code = cause(link, bounded)
        if 0 < rung < STILLS and order and order[0].matters == "detail" and code == "rate":
            # Fewer frames are what was asked for, when another choice would have given more.
            share = shares[order[0].key]
            if self._quality.affords(share, rate, "motion", av1=order[0].av1) < rung:
                code = "choice"
        return self._telling.step(rung, code, self._ladder.climbing, rate, need, now)

    def _reserve(self, rung: int, order: Sequence[Picture], shares: Mapping[str, int]) -> int:
        """What a transfer takes from the main picture: never so much that its rung falls."""
        if rung >= STILLS or not order:
            return 0
        main = order[0]
        share = shares[main.key]
        least = self._quality.least(rung, main.matters, main.av1)
        return max(0, min(share // TRANSFER, share - least))

    def _wants(
        self, rung: int, order: Sequence[Picture], shares: Mapping[str, int], reserve: int
    ) -> dict[str, int]:
        if rung >= STILLS:
            return {picture.key: 0 for picture in order}
        wants = {}
        for n, picture in enumerate(order):
            best = self._quality.level(rung, picture.matters).best
            share = shares[picture.key] - (0 if n else reserve)
            choking = share < self._quality.choking(picture.matters, picture.av1)
            worth = self._quality.worth(picture.matters, share)
            wants[picture.key] = 0 if choking else min(best, worth)
        return wants

    def _fill(self, wants: dict[str, int], main: Picture, margin: int) -> None:
        """An encoder keeps some percent below what it is told, where a frame more or less does not
        fill the link: so the main picture is told a part of the margin too."""
        enough = self._quality.enough(main.matters)
        if 0 < wants[main.key] < enough:
            wants[main.key] = min(enough, wants[main.key] + margin)

    def _tracks(
        self, order: Sequence[Picture], wants: Mapping[str, int], pool: int, margin: int,
        rung: int, bears: tuple[bool, float], now: float,
    ) -> dict[str, Share]:  # fmt: skip
        """Each picture in its turn may use what those after it do not need."""
        tracks = {}
        for gone in self._choices.keys() - {picture.key for picture in order}:
            del self._choices[gone]
            self._others.pop(gone, None)
        for n, picture in enumerate(order):
            later = sum(min(wants[other.key], other.arriving) for other in order[n + 1 :])
            choice = self._choices.setdefault(picture.key, Choice(self._quality.hysteresis.layer))
            allowed = max(0, pool - later) if wants[picture.key] else 0
            used = choice.step(picture, allowed, max(0, margin) if allowed else 0, now, *bears)
            margin -= max(0, used - allowed)
            pool -= min(used, allowed)
            own = self._own(picture, wants[picture.key], rung, n == 0, now)
            tracks[picture.key] = self._share(picture, choice, wants[picture.key], own)
        return tracks

    def _own(self, picture: Picture, wants: int, rung: int, main: bool, now: float) -> int:
        """The rung of one picture, which its sender is told: the main one's is the link's, but for
        stills in place of one that cannot be sent; another's may be a worse one."""
        if rung >= STILLS or (not main and not wants):
            return rung
        if main:
            return rung if wants else STILLS
        ladder = self._others.get(picture.key)
        if ladder is None:
            ladder = self._others[picture.key] = Ladder(self._quality.hysteresis, now)

        def affords(times: float) -> int:
            rung = self._quality.affords(wants, MOST, picture.matters, av1=picture.av1, room=times)
            return min(rung, STILLS - 1)

        own = ladder.step(affords(1), affords(self._quality.hysteresis.room), affords(DEEP), now)
        return max(rung, own)

    def _share(self, picture: Picture, choice: Choice, wants: int, rung: int) -> Share:
        height = self._quality.height(picture.matters, wants) if wants else 0
        return Share(choice.which, choice.layers, wants, height, RUNGS[rung])

    def _demand(self, heard: Sequence[Voice], order: Sequence[Picture], ceiling: int | None) -> int:
        voice = self._quality.audio[0].step.wire * max(1, len(heard))
        pictures = sum(self._quality.level(0, picture.matters).best for picture in order)
        demand = self._quality.takes(voice + pictures)
        return demand if ceiling is None else min(demand, sane(ceiling))
