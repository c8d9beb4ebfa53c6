"""The one UDP port: every browser's datagrams, sorted by who may speak (ICE-lite, RFC 8445 §2.5).

A STUN check finds its leg by the ufrag in its USERNAME and must be signed with that leg's
password; only then may its source address speak. All else is looked up by source address, and a
stranger's datagram is counted and dropped. An unsigned check is never answered; a signed one gets
an answer shorter than itself. One socket per local address, so that answers leave from where the
question arrived.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import struct
import time
from collections import Counter
from typing import Any, Protocol

import ifaddr
from aioice import stun

from media.core.packets import demux
from media.core.packets.demux import Kind

log = logging.getLogger("carbet.media.port")
Address = tuple[Any, ...]
BATCH = 64  # datagrams read before others get their turn
BUFFER = 4 << 20
MOST_ADDRESSES = 12
LOUDEST = 5  # internal errors logged each minute


class Leg(Protocol):
    """Who is behind an address."""

    ufrag: str
    password: bytes

    def may_check(self, now: float) -> bool:
        """Whether it is worth looking at one more check for this leg."""

    def holds(self, address: Address, now: float) -> bool:
        """Whether this address is its own, by a check not long ago."""

    def checked(self, sock: socket.socket, address: Address, nominated: bool, now: float) -> None:
        """A signed check came from there."""

    def receive(self, kind: Kind, data: bytes, now: float) -> None:
        """A datagram came from a checked address."""


def own_addresses() -> list[str]:
    """This machine's addresses without link-local ones, at most 12."""
    found = []
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            text = each.ip if isinstance(each.ip, str) else each.ip[0]
            address = ipaddress.ip_address(text)
            if not address.is_link_local and not address.is_multicast:
                found.append(str(address))
    return found[:MOST_ADDRESSES]


class Port:
    """The sockets of one worker and the legs reached through them."""

    def __init__(self, counts: Counter[str]) -> None:
        self.number = 0
        self.counts = counts
        self._sockets: dict[str, socket.socket] = {}
        self._follow = False
        self._by_ufrag: dict[str, Leg] = {}
        self._by_address: dict[Address, Leg] = {}
        self._complaints = 0
        self._complained_at = 0.0

    def open(self, addresses: list[str], number: int) -> None:
        """Listen on these addresses, or without any on the machine's own, also those it gets
        later. Raises OSError when none can be had; port 0 picks a free one."""
        self._follow = not addresses
        self.number = number
        failure: OSError | None = None
        for address in addresses or own_addresses():
            try:
                self._listen(address)
            except OSError as error:
                failure = error
        if not self._sockets:
            raise failure or OSError("no address to listen on")

    def _listen(self, address: str) -> None:
        sock = self._bind(address, self.number)
        self.number = self.number or sock.getsockname()[1]
        self._sockets[address] = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._read, sock)

    @property
    def addresses(self) -> list[str]:
        """Where it listens now."""
        return list(self._sockets)

    def renew(self, now: float) -> None:
        """Listen also on addresses the machine got since; let go of those it lost."""
        if not self._follow:
            return
        there = own_addresses()
        for address in [each for each in self._sockets if each not in there]:
            self._deafen(self._sockets.pop(address))
        for address in there:
            if address not in self._sockets:
                with contextlib.suppress(OSError):  # not usable yet: the next round tries again
                    self._listen(address)

    @staticmethod
    def _bind(address: str, number: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            sock.bind((address, number))
        except OSError:
            sock.close()
            raise
        return sock

    def close(self) -> None:
        """Stop listening."""
        for sock in self._sockets.values():
            self._deafen(sock)
        self._sockets.clear()

    @staticmethod
    def _deafen(sock: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(sock.fileno())
        sock.close()

    def admit(self, leg: Leg) -> None:
        """Let this leg be found by its ufrag."""
        self._by_ufrag[leg.ufrag] = leg

    def forget(self, leg: Leg) -> None:
        """Drop the leg and every address that spoke for it."""
        self._by_ufrag.pop(leg.ufrag, None)
        for address in [a for a, known in self._by_address.items() if known is leg]:
            del self._by_address[address]

    def _read(self, sock: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                data, address = sock.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:
                self.counts["dropped_socket"] += 1
                return
            try:
                self.datagram(sock, address, data)
            except Exception:
                self.complain()

    def datagram(self, sock: socket.socket, address: Address, data: bytes) -> None:
        """Sort one datagram."""
        now = time.monotonic()
        kind = demux.kind_of(data)
        if kind is Kind.STUN:
            self._check(sock, address, data, now)
            return
        leg = self._by_address.get(address)
        if kind is Kind.UNKNOWN:
            self.counts["dropped_malformed"] += 1
        elif leg is None:
            self.counts["dropped_stranger"] += 1
        else:
            leg.receive(kind, data, now)

    def _check(self, sock: socket.socket, address: Address, data: bytes, now: float) -> None:
        names = demux.check_username(data)
        leg = self._by_ufrag.get(names[0]) if names else None
        if leg is None or not leg.may_check(now):
            self.counts["dropped_check"] += 1
            return
        try:
            request = stun.parse_message(data)
            signed = request.check_message_integrity(leg.password)
        except (ValueError, struct.error):
            signed = False
        holder = self._by_address.get(address)
        # Whoever forges another's address may sign for himself, and would make the other mute.
        if not signed or (holder not in (None, leg) and holder.holds(address, now)):
            self.counts["dropped_check"] += 1
            return
        self._by_address[address] = leg
        self._answer(sock, address, request, leg.password)
        leg.checked(sock, address, "USE-CANDIDATE" in request.attributes, now)

    def _answer(
        self, sock: socket.socket, address: Address, request: stun.Message, key: bytes
    ) -> None:
        response = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = (address[0], address[1])
        response.add_message_integrity(key)
        try:
            sock.sendto(bytes(response), address)
        except OSError:
            self.counts["dropped_send"] += 1

    def withdraw(self, address: Address, leg: Leg) -> None:
        """This address no longer speaks for the leg."""
        if self._by_address.get(address) is leg:
            del self._by_address[address]

    def complain(self) -> None:
        """Our fault, not theirs: seen in the log, a few times a minute, and always counted."""
        self.counts["failed_internally"] += 1
        now = time.monotonic()
        if now - self._complained_at > 60:
            self._complained_at, self._complaints = now, 0
        self._complaints += 1
        if self._complaints <= LOUDEST:
            log.exception("a datagram could not be handled")
