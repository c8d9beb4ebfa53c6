"""Whether bytes are the picture they were announced as, asked of a process that may die of it.

No image is opened in the server: a decoder's fault, or a picture of 200 megapixels in a few bytes,
ends a child with little memory and time, and nothing else.
"""

import asyncio
import sys
from pathlib import Path

from signaling import inspector
from signaling.still import StillStage

WITHIN = 20.0  # s
# Processes at once, whatever the number of consultations.
SIDE_BY_SIDE = 2


class NoPicture(Exception):
    """Not the picture announced, or not to be opened with what is allowed."""


class Inspection:
    """See the module. One for all rooms."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def bare(self, data: bytes, stage: StillStage) -> bytes:
        """The picture without its metadata. Raises `NoPicture`."""
        # In isolated mode, by its path: neither our settings nor our modules are within its reach.
        command = (sys.executable, "-I", str(Path(inspector.__file__)))
        size = (str(stage.width), str(stage.height))
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                *command, stage.type, *size,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL, env={},
            )  # fmt: skip
            try:
                bare, _ = await asyncio.wait_for(child.communicate(data), WITHIN)
            except TimeoutError:
                raise NoPicture("too long to open") from None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode != 0 or not bare:
            raise NoPicture("not the picture announced")
        return bare
