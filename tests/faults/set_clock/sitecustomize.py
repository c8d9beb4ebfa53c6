"""Read by every Python that runs under libfaketime: its version in Debian 12 answers `time.sleep`
(clock_nanosleep to an absolute steady time) with EINVAL. Sleeps by `select` instead."""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
