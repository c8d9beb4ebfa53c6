"""What the operator's dashboard reads, of the server as composed."""

from typing import Any

from aiohttp.test_utils import TestClient

from media.client import PeerQuality
from server.app import estimated
from server.kernel.metrics import METRICS


async def test_the_numbers_an_operator_needs_are_there(site: TestClient[Any, Any]) -> None:
    text = await (await site.get("/metrics")).text()
    for name in (
        "carbet_login_sessions", "carbet_rooms", "carbet_sockets", 'carbet_media{what="workers"}',
        "carbet_link_bits_per_second", "carbet_link_loss", "carbet_link_round_trip_seconds",
        'carbet_queue{queue="journal"}',
    ):  # fmt: skip
        assert name in text, name


def sum_of(way: str) -> float:
    told = METRICS.registry.get_sample_value("carbet_link_bits_per_second_sum", {"way": way})
    return told or 0.0


async def test_a_worker_s_estimates_are_counted_each_way() -> None:
    told = PeerQuality("room", "peer", "session", 0.01, 0.6, {"rate": 100_000}, {"rate": 400_000})
    before = [sum_of(way) for way in ("up", "down")]
    await estimated(told)
    after = [sum_of(way) for way in ("up", "down")]
    assert [new - old for old, new in zip(before, after, strict=True)] == [100_000, 400_000]


async def test_somebody_elsewhere_reads_no_number(site: TestClient[Any, Any]) -> None:
    answer = await site.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"})
    assert answer.status == 404
    assert "carbet_rooms" not in await answer.text()
