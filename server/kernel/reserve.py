"""How much room the data folder's disk has left, and what is kept back for calls that run.

Below the reserve, new stills and new consultations are refused before anything of them is
accepted: what is left is for the messages, stays and audit rows of those who are already talking.
"""

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

log = logging.getLogger("carbet.disk")
SHARE = 0.05
NOTHING = 0.005


def _room(folder: Path) -> tuple[int, int]:
    """Bytes that may be written there, and bytes in all. A folder is made when it is needed: until
    then, its parent's disk is asked."""
    folder = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


class Reserve:
    """See the module. `look` tells (bytes left, bytes in all) of a folder, and may raise
    `OSError`: a disk nobody can ask is a disk without room."""

    def __init__(
        self, folder: Path, look: Callable[[Path], tuple[int, int]] = _room, share: float = SHARE
    ) -> None:
        self._folder, self._look, self._share = folder, look, share
        self._told = False

    def free(self) -> float:
        """The share of the disk that is left, from 0 to 1."""
        left, whole = self._asked()
        return left / whole if whole else 0.0

    def holds(self, more: int = 0) -> bool:
        """Whether the reserve would still be there after so many bytes more."""
        left, whole = self._asked()
        held = whole > 0 and left - more >= self._share * whole
        if held is self._told:
            self._told = not held
            words = "the disk has room again" if held else "the disk is nearly full"
            log.warning(words, extra={"left": left, "bytes": whole})
        return held

    @property
    def gone(self) -> bool:
        """Whether hardly a row fits any more."""
        return self.free() < NOTHING

    def measured(self) -> Mapping[str, float]:
        """For the operator."""
        return {"free": self.free(), "reserve": self._share}

    def _asked(self) -> tuple[int, int]:
        try:
            return self._look(self._folder)
        except OSError:
            return 0, 0
