"""Debian's Janus and its videoroom between default browsers: another yardstick.

No cap is set, as nothing in its documentation asks for one. The driver speaks its HTTP interface
within the hub, so that no message of it crosses a link: in favour of this system.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.lab.seats import SPECIALIST, Seat
from tests.lab.systems import open_pages
from tests.peers.measure import until

PROGRAM = "/usr/bin/janus"
PORT = 8088  # of the hub's namespace, which nobody else is in
ROOM = 1
ANSWER_WITHIN = 60.0  # seconds
CONFIGURATION = {
    "janus.jcfg": """general: {
    session_timeout = 0
    plugins_folder = "/usr/lib/x86_64-linux-gnu/janus/plugins"
    transports_folder = "/usr/lib/x86_64-linux-gnu/janus/transports"
}
plugins: { disable = "PLUGINS" }
transports: { disable = "TRANSPORTS" }
""",
    "janus.transport.http.jcfg": f"""general: {{
    json = "compact"
    base_path = "/janus"
    http = true
    port = {PORT}
    ip = "127.0.0.1"
    https = false
}}
admin: {{ admin_http = false }}
""",
    "janus.plugin.videoroom.jcfg": "general: {}\n",
}
Event = dict[str, Any]


class Refused(RuntimeError):
    """Janus answered with an error; the text is its own."""


def _write_configuration(folder: Path) -> None:
    base = Path("/usr/lib/x86_64-linux-gnu/janus")
    unused = {
        "PLUGINS": [p.name for p in (base / "plugins").glob("*.so") if "videoroom" not in p.name],
        "TRANSPORTS": [p.name for p in (base / "transports").glob("*.so") if "http" not in p.name],
    }
    for name, text in CONFIGURATION.items():
        for word, files in unused.items():
            text = text.replace(word, ",".join(files))
        (folder / name).write_text(text)


class Member:
    """One browser's session with Janus: its handles, and the events that came."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self._events: list[Event] = []
        self._numbers = itertools.count(1)
        self._session = 0
        self._polling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._session = (await self._post("", janus="create"))["data"]["id"]
        self._polling = asyncio.create_task(self._poll())

    def stop(self) -> None:
        if self._polling:
            self._polling.cancel()

    async def _post(self, path: str, **body: Any) -> Event:
        body["transaction"] = str(next(self._numbers))
        address = f"http://127.0.0.1:{PORT}/janus{path}"
        async with self._client.post(address, json=body) as answer:
            said: Event = await answer.json()
        if said["janus"] == "error":
            raise Refused(said["error"]["reason"])
        return {**said, "transaction": body["transaction"]}

    async def _poll(self) -> None:
        while True:
            address = f"http://127.0.0.1:{PORT}/janus/{self._session}"
            async with self._client.get(address) as answer:
                self._events.append(await answer.json())

    async def event(self, good: Callable[[Event], bool]) -> Event:
        """The first event so far or to come that is good."""

        async def look() -> Event | None:
            return next((event for event in self._events if good(event)), None)

        found = await until("an event of Janus", look, patience=ANSWER_WITHIN)
        assert found
        return found

    async def attach(self) -> int:
        said = await self._post(
            f"/{self._session}", janus="attach", plugin="janus.plugin.videoroom"
        )
        return int(said["data"]["id"])

    async def ask(self, handle: int, body: Event, jsep: Event | None = None) -> Event:
        """A request to the room and its answer. Raises Refused."""
        more = {"jsep": jsep} if jsep else {}
        path = f"/{self._session}/{handle}"
        sent = await self._post(path, janus="message", body=body, **more)
        if sent["janus"] == "success":
            return sent
        answer = await self.event(
            lambda event: (
                event.get("transaction") == sent["transaction"] and event["janus"] == "event"
            )
        )
        if error := answer["plugindata"]["data"].get("error"):
            raise Refused(error)
        return answer

    async def publisher(self, others: set[int]) -> int:
        """The feed of somebody who publishes now and is not among the others."""
        event = await self.event(lambda event: bool(_feeds(event) - others))
        return min(_feeds(event) - others)


def _feeds(event: Event) -> set[int]:
    data = event.get("plugindata", {}).get("data", {})
    return {int(feed["id"]) for feed in data.get("publishers", [])}


class ByJanus:
    """Each publishes to the room and listens to each other: the site comes where the specialist
    is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._client: aiohttp.ClientSession | None = None
        self._members: dict[str, Member] = {}
        self._feeds: dict[str, int] = {}

    async def ready(self, seats: Mapping[str, Seat]) -> None:
        _write_configuration(self._folder)
        with (self._folder / "janus.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM, "-F", str(self._folder), "-N", stdout=log, stderr=log
            )
        self._client = aiohttp.ClientSession()
        await until("Janus ready", self._answers, patience=20)
        for name in seats:
            self._members[name] = Member(self._client)
            await self._members[name].start()
        await self._make_room()
        await open_pages(seats)
        await self._publish(seats[SPECIALIST])

    async def _answers(self) -> bool:
        assert self._client
        try:
            async with self._client.get(f"http://127.0.0.1:{PORT}/janus/info") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _make_room(self) -> None:
        member = self._members[SPECIALIST]
        handle = await member.attach()
        room = {"request": "create", "room": ROOM, "publishers": 6, "videocodec": "vp8"}
        await member.ask(handle, room)

    async def _publish(self, seat: Seat) -> None:
        member = self._members[seat.name]
        handle = await member.attach()
        joined = {"request": "join", "ptype": "publisher", "room": ROOM}
        told = await member.ask(handle, joined)
        self._feeds[seat.name] = int(told["plugindata"]["data"]["id"])
        sdp = await seat.page.evaluate("() => window.__direct.offer('room', null)")
        said = await member.ask(handle, {"request": "publish"}, {"type": "offer", "sdp": sdp})
        answer = said["jsep"]["sdp"]
        await seat.page.evaluate("(sdp) => window.__direct.conclude('room', sdp)", answer)

    async def _listen(self, seat: Seat, feed: int) -> None:
        member = self._members[seat.name]
        handle = await member.attach()
        wish = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": feed}]}
        offer = (await member.ask(handle, wish))["jsep"]["sdp"]
        words = [str(feed), offer]
        sdp = await seat.page.evaluate("([name, sdp]) => window.__direct.listen(name, sdp)", words)
        await member.ask(handle, {"request": "start"}, {"type": "answer", "sdp": sdp})

    async def _listen_to_everybody(self, seat: Seat, count: int) -> None:
        known = {self._feeds[seat.name]} if seat.name in self._feeds else set()
        for _ in range(count):
            feed = await self._members[seat.name].publisher(known)
            known.add(feed)
            await self._listen(seat, feed)

    async def begin(self, seats: Mapping[str, Seat]) -> None:

        async def come(seat: Seat) -> None:
            if seat.name != SPECIALIST:
                await self._publish(seat)
            await self._listen_to_everybody(seat, len(seats) - 1)

        await asyncio.gather(*(come(seat) for seat in seats.values()))

    async def ask_still(self, seats: Mapping[str, Seat]) -> bool:
        return False

    async def end(self) -> None:
        for member in self._members.values():
            member.stop()
        if self._client:
            await self._client.close()
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
