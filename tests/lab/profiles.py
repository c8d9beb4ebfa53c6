"""Reads ``profiles.toml``: what links there are, in the units of people, into those of a Way.

Refuses every key it does not know and every link that cannot be, with the profile's name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.cellular import trace
from tests.lab.emulator import BYTES_OF_KBIT, Way
from tests.lab.star import Link

FILE = Path(__file__).with_name("profiles.toml")
OF_WAY = {"up", "down", "delay", "jitter", "loss", "burst", "queue", "queue_bytes", "cuts"}
OF_CALL = {"seconds", "windows", "download", "still", "like", "sites"}
LASTING = 45.0  # seconds of a call whose profile does not say
SETTLED = 15.0  # seconds; figures of a whole call are from here on
SITES = ("site", "second")


class WrongProfile(ValueError):
    """The text names the profile and what is wrong with it."""


@dataclass(frozen=True)
class Profile:
    """One kind of call: the links of its sites ("site", "second"), and how long it lasts."""

    name: str
    links: Mapping[str, Link]
    seconds: float
    windows: Mapping[str, tuple[float, float]]  # in seconds; "" is the settled call
    download: bool
    still: float | None = None  # second at which the specialist asks for a sharp still


def load(path: Path = FILE) -> dict[str, Profile]:
    """All profiles by name. Raises WrongProfile."""
    raw = tomllib.loads(path.read_text())["profiles"]
    return {name: _profile(name, raw) for name in raw}


def one(name: str) -> Profile:
    """The profile of that name. Raises WrongProfile with the names there are."""
    every = load()
    if name not in every:
        raise WrongProfile(f"{name}: there are {', '.join(every)}")
    return every[name]


def written(line: str) -> Profile:
    """The profile of a link written out, in the words of the file: its name is the line itself.
    Raises WrongProfile."""
    try:
        raw = tomllib.loads(f"link = {{{line}}}")["link"]
    except tomllib.TOMLDecodeError as error:
        raise WrongProfile(f"{line}: {error}") from error
    return _profile(line, {**tomllib.loads(FILE.read_text())["profiles"], line: raw})


def _profile(name: str, every: Mapping[str, Any]) -> Profile:
    try:
        raw = _inherited(name, every)
        kinds = raw.get("sites", [])
        raws = [_inherited(kind, every) for kind in kinds] if kinds else [raw]
        links = {
            site: Link(_way(each, "up"), _way(each, "down"))
            for site, each in zip(SITES, raws, strict=False)
        }
        seconds = float(raw.get("seconds", LASTING))
        windows = {"": (SETTLED, seconds), **{k: (a, b) for k, (a, b) in _windows(raw).items()}}
        return Profile(
            name, links, seconds, windows, bool(raw.get("download", False)), raw.get("still")
        )
    except (ValueError, TypeError, KeyError) as error:
        raise WrongProfile(f"{name}: {error}") from error


def _windows(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    windows: Mapping[str, Any] = raw.get("windows", {})
    return windows


def _inherited(name: str, every: Mapping[str, Any]) -> dict[str, Any]:
    raw = dict(every[name])
    if unknown := set(raw) - OF_WAY - OF_CALL:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")
    if len(raw.get("sites", [])) > len(SITES):
        raise ValueError(f"at most {len(SITES)} sites")
    return {**_inherited(raw.pop("like"), every), **raw} if "like" in raw else raw


def _rate(raw: Any) -> tuple[tuple[float, float], ...]:
    if isinstance(raw, dict):
        return trace(raw["cellular"], raw["seed"])
    if isinstance(raw, list):
        return tuple((float(second), float(kbit)) for second, kbit in raw)
    return ((0.0, float(raw)),)


def _way(raw: Mapping[str, Any], direction: str) -> Way:
    def value(key: str, default: Any) -> Any:
        given = raw.get(key, default)
        return given[direction] if isinstance(given, dict) else given

    rate = _rate(raw[direction])
    queue = value("queue_bytes", None)
    if queue is None:
        queue = value("queue", 500) / 1000 * rate[0][1] * BYTES_OF_KBIT
    return Way(
        rate=rate,
        delay=value("delay", 0) / 1000,
        jitter=value("jitter", 0) / 1000,
        queue=int(queue),
        loss=value("loss", 0) / 100,
        burst=float(value("burst", 0)),
        cuts=tuple((float(at), float(at + length)) for at, length in value("cuts", [])),
    )
