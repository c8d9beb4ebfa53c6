"""A media worker in this process, what it told, and the peers to close afterwards."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from media.port import Port
from media.router import Event
from media.worker import Worker
from tests.media.aiortc_peer import AiortcPeer


class Workshop:
    """A worker, what it told, and the peers to close afterwards."""

    def __init__(self, addresses: list[str] | None = None) -> None:
        self.events: list[Event] = []
        self.counts: Counter[str] = Counter()
        self.port = Port(self.counts)
        self.port.open(addresses or [], 0)
        self.worker = Worker(self.port, [], self.events.append)
        self.worker.start()
        self.peers: list[AiortcPeer] = []

    def peer(self, name: str) -> AiortcPeer:
        self.peers.append(AiortcPeer(name, self.worker))
        return self.peers[-1]

    async def until(self, condition: Callable[[], Any], seconds: float = 15) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                await asyncio.sleep(0.02)
        return found

    async def event(self, name: str, **fields: Any) -> Event:
        def seen() -> list[Event]:
            return [e for e in self.events if e["event"] == name and fields.items() <= e.items()]

        event: Event = (await self.until(seen))[-1]
        return event

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()
        await self.worker.stop()
        self.port.close()
