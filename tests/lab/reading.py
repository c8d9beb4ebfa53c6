"""From one call to its figures: PURE. "up" is what went from the site to the specialist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab.call import Call
from tests.lab.seats import NUMBERS, SPECIALIST
from tests.lab.sight import Received, Window, received
from tests.lab.way import Carried, tag

ASKED = 640  # pixels in width; what the camera gives


@dataclass(frozen=True)
class Figure:
    """``name`` begins with the way ("up", "second down") and names a window if not the settled
    call: "up dip fps"."""

    name: str
    value: float | None
    unit: str


def figures(call: Call) -> Iterator[Figure]:
    """Every figure of a call, way by way."""
    for site in call.profile.links:
        prefix = "" if site == "site" else f"{site} "
        for direction in ("up", "down"):
            yield from _of_way(call, site, direction, f"{prefix}{direction}")


def _of_way(call: Call, site: str, direction: str, name: str) -> Iterator[Figure]:
    sender, receiver = (site, SPECIALIST) if direction == "up" else (SPECIALIST, site)
    sight = call.sights[receiver]
    number = NUMBERS[sender] if len(call.sights) > 2 else None
    seen = received(sight, number)
    carried = _carried(call, site, direction)
    yield Figure(f"{name} first picture", seen.first_picture(call.clicked), "s")
    yield Figure(f"{name} first still", seen.first_still(call.clicked), "s")
    if call.asked is not None and direction == "up" and site == "site":
        yield Figure(f"{name} asked still", seen.asked_still(call.asked, ASKED), "s")
    for label, window in call.profile.windows.items():
        yield from _received(seen, window, f"{name} {label}".strip())
        yield from _on_link(carried, window, f"{name} {label}".strip())
    if len(carried.way.rate) in (2, 3, 4):
        yield Figure(f"{name} rate regained", carried.regained(), "s")
    for _, end in carried.way.cuts:
        yield Figure(f"{name} speech back", seen.speech_after(end), "s")
        yield Figure(f"{name} picture back", seen.picture_after(end), "s")


def _received(seen: Received, window: Window, name: str) -> Iterator[Figure]:
    yield Figure(f"{name} concealed", seen.concealed(window), "%")
    yield Figure(f"{name} speech gap", seen.speech_gap(window), "ms")
    yield Figure(f"{name} sound buffer", seen.sound_delay(window), "ms")
    yield Figure(f"{name} fps", seen.fps(window), "1/s")
    yield Figure(f"{name} width", seen.width(window), "px")
    yield Figure(f"{name} frozen", seen.frozen(window), "%")
    yield Figure(f"{name} longest freeze", seen.longest_freeze(window), "s")
    yield Figure(f"{name} unseen", seen.unseen(window), "%")
    yield Figure(f"{name} still every", seen.still_every(window), "s")
    yield Figure(f"{name} changes", seen.changes(window), "1/min")
    yield Figure(f"{name} picture delay", seen.picture_delay(window), "ms")


def _on_link(carried: Carried, window: Window, name: str) -> Iterator[Figure]:
    yield Figure(f"{name} link used", carried.used(window), "%")
    yield Figure(f"{name} overhead", carried.overhead(window), "%")
    yield Figure(f"{name} tcp", carried.tcp(window), "kbit/s")
    yield Figure(f"{name} queue p95", carried.queue_p95(window), "ms")
    yield Figure(f"{name} queue drops", carried.dropped(window), "%")
    yield Figure(f"{name} repairs per loss", carried.repairs_per_loss(window), "")


def _carried(call: Call, site: str, direction: str) -> Carried:
    link = call.profile.links[site]
    rows = [row for s in call.sights.values() for sample in s.samples for row in sample["rows"]]
    return Carried(
        call.journal.of(f"{site} {direction}"),
        link.up if direction == "up" else link.down,
        tag({row["srtpCipher"] for row in rows if row.get("srtpCipher")}),
        {row["rtxSsrc"] for row in rows if row.get("rtxSsrc")},
    )
