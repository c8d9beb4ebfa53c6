"""Waits grow, have a cap, and are forgotten; a try sent a thousand times at once is one try."""

import asyncio
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel import limits
from server.kernel.db import Database
from server.kernel.limits import Bucket, Rule, Verdict

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
RULE = Rule(free=3, first=2, cap=60, forget=600)


def _after(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def test_the_wait_doubles_up_to_its_cap() -> None:
    assert [RULE.delay(tries) for tries in range(10)] == [0, 0, 0, 0, 2, 4, 8, 16, 32, 60]
    assert RULE.delay(10**9) == 60


async def test_free_failures_then_a_growing_wait(database: Database) -> None:
    async with database.begin() as session:
        for _ in range(3):
            assert (await limits.failed(session, "k", RULE, NOON)).allowed
        assert await limits.failed(session, "k", RULE, NOON) == Verdict(False, 2)
        assert await limits.check(session, "k", RULE, _after(1.5)) == Verdict(False, 1)
        assert (await limits.check(session, "k", RULE, _after(2))).allowed
        assert await limits.failed(session, "k", RULE, _after(2)) == Verdict(False, 4)
        assert (await limits.check(session, "other", RULE, NOON)).allowed


async def test_a_refused_try_does_not_lengthen_the_wait(database: Database) -> None:
    async with database.begin() as session:
        for _ in range(4):
            await limits.take(session, "k", RULE, NOON)
        for _ in range(50):
            assert await limits.take(session, "k", RULE, NOON) == Verdict(False, 2)
        assert (await limits.take(session, "k", RULE, _after(2))).allowed


async def test_a_success_or_a_quiet_while_forgets(database: Database) -> None:
    async with database.begin() as session:
        for key in ("quiet", "good"):
            for _ in range(6):
                await limits.failed(session, key, RULE, NOON)
        await limits.succeeded(session, "good")
        assert (await limits.check(session, "good", RULE, NOON)).allowed
        assert not (await limits.check(session, "quiet", RULE, NOON)).allowed
        later = _after(RULE.forget + RULE.cap)
        assert (await limits.failed(session, "quiet", RULE, later)).allowed


async def test_a_try_given_back_leaves_the_others(database: Database) -> None:
    async with database.begin() as session:
        for _ in range(4):
            await limits.failed(session, "k", RULE, NOON)
        await limits.give_back(session, "k", RULE)
        assert (await limits.check(session, "k", RULE, NOON)).allowed
        assert not (await limits.failed(session, "k", RULE, NOON)).allowed
        await limits.give_back(session, "never seen", RULE)


async def test_several_keys_are_counted_together_or_not_at_all(database: Database) -> None:
    rules = {"a": Rule(free=1, first=5), "b": Rule(free=10)}
    async with database.begin() as session:
        assert (await limits.take_all(session, rules, NOON)).allowed
        assert (await limits.take_all(session, rules, NOON)).allowed
        for _ in range(20):
            assert await limits.take_all(session, rules, NOON) == Verdict(False, 5)
        assert (await limits.take_all(session, {"b": rules["b"]}, NOON)).allowed


async def test_tries_sent_at_once_do_not_slip_through(database: Database) -> None:
    async def attempt() -> bool:
        async with database.begin() as session:
            return (await limits.take(session, "k", RULE, NOON)).allowed

    passed = await asyncio.gather(*(attempt() for _ in range(12)))
    assert sum(passed) == RULE.free + 1


async def test_a_success_never_pulls_the_row_from_under_a_try(database: Database) -> None:
    async def attempt() -> Verdict:
        async with database.begin() as session:
            return await limits.take(session, "k", RULE, NOON)

    async def forget() -> None:
        async with database.begin() as session:
            await limits.succeeded(session, "k")

    for _ in range(10):
        await asyncio.gather(*(act() for act in (attempt, forget, attempt) * 4))
    await forget()
    assert (await attempt()).allowed


async def test_sweeping_removes_what_nobody_tries(database: Database) -> None:
    async with database.begin() as session:
        await limits.failed(session, "old", RULE, NOON)
        await limits.failed(session, "new", RULE, _after(3600))
        assert await limits.sweep(session, _after(1800)) == 1
        assert await limits.sweep(session, _after(1800)) == 0


def test_a_bucket_lets_a_burst_through_then_its_rate() -> None:
    bucket = Bucket.full(size=5, rate=2, now=0)
    assert [bucket.take(0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(0.5) and not bucket.take(0.5)
    assert not bucket.take(0.75, cost=2)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 3)), max_size=60))
def test_a_bucket_never_gives_more_than_it_got(events: list[tuple[float, float]]) -> None:
    bucket, now, spent = Bucket.full(size=4, rate=1.5, now=0), 0.0, 0.0
    for wait, cost in events:
        now += wait
        if bucket.take(now, cost):
            spent += cost
        assert spent <= 4 + 1.5 * now + 1e-6


def test_a_clock_gone_back_gives_nothing() -> None:
    bucket = Bucket.full(size=1, rate=1, now=100)
    assert bucket.take(100)
    assert not bucket.take(0) and not bucket.take(50) and bucket.take(101)


def test_a_wait_is_never_told_as_zero() -> None:
    assert Verdict(True).retry_after == 0
    with pytest.raises(AttributeError):
        Verdict(True).allowed = False  # type: ignore[misc]
