"""Pointers over stills: where each person shows something, to the others. PURE.

A place is worth nothing a moment later: only the latest is told, at the pace a receiver's link
can bear, and none is kept.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

from signaling.effects import Effect, Reply, Send
from signaling.messages import Point
from signaling.seats import Room, Seat
from signaling.still import Pointed, Pointer
from signaling.stills import may_see

# A place costs about 200 bytes: at these paces never more than 3 kbit/s of a thin link.
PACES = ((256_000.0, dt.timedelta(seconds=0.1)), (64_000.0, dt.timedelta(seconds=0.3)))
SLOWEST = dt.timedelta(seconds=1)

Outcome = tuple[Room, tuple[Effect, ...]]


def point(room: Room, seat: Seat, command: Point, now: dt.datetime) -> Outcome:
    still = room.still(command.still)
    if not seat.inside or still is None or not may_see(seat, still):
        return room, (Reply("not_allowed"),)
    pointer = Pointer(command.still, command.x, command.y)
    return room.put(replace(seat, pointer=pointer)), (Reply(),)


def _pace(receiver: Seat) -> dt.timedelta:
    down = receiver.link.down
    if down is None or down.rate is None:
        return PACES[0][1]
    return next((pace for least, pace in PACES if (down.rate or 0.0) >= least), SLOWEST)


def tell(room: Room, now: dt.datetime) -> Outcome:
    """To each who is in, the others' places which changed, if it is time."""
    sends: list[Effect] = []
    if not any(seat.pointer for seat in room.seats):
        return room, ()
    for seat in room.inside:
        if seat.socket is None:
            continue
        pointed = seat.pointed
        if pointed is None or pointed.socket != seat.socket:
            pointed = Pointed(seat.socket)
        if pointed.at is not None and now - pointed.at < _pace(seat):
            continue
        places = _places(room, seat)
        news = [(who, p) for who, p in places if (who, p) not in pointed.shown]
        if news:
            sends += [Send(seat.socket, "pointer", _row(who, p)) for who, p in news]
            room = room.put(replace(seat, pointed=Pointed(seat.socket, now, places)))
    return room, tuple(sends)


def _places(room: Room, receiver: Seat) -> tuple[tuple[str, Pointer], ...]:
    """The others' pointers over stills the receiver may see. Whoever left points nowhere."""
    found = []
    for other in room.seats:
        pointer = other.pointer
        still = room.still(pointer.still) if pointer else None
        if pointer is None or other.id == receiver.id or still is None:
            continue
        if may_see(receiver, still):
            place = pointer if other.inside else Pointer(pointer.still, None, None)
            found.append((other.id, place))
    return tuple(found)


def _row(seat: str, pointer: Pointer) -> dict[str, Any]:
    return {"still": pointer.still, "seat": seat, "x": pointer.x, "y": pointer.y}
