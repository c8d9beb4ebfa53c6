"""One target in this process, under atheris: `python -m tests.fuzz.run <target> <libFuzzer flags>`.

A promise that breaks ends the process, with the input kept in the folder `-artifact_prefix` names.
"""

import logging
import os
import sys
from collections.abc import Callable

import atheris

ITSELF = "CARBET_FUZZ_ITSELF"
LOUDEST = 100  # lines of log in one run, whatever was sent
FOREIGN = ("aioice.stun", "socketio.packet")

with atheris.instrument_imports(
    include=["media", "signaling", *FOREIGN], enable_loader_override=False
):
    from tests.fuzz.catalogue import TARGETS


class _Counting(logging.Handler):
    """Counts lines: what is sent must not fill the disk."""

    lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        assert self.lines < LOUDEST, "the log is not bounded"


def main() -> None:
    name, flags = sys.argv[1], sys.argv[2:]
    logging.getLogger().handlers[:] = [_Counting()]
    try_one: Callable[[bytes], None] = TARGETS[name].try_one
    # A merge starts this program again by its name.
    itself = os.environ.get(ITSELF, sys.argv[0])
    atheris.Setup([itself, *flags], lambda data: try_one(bytes(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
