"""Which systems are compared, by name."""

from __future__ import annotations

from pathlib import Path

from tests.lab.janus import ByJanus
from tests.lab.profiles import Profile
from tests.lab.star import Star
from tests.lab.systems import ByCarbet, Direct, System

NAMES = ("carbet", "direct", "tuned", "janus")
OTHERS = ("carbet-cold",)  # not part of "all": only its first picture differs


def system(
    name: str, star: Star, profile: Profile, folder: Path, traces: Path | None = None
) -> System:
    """By its name. Raises KeyError for another."""
    made: dict[str, System] = {
        "carbet": ByCarbet(star, folder, traces),
        "carbet-cold": ByCarbet(star, folder, traces, cold=True),
        "direct": Direct(star, profile, by_hand=False),
        "tuned": Direct(star, profile, by_hand=True),
        "janus": ByJanus(folder),
    }
    return made[name]
