"""DTLS-SRTP of one browser: the ONE file which touches the insides of aiortc.

aiortc does the handshake and checks the fingerprint over an adapter which stands where its ICE
transport would. The keys are then taken from it, or libsrtp's sessions where the profile is not of
AES-GCM: RTP and RTCP never pass aiortc's own receivers, which would decode. `PRIVATE_NAMES` lists
what is used though not promised; a contract test checks each, and the version is pinned.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

import pylibsrtp
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from media.core.packets.answer import Fingerprint
from media.srtp import KEYS, SALT, Opener, Sealer

PRIVATE_NAMES = ("_rx_srtp", "_tx_srtp", "_set_role", "_role", "_ssl")
EXPORTED = b"EXTRACTOR-dtls_srtp"  # RFC 5764 §4.2
# Every browser has one of these (RFC 8827 §6.5 requires the first); aiortc would take CBC too.
CIPHERS = b":".join((
    b"ECDHE-ECDSA-AES128-GCM-SHA256", b"ECDHE-ECDSA-AES256-GCM-SHA384",
    b"ECDHE-ECDSA-CHACHA20-POLY1305",
))  # fmt: skip
DTLS_1_2 = 0xFEFD
ATTEMPTS = 3  # a handshake spoilt by a stray message starts again
MOST_WAITING = 24  # DTLS datagrams held until the answer comes or the handshake reads them


class DtlsState(Enum):
    """Where the secure leg is."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    REFUSED = "refused"  # the certificate is not the one of the answer, or no SRTP profile fits
    FAILED = "failed"
    CLOSED = "closed"


class _Strict(RTCCertificate):
    """Shakes hands with nothing older than DTLS 1.2, and with authenticated encryption only."""

    def _create_ssl_context(self, srtp_profiles: Any) -> Any:
        context: Any = super()._create_ssl_context(srtp_profiles)
        context.set_min_proto_version(DTLS_1_2)
        context.set_cipher_list(CIPHERS)
        return context


class _Libsrtp:
    """Both directions by libsrtp, for profiles without AES-GCM."""

    def __init__(self, receive: pylibsrtp.Session, send: pylibsrtp.Session) -> None:
        self._receive, self._send = receive, send

    @staticmethod
    def _or_none(act: Callable[[bytes], bytes], data: bytes) -> bytes | None:
        try:
            return act(data)
        except (pylibsrtp.Error, ValueError):
            return None

    def open_rtp(self, data: bytes) -> bytes | None:
        return self._or_none(self._receive.unprotect, data)

    def open_rtcp(self, data: bytes) -> bytes | None:
        return self._or_none(self._receive.unprotect_rtcp, data)

    def seal_rtp(self, packet: bytes) -> bytes | None:
        return self._or_none(self._send.protect, packet)

    def seal_rtcp(self, packet: bytes) -> bytes | None:
        return self._or_none(self._send.protect_rtcp, packet)


class Certificate:
    """The certificate of this worker, made when it starts."""

    def __init__(self) -> None:
        self.inner = _Strict.generateCertificate()

    @property
    def fingerprint(self) -> str:
        """SHA-256, upper-case pairs with colons."""
        found = {f.algorithm: f.value for f in self.inner.getFingerprints()}
        return found["sha-256"]


class _Adapter:
    """What RTCDtlsTransport asks of an ICE transport: a role, a way out, a way in."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._out = send
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, data: bytes) -> None:
        self._waiting.append(data)
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    async def _send(self, data: bytes) -> None:
        self._out(data)

    async def _recv(self) -> bytes:
        while not self._waiting:
            if self._closed:
                raise ConnectionError
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


class SecureLeg:
    """DTLS, then SRTP, with one browser. `changed` is called at each change of state."""

    def __init__(
        self,
        certificate: Certificate,
        send: Callable[[bytes], None],
        changed: Callable[[DtlsState], None],
    ) -> None:
        self.state = DtlsState.NEW
        self.profile = ""
        self._certificate = certificate
        self._changed = changed
        self._adapter = _Adapter(send)
        self._dtls: Any = None
        self._opener: Opener | _Libsrtp | None = None
        self._sealer: Sealer | _Libsrtp | None = None

    def feed(self, record: bytes) -> None:
        """A DTLS datagram from an address which may speak. Held until `handshake` runs."""
        self._adapter.put(record)

    async def handshake(self, fingerprints: Iterable[Fingerprint], browser_active: bool) -> None:
        """Shake hands with the holder of one of these certificates; ends in a state, not in an
        error. Cancelling it is safe."""
        self._move(DtlsState.CONNECTING)
        trusted = [RTCDtlsFingerprint(f.algorithm, f.value) for f in fingerprints]
        for _ in range(ATTEMPTS):
            if await self._attempt(trusted, "server" if browser_active else "client"):
                return
        self._move(DtlsState.FAILED)

    async def _attempt(self, trusted: list[RTCDtlsFingerprint], role: str) -> bool:
        dtls: Any = RTCDtlsTransport(self._adapter, [self._certificate.inner])  # type: ignore[arg-type]
        dtls._set_role(role)
        self._dtls = dtls
        await dtls.start(RTCDtlsParameters(fingerprints=trusted))
        if self.state is not DtlsState.CONNECTING:
            return True
        if dtls.state == "connected":
            self._take_keys(dtls)
            return True
        if dtls.encrypted:
            self._move(DtlsState.REFUSED)
        return bool(dtls.encrypted)

    def _take_keys(self, dtls: Any) -> None:
        self.profile = dtls._ssl.get_selected_srtp_profile().decode()
        size = KEYS.get(self.profile)
        if size is None:
            self._opener = self._sealer = _Libsrtp(dtls._rx_srtp, dtls._tx_srtp)
        else:
            exported = dtls._ssl.export_keying_material(EXPORTED, 2 * (size + SALT))
            client, server = _shared_out(exported, size)
            ours, theirs = (server, client) if dtls._role == "server" else (client, server)
            self._opener, self._sealer = Opener(*theirs), Sealer(*ours)
        dtls.on("statechange", self._ended)
        self._move(DtlsState.CONNECTED)

    def _ended(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self._move(DtlsState.CLOSED)

    def _move(self, state: DtlsState) -> None:
        if self.state in (DtlsState.CLOSED, DtlsState.REFUSED, state):
            return
        self.state = state
        if state is not DtlsState.CONNECTED:
            self._opener = self._sealer = None
        self._changed(state)

    def open_rtp(self, data: bytes) -> bytes | None:
        """Decrypt an SRTP packet; None when it is early, forged or replayed."""
        return self._opener.open_rtp(data) if self._opener else None

    def open_rtcp(self, data: bytes) -> bytes | None:
        """Decrypt an SRTCP packet; None when it is early, forged or replayed."""
        return self._opener.open_rtcp(data) if self._opener else None

    def seal_rtp(self, packet: bytes) -> bytes | None:
        """Encrypt an RTP packet; None before the handshake or when it is too long."""
        return self._sealer.seal_rtp(packet) if self._sealer else None

    def seal_rtcp(self, packet: bytes) -> bytes | None:
        """Encrypt an RTCP datagram; None before the handshake or when it is too long."""
        return self._sealer.seal_rtcp(packet) if self._sealer else None

    async def close(self) -> None:
        """Say goodbye (close_notify) and forget the keys."""
        dtls, self._dtls = self._dtls, None
        self._changed = lambda state: None
        self._move(DtlsState.CLOSED)
        if dtls is not None:
            dtls.remove_all_listeners()
            await dtls.stop()
        self._adapter.close()


def _shared_out(exported: bytes, size: int) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """(Master key, salt) of who writes as DTLS client, and as server (RFC 5764 §4.2)."""
    salts = exported[2 * size :]
    return (exported[:size], salts[:SALT]), (exported[size : 2 * size], salts[SALT:])
