"""Couriers on a clock of their own: no faster than what is spared, no part lost or out of turn."""

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.kernel.secrets import Secret
from signaling import courier, pacing
from signaling.courier import NotTaken
from signaling.delivery import Delivery
from signaling.events import Quality, StillBegun, StillKept
from signaling.intake import Albums
from signaling.seats import Room
from signaling.still import Still, StillStage
from signaling.ways import Reason, Way
from tests.signaling.conftest import PaperWorker
from tests.signaling.playbook import NURSE, START, Playbook, in_call

SIZES = (3000, 10_000)
RATE = 64_000.0


class Loop(asyncio.SelectorEventLoop):
    """Its time is what is waited for: nothing sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def at_once(timeout: float | None = None) -> Any:
            self.now += timeout or 0.0
            return select(0)

        self._selector.select = at_once  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


def in_no_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs a test in such a loop."""

    @functools.wraps(test)
    def run(*fixtures: Any, **named: Any) -> None:
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(test(*fixtures, **named))

    return run


async def inline(act: Callable[..., Any], *arguments: Any) -> Any:
    """In place of a thread, whose time is another."""
    return act(*arguments)


class Post:
    """A line whose page takes everything, or does what the test says. `rate` bit/s of it are the
    stills', behind which a voice waits; an answer takes `trip` s more."""

    def __init__(self, rate: float = 1e9, trip: float = 0.0) -> None:
        self.rate, self.trip = rate, trip
        self.parts: list[tuple[float, str, int, int, int]] = []
        self.waits: list[float] = []
        self.answer: Callable[[dict[str, Any]], Any] = lambda part: {"ok": True}
        self._busy = 0.0

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def ask(self, socket: str, event: str, payload: dict[str, Any], within: float) -> Any:
        size, now = len(payload["data"]), self.now
        self.parts.append((now, payload["id"], payload["stage"], payload["offset"], size))
        self.waits.append(max(0.0, self._busy - now))
        self._busy = max(now, self._busy) + pacing.price(size) / self.rate
        await asyncio.sleep(self._busy - now + self.trip)
        return self.answer(payload)


class Desk:
    """The nurse is owed stills the doctor sent; her link spares what the test says."""

    def __init__(self, folder: Path, secret: Secret, post: Post) -> None:
        self.book, self.post, self.worker = in_call(NURSE), post, PaperWorker()
        self.albums = Albums.below(folder, secret)
        self.delivery = Delivery(self.look, self.albums, self.worker, lambda: post.now)
        self.delivery.line = post
        self.changes: list[tuple[float, Callable[[], None]]] = []

    def look(self, _: str) -> Room:
        for at, change in list(self.changes):
            if self.post.now >= at:
                self.changes.remove((at, change))
                change()
        return self.book.room

    def spares(self, spare: float) -> None:
        way = Way("voice", Reason("fine"), RATE, spare)
        self.book >> Quality("nurse", "nurse-1", 0.0, 0.6, way, way)

    def kept(self, name: str, why: str = "asked") -> Playbook:
        stages = tuple(StillStage("image/webp", 8, 8, size) for size in SIZES)
        self.book >> StillBegun(Still(name, "dr", "camera", why, self.book.now, stages))
        for n, size in enumerate(SIZES):
            self.albums.of(self.book.room.stills[-1]).keep("c1", name, n, bytes([n]) * size)
            self.book >> StillKept(name, n, size)
        return self.book

    async def carried(self) -> list[tuple[float, str, int, int, int]]:
        self.delivery.look_after(self.book.room)
        while self.delivery._couriers:
            await asyncio.sleep(0.001)
        return self.post.parts


@pytest.fixture
def desk(tmp_path: Path, secret: Secret, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(asyncio, "to_thread", inline)
    return Desk(tmp_path, secret, Post())


@pytest.mark.parametrize("spare", [2_000.0, 7_000.0, 40_000.0])
@in_no_time
async def test_a_link_carries_what_is_spared_and_no_more(desk: Desk, spare: float) -> None:
    desk.spares(spare)
    desk.kept("one", "rung")
    parts = await desk.carried()
    assert sum(size for *_, size in parts) == sum(SIZES)
    bits = sum(pacing.price(size) for *_, size in parts[:-1])
    took = parts[-1][0]
    assert bits / spare - 0.01 <= took <= bits / spare + 0.02 * len(parts)
    largest = max(size for *_, size in parts)
    assert pacing.price(largest) <= 0.2 * RATE, "the voice waits for no longer than this"


@pytest.mark.parametrize("trip", [0.05, 0.6, 1.2])
@in_no_time
async def test_a_long_way_does_not_slow_what_is_spared(desk: Desk, trip: float) -> None:
    desk.post.trip = trip
    desk.spares(20_000.0)
    desk.kept("one", "rung")
    parts = await desk.carried()
    bits = sum(pacing.price(size) for *_, size in parts)
    assert parts[-1][0] < 1.1 * bits / 20_000 + 2 * trip
    most = 20_000 * max(trip, 0.5) + pacing.price(pacing.PART)
    for at, *_ in parts:
        under_way = [pacing.price(size) for when, *_, size in parts if at - trip < when <= at]
        assert sum(under_way) <= most


@in_no_time
async def test_nothing_leaves_while_nothing_is_spared_and_it_goes_on_by_itself(desk: Desk) -> None:
    desk.spares(0.0)
    desk.kept("one", "rung")
    desk.changes = [
        (5.0, lambda: desk.spares(40_000.0)), (6.0, lambda: desk.spares(0.0)),
        (60.0, lambda: desk.spares(40_000.0)),
    ]  # fmt: skip
    parts = await desk.carried()
    times = [at for at, *_ in parts]
    assert all(5.0 <= at <= 6.5 or at >= 60.0 for at in times) and min(times) < 6 < 60 < max(times)
    sent = [(stage, offset, size) for _, _, stage, offset, size in parts]
    assert next(s for s in sent if s[0] == 1) == (1, 0, pacing.portion(pacing.Way(4e4, RATE)))
    assert sum(size for _, _, size in sent) == sum(SIZES)


@in_no_time
async def test_what_somebody_waits_to_see_comes_though_nothing_is_spared(desk: Desk) -> None:
    desk.post.rate, desk.post.trip = 12_000.0, 0.6
    desk.spares(0.0)
    desk.kept("one")
    desk.changes = [(60.0, lambda: desk.book.vanishes("nurse/1") and None)]
    parts = await desk.carried()
    assert {stage for _, _, stage, *_ in parts} == {0}, "what refines it waits for what is spared"
    assert sum(size for *_, size in parts) == SIZES[0]
    assert parts[-1][0] < 18.0 and max(desk.post.waits) < 0.6


@pytest.mark.parametrize("why", ["asked", "rung"])
@in_no_time
async def test_a_link_that_carries_less_than_is_thought_is_not_flooded(
    desk: Desk, why: str
) -> None:
    desk.post.rate, desk.post.trip = 4_000.0, 0.6
    desk.spares(20_000.0)
    desk.kept("one", why)
    await desk.carried()
    late = desk.post.waits[8:]
    assert max(desk.post.waits) < 6.0 and late and sum(late) / len(late) < 3.0


@in_no_time
async def test_a_newer_small_one_overtakes_an_older_large_one(desk: Desk) -> None:
    desk.spares(40_000.0)
    desk.kept("one")

    def newer() -> None:
        desk.book.later(seconds=1)
        desk.kept("two")

    desk.changes = [(1.0, newer)]
    order = [(name, stage) for _, name, stage, *_ in await desk.carried()]
    turns = [each for n, each in enumerate(order) if n == 0 or order[n - 1] != each]
    assert turns == [("one", 0), ("one", 1), ("two", 0), ("two", 1), ("one", 1)]


@in_no_time
async def test_a_part_nobody_acknowledged_is_given_again(desk: Desk) -> None:
    desk.spares(40_000.0)
    desk.kept("one")
    lost = {"left": 2}

    def answer(part: dict[str, Any]) -> Any:
        if part["offset"] and lost["left"]:
            lost["left"] -= 1
            raise NotTaken
        return {"ok": True}

    desk.post.answer = answer
    offsets = [(stage, offset) for _, _, stage, offset, _ in await desk.carried()]
    first = pacing.portion(pacing.Way(4e4, RATE))
    assert offsets.count((0, first)) == 3 and len(set(offsets)) == len(offsets) - 2


@in_no_time
async def test_parts_under_way_when_one_is_not_acknowledged_cost_the_stage_nothing(
    desk: Desk,
) -> None:
    """The page has the parts that came with the lost answer, and says so."""
    desk.post.trip = 0.6
    desk.spares(40_000.0)
    desk.kept("one", "rung")
    got: dict[int, int] = {0: 0, 1: 0}
    lost = {"left": 1}

    def answer(part: dict[str, Any]) -> Any:
        stage, offset, end = part["stage"], part["offset"], part["offset"] + len(part["data"])
        if stage == 1 and offset and lost["left"]:
            lost["left"] -= 1
            got[1] = end
            raise NotTaken
        if offset > got[stage]:
            return {"ok": False, "offset": got[stage]}
        got[stage] = max(got[stage], end)
        return {"ok": True, "offset": got[stage]}

    desk.post.answer = answer
    parts = await desk.carried()
    assert got == {0: SIZES[0], 1: SIZES[1]}
    assert sum(size for *_, size in parts) <= sum(SIZES) + 5 * pacing.PART


@in_no_time
async def test_the_page_knows_best_where_it_is(desk: Desk) -> None:
    desk.spares(40_000.0)
    desk.kept("one")
    desk.post.answer = lambda part: (
        {"ok": False, "code": "invalid", "offset": 2500} if part["offset"] == 0
        else {"ok": True, "offset": part["offset"] + len(part["data"])}
    )  # fmt: skip
    offsets = [(stage, offset) for _, _, stage, offset, _ in await desk.carried()]
    assert offsets[:3] == [(0, 0), (0, 2500), (1, 0)]
    assert (1, 2500) in offsets


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"ok": False}, {"ok": False, "offset": 0}, {"ok": False, "offset": -1}, "yes",
     {"ok": False, "offset": 10**9}, {"ok": "true"}, [1], {"ok": False, "offset": "0"}],
)  # fmt: skip
@in_no_time
async def test_a_page_that_makes_no_sense_is_not_asked_for_ever(desk: Desk, answer: Any) -> None:
    desk.spares(40_000.0)
    desk.kept("one")
    desk.post.answer = lambda part: answer
    assert len(await desk.carried()) <= 4


@in_no_time
async def test_a_damaged_still_keeps_nobody_waiting(desk: Desk, tmp_path: Path) -> None:
    desk.spares(40_000.0)
    desk.kept("one")
    (tmp_path / "stills/c1/one-0").write_bytes(b"damaged")
    assert {stage for _, _, stage, *_ in await desk.carried()} == {1}


@in_no_time
async def test_a_receiver_who_left_ends_their_courier(desk: Desk) -> None:
    desk.spares(40_000.0)
    desk.kept("one")
    desk.changes = [(1.0, lambda: desk.book.vanishes("nurse/1") and None)]
    parts = await desk.carried()
    assert 0 < sum(size for *_, size in parts) < sum(SIZES)


@in_no_time
async def test_the_worker_is_told_again_now_and_then(desk: Desk) -> None:
    desk.spares(1_000.0)
    desk.kept("one", "rung")
    parts = await desk.carried()
    told = [each[-1] for each in desk.worker.asked]
    assert told[-1] == "off" and set(told[:-1]) == {"on"}
    assert len(told) - 1 == pytest.approx(parts[-1][0] / courier.REMIND, abs=2)


@in_no_time
async def test_a_room_forgotten_takes_its_progress_along(desk: Desk) -> None:
    desk.spares(1e6)
    desk.kept("one")
    await desk.carried()
    assert desk.delivery._progress
    desk.delivery.forget("c1")
    assert desk.delivery._progress == {}


@in_no_time
async def test_a_slow_link_sees_automatic_stills_whole_although_newer_ones_come(
    desk: Desk,
) -> None:
    """Each takes 17 s to cross, and the next is there after 6."""
    desk.spares(7_000.0)
    desk.kept("auto-0", "rung")
    names = iter(range(1, 9))

    def newer() -> None:
        n = next(names)
        desk.book.later(seconds=6)
        desk.kept(f"auto-{n}", "rung")

    desk.changes = [(6.0 * n, newer) for n in range(1, 9)]
    parts = await desk.carried()
    got: dict[tuple[str, int], int] = {}
    for _, name, stage, _, size in parts:
        got[name, stage] = got.get((name, stage), 0) + size
    whole = [name for (name, stage), size in got.items() if size == SIZES[stage]]
    assert len(whole) == len(got), "none was begun in vain"
    assert whole[-1] == "auto-8" and len(set(whole)) >= 3


def test_what_was_there_before_a_restored_seat_was_seen_is_fetched() -> None:
    book = in_call(NURSE)
    seat = replace(book.seat("nurse"), here_at=START + dt.timedelta(seconds=1))
    stage = StillStage("image/webp", 8, 8, 10, kept_at=START)
    still = Still("one", "dr", "camera", "asked", START, (stage,), have=1)
    assert not pacing.owed(seat, still, 0)
    assert pacing.owed(replace(seat, here_at=START), still, 0)
