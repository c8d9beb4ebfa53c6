"""Has a photograph developed by a child process, and reads what it made of it.

Refuses to open any image itself, and to believe a child that says more than it gave.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expertise import developer
from server.kernel.confinement import Confinement, Failed

SIZES = tuple(name for name, _longest, _qualities in developer.COPIES)
LARGEST = developer.LARGEST


class NoPhotograph(Exception):
    """Not a photograph that can be opened with what is allowed."""


@dataclass(frozen=True)
class Copy:
    """One served copy: what is told of it, and its bytes."""

    told: dict[str, Any]
    body: bytes


class Darkroom:
    """One for all cases."""

    def __init__(self) -> None:
        self._child = Confinement(Path(developer.__file__))

    async def develop(self, data: bytes) -> tuple[Copy, ...]:
        """The copies to serve, smallest first. Raises `NoPhotograph`."""
        try:
            return _copies(await self._child.run((), data))
        except (Failed, ValueError, KeyError, TypeError, struct.error):
            raise NoPhotograph from None


def _copies(made: bytes) -> tuple[Copy, ...]:
    (length,) = struct.unpack_from(">I", made)
    told, at, found = json.loads(made[4 : 4 + length]), 4 + length, []
    for each in told["copies"]:
        body = made[at : at + each["bytes"]]
        at += each["bytes"]
        found.append(Copy(each, body))
    if at != len(made) or tuple(copy.told["name"] for copy in found) != SIZES:
        raise ValueError("not what a child of ours makes")
    return tuple(found)
