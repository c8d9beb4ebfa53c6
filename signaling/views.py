"""What one seat may see of its room, as PROTOCOL.md names it. PURE.

Whoever is not in sees only themselves. The door, and others' consent, are for members.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

from signaling.seats import Claim, Message, Room, Seat, SlotUse, Stage

# Of a room, but not of its body.
UNSEEN: dict[str, Any] = {"rev": 0, "messages": (), "stills": (), "wanted": (), "refused": ()}


def stamp(at: dt.datetime | None) -> str | None:
    """RFC 3339, UTC, milliseconds."""
    if at is None:
        return None
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def me(seat: Seat, stage: Stage) -> dict[str, Any]:
    return {
        "seat": seat.id,
        "stage": stage.value,
        "host": seat.host,
        "member": seat.member,
        "consent": seat.consent,
    }


def row(seat: Seat) -> dict[str, Any]:
    """A seat that is in, as a member sees it."""
    return {
        "seat": seat.id,
        "name": seat.name,
        "place": seat.place,
        "kind": seat.kind,
        "stage": seat.stage.value,
        "host": seat.host,
        "hand": seat.hand,
        "mic": seat.devices.mic,
        "camera": seat.devices.camera,
        "exam": seat.devices.exam,
        "exam_kind": seat.devices.exam_kind,
        "connection": seat.connection.value,
        "lost_at": stamp(seat.lost_at),
        "consent": seat.consent,
    }


def others(rows: list[dict[str, Any]], to: Seat) -> list[dict[str, Any]]:
    """Whoever is in, as one of them sees it."""
    if to.member:
        return rows
    return [each if each["seat"] == to.id else {**each, "consent": None} for each in rows]


def waiting(seat: Seat, again: bool, since: dt.datetime | None) -> dict[str, Any]:
    return {
        "seat": seat.id,
        "name": seat.name,
        "kind": seat.kind,
        "again": again,
        "consent": seat.consent,
        "waiting_since": stamp(since),
    }


def door(room: Room) -> list[dict[str, Any]]:
    at_door = [
        (s.waiting_since, waiting(s, s.again, s.waiting_since))
        for s in room.seats
        if s.stage is Stage.DOOR
    ]
    at_door += [
        (c.waiting_since, waiting(room.by_id[c.seat], True, c.waiting_since))
        for c in room.claims
        if c.stage is Stage.DOOR
    ]
    return [w for _, w in sorted(at_door, key=lambda pair: str(pair[0]))]


def refusals(room: Room) -> list[dict[str, Any]]:
    """Who refuses consent and is neither in nor at the door."""
    there = (Stage.IN, Stage.DOOR)
    refused = [s for s in room.seats if s.consent is False and s.stage not in there]
    return [{"seat": s.id, "name": s.name} for s in refused]


def matters(room: Room) -> dict[str, str]:
    """What matters in the pictures of whoever is in, where somebody said so."""
    return {f"{s.id}/{source}": what for s in room.inside for source, what in s.matters}


def body(
    room: Room, seat: Seat, claim: Claim | None = None, rows: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The room for one seat, or for a second device which claims it, without `rev` and `now`.
    `rows` are those of whoever is in, when they were made already."""
    stage = claim.stage if claim else seat.stage
    inside = stage is Stage.IN
    made = rows if rows is not None else [row(s) for s in room.inside]
    return {
        "status": room.status.value,
        "locked": room.locked,
        "started_at": stamp(room.started_at),
        "ended_at": stamp(room.ended_at),
        "me": me(seat, stage),
        "seats": others(made, seat) if inside else [],
        "door": door(room) if inside and seat.member else [],
        "refusals": refusals(room) if inside and seat.member else [],
        "matters": matters(room) if inside else {},
    }


def same(before: Room, room: Room) -> bool:
    """Whether nothing changed that anybody sees here: most of what happens is a part of a still,
    or nothing at all."""
    return replace(before, **UNSEEN) == replace(room, **UNSEEN)


def bodies(room: Room) -> dict[str, dict[str, Any]]:
    """What each connected socket sees."""
    rows = [row(s) for s in room.inside]
    seen = {s.socket: body(room, s, rows=rows) for s in room.seats if s.socket}
    seen.update({c.socket: body(room, room.by_id[c.seat], c, rows) for c in room.claims})
    return seen


def message(said: Message) -> dict[str, Any]:
    return {
        "number": said.number,
        "seat": said.seat,
        "name": said.name,
        "text": said.text,
        "at": stamp(said.at),
    }


def slots(session: str, uses: tuple[SlotUse, ...]) -> dict[str, Any]:
    rows = [{"slot": use.slot, "seat": use.seat, "kind": use.kind} for use in uses]
    return {"session": session, "slots": rows}
