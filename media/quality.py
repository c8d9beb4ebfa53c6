"""Reads the ladder, `config/quality.toml`, at start. Refuses an absurd one with line and reason.

Says every wrong key at once, in French and in English, as the settings do. Decides nothing about
calls: `media/core/allocation/ladder.py` holds what was read.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.core.allocation.absurd import absurdities
from media.core.allocation.ladder import (
    MATTERS,
    PICTURED,
    AudioRow,
    CodecRules,
    Hysteresis,
    Level,
    LinkRules,
    Quality,
    StartRules,
    StillRules,
    VoiceStep,
)

DEFAULT = Path(__file__).parent.parent / "config" / "quality.toml"
RATE = (0, 100_000_000)


@dataclass(frozen=True)
class Field:
    """What one key may be: int, float or bool, between two bounds. A float may be written 3."""

    kind: type
    least: float = 0
    most: float = RATE[1]


_RATE, _SOME = Field(int), Field(int, 1)
_FRACTION, _SECONDS = Field(float, 0, 0.5), Field(float, 0.1, 600)
LEVEL = {"least": _SOME, "best": _SOME, "fps": Field(int, 1, 60), "layers": Field(int, 1, 3)}
AUDIO = {
    "bitrate": Field(int, 6000, 510_000), "ptime": Field(int), "red": Field(bool),
    "least": _RATE, "loss": Field(float, 0, 1),
}  # fmt: skip
SECTIONS: Mapping[str, Mapping[str, Field]] = {
    "link": {"margin": _FRACTION, "feedback": Field(int, 0, 50_000), "transfer": _FRACTION},
    **{f"{rung}.{matters}": LEVEL for rung in PICTURED for matters in MATTERS},
    "stills": {
        "least": _SOME, "every": _SECONDS, "slowest": _SECONDS,
        "bytes": Field(int, 500, 1_000_000), "fewest": Field(int, 500, 1_000_000),
    },
    "voice": {"least": _SOME},
    "text": {},
    "ample": dict.fromkeys(MATTERS, _SOME),
    "codec": {"av1_below": _RATE, "vp8_above": _RATE, "vp8_least": _RATE},
    "hysteresis": {
        **dict.fromkeys(("fall", "climb", "relapse", "longest", "window", "voice", "layer",
                         "focus"), _SECONDS),
        "room": Field(float, 1, 3),
    },
    "start": {
        "near": _SOME, "far": _SOME, "round_trip": _SECONDS, "remembered": Field(float, 0.1, 1),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One absurdity: its line (0: none), its key, what is expected in French and in English."""

    line: int
    key: str
    fr: str
    en: str

    def __str__(self) -> str:
        where = f"{self.line}: " if self.line else ""
        return f"quality.toml:{where}{self.key}: {self.fr} / {self.en}"


class QualityError(Exception):
    """Every absurdity of a ladder."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


_HEADER = re.compile(r"\s*\[(\[?)\s*([\w.\-]+)\s*\]")
_KEY = re.compile(r"\s*([\w\-]+(?:\s*\.\s*[\w\-]+)*)\s*=")


def lines_of(text: str) -> dict[str, int]:
    """The line on which each section and each key stands, by dotted name; rows are numbered."""
    found: dict[str, int] = {}
    section, rows = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = header[2]
            if header[1]:
                rows[section] = rows.get(section, -1) + 1
                section = f"{section}.{rows[section]}"
            found.setdefault(section, number)
        elif key := _KEY.match(line):
            name = re.sub(r"\s", "", key[1])
            found.setdefault(f"{section}.{name}" if section else name, number)
    return found


class _Reading:
    """One file being read: takes known keys out of the tree, collects what is wrong."""

    def __init__(self, tree: dict[str, Any], lines: Mapping[str, int]) -> None:
        self.tree = tree
        self.problems: list[Problem] = []
        self._lines = lines

    def wrong(self, key: str, fr: str, en: str) -> None:
        """Note a problem, on the key's line or else its section's."""
        name = key
        while name and name not in self._lines:
            name = name.rpartition(".")[0]
        self.problems.append(Problem(self._lines.get(name, 0), key, fr, en))

    def section(self, name: str, fields: Mapping[str, Field]) -> dict[str, Any]:
        """The values of one section."""
        place: Any = self.tree
        for part in name.split("."):
            place = place.get(part) if isinstance(place, dict) else None
        return self.values(name, place, fields)

    def values(self, name: str, place: Any, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Those of a table, whatever stands there."""
        if not isinstance(place, dict):
            self.wrong(name, "section attendue", "section expected")
            return {}
        for key in place.keys() - fields.keys():
            self.wrong(f"{name}.{key}", "clé inconnue", "unknown key")
        return {key: self._value(f"{name}.{key}", place.get(key), field)
                for key, field in fields.items()}  # fmt: skip

    def _value(self, key: str, value: Any, field: Field) -> Any:
        if value is None:
            self.wrong(key, "clé attendue", "key expected")
        elif field.kind is bool:
            if not isinstance(value, bool):
                self.wrong(key, "true ou false est attendu", "true or false is expected")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, *_NUMBER[field.kind])
        elif field.kind is int and isinstance(value, float):
            self.wrong(key, *_NUMBER[int])
        elif not field.least <= value <= field.most:
            bounds = f"{field.least:g} … {field.most:g}"
            self.wrong(key, f"entre ces bornes : {bounds}", f"within these bounds: {bounds}")
        else:
            return field.kind(value)
        return value if isinstance(value, bool) else None


_NUMBER = {
    int: ("un nombre entier est attendu", "a whole number is expected"),
    float: ("un nombre est attendu", "a number is expected"),
}


def load(path: Path | None = None) -> Quality:
    """The ladder of a file, of Carbet's own without `path`. Raises `QualityError`."""
    try:
        text = (path or DEFAULT).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        problem = Problem(0, str(path or DEFAULT), "fichier illisible", "file cannot be read")
        raise QualityError((problem,)) from None
    return parse(text)


def parse(text: str) -> Quality:
    """The ladder of a text. Raises `QualityError`."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = re.search(r"line (\d+)", str(error))
        line = int(where[1]) if where else 0
        problem = Problem(line, "TOML", f"mal formé ({error})", f"malformed ({error})")
        raise QualityError((problem,)) from None
    reading = _Reading(tree, lines_of(text))
    _unknown(reading)
    read = {name: reading.section(name, fields) for name, fields in SECTIONS.items()}
    heights = {matters: tuple(_heights(reading, matters)) for matters in MATTERS}
    audio = _audio(reading)
    if not reading.problems:
        quality = _built(read, heights, audio)
        for absurdity in absurdities(quality):
            reading.wrong(*absurdity)
    if reading.problems:
        raise QualityError(tuple(sorted(reading.problems, key=lambda one: one.line)))
    return quality


def _unknown(reading: _Reading) -> None:
    known = {name.partition(".")[0] for name in SECTIONS} | {"heights", "audio"}
    for name in reading.tree.keys() - known:
        reading.wrong(name, "section inconnue", "unknown section")
    for parent, inner in (*((rung, MATTERS) for rung in PICTURED), ("heights", MATTERS)):
        table = reading.tree.get(parent)
        for name in table.keys() - set(inner) if isinstance(table, dict) else ():
            reading.wrong(f"{parent}.{name}", "clé inconnue", "unknown key")


def _heights(reading: _Reading, matters: str) -> Iterator[tuple[int, int]]:
    table = reading.tree.get("heights")
    steps = table.get(matters) if isinstance(table, dict) else None
    good = isinstance(steps, list) and steps and all(
        isinstance(step, list) and len(step) == 2 and all(type(part) is int for part in step)
        for step in steps
    )  # fmt: skip
    if not good:
        reading.wrong(f"heights.{matters}", "liste de [bit/s, lignes] attendue",
                      "list of [bit/s, lines] expected")  # fmt: skip
        return
    assert steps
    yield from ((rate, lines) for rate, lines in steps)


def _audio(reading: _Reading) -> list[dict[str, Any]]:
    rows = reading.tree.get("audio")
    if not isinstance(rows, list) or not rows:
        reading.wrong("audio", "au moins une ligne [[audio]] est attendue",
                      "at least one [[audio]] row is expected")  # fmt: skip
        return []
    return [reading.values(f"audio.{n}", row, AUDIO) for n, row in enumerate(rows)]


def _built(
    read: Mapping[str, Mapping[str, Any]],
    heights: Mapping[str, tuple[tuple[int, int], ...]],
    audio: list[dict[str, Any]],
) -> Quality:
    rows = [AudioRow(VoiceStep(row["bitrate"], row["ptime"], row["red"]), row["least"], row["loss"])
            for row in audio]  # fmt: skip
    return Quality(
        LinkRules(**read["link"]),
        {rung: {matters: Level(**read[f"{rung}.{matters}"]) for matters in MATTERS}
         for rung in PICTURED},
        StillRules(**read["stills"]), read["voice"]["least"], heights, read["ample"],
        CodecRules(**read["codec"]), tuple(rows), Hysteresis(**read["hysteresis"]),
        StartRules(**read["start"]),
    )  # fmt: skip
