"""Runs a script of ours on bytes nobody trusts, in a process that may die of them.

A decoder's fault, or a picture of 200 megapixels in a few bytes, ends a child with little memory
and time, and nothing else. The limits are set before it is given a byte. The script is run by its
path in isolated mode, without our environment, and should import nothing of ours. It reads standard
input, writes standard output, and ends with 0 or otherwise.
"""

import asyncio
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """The child refused the bytes, died of them, or took too long."""


@dataclass(frozen=True)
class Limits:
    """Address space in bytes, processor and wall time in seconds."""

    memory: int = 512 * 2**20
    processor: int = 10
    within: float = 20.0


class Confinement:
    """One script; `side_by_side` children at once, whoever asks."""

    def __init__(self, script: Path, limits: Limits | None = None, side_by_side: int = 2) -> None:
        self._script, self._limits = script, limits or Limits()
        self._places = asyncio.Semaphore(side_by_side)

    async def run(self, arguments: Sequence[str], data: bytes) -> bytes:
        """What the script made of `data`. Raises `Failed`."""
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(self._script), *arguments,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL, env={},
            )  # fmt: skip
            try:
                self._confine(child.pid)
                made, _ = await asyncio.wait_for(child.communicate(data), self._limits.within)
            except (TimeoutError, ProcessLookupError):
                raise Failed("took too long, or died at once") from None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode != 0 or not made:
            raise Failed("refused, or died of it")
        return made

    def _confine(self, pid: int) -> None:
        """No new file, no core, little memory and time."""
        for what, most in (
            (resource.RLIMIT_AS, self._limits.memory),
            (resource.RLIMIT_CPU, self._limits.processor),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, what, (most, most))
