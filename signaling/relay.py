"""The media worker as signaling sees it: what is asked of it, and what its events mean here.

`Media` is what `media.client.MediaClient` offers; tests give another. A room's id is its
consultation's, a peer's id is its seat's: the worker learns nothing else.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from media import client
from signaling import effects, events, meter, ways
from signaling.events import Event
from signaling.seats import Room, Seat, SlotUse


class Media(Protocol):
    def subscribe(self, callback: Callable[[client.MediaEvent], Awaitable[None]]) -> None: ...

    async def open(self, room: str, peer: str, hint: client.Hint) -> client.Offer: ...

    async def answer(self, room: str, peer: str, session: str, sdp: str) -> None: ...

    async def report(
        self, room: str, peer: str, session: str, report: client.LinkReport
    ) -> None: ...

    async def matters(self, room: str, peer: str, source: str, what: str) -> None: ...

    async def transfer(self, room: str, peer: str, direction: str, on: bool) -> None: ...

    async def close(self, room: str, peer: str) -> None: ...

    async def close_room(self, room: str) -> None: ...

    def peers(self, room: str) -> tuple[str, ...]: ...

    def rooms(self) -> tuple[str, ...]: ...


def heard(
    told: client.MediaEvent, rooms: Callable[[], Iterator[str]], peers: Callable[[str], set[str]]
) -> Iterator[tuple[str, Event]]:
    """Which rooms a worker's event concerns, and what it means to each."""
    match told:
        case client.WorkerLost(rooms=lost):
            yield from ((room, events.WorkerLost()) for room in lost)
        case client.WorkerLeaving(rooms=moving):
            yield from ((room, events.WorkerLeaving()) for room in moving)
        case client.WorkerBack():
            yield from ((room, events.WorkerBack(frozenset(peers(room)))) for room in rooms())
        case client.SpeakerChanged(room, peer):
            yield room, events.SpeakerChanged(peer)
        case _:
            yield told.room, _of_peer(told)


OfPeer = (
    client.PeerUp
    | client.PeerResumed
    | client.PeerStalled
    | client.PeerGone
    | client.SlotsChanged
    | client.PictureStalled
    | client.PictureResumed
    | client.PeerQuality
    | client.Encode
)


def _of_peer(told: OfPeer) -> Event:
    match told:
        case client.PeerUp() | client.PeerResumed():
            return events.Flowing(told.peer, told.session)
        case client.PeerStalled():
            return events.Stalled(told.peer, told.session, told.since)
        case client.PeerGone():
            return events.Gone(told.peer, told.session)
        case client.SlotsChanged():
            uses = tuple(SlotUse(use.slot, use.peer, use.kind) for use in told.slots)
            return events.SlotsChanged(told.peer, told.session, uses)
        case client.PictureStalled():
            return events.PictureStalled(told.peer, told.source)
        case client.PictureResumed():
            return events.PictureResumed(told.peer, told.source)
        case client.PeerQuality():
            up, down = ways.read(told.up), ways.read(told.down)
            return events.Quality(told.peer, told.session, told.loss, told.rtt, up, down)
        case client.Encode():
            return events.Planned(told.peer, told.session, told.plan)


Told = (
    effects.CloseMedia
    | effects.CloseRoom
    | effects.ReportLink
    | effects.TellMatters
    | effects.TransferMedia
)
Wired = Told | effects.OpenMedia


async def tell(media: Media, room: str, effect: Told) -> None:
    """A command to the worker that needs no answer of the room."""
    match effect:
        case effects.CloseMedia(seat):
            await media.close(room, seat)
        case effects.CloseRoom():
            await media.close_room(room)
        case effects.ReportLink(seat, session, up, rtt, loss, limited):
            rate = None if up is None else round(up)
            await media.report(room, seat, session, client.LinkReport(rate, rtt, loss, limited))
        case effects.TellMatters(seat, source, what):
            await media.matters(room, seat, source, what)
        case effects.TransferMedia(seat, direction, on):
            await media.transfer(room, seat, direction, on)


def hint(room: Room, seat: Seat, now: dt.datetime) -> client.Hint:
    """What is known of a seat's link before it carries anything, and what it may carry. Of one
    that came back in the same stay, what its link was worth a moment ago."""
    site = seat.site
    had = seat.meter if seat.meter.reports else site or meter.SiteLink("")
    together = [s for s in room.seats if site and s.site and s.site.id == site.id]
    used = meter.total(s.meter for s in together)
    gone = (now - room.started_at).total_seconds() if room.started_at else 0.0
    sharing = sum(s.inside for s in together)
    most = meter.ceiling(site, used, 60.0 * room.minutes - gone, sharing, seat.saver)
    rtt = had.rtt if seat.rtt is None else seat.rtt
    return client.Hint(_whole(had.up), _whole(had.down), rtt, most)


def _whole(rate: float | None) -> int | None:
    return None if rate is None else round(rate)
