"""One process of the load: ``python -m tests.bench.load '{"system": …}'``, ordered line by line.

Says ``{"ready": …}`` when its rooms stand, then answers each order: ``active N`` lets so many
publish, ``tell`` tells the counters, ``churn N`` lets so many calls come and go beside, ``end``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from tests.bench.crowd import Crowd
from tests.bench.joining import ByCarbet, ByJanus, ByRelay, Joining

TOGETHER = 4  # rooms that come at once
STAYING = 0.3  # s of a call that comes and goes


def joining(told: dict[str, Any]) -> Joining:
    if told["system"] == "janus":
        return ByJanus(told["url"], 1_000 * (1 + told["part"]))
    if told["system"] == "aiortc":
        return ByRelay(told["url"])
    return ByCarbet(told["url"], told.get("estimated", True))


class Load:
    """The rooms of one process, and what it is ordered."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._crowd = Crowd()
        self._joining = joining(told)
        self._rooms: dict[str, list[Any]] = {}
        self._came = 0

    async def _come(self, count: int) -> None:
        names = [f"room-{self._told['part']}-{self._came + n}" for n in range(count)]
        self._came += count
        for at in range(0, count, TOGETHER):
            await asyncio.gather(*(self._enter(name) for name in names[at : at + TOGETHER]))

    async def _enter(self, name: str) -> None:
        size = self._told["fan_out"] + 1
        seed = 1_000 * self._told["part"] + len(self._rooms) * size
        browsers = await self._joining.room(name, size, seed, time.monotonic())
        self._rooms[name] = browsers
        for browser in browsers:
            self._crowd.add(browser)

    async def _leave(self, name: str) -> None:
        browsers = self._rooms.pop(name)
        for browser in browsers:
            self._crowd.remove(browser)
        await self._joining.leave(name, browsers)

    async def _churn(self, count: int) -> None:
        for _ in range(0, count, TOGETHER):
            before = set(self._rooms)
            await self._come(TOGETHER)
            await asyncio.sleep(STAYING)
            for name in set(self._rooms) - before:
                await self._leave(name)

    async def run(self) -> None:
        running = asyncio.create_task(self._crowd.run())
        await self._come(self._told["rooms"])
        profiles = {browser.wire.profile for browser in self._crowd.browsers}
        self._say({"ready": len(self._crowd.browsers), "profiles": sorted(profiles)})
        await self._obey()
        self._crowd.running = False
        await running
        for name in list(self._rooms):
            await self._leave(name)
        await self._joining.close()

    async def _obey(self) -> None:
        orders = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        while (line := (await orders.readline()).split()) and line[0] != b"end":
            if line[0] == b"active":
                self._crowd.activate(int(line[1]))
            elif line[0] == b"churn":
                await self._churn(int(line[1]))
            self._say({**self._crowd.snapshot(), "at": time.monotonic()})

    @staticmethod
    def _say(told: dict[str, Any]) -> None:
        print(json.dumps(told), flush=True)


async def main() -> None:
    await Load(json.loads(sys.argv[1])).run()


if __name__ == "__main__":
    asyncio.run(main())
