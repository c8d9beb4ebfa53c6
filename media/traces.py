"""Recorded estimates: one file for each session, in a folder somebody asked for. Bounded."""

import json
import logging
from pathlib import Path
from typing import Any, TextIO

from media.core.link.trace import Trace

log = logging.getLogger("carbet.media.traces")
MOST = 20_000_000  # bytes of one file: an hour of a busy link


class File:
    """Takes lines until it is full, or its disk is."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO | None = path.open("w", encoding="ascii", buffering=1 << 16)
        self._left = MOST

    def write(self, line: str, /) -> None:
        """One line; what cannot be written is not."""
        self._left -= len(line)
        if self._file is None or self._left < 0:
            return
        try:
            self._file.write(line)
        except OSError as error:
            log.warning("a trace ends early", extra={"errno": error.errno})
            self.close()

    def close(self) -> None:
        """Write what waits."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                log.warning("a trace is cut short", extra={"errno": error.errno})


class Traces:
    """All of one worker's."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._open: dict[str, File] = {}
        self._told = File(folder / "told.jsonl")

    def begin(self, peer: str, session: str) -> Trace:
        """A trace for this session; ids alone name it."""
        file = self._open[session] = File(self._folder / f"{peer}-{session}.jsonl")
        return Trace(file)

    def told(self, event: dict[str, Any], now: float) -> None:
        """A plan, or how a link is: what was decided, beside what it was decided from."""
        if event["event"] in ("encode", "quality"):
            self._told.write(json.dumps([round(now, 3), event], separators=(",", ":")) + "\n")

    def close(self) -> None:
        """Write what waits."""
        for session in list(self._open):
            self.end(session)
        self._told.close()

    def end(self, session: str) -> None:
        """Close its file."""
        file = self._open.pop(session, None)
        if file is not None:
            file.close()
