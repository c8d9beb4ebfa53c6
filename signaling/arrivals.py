"""Who connects and who vanishes: tabs, second devices, sessions that were revoked. PURE.

A seat has one live tab, the newest. A guest's second device never takes the seat of one who is
in: it waits at the door by itself.
"""

import datetime as dt
from dataclasses import replace

from signaling import links, quality, views
from signaling.door import Outcome, go, superseded
from signaling.effects import Audit, Drop, Effect, Send
from signaling.events import Arrival, Arrived, Revoked, Vanished
from signaling.seats import Claim, Room, Seat, Stage


def _known(room: Room, arrival: Arrival) -> Seat:
    """The seat, with what the database says today of its person."""
    seat = room.by_id.get(arrival.seat)
    if seat is None:
        stage = Stage.AWAY if arrival.stage in (Stage.IN, Stage.DOOR) else arrival.stage
        seat = Seat(arrival.seat, arrival.name, arrival.kind, stage=stage, consent=arrival.consent)
    return replace(
        seat,
        name=arrival.name,
        kind=arrival.kind,
        place=arrival.place,
        host=arrival.host,
        member=arrival.member,
        again=arrival.again or seat.again,
        generation=arrival.generation,
        site=arrival.site,
    )


def _another_device(seat: Seat, arrival: Arrival) -> bool:
    """Whether this is a guest's device other than the one which was admitted. After a restart
    only times are known: whatever was opened after the seat's entry was not admitted."""
    if seat.member or arrival.credential == seat.credential:
        return False
    if seat.credential is not None or seat.entered_at is None:
        return True
    return arrival.since > seat.entered_at


def arrive(room: Room, event: Arrived, now: dt.datetime) -> Outcome:
    known = room.by_id.get(event.arrival.seat)
    seat = _known(room, event.arrival)
    barred = seat.stage is Stage.REMOVED and not seat.member
    if barred and event.arrival.generation <= seat.barred:
        return room, (Send(event.socket, "revoked", {}), Drop(event.socket))
    other = known is not None and _another_device(seat, event.arrival)
    if seat.inside and other:
        return _claim(room.put(seat), event)
    return _sit(room, seat, event, other, now)


def _starts_afresh(seat: Seat, other: bool, same_tab: bool) -> bool:
    """Whether whoever arrives is back before the door."""
    match seat.stage:
        case Stage.AWAY:
            return True
        case Stage.LEFT | Stage.REFUSED:
            return not same_tab
        case Stage.REMOVED:
            return not seat.member
        case Stage.DOOR:
            return other
        case _:
            return False


def _sit(room: Room, seat: Seat, event: Arrived, other: bool, now: dt.datetime) -> Outcome:
    same_tab = seat.tab == event.tab
    effects = superseded(seat.socket, event.socket, same_tab)
    effects += (Audit(seat.id, "connect", seat.id),)
    seat = replace(
        seat,
        stage=Stage.READY if _starts_afresh(seat, other, same_tab) else seat.stage,
        socket=event.socket,
        tab=event.tab,
        credential=event.arrival.credential,
        told=event.last_message,
        rtt=event.rtt,
        saver=event.saver,
        here_at=seat.here_at if same_tab else now,
    )
    if not seat.inside:
        return room.put(seat), effects
    resumed = links.resume(seat, event.session, now)
    link = resumed.link
    if link.session and link.slots:
        effects += (Send(event.socket, "slots", views.slots(link.session, link.slots)),)
    return room.put(resumed), (*effects, *quality.plan_of(resumed))


def _claim(room: Room, event: Arrived) -> Outcome:
    effects: tuple[Effect, ...] = ()
    for old in [c for c in room.claims if c.seat == event.arrival.seat]:
        room = room.without_claim(old.socket)
        effects += superseded(old.socket, event.socket, old.tab == event.tab)
    claim = Claim(
        event.arrival.seat,
        event.socket,
        event.tab,
        event.arrival.credential,
        event.arrival.generation,
        event.last_message,
    )
    return room.with_claim(claim), effects


def vanish(room: Room, event: Vanished, now: dt.datetime) -> Outcome:
    seat = room.seat_of(event.socket)
    if seat is None:
        return room.without_claim(event.socket), ()
    stage = Stage.AWAY if seat.stage is Stage.READY else seat.stage
    return room.put(replace(seat, socket=None, stage=stage)), ()


def revoke(room: Room, event: Revoked, now: dt.datetime) -> Outcome:
    """The login session or the link ended: out at once, packets included."""
    effects: tuple[Effect, ...] = ()
    for seat in room.seats:
        if seat.credential not in event.credentials:
            continue
        if seat.socket:
            effects += (Send(seat.socket, "revoked", {}), Drop(seat.socket))
        seat = replace(seat, socket=None)
        if seat.stage in (Stage.IN, Stage.DOOR):
            seat = go(seat, Stage.LEFT, "revoked")
        elif seat.stage is Stage.READY:
            seat = go(seat, Stage.AWAY, "")
        room = room.put(seat)
    for claim in room.claims:
        if claim.credential in event.credentials:
            effects += (Send(claim.socket, "revoked", {}), Drop(claim.socket))
            room = room.without_claim(claim.socket)
    return room, effects
