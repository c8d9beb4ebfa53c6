"""Attacks 9 to 14, on signalling: other people's rooms and sockets, disorder, floods, frames, words
that must not be kept."""

import asyncio
import json
import os
import random
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from tests.attacks.catalogue import Found, attack
from tests.attacks.datagrams import paced
from tests.attacks.scene import Scene
from tests.faults.keep_house import Call
from tests.faults.keep_tab import Tab, browser

SOCKETS = "/socket.io/?EIO=4&transport="
BYSTANDERS = 4
PATIENCE = 0.2  # s, the 99th percentile others may wait


def hello(consultation: str) -> str:
    auth = {"consultation": consultation, "tab": uuid.uuid4().hex, "last_message": 0}
    return f"40/call,{json.dumps(auth)}"


@asynccontextmanager
async def raw(
    scene: Scene, http: aiohttp.ClientSession, cookie: str, consultation: str = "", **more: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket of this person; with a consultation, greeted and let in."""
    url = f"{scene.house.address}{SOCKETS}websocket"
    async with http.ws_connect(url, headers={"Cookie": cookie}, max_msg_size=0, **more) as ws:
        assert (await ws.receive_str()).startswith("0")
        if consultation:
            await ws.send_str(hello(consultation))
            assert (await ws.receive_str()).startswith("40/call,")
        yield ws


async def answered(ws: aiohttp.ClientWebSocketResponse, number: int) -> list[dict[str, Any]]:
    """Every acknowledgement up to this number; empty places for none."""
    found: dict[int, dict[str, Any]] = {}
    async with asyncio.timeout(20):
        while number not in found:
            text = await ws.receive_str()
            if text == "2":
                await ws.send_str("3")
            if text.startswith("43/call,"):
                at, _, rest = text[8:].partition("[")
                found[int(at)] = json.loads(f"[{rest}")[0]
    return [found.get(n, {}) for n in range(number + 1)]


async def ends(ws: aiohttp.ClientWebSocketResponse, seconds: float = 30) -> bool:
    """Whether the server ends this socket. A browser would answer its pings; this one does not."""
    try:
        async with asyncio.timeout(seconds):
            while not ws.closed:
                await ws.receive()
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def tabs(scene: Scene, call: Call) -> AsyncIterator[tuple[Tab, Tab]]:
    """The clinician and the nurse of a call, in."""
    rng = random.Random(call.consultation)
    async with browser() as http:
        both = [
            Tab(http, scene.house.address, cookie, call.consultation, rng)
            for cookie in (call.clinician, call.nurse)
        ]
        running = [asyncio.ensure_future(tab.run()) for tab in both]
        try:
            for tab in both:
                await tab.enter()
            yield both[0], both[1]
        finally:
            for tab in both:
                await tab.close()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


class Bystanders:
    """People of other calls who go on: how long each of their acknowledgements took, s."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.over = False

    async def ask(self, tab: Tab) -> None:
        up = False
        while not self.over:
            up, begun = not up, time.monotonic()
            answer = await tab.ask("hand", up=up)
            self.took.append(time.monotonic() - begun if answer["ok"] else float("inf"))
            await asyncio.sleep(0.12)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@asynccontextmanager
async def bystanders(scene: Scene, count: int = BYSTANDERS // 2) -> AsyncIterator[Bystanders]:
    """Both people of some calls, asking something eight times a second."""
    watched = Bystanders()
    async with tabs(scene, scene.call()) as first, tabs(scene, scene.call()) as second:
        asking = [asyncio.ensure_future(watched.ask(tab)) for tab in (*first, *second)]
        try:
            yield watched
        finally:
            watched.over = True
            await asyncio.gather(*asking)


async def refusal(scene: Scene, http: aiohttp.ClientSession, cookie: str, wanted: str) -> str:
    """What a connection to this consultation is answered."""
    async with raw(scene, http, cookie) as ws:
        await ws.send_str(hello(wanted))
        return str(await ws.receive_str())


@attack("9", "the wrong room, another's socket", 0)
async def elsewhere(scene: Scene, seconds: float) -> Found:
    """A consultation that is another's, one that does not exist, a socket id that leaked."""
    mine, theirs = scene.call(), scene.call()
    async with scene.toll() as toll, browser() as http:
        told = {
            await refusal(scene, http, cookie, wanted)
            for cookie, wanted in (
                (mine.guest, theirs.consultation), (mine.clinician, "A" * 16),
                (mine.guest, "A" * 16), (mine.clinician, "../../etc"), ("", theirs.consultation),
                ("__Host-carbet=guess", theirs.consultation),
            )
        }  # fmt: skip
        polling = f"{scene.house.address}{SOCKETS}polling"
        async with http.get(polling, headers={"Cookie": theirs.clinician}) as answer:
            leaked = json.loads((await answer.text())[1:])["sid"]
        statuses = []
        for cookie in ("", mine.clinician, mine.nurse):
            url, headers = f"{polling}&sid={leaked}", {"Cookie": cookie}
            async with http.get(url, headers=headers) as answer:
                statuses.append(answer.status)
            async with http.post(url, headers=headers, data=hello(theirs.consultation)) as answer:
                statuses.append(answer.status)
        async with http.post(
            f"{polling}&sid={leaked}", headers={"Cookie": theirs.clinician},
            data=hello(theirs.consultation),
        ) as answer:  # fmt: skip
            own = answer.status
    found = Found("one answer for all that is not one's own", toll)
    alike = len(told) == 1 and all("unknown" in each for each in told)
    found.owe(f"every refusal reads alike: {sorted(told)}", alike)
    found.owe("another's socket is not answered", set(statuses) == {400})
    found.owe("its own browser goes on", own == 200)
    return found


@attack("10", "events out of order, replayed, doubled", 0)
async def disorder(scene: Scene, seconds: float) -> Found:
    """Each acts once, or not at all, whatever the order."""
    call = scene.call()
    async with scene.toll() as toll, tabs(scene, call) as (doctor, _nurse):
        said = str(uuid.uuid4())
        text = f'["say",{{"client_id":"{said}","text":"une fois"}}]'
        frames = ['["consent",{"given":true}]', text, text, '["hand",{"up":true}]',
                  '["hand",{"up":true}]', text, '["leave",{}]', '["leave",{}]', text]  # fmt: skip
        other = text.replace(said, str(uuid.uuid4()))
        early = ['["hand",{"up":true}]', other, '["answer",{"session":"x","sdp":"v=0"}]',
                 f'["still_part",{{"id":"{said}","stage":0,"offset":0,"data":"x"}}]',
                 '["end",{}]', '["admit",{"seat":"nobody"}]']  # fmt: skip
        async with (
            browser() as http,
            raw(scene, http, call.nurse, call.consultation) as ws,
        ):
            before = scene.house.log.stat().st_size
            for number, frame in enumerate(frames):
                await ws.send_str(f"42/call,{number}{frame}")
            answers = await answered(ws, len(frames) - 1)
            await ws.send_str(f"42/call,3{frames[3]}")  # an old number, once more
            for number, frame in enumerate(early):
                await ws.send_str(f"42/call,{100 + number}{frame}")
            outside = (await answered(ws, 105))[100:]
            grew = scene.house.log.stat().st_size - before
        numbers = {answers[n].get("number") for n in (1, 2, 5)}
        await doctor.until(lambda tab: tab.messages)
        heard = [each["text"] for each in doctor.messages]
    found = Found(f"{len(frames) + len(early) + 1} events", toll)
    found.owe("what was said three times is there once", numbers == {1} and heard == ["une fois"])
    found.owe("doubled commands are acknowledged alike",
              answers[3] == answers[4] and answers[6] == answers[7])  # fmt: skip
    found.owe(f"who is out does nothing: {outside}", not any(e.get("ok") for e in outside))
    found.owe("the log stays small", grew < 5_000)
    return found


@attack("11", "1,000 events a second from one socket", 20)
async def talker(scene: Scene, seconds: float) -> Found:
    """And back at once whenever it is put out."""
    call, sent, slowed, came = scene.call(), 0, 0, 0
    async with bystanders(scene) as watched, browser() as http:
        await asyncio.sleep(1 + min(10, seconds / 2))
        before = watched.percentile(0.99)
        watched.took.clear()
        async with scene.toll() as toll:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                try:
                    async with raw(scene, http, call.clinician, call.consultation) as ws:
                        came += 1
                        count, heard = await _talk(ws, left)
                        sent, slowed = sent + count, slowed + heard
                except (AssertionError, aiohttp.ClientError, TypeError):
                    await asyncio.sleep(0.05)
        late = watched.percentile(0.99)
    words = (f"{sent / toll.seconds:.0f} a second; others' p99 {1000 * late:.0f} ms "
             f"({1000 * before:.0f} ms before)")  # fmt: skip
    figures = {"rate": sent / toll.seconds, "p99": late, "asked": len(watched.took)}
    figures["p99 before"] = before
    found = Found(words, toll, figures | {"slowed": slowed, "sockets": came})
    found.owe("he is slowed", slowed > 0)
    found.reach("others' p99 below 200 ms", late < PATIENCE)
    found.owe("nobody of them was refused", float("inf") not in watched.took)
    return found


async def _talk(ws: aiohttp.ClientWebSocketResponse, seconds: float) -> tuple[int, int]:
    """A thousand events a second until the socket ends: how many, how many were slowed."""
    slowed = 0

    async def listen() -> None:
        nonlocal slowed
        async for message in ws:
            slowed += "slow_down" in str(message.data)

    listening = asyncio.ensure_future(listen())
    begun, sent = time.monotonic(), 0
    try:
        while (passed := time.monotonic() - begun) < seconds and not listening.done():
            while sent < passed * 1000:
                sent += 1
                await ws.send_str(
                    f'42/call,{sent}["hand",{{"up":{"true" if sent % 2 else "false"}}}]'
                )
            await asyncio.sleep(0.005)
    except (ConnectionError, aiohttp.ClientError):
        pass
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return sent, slowed


FRAMES = {
    "5 MB": '42/call,["say",{"text":"' + "x" * 5_000_000 + '"}]',
    "10,000 deep": "42/call,1" + "[" * 10_000 + "]" * 10_000,
    "10,000 deep, cut": '42/call,1["say",' + '{"a":' * 10_000,
    "two attachments": '452-/call,["say",{"_placeholder":true,"num":0}]',
    "ten thousand million attachments": "459999999999-/call,[]",
    "an attachment nobody announced": b"\x04" * 64,
    "no packet": "4zz", "an attachment elsewhere": "451-/media,[]",
}  # fmt: skip


@attack("12a", "5 MB, 10,000-deep and orphan-attachment frames", 10)
async def frames(scene: Scene, seconds: float) -> Found:
    """Again and again from a member; each socket ends, nobody else's."""
    call, sent, survived = scene.call(), 0, set()
    async with bystanders(scene) as watched, browser() as http, scene.toll() as toll:
        end = time.monotonic() + seconds
        while sent == 0 or time.monotonic() < end:
            for name, frame in FRAMES.items():
                async with raw(scene, http, call.clinician) as ws:
                    await ws.send_str(hello(call.consultation))
                    await ws.receive()
                    await (ws.send_bytes(frame) if isinstance(frame, bytes) else ws.send_str(frame))
                    sent += 1
                    if not await ends(ws, 15):
                        survived.add(name)
            await asyncio.sleep(0.2)
    late = watched.percentile(0.99)
    found = Found(f"{sent} frames; others' p99 {1000 * late:.0f} ms; "
                  f"server grew {toll.server_grew:.1f} MB", toll, {"p99": late})  # fmt: skip
    found.owe(f"each ends its socket ({', '.join(sorted(survived))})", not survived)
    found.owe("memory stays flat", toll.server_grew < 30)
    found.owe("the log stays small", toll.log_lines < 5 * sent)
    found.owe("nobody else's socket ends", float("inf") not in watched.took)
    return found


@attack("12b", "half-open polling", 20)
async def half_open(scene: Scene, seconds: float) -> Found:
    """Polling begun and left, by strangers and by a member; and sockets that join nothing."""
    call, begun, refused, strangers = scene.call(), 0, 0, 0
    polling = f"{scene.house.address}{SOCKETS}polling"
    async with bystanders(scene) as watched, browser() as http, scene.toll() as toll:

        async def one(cookie: str) -> None:
            nonlocal begun, refused, strangers
            try:
                async with http.get(polling, headers={"Cookie": cookie}) as answer:
                    begun, refused = begun + 1, refused + (answer.status != 200)
                    strangers += not cookie and answer.status != 403
            except aiohttp.ClientError:
                refused += 1

        cookies = ["", "__Host-carbet=guess", call.clinician]
        waiting: set[asyncio.Task[None]] = set()

        def strike(number: int) -> None:
            if len(waiting) < 50:
                task = asyncio.ensure_future(one(cookies[number % 3]))
                waiting.add(task)
                task.add_done_callback(waiting.discard)

        await paced(400, seconds, strike)
        await asyncio.gather(*waiting)
        closed = not scene.whole  # in a hurry, tests/server/test_lobby.py must do
        if scene.whole:
            async with raw(scene, http, call.nurse) as idle:
                closed = await ends(idle, 40)
    late = watched.percentile(0.99)
    words = f"{begun} begun, {refused} refused; server grew {toll.server_grew:.1f} MB"
    found = Found(words, toll, {"begun": begun, "refused": refused, "p99": late})
    found.owe("a stranger gets none", not strangers)
    # Thirty of each of two cookies, and as many again once those were put out.
    found.owe("no more wait than fit", begun - refused <= 60 * (1 + toll.seconds // 20) + 10)
    found.owe("a socket that joins nothing is closed", closed)
    found.owe("memory stays flat", toll.server_grew < 30)
    found.owe("others are served", float("inf") not in watched.took)
    return found


@attack("13", "a foreign origin", 0)
async def foreign(scene: Scene, seconds: float) -> Found:
    """Another site's page, with the member's own cookies, as a lured browser would bring them."""
    call = scene.call()
    origins = ["https://evil.example", "null", "http://localhost", scene.house.address + ".evil"]
    statuses: list[int] = []
    async with scene.toll() as toll, browser() as http:
        for origin in origins:
            headers = {"Cookie": call.clinician, "Origin": origin}
            for way in ("polling", "websocket"):
                url = f"{scene.house.address}{SOCKETS}{way}"
                upgrade = {
                    "Upgrade": "websocket",
                    "Connection": "Upgrade",
                    "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "x" * 22 + "==",
                }
                more = upgrade if way == "websocket" else {}
                async with http.get(url, headers=headers | more) as answer:
                    statuses.append(answer.status)
            url = f"{scene.house.address}/consultations/{call.consultation}/cancel"
            async with http.post(url, headers=headers, data={"csrf": "guess"}) as answer:
                statuses.append(answer.status)
        ours = {"Cookie": call.clinician, "Origin": scene.house.address}
        async with http.get(f"{scene.house.address}{SOCKETS}polling", headers=ours) as answer:
            own = answer.status
    found = Found(f"{len(statuses)} requests, each 403", toll)
    found.owe("each is answered 403", set(statuses) == {403})
    found.owe("our own page is answered", own == 200)
    return found


@attack("14", "a token in an address, never logged", 0)
async def tokens(scene: Scene, seconds: float) -> Found:
    """Typed, pasted or sent in every wrong place; the log is searched for each."""
    marks: list[str] = []
    call = scene.call()

    def mark() -> str:
        marks.append(f"mark{os.urandom(12).hex()}")
        return marks[-1]

    base = scene.house.address
    async with scene.toll() as toll, browser() as http:
        addresses = [
            f"{base}/j?token={mark()}", f"{base}/j/{mark()}", f"{base}/{mark()}",
            f"{base}/consultations/{mark()}", f"{base}/consultations/{mark()}/call?t={mark()}",
            f"{base}/consultations/x/stills/{mark()}/{mark()}", f"{base}/static/{mark()}/{mark()}",
            f"{base}/i18n/{mark()}.json", f"{base}{SOCKETS}polling&sid={mark()}",
            f"{base}{SOCKETS}{mark()}", f"{base}/login?next={mark()}", f"{base}/%00{mark()}",
        ]  # fmt: skip
        for address in addresses:
            for cookie in ("", call.clinician, f"__Host-carbet={mark()}"):
                headers = {"Cookie": cookie, "Referer": f"{base}/j#{mark()}", "User-Agent": mark()}
                async with http.get(address, headers=headers, allow_redirects=False):
                    pass
        for path in ("/join", "/code", "/login", "/consultations/x/open"):
            data = {"token": mark(), "code": mark(), "csrf": mark(), "email": mark()}
            async with http.post(base + path, data=data, headers={"Origin": base}):
                pass
        headers = {"Cookie": call.clinician, "Origin": f"https://{mark()}"}
        async with http.get(f"{base}{SOCKETS}polling", headers=headers):
            pass
        for line in (
            f"GET /{mark()}\r\n\r\n",
            f"{mark()} / HTTP/1.1\r\nHost: x\r\n\r\n",
            f"GET / HTTP/1.1\r\n{mark()}\r\n\r\n",
            f"GET /{mark()} HTTP/9\r\n\r\n",
        ):
            await _bare(scene, line)
        async with raw(scene, http, call.clinician) as ws:
            await ws.send_str(hello(mark()))
            await ws.receive()
            await ws.send_str(f"4{mark()}")
            await ends(ws, 10)
        await asyncio.sleep(0.5)
        log = scene.house.log.read_text(errors="replace")
    told = [each for each in marks if each in log]
    where = [line[:300] for line in log.splitlines() if any(each in line for each in told)]
    found = Found(f"{len(marks)} marks, {len(told)} in the log", toll, {"marks": len(marks)})
    found.owe("none is in the log" + "".join(f"\n  {each}" for each in where[:5]), not told)
    return found


async def _bare(scene: Scene, request: str) -> None:
    """What is no HTTP, over TLS."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("localhost", scene.house.port, ssl=context)
    writer.write(request.encode())
    with suppress(TimeoutError, ConnectionError):
        await asyncio.wait_for(reader.read(2000), 5)
    writer.close()
