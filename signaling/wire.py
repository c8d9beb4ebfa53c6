"""What rooms want of the media worker, asked in the order they want it.

It decides nothing: a worker that is away is an event of the room, which asks again.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from media import client
from signaling import relay
from signaling.effects import AnswerMedia, OpenMedia, Reply
from signaling.events import Event, NotOffered, Offered
from signaling.live import Live
from signaling.relay import Media
from signaling.seats import Flow, Room

Tell = Callable[[str, Event], Awaitable[Any]]


class Wire:
    """See the module. `tell` gives an event to a room."""

    def __init__(self, media: Media, tell: Tell, clock: Callable[[], dt.datetime]) -> None:
        self._media, self._tell, self._clock = media, tell, clock

    async def do(self, live: Live, effect: relay.Wired) -> None:
        """A command to the worker, after those before it."""
        async with live.wire:
            if isinstance(effect, OpenMedia):
                event = await self._open(live.room, effect.seat, effect.attempt)
                await self._tell(live.room.id, event)
            else:
                await relay.tell(self._media, live.room.id, effect)

    async def _open(self, room: Room, seat: str, attempt: int) -> Event:
        try:
            hint = relay.hint(room, room.by_id[seat], self._clock())
            offer = await self._media.open(room.id, seat, hint)
        except (client.MediaAway, client.MediaRefused):
            return NotOffered(seat, attempt)
        return Offered(seat, attempt, offer.session, offer.sdp, offer.plan)

    async def answer(self, live: Live, given: AnswerMedia) -> Reply:
        """The browser's answer, and its acknowledgement."""
        try:
            await self._media.answer(live.room.id, given.seat, given.session, given.sdp)
        except client.MediaRefused:
            return Reply("invalid")
        except client.MediaAway:
            seat = live.room.by_id[given.seat]
            if seat.link.session == given.session and seat.link.flow is Flow.OPENING:
                await self._tell(live.room.id, NotOffered(given.seat, seat.link.attempt))
            return Reply("unavailable")
        return Reply()
