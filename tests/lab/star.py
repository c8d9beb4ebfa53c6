"""A star of namespaces around a server's, as its user sees it: sites with links, and what crossed.

The work is done by the process of ``link.py``, which takes everything away when this one ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab import namespaces
from tests.lab.emulator import Capacity, Way
from tests.lab.link import FIELDS, HUB_ADDRESS, write_way

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Link:
    """A site's link: ``up`` from the site to the hub, ``down`` to the site."""

    up: Way
    down: Way


@dataclass(frozen=True)
class Crossing:
    """One packet that came to a link; seconds since the link was imposed, sizes in bytes."""

    way: str
    at: float
    size: int
    queued: float
    cause: str
    sent: float  # when its last bit left
    due: float  # when it arrives
    kind: str
    payload: int
    ssrc: int
    payload_type: int

    @property
    def used_link(self) -> bool:
        """Whether it was sent at all: what the queue dropped was not."""
        return self.cause != "queue"


@dataclass(frozen=True)
class Journal:
    """Every packet of a run, and how late deliveries were (ms: 99th percentile, worst)."""

    crossings: tuple[Crossing, ...]
    late_p99: float
    late_max: float

    def of(self, way: str, start: float = 0.0, end: float = float("inf")) -> list[Crossing]:
        """Packets that came to this way ("site up") between two seconds."""
        return [c for c in self.crossings if c.way == way and start <= c.at < end]


class Star:
    """Open with ``with``. Raises NoNamespace with the machine's reason when it cannot be had."""

    address = HUB_ADDRESS

    def __init__(self, sites: Mapping[str, Link], seed: int = 1) -> None:
        self.links = dict(sites)
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None
        self.hub = ""
        self.sites: dict[str, str] = {}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.lab.link"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,  # an interruption reaches it by the end of its input
        )  # fmt: skip
        sites = {
            name: {"up": write_way(link.up), "down": write_way(link.down)}
            for name, link in self.links.items()
        }
        said = self._ask(sites=sites, seed=self._seed)
        self.hub, self.sites = said["hub"], said["sites"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process and self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self._process and self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line or '{"error": "the link process ended"}')
        if "error" in said:
            self.__exit__(None, None, None)
            raise namespaces.NoNamespace(said["error"])
        return said

    def address_of(self, site: str) -> str:
        """The IPv4 address of a site, or of the hub by the name "hub"."""
        if site == "hub":
            return self.address
        return f"10.77.{list(self.sites).index(site) + 1}.2"

    def namespace_of(self, site: str) -> str:
        return self.hub if site == "hub" else self.sites[site]

    def impose(self) -> float:
        """Links become as asked, with empty queues, and their time begins; returns that instant
        of ``time.monotonic``. Before it, they are as wide as the machine allows."""
        return float(self._ask(do="impose")["begun"])

    def lift(self) -> None:
        self._ask(do="lift")

    def journal(self) -> Journal:
        """What crossed since the links were imposed."""
        with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as file:
            late = self._ask(do="dump", path=file.name)
            rows = (dict(zip(FIELDS, json.loads(line), strict=True)) for line in file)
            return Journal(tuple(Crossing(**r) for r in rows), late["p99_ms"], late["max_ms"])

    def capacity(self, way: str) -> Capacity:
        """What one way ("site up") can carry."""
        site, direction = way.rsplit(" ", 1)
        link = self.links[site]
        return Capacity((link.up if direction == "up" else link.down).rate)

    @contextmanager
    def within_hub(self) -> Iterator[None]:
        """This thread and what it starts, in the hub's namespace."""
        with namespaces.inside(self.hub):
            yield
