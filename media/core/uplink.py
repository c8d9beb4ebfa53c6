"""Upward: what one browser is told to encode, from what its uplink carries and others can use.

Voice first, off the top; then the exam camera, then the face; a transfer may take a third of the
picture's share. The browser's own congestion control stays in charge of each packet: this only
says what to aim for, and how far to look. Rates are bit/s on the wire unless called payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from media.core.allocator import TRANSFER
from media.core.capacity import LEAST, PROVEN, Capacity, Reported, start
from media.core.encodings import Processor, Stream
from media.core.following import Followed, Following, Pair, Want
from media.core.ladder import (
    DEAF,
    DEEP,
    HEARS,
    MOST,
    RUNGS,
    STILLS,
    Ladder,
    Link,
    Quality,
    VoiceStep,
    sane,
    spoken,
)
from media.core.plan import Encoding, Plan, StillPlan, due
from media.core.reasons import Telling, cause
from media.core.voice import STILL_WITHIN, VoiceChoice

__all__ = ["Capacity", "Codecs", "Link", "Reported", "Uplink", "Want"]

LOOK = 1.5  # times the rate: how far the browser's probes may look beyond it
LOOK_WIDE = 2.0  # the same from
WIDE = 100_000  # bit/s on, where a probe is no burden and a doubling takes one report of the page
LARGE_COPY = 80_000  # bit/s that a camera must keep beside its small copy
ROOM = 1.2  # times what a rung takes: with less one could not climb there
TRIAL = 5.0  # s
AIM = 1.6  # times what was shown, the most aimed at: a voice at 16 kbit/s does not try pictures
EXAM = 2 / 3  # of what is left, for the exam camera, while both are looked at


@dataclass(frozen=True)
class Codecs:
    """What the browser can encode beside VP8."""

    av1: bool


class Uplink:
    """The upward plan of one sender. Call `step` a few times a second; send what has a new `n`."""

    def __init__(self, quality: Quality, now: float) -> None:
        self._quality = quality
        self._capacity: Capacity | None = None
        self._voice = VoiceChoice(quality, now)
        self._ladder = Ladder(quality.hysteresis, now)
        self._telling = Telling(now)
        self._processor = Processor()
        self._camera, self._exam = Following(), Following()
        self._pair = Pair(quality.hysteresis.room, quality.hysteresis.climb)
        self._streams = {key: Stream(quality) for key in ("camera", "low", "exam")}
        self._plan: Plan | None = None
        self._planned = self._goal = 0
        self._at = self._aimed = now

    @property
    def rate(self) -> int | None:
        """Bit/s this uplink is thought to carry; None before the first step."""
        return self._capacity.rate if self._capacity else None

    def step(
        self, now: float, link: Link, reported: Reported | None,
        wants: Mapping[str, Sequence[Want]], voices: Sequence[VoiceStep], can: Codecs,
        transfer: bool, ceiling: int | None, hint: int | None,
    ) -> Plan:  # fmt: skip
        """The plan now; the very same object while nothing worth a message changed.

        `link.rate` is what arrives; `hint` what this site's uplink carried last time, bit/s.
        Never raises, whatever the figures."""
        rate = self._carries(now, link, reported, hint)
        if bounded := ceiling is not None and sane(ceiling) < rate:
            rate = sane(ceiling)
        if self._capacity and self._capacity.after_cut:
            link = replace(link, loss=link.own_loss)
        assert self._capacity is not None
        audio = self._audio(min(rate, self._capacity.sure), link.loss, voices, transfer, now)
        left = max(0, self._quality.usable(rate) - audio.wire)
        strain = self._processor.step(reported is not None and reported.limited == "cpu", now)
        rooms = self._rooms(left, wants, can, now)
        main = "exam" if rooms["exam"] else "camera"
        followed = self._follow(rooms, wants, now)
        proven = self._quality.usable(int(PROVEN * sane(link.rate))) - audio.wire
        own = self._climb(rooms[main] or left, proven, rate, link.loss, followed[main], can, now)
        rung = max(own, followed[main].rung) if wants.get(main) else own
        code = self._code(link, bounded, rung > own, strain)
        need = self._need(own, audio, followed[main], can)
        hoped = reported is not None and reported.weighed
        self._aim(own, need, rooms[main] > 0, hoped, now)
        why = self._telling.step(rung, code, self._ladder.climbing, rate, need, now)
        stills = rung == STILLS or any(want.rung == RUNGS[STILLS] for want in wants.get(main, ()))
        if (transfer or stills) and rung < STILLS:
            followed[main] = self._reserving(rung, rooms[main], followed[main], can)
        wires = {"camera": followed["camera"].rate, "low": followed["camera"].low,
                 "exam": followed["exam"].rate}  # fmt: skip
        video = {key: self._encode(key, own, wires, followed, can, strain) for key in wires}
        used = sum(wire for key, wire in wires.items() if video[key])
        spare = max(0, left - used)
        if rung >= STILLS:
            spare = max(0, self._quality.usable(min(rate, self._capacity.sure)) - audio.wire)
        stills = stills or (rung < STILLS and followed[main].rate > 0 and not video[main])
        plan = Plan(
            0, RUNGS[rung], why, audio, video["camera"], video["low"], video["exam"],
            self._look(rate, link.rate, used + audio.wire, spare, ceiling, now),
            self._stills(spare) if stills and rung <= STILLS else None, spare,
        )  # fmt: skip
        return self._publish(plan, used, now)

    def _carries(self, now: float, link: Link, reported: Reported | None, hint: int | None) -> int:
        if self._capacity is None:
            trip = link.round_trip if link.round_trip is not None or not reported else reported.rtt
            self._capacity = Capacity(self._quality, start(self._quality, hint, trip), now)
            return self._capacity.rate
        return self._capacity.step(now, link, reported, self._planned, self._goal)

    def _audio(
        self, rate: int, loss: float, voices: Sequence[VoiceStep], transfer: bool, now: float
    ) -> VoiceStep:
        """The leanest of what this uplink and each receiver can carry; redundancy is for our own
        losses alone, the worker adds it for receivers who need it."""
        own = self._voice.step(rate, loss, transfer, now)
        steps = [own, *voices]
        bitrate, ptime = min(step.bitrate for step in steps), max(step.ptime for step in steps)
        return VoiceStep(bitrate, ptime, own.red)

    def _rooms(
        self, left: int, wants: Mapping[str, Sequence[Want]], can: Codecs, now: float
    ) -> dict[str, int]:
        """Bit/s for each camera that somebody can use: the exam's first."""
        exam, camera = (any(sane(want.rate) for want in wants.get(source, ()))
                        for source in ("exam", "camera"))  # fmt: skip
        if not exam or not camera:
            return {"exam": left if exam else 0, "camera": left if camera else 0}
        least = int(self._quality.least(STILLS - 1, "speech", can.av1) / (1 - EXAM))
        if not self._pair.step(left, least, now):
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

    def _climb(
        self, share: int, proven: int, rate: int, loss: float, main: Followed, can: Codecs,
        now: float,
    ) -> int:  # fmt: skip
        """The rung of this uplink. With a picture, it climbs only to what arrives by now."""
        quality, av1 = self._quality, can.av1 and main.av1

        def affords(times: float, share: int = share) -> int:
            return quality.affords(share, rate, main.matters, av1=av1, room=times)

        shown = self._ladder.rung is not None and self._ladder.rung < STILLS and main.rate > 0
        comfortable = affords(quality.hysteresis.room, min(share, proven) if shown else share)
        worst, best = spoken(affords(1), loss, DEAF), spoken(comfortable, loss, HEARS)
        return self._ladder.step(worst, best, affords(DEEP), now)

    def _aim(self, own: int, need: int, wanted: bool, hoped: bool, now: float) -> None:
        """What the next rung takes is aimed at without a picture, and for some seconds after one
        came: what arrives must have time to show that it was right. `hoped`: by a belief, which
        grows beside a voice to anything; what was shown must be near."""
        assert self._capacity is not None
        if own > STILLS or (own == STILLS and wanted):
            near = not hoped or ROOM * need <= AIM * self._capacity.sure
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
        self, key: str, own: int, wires: Mapping[str, int], followed: Mapping[str, Followed],
        can: Codecs, strain: int,
    ) -> Encoding | None:  # fmt: skip
        one = followed["exam" if key == "exam" else "camera"]
        rung = max(own, STILLS - 1 if key == "low" else one.rung)
        return self._streams[key].step(
            rung, one.matters, wires[key],
            av1=can.av1 and one.av1, tallest=0 if key == "low" else one.height, strain=strain,
        )  # fmt: skip

    def _look(
        self, rate: int, came: int, total: int, spare: int, ceiling: int | None, now: float
    ) -> int:  # fmt: skip
        """How far the browser may look for more: not beyond what anybody wants."""
        assert self._capacity is not None
        look = int(LOOK * total)
        if self._capacity.congested:
            look = rate
        elif not spare:
            look = int((LOOK_WIDE if rate >= WIDE else LOOK) * rate)
        look = max(look, total, self._capacity.look(came, self._goal, now))
        return look if ceiling is None else max(min(look, sane(ceiling)), LEAST)

    def _stills(self, spare: int) -> StillPlan:
        """One still after the other in what is left: smaller before rarer than need be."""
        rules = self._quality.stills
        per_byte = 8 * (1 + self._quality.link.transfer) / max(1, spare)
        size = max(rules.fewest, min(rules.bytes, int(STILL_WITHIN / per_byte)))
        return StillPlan(min(rules.slowest, max(rules.every, round(size * per_byte, 1))), size)

    def _publish(self, plan: Plan, pictures: int, now: float) -> Plan:
        before = self._plan
        if before is not None and not due(before, plan, now - self._at):
            return before
        self._plan = replace(plan, n=before.n + 1 if before else 1)
        self._planned, self._at = pictures, now
        return self._plan
