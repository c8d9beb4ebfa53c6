"""Every short fault, twice: all are heard and seen again, and nothing acknowledged is lost.

One run of the command `python -m tests.faults`, whose browsers sit in namespaces of their own; how
many seconds it took is what `make faults` publishes, not what is tested here.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.process import ROOT
from tests.faults import figures
from tests.faults.catalogue import FAULTS

SHORT = [name for name, fault in FAULTS.items() if fault.cut < 10]
TRIES = 2
pytestmark = pytest.mark.timeout(900)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rows(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[dict[str, Any]]]:
    path = tmp_path_factory.mktemp("faults") / "faults.json"
    words = [word for name in SHORT for word in ("--fault", name)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults", *words, "--tries", str(TRIES), "--hurried",
        "--to", str(path), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    print(said.decode())
    yield figures.read(Path(path))


@pytest.mark.parametrize("name", SHORT)
async def test_all_are_back_and_nothing_is_lost(rows: list[dict[str, Any]], name: str) -> None:
    tries = [row for row in rows if row["fault"] == name]
    assert len(tries) == TRIES, "the command did not get so far: see what it said"
    assert [row["complaints"] for row in tries] == [[]] * TRIES
    assert all(row["seconds"] < math.inf for row in tries)
