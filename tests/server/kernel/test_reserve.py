"""What is kept back on the disk: refused before it is accepted, told once each way."""

import logging
from pathlib import Path

import pytest

from server.kernel.reserve import Reserve


def test_what_would_eat_the_reserve_is_refused() -> None:
    left = [1000]
    reserve = Reserve(Path("/"), lambda _: (left[0], 10_000))
    assert reserve.holds() and reserve.holds(500) and not reserve.holds(501)
    assert reserve.measured() == {"free": 0.1, "reserve": 0.05}
    left[0] = 499
    assert not reserve.holds() and not reserve.gone
    left[0] = 50
    assert not reserve.gone
    left[0] = 49
    assert reserve.gone


def test_the_operator_is_told_once_each_way(caplog: pytest.LogCaptureFixture) -> None:
    left = [10_000]
    reserve = Reserve(Path("/"), lambda _: (left[0], 10_000))
    with caplog.at_level(logging.WARNING, "carbet.disk"):
        for room in (9_000, 100, 90, 80, 9_000, 9_000):
            left[0] = room
            reserve.holds()
    assert caplog.messages == ["the disk is nearly full", "the disk has room again"]


def test_a_disk_nobody_can_ask_has_no_room() -> None:
    def fails(_: Path) -> tuple[int, int]:
        raise OSError

    reserve = Reserve(Path("/"), fails)
    assert not reserve.holds() and reserve.free() == 0.0


def test_a_folder_not_made_yet_is_on_its_parents_disk(tmp_path: Path) -> None:
    there, later = Reserve(tmp_path), Reserve(tmp_path / "made" / "later")
    assert 0 < there.free() <= 1
    assert abs(there.free() - later.free()) < 0.01
