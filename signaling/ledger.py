"""What a change of a room leaves in the record: attendance, incidents, stages. PURE.

Everything is derived from the room before and the room after, so that no way out of the call
can forget to write when it was. Incidents are those of art. R.6316-4 CSP, as Carbet sees them.
"""

import datetime as dt
from dataclasses import dataclass, replace

from signaling import stills
from signaling.consultation import Act, Status
from signaling.effects import (
    Audit,
    Effect,
    StoreAttendance,
    StoreIncident,
    StoreLocked,
    StoreSiteLink,
    StoreStage,
    StoreStatus,
)
from signaling.seats import Connection, Fall, Flow, Room, Seat, Stage
from signaling.ways import WITHOUT_VIDEO

CUT = "cut"
RECONNECTION = "reconnection"
AUDIO_ONLY = "audio_only"
WORKER_LOST = "worker_lost"
DEVICE_LOST = {s: f"device_lost_{s}" for s in ("mic", "camera", "exam")}
PICTURE_STALLED = {s: f"picture_stalled_{s}" for s in ("camera", "exam")}
# A picture takes this long, at most, from being turned on to its first packets.
STARTS_WITHIN = dt.timedelta(seconds=3)
# A direction that fell this low, and for how long before it is an incident; not when somebody
# chose it, when the others can take no more, or before anything was measured.
FALLS = {(way, rung): f"{way}_{rung}" for way in ("up", "down") for rung in WITHOUT_VIDEO}
LASTS = dt.timedelta(seconds=3)
NO_INCIDENT = frozenset(("choice", "receiver", "starting"))
METERED = dt.timedelta(minutes=1)
MESSAGE_UNSENT, STILL_UNSENT = "message_unsent", "still_unsent"
# A page takes and begins a still within this, or does not.
ANSWERS_WITHIN = dt.timedelta(seconds=30)
KINDS = (
    CUT,
    RECONNECTION,
    AUDIO_ONLY,
    *DEVICE_LOST.values(),
    *PICTURE_STALLED.values(),
    WORKER_LOST,
    *FALLS.values(),
    MESSAGE_UNSENT,
    STILL_UNSENT,
)


@dataclass(frozen=True)
class Trouble:
    """What is wrong: since when, and why where that is known (`ways.REASONS`)."""

    since: dt.datetime
    why: str = ""


def troubles(room: Room, seat: Seat, now: dt.datetime) -> dict[str, Trouble]:
    """The kinds of incident that are true of a seat now."""
    unsent = _unsent(room, seat, now)
    if not seat.inside:
        return unsent
    return unsent | _of_link(seat, now) | _of_devices(seat, now) | _undelivered(room, seat, now)


def _of_link(seat: Seat, now: dt.datetime) -> dict[str, Trouble]:
    if seat.connection is Connection.LOST:
        return {CUT: Trouble(seat.lost_at or now)}
    if seat.link.flow is Flow.OPENING and seat.link.carried:
        return {RECONNECTION: Trouble(now)}
    if seat.link.flow is not Flow.UP:
        return {}
    fallen = [fall for fall in seat.falls if now - fall.since >= LASTS]
    return {fall.kind: Trouble(fall.since, fall.why) for fall in fallen}


def _of_devices(seat: Seat, now: dt.datetime) -> dict[str, Trouble]:
    """Turned off by choice is no incident; without a camera, or with a lost one, it is."""
    flow, devices = seat.link.flow, seat.devices
    true: dict[str, Trouble] = {}
    if flow is Flow.UP and devices.mic == "on" and devices.camera in ("lost", "none"):
        true[AUDIO_ONLY] = Trouble(now)
    lost = (kind for source, kind in DEVICE_LOST.items() if getattr(devices, source) == "lost")
    true |= dict.fromkeys(lost, Trouble(now))
    return true | _stalled(seat, now) if flow is Flow.UP else true


def _stalled(seat: Seat, now: dt.datetime) -> dict[str, Trouble]:
    """Pictures said to be on of which nothing comes: not while they are being turned on, nor when
    the ladder sends none."""
    if seat.link.up is not None and seat.link.up.rung in WITHOUT_VIDEO:
        return {}
    shown = dict(seat.shown)
    since = {source: max(at, shown[source]) for source, at in seat.link.stalled if source in shown}
    late = {source: at for source, at in since.items() if now - at >= STARTS_WITHIN}
    return {PICTURE_STALLED[source]: Trouble(at) for source, at in late.items()}


def _undelivered(room: Room, seat: Seat, now: dt.datetime) -> dict[str, Trouble]:
    """A message for somebody whose page cannot be reached."""
    first = next((m for m in room.messages if m.number > seat.told), None)
    if first is None or now - first.at < LASTS:
        return {}
    return {MESSAGE_UNSENT: Trouble(first.at)}


def _unsent(room: Room, seat: Seat, now: dt.datetime) -> dict[str, Trouble]:
    """A still that was asked for, or begun, of which nothing came; once told, until it comes."""
    told = STILL_UNSENT in dict(seat.incidents)
    since = [w.at for w in room.wanted if w.seat == seat.id and now - w.at >= ANSWERS_WITHIN]
    since += [
        still.at
        for still in room.stills
        if still.seat == seat.id and still.lasting and not still.have
        if told or stills.abandoned(room, still, now)
    ]
    return {STILL_UNSENT: Trouble(min(since))} if since else {}


def _fallen(seat: Seat, now: dt.datetime) -> tuple[Fall, ...]:
    """The directions which are as low as that, and since when."""
    before = {fall.kind: fall for fall in seat.falls}
    found = []
    for name, way in (("up", seat.link.up), ("down", seat.link.down)):
        kind = FALLS.get((name, way.rung)) if way else None
        if way and kind and way.why.code not in NO_INCIDENT:
            found.append(before.get(kind) or Fall(kind, now, way.why.code))
    return tuple(found) if seat.inside and seat.link.flow is Flow.UP else ()


def _timed(seat: Seat, now: dt.datetime) -> Seat:
    """Since when the seat is gone, and since when it is lost to the others."""
    waiting = seat.stage is Stage.DOOR and seat.socket is None
    gone = (seat.inside and seat.gone) or waiting
    lost = seat.inside and seat.connection is Connection.LOST
    gone_at = (seat.gone_at or now) if gone else None
    lost_at = (seat.lost_at or now) if lost else None
    return replace(seat, gone_at=gone_at, lost_at=lost_at, falls=_fallen(seat, now))


def _incidents(room: Room, seat: Seat, now: dt.datetime) -> tuple[Seat, list[Effect]]:
    true = troubles(room, seat, now)
    begun = dict(seat.incidents)
    ended = [StoreIncident(seat.id, k, at, now) for k, at in begun.items() if k not in true]
    fresh = {k: trouble for k, trouble in true.items() if k not in begun}
    new = [StoreIncident(seat.id, k, t.since, why=t.why) for k, t in fresh.items()]
    kept = tuple((k, at) for k, at in begun.items() if k in true)
    kept += tuple((k, trouble.since) for k, trouble in fresh.items())
    return replace(seat, incidents=kept), [*ended, *new]


def _attendance(was: Seat | None, seat: Seat, now: dt.datetime) -> tuple[Seat, list[Effect]]:
    """One begin and one end for each stay. Whoever was gone left when they went, not when
    the seat was given up. A stay ends before the next begins, on another device too."""
    entered = seat.entered_at if seat.inside else None
    stayed = was.entered_at if was and was.inside else None
    if entered == stayed:
        return _metered(seat, now)
    rows: list[Effect] = []
    if was and stayed:
        why, left_at = seat.why or "moved", max(stayed, was.gone_at or now)
        meter = was.meter
        used = {"sent": meter.sent, "received": meter.received}
        rows.append(StoreAttendance(seat.id, stayed, left_at, why, **used))
        rows.append(Audit(seat.id, "leave", seat.id, detail={"why": why}))
        if was.site and meter.telling:
            rows.append(StoreSiteLink(was.site.id, meter.up, meter.down, meter.rtt))
    if entered:
        rows.append(StoreAttendance(seat.id, entered))
    return seat, rows


def _metered(seat: Seat, now: dt.datetime) -> tuple[Seat, list[Effect]]:
    """Now and then, the bytes so far: a power cut of the server must not lose a call's."""
    meter = seat.meter
    due = meter.stored is None or now - meter.stored >= METERED
    if not (seat.inside and seat.entered_at and due and meter.sent + meter.received):
        return seat, []
    row = StoreAttendance(seat.id, seat.entered_at, sent=meter.sent, received=meter.received)
    return replace(seat, meter=replace(meter, stored=now)), [row]


def _of_seat(
    room: Room, was: Seat | None, seat: Seat, now: dt.datetime
) -> tuple[Seat, list[Effect]]:
    seat, rows = _incidents(room, _timed(seat, now), now)
    if seat.stage is not (was.stage if was else Stage.AWAY):
        rows.insert(0, StoreStage(seat.id, seat.stage))
    seat, stays = _attendance(was, seat, now)
    return seat, [*stays, *rows]


def _of_room(before: Room, room: Room, now: dt.datetime) -> tuple[Room, list[Effect]]:
    rows: list[Effect] = []
    if room.locked != before.locked:
        rows.append(StoreLocked(room.locked))
    if len(room.inside) >= 2 and room.status in (Status.PLANNED, Status.OPEN):
        room = replace(room, status=Status.IN_CALL, started_at=room.started_at or now)
        rows += [StoreStatus(Act.START, now), Audit(None, "start", room.id)]
    lost = room.worker_lost_at
    if lost and not before.worker_lost_at:
        rows.append(StoreIncident(None, WORKER_LOST, lost))
    elif lost and all(s.link.flow is Flow.UP for s in room.inside if s.socket):
        room = replace(room, worker_lost_at=None)
        rows.append(StoreIncident(None, WORKER_LOST, lost, now))
    return room, rows


def settle(before: Room, room: Room, now: dt.datetime) -> tuple[Room, tuple[Effect, ...]]:
    """The room with its times and incidents brought up to date, and what is to be stored."""
    rows: list[Effect] = []
    for seat in room.seats:
        settled, of_seat = _of_seat(room, before.by_id.get(seat.id), seat, now)
        rows += of_seat
        room = room if settled == seat else room.put(settled)
    room, of_room = _of_room(before, room, now)
    return room, (*rows, *of_room)
