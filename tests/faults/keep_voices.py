"""Two people talking, in a process of their own: what each heard of the other, packet by packet.

aiortc answers the server's offers, sends 50 packets of sound a second and notes when the other's
arrive. A later offer is taken as a page takes it: the connection of before is kept until the new
one carries sound.
"""

import asyncio
import multiprocessing
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

from aiortc.mediastreams import AudioStreamTrack

from tests.faults.keep_house import Call
from tests.faults.keep_tab import Tab, browser
from tests.media.aiortc_peer import AiortcPeer

PACKETS = 50  # a second
Arrivals = list[float]


class Leg(AiortcPeer):
    """One connection that sends and hears sound only."""

    def __init__(self, name: str, arrived: Arrivals) -> None:
        super().__init__(name)
        self._arrived = arrived
        self.heard = asyncio.Event()

    def playing(self) -> dict[str, Any]:
        return {"mic": AudioStreamTrack()}

    async def take(self, session: str, sdp: str, sends: bool = True) -> str:
        answer = await super().take(session, sdp, sends)
        for transceiver in self.connection.getTransceivers():
            if transceiver.kind == "audio" and transceiver.mid != "mic":
                self._note(transceiver.receiver)
        return answer

    def _note(self, receiver: Any) -> None:
        take = receiver._handle_rtp_packet

        async def noted(packet: Any, arrival_time_ms: int) -> None:
            self._arrived.append(time.monotonic())
            self.heard.set()
            await take(packet, arrival_time_ms)

        receiver._handle_rtp_packet = noted


class Voice:
    """One of the two: a tab, and the connection it has."""

    def __init__(self, tab: Tab, name: str) -> None:
        self.tab, self._name = tab, name
        self.arrived: Arrivals = []
        self.offers = 0
        self._leg: Leg | None = None
        self._doing: set[asyncio.Task[Any]] = set()
        tab._heard = self._told

    async def _told(self, event: str, payload: Any) -> None:
        if event == "offer":
            self.offers += 1
            task = asyncio.create_task(self._take(payload))
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)

    async def _take(self, offer: dict[str, str]) -> None:
        leg = Leg(self._name, self.arrived)
        sdp = await leg.take(offer["session"], offer["sdp"])
        await self.tab.ask("answer", session=offer["session"], sdp=sdp)
        self.tab.session = offer["session"]
        try:
            await leg.connected(20)
        except TimeoutError:
            await leg.close()
            return
        before, self._leg = self._leg, leg
        if before is not None:
            # The other may not have come yet: what is heard is heard by either.
            with suppress(TimeoutError):
                await asyncio.wait_for(leg.heard.wait(), 5)
            await before.close()

    async def close(self) -> None:
        for task in list(self._doing):
            task.cancel()
        if self._leg is not None:
            await self._leg.close()
        await self.tab.close()


async def _talk(address: str, call: Call, line: Connection) -> None:
    rng = random.Random(call.consultation)
    async with browser() as http:
        voices = [
            Voice(Tab(http, address, cookie, call.consultation, rng), name)
            for name, cookie in (("doctor", call.clinician), ("nurse", call.nurse))
        ]
        running = [asyncio.ensure_future(voice.tab.run()) for voice in voices]
        for voice in voices:
            await voice.tab.enter()
        async with asyncio.timeout(60):
            while not all(len(voice.arrived) > PACKETS for voice in voices):
                await asyncio.sleep(0.05)
        line.send("talking")
        while await asyncio.to_thread(line.recv) != "stop":
            line.send([(voice.arrived, voice.tab.stage, voice.offers) for voice in voices])
        for voice in voices:
            await voice.close()
        await asyncio.gather(*running, return_exceptions=True)


def _main(address: str, call: Call, line: Connection, niceness: int) -> None:
    os.nice(niceness)
    asyncio.run(_talk(address, call, line))


@dataclass(frozen=True)
class Hearing:
    """What one heard between two moments: its longest silence (s), the share of packets."""

    silence: float
    share: float
    stage: str
    offers: int


class Pair:
    """The other process, as the try sees it."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    async def heard(self, since: float, until: float) -> list[Hearing]:
        """What both heard from `since` to `until` (time.monotonic)."""
        self._line.send("tell")
        told = await asyncio.to_thread(self._line.recv)
        return [Hearing(*_gaps(at, since, until), stage, offers) for at, stage, offers in told]


def _gaps(arrived: Arrivals, since: float, until: float) -> tuple[float, float]:
    times = [at for at in arrived if since <= at <= until]
    edges = [since, *times, until]
    silence = max(b - a for a, b in pairwise(edges))
    return silence, len(times) / ((until - since) * PACKETS)


@asynccontextmanager
async def talking(address: str, call: Call, niceness: int = 0) -> AsyncIterator[Pair]:
    """Both in the call and hearing each other, until the end."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_main, args=(address, call, theirs, niceness), daemon=True)
    process.start()
    theirs.close()
    try:
        assert await asyncio.to_thread(ours.poll, 90), "nobody talks"
        assert await asyncio.to_thread(ours.recv) == "talking"
        yield Pair(ours)
        ours.send("stop")
    finally:
        await asyncio.to_thread(process.join, 15)
        if process.is_alive():
            process.kill()
            await asyncio.to_thread(process.join)
