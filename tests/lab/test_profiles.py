"""Profiles are data: what the file says is what the link is, and nonsense is refused by name."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.lab import cellular, profiles
from tests.lab.emulator import Way
from tests.lab.profiles import WrongProfile, load

OWED = {
    "vsat", "edge", "3g", "adsl", "wifi", "step", "cut", "16", "24", "32", "cellular", "unlike",
    "download",
}  # fmt: skip


def test_every_profile_owed_is_there_and_can_be() -> None:
    assert set(load()) >= OWED


def test_units_are_those_of_people() -> None:
    link = load()["vsat"].links["site"]
    assert link.up == Way(rate=((0.0, 128.0),), delay=0.3, queue=4800, loss=0.005)
    assert link.down == Way(rate=((0.0, 512.0),), delay=0.3, queue=19_200, loss=0.005)


def test_steps_cuts_windows_and_likeness() -> None:
    every = load()
    assert every["step"].links["site"].up.rate == ((0, 1000), (25, 150), (40, 1000))
    assert every["step-600"].links["site"].up.delay == 0.3
    assert every["step-600"].windows["dip"] == (25, 40)
    assert every["cut"].links["site"].down.cuts == ((20.0, 30.0),)
    assert every["unlike"].links == {
        "site": every["vsat"].links["site"], "second": every["adsl"].links["site"],
    }  # fmt: skip
    assert every["download"].download and not every["adsl"].download


def added(line: str, folder: Path) -> dict[str, profiles.Profile]:
    path = folder / "profiles.toml"
    path.write_text(f"[profiles]\n{line}\n")
    return load(path)


def test_a_new_one_is_a_line(tmp_path: Path) -> None:
    line = "mine = {up = 40, down = 90, delay = {up = 100, down = 50}, loss = 3}"
    link = added(line, tmp_path)["mine"].links["site"]
    assert (link.up.delay, link.down.delay, link.down.loss) == (0.1, 0.05, 0.03)


def test_a_link_is_written_on_the_command_line() -> None:
    line = "up=100,down=300,delay=250,loss=3,burst=2,seconds=40"
    profile = profiles.written(line)
    way = Way(rate=((0.0, 100.0),), delay=0.25, queue=6250, loss=0.03, burst=2)
    assert (profile.name, profile.seconds, profile.links["site"].up) == (line, 40, way)
    assert profiles.written('like="vsat",loss=5').links["site"].down.loss == 0.05
    for wrong in ("up=100", "up=100,down=", "up=1,down=1,latency=2"):
        with pytest.raises(WrongProfile, match=f"^{wrong}"):
            profiles.written(wrong)


@pytest.mark.parametrize(
    "line",
    [
        "a = {up = 40, down = 90, latency = 3}",
        "a = {up = 40}",
        "a = {up = 40, down = 0}",
        "a = {up = 40, down = 90, loss = 120}",
        'a = {like = "b", up = 1, down = 1}',
        'a = {sites = ["b", "b", "b"]}',
    ],
)
def test_nonsense_is_refused_with_its_name(line: str, tmp_path: Path) -> None:
    with pytest.raises(WrongProfile, match=r"^a: "):
        added(line, tmp_path)


def test_the_cellular_trace_is_seeded_and_wanders_about_its_mean() -> None:
    rates = [rate for _, rate in cellular.trace(400, 5, 3000)]
    assert cellular.trace(400, 5) == cellular.trace(400, 5) != cellular.trace(400, 6)
    assert statistics.mean(rates) == pytest.approx(400, rel=0.25)
    assert min(rates) < 60 and max(rates) > 1000
