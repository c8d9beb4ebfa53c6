"""What packets, offers and workers mean for a seat. PURE.

It refuses to believe what is told of a session other than the seat's present one: an older
session lives on beside the new one, and its end must not look like a cut.
"""

import datetime as dt
from dataclasses import replace

from signaling import quality, views
from signaling.effects import AnswerMedia, CloseMedia, Effect, Reply, Send, TransferMedia
from signaling.events import (
    Flowing,
    Gone,
    NotOffered,
    Offered,
    PictureResumed,
    PictureStalled,
    SlotsChanged,
    SpeakerChanged,
    Stalled,
    WorkerBack,
    WorkerLeaving,
    WorkerLost,
)
from signaling.messages import Answer, Renew
from signaling.seats import Flow, Link, Room, Seat

RETRY = dt.timedelta(seconds=5)
# An offer which led to nothing for this long is lost; a satellite's slow handshake is not.
STUCK = dt.timedelta(seconds=40)

Outcome = tuple[Room, tuple[Effect, ...]]


def reopen(seat: Seat, now: dt.datetime) -> Seat:
    """The seat, waiting for a new offer."""
    link = Link(
        Flow.OPENING, attempt=seat.link.attempt + 1, tried_at=now, carried=seat.link.carried
    )
    return replace(seat, link=link)


def closed(seat: Seat) -> Seat:
    """The seat without a media session; a later one starts afresh."""
    return replace(seat, link=Link(attempt=seat.link.attempt))


def resume(seat: Seat, session: str | None, now: dt.datetime) -> Seat:
    """A seat which is in has a new socket. The page says which connection it still has, if one
    carries anything. After a restart of the server only the browser knows its session."""
    link = seat.link
    flows = link.flow in (Flow.UP, Flow.STALLED)
    if session is not None and link.session is None and link.attempt == 0:
        flow = link.flow if flows else Flow.UP  # the page sees what comes, the worker tells later
        kept = replace(link, flow=flow, session=session, answered=True, tried_at=now)
        return replace(seat, link=kept)
    return seat if flows and session is not None and session == link.session else reopen(seat, now)


def _with_flow(room: Room, seat_id: str, session: str, flow: Flow) -> Outcome:
    seat = room.of_session(seat_id, session)
    if seat is None:
        return room, ()
    carried = seat.link.carried or flow is Flow.UP
    return room.put(replace(seat, link=replace(seat.link, flow=flow, carried=carried))), ()


def flowing(room: Room, event: Flowing, now: dt.datetime) -> Outcome:
    return _with_flow(room, event.seat, event.session, Flow.UP)


def stalled(room: Room, event: Stalled, now: dt.datetime) -> Outcome:
    seat = room.of_session(event.seat, event.session)
    if seat is None or seat.link.flow is not Flow.UP:
        return room, ()
    since = now - dt.timedelta(seconds=max(0.0, event.since))
    seat = replace(seat, link=replace(seat.link, flow=Flow.STALLED), lost_at=since)
    return room.put(seat), ()


def gone(room: Room, event: Gone, now: dt.datetime) -> Outcome:
    return _with_flow(room, event.seat, event.session, Flow.GONE)


def offered(room: Room, event: Offered, now: dt.datetime) -> Outcome:
    seat = room.by_id.get(event.seat)
    if seat is None or not seat.inside or seat.link.attempt != event.attempt:
        return room, ()
    link = quality.offered(replace(seat.link, session=event.session), event.plan)
    seat = replace(seat, link=link)
    told: tuple[Effect, ...] = quality.matters_of(seat)
    if seat.sending:
        told += (TransferMedia(seat.id, "up", True),)
    if seat.socket is None:
        return room.put(seat), told
    offer = Send(seat.socket, "offer", {"session": event.session, "sdp": event.sdp})
    return room.put(seat), (offer, *quality.plan_of(seat), *told)


def not_offered(room: Room, event: NotOffered, now: dt.datetime) -> Outcome:
    """No worker: the seat stays, and asks again at `retried` or when one is back."""
    seat = room.by_id.get(event.seat)
    if seat is None or seat.link.attempt != event.attempt:
        return room, ()
    return room.put(replace(seat, link=replace(seat.link, flow=Flow.GONE))), ()


def answer(room: Room, seat: Seat, command: Answer, now: dt.datetime) -> Outcome:
    link = seat.link
    if not seat.inside or link.session != command.session:
        return room, (Reply("not_allowed"),)
    if link.answered:
        return room, (Reply(),)
    room = room.put(replace(seat, link=replace(link, answered=True)))
    return room, (AnswerMedia(seat.id, command.session, command.sdp),)


def renew(room: Room, seat: Seat, command: Renew, now: dt.datetime) -> Outcome:
    """Asked twice for the same session, or while an offer is on its way: one new offer."""
    if not seat.inside:
        return room, (Reply("not_allowed"),)
    opening = seat.link.flow is Flow.OPENING and seat.link.session != command.session
    if opening or command.session != (seat.link.session or command.session):
        return room, (Reply(),)
    return room.put(reopen(seat, now)), (Reply(),)


def slots(room: Room, event: SlotsChanged, now: dt.datetime) -> Outcome:
    seat = room.of_session(event.seat, event.session)
    if seat is None:
        return room, ()
    room = room.put(replace(seat, link=replace(seat.link, slots=event.slots)))
    if seat.socket is None:
        return room, ()
    return room, (Send(seat.socket, "slots", views.slots(event.session, event.slots)),)


def speaker(room: Room, event: SpeakerChanged, now: dt.datetime) -> Outcome:
    sockets = [s.socket for s in room.inside if s.socket]
    return room, tuple(Send(socket, "speaker", {"seat": event.seat}) for socket in sockets)


def picture(room: Room, event: PictureStalled | PictureResumed, now: dt.datetime) -> Outcome:
    seat = room.by_id.get(event.seat)
    if seat is None or not seat.inside:
        return room, ()
    since = {source: at for source, at in seat.link.stalled if source != event.source}
    if isinstance(event, PictureStalled):
        since[event.source] = now
    return room.put(replace(seat, link=replace(seat.link, stalled=tuple(since.items())))), ()


def worker_lost(room: Room, event: WorkerLost, now: dt.datetime) -> Outcome:
    if not room.inside:
        return room, ()
    for seat in room.inside:
        room = room.put(replace(seat, link=replace(seat.link, flow=Flow.GONE)))
    return replace(room, worker_lost_at=room.worker_lost_at or now), ()


def worker_leaving(room: Room, event: WorkerLeaving, now: dt.datetime) -> Outcome:
    """Everybody gets a new offer while the old connection still carries; who has no socket now
    gets one with the next."""
    for seat in room.inside:
        if seat.socket:
            room = room.put(reopen(seat, now))
        else:
            room = room.put(replace(seat, link=replace(seat.link, flow=Flow.GONE)))
    return room, ()


def worker_back(room: Room, event: WorkerBack, now: dt.datetime) -> Outcome:
    """Seats it still carries go on; the others get a new offer at once, and so does a page which
    asked for one in vain. Whoever went while its line was down is put out of media now."""
    told: tuple[Effect, ...] = ()
    for seat in room.inside:
        if seat.id in event.peers:
            told += quality.matters_of(seat)
        if seat.id in event.peers and (seat.link.session or not seat.socket):
            if seat.link.flow in (Flow.GONE, Flow.NONE):
                link = replace(seat.link, flow=Flow.UP, carried=True)
                room = room.put(replace(seat, link=link))
        elif seat.socket and seat.link.flow is not Flow.OPENING:
            room = room.put(reopen(seat, now))
        elif not seat.socket and seat.link.flow is not Flow.GONE:
            room = room.put(replace(seat, link=replace(seat.link, flow=Flow.GONE)))
    outside = sorted(event.peers - {seat.id for seat in room.inside})
    return room, (*told, *(CloseMedia(peer) for peer in outside))


def retried(room: Room, now: dt.datetime) -> Room:
    """Seats with a socket and no packets ask again, every few seconds; those whose offer led to
    nothing, later."""
    for seat in room.inside:
        without = seat.link.flow in (Flow.NONE, Flow.GONE)
        tried = seat.link.tried_at
        patience = RETRY if without else STUCK
        if not seat.socket or not (without or seat.link.flow is Flow.OPENING):
            continue
        if tried is None or now - tried >= patience:
            room = room.put(reopen(seat, now))
    return room
