"""Bytes on disk: encrypted, whole or not there, and never half a part."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from expertise.vault import HEADER, RECORD, Damaged, Vault

KEY, OTHER = bytes(range(32)), bytes(32)
DATA = bytes(range(256)) * 700
PART = "case/image.part"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


def test_what_arrives_in_parts_is_one_file(vault: Vault, tmp_path: Path) -> None:
    at = 0
    for size in (1, 1000, RECORD, RECORD + 1, 3):
        part = DATA[at : at + size]
        at = vault.append("case", "image", KEY, at, part)
        assert at == vault.size("case", "image", KEY) == vault.glance("case", "image", KEY)
    assert vault.arrived("case", "image", KEY) == DATA[:at]
    raw = (tmp_path / PART).read_bytes()
    assert DATA[:64] not in raw and oct((tmp_path / PART).stat().st_mode)[-3:] == "600"


def test_elsewhere_than_where_it_goes_on_is_refused(vault: Vault) -> None:
    vault.append("case", "image", KEY, 0, b"abc")
    for offset in (0, 2, 4):
        with pytest.raises(ValueError, match="goes on at 3"):
            vault.append("case", "image", KEY, offset, b"x")
    assert vault.arrived("case", "image", KEY) == b"abc"


def test_after_a_power_cut_at_any_byte_only_whole_parts_are_there(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    for at in (0, 100, 200):
        vault.append("case", "image", KEY, at, DATA[at : at + 100])
    whole = (tmp_path / PART).read_bytes()
    for length in range(len(whole) + 1):
        (tmp_path / PART).write_bytes(whole[:length])
        after = Vault(tmp_path)
        have = after.size("case", "image", KEY)
        assert have in (0, 100, 200, 300) and have == after.glance("case", "image", KEY)
        assert after.append("case", "image", KEY, have, DATA[have:300]) == 300 or have == 300
        assert Vault(tmp_path).arrived("case", "image", KEY) == DATA[:300], length


def test_nothing_can_be_moved_or_read_with_another_key(vault: Vault, tmp_path: Path) -> None:
    vault.keep("case", "image", KEY, DATA)
    assert vault.read("case", "image", KEY, len(DATA)) == DATA
    raw = (tmp_path / "case/image").read_bytes()
    for place in ("case/other", "elsewhere/image"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(raw)
        with pytest.raises(Damaged):
            vault.read(*place.split("/"), KEY, len(DATA))
    with pytest.raises(Damaged):
        vault.read("case", "image", OTHER, len(DATA))
    with pytest.raises(Damaged):
        vault.read("case", "nothing", KEY, 1)


@pytest.mark.parametrize("change", ["cut", "flipped", "swapped", "longer"])
def test_a_kept_file_that_was_touched_is_damaged(vault: Vault, tmp_path: Path, change: str) -> None:
    vault.keep("case", "image", KEY, DATA[: 2 * RECORD])
    path = tmp_path / "case/image"
    raw = bytearray(path.read_bytes())
    record = (len(raw) - HEADER) // 2
    if change == "cut":
        raw = raw[: HEADER + record]
    elif change == "flipped":
        raw[-1] ^= 1
    elif change == "swapped":
        raw = raw[:HEADER] + raw[HEADER + record :] + raw[HEADER : HEADER + record]
    else:
        raw += raw[HEADER : HEADER + record]
    path.write_bytes(raw)
    if change == "longer":  # what follows the last good record is not of this file
        assert vault.read("case", "image", KEY, 2 * RECORD) == DATA[: 2 * RECORD]
        return
    with pytest.raises(Damaged):
        vault.read("case", "image", KEY, 2 * RECORD)


def test_two_files_of_a_case_share_no_key(vault: Vault, tmp_path: Path) -> None:
    for name in ("one", "two"):
        vault.keep("case", name, KEY, DATA)
    one, two = ((tmp_path / "case" / name).read_bytes() for name in ("one", "two"))
    assert one[4:HEADER] != two[4:HEADER] and one[HEADER:] != two[HEADER:]


class _Full:
    """A disk that is full after some calls of one function of the system."""

    def __init__(self, monkeypatch: Any, name: str, allowed: int) -> None:
        self._real, self._left = getattr(os, name), allowed
        monkeypatch.setattr(os, name, self)

    def __call__(self, *arguments: Any) -> Any:
        if self._left == 0:
            raise OSError(errno.ENOSPC, "disk full")
        self._left -= 1
        return self._real(*arguments)


@pytest.mark.parametrize("allowed", range(4))
def test_a_full_disk_leaves_what_was_there(
    vault: Vault, tmp_path: Path, monkeypatch: Any, allowed: int
) -> None:
    vault.append("case", "image", KEY, 0, DATA[:100])
    vault.keep("case", "kept", KEY, DATA[:100])
    with monkeypatch.context() as patched:
        _Full(patched, "fsync", allowed)
        at, failed = 100, False
        try:
            while at < 400:
                at = vault.append("case", "image", KEY, at, DATA[at : at + 100])
        except OSError:
            failed = True
        assert failed is (allowed < 3) and at == 100 * (1 + min(allowed, 3))
    assert Vault(tmp_path).arrived("case", "image", KEY) == DATA[:at]
    with monkeypatch.context() as patched:
        _Full(patched, "fsync", 0)
        with pytest.raises(OSError, match="full"):
            vault.keep("case", "kept", KEY, DATA)
    assert vault.read("case", "kept", KEY, 100) == DATA[:100], "the one before is whole"
    assert {each.name for each in (tmp_path / "case").iterdir()} == {"image.part", "kept"}


def test_what_was_written_over_the_checksum_is_taken_back(vault: Vault) -> None:
    for at in (0, 100):
        vault.append("case", "image", KEY, at, DATA[at : at + 100])
    vault.cut("case", "image", KEY, 100)
    assert vault.arrived("case", "image", KEY) == DATA[:100] and vault.size(
        "case", "image", KEY) == 100  # fmt: skip
    with pytest.raises(ValueError, match="between"):
        vault.cut("case", "image", KEY, 50)


def test_erased_is_gone(vault: Vault, tmp_path: Path) -> None:
    vault.append("case", "image", KEY, 0, b"abc")
    vault.keep("case", "image", KEY, b"abc")
    vault.keep("other", "image", KEY, b"abc")
    vault.erase("case", ["image", "never"])
    assert list((tmp_path / "case").iterdir()) == []
    assert vault.size("case", "image", KEY) == 0
    vault.erase_case("other")
    assert not (tmp_path / "other").exists()
