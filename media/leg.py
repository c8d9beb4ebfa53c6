"""One browser's way in and out: its ICE credentials, its checked addresses, its keys, its share.

Hands decrypted packets to a `Traffic`. Knows nothing of rooms or streams.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from media.core.packets import demux
from media.core.packets.demux import Kind
from media.core.stream.quota import Quota
from media.port import MOST_ADDRESSES, Address, Port
from media.transport import Certificate, DtlsState, SecureLeg

# What one browser may send a second: twice two cameras at their best, and of reports ten times
# what a browser with seven lossy pictures asks for. What is above costs us no decryption.
PACKETS, BYTES = 2_000, 2_500_000
REPORTS, REPORT_BYTES = 500, 32_000
HELD = 10.0  # s an address stays a browser's after its check
MOST_CHECKS = 200  # a second
# Keys are expanded for each stream of a browser, and kept: it may not have any number of them.
MOST_STREAMS = 64


class Traffic(Protocol):
    """Who takes what this leg brings."""

    def receive_rtp(self, packet: bytes, now: float) -> None:
        """A decrypted RTP packet."""

    def receive_rtcp(self, packet: bytes, now: float) -> None:
        """A decrypted RTCP datagram."""

    def heard(self, now: float) -> None:
        """A signed check."""


class Leg:
    """See the module."""

    def __init__(
        self,
        ufrag: str,
        password: str,
        certificate: Certificate,
        port: Port,
        counts: Counter[str],
        changed: Callable[[DtlsState], None],
    ) -> None:
        self.ufrag = ufrag
        self.password = password.encode("ascii")
        self.secure = SecureLeg(certificate, self.send, changed)
        self.traffic: Traffic | None = None
        self.shaking: asyncio.Task[None] | None = None
        self._port = port
        self._counts = counts
        self._path: tuple[socket.socket, Address] | None = None
        self._nominated = False
        self._addresses: dict[Address, float] = {}  # when each was checked last
        self._checks_from = 0.0
        self._checks = 0
        self._quota = Quota(PACKETS, BYTES)
        self._reports = Quota(REPORTS, REPORT_BYTES)
        self._streams: set[bytes] = set()

    def may_check(self, now: float) -> bool:
        """Whether a check may cost us a signature now: browsers send at most some tens a second."""
        if now - self._checks_from > 1.0:
            self._checks_from, self._checks = now, 0
        self._checks += 1
        return self._checks <= MOST_CHECKS

    def holds(self, address: Address, now: float) -> bool:
        """Whether this address is its own: browsers check every 2.5 s, at most every 6."""
        return now - self._addresses.get(address, -1e9) < HELD

    def checked(self, sock: socket.socket, address: Address, nominated: bool, now: float) -> None:
        """A signed check came: the address may speak, and be spoken to if the browser chose it."""
        self._addresses.pop(address, None)
        self._addresses[address] = now
        if nominated or self._path is None:
            self._path = (sock, address)
        if len(self._addresses) > MOST_ADDRESSES:
            oldest = next(a for a in self._addresses if self._path[1] != a)
            del self._addresses[oldest]
            self._port.withdraw(oldest, self)
        if self.traffic is not None:
            self.traffic.heard(now)

    def receive(self, kind: Kind, data: bytes, now: float) -> None:
        """A datagram from a checked address."""
        size = len(data)
        if not self._quota.take(size, now):
            self._counts["dropped_flood"] += 1
        elif kind is Kind.RTP:
            self._rtp(data, now)
        elif kind is Kind.DTLS:
            self._dtls(data)
        elif self._reports.take(size, now):
            self._rtcp(data, now)
        else:
            self._counts["dropped_flood"] += 1

    def _rtp(self, data: bytes, now: float) -> None:
        stream = data[8:12]
        if not self._may_be(stream):
            return
        packet = self.secure.open_rtp(data)
        if packet is None or self.traffic is None:
            self._counts["dropped_srtp"] += 1
            return
        self._count(stream, len(data))
        self.traffic.receive_rtp(packet, now)

    def _rtcp(self, data: bytes, now: float) -> None:
        stream = data[4:8]
        if not self._may_be(stream):
            return
        packet = self.secure.open_rtcp(data)
        if packet is None or self.traffic is None:
            self._counts["dropped_srtp"] += 1
            return
        self._count(stream, len(data))
        self.traffic.receive_rtcp(packet, now)

    def _may_be(self, stream: bytes) -> bool:
        """Whether this stream is known, or there is place for it."""
        if stream in self._streams or len(self._streams) < MOST_STREAMS:
            return True
        self._counts["dropped_stream"] += 1
        return False

    def _count(self, stream: bytes, size: int) -> None:
        """A packet was decrypted: only then its stream takes a place."""
        if stream not in self._streams:
            self._streams.add(stream)
        self._counts["packets_in"] += 1
        self._counts["bytes_in"] += size

    def _dtls(self, data: bytes) -> None:
        if demux.is_plausible(data):
            self.secure.feed(data)
        else:
            self._counts["dropped_dtls"] += 1

    def send(self, datagram: bytes) -> None:
        """Send to the chosen address; what the socket cannot take now is dropped and counted."""
        if self._path is None:
            return
        sock, address = self._path
        try:
            sock.sendto(datagram, address)
        except OSError:
            self._counts["dropped_send"] += 1

    def send_rtp(self, packet: bytes) -> bytes | None:
        """Encrypt and send; what left."""
        sealed = self.secure.seal_rtp(packet)
        if sealed is None:
            self._counts["dropped_seal"] += 1
            return None
        self.repeat(sealed)
        return sealed

    def repeat(self, sealed: bytes) -> None:
        """Send what was encrypted before."""
        self._counts["packets_out"] += 1
        self._counts["bytes_out"] += len(sealed)
        self.send(sealed)

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypt and send."""
        sealed = self.secure.seal_rtcp(packet)
        if sealed is not None:
            self.send(sealed)

    async def close(self) -> None:
        """Say goodbye and be forgotten."""
        self._port.forget(self)
        if self.shaking is not None and self.shaking is not asyncio.current_task():
            self.shaking.cancel()
        await self.secure.close()
        self._path = None
