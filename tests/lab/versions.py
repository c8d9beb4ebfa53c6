"""What a run was held with: versions of the machine's programs and of this repository."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache

from tests.lab.janus import PROGRAM
from tests.lab.star import ROOT
from tests.peers.browsers import CHROMIUM


def _said(*words: str) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, cwd=ROOT)
    except FileNotFoundError:
        return ""
    return (done.stdout or done.stderr).strip()


@cache
def programs() -> dict[str, str]:
    """Browser, Janus and kernel; "" where one is not installed."""
    janus = [line for line in _said(PROGRAM, "--version").splitlines() if "ersion" in line]
    return {
        "chromium": " ".join(_said(str(CHROMIUM), "--version").split()[:2]),
        "janus": janus[0].strip() if janus else "",
        "kernel": platform.release(),
        "processors": f"{os.cpu_count()}",
    }


def held() -> dict[str, str]:
    """Programs, the commit the tree was at (+ where it was changed since), and the hour."""
    changed = "+" if _said("git", "status", "--porcelain", "--untracked-files=no") else ""
    commit = _said("git", "rev-parse", "--short", "HEAD") + changed
    return {**programs(), "commit": commit, "at": datetime.now(UTC).isoformat(timespec="seconds")}
