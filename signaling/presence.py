"""Who is there: their login sessions do not grow idle, their links do not expire, and they are
counted.

It wakes no session that has ended, and prolongs none beyond its hours.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator

from server.kernel import sessions
from server.kernel.db import Database, DatabaseAway
from server.kernel.metrics import METRICS
from signaling import invitations
from signaling.seats import Room, Stage

LINK_LASTS = dt.timedelta(minutes=30)


def present(rooms: Iterable[Room]) -> Iterator[str]:
    """Login sessions that are in, at a door, or a guest's with the page open."""
    for room in rooms:
        for seat in room.seats:
            busy = seat.stage in (Stage.IN, Stage.DOOR)
            if seat.credential and (busy or (seat.socket and not seat.member)):
                yield seat.credential
        yield from (claim.credential for claim in room.claims)


async def keep(db: Database, rooms: list[Room], now: dt.datetime) -> frozenset[str]:
    """To be done every minute. Returns the sessions which have ended all the same: whoever holds
    them is to be put out. Without the database there is nothing to keep, and nobody to put out."""
    credentials = sorted(set(present(rooms)))
    if not credentials:
        return frozenset()
    try:
        async with db.begin() as session:
            for credential in credentials:
                await sessions.keep_alive(session, credential, now)
            for room in rooms:
                if room.inside:
                    await invitations.keep(session, room.id, now, now + LINK_LASTS)
            alive = [c for c in credentials if await sessions.alive(session, c, now=now)]
    except DatabaseAway:
        return frozenset()
    return frozenset(credentials).difference(alive)


def count(rooms: list[Room]) -> None:
    """For the operator: rooms with somebody in, and seats by stage."""
    METRICS.rooms.set(sum(1 for room in rooms if room.inside))
    stages = Counter(seat.stage for room in rooms for seat in room.seats)
    for stage in Stage:
        METRICS.seats.labels(stage.value).set(stages[stage])
