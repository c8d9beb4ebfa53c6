"""Stalls are added up within the run they belong to, and a host that stands still is seen."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.lab.stall import Stalls, share


def test_stalls_count_as_far_as_they_lie_within_the_run() -> None:
    stalls = [(10.0, 0.5), (12.0, 1.0), (30.0, 5.0)]
    assert share(stalls, 9.0, 13.0) == pytest.approx(37.5)
    assert share(stalls, 11.5, 13.5) == pytest.approx(25.0)
    assert share([], 0, 1) == 0


def test_a_process_that_stood_still_says_how_long() -> None:
    with Stalls() as stalls:
        assert stalls._process
        time.sleep(1.0)
        os.kill(stalls._process.pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(stalls._process.pid, signal.SIGCONT)
        time.sleep(0.2)
    assert max(length for _, length in stalls.seen) > 0.4
