"""Who waits, enters and goes. PURE.

A link alone never enters: a guest is admitted by a member who is in, and so is a second device
of a guest who is in. Members pass by themselves unless the room is locked; a host always does.
"""

import datetime as dt
from dataclasses import replace

from signaling import links
from signaling.consultation import OVER, Act, Status
from signaling.effects import (
    Audit,
    Drop,
    Effect,
    KeepOnly,
    Reply,
    RevokeInvitation,
    Send,
    StoreStatus,
)
from signaling.messages import Admit, Refuse, Remove
from signaling.seats import SEATS_IN, Claim, Room, Seat, Stage

Outcome = tuple[Room, tuple[Effect, ...]]


def refused(
    code: str, seat: Seat, action: str, subject: str, command: str = ""
) -> tuple[Effect, ...]:
    """The answer, and its trace."""
    detail = {"code": code, "command": command} if command else {"code": code}
    return Reply(code), Audit(seat.id, action, subject, "refused", detail)


def superseded(old: str | None, socket: str, same_tab: bool) -> tuple[Effect, ...]:
    if old is None or old == socket:
        return ()
    return (Drop(old),) if same_tab else (Send(old, "superseded", {}), Drop(old))


def knock(room: Room, seat: Seat, now: dt.datetime) -> Outcome:
    if room.status in OVER:
        return room, (Reply("ended"),)
    if seat.stage in (Stage.IN, Stage.DOOR):
        return room, (Reply(extra={"stage": seat.stage.value}),)
    removed = seat.stage is Stage.REMOVED
    if removed and not seat.member:
        return room, refused("not_allowed", seat, "knock", seat.id)
    if room.locked and not seat.member:
        return room, refused("locked", seat, "knock", seat.id)
    if not seat.member or removed or (room.locked and not seat.host):
        seat = replace(seat, stage=Stage.DOOR, waiting_since=now)
        audit = Audit(seat.id, "knock", seat.id, detail={"again": seat.again})
        return room.put(seat), (audit, Reply(extra={"stage": "door"}))
    if len(room.inside) >= SEATS_IN:
        return room, (Reply("full"),)
    room, effects = enter(room, seat, now)
    return room, (*effects, Reply(extra={"stage": "in"}))


def enter(room: Room, seat: Seat, now: dt.datetime) -> Outcome:
    """In. A host's entry opens a planned consultation."""
    seat = replace(
        seat,
        stage=Stage.IN,
        entered_at=now,
        here_at=now,
        meter=seat.meter.fresh(now),
        first_entered_at=seat.first_entered_at or now,
        waiting_since=None,
        hand=False,
        why="",
        link=replace(seat.link, carried=False),
    )
    seat = links.reopen(seat, now) if seat.socket else links.closed(seat)
    effects: tuple[Effect, ...] = (Audit(seat.id, "enter", seat.id),)
    if not seat.member and seat.credential:
        effects += (KeepOnly(seat.id, seat.credential),)
    if seat.host and room.status is Status.PLANNED:
        room = replace(room, status=Status.OPEN)
        effects += (StoreStatus(Act.OPEN, now), Audit(seat.id, "open", room.id))
    return room.put(seat), effects


def knock_again(room: Room, claim: Claim, now: dt.datetime) -> Outcome:
    """A second device of a guest who is in."""
    if room.status in OVER:
        return room, (Reply("ended"),)
    seat = room.by_id[claim.seat]
    if room.locked:
        return room, refused("locked", seat, "knock", seat.id)
    since = claim.waiting_since or now
    room = room.with_claim(replace(claim, stage=Stage.DOOR, waiting_since=since))
    if claim.stage is Stage.DOOR:
        return room, (Reply(extra={"stage": "door"}),)
    audit = Audit(seat.id, "knock", seat.id, detail={"again": True})
    return room, (audit, Reply(extra={"stage": "door"}))


def admit(room: Room, by: Seat, command: Admit, now: dt.datetime) -> Outcome:
    if not (by.inside and by.member):
        return room, refused("not_allowed", by, "admit", command.seat)
    target = room.by_id.get(command.seat)
    claim = next((c for c in room.claims if c.seat == command.seat), None)
    if target and claim and claim.stage is Stage.DOOR:
        return _move(room, by, target, claim, now)
    if target and target.inside:
        return room, (Reply(),)
    if target is None or target.stage is not Stage.DOOR:
        return room, refused("not_allowed", by, "admit", command.seat)
    if len(room.inside) >= SEATS_IN:
        return room, (Reply("full"),)
    room, effects = enter(room, target, now)
    return room, (Audit(by.id, "admit", target.id), *effects, Reply())


def _move(room: Room, by: Seat, seat: Seat, claim: Claim, now: dt.datetime) -> Outcome:
    """The seat passes to the device which was at the door."""
    effects = superseded(seat.socket, claim.socket, same_tab=False)
    moved = replace(
        seat,
        socket=claim.socket,
        tab=claim.tab,
        credential=claim.credential,
        generation=claim.generation,
        told=claim.told,
        again=True,
    )
    room, entered = enter(room.without_claim(claim.socket), moved, now)
    return room, (Audit(by.id, "admit", seat.id), *entered, *effects, Reply())


# Going


def go(seat: Seat, stage: Stage, why: str) -> Seat:
    """The seat, out of the call."""
    seat = links.closed(seat)
    return replace(seat, stage=stage, why=why, hand=False, waiting_since=None, listed="")


def refuse(room: Room, by: Seat, command: Refuse, now: dt.datetime) -> Outcome:
    if not (by.inside and by.member):
        return room, refused("not_allowed", by, "refuse", command.seat)
    audit = Audit(by.id, "refuse", command.seat)
    claim = next((c for c in room.claims if c.seat == command.seat), None)
    if claim and claim.stage is Stage.DOOR:
        claim = replace(claim, stage=Stage.REFUSED, waiting_since=None)
        return room.with_claim(claim), (audit, Reply())
    target = room.by_id.get(command.seat)
    if target and target.stage is Stage.DOOR:
        return room.put(go(target, Stage.REFUSED, "refused")), (audit, Reply())
    if target and (target.stage is Stage.REFUSED or claim):
        return room, (Reply(),)
    return room, refused("not_allowed", by, "refuse", command.seat)


def remove(room: Room, by: Seat, command: Remove, now: dt.datetime) -> Outcome:
    """Out, and not back by the same link."""
    target = room.by_id.get(command.seat)
    if target and target.stage is Stage.REMOVED and by.host:
        return room, (Reply(),)
    there = target and target.stage in (Stage.IN, Stage.DOOR)
    if target is None or not there or not (by.inside and by.host) or target.id == by.id:
        return room, refused("not_allowed", by, "remove", command.seat)
    effects: tuple[Effect, ...] = (Audit(by.id, "remove", target.id), Reply())
    if not target.member:
        effects += (RevokeInvitation(target.id),)
        sockets = [c.socket for c in room.claims if c.seat == target.id]
        for socket in [*sockets, *((target.socket,) if target.socket else ())]:
            effects += (Send(socket, "revoked", {}), Drop(socket))
            room = room.without_claim(socket)
        target = replace(target, barred=target.generation, socket=None)
    return room.put(go(target, Stage.REMOVED, "removed")), effects


def leave(room: Room, seat: Seat, now: dt.datetime) -> Outcome:
    if seat.stage in (Stage.IN, Stage.DOOR):
        room = room.put(go(seat, Stage.LEFT, "left"))
    return room, (Reply(),)


def end(room: Room, by: Seat, now: dt.datetime) -> Outcome:
    if by.host and room.status in OVER:
        return room, (Reply(),)
    if not (by.inside and by.host):
        return room, refused("not_allowed", by, "end", room.id)
    effects = (StoreStatus(Act.END, now), Audit(by.id, "end", room.id), Reply())
    return over(room, Status.ENDED, now), effects


def over(room: Room, status: Status, now: dt.datetime) -> Room:
    """Everybody out; whoever is still connected is told so."""
    for seat in room.seats:
        if seat.inside:
            room = room.put(go(seat, Stage.LEFT, "ended"))
        elif seat.stage is Stage.DOOR:
            stage = Stage.READY if seat.socket else Stage.AWAY
            room = room.put(go(seat, stage, ""))
    claims = tuple(replace(c, stage=Stage.READY, waiting_since=None) for c in room.claims)
    return replace(room, status=status, ended_at=now, locked=False, claims=claims)
