"""The seam with aiortc: the private names it uses exist and mean what we take them for."""

import asyncio
from importlib.metadata import version
from typing import Any

import pytest
from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from OpenSSL import SSL

from media.core.packets.answer import Fingerprint
from media.transport import PRIVATE_NAMES, Certificate, DtlsState, SecureLeg


def test_the_private_names_are_there_in_the_pinned_version() -> None:
    assert version("aiortc") == "1.16.0"
    held: Any = RTCDtlsTransport(object(), [Certificate().inner])  # type: ignore[arg-type]
    for name in PRIVATE_NAMES:
        assert hasattr(held, name), name
    assert held.state == "new" and held.encrypted is False


def test_only_authenticated_encryption_is_offered_and_gcm_first() -> None:
    names = [profile.openssl_profile for profile in rtcdtlstransport.SRTP_PROFILES]
    assert names == [b"SRTP_AEAD_AES_256_GCM", b"SRTP_AEAD_AES_128_GCM", b"SRTP_AES128_CM_SHA1_80"]


def test_nothing_older_than_dtls_1_2_and_nothing_but_authenticated_ciphers() -> None:
    context = Certificate().inner._create_ssl_context(rtcdtlstransport.SRTP_PROFILES)
    held = SSL.Connection(context)
    ours = [name for name in held.get_cipher_list() if not name.startswith("TLS_")]
    assert ours == [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ]  # fmt: skip


class Pair:
    """Two legs, back to back. `damage` may change or swallow what the client sends."""

    def __init__(self) -> None:
        self.certificates = Certificate(), Certificate()
        self.states: tuple[list[DtlsState], list[DtlsState]] = ([], [])
        self.damage: Any = lambda data: [data]
        self.server = SecureLeg(self.certificates[0], lambda d: self.client.feed(d),
                                self.states[0].append)  # fmt: skip
        self.client = SecureLeg(self.certificates[1], self._to_server, self.states[1].append)

    def _to_server(self, data: bytes) -> None:
        for each in self.damage(data):
            self.server.feed(each)

    def trust(self, n: int) -> list[Fingerprint]:
        return [Fingerprint("sha-256", self.certificates[n].fingerprint)]

    async def shake(self) -> None:
        async with asyncio.timeout(20):
            await asyncio.gather(self.server.handshake(self.trust(1), True),
                                 self.client.handshake(self.trust(0), False))  # fmt: skip

    async def close(self) -> None:
        await self.client.close()
        await self.server.close()


RTP = b"\x80\x60\x00\x01" + bytes(7) + b"\x07" + b"payload"


async def test_two_legs_exchange_packets_once_each() -> None:
    pair = Pair()
    assert pair.client.seal_rtp(RTP) is None  # too early
    await pair.shake()
    assert pair.server.state is pair.client.state is DtlsState.CONNECTED
    assert pair.server.profile == "SRTP_AEAD_AES_256_GCM"
    sealed = pair.client.seal_rtp(RTP)
    assert sealed is not None and pair.server.open_rtp(sealed) == RTP
    assert pair.server.open_rtp(sealed) is None  # replayed
    assert pair.server.open_rtp(RTP + bytes(16)) is None  # in clear
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    sealed = pair.server.seal_rtcp(report)
    assert sealed is not None and pair.client.open_rtcp(sealed) == report
    assert pair.client.open_rtcp(sealed) is None
    assert pair.server.seal_rtp(RTP + bytes(1500)) is None  # too long
    await pair.close()
    assert pair.server.seal_rtp(RTP) is None


class _Old(RTCCertificate):
    """A browser of long ago."""

    def _create_ssl_context(self, srtp_profiles: Any) -> Any:
        context: Any = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
        context.set_max_proto_version(0xFEFF)
        return context


async def test_an_old_version_is_refused() -> None:
    pair = Pair()
    old = pair.certificates[1].inner = _Old.generateCertificate()
    trusted = [Fingerprint("sha-256", old.getFingerprints()[0].value)]
    async with asyncio.timeout(20):
        shaking = asyncio.ensure_future(pair.client.handshake(pair.trust(0), False))
        await pair.server.handshake(trusted, True)
        shaking.cancel()
    assert pair.server.state is DtlsState.FAILED and not pair.server.profile
    await pair.close()


async def test_a_goodbye_closes_the_other_side() -> None:
    pair = Pair()
    await pair.shake()
    await pair.client.close()
    async with asyncio.timeout(5):
        while pair.server.state is not DtlsState.CLOSED:
            await asyncio.sleep(0.01)
    assert pair.states[0] == [DtlsState.CONNECTING, DtlsState.CONNECTED, DtlsState.CLOSED]
    await pair.server.close()


async def test_an_unexpected_certificate_is_refused() -> None:
    pair = Pair()
    stranger = [Fingerprint("sha-256", Certificate().fingerprint)]
    async with asyncio.timeout(20):
        await asyncio.gather(pair.server.handshake(stranger, True),
                             pair.client.handshake(pair.trust(0), False))  # fmt: skip
    assert pair.server.state is DtlsState.REFUSED
    assert pair.server.open_rtp(RTP) is None and pair.server.seal_rtp(RTP) is None
    await pair.close()


@pytest.mark.parametrize("junk", [
    b"\x16", b"\x16\xfe\xfd", b"\x14" * 60, b"\x16\xfe\xfd" + bytes(9) + b"\x00",
    b"\x17\xfe\xfd\x00\x01" + bytes(20), b"\x16\xff\xff" + bytes(60),
])  # fmt: skip
async def test_junk_among_the_handshake_does_not_spoil_it(junk: bytes) -> None:
    pair = Pair()
    pair.damage = lambda data: [junk, data, junk]
    await pair.shake()
    assert pair.server.state is DtlsState.CONNECTED
    for _ in range(50):
        pair.server.feed(junk)
    await asyncio.sleep(0.05)
    sealed = pair.client.seal_rtp(RTP)
    assert sealed is not None and pair.server.open_rtp(sealed) == RTP
    await pair.close()


async def test_a_lost_flight_is_sent_again() -> None:
    pair = Pair()
    lost: list[bytes] = []

    def lose_first(data: bytes) -> list[bytes]:
        if not lost:
            lost.append(data)
            return []
        return [data]

    pair.damage = lose_first
    await pair.shake()
    assert pair.server.state is DtlsState.CONNECTED and lost
    await pair.close()
