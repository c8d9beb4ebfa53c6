"""The checker: after a fault, everything acknowledged is there exactly once, and in order.

It reads what pages were told and what the database holds, and names each difference in a sentence.
It forgives nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from server.kernel.anchor import Anchor
from server.kernel.audit import Audited
from server.kernel.db import Attendance, AuditRow, Database, Incident, Message
from server.kernel.secrets import Secret
from tests.faults.keep_tab import Said, Tab


class History:
    """What the database of a house holds, once its server has ended or still runs."""

    def __init__(self, url: str, data: Path) -> None:
        self._url, self._data = url, data
        self.messages: dict[str, list[Message]] = {}
        self.attendances: dict[str, list[Attendance]] = {}
        self.incidents: dict[str, list[Incident]] = {}
        self.audit: list[AuditRow] = []
        self.broken: object = None

    async def read(self) -> "History":
        database = Database(self._url)
        try:
            async with database.read() as session:
                for message in await session.scalars(sa.select(Message).order_by(Message.number)):
                    self.messages.setdefault(message.consultation_id, []).append(message)
                for stay in await session.scalars(
                    sa.select(Attendance).order_by(Attendance.entered_at)
                ):
                    self.attendances.setdefault(stay.consultation_id, []).append(stay)
                for incident in await session.scalars(
                    sa.select(Incident).order_by(Incident.started_at)
                ):
                    self.incidents.setdefault(incident.consultation_id, []).append(incident)
                self.audit = list(
                    await session.scalars(sa.select(AuditRow).order_by(AuditRow.number))
                )
                anchor = Anchor(self._data, Secret.load(self._data))
                self.broken = await anchor.verify(session)
        finally:
            await database.close()
        return self

    def faults(
        self, consultation: str, said: Sequence[Said], tabs: Iterable[Tab] = ()
    ) -> list[str]:
        """What does not hold of one consultation; `said` in the order each person said it."""
        stored = self.messages.get(consultation, [])
        found = [] if self.broken is None else [f"the audit chain does not hold: {self.broken}"]
        if [m.number for m in stored] != list(range(1, len(stored) + 1)):
            found.append(f"messages are not numbered one by one: {[m.number for m in stored]}")
        found += _acknowledged(stored, said)
        for tab in tabs:
            found += _told(stored, tab)
        return found + self._audited(consultation, stored) + self._stays(consultation)

    def _audited(self, consultation: str, stored: list[Message]) -> list[str]:
        rows = [row for row in self.audit if row.action == Audited.MESSAGE_SAY.value
                and row.subject == consultation and row.outcome == "done"]  # fmt: skip
        numbers = [row.detail["number"] for row in rows]
        expected = [message.number for message in stored]
        found = [] if numbers == expected else [f"audited {numbers}, stored {expected}"]
        refs = Counter(
            (row.detail["ref"], row.action, row.subject) for row in self.audit
            if "ref" in row.detail
        )  # fmt: skip
        return found + [f"{key} audited {count} times" for key, count in refs.items() if count > 1]

    def _stays(self, consultation: str) -> list[str]:
        """One stay after the other for each seat; one incident of a kind at a time."""
        found = []
        of_seat: dict[str, list[Attendance]] = {}
        for stay in self.attendances.get(consultation, []):
            of_seat.setdefault(stay.seat_id, []).append(stay)
        for stays in of_seat.values():
            for one, next_ in pairwise(stays):
                if one.left_at is None or one.left_at > next_.entered_at:
                    found.append(f"two stays at once: {one.entered_at}, {next_.entered_at}")
            found += [f"a stay inside out: {s.entered_at}" for s in stays
                      if s.left_at is not None and s.left_at < s.entered_at]  # fmt: skip
        seen = Counter((i.seat_id, i.kind, i.started_at)
                       for i in self.incidents.get(consultation, []))  # fmt: skip
        found += [f"incident {key} is there {n} times" for key, n in seen.items() if n > 1]
        return found

    def entered(self, consultation: str) -> list[str]:
        """The actions of the call's audit rows, in order."""
        return [row.action for row in self.audit if row.detail.get("consultation") == consultation]


def _acknowledged(stored: list[Message], said: Sequence[Said]) -> list[str]:
    found = []
    by_id = Counter(message.client_id for message in stored)
    numbers = {message.client_id: message.number for message in stored}
    for each in said:
        if each.number is None:
            if by_id[each.client_id] > 1:
                found.append(f"{each.text!r} was never acknowledged and is there twice")
        elif by_id[each.client_id] != 1 or numbers[each.client_id] != each.number:
            found.append(f"{each.text!r}, acknowledged as {each.number}, is there "
                         f"{by_id[each.client_id]} times")  # fmt: skip
    known = {each.client_id for each in said}
    strangers = [message.text for message in stored if message.client_id not in known]
    return found + [f"{text!r} was said by nobody" for text in strangers]


def _told(stored: list[Message], tab: Tab) -> list[str]:
    numbers: list[Any] = [message["number"] for message in tab.messages]
    expected = [message.number for message in stored]
    return [] if numbers == expected else [f"a page was told {numbers}, stored is {expected}"]


def read(url: str, data: Path) -> History:
    """The history, for whoever runs no loop."""
    return asyncio.run(History(url, data).read())
