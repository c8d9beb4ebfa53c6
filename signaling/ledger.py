"""What a change of a room leaves in the record: attendance, incidents, stages. PURE.

Everything is derived from the room before and the room after, so that no way out of the call
can forget to write when it was. Incidents are those of art. R.6316-4 CSP, as Carbet sees them.
"""

import datetime as dt
from dataclasses import replace

from signaling.consultation import Act, Status
from signaling.effects import (
    Audit,
    Effect,
    StoreAttendance,
    StoreIncident,
    StoreLocked,
    StoreStage,
    StoreStatus,
)
from signaling.seats import Connection, Flow, Room, Seat, Stage

CUT = "cut"
RECONNECTION = "reconnection"
AUDIO_ONLY = "audio_only"
WORKER_LOST = "worker_lost"
DEVICE_LOST = {s: f"device_lost_{s}" for s in ("mic", "camera", "exam")}
PICTURE_STALLED = {s: f"picture_stalled_{s}" for s in ("camera", "exam")}
# A picture takes this long, at most, from being turned on to its first packets.
STARTS_WITHIN = dt.timedelta(seconds=3)
KINDS = (
    CUT,
    RECONNECTION,
    AUDIO_ONLY,
    *DEVICE_LOST.values(),
    *PICTURE_STALLED.values(),
    WORKER_LOST,
)


def troubles(seat: Seat, now: dt.datetime) -> dict[str, dt.datetime]:
    """The kinds of incident that are true of a seat now, and since when."""
    if not seat.inside:
        return {}
    true: dict[str, dt.datetime] = {}
    flow, devices = seat.link.flow, seat.devices
    if seat.connection is Connection.LOST:
        true[CUT] = seat.lost_at or now
    elif flow is Flow.OPENING and seat.link.carried:
        true[RECONNECTION] = now
    # Turned off by choice is no incident; without a camera, or with a lost one, it is.
    if flow is Flow.UP and devices.mic == "on" and devices.camera in ("lost", "none"):
        true[AUDIO_ONLY] = now
    lost = (kind for source, kind in DEVICE_LOST.items() if getattr(devices, source) == "lost")
    true |= dict.fromkeys(lost, now)
    return true | _stalled(seat, now) if flow is Flow.UP else true


def _stalled(seat: Seat, now: dt.datetime) -> dict[str, dt.datetime]:
    """Pictures said to be on of which nothing comes: not while they are being turned on."""
    shown = dict(seat.shown)
    since = {source: max(at, shown[source]) for source, at in seat.link.stalled if source in shown}
    return {PICTURE_STALLED[s]: at for s, at in since.items() if now - at >= STARTS_WITHIN}


def _timed(seat: Seat, now: dt.datetime) -> Seat:
    """Since when the seat is gone, and since when it is lost to the others."""
    waiting = seat.stage is Stage.DOOR and seat.socket is None
    gone = (seat.inside and seat.gone) or waiting
    lost = seat.inside and seat.connection is Connection.LOST
    gone_at = (seat.gone_at or now) if gone else None
    lost_at = (seat.lost_at or now) if lost else None
    return replace(seat, gone_at=gone_at, lost_at=lost_at)


def _incidents(seat: Seat, now: dt.datetime) -> tuple[Seat, list[Effect]]:
    true = troubles(seat, now)
    begun = dict(seat.incidents)
    ended = [StoreIncident(seat.id, k, at, now) for k, at in begun.items() if k not in true]
    fresh = {k: at for k, at in true.items() if k not in begun}
    new = [StoreIncident(seat.id, k, at) for k, at in fresh.items()]
    kept = tuple((k, at) for k, at in begun.items() if k in true) + tuple(fresh.items())
    return replace(seat, incidents=kept), [*ended, *new]


def _attendance(was: Seat | None, seat: Seat, now: dt.datetime) -> list[Effect]:
    """One begin and one end for each stay. Whoever was gone left when they went, not when
    the seat was given up. A stay ends before the next begins, on another device too."""
    entered = seat.entered_at if seat.inside else None
    stayed = was.entered_at if was and was.inside else None
    if entered == stayed:
        return []
    rows: list[Effect] = []
    if was and stayed:
        why = seat.why or "moved"
        rows.append(StoreAttendance(seat.id, stayed, max(stayed, was.gone_at or now), why))
        rows.append(Audit(seat.id, "leave", seat.id, detail={"why": why}))
    if entered:
        rows.append(StoreAttendance(seat.id, entered))
    return rows


def _of_seat(was: Seat | None, seat: Seat, now: dt.datetime) -> tuple[Seat, list[Effect]]:
    seat = _timed(seat, now)
    seat, rows = _incidents(seat, now)
    if seat.stage is not (was.stage if was else Stage.AWAY):
        rows.insert(0, StoreStage(seat.id, seat.stage))
    return seat, [*_attendance(was, seat, now), *rows]


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
        settled, of_seat = _of_seat(before.by_id.get(seat.id), seat, now)
        rows += of_seat
        room = room.put(settled)
    room, of_room = _of_room(before, room, now)
    return room, (*rows, *of_room)
