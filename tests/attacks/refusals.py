"""Attacks 7 and 8, on the media port: legs that may not be, and what the port could be used for."""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate
from OpenSSL import SSL

from media.core.packets import rtcp
from media.transport import Certificate
from tests.attacks.catalogue import Found, attack
from tests.attacks.datagrams import answered, forger, paced, stranger, throw
from tests.attacks.media import carries, reached
from tests.attacks.member import MIC, Member, a_check, rtp
from tests.attacks.scene import Scene

Change = Callable[[SSL.Context], None]
NULL_PROFILE = b"\x00\x0e\x00\x05\x00\x02\x00\x05"  # use_srtp with SRTP_NULL_HMAC_SHA1_80
SHORT_PROFILE = b"\x00\x0e\x00\x05\x00\x02\x00\x02"  # … with a tag of 32 bits


class Changed(RTCCertificate):
    """A browser's certificate, offered with other means than ours."""

    change: Change

    def _create_ssl_context(self, srtp_profiles: Any) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        self.change(context)
        return context


def offering(change: Change) -> Certificate:
    """A certificate whose handshakes offer something else."""
    certificate = Certificate()
    inner = Changed.generateCertificate()
    inner.change = change
    certificate.inner = inner
    return certificate


def short_tag(context: SSL.Context) -> None:
    context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_32")


def no_cipher(context: SSL.Context) -> None:
    context.set_cipher_list(b"ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")


def old_version(context: SSL.Context) -> None:
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    context.set_max_proto_version(0xFEFF)  # DTLS 1.0


def old_cipher(context: SSL.Context) -> None:
    context.set_max_proto_version(0xFEFD)
    context.set_cipher_list(b"ECDHE-ECDSA-AES256-SHA")


async def _heard(scene: Scene, certificate: Certificate, null: bool = False, **how: Any) -> bool:
    """Whether anything of a leg that comes like this is heard; the nurse beside it is fine."""
    async with scene.attackers(certificate) as (doctor, nurse):
        await nurse.join()
        await doctor.enter()
        if null:
            out = doctor.secure._adapter._out
            doctor.secure._adapter._out = lambda data: out(
                data.replace(SHORT_PROFILE, NULL_PROFILE)
            )
        assert (await doctor.answer(**how))["ok"]
        with contextlib.suppress(TimeoutError):
            await doctor.shake(4)
        heard = await carries(doctor, nurse, 2.5)
        chosen = any(NULL_PROFILE in data for data in doctor.heard)
    return heard or chosen


async def _refuses(scene: Scene, found: Found, ways: dict[str, Any]) -> None:
    """All ways at once: none is heard, and beside the nurses nobody is connected."""
    before = await scene.sessions()
    trying = asyncio.gather(*ways.values())
    most = before
    while not trying.done():
        await asyncio.wait([trying], timeout=0.5)
        most = max(most, (await scene.counts("carbet_media"))["sessions"])
    for name, heard in zip(ways, await trying, strict=True):
        found.owe(f"{name} refused", not heard)
    found.owe("no such leg is ever connected", most <= before + len(ways))


@attack("7a", "a certificate that is not the answer's", 0)
async def another_certificate(scene: Scene, seconds: float) -> Found:
    """The answer names one certificate, the handshake shows another."""
    found = Found("the leg is refused, nothing of it is heard")
    async with scene.toll() as found.toll:
        other = Certificate().fingerprint
        way = _heard(scene, Certificate(), fingerprint=other)
        await _refuses(scene, found, {"another certificate": way})
    return found


@attack("7b", "no or weak SRTP profiles, ciphers and versions", 0)
async def weak_profiles(scene: Scene, seconds: float) -> Found:
    """Whoever offers nothing better is refused."""
    ways = {
        "SRTP_AES128_CM_SHA1_32": _heard(scene, offering(short_tag)),
        "SRTP_NULL_HMAC_SHA1_80": _heard(scene, offering(short_tag), null=True),
        "a NULL cipher": _heard(scene, offering(no_cipher)),
        "DTLS 1.0": _heard(scene, offering(old_version)),
        "a CBC cipher": _heard(scene, offering(old_cipher)),
    }
    found = Found(f"{len(ways)} ways, each refused")
    async with scene.toll() as found.toll:
        await _refuses(scene, found, ways)
    return found


@attack("7c", "another member's address, stream or slot claimed", 0)
async def claimed(scene: Scene, seconds: float) -> Found:
    """The clinician claims the nurse's address, SSRC, session, and says goodbye for her."""
    mark = os.urandom(40)
    async with scene.toll() as toll, scene.attackers() as (doctor, nurse):
        await nurse.join(mic=0x0A0B0C0D, camera=0x0A0B0C0E)
        await doctor.join(mic=0x0A0B0C0D, camera=0x0A0B0C0E)
        refused = [
            await doctor.tab.ask("answer", session=nurse.offer.session,
                                 sdp=doctor.offer.answer(doctor.certificate.fingerprint)),
            await doctor.tab.ask("renew", session=nurse.offer.session),
        ]  # fmt: skip
        nurse.heard.clear()
        with forger() as forge:
            hers = nurse.sock.getsockname()
            await paced(200, 1, lambda n: forge(doctor.check(), hers, doctor.offer.address))
        for number in range(50):
            doctor.report(struct.pack("!BBHI", 0x81, rtcp.BYE, 1, 0x0A0B0C0D))
            doctor.report(rtcp.write_pli(MIC, nurse.offer.streams()["v0"]))
            for ssrc in nurse.offer.streams().values():
                doctor.send(rtp(number, ssrc, payload=mark))
        streams = await reached(nurse, mark)
        hears = await _hears(nurse, doctor, 0x0A0B0C0D)
        offers, his = len(nurse.offers), nurse.offer.streams()["a0"]
    found = Found("nothing of hers changes", toll)
    found.owe("her session is not his to answer", refused[0]["ok"] is False)
    found.owe("her session is not his to renew: she gets no new offer", offers == 1)
    found.owe("what he sends is his voice, in his slot alone", streams <= {his})
    found.owe("she is heard as before", hears)
    return found


async def _hears(sender: Member, receiver: Member, ssrc: int) -> bool:
    for number in range(1, 100):
        mark = os.urandom(40)
        receiver.heard.clear()
        sender.send(rtp(number, ssrc, payload=mark))
        if await reached(receiver, mark):
            return True
    return False


@attack("8a", "STUN as an amplifier", 5)
async def amplifier(scene: Scene, seconds: float) -> Found:
    """Checks from a stranger, and a member's signed ones from somebody else's address."""
    asked = back = 0
    async with scene.attackers() as (doctor, _), scene.toll() as toll:
        await doctor.enter()
        there, ufrag = doctor.offer.address, doctor.offer.value("ice-ufrag")
        good = doctor.check()
        unsigned = [
            a_check(ufrag, None), a_check(ufrag, b"guess"), a_check("0" * 20, b"guess"),
            good[:-1], good + b"more", bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)),
        ]  # fmt: skip
        with stranger() as sock, stranger() as victim, forger() as forge:
            await paced(500, 1, lambda n: throw(sock, unsigned[n % len(unsigned)], there))
            silent = not answered(sock)
            victims = victim.getsockname()
            asked = len(good) * await paced(2_000, max(1.0, seconds),
                                            lambda n: forge(good, victims, there))  # fmt: skip
            await asyncio.sleep(0.3)
            answers = answered(victim)
            back = sum(map(len, answers))
    longest = max(map(len, answers), default=0)
    words = f"{asked} bytes asked, {back} answered; at most {longest} for {len(good)}"
    found = Found(words, toll, {"asked": asked, "answered": back})
    found.owe("an unsigned check is never answered", silent)
    found.owe("no answer is longer than its question", 0 < longest <= len(good))
    found.owe("answers are limited", len(answers) <= 210 * (max(1.0, seconds) + 1))
    return found


NAME = b"5d9f2a3c-5f0e-4d6b-9a53-8a8e64b0a2f1"
CANDIDATES = {
    "192.168.77.7": 4444, "10.213.0.99": 4445, "169.254.169.254": 80, "127.0.0.77": 4446,
    f"{NAME.decode()}.local": 4447,
}  # fmt: skip


@attack("8b", "private and mDNS candidates", 5)
async def candidates(scene: Scene, seconds: float) -> Found:
    """An answer full of addresses within: the server asks none of them, and no name server."""
    rows = tuple(
        f"a=candidate:{n} 1 udp 2122260223 {host} {port} typ host"
        for n, (host, port) in enumerate(CANDIDATES.items())
    )
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) as line:
        line.setblocking(False)
        async with scene.attackers() as (doctor, nurse), scene.toll() as toll:
            await nurse.join()
            await doctor.join(more=rows)
            lives = await carries(doctor, nurse)
            asked: set[str] = set()
            end = time.monotonic() + max(1.0, seconds)
            while time.monotonic() < end:
                asked |= set(filter(None, map(_asked, answered(line))))
                await asyncio.sleep(0.005)
    found = Found("none was asked" if not asked else f"asked: {sorted(asked)}", toll)
    found.owe("nothing is sent to a candidate, and no name is looked up", not asked)
    found.owe("the leg lives all the same", lives)
    return found


def _asked(packet: bytes) -> str:
    """Whom a packet asks that nobody may ask: a candidate, or any name server."""
    wanted = {socket.inet_aton(host) for host in CANDIDATES if not host.endswith(".local")}
    if packet[:2] == b"\x00\x01":  # ARP, who has
        return socket.inet_ntoa(packet[24:28]) if packet[24:28] in wanted else ""
    if len(packet) < 28 or packet[0] >> 4 != 4:
        return ""
    if packet[16:20] in wanted:
        return socket.inet_ntoa(packet[16:20])
    head = 4 * (packet[0] & 15)
    port = int.from_bytes(packet[head + 2 : head + 4], "big")
    return f"port {port}" if NAME in packet else ""
