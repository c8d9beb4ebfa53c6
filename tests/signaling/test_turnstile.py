"""A crowd at the entrance: a few at a time, some wait, the others get a moment of their own."""

import asyncio
from itertools import pairwise

import pytest

from signaling.turnstile import LONGEST_WAIT, PACE, WITH_GREETING, TooMany, Turnstile


class Line:
    """People who pass one turnstile, and stay in it until they are let go."""

    def __init__(self, at_once: int) -> None:
        self.now = 100.0
        self.turnstile = Turnstile(lambda: self.now, at_once)
        self.inside = 0
        self.go = asyncio.Event()

    async def come(self) -> None:
        async with self.turnstile.pass_():
            self.inside += 1
            await self.go.wait()
            self.inside -= 1


async def test_so_many_at_once_and_the_others_in_their_turn() -> None:
    line = Line(2)
    coming = [asyncio.ensure_future(line.come()) for _ in range(5)]
    await asyncio.sleep(0)
    assert line.inside == 2
    line.go.set()
    await asyncio.gather(*coming)
    assert line.inside == 0


async def test_whoever_would_wait_too_long_gets_a_moment_of_their_own() -> None:
    line = Line(1)
    most = int(LONGEST_WAIT / PACE) + 1
    coming = [asyncio.ensure_future(line.come()) for _ in range(most)]
    await asyncio.sleep(0)
    moments = []
    for _ in range(10):
        with pytest.raises(TooMany) as refused:
            await line.come()
        moments.append(refused.value.after)
    assert moments[0] == pytest.approx(most * PACE + PACE * WITH_GREETING)
    steps = [b - a for a, b in pairwise(moments)]
    assert steps == pytest.approx([PACE * WITH_GREETING] * 9)
    line.go.set()
    await asyncio.gather(*coming)
    await line.come()


async def test_it_learns_how_long_one_takes() -> None:
    line = Line(1)
    for _ in range(50):
        coming = asyncio.ensure_future(line.come())
        await asyncio.sleep(0)
        line.now += 10 * PACE
        line.go.set()
        await coming
        line.go.clear()
    few = [asyncio.ensure_future(line.come()) for _ in range(int(LONGEST_WAIT / PACE / 10) + 1)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await line.come()
    line.go.set()
    await asyncio.gather(*few)


async def test_a_failure_inside_leaves_its_place() -> None:
    line = Line(1)
    with pytest.raises(ZeroDivisionError):
        async with line.turnstile.pass_():
            raise ZeroDivisionError
    line.go.set()
    async with asyncio.timeout(5):
        await line.come()
