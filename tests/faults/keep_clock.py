"""The machine's clock is set a day forward or back under a call, and put right later.

libfaketime gives the server and its worker another wall clock, changed while they run; the steady
clocks stay. Nobody may be logged out, no call end; a telephone's code must go on opening the door,
since telephones go by the true time; and the record must show when things truly were.
"""

import asyncio
import datetime as dt
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.keep_database import Writer
from tests.faults.keep_history import History
from tests.faults.keep_house import Call, House, living
from tests.faults.keep_tab import Tab, browser
from tests.faults.keep_voices import Pair, talking
from tests.people import PASSWORD, code_of

KINDS = ("forward", "back")
SET_FOR = 40.0  # s: longer than from one sweep of sessions to the next
SLACK = dt.timedelta(seconds=3)
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Outcome:
    """One try: the longest silence, and what was wrong."""

    kind: str
    silence: float = 0.0
    faults: list[str] = field(default_factory=list)


def library() -> Path:
    """Debian's libfaketime, which every thread sees. Raises FileNotFoundError."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise FileNotFoundError("libfaketime is needed: apt-get install libfaketime")
    return found[0]


class Machine:
    """The clock of a house's processes."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set("+0")
        self.variables = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(Path(__file__).with_name("set_clock")),
        }

    def set(self, by: str) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{by}\n")
        draft.replace(self._file)


async def one(kind: str, seed: int, lasting: float = SET_FOR) -> Outcome:
    """One try."""
    rng, outcome = random.Random(seed), Outcome(kind)
    with tempfile.TemporaryDirectory(prefix="carbet-keep-") as name:
        machine = Machine(Path(name))
        house = House(Path(name), extra=machine.variables)
        spoken, written = await house.furnish(2)
        async with (
            living(house),
            browser() as http,
            talking(house.address, spoken) as pair,
        ):
            await _try(house, machine, spoken, written, http, pair, rng, lasting, outcome)
        outcome.faults += house.complaints()
    return outcome


async def _try(house: House, machine: Machine, spoken: Call, call: Call,
               http: aiohttp.ClientSession, pair: Pair, rng: random.Random, lasting: float,
               outcome: Outcome) -> None:  # fmt: skip
    tabs = [Tab(http, house.address, cookie, call.consultation, rng)
            for cookie in (call.clinician, call.nurse)]  # fmt: skip
    running = [asyncio.ensure_future(tab.run()) for tab in tabs]
    asked = dt.datetime.now(dt.UTC)
    for tab in tabs:
        await tab.enter()
    entered = (asked, dt.datetime.now(dt.UTC))
    writer = Writer(tabs[0], "doctor", rng)
    writing = asyncio.ensure_future(writer.write())
    await asyncio.sleep(2)
    began = time.monotonic()
    machine.set("+1d" if outcome.kind == "forward" else "-1d")
    outcome.faults += await _meanwhile(house, call, http, lasting)
    left = dt.datetime.now(dt.UTC)
    await tabs[1].ask("leave")
    machine.set("+0")
    await asyncio.sleep(2)
    for heard in await pair.heard(began, time.monotonic()):
        outcome.silence = max(outcome.silence, heard.silence)
        if heard.stage != "in" or heard.offers != 1:
            outcome.faults.append(f"the call was touched: {heard}")
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await asyncio.sleep(1)
    outcome.faults += [f"a page was told {tab.over}, cut {len(tab.cut)} times"
                       for tab in tabs if tab.over or tab.cut]  # fmt: skip
    history = await History(house.url, house.data).read()
    # Who left is told nothing more.
    outcome.faults += history.faults(call.consultation, writer.said, tabs[:1])
    outcome.faults += _times(history, call, entered, left)
    for tab in tabs:
        await tab.close()
    await asyncio.gather(*running, return_exceptions=True)


async def _meanwhile(
    house: House, call: Call, http: aiohttp.ClientSession, lasting: float
) -> list[str]:
    """Pages know who asks, and a telephone's code opens the door."""
    found = []
    end, number = time.monotonic() + lasting, 0
    while time.monotonic() < end:
        for cookie in (call.clinician, call.nurse):
            headers = {"Cookie": cookie}
            async with http.get(
                f"{house.address}/", headers=headers, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    found.append(f"somebody is logged out: {answer.status}")
        if not number:
            number += 1
            found += await _login(house, http)
        await asyncio.sleep(1)
    return sorted(set(found))


async def _login(house: House, http: aiohttp.ClientSession) -> list[str]:
    """Password, then the code of a telephone that goes by the true time."""
    cookies: dict[str, str] = {}

    async def ask(method: str, path: str, **fields: str) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        headers |= {"Origin": house.address}
        async with http.request(
            method, f"{house.address}{path}", data=fields or None, headers=headers,
            allow_redirects=False,
        ) as answer:  # fmt: skip
            cookies.update({name: morsel.value for name, morsel in answer.cookies.items()})
            return answer.status, await answer.text(), answer.headers.get("Location", "")

    _, text, _ = await ask("GET", "/login")
    _, _, onward = await ask("POST", "/login", csrf=_token(text), email="doctor0@example.org",
                             password=PASSWORD)  # fmt: skip
    _, text, _ = await ask("GET", onward)
    code = code_of(dt.datetime.now(dt.UTC))
    status, _, where = await ask("POST", onward, csrf=_token(text), code=code)
    return [] if (status, where) == (303, "/") else [f"a true code is refused: {status}"]


def _token(text: str) -> str:
    found = TOKEN.search(text)
    assert found is not None, text[:500]
    return found[1]


def _times(
    history: History, call: Call, entered: tuple[dt.datetime, dt.datetime], left: dt.datetime
) -> list[str]:
    """Whether the record tells when things truly were; they entered between `entered`."""
    found = []
    now = dt.datetime.now(dt.UTC)
    stays = history.attendances.get(call.consultation, [])
    for stay in stays:
        if not entered[0] - SLACK < stay.entered_at < entered[1] + SLACK:
            found.append(f"entered at {stay.entered_at}, truly {entered}")
    ended = [stay.left_at for stay in stays if stay.left_at is not None]
    if len(ended) != 1 or abs(ended[0] - left) > SLACK:
        found.append(f"left at {ended}, truly {left}")
    # The house was furnished a moment before anybody entered.
    start = entered[0] - dt.timedelta(minutes=5)
    times = [message.sent_at for message in history.messages[call.consultation]]
    times += [row.at for row in history.audit]
    found += [f"something is told of {at}" for at in times if not start < at < now + SLACK]
    return found


async def tries(seed: int, n: int, lasting: float = SET_FOR) -> list[Outcome]:
    """`n` tries each way."""
    return [await one(kind, seed + i, lasting) for i in range(n) for kind in KINDS]


if __name__ == "__main__":
    kind, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else SET_FOR
    print(asyncio.run(one(kind, 1, seconds)))
