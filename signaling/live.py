"""A room in memory, and what became of one of its events."""

import asyncio
from dataclasses import dataclass, field

from signaling.effects import (
    AnswerMedia,
    FindStill,
    KeepPart,
    Reply,
    WriteConsent,
    WriteMessage,
    WriteStill,
)
from signaling.rows import Batch
from signaling.seats import Room

Pending = AnswerMedia | WriteMessage | WriteConsent | WriteStill | FindStill | KeepPart


@dataclass
class Live:
    """A room in memory. Events wait for `turn`, messages for `pen`, worker commands for `wire`:
    each keeps its own order, and none holds up another."""

    room: Room
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    pen: asyncio.Lock = field(default_factory=asyncio.Lock)
    wire: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def busy(self) -> bool:
        return any(lock.locked() for lock in (self.turn, self.pen, self.wire))


@dataclass
class Done:
    """What became of an event: its acknowledgement, what is still to do for it, its batch."""

    reply: Reply | None = None
    pending: tuple[Pending, ...] = ()
    batch: Batch | None = None
