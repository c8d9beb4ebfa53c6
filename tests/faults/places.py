"""Where people sit: a server's namespace, and for each person a machine with two ways to it.

A person's machine has Wi-Fi (``wlan0``) and mobile data (``wwan0``), each behind a router of its
own, so that a way can die as ways do: the interface goes (``leave``), or all looks well and nothing
passes any more (``silence``). Between the machine and the server there is no rate and no delay:
thin links are the laboratory's.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from tests.lab import namespaces
from tests.lab.namespaces import ip

SERVER = "10.78.0.1"
NETWORKS = ("wlan0", "wwan0")


class Place:
    """One person's machine, on Wi-Fi at first."""

    def __init__(self, name: str, hub: str, number: int) -> None:
        self.namespace = f"carbet-{os.getpid()}-{name}"
        self._routers = {each: f"{self.namespace}{each}" for each in NETWORKS}
        self._numbers = {each: 10 * number + n for n, each in enumerate(NETWORKS, 1)}
        self.network = NETWORKS[0]
        self._hub = hub

    @property
    def namespaces(self) -> list[str]:
        return [self.namespace, *self._routers.values()]

    @property
    def other(self) -> str:
        """The network that is not used now."""
        return next(each for each in NETWORKS if each != self.network)

    def build(self) -> None:
        """Both ways, with the first one up."""
        namespaces.make(self.namespace)
        for network, router in self._routers.items():
            namespaces.make(router, forwards=True)
            self._join(network, router, self._numbers[network])
        self.enter(self.network)

    def _join(self, network: str, router: str, n: int) -> None:
        pair(self.namespace, network, router, "inner")
        pair(router, "outer", self._hub, f"way{n}")
        ip("-n", router, "address", "add", f"10.78.{n}.1/24", "dev", "inner")
        ip("-n", router, "address", "add", f"10.79.{n}.2/24", "dev", "outer")
        ip("-n", self._hub, "address", "add", f"10.79.{n}.1/24", "dev", f"way{n}")
        for namespace, device in (
            (router, "inner"), (router, "outer"), (self._hub, f"way{n}"),
        ):  # fmt: skip
            ip("-n", namespace, "link", "set", device, "up")
        ip("-n", router, "route", "add", "default", "via", f"10.79.{n}.1")
        ip("-n", self._hub, "route", "add", f"10.78.{n}.0/24", "via", f"10.79.{n}.2")
        # What leaves from an address leaves by that address's network, as on a telephone.
        rule = ["rule", "add", "from", f"10.78.{n}.10", "lookup", str(n)]
        ip("-n", self.namespace, *rule)

    def enter(self, network: str) -> None:
        """This network comes up, and is the one that new connections take."""
        n = self._numbers[network]
        ip("-n", self.namespace, "link", "set", network, "up")
        ip("-n", self.namespace, "address", "replace", f"10.78.{n}.10/24", "dev", network)
        way = ["default", "via", f"10.78.{n}.1", "dev", network]
        ip("-n", self.namespace, "route", "replace", *way, "table", str(n))
        ip("-n", self.namespace, "route", "replace", *way)
        self.network = network

    def leave(self, network: str) -> None:
        """This network goes, as when one walks out of its reach: no address, no route."""
        ip("-n", self.namespace, "address", "flush", "dev", network)
        ip("-n", self.namespace, "link", "set", network, "down")
        self.restore(network)

    def silence(self, network: str) -> None:
        """From now on its router passes nothing, and says nothing."""
        self._forward(network, 0)

    def restore(self, network: str) -> None:
        """Its router passes again."""
        self._forward(network, 1)

    def _forward(self, network: str, on: int) -> None:
        words = ["sysctl", "-qw", f"net.ipv4.ip_forward={on}"]
        subprocess.run(namespaces.within(self._routers[network], *words), check=True, timeout=20)


def pair(here: str, device: str, there: str, peer: str) -> None:
    """A cable between two namespaces; both ends are down."""
    ip("-n", here, "link", "add", device, "type", "veth", "peer", "name", peer, "netns", there)


class Places:
    """The server's namespace and people's. Open with ``with``; raises NoNamespace."""

    def __init__(self, people: Sequence[str]) -> None:
        self.hub = f"carbet-{os.getpid()}-server"
        self._places = {
            name: Place(name, self.hub, number) for number, name in enumerate(people, 1)
        }

    def __enter__(self) -> Self:
        namespaces.sweep()
        try:
            namespaces.make(self.hub)
            ip("-n", self.hub, "address", "add", f"{SERVER}/32", "dev", "lo")
            for place in self._places.values():
                place.build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        names = itertools.chain(*(place.namespaces for place in self._places.values()))
        for name in (*names, self.hub):
            with suppress(namespaces.NoNamespace):
                namespaces.remove(name)

    def __getitem__(self, name: str) -> Place:
        return self._places[name]

    @contextmanager
    def within_hub(self) -> Iterator[None]:
        """This thread and what it starts, beside the server."""
        with namespaces.inside(self.hub):
            yield
