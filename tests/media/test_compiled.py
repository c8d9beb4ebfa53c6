"""Compiled modules are taken only when they were made of the sources that are there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media import compiled


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    (tmp_path / "media" / "core" / "packets").mkdir(parents=True)
    (tmp_path / "media" / "core" / "packets" / f"rtp{compiled.SUFFIX}").write_bytes(b"")
    yield tmp_path


def _finders() -> list[Any]:
    return [each for each in sys.meta_path if isinstance(each, compiled._Finder)]


@pytest.mark.parametrize("stamp", [None, "", "of other sources"])
def test_what_was_made_of_other_sources_is_left_alone(folder: Path, stamp: str | None) -> None:
    before = len(_finders())
    if stamp is not None:
        (folder / compiled.STAMP).write_text(stamp)
    assert compiled.use() is False
    assert len(_finders()) == before


def test_what_was_made_of_these_is_found_by_name_and_nothing_else(folder: Path) -> None:
    (folder / compiled.STAMP).write_text(compiled.digest())
    assert compiled.use() is True and compiled.is_used()
    finder = _finders()[0]
    spec = finder.find_spec("media.core.packets.rtp", None)
    assert spec is not None and spec.origin == str(
        folder / "media" / "core" / "packets" / f"rtp{compiled.SUFFIX}"
    )
    assert finder.find_spec("media.core.packets.rtcp", None) is None
    assert finder.find_spec("rtp", None) is None


def test_the_digest_tells_each_source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.digest()
    made = folder / "root"
    (made / "media").mkdir(parents=True)
    (made / "media" / "a.py").write_text("a = 1\n")
    monkeypatch.setattr(compiled, "ROOT", made)
    first = compiled.digest()
    (made / "media" / "a.py").write_text("a = 2\n")
    assert len({before, first, compiled.digest()}) == 3


def test_every_module_of_the_packet_path_is_there() -> None:
    names = {str(each) for each in compiled.modules()}
    assert {"media/core/packets/rtp.py", "media/track.py", "media/srtp.py"} <= names
    assert all((compiled.ROOT / each).exists() for each in names)


def test_without_a_compiler_the_sources_are_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise subprocess.CalledProcessError(1, "mypyc")

    monkeypatch.setattr(subprocess, "run", fails)
    assert compiled.main() == 1
    assert "not compiled" in capsys.readouterr().err
    assert compiled.use() is False
