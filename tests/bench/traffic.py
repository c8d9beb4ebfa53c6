"""What one browser sends: Opus in packets of 20 ms and VP8 in three temporal layers, as Chromium
writes them, with transport-wide numbers. Content is noise of the right size, under true headers.

Writes plain RTP; encrypts and sends nothing.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Iterator

OPUS, VP8 = 111, 96
LEVEL_ID, NUMBER_ID = 1, 3  # of the header extensions, as every description here says
AUDIO_EVERY, FRAME_EVERY = 0.02, 1 / 30  # s
AUDIO_BYTES = 80  # 32 kbit/s
FRAME_BYTES = 4_600  # with the sound 1.2 Mbit/s
KEY_BYTES = 20_000
MOST_PAYLOAD = 1_130
KEYS_APART = 1.0  # s
LAYERS = (0, 2, 1, 2)
SYNCS = (0, 1, 1, 0)
PACKETS = 50 + 30 * 4.6  # a second, about
STAMP = struct.Struct("!Q")  # the time it left, ns; the last bytes of each sound
_AUDIO = struct.Struct("!BBHIIHHBBBHx2x")
_VIDEO = struct.Struct("!BBHIIHHBH1x")
_NOISE = random.Random(1).randbytes(64_000)


class Publisher:
    """A microphone and a camera. Times are monotonic seconds."""

    def __init__(self, seed: int, audio_ssrc: int, video_ssrc: int, now: float) -> None:
        self._random = random.Random(seed)
        self.audio_ssrc, self.video_ssrc = audio_ssrc, video_ssrc
        self.sound_due = now + self._random.random() * AUDIO_EVERY
        self.frame_due = now + self._random.random() * FRAME_EVERY
        self.sounds = self.films = 0  # packets
        self.octets = [0, 0]
        self._number = 0
        self._sequences = [self._random.getrandbits(15), self._random.getrandbits(15)]
        self._times = [self._random.getrandbits(31), self._random.getrandbits(31)]
        self._picture, self._tl0, self._step = 0, 0, 0
        self._key_wanted, self._key_at = True, -1e9

    @property
    def due(self) -> float:
        return min(self.sound_due, self.frame_due)

    def clock(self, which: int) -> int:
        """RTP time of what was sent last: 0 sound, 1 picture."""
        return self._times[which]

    def want_key(self) -> None:
        self._key_wanted = True

    def skip(self, now: float) -> None:
        """Leave out what should have been sent before now."""
        self.sound_due, self.frame_due = max(self.sound_due, now), max(self.frame_due, now)

    def packets(self, now: float) -> Iterator[bytes]:
        """What is due now."""
        if self.sound_due <= now:
            self.sound_due += AUDIO_EVERY
            yield self._sound()
        if self.frame_due <= now:
            self.frame_due += FRAME_EVERY
            yield from self._frame(now)

    def _next(self, which: int) -> tuple[int, int]:
        self._sequences[which] = sequence = (self._sequences[which] + 1) & 0xFFFF
        self._number = number = (self._number + 1) & 0xFFFF
        return sequence, number

    def _sound(self) -> bytes:
        sequence, number = self._next(0)
        self._times[0] = moment = (self._times[0] + 960) & 0xFFFFFFFF
        at = self._random.randrange(60_000)
        self.sounds += 1
        self.octets[0] += AUDIO_BYTES
        head = _AUDIO.pack(
            0x90, OPUS, sequence, moment, self.audio_ssrc, 0xBEDE, 2,
            LEVEL_ID << 4, 0x80 | self._random.randrange(20, 50), NUMBER_ID << 4 | 1, number,
        )  # fmt: skip
        sound = _NOISE[at : at + AUDIO_BYTES - 9]
        return head + b"\x78" + sound + STAMP.pack(time.time_ns())

    def _frame(self, now: float) -> Iterator[bytes]:
        key = self._key_wanted and now - self._key_at > KEYS_APART
        if key:
            self._key_wanted, self._key_at, self._step = False, now, 0
        layer, sync = LAYERS[self._step % 4], SYNCS[self._step % 4]
        self._step += 1
        self._tl0 = (self._tl0 + (layer == 0)) & 0xFF
        self._picture = (self._picture + 1) & 0x7FFF
        self._times[1] = moment = (self._times[1] + 3_000) & 0xFFFFFFFF
        size = KEY_BYTES if key else int(FRAME_BYTES * self._random.uniform(0.6, 1.4))
        count = -(-size // MOST_PAYLOAD)
        each = size // count
        tail = bytes((
            0xE0, 0x80 | self._picture >> 8, self._picture & 0xFF, self._tl0,
            layer << 6 | sync << 5, 0 if key else 1,
        ))  # fmt: skip
        discardable = 0x20 if layer == 2 else 0
        for n in range(count):
            sequence, number = self._next(1)
            at = self._random.randrange(60_000)
            marker = 0x80 if n == count - 1 else 0
            self.films += 1
            self.octets[1] += each
            head = _VIDEO.pack(
                0x90, marker | VP8, sequence, moment, self.video_ssrc, 0xBEDE, 1,
                NUMBER_ID << 4 | 1, number,
            )  # fmt: skip
            first = bytes((0x80 | discardable | (0x10 if n == 0 else 0),))
            yield head + first + tail + _NOISE[at : at + each - 7]
