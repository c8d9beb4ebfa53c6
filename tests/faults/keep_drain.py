"""A media worker is drained for maintenance under a call: the call moves to the other one.

Two workers; two people talk. The worker that carries them is told to leave (`carbet drain`), then
the other; meanwhile somebody new joins. Seconds are the longest silence either of the two heard.
"""

import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from media.client import holder
from tests.e2e.process import ROOT
from tests.faults.keep_history import History
from tests.faults.keep_house import Call, House, living
from tests.faults.keep_tab import Tab, browser
from tests.faults.keep_voices import talking
from tests.peers.measure import until

ENDS_WITHIN = 30.0


@dataclass
class Outcome:
    """One try: the longest silence, how long the command took for each worker, what was wrong."""

    kind: str
    silence: float = 0.0
    share: float = 1.0
    took: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Two(House):
    """A house with two workers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, extra={"CARBET_MEDIA__SPAWN": "2"})

    @property
    def ports(self) -> tuple[int, int]:
        return self.udp_port, self.udp_port + 1

    def worker(self, port: int) -> int | None:
        return holder(self.data / f"media-{port}.lock")

    def workers(self) -> list[int]:
        return [pid for port in self.ports if (pid := self.worker(port)) is not None]

    async def drain(self, port: int) -> float:
        """Runs the command; how long it took. Raises AssertionError when it failed."""
        began = time.monotonic()
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "drain", str(port), cwd=ROOT,
            env=self.environment(), stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await asyncio.wait_for(command.communicate(), ENDS_WITHIN)
        assert command.returncode == 0, told.decode()
        return time.monotonic() - began


async def one(seed: int) -> Outcome:
    """One try."""
    outcome = Outcome("drained")
    with tempfile.TemporaryDirectory(prefix="carbet-keep-") as name:
        house = Two(Path(name))
        spoken, fresh = await house.furnish(2)
        async with living(house), talking(house.address, spoken) as pair:
            await until("both workers", lambda: _both(house))
            began, before = time.monotonic(), {port: house.worker(port) for port in house.ports}
            for port in random.Random(seed).sample(house.ports, 2):
                outcome.took.append(await house.drain(port))
                await _somebody_joins(house, fresh, seed, outcome)
                await until("both workers", lambda: _both(house))
            await asyncio.sleep(1)
            for heard in await pair.heard(began, time.monotonic()):
                outcome.silence = max(outcome.silence, heard.silence)
                outcome.share = min(outcome.share, heard.share)
                if heard.stage != "in":
                    outcome.faults.append(f"somebody is not in any more: {heard}")
                # Whichever worker carried them first was drained.
                if heard.offers not in (2, 3):
                    outcome.faults.append(f"moved {heard.offers - 1} times")
            after = {port: house.worker(port) for port in house.ports}
            if set(before.values()) & set(after.values()):
                outcome.faults.append(f"workers were {before}, are {after}")
            history = await History(house.url, house.data).read()
            kinds = [i.kind for i in history.incidents.get(spoken.consultation, [])]
            if "worker_lost" in kinds or "cut" in kinds:
                outcome.faults.append(f"the record tells of {kinds}")
        outcome.faults += house.complaints()
    return outcome


async def _both(house: Two) -> bool:
    return len(house.workers()) == 2 and await house.ready()


async def _somebody_joins(house: House, call: Call, seed: int, outcome: Outcome) -> None:
    async with browser() as http:
        offered = asyncio.Event()

        async def heard(event: str, _: object) -> None:
            if event == "offer":
                offered.set()

        tab = Tab(http, house.address, call.nurse, call.consultation, random.Random(seed), heard)
        running = asyncio.ensure_future(tab.run())
        await tab.enter()
        try:
            await asyncio.wait_for(offered.wait(), 10)
        except TimeoutError:
            outcome.faults.append("somebody new got no offer")
        await tab.ask("leave")
        await tab.close()
        await running


async def tries(seed: int, n: int) -> list[Outcome]:
    """`n` tries."""
    return [await one(seed + i) for i in range(n)]


if __name__ == "__main__":
    print(asyncio.run(one(int(sys.argv[1]) if len(sys.argv) > 1 else 1)))
