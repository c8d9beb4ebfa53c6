"""Frames no client of ours would send, on a real WebSocket: that socket may end, nobody else's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.people import cookie_header
from tests.signaling.conftest import House


@asynccontextmanager
async def raw(house: House) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """The nurse's WebSocket, before any namespace."""
    assert house.server is not None
    headers = cookie_header(await house.login(house.people.nurse))
    url = house.server.make_url("/socket.io/?EIO=4&transport=websocket")
    async with aiohttp.ClientSession() as http, http.ws_connect(url, headers=headers) as ws:
        assert (await ws.receive_str()).startswith("0{")
        yield ws


def hello(house: House) -> str:
    auth = {"consultation": house.consultation.id, "tab": "raw", "last_message": 0}
    return f"40/call,{json.dumps(auth)}"


async def answered(ws: aiohttp.ClientWebSocketResponse, identifier: str) -> dict[str, object]:
    """The acknowledgement with this number, passing over what else is told."""
    async with asyncio.timeout(5):
        while True:
            frame = await ws.receive_str()
            if frame.startswith(f"43/call,{identifier}["):
                found = json.loads(frame.split(identifier, 1)[1])[0]
                assert isinstance(found, dict)
                return found


async def test_an_event_before_authentication_is_heard_by_nobody(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    async with raw(house) as ws:
        await ws.send_str('42/call,1["knock",{}]')
        await ws.send_str('42["knock",{}]')
        await ws.send_str('42/media,["event",{"event":"speaker"}]')
        await ws.send_str(hello(house))
        await ws.send_str('42/call,2["hand",{"up":true}]')
        assert await answered(ws, "2") == {"ok": False, "code": "not_allowed"}
    assert (await doctor.ask("hand", up=True))["ok"]
    assert len(doctor.view["seats"]) == 1


@pytest.mark.parametrize(
    "event",
    [
        '[]', '[7,{}]', '[null,{}]', '[["knock"],{}]', '[{"a":1},{}]', '["knock"]',
        '["knock",{},{}]', '["trigger_event",{}]', '["__class__",{}]', '["drop",{}]',
        '["hand",' + "[" * 500 + "]" * 500 + ']', '["say",{"client_id":1e999,"text":NaN}]',
    ],
)  # fmt: skip
async def test_an_event_that_is_none_is_invalid_and_the_line_lives(
    house: House, event: str
) -> None:
    async with raw(house) as ws:
        await ws.send_str(hello(house))
        await ws.send_str(f"42/call,7{event}")
        await ws.send_str('42/call,8["leave",{}]')
        assert (await answered(ws, "8"))["ok"] is True


@pytest.mark.parametrize(
    "frame",
    [
        "4", "42", "42/call", "42/call,", "49/call,", "4x", "9", "", "42/call,1[" + "[" * 20_000,
        '451-/call,["say",{"_placeholder":true,"num":0}]', "41/call,", "40/call,nonsense",
        "42/call,1{}", '42/call,1"text"', "4" + "9" * 5_000,
    ],
)  # fmt: skip
async def test_a_frame_that_is_none_costs_nobody_else_anything(house: House, frame: str) -> None:
    doctor = await house.enters(house.people.clinician)
    async with raw(house) as ws:
        await ws.send_str(hello(house))
        await ws.send_str(frame)
        await ws.send_bytes(b"\x00" * 64)
        assert (await doctor.ask("hand", up=True))["ok"]
    async with raw(house) as again:
        await again.send_str(hello(house))
        await again.send_str('42/call,5["leave",{}]')
        assert (await answered(again, "5"))["ok"] is True


async def test_a_frame_of_five_megabytes_ends_its_socket(house: House) -> None:
    doctor = await house.enters(house.people.clinician)
    async with raw(house) as ws:
        await ws.send_str(hello(house))
        await ws.send_str(f'42/call,["say",{{"text":"{"x" * 5_000_000}"}}]')
        async with asyncio.timeout(5):
            while not ws.closed:
                await ws.receive()
    assert (await doctor.ask("hand", up=True))["ok"]


async def test_many_tabs_at_once_leave_one(house: House) -> None:
    """One seat is taken over and over; the last one in has it, and the room is whole."""
    login = await house.login(house.people.nurse)
    doctor = await house.enters(house.people.clinician)
    browsers = [house.browser(login) for _ in range(15)]
    await asyncio.gather(*(browser.open() for browser in browsers))
    room = house.rooms.live(house.consultation.id)
    assert room is not None

    def settled() -> bool:
        return sum(not browser.closed for browser in browsers) == 1

    async with asyncio.timeout(5):
        while not settled():
            await asyncio.sleep(0.02)
    (last,) = [browser for browser in browsers if not browser.closed]
    assert (await last.ask("knock"))["stage"] == "in"
    await doctor.until(lambda b: len(b.view["seats"]) == 2)
