"""A member whose browser is not one: packets as they are, sealed with real keys, or not.

It logs in, enters, and answers the server's offer as a browser would; then whatever an attack
wants leaves from its address. It behaves by itself only so far that its leg lives.
"""

import asyncio
import os
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aioice import stun

from media.core.packets.answer import Fingerprint
from media.core.packets.lines import OPUS
from media.transport import Certificate, DtlsState, SecureLeg
from tests.faults.keep_house import Call
from tests.faults.keep_tab import Tab, browser

CONSENT = 2.0  # s between two checks
MIC, CAMERA = 0x11223344, 0x55667788  # what it sends with


@dataclass(frozen=True)
class Offer:
    """What an attack needs of an offer."""

    session: str
    sdp: str

    def value(self, name: str) -> str:
        """The first attribute of this name."""
        start = f"a={name}:"
        return next(row[len(start) :] for row in self.sdp.split("\r\n") if row.startswith(start))

    @property
    def address(self) -> tuple[str, int]:
        """Where the worker listens on loopback."""
        rows = [row.split() for row in self.sdp.split("\r\n") if row.startswith("a=candidate:")]
        return next((row[4], int(row[5])) for row in rows if row[4] == "127.0.0.1")

    def streams(self) -> dict[str, int]:
        """SSRC of each line the worker sends on, by mid."""
        found = {}
        for section in self.sdp.split("m=")[1:]:
            rows = section.split("\r\n")
            ssrc = [row for row in rows if row.startswith("a=ssrc:")]
            mid = next(row[6:] for row in rows if row.startswith("a=mid:"))
            if ssrc:
                found[mid] = int(ssrc[0][7:].split()[0])
        return found

    def answer(
        self, fingerprint: str, mic: int = MIC, camera: int = CAMERA, more: tuple[str, ...] = ()
    ) -> str:
        """An answer in the offer's order; `more` are rows of its first section."""
        written = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        for number, section in enumerate(self.sdp.split("m=")[1:]):
            head, *rows = section.split("\r\n")
            mid = next(row[6:] for row in rows if row.startswith("a=mid:"))
            written += [
                f"m={head}", "a=ice-ufrag:them", "a=ice-pwd:" + "p" * 24, "a=setup:active",
                f"a=fingerprint:sha-256 {fingerprint}", f"a=mid:{mid}", "a=rtcp-mux",
            ]  # fmt: skip
            ssrc = {"mic": mic, "camera": camera}.get(mid)
            written += [f"a=ssrc:{ssrc} cname:them"] if ssrc else []
            written += more if not number else ()
        return "\r\n".join(written) + "\r\n"


def a_check(ours: str, key: bytes | None, **attributes: Any) -> bytes:
    """A STUN binding request to a leg, signed with this key."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ours}:them"
    message.attributes.update(attributes)
    if key is not None:
        message.add_message_integrity(key)
    return bytes(message)


def rtp(number: int, ssrc: int = MIC, kind: int = OPUS, payload: bytes = bytes(60)) -> bytes:
    """A packet in clear, 20 ms after the one before."""
    return struct.pack("!BBHII", 0x80, kind, number & 0xFFFF, number * 960 & 0xFFFFFFFF, ssrc) + (
        payload
    )


@dataclass
class Member:
    """See the module. `heard` are the datagrams that came, the newest last."""

    tab: Tab
    certificate: Any = field(default_factory=Certificate)
    offers: list[Offer] = field(default_factory=list)
    states: list[DtlsState] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    number: int = 0
    on_offer: Callable[[Offer], None] | None = None
    secure: SecureLeg = field(init=False)
    sock: socket.socket = field(init=False)
    _tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.setblocking(False)
        self.secure = SecureLeg(self.certificate, self.raw, self.states.append)
        self.tab._heard = self._told

    async def _told(self, event: str, payload: Any) -> None:
        if event == "offer":
            self.offers.append(Offer(payload["session"], payload["sdp"]))

    @property
    def offer(self) -> Offer:
        return self.offers[-1]

    async def enter(self) -> Offer:
        """In the room, with an offer not yet answered."""
        self._do(self.tab.run())
        await self.tab.enter()
        async with asyncio.timeout(20):
            while not self.offers:
                await asyncio.sleep(0.02)
        asyncio.get_running_loop().add_reader(self.sock.fileno(), self._read)
        return self.offer

    def check(self, **attributes: Any) -> bytes:
        """A check this member may sign."""
        key = self.offer.value("ice-pwd").encode()
        return a_check(self.offer.value("ice-ufrag"), key, **attributes)

    async def answer(self, **how: Any) -> dict[str, Any]:
        """Answers the offer; `how`: see `Offer.answer`."""
        sdp = self.offer.answer(**{"fingerprint": self.certificate.fingerprint} | how)
        return await self.tab.ask("answer", session=self.offer.session, sdp=sdp)

    async def join(self, **how: Any) -> "Member":
        """In, and connected as a browser is. Raises TimeoutError."""
        await self.enter()
        return await self.connect(**how)

    async def connect(self, **how: Any) -> "Member":
        """Answers, and shakes hands. Raises TimeoutError."""
        assert (await self.answer(**how))["ok"]
        self._do(self._consent())
        await self.shake()
        assert self.secure.state is DtlsState.CONNECTED, self.states
        return self

    async def shake(self, seconds: float = 20) -> None:
        """The handshake, with whom the offer names."""
        trusted = [Fingerprint("sha-256", self.offer.value("fingerprint").split()[1])]
        self.raw(self.check(**{"USE-CANDIDATE": None}))
        async with asyncio.timeout(seconds):
            await self.secure.handshake(trusted, False)

    async def _consent(self) -> None:
        while True:
            self.raw(self.check(**{"USE-CANDIDATE": None}))
            await asyncio.sleep(CONSENT)

    def _do(self, work: Any) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    def _read(self) -> None:
        for _ in range(64):
            try:
                data = self.sock.recv(2048)
            except OSError:
                return
            self.heard.append(data)
            if 20 <= data[0] <= 63:
                self.secure.feed(data)
        del self.heard[:-5000]

    def raw(self, datagram: bytes) -> None:
        """From its own address, as it is; what the machine does not take now is lost."""
        with suppress(OSError):
            self.sock.sendto(datagram, self.offer.address)

    def send(self, packet: bytes) -> bytes | None:
        """Sealed with its real key; what left."""
        sealed = self.secure.seal_rtp(packet)
        if sealed:
            self.raw(sealed)
        return sealed

    def report(self, packet: bytes) -> bytes | None:
        """RTCP, sealed with its real key; what left."""
        sealed = self.secure.seal_rtcp(packet)
        if sealed:
            self.raw(sealed)
        return sealed

    def speak(self) -> bytes | None:
        """One more packet of its microphone."""
        self.number += 1
        return self.send(rtp(self.number, payload=os.urandom(60)))

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.sock.fileno())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.secure.close()
        await self.tab.close()
        self.sock.close()


@asynccontextmanager
async def members(
    address: str, call: Call, certificate: Any = None
) -> AsyncIterator[tuple[Member, Member]]:
    """The clinician and the nurse of a call, not yet in; `certificate`: the clinician's."""
    rng = random.Random(call.consultation)
    async with browser() as http:
        both = [
            Member(Tab(http, address, cookie, call.consultation, rng), kept or Certificate())
            for cookie, kept in ((call.clinician, certificate), (call.nurse, None))
        ]
        try:
            yield both[0], both[1]
        finally:
            for each in both:
                await each.close()
