"""A cellular link's rate over time, made up from a seed: not a recording, and not said to be one.

The logarithm of the rate wanders about its mean (an Ornstein–Uhlenbeck process: neighbouring half
seconds resemble each other, half a minute apart they do not), and now and then a fade, as when a
telephone changes cells, takes most of it away for a second or two.
"""

from __future__ import annotations

import math
from random import Random

STEP = 0.5  # seconds
MEMORY = 8.0  # seconds after which the rate has mostly forgotten where it was
SPREAD = 0.6  # standard deviation of the logarithm: two thirds of the time within x0.55–x1.8
FADE_EVERY = 20.0  # seconds between fades, on average
FADE_LENGTH = (1.0, 2.5)
FADE_DEPTH = 0.1  # of the rate is left
FLOOR = 8.0  # kbit/s


def trace(mean: float, seed: int, seconds: float = 300.0) -> tuple[tuple[float, float], ...]:
    """Steps of (second, kbit/s) whose mean is about ``mean``; the same for the same seed."""
    random, level, fade_until = Random(f"cellular {seed}"), 0.0, 0.0
    keep = math.exp(-STEP / MEMORY)
    steps = []
    for index in range(int(seconds / STEP)):
        now = index * STEP
        level = keep * level + random.gauss(0, SPREAD * math.sqrt(1 - keep * keep))
        if random.random() < STEP / FADE_EVERY:
            fade_until = now + random.uniform(*FADE_LENGTH)
        rate = mean * math.exp(level - SPREAD**2 / 2) * (FADE_DEPTH if now < fade_until else 1)
        steps.append((now, round(max(FLOOR, rate), 1)))
    return tuple(steps)
