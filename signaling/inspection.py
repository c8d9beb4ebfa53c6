"""Whether bytes are the picture they were announced as, asked of a process that may die of it.

No image is opened in the server: see `server.kernel.confinement`.
"""

from pathlib import Path

from server.kernel.confinement import Confinement, Failed, Limits
from signaling import inspector
from signaling.still import StillStage


class NoPicture(Exception):
    """Not the picture announced, or not to be opened with what is allowed."""


class Inspection:
    """See the module. One for all rooms."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._child = Confinement(Path(inspector.__file__), limits)

    async def bare(self, data: bytes, stage: StillStage) -> bytes:
        """The picture without its metadata. Raises `NoPicture`."""
        try:
            return await self._child.run((stage.type, str(stage.width), str(stage.height)), data)
        except Failed:
            raise NoPicture("not the picture announced") from None
