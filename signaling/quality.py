"""How each seat's link does, and what matters in its pictures. PURE.

The worker measures and decides; here it is remembered and told. It refuses to tell more than a
thin link can bear: what changed by a little waits for what its receiver can afford.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

from signaling import ways
from signaling.consultation import OVER
from signaling.effects import Effect, Reply, ReportLink, Send, StoreMatters, TellMatters
from signaling.events import Planned, Quality
from signaling.messages import Matter, Report
from signaling.seats import Heard, Link, Room, Seat
from signaling.ways import Way

# Loss (fraction) and round trip (seconds) above which a link is shown as weak, and below which
# it is good again. A satellite's ordinary 0.8 s and 3 % are not called weak.
WEAK_LOSS, GOOD_LOSS = 0.08, 0.04
WEAK_RTT, GOOD_RTT = 1.5, 1.2
# What everybody must see is told at most this often; the rest as often as a receiver's own link
# allows: 400 bytes each 10 s are 2 % of 16 kbit/s.
AT_ONCE = dt.timedelta(seconds=1)
PACES = ((100_000.0, dt.timedelta(seconds=2)), (32_000.0, dt.timedelta(seconds=5)))
SLOWEST = dt.timedelta(seconds=10)
# A rate or loss which moved by less than this says nothing new.
MOVED, LOST_MORE = 0.15, 0.02
# Sessions of one seat alive at once: the old one lives until the new one carries.
EARLY = 2
CLINICIANS = frozenset(("clinician", "second_clinician"))

Outcome = tuple[Room, tuple[Effect, ...]]


def measured(room: Room, event: Quality, now: dt.datetime) -> Outcome:
    seat = room.of_session(event.seat, event.session)
    if seat is None:
        return room, ()
    rtt = event.rtt or 0.0
    if seat.link.weak:
        weak = event.loss > GOOD_LOSS or rtt > GOOD_RTT
    else:
        weak = event.loss > WEAK_LOSS or rtt > WEAK_RTT
    link = replace(seat.link, weak=weak, up=event.up, down=event.down, rtt=event.rtt)
    meter = seat.meter.weighed(event.up, event.down, event.rtt)
    return room.put(replace(seat, link=link, meter=meter)), ()


# What pages are to send


def newer(link: Link, plan: dict[str, Any]) -> bool:
    """Plans are numbered: one that was overtaken on its way is not told."""
    return not link.plan or plan.get("n", 0) > link.plan.get("n", 0)


def planned(room: Room, event: Planned, now: dt.datetime) -> Outcome:
    seat = room.of_session(event.seat, event.session)
    if seat is None:
        return _early(room, event), ()
    if not newer(seat.link, event.plan):
        return room, ()
    seat = replace(seat, link=replace(seat.link, plan=event.plan))
    return room.put(seat), plan_of(seat)


def _early(room: Room, event: Planned) -> Room:
    """A plan may overtake the offer it belongs to; or be the last of a session that ends."""
    seat = room.by_id.get(event.seat)
    if seat is None or not seat.inside:
        return room
    others = tuple(each for each in seat.link.early if each[0] != event.session)
    early = (*others, (event.session, event.plan))[-EARLY:]
    return room.put(replace(seat, link=replace(seat.link, early=early)))


def offered(link: Link, plan: dict[str, Any]) -> Link:
    """The link of a session just offered, with the newest plan told of it."""
    early = dict(link.early).get(link.session or "")
    link = replace(link, plan=plan, early=())
    return replace(link, plan=early) if early is not None and newer(link, early) else link


def plan_of(seat: Seat) -> tuple[Effect, ...]:
    link = seat.link
    if not (seat.socket and link.session and link.plan):
        return ()
    return (Send(seat.socket, "encode", {"session": link.session, "plan": link.plan}),)


# What pages say


def report(room: Room, seat: Seat, command: Report, now: dt.datetime) -> Outcome:
    """What a page says of an older session tells nothing of the link; its bytes were used."""
    if not seat.inside:
        return room, (Reply("not_allowed"),)
    seat = replace(seat, meter=seat.meter.counted(command.sent, command.received))
    room = room.put(seat)
    if seat.link.session != command.session:
        return room, (Reply(),)
    told = ReportLink(
        seat.id, command.session, command.up, command.rtt, command.loss, command.limited
    )
    return room, (told, Reply())


def matter(room: Room, by: Seat, command: Matter, now: dt.datetime) -> Outcome:
    """For whoever answers for the act, and whoever examines."""
    target = room.by_id.get(command.seat)
    if room.status in OVER:
        return room, (Reply("ended"),)
    may = by.inside and (by.host or by.kind in CLINICIANS)
    if not may or target is None or not target.inside:
        return room, (Reply("not_allowed"),)
    before = dict(target.matters)
    matters = tuple(sorted((before | {command.source: command.what}).items()))
    if matters == target.matters:
        return room, (Reply(),)
    told = TellMatters(target.id, command.source, command.what)
    room = room.put(replace(target, matters=matters))
    return room, (StoreMatters(target.id, matters), told, Reply())


def matters_of(seat: Seat) -> tuple[Effect, ...]:
    """For a worker that does not know it yet."""
    return tuple(TellMatters(seat.id, source, what) for source, what in seat.matters)


# What is told


def _pace(receiver: Seat) -> dt.timedelta:
    down = receiver.link.down
    rate = down.rate if down and down.rate is not None else 0.0
    return next((pace for least, pace in PACES if rate >= least), SLOWEST)


def _told(way: Way | None, was: Way | None) -> tuple[bool, bool]:
    """Whether a direction changed so that everybody must see it, and whether at all."""
    if way is None or was is None:
        return way is not was, way is not was
    if (way.rung, way.why.code) != (was.rung, was.why.code):
        return True, True
    rate, old = way.rate or 0.0, was.rate or 0.0
    moved = abs(rate - old) > MOVED * old or abs(way.loss - was.loss) >= LOST_MORE
    return False, moved or (way.spare > 0) != (was.spare > 0)


def tell(room: Room, now: dt.datetime) -> Outcome:
    """What each who is in has not been told yet of the links, if it is time."""
    sends: list[Effect] = []
    for seat in room.inside:
        if seat.socket is None:
            continue
        heard = seat.heard if seat.heard.socket == seat.socket else Heard(seat.socket)
        heard, news = _news(room, seat, heard, now)
        if news:
            sends.append(Send(seat.socket, "quality", {"seats": news}))
            room = room.put(replace(seat, heard=heard))
    return room, tuple(sends)


def _news(
    room: Room, seat: Seat, heard: Heard, now: dt.datetime
) -> tuple[Heard, list[dict[str, Any]]]:
    since = now - heard.at if heard.at else None
    if since is not None and since < AT_ONCE:
        return heard, []
    known = {other: (up, down) for other, up, down in heard.ways}
    fresh, urgent = [], False
    for other in room.inside:
        link, (up, down) = other.link, known.get(other.id, (None, None))
        if link.up is None or link.down is None:
            continue
        changes = (_told(link.up, up), _told(link.down, down))
        if any(at_all for _, at_all in changes):
            fresh.append(other)
            urgent = urgent or any(seen for seen, _ in changes)
    if not fresh or not (urgent or since is None or since >= _pace(seat)):
        return heard, []
    known |= {other.id: (other.link.up, other.link.down) for other in fresh}
    there = tuple((o.id, *known[o.id]) for o in room.inside if o.id in known)
    return Heard(heard.socket, now, there), [_row(other) for other in fresh]


def _row(seat: Seat) -> dict[str, Any]:
    link = seat.link
    assert link.up is not None and link.down is not None
    return {"seat": seat.id, "up": ways.shown(link.up), "down": ways.shown(link.down)}
