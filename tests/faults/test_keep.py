"""Two short tries of each fault of the server: nothing lost, nothing doubled, nobody put out.

Seconds are measured by `python -m tests.faults.keep`; here a generous limit says broken, not slow.
"""

import pytest

from tests.faults import keep_clock, keep_crowd, keep_database, keep_disk, keep_drain

SECONDS = 30.0  # until whatever was away must be there again
CLIENTS = 60
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("kind", ["stopped", "locked"])
async def test_the_database_goes_away_under_a_call(kind: str) -> None:
    outcome = await keep_database.one(kind, 1, away=8.0)
    assert outcome.faults == []
    assert max(outcome.message, outcome.page, outcome.journal) < SECONDS


@pytest.mark.parametrize("kind", ["full", "reserve"])
async def test_the_disk_fills_up_under_a_call(kind: str) -> None:
    outcome = await keep_disk.one(kind, 1, lasting=4.0)
    assert outcome.faults == []
    assert max(outcome.message, outcome.page) < SECONDS


@pytest.mark.parametrize("kind", ["forward", "back"])
async def test_the_clock_is_set_under_a_call(kind: str) -> None:
    assert (await keep_clock.one(kind, 1, lasting=4.0)).faults == []


@pytest.mark.parametrize("kind", ["restarted", "killed"])
async def test_everybody_comes_back_at_once(kind: str) -> None:
    outcome = await keep_crowd.one(kind, 1, CLIENTS)
    assert outcome.faults == []
    assert outcome.all < keep_crowd.PATIENCE


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_worker_is_drained_under_a_call(seed: int) -> None:
    outcome = await keep_drain.one(seed)
    assert outcome.faults == []
    assert outcome.silence < SECONDS / 2
