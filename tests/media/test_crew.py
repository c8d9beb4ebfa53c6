"""Several workers on one machine, and the lock which keeps each alone on its port."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from media import crew
from media.__main__ import hold, main, parse
from media.client import WorkerLost
from media.crew import Crew, Spawn, holder
from tests.media.call_server import CallServer

STARTS = """
import os, subprocess, sys, time
line = [*sys.argv[1:], "--spare", str(os.getpid())]
print(subprocess.Popen(line, stdout=subprocess.DEVNULL).pid, flush=True)
time.sleep(60)
"""


async def test_two_workers_share_the_rooms(tmp_path: Path) -> None:
    server = CallServer(tmp_path, count=2)
    await server.start()
    await server.until(lambda: server.media.stats()["workers"] == 2)
    offers = [await server.media.open(room, "ana") for room in ("one", "two", "one")]
    ports = [{row.split()[5] for row in offer.sdp.split("\r\n") if row.startswith("a=candidate")}
             for offer in offers]  # fmt: skip
    assert ports[0] == ports[2]  # a room lives on one worker
    assert ports[0] | ports[1] <= {str(server.udp_port), str(server.udp_port + 1)}
    await server.stop()


async def test_a_spare_carries_on_for_a_killed_worker_and_gets_a_spare_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "SPARE_AFTER", 0.0)
    server = CallServer(tmp_path)
    await server.start()
    await server.ready()
    lock = tmp_path / f"media-{server.udp_port}.lock"
    first = holder(lock)
    assert first is not None
    spares = server.media._crew._spares  # type: ignore[union-attr]
    second = (await server.until(lambda: spares.get(0))).pid
    os.kill(first, signal.SIGKILL)
    await server.until(lambda: holder(lock) == second, 30)
    await server.event(WorkerLost)
    await server.ready()
    third = await server.until(lambda: spares[0] if spares[0].pid != second else None)
    await server.stop()
    assert third.poll() is not None, "nobody waits for a worker of a server that is gone"
    assert holder(lock) in (None, second)


async def test_a_spare_ends_with_whoever_started_it(tmp_path: Path) -> None:
    path = tmp_path / "media-1.lock"
    held = hold(str(path))
    assert held is not None
    line = [sys.executable, "-m", "media", "--server", "http://127.0.0.1:1"]
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTS, *line, "--lock", str(path),
        env=os.environ | {"CARBET_MEDIA_TOKEN": "t"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert starter.stdout
    spare = int(await starter.stdout.readline())
    assert Path(f"/proc/{spare}").exists()
    starter.kill()
    await starter.wait()
    async with asyncio.timeout(30):
        while Path(f"/proc/{spare}").exists() and _state(spare) != "Z":
            await asyncio.sleep(0.05)
    held.close()
    assert holder(path) is None


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


async def test_a_start_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = Crew(Spawn("http://127.0.0.1:1", "", 20_000, tmp_path), "t", lambda name: None)
    tried = asyncio.Queue[int]()

    def fails(number: int, spare: bool = False) -> None:
        tried.put_nowait(number)
        raise OSError("no memory")

    monkeypatch.setattr(some, "_start", fails)
    some.start()
    assert [await tried.get(), await tried.get()] == [0, 0]
    await some.stop()


def test_the_lock_tells_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "media-1.lock"
    assert holder(path) is None
    file = hold(str(path))
    assert file is not None and holder(path) is not None
    assert hold(str(path)) is None
    file.close()
    assert holder(path) is None


def test_the_command_line_is_what_the_worker_reads(tmp_path: Path) -> None:
    spawn = Spawn("https://localhost:8443", "", 20_000, tmp_path, 2, ("127.0.0.1", "::1"),
                  ("203.0.113.5",), 45.0)  # fmt: skip
    options = parse(spawn.command(1)[3:])
    assert (options.server, options.ca, options.udp_port) == ("https://localhost:8443", "", 20_001)
    assert options.host == ["127.0.0.1", "::1"] and options.advertise == ["203.0.113.5"]
    assert options.linger == 45.0 and options.supervised
    assert options.lock == str(spawn.lock(1))


def test_without_a_token_it_ends_and_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CARBET_MEDIA_TOKEN", raising=False)
    assert main(["--server", "http://127.0.0.1:1"]) == 2
    assert "CARBET_MEDIA_TOKEN" in capsys.readouterr().err


def test_an_address_must_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--server", "x", "--advertise", "somewhere"])
