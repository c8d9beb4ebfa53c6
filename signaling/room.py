"""A consultation as it is lived: `step(room, event, now) -> (room, effects)`. PURE.

No clock, no socket, no randomness, no storage: time is an argument, and whatever is to be done
comes back as values of `effects`. The parts: `arrivals` (who connects),
`door` (who comes in and goes), `links` (packets),
`ledger` (what is recorded), `views` (what each may see).
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from signaling import (
    arrivals,
    door,
    gestures,
    ledger,
    links,
    messages,
    pointers,
    quality,
    stills,
    views,
)
from signaling.consultation import OVER, Status
from signaling.effects import (
    CloseMedia,
    CloseRoom,
    Effect,
    OpenMedia,
    Reply,
    Send,
    Stored,
)
from signaling.events import (
    Arrived,
    Asked,
    Consented,
    Event,
    Flowing,
    Gone,
    NotOffered,
    Offered,
    PictureResumed,
    PictureStalled,
    Planned,
    Quality,
    Revoked,
    Said,
    SlotsChanged,
    SpeakerChanged,
    Stalled,
    StatusChanged,
    StillBegun,
    StillKept,
    StillRefused,
    Tick,
    Vanished,
    WorkerBack,
    WorkerLeaving,
    WorkerLost,
)
from signaling.seats import Claim, Room, Seat, Stage

SEAT_KEPT = dt.timedelta(minutes=10)
# At the door nothing is lost by knocking again; a short cut should not cost the place.
WAIT_KEPT = dt.timedelta(minutes=1)

Outcome = tuple[Room, tuple[Effect, ...]]


def step(room: Room, event: Event, now: dt.datetime, *, kept: dt.timedelta = SEAT_KEPT) -> Outcome:
    """The room after `event`, and what is to be done about it, in this order: what is stored,
    media, what each is shown, then what the event itself asked for, an acknowledgement last.

    `now` is an aware UTC time; `kept` is how long a vanished person's seat is kept.
    """
    after, asked = _tick(room, now, kept) if isinstance(event, Tick) else _handle(room, event, now)
    after, ended = stills.passed(after, now)
    after, noted = ledger.settle(room, after, now)
    asked = (*asked, *ended)
    stored = tuple(e for e in asked if isinstance(e, get_args(Stored)))
    rest = tuple(e for e in asked if not isinstance(e, (*get_args(Stored), Reply)))
    reply = tuple(e for e in asked if isinstance(e, Reply))
    after, said = _deliver(after)
    after, news = _tell(after, now)
    if after != room:
        after = replace(after, rev=room.rev + 1)
    shown = _show(room, after, event, now)
    return after, (*stored, *noted, *_media(room, after), *shown, *said, *news, *rest, *reply)


def _tell(room: Room, now: dt.datetime) -> Outcome:
    """What has its own pace, or is told once to each socket."""
    effects: tuple[Effect, ...] = ()
    for act in (stills.transfers, quality.tell, pointers.tell):
        room, more = act(room, now)
        effects += more
    room, listed = stills.listed(room)
    return room, (*effects, *listed)


def _handle(room: Room, event: Event, now: dt.datetime) -> Outcome:
    if isinstance(event, Asked):
        return _command(room, event, now)
    return HANDLERS[type(event)](room, event, now)


# What every step brings with it


def _media(before: Room, room: Room) -> tuple[Effect, ...]:
    if room.status in OVER and before.status not in OVER:
        return (CloseRoom(),)
    effects: list[Effect] = []
    for seat in room.seats:
        was = before.by_id.get(seat.id)
        if was and was.inside and not seat.inside:
            effects.append(CloseMedia(seat.id))
        if seat.inside and seat.link.attempt != (was.link.attempt if was else 0) and seat.socket:
            effects.append(OpenMedia(seat.id, seat.link.attempt))
    return tuple(effects)


def _show(before: Room, room: Room, event: Event, now: dt.datetime) -> tuple[Effect, ...]:
    """Each socket is told when what it may see has changed, and only then; one that is put out
    sees once more how it ended."""
    if views.same(before, room):
        return ()
    seen, shown = views.bodies(before), views.bodies(room)
    if not isinstance(event, Vanished):
        out = [s for s in before.seats if s.socket and room.by_id[s.id].socket is None]
        shown |= {s.socket: views.body(room, room.by_id[s.id]) for s in out if s.socket}
    stamp = {"rev": room.rev, "now": views.stamp(now)}
    return tuple(
        Send(socket, "room", {**stamp, **body})
        for socket, body in shown.items()
        if seen.get(socket) != body
    )


def _deliver(room: Room) -> Outcome:
    """Messages not yet told to whoever is in, in order. A guest reads what was written since
    they were first let in."""
    sends: list[Effect] = []
    last = room.last_message
    for seat in room.inside:
        if seat.socket is None or seat.told >= last:
            continue
        for message in room.messages:
            early = seat.first_entered_at is None or message.at < seat.first_entered_at
            if message.number > seat.told and (seat.member or not early):
                sends.append(Send(seat.socket, "message", views.message(message)))
        room = room.put(replace(seat, told=last))
    return room, tuple(sends)


# Commands


def _command(room: Room, event: Asked, now: dt.datetime) -> Outcome:
    seat = room.seat_of(event.socket)
    if seat is not None:
        return COMMANDS[type(event.command)](room, seat, event.command, now)
    claim = room.claim_of(event.socket)
    if claim is not None:
        return _claimed(room, claim, event.command, now)
    return room, (Reply("not_allowed"),)


def _claimed(room: Room, claim: Claim, command: messages.Command, now: dt.datetime) -> Outcome:
    """A second device may knock, and go; the seat's own state is not its to change."""
    if isinstance(command, messages.Knock):
        return door.knock_again(room, claim, now)
    if isinstance(command, messages.Leave):
        claim = replace(claim, stage=Stage.LEFT, waiting_since=None)
        return room.with_claim(claim), (Reply(),)
    if isinstance(command, messages.DeviceStates):
        return room, (Reply(),)
    seat = room.by_id[claim.seat]
    return room, door.refused("not_allowed", seat, "enter", seat.id, type(command).__name__)


# What the database, the pages and time tell


def _consented(room: Room, event: Consented, now: dt.datetime) -> Outcome:
    seat = room.by_id.get(event.seat)
    return (room.put(replace(seat, consent=event.given)) if seat else room), ()


def _said(room: Room, event: Said, now: dt.datetime) -> Outcome:
    fresh = tuple(m for m in event.messages if m.number > room.last_message)
    return replace(room, messages=(*room.messages, *fresh)), ()


def _status(room: Room, event: StatusChanged, now: dt.datetime) -> Outcome:
    if event.status in OVER:
        over = room.status in OVER
        return (room if over else door.over(room, event.status, event.ended_at or now)), ()
    opened = room.status is Status.PLANNED and event.status is Status.OPEN
    if room.status in OVER or opened:
        room = replace(room, status=Status.OPEN, ended_at=None)
    return room, ()


def _tick(room: Room, now: dt.datetime, kept: dt.timedelta) -> Outcome:
    for seat in room.seats:
        if seat.gone_at is None:
            continue
        if seat.inside and now - seat.gone_at >= kept:
            room = room.put(door.go(seat, Stage.LEFT, "lost"))
        elif seat.stage is Stage.DOOR and now - seat.gone_at >= WAIT_KEPT:
            room = room.put(door.go(seat, Stage.AWAY, ""))
    return links.retried(room, now), ()


HANDLERS: dict[type, Callable[[Room, Any, dt.datetime], Outcome]] = {
    Arrived: arrivals.arrive,
    Vanished: arrivals.vanish,
    Revoked: arrivals.revoke,
    Consented: _consented,
    Said: _said,
    StatusChanged: _status,
    Offered: links.offered,
    NotOffered: links.not_offered,
    Flowing: links.flowing,
    Stalled: links.stalled,
    Gone: links.gone,
    SlotsChanged: links.slots,
    SpeakerChanged: links.speaker,
    PictureStalled: links.picture,
    PictureResumed: links.picture,
    Quality: quality.measured,
    Planned: quality.planned,
    StillBegun: stills.begun,
    StillKept: stills.kept,
    StillRefused: stills.refused,
    WorkerLost: links.worker_lost,
    WorkerLeaving: links.worker_leaving,
    WorkerBack: links.worker_back,
}

COMMANDS: dict[type, Callable[[Room, Seat, Any, dt.datetime], Outcome]] = {
    messages.Consent: gestures.consent,
    messages.Knock: lambda room, seat, _, now: door.knock(room, seat, now),
    messages.Answer: links.answer,
    messages.Renew: links.renew,
    messages.DeviceStates: gestures.devices,
    messages.Say: gestures.say,
    messages.Hand: gestures.hand,
    messages.Admit: door.admit,
    messages.Refuse: door.refuse,
    messages.Remove: door.remove,
    messages.Lock: gestures.lock,
    messages.Report: quality.report,
    messages.Matter: quality.matter,
    messages.StillAsk: stills.ask,
    messages.StillBegin: stills.begin,
    messages.StillPart: stills.part,
    messages.StillResume: stills.resume,
    messages.StillDrop: stills.drop,
    messages.Point: pointers.point,
    messages.Leave: lambda room, seat, _, now: door.leave(room, seat, now),
    messages.End: lambda room, seat, _, now: door.end(room, seat, now),
}
