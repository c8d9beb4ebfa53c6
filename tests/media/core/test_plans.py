"""Plans: whole calls over emulated links, and the bands their figures must lie in."""

import pytest

from tests.media.core.thin_call import ThinCall, steady


@pytest.mark.parametrize("trip", [0.04, 0.6])
@pytest.mark.parametrize("kbit", [64, 128, 512])
def test_a_steady_link_is_used_and_its_queue_stays_short(kbit: int, trip: float) -> None:
    record = ThinCall(*steady(kbit, trip), trip=trip).run(60)
    assert record.rate(15, 60) >= 0.80 * kbit * 1000
    assert record.queue_p95(15, 60) <= 0.25
