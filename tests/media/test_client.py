"""The server's side: workers which dial in, die, outlive their server, or are not ours."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import socketio

from media.client import (
    MediaAway,
    MediaClient,
    MediaRefused,
    PeerGone,
    PeerQuality,
    PeerUp,
    PictureStalled,
    SlotsChanged,
    SlotUse,
    SpeakerChanged,
    WorkerBack,
    WorkerLeaving,
    WorkerLost,
)
from media.crew import holder
from media.events import read_event
from tests.media.aiortc_peer import AiortcPeer
from tests.media.call_server import CallServer


async def join(server: CallServer, name: str, room: str = "room") -> AiortcPeer:
    offer = await server.media.open(room, name)
    peer = AiortcPeer(name)
    sdp = await peer.take(offer.session, offer.sdp)
    await server.media.answer(room, name, offer.session, sdp)
    await peer.connected()
    await server.event(PeerUp, peer=name, session=offer.session)
    return peer


def worker_pid(server: CallServer, data_dir: Path) -> int:
    pid = holder(data_dir / f"media-{server.udp_port}.lock")
    assert pid is not None
    return pid


async def gone(pid: int) -> None:
    async with asyncio.timeout(15):
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text():
            await asyncio.sleep(0.05)


async def test_a_killed_worker_is_told_and_replaced(server: CallServer, tmp_path: Path) -> None:
    ana = await join(server, "ana")
    assert server.media.peers("room") == ("ana",)
    pid = worker_pid(server, tmp_path)
    os.kill(pid, signal.SIGKILL)
    assert await server.event(WorkerLost) == WorkerLost(("room",))
    assert server.media.peers("room") == ()
    await server.until(server.media.ready)
    assert worker_pid(server, tmp_path) != pid
    assert [type(e) for e in server.events if isinstance(e, WorkerLost | WorkerBack)] == [
        WorkerBack, WorkerLost, WorkerBack,
    ]  # fmt: skip
    again = await join(server, "ana")
    await ana.close()
    await again.close()


async def test_a_worker_that_leaves_gives_its_rooms_to_another(tmp_path: Path) -> None:
    server = CallServer(tmp_path, count=2)
    await server.start()
    await server.until(lambda: server.media.stats()["workers"] == 2)
    ana, bo = await join(server, "ana"), await join(server, "bo")
    await bo.receive("v0")
    carrier, crew = server.media._worker_of("room"), server.media._crew
    assert carrier is not None and crew is not None
    pid = next(pid for pid, name in crew._names.items() if name == carrier.name)
    os.kill(pid, signal.SIGUSR1)
    leaving = await server.event(WorkerLeaving)
    assert leaving == WorkerLeaving(("room",)) and server.media.peers("room") == ()
    await bo.receive("v0")  # the old session still carries
    again = [await join(server, name) for name in ("ana", "bo")]
    await again[1].receive("v0")
    assert not any(isinstance(e, PeerGone) for e in server.events)
    for old in (ana, bo):
        await old.close()
    await gone(pid)
    await server.until(lambda: server.media.stats()["workers"] == 2)
    assert not any(isinstance(e, WorkerLost) and e.rooms for e in server.events)
    for peer in again:
        await peer.close()
    await server.stop()


async def test_a_worker_that_leaves_alone_stays_until_its_call_ends(
    server: CallServer, tmp_path: Path
) -> None:
    ana, bo = await join(server, "ana"), await join(server, "bo")
    pid = worker_pid(server, tmp_path)
    os.kill(pid, signal.SIGUSR1)
    await server.until(lambda: not server.media.ready())
    with pytest.raises(MediaAway):
        await server.media.open("another room", "cy")
    await bo.receive("v0")
    assert worker_pid(server, tmp_path) == pid
    await server.media.close_room("room")
    await gone(pid)
    await server.until(server.media.ready)
    for peer in (ana, bo):
        await peer.close()


async def test_without_a_worker_nothing_is_promised(tmp_path: Path) -> None:
    media = MediaClient(socketio.AsyncServer(async_mode="aiohttp"), token="t", spawn=None)
    with pytest.raises(MediaAway):
        await media.open("room", "ana")
    with pytest.raises(MediaAway):
        await media.answer("room", "ana", "session", "sdp")
    await media.close("room", "ana")
    await media.close_room("room")
    assert media.peers("room") == () and not media.ready()
    assert media.stats() == {"workers": 0}


async def test_a_call_outlives_its_server_and_is_adopted(tmp_path: Path) -> None:
    first = CallServer(tmp_path)
    await first.start()
    await first.ready()
    ana, bo = await join(first, "ana"), await join(first, "bo")
    await bo.receive("v0")
    pid = worker_pid(first, tmp_path)
    await first.stop(carry_on=True)
    for _ in range(30):  # a second of picture without any server
        await bo.receive("v0")
    second = CallServer(tmp_path, port=first.port, udp_port=first.udp_port)
    await second.start()
    await second.ready()
    assert worker_pid(second, tmp_path) == pid  # adopted: no second one on the port
    assert second.media.peers("room") == ("ana", "bo")
    await second.event(PeerUp, peer="ana")
    slots = await second.event(SlotsChanged, peer="bo")
    assert slots.slots[0] == SlotUse(0, "ana", "person")
    await bo.receive("v0")
    cy = await join(second, "cy")
    await cy.receive("v1")
    # Adopted, it is watched like any other.
    os.kill(pid, signal.SIGKILL)
    assert await second.event(WorkerLost) == WorkerLost(("room",))
    await second.until(second.media.ready)
    for peer in (ana, bo, cy):
        await peer.close()
    await second.stop()


async def test_a_worker_without_server_and_call_ends(tmp_path: Path) -> None:
    server = CallServer(tmp_path)
    await server.start()
    await server.ready()
    pid = worker_pid(server, tmp_path)
    await server.stop()
    started = time.monotonic()
    await gone(pid)
    assert time.monotonic() - started < 10


async def test_answers_are_refused_with_a_reason(server: CallServer) -> None:
    offer = await server.media.open("room", "ana")
    for room, peer, session, sdp in (
        ("room", "bo", offer.session, "v=0"), ("room", "ana", "guess", "v=0"),
        ("room", "ana", offer.session, "hello"), ("room", "ana", offer.session, "x" * 100_000),
    ):  # fmt: skip
        with pytest.raises(MediaRefused):
            await server.media.answer(room, peer, session, sdp)
    with pytest.raises(MediaAway):
        await server.media.answer("another room", "ana", offer.session, "v=0")


@pytest.mark.parametrize("auth", [None, {}, {"token": "guess"}, {"token": 5}, "token",
                                  {"token": "a worker's token", "protocol": 99}])  # fmt: skip
async def test_a_stranger_cannot_dial_in(server: CallServer, auth: Any) -> None:
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(server.url, namespaces=["/media"], auth=auth,
                             transports=["websocket"])  # fmt: skip
    await client.disconnect()
    assert server.media.stats()["workers"] == 1


async def test_closing_is_told_to_nobody(server: CallServer) -> None:
    ana = await join(server, "ana")
    await server.media.close("room", "ana")
    assert server.media.peers("room") == ()
    await server.until(lambda: server.media.stats().get("sessions") == 0)
    assert not [e for e in server.events if isinstance(e, PeerGone)]
    await ana.close()


def test_every_event_of_the_wire_is_read() -> None:
    who = {"room": "r", "peer": "p"}
    session = who | {"session": "s"}
    assert read_event({"event": "peer_up", **session}) == PeerUp("r", "p", "s")
    assert read_event({"event": "peer_gone", "why": "silent", **session}) == PeerGone(
        "r", "p", "s", "silent")  # fmt: skip
    assert read_event({"event": "speaker", "room": "r", "peer": None}) == SpeakerChanged("r", None)
    assert read_event({"event": "quality", "loss": 0.1, "rtt": None, **session}) == PeerQuality(
        "r", "p", "s", 0.1, None)  # fmt: skip
    assert read_event({"event": "picture_stalled", "source": "exam", **session}) == PictureStalled(
        "r", "p", "exam")  # fmt: skip
    assert read_event({"event": "slots", "slots": [[5, "q", "exam"]], **session}) == SlotsChanged(
        "r", "p", "s", (SlotUse(5, "q", "exam"),))  # fmt: skip
    for wrong in ({"event": "unheard of"}, {"event": "peer_up"}, {"event": "peer_up", "x": 1}):
        with pytest.raises((KeyError, TypeError)):
            read_event(wrong)
