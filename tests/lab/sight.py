"""What one person heard and saw of another: PURE, from the samples of ``eye.js``.

All instants are seconds of the link's time, a window is (from, to). What was never received is no
figure of zero but the worst there is: all speech concealed, all pictures frozen.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.lab import timecode

Window = tuple[float, float]


FROZEN = 0.5  # seconds between two pictures from which on people speak of a freeze
HEARD = 0.5  # concealed share of a sample below which it counts as speech
FRESH = 8.0  # seconds during which a still stands for a picture
LONGEST_DELAY = 19.0  # seconds; above, the time code has come round


@dataclass(frozen=True)
class Sight:
    """What one page's eye collected (``eye.js``); instants in seconds of the link's time."""

    samples: list[dict[str, Any]]
    frames: list[dict[str, Any]]
    stills: list[dict[str, Any]] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)  # of what the page says of the call


@dataclass(frozen=True)
class Sound:
    """What arrived between two samples of one stream; counts of samples, of packets, seconds."""

    start: float
    end: float
    total: float
    concealed: float
    packets: float
    waited: float  # the sum over emitted samples of their time in the buffer
    emitted: float


@dataclass(frozen=True)
class Picture:
    at: float
    width: int
    presented: int
    delay: float | None


@dataclass(frozen=True)
class Still:
    """A picture that does not move: on a tile in place of one that does, or asked for."""

    at: float
    asked: bool
    width: int


@dataclass(frozen=True)
class Received:
    """One person as another received them; ``turns``: when the rung told of them changed."""

    sounds: Sequence[Sound]
    pictures: Sequence[Picture]
    stills: Sequence[Still] = ()
    turns: Sequence[float] = ()

    def concealed(self, window: Window) -> float:
        """Percent of the samples played that the receiver had to invent."""
        within = [s for s in self.sounds if window[0] <= s.end < window[1]]
        total = sum(s.total for s in within)
        return 100 * sum(s.concealed for s in within) / total if total else 100.0

    def sound_delay(self, window: Window) -> float | None:
        """Mean time in the playout buffer, ms."""
        within = [s for s in self.sounds if window[0] <= s.end < window[1]]
        emitted = sum(s.emitted for s in within)
        return 1000 * sum(s.waited for s in within) / emitted if emitted else None

    def speech_gap(self, window: Window) -> float:
        """The longest time without speech of theirs, ms; as fine as the sampling, 0.1 s."""
        heard = [(s.start, s.end) for s in self.sounds if _is_speech(s)]
        return 1000 * max(gap for gap in gaps(heard, window))

    def fps(self, window: Window) -> float:
        """Pictures presented a second."""
        shown = self._within(window)
        steps = (max(0, b.presented - a.presented) or 1 for a, b in pairwise(shown))
        return (sum(steps) + bool(shown)) / (window[1] - window[0])

    def width(self, window: Window) -> float | None:
        shown = self._within(window)
        return statistics.median(p.width for p in shown) if shown else None

    def frozen(self, window: Window) -> float:
        """Percent of the time in gaps of more than FROZEN between two pictures."""
        still = sum(gap for gap in self._freezes(window) if gap > FROZEN)
        return 100 * still / (window[1] - window[0])

    def longest_freeze(self, window: Window) -> float:
        """Seconds."""
        return max(self._freezes(window))

    def unseen(self, window: Window) -> float:
        """Percent of the time in freezes during which no still of the last FRESH seconds stood for
        the picture either."""
        own = [(p.at, p.at) for p in self._within(window)]
        fresh = [(s.at, s.at + FRESH) for s in self.stills if not s.asked]
        still = sum(sum(gaps(fresh, frozen)) for frozen in holes(own, window))
        return 100 * still / (window[1] - window[0])

    def still_every(self, window: Window) -> float | None:
        """Seconds between two stills on the tile, median; none where fewer than two came."""
        shown = [s.at for s in self.stills if not s.asked and window[0] <= s.at < window[1]]
        return statistics.median(b - a for a, b in pairwise(shown)) if len(shown) > 1 else None

    def first_still(self, instant: float) -> float | None:
        """Seconds until a still is on the tile."""
        return min((s.at - instant for s in self.stills if not s.asked and s.at >= instant),
                   default=None)  # fmt: skip

    def asked_still(self, instant: float, width: int) -> float | None:
        """Seconds until a still at least so wide that was asked for is shown."""
        came = (s.at for s in self.stills if s.asked and s.width >= width and s.at >= instant)
        return min((at - instant for at in came), default=None)

    def changes(self, window: Window) -> float:
        """How often a minute the rung told of this person changed."""
        told = sum(window[0] <= at < window[1] for at in self.turns)
        return 60 * told / (window[1] - window[0])

    def picture_delay(self, window: Window) -> float | None:
        """From the camera to the screen, median, ms; none where no time could be read."""
        read = [p.delay for p in self._within(window) if p.delay is not None]
        return 1000 * statistics.median(read) if read else None

    def first_picture(self, clicked: float) -> float | None:
        """Seconds from the click."""
        return min((p.at - clicked for p in self.pictures if p.at >= clicked), default=None)

    def speech_after(self, instant: float) -> float | None:
        """Seconds until speech is heard again."""
        after = (s.end for s in self.sounds if s.start >= instant and _is_speech(s))
        return min((end - instant for end in after), default=None)

    def picture_after(self, instant: float) -> float | None:
        """Seconds until a picture is shown again."""
        return self.first_picture(instant)

    def _within(self, window: Window) -> list[Picture]:
        return [p for p in self.pictures if window[0] <= p.at < window[1]]

    def _freezes(self, window: Window) -> list[float]:
        return list(gaps([(p.at, p.at) for p in self._within(window)], window))


def _is_speech(sound: Sound) -> bool:
    return sound.total > 0 and sound.packets > 0 and sound.concealed < HEARD * sound.total


def gaps(covered: Iterable[Window], window: Window) -> Iterable[float]:
    """Lengths of what is left of a window between stretches that may overlap."""
    reached = window[0]
    for start, end in sorted(covered):
        if start > window[1]:
            break
        yield max(0.0, start - reached)
        reached = max(reached, end)
    yield max(0.0, window[1] - reached)


def holes(covered: Iterable[Window], window: Window) -> Iterator[Window]:
    """The freezes of a window: what is left of it between pictures, longer than FROZEN."""
    reached = window[0]
    for start, end in [*sorted(covered), (window[1], window[1])]:
        if start - reached > FROZEN:
            yield reached, start
        reached = max(reached, end)


def received(sight: Sight, sender: int | None) -> Received:
    """Of everybody (None), or of the person with this number in the time code."""
    samples, frames = sight.samples, sight.frames
    places = {} if sender is None else _places(frames)
    own = [f for f in frames if sender is None or places.get(_place(f)) == sender]
    slots = None if sender is None else {_slot(f["connection"], f["mid"]) for f in own}
    sounds = list(_sounds(samples, slots))
    pictures = [_picture(f) for f in sorted(own, key=lambda f: float(f["at"]))]
    return Received(sounds, pictures, *_told(sight, sender))


def _told(sight: Sight, sender: int | None) -> tuple[list[Still], list[float]]:
    """Their stills, and when their rung changed: by the seat that shows them."""
    places = _places(sight.frames)
    rungs = [t for t in sight.turns if t["key"].startswith("rung ")]
    codes = [(s["seat"], timecode.person(s["code"])) for s in sight.stills if s["code"] is not None]
    codes += [(t["key"].split()[1], places[_place(t)]) for t in rungs if _place(t) in places]
    seats = {seat for seat, person in codes if seat and person == sender}
    stills = [
        Still(s["at"], s["place"] == "asked", s["width"])
        for s in sight.stills
        if sender is None or (s["code"] is not None and timecode.person(s["code"]) == sender)
    ]
    return stills, [t["at"] for t in rungs if sender is None or t["key"].split()[1] in seats]


def _place(seen: Mapping[str, Any]) -> tuple[int, str]:
    """Of a frame, or of a tile that may have no picture."""
    return seen.get("connection", -1), seen.get("mid", "")


def _places(frames: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], int]:
    """Who was seen at each place, by most of the codes read there."""
    read: dict[tuple[int, str], list[int]] = {}
    for frame in frames:
        if frame["code"] is not None:
            read.setdefault(_place(frame), []).append(timecode.person(frame["code"]))
    return {place: statistics.mode(people) for place, people in read.items()}


def _slot(connection: int, mid: str) -> tuple[int, str]:
    """A person's sound and picture share a number in Carbet ("a1", "v1"), elsewhere a
    connection."""
    return connection, mid[1:] if mid[:1] in ("a", "v") else ""


def _picture(frame: Mapping[str, Any]) -> Picture:
    late = None if frame["code"] is None else timecode.delay(frame["code"], frame["wall"])
    late = None if late is None or late > LONGEST_DELAY else late
    return Picture(frame["at"], frame["width"], frame["presented"], late)


def _sounds(
    samples: Sequence[Mapping[str, Any]], slots: set[tuple[int, str]] | None
) -> Iterable[Sound]:
    before: dict[tuple[int, str], tuple[float, Mapping[str, Any]]] = {}
    for sample in samples:
        for row in sample["rows"]:
            if row["type"] != "inbound-rtp" or row["kind"] != "audio":
                continue
            if slots is not None and _slot(sample["connection"], row["mid"]) not in slots:
                continue
            key = sample["connection"], row["id"]
            if key in before and row["packetsReceived"] > 0:
                yield _sound(*before[key], sample["at"], row)
            before[key] = sample["at"], row


def _sound(start: float, old: Mapping[str, Any], end: float, new: Mapping[str, Any]) -> Sound:
    def grown(key: str) -> float:
        return max(0.0, float(new.get(key, 0) - old.get(key, 0)))

    return Sound(
        start,
        end,
        grown("totalSamplesReceived"),
        grown("concealedSamples"),
        grown("packetsReceived"),
        grown("jitterBufferDelay"),
        grown("jitterBufferEmittedCount"),
    )
