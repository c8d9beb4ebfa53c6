"""Each thing a worker tells means one thing to one room, or to every room."""

import pytest

from media import client
from signaling import events
from signaling.events import Event
from signaling.relay import heard
from signaling.seats import SlotUse

AT = ("room", "seat", "session")


def told(event: client.MediaEvent) -> list[tuple[str, Event]]:
    return list(heard(event, lambda: iter(["room", "other"]), lambda room: {f"seat of {room}"}))


@pytest.mark.parametrize(
    ("event", "meaning"),
    [
        (client.PeerUp(*AT), events.Flowing("seat", "session")),
        (client.PeerResumed(*AT), events.Flowing("seat", "session")),
        (client.PeerStalled(*AT, 2.5), events.Stalled("seat", "session", 2.5)),
        (client.PeerGone(*AT, "silent"), events.Gone("seat", "session")),
        (client.SlotsChanged(*AT, (client.SlotUse(0, "x", "person"),)),
         events.SlotsChanged("seat", "session", (SlotUse(0, "x", "person"),))),
        (client.SpeakerChanged("room", None), events.SpeakerChanged(None)),
        (client.PictureStalled("room", "seat", "exam"), events.PictureStalled("seat", "exam")),
        (client.PictureResumed("room", "seat", "exam"), events.PictureResumed("seat", "exam")),
        (client.PeerQuality("room", "seat", "s", 0.1, None), events.Quality("seat", 0.1, None)),
        (client.WorkerLost(("room",)), events.WorkerLost()),
    ],
)  # fmt: skip
def test_what_concerns_one_room(event: client.MediaEvent, meaning: Event) -> None:
    assert told(event) == [("room", meaning)]


def test_a_worker_that_is_back_concerns_every_room() -> None:
    assert told(client.WorkerBack()) == [
        (room, events.WorkerBack(frozenset({f"seat of {room}"}))) for room in ("room", "other")
    ]
