"""A UDP path between one browser and the worker which loses packets, or stops, when told."""

import asyncio
import random
from typing import Any


class LossyPath(asyncio.DatagramProtocol):
    """Give browsers `port` instead of the worker's. Loss is a fraction, drawn from a seed, of
    what is not STUN."""

    def __init__(self, worker_port: int, seed: int = 1) -> None:
        self.port = 0
        self.up_loss = self.down_loss = 0.0
        self.cut = False
        self.lost = {"up": 0, "down": 0}
        self._worker = ("127.0.0.1", worker_port)
        self._random = random.Random(seed)
        self._front: Any = None
        self._backs: dict[Any, asyncio.Transport] = {}

    async def start(self) -> "LossyPath":
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    def stop(self) -> None:
        self._front.close()
        for back in self._backs.values():
            back.close()

    def _loses(self, way: str, data: bytes, loss: float) -> bool:
        if self.cut:
            return True
        lost = data[0] > 3 and self._random.random() < loss
        self.lost[way] += lost
        return lost

    def datagram_received(self, data: bytes, address: Any) -> None:
        if self._loses("up", data, self.up_loss):
            return
        back = self._backs.get(address)
        if back is not None:
            back.sendto(data)  # type: ignore[attr-defined]
        else:
            task = asyncio.ensure_future(self._open(address, data))
            task.add_done_callback(lambda done: done.result())

    async def _open(self, address: Any, data: bytes) -> None:
        path = self

        class Back(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _: Any) -> None:
                if not path._loses("down", data, path.down_loss):
                    path._front.sendto(data, address)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Back, remote_addr=self._worker)
        back = self._backs.setdefault(address, transport)  # type: ignore[arg-type]
        if back is not transport:
            transport.close()
        back.sendto(data)  # type: ignore[attr-defined]
