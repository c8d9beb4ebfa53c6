"""Each thing a worker tells means one thing to one room, or to every room."""

import pytest

from media import client
from signaling import events, ways
from signaling.events import Event
from signaling.relay import heard
from signaling.seats import SlotUse
from signaling.ways import Reason, Way

UP = {
    "rung": "slow", "why": {"code": "rate", "have": 70, "need": 120}, "rate": 70_123.4,
    "spare": 7000, "queue": 12.6, "loss": 0.0123,
}  # fmt: skip
SLOW = Way("slow", Reason("rate", 70, 120), 70_123.4, 7000, 12.6, 0.0123)
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
        (client.PeerQuality(*AT, 0.1, None), events.Quality("seat", "session", 0.1, None)),
        (client.PeerQuality(*AT, 0.1, 0.7, UP, {"rung": "sharp"}),
         events.Quality("seat", "session", 0.1, 0.7, SLOW, Way("sharp", Reason("")))),
        (client.Encode(*AT, {"n": 1}), events.Planned("seat", "session", {"n": 1})),
        (client.WorkerLost(("room",)), events.WorkerLost()),
    ],
)  # fmt: skip
def test_what_concerns_one_room(event: client.MediaEvent, meaning: Event) -> None:
    assert told(event) == [("room", meaning)]


def test_a_worker_that_is_back_concerns_every_room() -> None:
    assert told(client.WorkerBack()) == [
        (room, events.WorkerBack(frozenset({f"seat of {room}"}))) for room in ("room", "other")
    ]


@pytest.mark.parametrize(
    "told",
    [None, {}, "slow", {"rung": "best"}, {"rung": None}, [1], {"rung": ["slow"]}, {"why": {}}],
)
def test_what_is_no_direction_is_told_to_nobody(told: object) -> None:
    assert ways.read(told) is None


def test_numbers_that_are_none_are_unknown() -> None:
    why = {"code": 7, "have": True, "need": float("nan")}
    odd = {"rung": "voice", "why": why, "rate": -1, "spare": "x", "queue": 1e300, "loss": None}
    assert ways.read(odd) == Way("voice", Reason(""))


@pytest.mark.parametrize(("rate", "known"), [(0, 0.0), (999e9, 999e9), (1e12, None), (True, None)])
def test_a_rate_is_what_a_link_can_have(rate: float, known: float | None) -> None:
    way = ways.read({"rung": "slow", "rate": rate, "why": {"code": "x" * 30}})
    assert way is not None and way.rate == known and way.why.code == "x" * 24


def test_a_direction_crosses_a_thin_link_without_needless_digits() -> None:
    assert ways.shown(SLOW) == {
        "rung": "slow", "why": {"code": "rate", "have": 70, "need": 120}, "rate": 70123,
        "spare": 7000, "queue": 13, "loss": 0.012,
    }  # fmt: skip
