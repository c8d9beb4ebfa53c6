"""The process between the namespaces: packets in at one TUN device, out at another when due.

``python -m tests.lab.link`` owns a star: a hub namespace and one namespace for each site, each
joined to the hub by a link of its own. It is told what to do by lines of JSON on its input and
takes everything away when that input ends, however its parent died. Every decision about a packet
is ``emulator.py``'s; here are only descriptors and the clock.
"""

from __future__ import annotations

import dataclasses
import gc
import heapq
import itertools
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from tests.lab import namespaces
from tests.lab.emulator import Pipe, Way
from tests.lab.packets import content

HUB_ADDRESS = "10.77.0.1"
NETWORK = "10.77.0.0/16"
LARGEST = 65_535
FIELDS = (
    "way",
    "at",
    "size",
    "queued",
    "cause",
    "sent",
    "due",
    "kind",
    "payload",
    "ssrc",
    "payload_type",
)


class Direction:
    """One way of one link: from a descriptor, through a pipe once imposed, to a descriptor."""

    def __init__(self, name: str, source: int, target: int, way: Way) -> None:
        self.name, self.source, self.target, self.way = name, source, target, way
        self.pipe: Pipe | None = None
        self.rows: list[tuple[Any, ...]] = []


class Spokes:
    """Hub, sites and what flies between them."""

    def __init__(self, sites: Mapping[str, Mapping[str, Any]], seed: int) -> None:
        self.owner, self.seed = os.getpid(), seed
        self.hub = f"carbet-{self.owner}-hub"
        self.names = [self.hub, *(f"carbet-{self.owner}-{site}" for site in sites)]
        self.directions: dict[int, Direction] = {}
        self.begun, self.times = 0.0, 0
        self.lateness: list[float] = []
        self._flying: list[tuple[float, int, int, bytes]] = []
        self._order = itertools.count()
        namespaces.make(self.hub, forwards=True)
        namespaces.ip("-n", self.hub, "address", "add", f"{HUB_ADDRESS}/32", "dev", "lo")
        for index, (site, ways) in enumerate(sites.items(), 1):
            self._join(index, site, {name: read_way(way) for name, way in ways.items()})

    def _join(self, index: int, site: str, ways: Mapping[str, Way]) -> None:
        name, here, there = f"carbet-{self.owner}-{site}", f"10.77.{index}.1", f"10.77.{index}.2"
        namespaces.make(name)
        inner = namespaces.tun(f"s{self.owner}x{index}", "eth0", name)
        outer = namespaces.tun(f"h{self.owner}x{index}", f"eth{index}", self.hub)
        namespaces.address(name, "eth0", there, here, NETWORK)
        namespaces.address(self.hub, f"eth{index}", here, there)
        self.directions[inner] = Direction(f"{site} up", inner, outer, ways["up"])
        self.directions[outer] = Direction(f"{site} down", outer, inner, ways["down"])

    def close(self) -> None:
        for source in self.directions:
            os.close(source)
        for name in reversed(self.names):
            with suppress(namespaces.NoNamespace):
                namespaces.remove(name)

    def impose(self) -> float:
        """From now on links are as thin as asked; returns that instant of the monotonic clock."""
        self.begun, self.times = time.monotonic(), self.times + 1
        for direction in self.directions.values():
            direction.rows.clear()
            seed = f"{self.seed} {self.times} {direction.name}"
            direction.pipe = Pipe(direction.way, Random(seed))
        self.lateness.clear()
        return self.begun

    def lift(self) -> None:
        """Links are as wide and as short as the machine allows."""
        for direction in self.directions.values():
            direction.pipe = None

    def dump(self, path: str) -> dict[str, float]:
        """Write one line for each packet since ``impose``; returns how late deliveries were."""
        with Path(path).open("w") as file:
            for direction in self.directions.values():
                file.writelines(json.dumps(row) + "\n" for row in direction.rows)
        late = sorted(self.lateness) or [0.0]
        return {"p99_ms": late[int(len(late) * 0.99)] * 1e3, "max_ms": late[-1] * 1e3}

    def carry(self, patience: float) -> bool:
        """Take what has come and deliver what is due; True when a command waits on the input."""
        if self._flying:
            patience = min(patience, max(0.0, self._flying[0][0] - time.monotonic()))
        ready, _, _ = select.select([0, *self.directions], [], [], patience)
        for source in ready:
            if source:
                self._take(self.directions[source])
        self._deliver(time.monotonic())
        return 0 in ready

    def _take(self, direction: Direction) -> None:
        with suppress(BlockingIOError):
            while True:
                packet = os.read(direction.source, LARGEST)
                now = time.monotonic()
                if direction.pipe is None:
                    self._write(direction.target, packet)
                    continue
                fate = direction.pipe.offer(len(packet), now - self.begun)
                if not fate.cause:
                    due = self.begun + fate.at
                    entry = (due, next(self._order), direction.target, packet)
                    heapq.heappush(self._flying, entry)
                came = direction.name, now - self.begun, len(packet)
                told = fate.queued, fate.cause.value, fate.sent, fate.at
                direction.rows.append((*came, *told, *content(packet)))

    def _deliver(self, now: float) -> None:
        while self._flying and self._flying[0][0] <= now:
            due, _, target, packet = heapq.heappop(self._flying)
            self._write(target, packet)
            self.lateness.append(now - due)

    @staticmethod
    def _write(target: int, packet: bytes) -> None:
        with suppress(OSError):  # a device that is down or full drops, as any network card does
            os.write(target, packet)


def read_way(raw: Mapping[str, Any]) -> Way:
    """A Way from its JSON form."""
    pairs = {key: tuple(tuple(pair) for pair in raw[key]) for key in ("rate", "cuts")}
    return Way(**{**raw, **pairs})


def write_way(way: Way) -> dict[str, Any]:
    return dataclasses.asdict(way)


def punctual() -> None:
    """Ahead of browsers on a busy machine, and never stopped to collect garbage."""
    gc.disable()
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def obey(spokes: Spokes, order: dict[str, Any]) -> None:
    if order["do"] == "impose":
        _say(begun=spokes.impose())
    elif order["do"] == "lift":
        spokes.lift()
        _say()
    elif order["do"] == "dump":
        _say(**spokes.dump(order["path"]))


def serve(spokes: Spokes) -> None:
    """Carry packets and obey orders, until the input ends."""
    while True:
        if not spokes.carry(1.0):
            continue
        line = sys.stdin.readline()
        if not line:
            return
        obey(spokes, json.loads(line))


def main() -> int:
    """Read the star on the first line; say where it is, or why it cannot be; then carry."""
    asked = json.loads(sys.stdin.readline())
    try:
        namespaces.sweep()
        spokes = Spokes(asked["sites"], asked["seed"])
    except (namespaces.NoNamespace, ValueError, PermissionError) as error:
        for path in namespaces.FOLDER.glob(f"carbet-{os.getpid()}-*"):
            namespaces.remove(path.name)
        _say(error=str(error))
        return 1
    _say(hub=spokes.hub, sites=dict(zip(asked["sites"], spokes.names[1:], strict=True)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    punctual()
    try:
        serve(spokes)
    finally:
        spokes.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
