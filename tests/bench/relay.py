"""A relay made of stock aiortc: ``python -m tests.bench.relay PORT``. The yardstick, no product.

Its connections, its receivers with their jitter buffers, its MediaRelay, its senders, all as they
are published, on uvloop. One thing is spared it, in its favour: frames are not decoded and encoded
again, but handed through as they came, which its senders take since they take av.Packet.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from fractions import Fraction
from typing import Any

import av
import uvloop
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    rtcrtpreceiver,
)
from aiortc.contrib.media import MediaRelay


class _HandsThrough:
    """In the place of a decoder."""

    def __init__(self, rate: int) -> None:
        self._base = Fraction(1, rate)

    def decode(self, frame: Any) -> list[av.Packet]:
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = frame.timestamp, self._base
        return [packet]


def _decoder(codec: Any) -> _HandsThrough:
    return _HandsThrough(codec.clockRate)


class Relay:
    """Rooms, who publishes in them, and who listens."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._tracks: dict[str, dict[int, list[MediaStreamTrack]]] = {}
        self._connections: dict[int, RTCPeerConnection] = {}
        self._rooms: dict[str, list[int]] = {}
        self._numbers = itertools.count(1)

    def _connection(self, room: str) -> tuple[int, RTCPeerConnection]:
        number = next(self._numbers)
        bundled = RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connections[number] = RTCPeerConnection(bundled)
        self._rooms.setdefault(room, []).append(number)
        return number, self._connections[number]

    async def publish(self, request: web.Request) -> web.Response:
        said = await request.json()
        _, connection = self._connection(said["room"])
        tracks: list[MediaStreamTrack] = []
        self._tracks.setdefault(said["room"], {})[said["peer"]] = tracks
        connection.on("track", tracks.append)
        await connection.setRemoteDescription(RTCSessionDescription(said["sdp"], "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return web.json_response({"sdp": connection.localDescription.sdp})

    async def listen(self, request: web.Request) -> web.Response:
        said = await request.json()
        number, connection = self._connection(said["room"])
        for peer, tracks in self._tracks[said["room"]].items():
            if peer != said["peer"]:
                for track in tracks:
                    connection.addTrack(self._relay.subscribe(track))
        await connection.setLocalDescription(await connection.createOffer())
        return web.json_response({"connection": number, "sdp": connection.localDescription.sdp})

    async def answer(self, request: web.Request) -> web.Response:
        said = await request.json()
        connection = self._connections[said["connection"]]
        await connection.setRemoteDescription(RTCSessionDescription(said["sdp"], "answer"))
        return web.json_response({})

    async def leave(self, request: web.Request) -> web.Response:
        room = (await request.json())["room"]
        for number in self._rooms.pop(room, []):
            await self._connections.pop(number).close()
        self._tracks.pop(room, None)
        return web.json_response({})


async def serve(port: int) -> None:
    rtcrtpreceiver.get_decoder = _decoder  # type: ignore[assignment]
    relay = Relay()
    app = web.Application()
    for name in ("publish", "listen", "answer", "leave"):
        app.router.add_post(f"/{name}", getattr(relay, name))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
