"""What the operator's dashboard reads, of the server as composed."""

from typing import Any

from aiohttp.test_utils import TestClient


async def test_the_numbers_an_operator_needs_are_there(site: TestClient[Any, Any]) -> None:
    text = await (await site.get("/metrics")).text()
    for name in (
        "carbet_login_sessions", "carbet_rooms", "carbet_sockets", 'carbet_media{what="workers"}',
        "carbet_link_loss", "carbet_link_round_trip_seconds", 'carbet_queue{queue="journal"}',
    ):  # fmt: skip
        assert name in text, name


async def test_somebody_elsewhere_reads_no_number(site: TestClient[Any, Any]) -> None:
    answer = await site.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"})
    assert answer.status == 404
    assert "carbet_rooms" not in await answer.text()
