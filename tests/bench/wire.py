"""One secure way to a system under load: ICE by aioice, DTLS by aiortc, SRTP by pylibsrtp.

After the handshake the socket is taken from the event loop, and read and written directly: a
generator of load has to be faster than what it loads. Consent checks go on through aioice.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from typing import Any

import aioice
import pylibsrtp
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_256_GCM,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from pylibsrtp._binding import ffi, lib

from tests.bench.description import Description

SO_TIMESTAMPNS = 35
BUFFER = 8 << 20
CERTIFICATE = RTCCertificate.generateCertificate()  # of all of this process
FINGERPRINT = next(f.value for f in CERTIFICATE.getFingerprints() if f.algorithm == "sha-256")
_BUFFER = ffi.new("char[]", 2048)
_VIEW = ffi.buffer(_BUFFER)
_LENGTH = ffi.new("int *")


class _Pipe:
    """What aiortc's DTLS takes for an ICE transport."""

    role = "controlling"

    def __init__(self, ice: aioice.Connection) -> None:
        self._ice = ice
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    async def _send(self, data: bytes) -> None:
        await self._ice.send(data)

    async def _recv(self) -> bytes:
        return await self.came.get()

    async def pump(self) -> None:
        while True:
            data = await self._ice.recv()
            if 20 <= data[0] < 64:
                self.came.put_nowait(data)


class Wire:
    """See the module."""

    def __init__(self, controlling: bool) -> None:
        self._ice = aioice.Connection(ice_controlling=controlling, use_ipv6=False)
        self._dtls: Any = None
        self.sock: socket.socket
        self.protocol: Any = None
        self.address: tuple[str, int] = ("", 0)
        self.profile = ""
        self.outgoing: pylibsrtp.Session
        self.incoming: pylibsrtp.Session

    async def describe(self, setup: str) -> Description:
        """This side, without any medium yet."""
        await self._ice.gather_candidates()
        candidates = [each.to_sdp() for each in self._ice.local_candidates]
        return Description(
            self._ice.local_username, self._ice.local_password, FINGERPRINT, setup, [], candidates
        )

    async def connect(self, said: Description, *, client: bool) -> None:
        """With who said this; ``client``: we start DTLS."""
        self._ice.remote_username, self._ice.remote_password = said.ufrag, said.password
        self._ice.remote_is_lite = said.lite
        for each in dict.fromkeys(said.candidates):
            candidate = aioice.Candidate.from_sdp(each)
            if candidate.transport.lower() == "udp" and ":" not in candidate.host:
                await self._ice.add_remote_candidate(candidate)
        await self._ice.add_remote_candidate(None)
        await self._ice.connect()
        pipe = _Pipe(self._ice)
        pump = asyncio.create_task(pipe.pump())
        self._dtls = RTCDtlsTransport(pipe, [CERTIFICATE])  # type: ignore[arg-type]
        self._dtls._srtp_profiles = [SRTP_AEAD_AES_256_GCM]
        self._dtls._set_role("client" if client else "server")
        fingerprints = [RTCDtlsFingerprint("sha-256", said.fingerprint)]
        await asyncio.wait_for(self._dtls.start(RTCDtlsParameters(fingerprints=fingerprints)), 20)
        pump.cancel()
        if self._dtls.state != "connected":
            raise ConnectionError(f"DTLS {self._dtls.state}")
        self.profile = self._dtls._ssl.get_selected_srtp_profile().decode()
        self.incoming, self.outgoing = self._dtls._rx_srtp, self._dtls._tx_srtp
        self._outgoing = self.outgoing._srtp[0]
        self._take_socket()

    def _take_socket(self) -> None:
        pair = self._ice._nominated[1]
        self.protocol, self.address = pair.protocol, pair.remote_addr
        number = self.protocol.transport.get_extra_info("socket").fileno()
        asyncio.get_running_loop()._remove_reader(number)  # type: ignore[attr-defined]
        self.sock = socket.socket(fileno=socket.dup(number))
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.connect(self.address)

    def send_rtp(self, packet: bytes) -> None:
        size = len(packet)
        _VIEW[0:size] = packet
        _LENGTH[0] = size
        if lib.srtp_protect(self._outgoing, _BUFFER, _LENGTH):
            raise RuntimeError("not encrypted")
        self.send(_VIEW[0 : _LENGTH[0]])

    def send_rtcp(self, packet: bytes) -> None:
        self.send(self.outgoing.protect_rtcp(packet))

    def send(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # a network's loss
            self.sock.send(data)

    def stun(self, data: bytes) -> None:
        self.protocol.datagram_received(data, self.address)

    async def close(self) -> None:
        if self._dtls is not None:
            await self._dtls.stop()
        if self.protocol is not None:
            self.sock.close()
        await self._ice.close()


def some_ssrc() -> int:
    return secrets.randbelow(0xFFFFFFF0) + 1
