"""A WebRTC peer nobody here wrote: aiortc answers the worker's offer, plays and receives."""

import asyncio
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack

from media.events import Hint
from media.worker import Worker


def spread(sdp: str) -> str:
    """aiortc keeps the candidates of the last bundled line, browsers those of the first."""
    head, *media = sdp.split("m=")
    candidates = "".join(f"{row}\r\n" for row in media[0].split("\r\n") if "candidate" in row)
    return "m=".join([head, media[0], *(each + candidates for each in media[1:])])


class AiortcPeer:
    """One peer of a room. It knows neither RED nor transport-wide feedback."""

    def __init__(self, name: str, worker: Worker | None = None, room: str = "room") -> None:
        self.name = name
        self._worker = worker
        self._room = room
        # Its other policies mistake which lines share a transport when there are many.
        bundled = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.connection = RTCPeerConnection(bundled)
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.session = ""

    async def answer(self, sends: bool = True) -> str:
        """Ask the worker for an offer and take it."""
        assert self._worker is not None
        # It follows no plan and gives no feedback: only a wide link carries what it sends.
        name, sdp, _ = self._worker.open(self._room, self.name, Hint(5_000_000, 5_000_000))
        return await self.take(name, sdp, sends)

    async def take(self, session: str, sdp: str, sends: bool = True) -> str:
        """Take this offer; the answer as text."""
        self.session = session
        await self.connection.setRemoteDescription(RTCSessionDescription(spread(sdp), "offer"))
        tracks = self.playing()
        for transceiver in self.connection.getTransceivers():
            mid = transceiver.mid
            if mid in ("mic", "camera", "exam"):
                transceiver.direction = "sendonly"
                if sends and mid in tracks:
                    transceiver.sender.replaceTrack(tracks[mid])
            else:
                self.tracks[mid] = transceiver.receiver.track
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    def playing(self) -> dict[str, Any]:
        """What it sends, by line."""
        return {"mic": AudioStreamTrack(), "camera": VideoStreamTrack()}

    async def join(self, sends: bool = True) -> "AiortcPeer":
        """Answer, hand it in, wait until connected."""
        sdp = await self.answer(sends)
        assert self._worker is not None
        self._worker.answer(self._room, self.name, self.session, sdp)
        await self.connected()
        return self

    async def connected(self, seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while self.connection.connectionState != "connected":
                await asyncio.sleep(0.02)

    async def receive(self, mid: str, seconds: float = 15) -> Any:
        """The next decoded frame of this line."""
        return await asyncio.wait_for(self.tracks[mid].recv(), seconds)

    async def close(self) -> None:
        await self.connection.close()
