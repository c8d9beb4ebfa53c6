"""What a person does in their seat, besides coming and going: consents, writes, turns devices on
and off, raises a hand, locks. PURE.
"""

import datetime as dt
from dataclasses import replace

from signaling import door
from signaling.consultation import OVER
from signaling.effects import Audit, Effect, Reply, WriteConsent, WriteMessage
from signaling.messages import Consent, DeviceStates, Hand, Lock, Say
from signaling.seats import MESSAGES, Devices, Room, Seat

Outcome = tuple[Room, tuple[Effect, ...]]


def consent(room: Room, seat: Seat, command: Consent, now: dt.datetime) -> Outcome:
    if room.status in OVER:
        return room, (Reply("ended"),)
    if seat.consent is command.given:
        return room, (Reply(),)
    return room, (WriteConsent(seat.id, command.given),)


def say(room: Room, seat: Seat, command: Say, now: dt.datetime) -> Outcome:
    refusal = None
    if not seat.inside:
        refusal = "ended" if room.status in OVER else "not_allowed"
    elif room.last_message >= MESSAGES:
        refusal = "full"
    return room, (WriteMessage(seat.id, command.client_id, command.text, refusal),)


def devices(room: Room, seat: Seat, command: DeviceStates, now: dt.datetime) -> Outcome:
    told = Devices(command.mic, command.camera, command.exam, command.exam_kind)
    since = dict(seat.shown)
    on = [source for source in ("camera", "exam") if getattr(told, source) == "on"]
    shown = tuple((source, since.get(source, now)) for source in on)
    return room.put(replace(seat, devices=told, shown=shown)), (Reply(),)


def hand(room: Room, seat: Seat, command: Hand, now: dt.datetime) -> Outcome:
    if not seat.inside:
        return room, (Reply("not_allowed"),)
    return room.put(replace(seat, hand=command.up)), (Reply(),)


def lock(room: Room, seat: Seat, command: Lock, now: dt.datetime) -> Outcome:
    action = "lock" if command.locked else "unlock"
    if not (seat.inside and seat.host):
        return room, door.refused("not_allowed", seat, action, room.id)
    if room.locked is command.locked:
        return room, (Reply(),)
    return replace(room, locked=command.locked), (Audit(seat.id, action, room.id), Reply())
