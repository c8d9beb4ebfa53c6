"""Reads a recording of what a receiver decoded: does it move, does it sound, whose, do lips match.

The recording is the browser's own (MediaRecorder on the received tracks), the reading is PyAV's, so
the same eye and ear judge Chromium and Firefox. Lip offset: instant of the tone minus instant of
the patch, in ms; positive when the sound is late. Recording itself shifts the two a little; compare
with the sender's recording. It judges nothing: limits belong to the tests.
"""

from __future__ import annotations

import array
import io
import math
import statistics
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import av

from tests.peers.talking_head import BLACK, PEOPLE, Person

EAR_RATE = 16_000  # Hz; the highest tone is below 3 kHz
HOP = 80  # samples per decision: 5 ms
RUN = 8  # decisions in a row that make a tone: 40 of its 100 ms
QUIET = 1.0  # seconds between two events at least
PAIR = 0.9  # seconds; farther apart they are not the same event
SPOT = (0.08, 0.10)  # where in the picture the middle of the patch is, whatever its size


@dataclass(frozen=True)
class Testimony:
    """What one picture and one sound were at a receiver; instants in seconds of the recording."""

    __test__ = False  # pytest takes whatever begins with "Test" for one

    frames: int
    motion: float  # largest mean difference of two successive frames, of 255
    width: int
    loudness: float  # largest RMS of 5 ms, of 1
    flashes: tuple[tuple[float, Person], ...]
    tones: tuple[tuple[float, Person], ...]

    @property
    def seen(self) -> set[str]:
        return {person.name for _, person in self.flashes}

    @property
    def heard(self) -> set[str]:
        return {person.name for _, person in self.tones}

    def offsets(self) -> tuple[float, ...]:
        """Milliseconds from each patch to its tone; an event without its other half is left out."""
        pairs = []
        for tone, _ in self.tones:
            nearest = min(
                (at for at, _ in self.flashes), key=lambda at: abs(at - tone), default=None
            )
            if nearest is not None and abs(nearest - tone) < PAIR:
                pairs.append((tone - nearest) * 1000)
        return tuple(pairs)

    def offset(self) -> float:
        """The median of ``offsets``. Raises ValueError when no event could be paired."""
        if not self.offsets():
            raise ValueError(f"no pair of patch and tone in {self}")
        return statistics.median(self.offsets())


def read(recording: bytes) -> Testimony:
    frames, motion, width, flashes = _look(recording)
    loudness, tones = _listen(recording)
    return Testimony(frames, motion, width, loudness, tuple(flashes), tuple(tones))


def _look(recording: bytes) -> tuple[int, float, int, list[tuple[float, Person]]]:
    frames, motion, width = 0, 0.0, 0
    flashes: list[tuple[float, Person]] = []
    previous, lit = b"", False
    for decoded in _pictures(recording):
        frame = decoded.reformat(format="yuv420p")
        frames, width = frames + 1, frame.width
        person = _patch(frame)
        if person and not lit and frame.time - (flashes[-1][0] if flashes else -9) > QUIET:
            flashes.append((frame.time, person))
        lit = person is not None
        luma = _below_patch(frame)
        if len(previous) == len(luma):
            motion = max(
                motion, sum(abs(a - b) for a, b in zip(previous, luma, strict=True)) / len(luma)
            )
        previous = luma
    return frames, motion, width, flashes


def _pictures(recording: bytes) -> Iterator[av.VideoFrame]:
    with av.open(io.BytesIO(recording), "r") as container:
        for packet in container.demux(container.streams.video[0]):
            with suppress(av.error.InvalidDataError):  # a recorder may close within a frame
                yield from packet.decode()


def _sounds(recording: bytes) -> Iterator[av.AudioFrame]:
    with av.open(io.BytesIO(recording), "r") as container:
        for packet in container.demux(container.streams.audio[0]):
            with suppress(av.error.InvalidDataError):
                yield from packet.decode()


def _patch(frame: av.VideoFrame) -> Person | None:
    """Whose colour the corner shows, or None when it is dark."""
    yuv = []
    for index, plane in enumerate(frame.planes):
        scale = 2 if index else 1
        x, y = int(frame.width * SPOT[0]) // scale, int(frame.height * SPOT[1]) // scale
        yuv.append(memoryview(plane)[y * plane.line_size + x])
    nearest = min((BLACK, *(p.yuv for p in PEOPLE)), key=lambda colour: math.dist(colour, yuv))
    return next((p for p in PEOPLE if p.yuv == nearest), None)


def _below_patch(frame: av.VideoFrame) -> bytes:
    """Every eighth pixel of every eighth row of the luma, without the rows of the patch."""
    plane, width = frame.planes[0], frame.width
    luma, stride = bytes(plane), plane.line_size
    rows = range(frame.height // 3, frame.height, 8)
    return b"".join(luma[y * stride : y * stride + width : 8] for y in rows)


def _listen(recording: bytes) -> tuple[float, list[tuple[float, Person]]]:
    samples, start = _samples(recording)
    loudness = 0.0
    tones: list[tuple[float, Person]] = []
    runs = {person.name: 0 for person in PEOPLE}
    for first in range(0, len(samples) - HOP, HOP):
        hop = samples[first : first + HOP]
        power = sum(v * v for v in hop) / HOP
        loudness = max(loudness, math.sqrt(power) / 32768)
        for person in PEOPLE:
            runs[person.name] = runs[person.name] + 1 if _tonal(hop, power, person.tone) else 0
            if runs[person.name] != RUN:
                continue
            at = start + (first - (RUN - 1) * HOP) / EAR_RATE
            if at - (tones[-1][0] if tones else -9) > QUIET:
                tones.append((at, person))
    return loudness, tones


def _samples(recording: bytes) -> tuple[array.array[int], float]:
    """Mono samples at EAR_RATE, lost stretches kept as silence, and when the first one sounds."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=EAR_RATE)
    samples = array.array("h")
    start: float | None = None
    for frame in _sounds(recording):
        at = frame.time or 0.0
        start = at if start is None else start
        missing = round((at - start) * EAR_RATE) - len(samples)
        if missing > EAR_RATE // 20:
            samples.extend([0] * missing)
        frame.pts = None
        for part in resampler.resample(frame):
            samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return samples, start or 0.0


def _tonal(hop: array.array[int], power: float, tone: float) -> bool:
    """Whether most of the power is at that frequency (one bin of a Fourier transform)."""
    if power < 300.0**2:
        return False
    step = 2 * math.pi * tone / EAR_RATE
    re = sum(v * math.cos(step * i) for i, v in enumerate(hop))
    im = sum(v * math.sin(step * i) for i, v in enumerate(hop))
    amplitude = 2 * math.hypot(re, im) / HOP
    return amplitude * amplitude / 2 > 0.6 * power
