"""Reads what is on disk after a fault: is every acknowledged thing there exactly once?

Messages, stays and incidents of one consultation, straight from the database file, read only. What
must be true of them is a list of complaints here, each a sentence; none when all is well.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Incident:
    kind: str
    seat: str  # the person's name in the consultation, "" for the room
    started: float  # seconds since 1970
    ended: float | None


@dataclass(frozen=True)
class History:
    """One consultation as it is stored. ``stays``: (name, entered, left)."""

    messages: tuple[tuple[int, str, str, str], ...]  # number, name, client id, text
    stays: tuple[tuple[str, float, float | None], ...]
    incidents: tuple[Incident, ...]


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


def read(database: Path, consultation: str) -> History:
    """Raises sqlite3.Error when there is nothing to read."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        ask = connection.execute
        messages = ask(
            "SELECT m.number, s.name, m.client_id, m.text FROM messages m JOIN seats s"
            " ON s.id = m.seat_id WHERE m.consultation_id = ? ORDER BY m.number",
            (consultation,),
        ).fetchall()
        stays = ask(
            "SELECT s.name, a.entered_at, a.left_at FROM attendances a JOIN seats s"
            " ON s.id = a.seat_id WHERE a.consultation_id = ? ORDER BY a.entered_at",
            (consultation,),
        ).fetchall()
        incidents = ask(
            "SELECT i.kind, coalesce(s.name, ''), i.started_at, i.ended_at FROM incidents i"
            " LEFT JOIN seats s ON s.id = i.seat_id WHERE i.consultation_id = ?"
            " ORDER BY i.started_at",
            (consultation,),
        ).fetchall()
    return History(
        tuple(messages),
        tuple((name, _instant(a) or 0.0, _instant(b)) for name, a, b in stays),
        tuple(Incident(k, name, _instant(a) or 0.0, _instant(b)) for k, name, a, b in incidents),
    )


def complaints(
    history: History, acknowledged: Sequence[str], logs: Mapping[str, Sequence[str]]
) -> list[str]:
    """What is wrong, in sentences. ``acknowledged``: texts a page said were delivered, each written
    once; ``logs``: the texts each person's page shows now, in order."""
    return [
        *_of_messages(history, acknowledged),
        *_of_logs(history, logs),
        *_of_stays(history),
    ]


def _of_messages(history: History, acknowledged: Sequence[str]) -> list[str]:
    stored = Counter(text for _, _, _, text in history.messages)
    ids = Counter((name, client) for _, name, client, _ in history.messages)
    numbers = [number for number, *_ in history.messages]
    found = [f"acknowledged and lost: {text!r}" for text in acknowledged if not stored[text]]
    found += [f"stored {n} times: {text!r}" for text, n in stored.items() if n > 1]
    found += [f"one id twice: {name} {client}" for (name, client), n in ids.items() if n > 1]
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"numbers with a hole or a double: {numbers}")
    return found


def _of_logs(history: History, logs: Mapping[str, Sequence[str]]) -> list[str]:
    stored = [text for *_, text in history.messages]
    return [
        f"{name} reads {len(shown)} messages where {len(stored)} are stored, or in another order"
        for name, shown in logs.items()
        if list(shown) != stored
    ]


def _of_stays(history: History) -> list[str]:
    """A seat that was kept is one stay, without an end."""
    stays = Counter(name for name, _, _ in history.stays)
    found = [f"{name} has {n} stays instead of one" for name, n in stays.items() if n > 1]
    return found + [f"{name} left" for name, _, left in history.stays if left is not None]


def cut_written(history: History, name: str, begun: float, ended: float) -> list[str]:
    """Whether a cut of this person's link is an incident, once, with its times: it is noticed some
    seconds after, and told as of when it began."""
    cuts = [
        one
        for one in history.incidents
        if one.kind == "cut" and one.seat == name and begun - 2 <= one.started <= begun + 2
    ]
    if len(cuts) != 1:
        return [f"{len(cuts)} incidents for the cut of {name}'s link"]
    if cuts[0].ended is None or not ended - 2 <= cuts[0].ended <= ended + 10:
        return [f"the cut of {name}'s link is told to end at the wrong time"]
    return []
