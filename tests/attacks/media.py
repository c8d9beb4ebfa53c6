"""Attacks 1 to 8, on the media port: by strangers, by who forges addresses, by members."""

import asyncio
import os
import random
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from pylibsrtp import Policy, Session

from media.core.packets import rtcp
from media.core.packets.answer import Fingerprint
from media.core.packets.lines import OPUS, VP8
from media.leg import PACKETS, REPORTS
from media.transport import Certificate, DtlsState, SecureLeg
from tests.attacks.catalogue import Found, attack
from tests.attacks.datagrams import (
    CLOSE_ALERT,
    PLAIN_ALERT,
    SEALED_ALERT,
    SHORT_HELLO,
    answered,
    broken_rtcp,
    broken_rtp,
    forger,
    odd,
    paced,
    stranger,
    throw,
)
from tests.attacks.member import CAMERA, MIC, Member, a_check, rtp
from tests.attacks.scene import Scene

FLOOD = 20_000  # datagrams a second
HEARD_WITHIN = 10.0  # s; only a broken call takes longer


async def carries(sender: Member, receiver: Member, seconds: float = HEARD_WITHIN) -> bool:
    """Whether what one says now reaches the other."""
    mark = os.urandom(40)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        receiver.heard.clear()
        sender.number += 1
        sender.send(rtp(sender.number, payload=mark))
        await asyncio.sleep(0.05)
        if any(mark in (receiver.secure.open_rtp(data) or b"") for data in receiver.heard):
            return True
    return False


async def reached(member: Member, mark: bytes) -> set[int]:
    """SSRCs of the streams on which this payload came."""
    await asyncio.sleep(0.3)
    opened = [member.secure.open_rtp(data) or b"" for data in member.heard]
    return {int.from_bytes(packet[8:12], "big") for packet in opened if mark in packet}


@attack("1", "empty, one-byte, oversize and random datagrams", 10)
async def odd_datagrams(scene: Scene, seconds: float) -> Found:
    """Before, during and after the handshake, from a stranger's address and from the member's."""
    rng, sent = random.Random(1), 0
    async with scene.attackers() as (doctor, nurse), scene.toll() as toll:
        await nurse.join()
        await doctor.enter()
        with stranger() as sock:

            def assault(count: int) -> int:
                thrown = 0
                for data in odd(rng, count):
                    throw(sock, data, doctor.offer.address)
                    doctor.raw(data)
                    thrown += 2
                return thrown

            doctor.raw(doctor.check())
            sent += assault(50)
            await asyncio.sleep(0.2)
            shaking = asyncio.ensure_future(doctor.connect())
            while not shaking.done():
                sent += assault(5)
                await asyncio.sleep(0.05)
            await shaking
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                sent += assault(50)
                await asyncio.sleep(0.1)
            silent = not answered(sock)
        lives = await carries(doctor, nurse) and await carries(nurse, doctor)
    found = Found(f"{sent} datagrams; the attacked call itself lives", toll, {"sent": sent})
    found.owe("a stranger is never answered", silent)
    found.owe("the attacked call lives", lives)
    return found


async def strange_handshake(member: Member, sock: socket.socket) -> DtlsState:
    """A stranger tries to shake hands with a leg, without ever having been checked."""
    states: list[DtlsState] = []
    leg = SecureLeg(Certificate(), lambda data: throw(sock, data, member.offer.address),
                    states.append)  # fmt: skip
    trusted = [Fingerprint("sha-256", member.offer.value("fingerprint").split()[1])]
    with suppress(TimeoutError):
        await asyncio.wait_for(leg.handshake(trusted, False), 1.5)
    reached = leg.state
    await leg.close()
    return reached


@attack("2", "ClientHello and forged alerts from a stranger's address", 10)
async def hello_race(scene: Scene, seconds: float) -> Found:
    """The race for the handshake, and alerts which claim to come from the browser itself."""
    forged = 0
    async with scene.attackers() as (doctor, nurse), scene.toll() as toll:
        await nurse.join()
        await doctor.enter()
        own = doctor.sock.getsockname()
        with stranger() as sock, forger() as forge:
            assert (await doctor.answer())["ok"]
            state = await strange_handshake(doctor, sock)

            def alerts() -> int:
                for data in (PLAIN_ALERT, CLOSE_ALERT, SEALED_ALERT, SHORT_HELLO):
                    throw(sock, data, doctor.offer.address)
                    forge(data, own, doctor.offer.address)
                return 8

            shaking = asyncio.ensure_future(doctor.shake())
            for _ in range(3):
                forged += alerts()
                await asyncio.sleep(0.01)
            await shaking
            connected = doctor.secure.state is DtlsState.CONNECTED
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                forged += alerts()
                doctor.raw(doctor.check())
                await asyncio.sleep(0.05)
            silent = not answered(sock)
        lives = await carries(doctor, nurse) and await carries(nurse, doctor)
    found = Found(f"{forged} alerts and hellos; handshake and call live", toll, {"sent": forged})
    found.owe("a stranger's handshake goes nowhere", state is DtlsState.CONNECTING and silent)
    found.owe("the browser's own handshake ends well", connected)
    found.owe("the attacked call lives", lives)
    return found


@attack("3", "RTP in clear, sealed with another key, replayed", 10)
async def unsealed(scene: Scene, seconds: float) -> Found:
    """From the address of a member who is in, as whoever forges it would."""
    mark = os.urandom(40)
    key = Policy(key=os.urandom(44), ssrc_type=Policy.SSRC_ANY_OUTBOUND,
                 srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)  # fmt: skip
    wrong = Session(key)
    async with scene.attackers() as (doctor, nurse), scene.toll(True) as toll:
        await doctor.join()
        await nurse.join()
        assert await carries(doctor, nurse)
        said = [rtp(1000 + number, payload=mark) for number in range(200)]
        kept = [sealed for packet in said if (sealed := doctor.send(packet))]
        doctor.number = 1200
        await asyncio.sleep(0.5)
        nurse.heard.clear()
        own, there = doctor.sock.getsockname(), doctor.offer.address
        with forger() as forge:

            def strike(number: int) -> None:
                packet = rtp(5000 + number, payload=mark)
                forge(packet, own, there)
                forge(wrong.protect(rtp(5000 + number, payload=mark)), own, there)
                forge(kept[number % len(kept)], own, there)

            sent = 3 * await paced(300, seconds, strike)
        came = await reached(nurse, mark)
        lives = await carries(doctor, nurse)
    found = Found(f"{sent} packets, none forwarded", toll, {"sent": sent})
    found.owe("none of it is forwarded", not came)
    found.owe("dropped and counted", toll.counts.get("dropped_srtp", 0) > sent / 2)
    found.owe("the attacked call lives", lives)
    return found


@attack("4", "valid SRTP and SRTCP, broken within", 20)
async def broken_within(scene: Scene, seconds: float) -> Found:
    """Broken extensions, counts, lengths, numbers, reports: only a member can send them."""
    rng = random.Random(4)
    async with scene.attackers() as (doctor, nurse), scene.toll(True) as toll:
        await nurse.join()
        await doctor.join()
        ours = list(doctor.offer.streams().values())

        def strike(number: int) -> None:
            if number % 2:
                doctor.send(broken_rtp(rng, number))
            else:
                doctor.report(broken_rtcp(rng, ours))

        sent = await paced(900, seconds, strike)
        lives = await carries(nurse, doctor)
    found = Found(f"{sent} broken packets", toll, {"sent": sent})
    found.owe("nothing raises", not toll.counts.get("failed_internally"))
    found.owe("the other member is still heard", lives)
    found.owe("memory stays flat", toll.worker_grew < 20)
    return found


@attack("5", "20,000 datagrams a second from a stranger", 30, kept=0.9)
async def flood(scene: Scene, seconds: float) -> Found:
    """Of each protocol in turn: what looks like STUN, DTLS, RTP and RTCP, and like nothing."""
    async with scene.attackers() as (doctor, _):
        await doctor.enter()
        check = a_check("0" * 20, b"guess")
        kinds = [rtp(1, payload=bytes(160)), check, SHORT_HELLO, bytes(200), rtp(2)]
        with stranger() as sock:
            async with scene.toll() as toll:
                there = doctor.offer.address
                sent = await paced(FLOOD, seconds, lambda n: throw(sock, kinds[n % 5], there))
            silent = not answered(sock)
    rate = sent / toll.seconds
    found = Found(f"{rate:.0f} a second; {toll.kept:.1%} of audio kept", toll, {"rate": rate})
    found.reach("the flood was one", rate > FLOOD / 2)
    found.owe("a stranger is never answered", silent)
    return found


async def _member_storm(
    scene: Scene, seconds: float, rate: int, make: Callable[[Member], Callable[[int], object]],
    quota: int = PACKETS,
) -> Found:  # fmt: skip
    """A member's storm; of what is above his quota nothing may pass, whatever he reached."""
    async with scene.attackers() as (doctor, nurse):
        await nurse.join()
        await doctor.join()
        assert await carries(nurse, doctor)
        async with scene.toll(True) as toll:
            sent = await paced(rate, seconds, make(doctor))
        lives = await carries(nurse, doctor)
    rate_was, dropped = sent / toll.seconds, toll.counts.get("dropped_flood", 0)
    words = f"{rate_was:.0f} a second; worker at {toll.worker_cpu:.0%} of a core"
    found = Found(words, toll, {"rate": rate_was, "dropped": dropped})
    # A quota may be spent twice at once, before it is refilled; what the machine lost is lost.
    passes = quota * (toll.seconds + 3)
    found.owe("he alone is slowed", dropped >= 0.9 * sent - passes)
    found.reach("he was faster than his quota", dropped > 0)
    found.owe("the other member is still heard", lives)
    return found


@attack("6a", "a member sending fifty times his rate", 20)
async def fifty_times(scene: Scene, seconds: float) -> Found:
    """A camera of 2 Mbit/s is some 250 packets a second; this is fifty of them."""

    def make(doctor: Member) -> Callable[[int], object]:
        payload = b"\x90\x80\x01" + bytes(1_000)
        return lambda n: doctor.send(rtp(n, CAMERA, VP8, payload))

    return await _member_storm(scene, seconds, 12_500, make)


@attack("6b", "a storm of NACK, PLI and false feedback from a member", 20)
async def storm(scene: Scene, seconds: float) -> Found:
    """Each NACK names 5,000 packets, each FIR every stream, each feedback 4,096 packets."""

    def make(doctor: Member) -> Callable[[int], object]:
        ours = list(doctor.offer.streams().values())
        items = b"".join(struct.pack("!HH", 17 * n & 0xFFFF, 0xFFFF) for n in range(300))
        nacks = [
            struct.pack("!BBHII", 0x81, 205, 2 + 300, MIC, ssrc) + items for ssrc in ours
        ]  # fmt: skip
        plis = [rtcp.write_pli(MIC, ssrc) for ssrc in ours]
        entries = b"".join(struct.pack("!II", ssrc, n << 24) for n in range(9) for ssrc in ours)
        fir = struct.pack("!BBHII", 0x84, 206, 2 + len(entries) // 4, MIC, 0) + entries
        told = struct.pack("!IIHHIH", MIC, ours[0], 0, 4096, 0, 0x0000 | 4096) + bytes(2)
        feedback = struct.pack("!BBH", 0x8F, 205, len(told) // 4) + told
        return lambda n: doctor.report((nacks[n % len(nacks)], plis[n % len(plis)], fir, feedback)[
            n % 4])  # fmt: skip

    return await _member_storm(scene, seconds, 4_000, make, REPORTS)


@attack("6c", "numbers that jump, a member's every packet", 20)
async def jumps(scene: Scene, seconds: float) -> Found:
    """Each leaves a gap of a thousand packets, and of two thousand in the transport's count."""

    def make(doctor: Member) -> Callable[[int], object]:
        def strike(n: int) -> None:
            count = struct.pack("!H", n * 1_999 & 0xFFFF)
            packet = rtp(0, CAMERA if n % 2 else MIC, VP8 if n % 2 else OPUS, b"\x90\x80\x01\x00")
            block = b"\xbe\xde\x00\x01\x31" + count + b"\0"
            jump = struct.pack("!BBH", 0x90, packet[1], n // 2 * 999 & 0xFFFF)
            doctor.send(jump + packet[4:12] + block + packet[12:])

        return strike

    return await _member_storm(scene, seconds, 3_000, make)
