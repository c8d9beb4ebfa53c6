"""A camera: one Y4M picture in a file, overwritten while Chromium's fake device reads it.

The moving face with the time of day in its corner, so that whoever sees the picture on this machine
knows how old it is; the browser's whole capture path runs, and obeys its constraints. As a process,
``python -m tests.lab.camera face.y4m out.y4m person``, until its input ends: a busy driver must
not stop a camera.
"""

from __future__ import annotations

import mmap
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from tests.lab.star import ROOT
from tests.lab.timecode import CELL, COLUMNS, HEIGHT, ROWS, WIDTH, cells, stripe
from tests.peers.talking_head import DeviceFiles, Person, device_files

HEAD = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip A1:1 C420jpeg\nFRAME\n".encode()
SIZE = WIDTH * HEIGHT * 3 // 2
FRAMES_PER_SECOND = 30
PERIOD = 0.010  # seconds between two writings of the time
GREY = 128


def faces(path: Path) -> list[bytes]:
    """Every picture of the loop, WIDTH by HEIGHT, 4:2:0, its corner without colour."""
    with av.open(str(path)) as container:
        return [_planar(frame) for frame in container.decode(video=0)]


def _planar(frame: av.VideoFrame) -> bytes:
    shaped = frame.reformat(width=WIDTH, height=HEIGHT, format="yuv420p")
    planes = []
    for index, plane in enumerate(shaped.planes):
        width, height = (WIDTH // 2, HEIGHT // 2) if index else (WIDTH, HEIGHT)
        rows, stride = bytes(plane), plane.line_size
        data = bytearray().join(rows[y * stride : y * stride + width] for y in range(height))
        for y in range(ROWS * CELL // 2 if index else 0):
            data[y * width : y * width + COLUMNS * CELL // 2] = bytes([GREY]) * (
                COLUMNS * CELL // 2
            )
        planes.append(bytes(data))
    return b"".join(planes)


def film(loop: list[bytes], out: mmap.mmap, person: int) -> None:
    """Until the input ends."""
    shown = -1
    while not select.select([sys.stdin], [], [], PERIOD)[0]:
        now = time.time()
        index = int(now * FRAMES_PER_SECOND) % len(loop)
        if index != shown:
            shown = index
            out[len(HEAD) + WIDTH * CELL * ROWS :] = loop[index][WIDTH * CELL * ROWS :]
            _beside(out, loop[index])
        for row, line in enumerate(cells(person, now)):
            for y in range(row * CELL, (row + 1) * CELL):
                start = len(HEAD) + y * WIDTH
                out[start : start + COLUMNS * CELL] = stripe(line)


def _beside(out: mmap.mmap, picture: bytes) -> None:
    """The picture to the right of the cells, which are never uncovered."""
    for y in range(ROWS * CELL):
        start, end = y * WIDTH + COLUMNS * CELL, (y + 1) * WIDTH
        out[len(HEAD) + start : len(HEAD) + end] = picture[start:end]


@contextmanager
def filming(person: Person, number: int, parts: Path, folder: Path) -> Iterator[DeviceFiles]:
    """Files for a browser's fake devices, the camera running. ``number``: 0–3, in the picture.

    ``folder`` should be in memory (/dev/shm): the picture is rewritten a hundred times a second.
    """
    made = device_files(person.unmarked(), parts)
    picture = folder / f"{person.name}.y4m"
    picture.write_bytes(HEAD + bytes(SIZE))
    words = [sys.executable, "-m", "tests.lab.camera", str(made.picture.resolve())]
    process = subprocess.Popen(
        [*words, str(picture), str(number)], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    try:
        process.stdout.readline()
        yield DeviceFiles(picture, made.sound)
    finally:
        process.communicate(timeout=30)


def main() -> int:
    source, target, person = sys.argv[1:]
    loop = faces(Path(source))
    with Path(target).open("r+b") as file, mmap.mmap(file.fileno(), 0) as out:
        print("ready", flush=True)
        film(loop, out, int(person))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
