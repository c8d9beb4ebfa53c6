"""How a browser under load joins each of the systems: descriptions exchanged, a way made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import aiohttp

from tests.bench import description
from tests.bench.crowd import Browser
from tests.bench.description import LEVEL, TRANSPORT, Description, Medium
from tests.bench.traffic import LEVEL_ID, NUMBER_ID, OPUS, VP8, Publisher
from tests.bench.wire import Wire, some_ssrc
from tests.lab.janus import Member


class Joining(Protocol):
    """Brings whole rooms."""

    async def room(self, name: str, size: int, seed: int, now: float) -> list[Browser]:
        """So many people, each of whom sends to and hears each other."""

    async def leave(self, room: str, browsers: Sequence[Browser]) -> None:
        """All of them go."""

    async def close(self) -> None: ...


def _publication(audio: int, video: int) -> list[Medium]:
    numbered = {TRANSPORT: NUMBER_ID}
    return [
        Medium("audio", "0", "sendonly", {"opus": OPUS}, {LEVEL: LEVEL_ID, **numbered}, [audio],
               True),
        Medium("video", "1", "sendonly", {"vp8": VP8}, numbered, [video], True),
    ]  # fmt: skip


def _listening(offered: Description) -> list[Medium]:
    """The answer of who only receives: each line taken, with Opus or VP8."""
    answered = []
    for medium in offered.media:
        codec = "opus" if medium.kind == "audio" else "vp8"
        extensions = {uri: n for uri, n in medium.extensions.items() if uri == TRANSPORT}
        answered.append(
            Medium(medium.kind, medium.mid, "recvonly", {codec: medium.types[codec]}, extensions,
                   [], medium.feedback)
        )  # fmt: skip
    return answered


def _streams(offered: Description) -> tuple[dict[int, bool], frozenset[int], int]:
    """SSRC → whether it is sound; repairs; the extension of numbers (0: none)."""
    streams, repairs, number = {}, set(), 0
    for medium in offered.media:
        if medium.direction in ("sendonly", "sendrecv") and medium.ssrcs:
            streams[medium.ssrcs[0]] = medium.kind == "audio"
            repairs.update(medium.ssrcs[1:])
        if medium.feedback:
            number = medium.extensions.get(TRANSPORT, number)
    return streams, frozenset(repairs), number


class ByCarbet:
    """Its server hands on offers of the worker; one way carries both directions. ``estimated``:
    whether the transport-wide feedback that is agreed to is sent."""

    def __init__(self, url: str, estimated: bool = True) -> None:
        self._url = url
        self._estimated = estimated
        self._http = aiohttp.ClientSession()

    async def room(self, name: str, size: int, seed: int, now: float) -> list[Browser]:
        return [await self._join(name, f"p{n}", seed + n, now) for n in range(size)]

    async def _join(self, room: str, peer: str, seed: int, now: float) -> Browser:
        asked = {"room": room, "peer": peer}
        async with self._http.post(f"{self._url}/open", json=asked) as told:
            told.raise_for_status()
            opened = await told.json()
        offered = description.read(opened["sdp"])
        wire = Wire(controlling=True)
        audio, video = some_ssrc(), some_ssrc()
        said = await wire.describe("active")
        said.media = [self._line(medium, audio, video) for medium in offered.media]
        answer = {**asked, "session": opened["session"], "sdp": description.write(said)}
        async with self._http.post(f"{self._url}/answer", json=answer) as told:
            told.raise_for_status()
        await wire.connect(offered, client=True)
        streams, repairs, number = _streams(offered)
        return Browser(
            wire, Publisher(seed, audio, video, now), streams, repairs,
            number if self._estimated else 0, audio,
        )  # fmt: skip

    def _line(self, offered: Medium, audio: int, video: int) -> Medium:
        codec = "opus" if offered.kind == "audio" else "vp8"
        answered = Medium(
            offered.kind, offered.mid, "inactive", {codec: offered.types[codec]},
            dict(offered.extensions), [], True,
        )  # fmt: skip
        sends = {"mic": audio, "camera": video}
        if offered.mid in sends:
            answered.direction, answered.ssrcs = "sendonly", [sends[offered.mid]]
        elif offered.direction == "sendonly":
            answered.direction = "recvonly"
        return answered

    async def leave(self, room: str, browsers: Sequence[Browser]) -> None:
        for browser in browsers:
            await browser.wire.close()
        async with self._http.post(f"{self._url}/close", json={"room": room}) as told:
            told.raise_for_status()

    async def close(self) -> None:
        await self._http.close()


class ByJanus:
    """One handle to publish, another which listens to all the others of the room."""

    def __init__(self, url: str, offset: int) -> None:
        self._http = aiohttp.ClientSession()
        self._next = offset
        self._members: dict[str, Member] = {}

    async def room(self, name: str, size: int, seed: int, now: float) -> list[Browser]:
        member = self._members[name] = Member(self._http)
        await member.start()
        self._next += 1
        number = self._next
        made = {"request": "create", "room": number, "publishers": size, "videocodec": "vp8"}
        await member.ask(await member.attach(), made)
        feeds, browsers = [], []
        for n in range(size):
            feed, browser = await self._publish(member, number, seed + n, now)
            feeds.append(feed)
            browsers.append(browser)
        for own in feeds:
            others = [feed for feed in feeds if feed != own]
            browsers.append(await self._subscribe(member, number, others))
        return browsers

    async def _publish(
        self, member: Member, room: int, seed: int, now: float
    ) -> tuple[int, Browser]:
        handle = await member.attach()
        told = await member.ask(handle, {"request": "join", "ptype": "publisher", "room": room})
        audio, video = some_ssrc(), some_ssrc()
        wire = Wire(controlling=True)
        said = await wire.describe("actpass")
        said.media = _publication(audio, video)
        offer = {"type": "offer", "sdp": description.write(said)}
        answer = await member.ask(handle, {"request": "publish"}, offer)
        answered = description.read(answer["jsep"]["sdp"])
        await wire.connect(answered, client=answered.setup == "passive")
        browser = Browser(wire, Publisher(seed, audio, video, now), ssrc=audio)
        return int(told["plugindata"]["data"]["id"]), browser

    async def _subscribe(self, member: Member, room: int, feeds: Sequence[int]) -> Browser:
        handle = await member.attach()
        streams = [{"feed": feed} for feed in feeds]
        wish = {"request": "join", "ptype": "subscriber", "room": room, "streams": streams}
        offered = description.read((await member.ask(handle, wish))["jsep"]["sdp"])
        wire = Wire(controlling=False)
        said = await wire.describe("active")
        said.media = _listening(offered)
        answer = {"type": "answer", "sdp": description.write(said)}
        await member.ask(handle, {"request": "start"}, answer)
        await wire.connect(offered, client=True)
        known, repairs, number = _streams(offered)
        return Browser(wire, None, known, repairs, number, some_ssrc())

    async def leave(self, room: str, browsers: Sequence[Browser]) -> None:
        for browser in browsers:
            await browser.wire.close()
        self._members.pop(room).stop()

    async def close(self) -> None:
        for member in self._members.values():
            member.stop()
        await self._http.close()


class ByRelay:
    """The relay of stock aiortc: one connection to publish, another to listen."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = aiohttp.ClientSession()

    async def _ask(self, path: str, **body: Any) -> dict[str, Any]:
        async with self._http.post(f"{self._url}/{path}", json=body) as told:
            told.raise_for_status()
            answer: dict[str, Any] = await told.json()
            return answer

    async def room(self, name: str, size: int, seed: int, now: float) -> list[Browser]:
        browsers = [await self._publish(name, n, seed + n, now) for n in range(size)]
        return browsers + [await self._listen(name, n) for n in range(size)]

    async def _publish(self, room: str, peer: int, seed: int, now: float) -> Browser:
        audio, video = some_ssrc(), some_ssrc()
        wire = Wire(controlling=True)
        said = await wire.describe("actpass")
        said.media = _publication(audio, video)
        told = await self._ask("publish", room=room, peer=peer, sdp=description.write(said))
        answered = description.read(told["sdp"])
        await wire.connect(answered, client=answered.setup == "passive")
        return Browser(wire, Publisher(seed, audio, video, now), ssrc=audio)

    async def _listen(self, room: str, peer: int) -> Browser:
        told = await self._ask("listen", room=room, peer=peer)
        offered = description.read(told["sdp"])
        wire = Wire(controlling=False)
        said = await wire.describe("active")
        said.media = _listening(offered)
        sdp = description.write(said)
        await self._ask("answer", connection=told["connection"], sdp=sdp)
        await wire.connect(offered, client=True)
        streams, repairs, number = _streams(offered)
        return Browser(wire, None, streams, repairs, number, some_ssrc())

    async def leave(self, room: str, browsers: Sequence[Browser]) -> None:
        await self._ask("leave", room=room)
        for browser in browsers:
            await browser.wire.close()

    async def close(self) -> None:
        await self._http.close()
