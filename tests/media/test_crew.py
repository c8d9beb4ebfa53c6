"""Several workers on one machine, and the lock which keeps each alone on its port."""

import asyncio
from pathlib import Path

import pytest

from media.__main__ import hold, main, parse
from media.crew import Crew, Spawn, holder
from tests.media.call_server import CallServer


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


async def test_a_start_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = Crew(Spawn("http://127.0.0.1:1", "", 20_000, tmp_path), "t", lambda name: None)
    tried = asyncio.Queue[int]()

    def fails(number: int) -> None:
        tried.put_nowait(number)
        raise OSError("no memory")

    monkeypatch.setattr(crew, "_start", fails)
    crew.start()
    assert [await tried.get(), await tried.get()] == [0, 0]
    await crew.stop()


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
