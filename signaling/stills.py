"""Stills: asked for, begun, taken part by part, complete, told to whoever is in. PURE.

No byte passes here but on its way to an effect: what is kept, and where it goes on, is known by
the disk (`intake`). Who may not see a still is never told of it: a guest sees those begun since
they first came in.
"""

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

from signaling import views
from signaling.consultation import OVER
from signaling.effects import (
    Audit,
    DropStill,
    Effect,
    EraseStill,
    FindStill,
    KeepPart,
    Reply,
    Send,
    TransferMedia,
    WriteStill,
)
from signaling.events import StillBegun, StillKept, StillRefused
from signaling.messages import StillAsk, StillBegin, StillDrop, StillPart, StillResume
from signaling.seats import Room, Seat
from signaling.still import STILLS, Still, Wanted

# Asked for, and not begun within this: said again would only annoy.
WANTED_FOR = dt.timedelta(minutes=10)
# A page that reloaded has lost the bytes it was sending; one that was cut has not.
ABANDONED = dt.timedelta(minutes=1)

Outcome = tuple[Room, tuple[Effect, ...]]


def shown(still: Still) -> dict[str, Any]:
    """A still as PROTOCOL.md names it."""
    stages = [
        {"bytes": s.bytes, "type": s.type, "width": s.width, "height": s.height}
        for s in still.stages
    ]
    return {
        "id": still.id,
        "seat": still.seat,
        "source": still.source,
        "by": still.by,
        "why": still.why,
        "at": views.stamp(still.at),
        "stages": stages,
        "have": still.have,
    }


def may_see(seat: Seat, still: Still) -> bool:
    """Members see all; a guest what was begun since they first came in."""
    if not seat.inside:
        return False
    entered = seat.first_entered_at
    return seat.member or (entered is not None and still.at >= entered)


def _told(room: Room, still: Still) -> tuple[Effect, ...]:
    return tuple(
        Send(seat.socket, "still", shown(still))
        for seat in room.inside
        if seat.socket and may_see(seat, still)
    )


def _gone(room: Room, still: Still, why: str) -> tuple[Effect, ...]:
    """Nothing of it will be there: whoever knows of it is told."""
    return tuple(
        Send(seat.socket, "still_gone", {"id": still.id, "why": why})
        for seat in room.inside
        if seat.socket and may_see(seat, still)
    )


# Asking


def _asked_id(room: Room, command: StillAsk, now: dt.datetime) -> str:
    """A name for what is asked, the same wherever it is worked out again."""
    parts = (room.id, command.seat, command.source, now.isoformat())
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()[:16]
    return str(UUID(bytes=digest, version=4))


def _lasting(room: Room) -> int:
    return sum(still.lasting for still in room.stills)


def ask(room: Room, by: Seat, command: StillAsk, now: dt.datetime) -> Outcome:
    """A member asks; only of a picture that is on. Asked twice, it is asked once."""
    target = room.by_id.get(command.seat)
    there = target is not None and target.inside and target.socket
    if room.status in OVER:
        return room, (Reply("ended"),)
    if not (by.inside and by.member) or target is None or not there:
        return room, (Reply("not_allowed"),)
    if getattr(target.devices, command.source) != "on":
        return room, (Reply("not_allowed"),)
    known = [w for w in room.wanted if (w.seat, w.source) == (target.id, command.source)]
    if not known and _lasting(room) + len(room.wanted) >= STILLS:
        return room, (Reply("full"),)
    wanted = known[0] if known else Wanted(
        _asked_id(room, command, now), target.id, command.source, by.id, now
    )  # fmt: skip
    effects = (_wanted(target, wanted), Reply(extra={"id": wanted.id}))
    if known:
        return room, effects
    audit = Audit(by.id, "still_ask", target.id, detail={"still": wanted.id})
    return replace(room, wanted=(*room.wanted, wanted)), (audit, *effects)


def _wanted(target: Seat, wanted: Wanted) -> Effect:
    body = {"id": wanted.id, "source": wanted.source, "by": wanted.by}
    return Send(target.socket or "", "still_wanted", body)


# Sending


def begin(room: Room, seat: Seat, command: StillBegin, now: dt.datetime) -> Outcome:
    known = room.still(command.id)
    if known is not None:
        return _go_on(room, seat, known, now)
    if not seat.inside:
        return room, (Reply("ended" if room.status in OVER else "not_allowed"),)
    if command.id in room.refused:
        return room, (Reply("invalid"),)
    if command.why == "asked" and _lasting(room) >= STILLS:
        return room, (Reply("full"),)
    by = next((w.by for w in room.wanted if (w.id, w.seat) == (command.id, seat.id)), None)
    still = Still(
        command.id, seat.id, command.source, command.why, now, command.stages,
        by=by, tab=seat.tab, moved_at=now,
    )  # fmt: skip
    return room, (WriteStill(still),)


def begun(room: Room, event: StillBegun, now: dt.datetime) -> Outcome:
    """It is on disk that it was begun. An automatic one takes the place of one under way."""
    still = event.still
    if room.still(still.id) is not None:
        return room, ()
    effects: tuple[Effect, ...] = ()
    wanted = tuple(w for w in room.wanted if w.id != still.id)
    room = replace(room, stills=(*room.stills, still), wanted=wanted)
    if not still.lasting:
        under_way = [s for s in _rivals(room, still) if not s.have]
        room, effects = _erased(room, under_way)
    return room, (*effects, *_told(room, still))


def _rivals(room: Room, still: Still) -> list[Still]:
    """Automatic stills of the same picture."""
    same = (still.seat, still.source)
    return [
        s for s in room.stills if s.id != still.id and not s.lasting and (s.seat, s.source) == same
    ]


def _erased(room: Room, stills: list[Still]) -> Outcome:
    ids = {still.id for still in stills}
    room = replace(room, stills=tuple(s for s in room.stills if s.id not in ids))
    return room, tuple(EraseStill(still) for still in stills)


def _go_on(room: Room, seat: Seat, still: Still, now: dt.datetime) -> Outcome:
    if still.seat != seat.id:
        return room, (Reply("invalid"),)
    if not seat.inside:
        return room, (Reply("ended" if room.status in OVER else "not_allowed"),)
    if still.complete:
        return room, (Reply(extra={"stage": still.have, "offset": 0}),)
    still = still.moved(now, seat.tab)
    return room.put_still(still), (FindStill(still),)


def resume(room: Room, seat: Seat, command: StillResume, now: dt.datetime) -> Outcome:
    known = room.still(command.id)
    return _go_on(room, seat, known, now) if known else (room, (Reply("invalid"),))


def part(room: Room, seat: Seat, command: StillPart, now: dt.datetime) -> Outcome:
    """In order, within what was announced; what is here already is no error."""
    still = room.still(command.id)
    if still is None or still.seat != seat.id or command.stage >= len(still.stages):
        return room, (Reply("invalid"),)
    if not seat.inside:
        return room, (Reply("ended" if room.status in OVER else "not_allowed"),)
    if command.stage < still.have:
        return room, (Reply(extra={"stage": still.have, "offset": 0}),)
    size = still.stages[command.stage].bytes
    if command.stage > still.have or command.offset + len(command.data) > size:
        return room, (Reply("invalid"),)
    still = still.moved(now, seat.tab)
    kept = KeepPart(still, command.stage, command.offset, command.data)
    return room.put_still(still), (kept,)


def drop(room: Room, seat: Seat, command: StillDrop, now: dt.datetime) -> Outcome:
    """Its taker changed their mind. What others have seen stays."""
    still = room.still(command.id)
    if still is None or still.complete:
        return room, (Reply(),)
    if still.seat != seat.id:
        return room, (Reply("not_allowed"),)
    room, effects = _ended(room, still, "dropped")
    return room, (*effects, Reply())


def _ended(room: Room, still: Still, why: str) -> Outcome:
    """No more of it will come."""
    stored: tuple[Effect, ...] = (DropStill(still.id, still.have),) if still.lasting else ()
    if still.have:
        cut = still.cut()
        return room.put_still(cut), (*stored, EraseStill(still, still.have), *_told(room, cut))
    told = _gone(room, still, why)
    room, erased = _erased(room, [still])
    return room, (*stored, *erased, *told)


def kept(room: Room, event: StillKept, now: dt.datetime) -> Outcome:
    """A stage is complete, and a picture."""
    still = room.still(event.id)
    if still is None or event.stage < still.have:
        return room, ()
    still = still.kept(event.stage, event.bytes, now)
    room = room.put_still(still)
    if not still.lasting:
        room, erased = _erased(room, _rivals(room, still))
        return room, (*erased, *_told(room, still))
    if event.stage:
        return room, _told(room, still)
    audit = Audit(still.seat, "still_send", still.id, detail={"by": still.by or ""})
    return room, (audit, *_told(room, still))


def refused(room: Room, event: StillRefused, now: dt.datetime) -> Outcome:
    """What came is no picture, or not the one announced."""
    still = room.still(event.id)
    if still is None:
        return room, ()
    room, effects = _ended(room, still, "refused")
    return replace(room, refused=(*room.refused, still.id)[-STILLS:]), effects


# What every step brings with it


def listed(room: Room) -> Outcome:
    """Whoever comes in, or back, is told of all the stills they may see, and of what is wanted."""
    sends: list[Effect] = []
    for seat in room.inside:
        if seat.socket is None or seat.listed == seat.socket:
            continue
        room = room.put(replace(seat, listed=seat.socket))
        stills = [shown(still) for still in room.stills if may_see(seat, still)]
        if stills:
            sends.append(Send(seat.socket, "stills", {"stills": stills}))
        sends += [_wanted(seat, wanted) for wanted in room.wanted if wanted.seat == seat.id]
    return room, tuple(sends)


def passed(room: Room, now: dt.datetime) -> Outcome:
    """What time and leaving do: what is wanted of nobody, automatic stills of those who left."""
    inside = {seat.id for seat in room.inside}
    wanted = tuple(w for w in room.wanted if w.seat in inside and now - w.at < WANTED_FOR)
    room = replace(room, wanted=wanted) if wanted != room.wanted else room
    left = [s for s in room.stills if not s.lasting and s.seat not in inside]
    return _erased(room, left) if left else (room, ())


def abandoned(room: Room, still: Still, now: dt.datetime) -> bool:
    """Whether the page that was sending it is there no more, as far as one can know."""
    seat = room.by_id[still.seat]
    if not seat.inside:
        return True
    here = seat.socket is not None and still.tab == seat.tab
    return not here and now - (still.moved_at or still.at) >= ABANDONED


def transfers(room: Room, now: dt.datetime) -> Outcome:
    """The worker keeps room on a link that a still crosses upward."""
    effects: list[Effect] = []
    crossing = {s.seat for s in room.stills if not s.complete and not abandoned(room, s, now)}
    for seat in room.seats:
        on = seat.inside and seat.id in crossing
        if on is not seat.sending:
            room = room.put(replace(seat, sending=on))
            if seat.inside:
                effects.append(TransferMedia(seat.id, "up", on))
    return room, tuple(effects)
