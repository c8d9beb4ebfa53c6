"""What somebody who knows a link would set by hand on two browsers: PURE. The stronger yardstick.

Opus at 16 kbit/s in packets of 60 ms with in-band FEC and DTX, less where that does not fit; video
capped at what is left and scaled to it, none where nothing is left. From measurements of each
choice on each link: the best we know how to set without changing anything during the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.lab.emulator import BYTES_OF_KBIT, Capacity, Way

# least rate in kbit/s: audio bit/s, ms in a packet, kbit/s this takes on the wire
VOICES = ((30.0, 16_000, 60, 26.0), (22.0, 8_000, 60, 18.0), (0.0, 6_000, 120, 11.0))
# least rate: width of the picture
WIDTHS = ((1000.0, 640), (450.0, 480), (250.0, 320), (100.0, 240), (45.0, 160))
SHARE = 0.85  # of the link that is filled; the rest is headers of video and feedback
FRAMES = 15
LEAST_VIDEO = 30_000  # bit/s; a browser's VP8 goes no lower


@dataclass(frozen=True)
class Tuning:
    """For one sender: bit/s, ms, pixels. ``video`` 0: no picture is sent."""

    audio: int
    ptime: int
    video: int
    width: int
    fps: int = FRAMES

    def for_page(self) -> dict[str, Any]:
        """As ``direct.js`` takes it."""
        scale = 640 / self.width if self.width else 1
        return {
            "audio": self.audio, "ptime": self.ptime, "video": self.video,
            "fps": self.fps, "scale": scale,
        }  # fmt: skip


def tuned(way: Way, seconds: float, others: int = 1) -> Tuning:
    """For what is sent over this way during a call so long, shared by that many receivers."""
    rate = Capacity(way.rate).between(0, seconds) / seconds / BYTES_OF_KBIT / others
    _, audio, ptime, wire = next(each for each in VOICES if rate >= each[0])
    width = next((width for least, width in WIDTHS if rate >= least), 0)
    video = max(LEAST_VIDEO, int((SHARE * rate - wire) * 1000)) if width else 0
    return Tuning(audio, ptime, video, width)
