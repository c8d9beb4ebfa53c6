"""An absent database: everybody is told at once, one probe finds out when it is back."""

import asyncio

from server.kernel import outage
from server.kernel.outage import Outage


class Line:
    """Something that can be reached, or not; `hangs`: or never says."""

    def __init__(self) -> None:
        self.there, self.hangs, self.tried, self.at_once = False, False, 0, 0

    async def reach(self) -> None:
        self.tried += 1
        self.at_once += 1
        assert self.at_once == 1, "one probe at a time"
        try:
            if self.hangs:
                await asyncio.sleep(3600)
            if not self.there:
                raise ConnectionRefusedError
        finally:
            self.at_once -= 1


async def over(away: Outage) -> None:
    async with asyncio.timeout(10):
        while away.lasts:
            await asyncio.sleep(0.005)


async def test_it_lasts_until_a_probe_comes_through(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(outage, "PAUSE", 0.01)
    line = Line()
    away = Outage(line.reach)
    assert not away.lasts
    away.begins()
    away.begins()
    async with asyncio.timeout(10):
        while line.tried < 3:
            assert away.lasts
            await asyncio.sleep(0.005)
    line.there = True
    await over(away)
    line.there = False
    away.begins()
    assert away.lasts, "it can begin again"
    await away.close()
    assert not away.lasts


async def test_a_probe_that_hangs_is_given_up(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(outage, "PAUSE", 0.01)
    monkeypatch.setattr(outage, "ANSWERS_WITHIN", 0.05)
    line = Line()
    line.there = line.hangs = True
    away = Outage(line.reach)
    away.begins()
    async with asyncio.timeout(10):
        while line.tried < 2:
            await asyncio.sleep(0.005)
    assert away.lasts
    line.hangs = False
    await over(away)
