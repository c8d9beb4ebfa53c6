"""Bytes on disk: encrypted, in order, whole records or none, wherever a power cut falls."""

import errno
import os
from pathlib import Path

import pytest

from server.kernel.secrets import Secret
from signaling.album import Album, Damaged

DATA = bytes(range(256)) * 40
AT = ("consultation", "still")


@pytest.fixture
def album(tmp_path: Path, secret: Secret) -> Album:
    return Album(tmp_path / "stills", secret)


def filled(album: Album, stage: int = 0, part: int = 1000) -> Album:
    for offset in range(0, len(DATA), part):
        got = album.append(*AT, stage, offset, DATA[offset : offset + part])
        assert got == min(len(DATA), offset + part)
    return album


def parts(tmp_path: Path) -> Path:
    return tmp_path / "stills/consultation/still-0.part"


def test_what_is_added_in_order_is_what_is_there(album: Album) -> None:
    assert album.size(*AT, 0) == 0
    assert filled(album).gathered(*AT, 0) == DATA
    assert album.size(*AT, 0) == len(DATA) and album.size(*AT, 1) == 0


def test_a_part_sent_twice_or_half_known_adds_what_is_new(album: Album) -> None:
    assert album.append(*AT, 0, 0, DATA[:1000]) == 1000
    assert album.append(*AT, 0, 0, DATA[:1000]) == 1000
    assert album.append(*AT, 0, 500, DATA[500:1500]) == 1500
    assert album.append(*AT, 0, 2000, DATA[2000:3000]) == 1500, "something is missing before"
    assert album.gathered(*AT, 0) == DATA[:1500]


def test_nothing_of_it_can_be_read_on_disk(album: Album, tmp_path: Path) -> None:
    filled(album).keep(*AT, 0, DATA)
    for path in (tmp_path / "stills/consultation").iterdir():
        assert DATA[:32] not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "stills/consultation").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("tenth", range(11))
def test_a_power_cut_in_the_middle_of_a_part_costs_that_part(
    album: Album, tmp_path: Path, tenth: int
) -> None:
    filled(album, part=1024)
    path = parts(tmp_path)
    whole = path.stat().st_size
    record = whole // 10
    os.truncate(path, whole - record + record * tenth // 10)
    again = Album(tmp_path / "stills", Secret(bytes(range(32))))
    expected = len(DATA) if tenth == 10 else len(DATA) - 1024
    assert again.size(*AT, 0) == expected
    assert again.append(*AT, 0, expected, DATA[expected:] or b"x") >= expected
    assert again.gathered(*AT, 0)[: len(DATA)] == DATA


def test_a_full_disk_adds_nothing(
    album: Album, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    album.append(*AT, 0, 0, DATA[:1000])
    before = parts(tmp_path).read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="full"):
            album.append(*AT, 0, 1000, DATA[1000:2000])
    assert parts(tmp_path).read_bytes() == before
    assert album.append(*AT, 0, 1000, DATA[1000:2000]) == 2000


def test_a_file_which_another_hand_shortened_is_read_again(album: Album, tmp_path: Path) -> None:
    filled(album, part=1024)
    path = parts(tmp_path)
    os.truncate(path, path.stat().st_size - 1)
    assert album.append(*AT, 0, len(DATA), b"more") == len(DATA) - 1024
    assert album.append(*AT, 0, len(DATA) - 1024, DATA[-1024:]) == len(DATA)
    assert album.gathered(*AT, 0) == DATA


def test_each_part_is_on_disk_before_it_counts(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd))[1])
    album.append(*AT, 0, 0, DATA[:10])
    assert len(synced) == 2, "the file, and its new name"
    album.append(*AT, 0, 10, DATA[10:20])
    assert len(synced) == 3


@pytest.mark.parametrize("at", [0, 3, 4, 20, 200, -1])
def test_a_changed_byte_is_not_believed(album: Album, tmp_path: Path, at: int) -> None:
    album.keep(*AT, 0, DATA)
    path = tmp_path / "stills/consultation/still-0"
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(Damaged):
        album.read(*AT, 0)


def test_a_file_moved_elsewhere_is_not_believed(album: Album, tmp_path: Path) -> None:
    album.keep(*AT, 0, DATA)
    folder = tmp_path / "stills/consultation"
    raw = (folder / "still-0").read_bytes()
    (folder / "other-0").write_bytes(raw)
    (folder / "still-1").write_bytes(raw)
    (tmp_path / "stills/elsewhere").mkdir()
    (tmp_path / "stills/elsewhere/still-0").write_bytes(raw)
    for place in (("consultation", "other", 0), ("consultation", "still", 1),
                  ("elsewhere", "still", 0), ("consultation", "none", 0)):  # fmt: skip
        with pytest.raises(Damaged):
            album.read(*place)
    with pytest.raises(Damaged):
        Album(tmp_path / "stills", Secret(bytes(32))).read(*AT, 0)
    assert album.read(*AT, 0) == DATA


def test_records_in_another_order_end_where_the_order_ends(album: Album, tmp_path: Path) -> None:
    filled(album, part=len(DATA) // 2)
    raw = parts(tmp_path).read_bytes()
    half = len(raw) // 2
    parts(tmp_path).write_bytes(raw[half:] + raw[:half])
    assert album.gathered(*AT, 0) == b""
    assert Album(tmp_path / "stills", Secret(bytes(range(32)))).size(*AT, 0) == 0


def test_what_is_erased_is_gone_and_nothing_else(album: Album, tmp_path: Path) -> None:
    for stage in range(3):
        filled(album, stage).keep(*AT, stage, DATA)
    album.forget_parts(*AT, 0)
    album.erase(*AT, range(1, 3))
    names = [path.name for path in (tmp_path / "stills/consultation").iterdir()]
    assert names == ["still-0"] and album.read(*AT, 0) == DATA
    album.clear()
    album.clear()
    assert not (tmp_path / "stills").exists()
