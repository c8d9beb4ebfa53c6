"""Upward: what one browser is told to encode, from what its uplink carries and others can use.

Voice first, off the top; then the exam camera, then the face; a transfer may take a third of the
picture's share. The browser's own congestion control stays in charge of each packet: this only
says what to aim for, and how far to look. Rates are bit/s on the wire unless called payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from media.core.allocation.allocator import TRANSFER
from media.core.allocation.capacity import LEAST, Capacity
from media.core.allocation.encodings import Processor, Stream
from media.core.allocation.following import Followed, Following, Pair, Want
from media.core.allocation.ladder import (
    DEAF,
    DEEP,
    HEARS,
    MOST,
    RUNGS,
    STILLS,
    VOICE,
    Ladder,
    Link,
    Quality,
    VoiceStep,
    sane,
    spoken,
)
from media.core.allocation.plan import Encoding, Plan, StillPlan, due
from media.core.allocation.reasons import Telling, cause
from media.core.allocation.trial import Trial
from media.core.allocation.voice import STILL_WITHIN, VoiceChoice

__all__ = ["Believed", "Codecs", "Link", "Uplink", "Want"]

LOOK = 1.5  # times the rate: how far the browser's probes may look beyond it
LOOK_WIDE = 2.0  # the same from
WIDE = 100_000  # bit/s on, where a probe is no burden and a doubling takes one report of the page
LARGE_COPY = 80_000  # bit/s that a camera must keep beside its small copy
ROOM = 1.2  # times what a rung takes: with less one could not climb there
TRIAL = 5.0  # s
PROVEN = 1.3  # times what arrives: people are promised no more
AIM = 1.6  # times what was shown, the most aimed at: a voice at 16 kbit/s does not try pictures
EASED = 1.1  # times what is likely, the most that pictures get beside a redundant voice,
LEAST_EASED = 0.4  # but so much of what is planned: a browser finds out only by sending
DRAINS = ((0.6, 0.2), (0.3, 0.6))  # beyond so many s of queue, so much of what is planned
EXAM = 2 / 3  # of what is left, for the exam camera, while both are looked at


@dataclass(frozen=True)
class Codecs:
    """What the browser can encode beside VP8."""

    av1: bool


@dataclass(frozen=True)
class Believed:
    """Of one uplink: the `rate` bit/s it is believed to carry. By the browser's own words: what its
    pictures are `limited` by (none, cpu, bandwidth or other), the least bit/s it lately meant to
    send at most (None: it says nothing), and what it has `found` by itself (0: nothing)."""

    rate: int
    limited: str = "none"
    said: int | None = None
    found: int = 0


@dataclass(frozen=True)
class Moment:
    """What one step works from: `rate` bit/s may be planned for, `left` of it beside the voice,
    which is `sent` twice while it tries."""

    now: float
    link: Link
    rate: int
    bounded: bool
    audio: VoiceStep
    sent: VoiceStep
    left: int
    said: int | None
    wants: Mapping[str, Sequence[Want]]
    can: Codecs
    transfer: bool
    strain: int


class Uplink:
    """The upward plan of one sender. Call `step` a few times a second; send what has a new `n`."""

    def __init__(self, quality: Quality, start: int, now: float) -> None:
        self._quality = quality
        self._capacity = Capacity(start, now)
        self._voice = VoiceChoice(quality, now)
        self._ladder = Ladder(quality.hysteresis, now)
        self._telling = Telling(now)
        self._processor = Processor()
        self._trial = Trial(now)
        self._camera, self._exam = Following(), Following()
        self._pair = Pair(quality.hysteresis.room, quality.hysteresis.climb)
        self._streams = {key: Stream(quality) for key in ("camera", "low", "exam")}
        self._plan: Plan | None = None
        self._goal = 0
        self._at = self._aimed = now

    @property
    def rate(self) -> int:
        """Bit/s this uplink is thought to carry."""
        return self._capacity.rate

    def begin(self, rate: int) -> None:
        """Such a link carries this much at least, from the beginning."""
        self._capacity.begin(rate)

    def step(
        self, now: float, link: Link, believed: Believed, wants: Mapping[str, Sequence[Want]],
        voices: Sequence[VoiceStep], can: Codecs, transfer: bool, ceiling: int | None,
    ) -> Plan:  # fmt: skip
        """The plan now; the very same object while nothing worth a message changed.

        `link.rate` is what arrives. Never raises, whatever the figures."""
        at = self._moment(now, link, believed, wants, voices, can, transfer, ceiling)
        rooms = self._rooms(at)
        main = "exam" if rooms["exam"] else "camera"
        followed = self._follow(rooms, wants, now)
        own = self._climb(rooms[main] or at.left, followed[main], at)
        rung = max(own, followed[main].rung) if wants.get(main) else own
        need = self._need(own, at.audio, followed[main], can)
        self._aim(own, need, rooms[main] > 0, now)
        code = self._code(link, at.bounded, rung > own, at.strain)
        why = self._telling.step(rung, code, self._ladder.climbing, at.rate, need, now)
        stills = rung == STILLS or any(want.rung == RUNGS[STILLS] for want in wants.get(main, ()))
        if (transfer or stills) and rung < STILLS:
            followed[main] = self._reserving(rung, rooms[main], followed[main], can)
        video, used = self._encode(own, followed, at)
        spare = max(0, self._spare(rung, used, at) - (at.sent.wire - at.audio.wire))
        stills = stills or (rung < STILLS and followed[main].rate > 0 and not video[main])
        plan = Plan(
            0, RUNGS[rung], why, at.sent, video["camera"], video["low"], video["exam"],
            self._look(used, spare, ceiling, at),
            self._stills(spare) if stills and spare and rung <= STILLS else None, spare,
        )  # fmt: skip
        return self._publish(plan, now)

    def _moment(
        self, now: float, link: Link, believed: Believed, wants: Mapping[str, Sequence[Want]],
        voices: Sequence[VoiceStep], can: Codecs, transfer: bool, ceiling: int | None,
    ) -> Moment:  # fmt: skip
        rate = self._capacity.step(now, link, believed.rate, believed.found, self._goal)
        if bounded := ceiling is not None and sane(ceiling) < rate:
            rate = sane(ceiling)
        if self._capacity.after_cut:
            link = replace(link, loss=link.own_loss)
        audio = self._audio(min(rate, self._capacity.sure), link.loss, voices, transfer, now)
        sent = self._tried(audio, sane(link.rate), transfer, now)
        left = max(0, self._quality.usable(rate) - audio.wire)
        strain = self._processor.step(believed.limited == "cpu", now)
        return Moment(
            now, link, rate, bounded, audio, sent, left, believed.said, wants, can, transfer, strain
        )

    def _tried(self, audio: VoiceStep, came: int, transfer: bool, now: float) -> VoiceStep:
        """The voice, twice while it shows that its link carries more."""
        rung, plan, twice = self._ladder.rung, self._plan, replace(audio, red=True)
        pictures = plan is None or bool(plan.camera or plan.exam)
        # What is near enough for a picture is shown by the picture.
        low = rung == VOICE or (rung == STILLS and not self._goal)
        alone = low and not transfer and not pictures
        tries = self._trial.step(alone, self._capacity.congested, came, twice.wire, now)
        return twice if tries else audio

    def _audio(
        self, rate: int, loss: float, voices: Sequence[VoiceStep], transfer: bool, now: float
    ) -> VoiceStep:
        """The leanest of what this uplink and each receiver can carry; redundancy is for our own
        losses alone, the worker adds it for receivers who need it."""
        own = self._voice.step(rate, loss, transfer, now)
        steps = [own, *voices]
        bitrate, ptime = min(step.bitrate for step in steps), max(step.ptime for step in steps)
        return VoiceStep(bitrate, ptime, own.red)

    def _rooms(self, at: Moment) -> dict[str, int]:
        """Bit/s for each camera that somebody can use: the exam's first."""
        left = at.left
        exam, camera = (any(sane(want.rate) for want in at.wants.get(source, ()))
                        for source in ("exam", "camera"))  # fmt: skip
        if not exam or not camera:
            return {"exam": left if exam else 0, "camera": left if camera else 0}
        least = int(self._quality.least(STILLS - 1, "speech", at.can.av1) / (1 - EXAM))
        if not self._pair.step(left, least, at.now):
            return {"exam": left, "camera": 0}
        return {"exam": int(left * EXAM), "camera": left - int(left * EXAM)}

    def _follow(
        self, rooms: Mapping[str, int], wants: Mapping[str, Sequence[Want]], now: float
    ) -> dict[str, Followed]:
        """What each source is made for; the exam's leavings go to the camera."""
        exam = self._exam.step(wants.get("exam", ()), rooms["exam"], MOST, now)
        room = rooms["camera"] and rooms["camera"] + rooms["exam"] - exam.rate
        camera = self._camera.step(wants.get("camera", ()), room, LARGE_COPY, now)
        return {"exam": exam, "camera": camera}

    def _climb(self, share: int, main: Followed, at: Moment) -> int:
        """The rung of this uplink. With a picture, it climbs only to what arrives by now."""
        quality, av1 = self._quality, at.can.av1 and main.av1

        def affords(times: float, share: int = share) -> int:
            return quality.affords(share, at.rate, main.matters, av1=av1, room=times)

        shown = self._ladder.rung is not None and self._ladder.rung < STILLS and main.rate > 0
        proven = quality.usable(int(PROVEN * sane(at.link.rate))) - at.audio.wire
        comfortable = affords(quality.hysteresis.room, min(share, proven) if shown else share)
        loss = at.link.loss
        worst, best = spoken(affords(1), loss, DEAF), spoken(comfortable, loss, HEARS)
        return self._ladder.step(worst, best, affords(DEEP), at.now)

    def _aim(self, own: int, need: int, wanted: bool, now: float) -> None:
        """What the next rung takes is aimed at without a picture, and for some seconds after one
        came: what arrives must have time to show that it was right. A belief grows beside a voice
        to anything; what was shown must be near."""
        if own > STILLS or (own == STILLS and wanted):
            near = ROOM * need <= AIM * self._capacity.sure
            self._goal, self._aimed = int(ROOM * need) if near else 0, now
        elif now - self._aimed > TRIAL:
            self._goal = 0

    def _need(self, own: int, audio: VoiceStep, main: Followed, can: Codecs) -> int:
        better = self._quality.least(max(0, own - 1), main.matters, can.av1 and main.av1)
        return better if own > STILLS else self._quality.takes(better + audio.wire)

    def _code(self, link: Link, bounded: bool, receiver: bool, strain: int) -> str:
        if receiver:
            return "receiver"
        return "processor" if strain else cause(link, bounded)

    def _reserving(self, rung: int, room: int, main: Followed, can: Codecs) -> Followed:
        """A transfer takes a third of the picture's share, but never its rung."""
        least = self._quality.least(rung, main.matters, can.av1 and main.av1)
        reserve = max(0, min(room // TRANSFER, room - least))
        return replace(main, rate=min(main.rate, max(0, room - reserve - main.low)))

    def _encode(
        self, own: int, followed: Mapping[str, Followed], at: Moment
    ) -> tuple[dict[str, Encoding | None], int]:
        """Each stream, and the bit/s they take together. A browser that sends its voice twice
        (RED) thinks it sends it once and gives pictures the rest, which then wait in it."""
        wires = {"camera": followed["camera"].rate, "low": followed["camera"].low,
                 "exam": followed["exam"].rate}  # fmt: skip
        likely = self._likely(sum(wires.values()), at)
        eased = max(LEAST_EASED, EASED * likely) if at.audio.red else 1.0
        share = min(_held(at.link.queue), eased)
        video: dict[str, Encoding | None] = {}
        for key, wire in wires.items():
            one = followed["exam" if key == "exam" else "camera"]
            rung = max(own, STILLS - 1 if key == "low" else one.rung)
            made = self._streams[key].step(
                rung, one.matters, wire, likely=int(likely * wire), av1=at.can.av1 and one.av1,
                tallest=0 if key == "low" else one.height, strain=at.strain,
            )  # fmt: skip
            video[key] = made and replace(made, bitrate=int(share * made.bitrate))
        return video, sum(wire for key, wire in wires.items() if video[key])

    def _likely(self, wires: int, at: Moment) -> float:
        """The share of what pictures are planned for that the browser is likely to give them: by
        its own estimate, which may be more careful than ours. A picture made for more than it gets
        comes late and jerks."""
        if at.said is None or not wires:
            return 1.0
        return min(1.0, max(0, self._quality.usable(sane(at.said)) - at.audio.wire) / wires)

    def _spare(self, rung: int, used: int, at: Moment) -> int:
        """Bit/s left for transfers: without moving pictures, of what is sure alone."""
        if rung < STILLS:
            return max(0, at.left - used)
        sure = min(at.rate, self._capacity.sure)
        return max(0, self._quality.usable(sure) - at.audio.wire)

    def _look(self, used: int, spare: int, ceiling: int | None, at: Moment) -> int:
        """How far the browser may look for more: not beyond what anybody wants."""
        total = used + at.audio.wire
        look = int(LOOK * total)
        if self._capacity.congested:
            look = at.rate
        elif not spare:
            look = int((LOOK_WIDE if at.rate >= WIDE else LOOK) * at.rate)
        look = max(look, total, self._capacity.look(at.link.rate, self._goal, at.now))
        return look if ceiling is None else max(min(look, sane(ceiling)), LEAST)

    def _stills(self, spare: int) -> StillPlan:
        """One still after the other in what is left: smaller before rarer than need be."""
        rules = self._quality.stills
        per_byte = 8 * (1 + self._quality.link.transfer) / max(1, spare)
        size = max(rules.fewest, min(rules.bytes, int(STILL_WITHIN / per_byte)))
        return StillPlan(min(rules.slowest, max(rules.every, round(size * per_byte, 1))), size)

    def _publish(self, plan: Plan, now: float) -> Plan:
        before = self._plan
        if before is not None and not due(before, plan, now - self._at):
            return before
        self._plan = replace(plan, n=before.n + 1 if before else 1)
        self._at = now
        return self._plan


def _held(queue: float | None) -> float:
    """The share of their bits that pictures get while a queue stands, so that it drains."""
    return next((share for wait, share in DRAINS if (queue or 0.0) > wait), 1.0)
