"""Real Chromium over a path which loses packets, or all of them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser

from media.client import PeerGone, PeerQuality, PeerResumed, PeerStalled
from tests.media.call_server import CallServer
from tests.media.lossy_path import LossyPath
from tests.media.test_chromium import enter, heard, seen, stats, until


@pytest.fixture
async def path(server: CallServer) -> AsyncIterator[LossyPath]:
    running = await LossyPath(server.udp_port).start()
    yield running
    running.stop()


async def test_loss_on_the_way_down_is_repaired_from_our_history(
    server: CallServer, chromium: Browser, path: LossyPath
) -> None:
    await enter(chromium, server, "ana")
    bo = await enter(chromium, server, "bo", port=path.port)
    before = await until(bo, seen("v0"))
    path.down_loss = 0.05
    frames = before["in"]["v0"]["framesDecoded"]
    found = await until(bo, seen("v0", frames + 240), 40)
    video = found["in"]["v0"]
    assert path.lost["down"] > 10 and video["nackCount"] > 0
    assert video["retransmittedPacketsReceived"] >= 5
    assert video["framesDropped"] < 0.1 * video["framesDecoded"]
    # Repaired, not restarted: NACK must spare key frames.
    assert video["pliCount"] - before["in"]["v0"]["pliCount"] <= 2
    # Each lost packet is sent again about once (mean, with what is lost again).
    again = server.media.stats()["packets_again"]
    assert again <= 1.5 * path.lost["down"]


async def test_loss_on_the_way_up_is_asked_for_once_and_repaired_for_all(
    server: CallServer, chromium: Browser, path: LossyPath
) -> None:
    ana = await enter(chromium, server, "ana", port=path.port)
    bo, cy = [await enter(chromium, server, peer) for peer in ("bo", "cy")]
    before = await until(bo, seen("v0"))
    path.up_loss = 0.05
    frames = before["in"]["v0"]["framesDecoded"]
    shown = await until(bo, seen("v0", frames + 240), 40)
    sent = (await stats(ana))["out"]["camera"]
    assert path.lost["up"] > 10 and sent["retransmittedPacketsSent"] >= 5
    assert sent["retransmittedPacketsSent"] <= 1.5 * path.lost["up"]
    # What was repaired on its way up was never missing further down.
    video = shown["in"]["v0"]
    assert video["packetsLost"] <= 0.3 * path.lost["up"]
    await until(cy, seen("v0"))
    loss = [e.loss for e in server.events if isinstance(e, PeerQuality) and e.peer == "ana"]
    assert max(loss) > 0.01


async def test_lost_sound_is_sent_again_both_ways_while_it_can_still_be_played(
    server: CallServer, chromium: Browser, path: LossyPath
) -> None:
    ana = await enter(chromium, server, "ana")
    bo = await enter(chromium, server, "bo", port=path.port)
    await until(bo, heard("a0"))
    path.up_loss = path.down_loss = 0.1

    def repaired(s: Any) -> bool:
        down, up = s["in"]["a0"], s["out"]["mic"]
        return all(
            each.get(name, 0) >= 5
            for each, name in ((down, "nackCount"), (up, "nackCount"),
                               (up, "retransmittedPacketsSent"))
        )  # fmt: skip

    found = await until(bo, repaired, 60)
    # What came again is lost no more: one in ten was.
    assert found["in"]["a0"]["packetsLost"] < 0.05 * found["in"]["a0"]["packetsReceived"]
    assert ana


async def test_a_cut_is_told_within_seconds_and_so_is_its_end(
    server: CallServer, chromium: Browser, path: LossyPath
) -> None:
    await enter(chromium, server, "ana", port=path.port)
    bo = await enter(chromium, server, "bo")
    await until(bo, seen("v0"))
    path.cut = True
    stalled = await server.event(PeerStalled, peer="ana")
    assert 2.5 <= stalled.since < 3.2
    path.cut = False
    await server.event(PeerResumed, peer="ana")
    frames = (await stats(bo))["in"]["v0"]["framesDecoded"]
    await until(bo, seen("v0", frames + 20))
    assert not [e for e in server.events if isinstance(e, PeerStalled) and e.peer == "bo"]
    assert not [e for e in server.events if isinstance(e, PeerGone)]


async def test_whoever_sends_nothing_is_not_taken_for_stalled(
    server: CallServer, chromium: Browser
) -> None:
    await enter(chromium, server, "ana", media=False)
    ana = await server.event(PeerQuality, peer="ana")
    await asyncio.sleep(9)  # longer than Chromium's consent checks are apart
    assert ana.rtt is None
    assert not [e for e in server.events if isinstance(e, PeerStalled | PeerGone)]


async def test_a_flood_of_strangers_does_not_reach_the_sound(
    server: CallServer, chromium: Browser
) -> None:
    await enter(chromium, server, "ana")
    bo = await enter(chromium, server, "bo")
    before = (await until(bo, seen("v0")))["in"]["a0"]
    flood = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FLOOD, str(server.udp_port), "20000", "4"
    )
    await flood.wait()
    await server.until(lambda: server.media.stats().get("dropped_stranger", 0) > 20_000)
    after = (await stats(bo))["in"]["a0"]
    received = after["packetsReceived"] - before["packetsReceived"]
    lost = after["packetsLost"] - before["packetsLost"]
    assert received > 40 and lost <= 0.1 * (received + lost)


FLOOD = """
import os, socket, sys, time
port, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
kinds = [bytes((first,)) + os.urandom(200) for first in (0, 0x16, 0x80, 0x90, 0xff)]
start, sent = time.monotonic(), 0
while (passed := time.monotonic() - start) < seconds:
    while sent < passed * rate:
        sock.sendto(kinds[sent % 5], ("127.0.0.1", port))
        sent += 1
    time.sleep(0.0005)
"""
