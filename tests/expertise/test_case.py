"""The life of a request: every act from every status, and any order of acts."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertise.case import (
    BY,
    OVER,
    OWED,
    SAYING,
    TABLE,
    TURN,
    Act,
    Refused,
    Side,
    Standing,
    Status,
    after,
    late,
    possible,
)

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
WITHIN = 48 * HOUR


def lived(*acts: tuple[Act, float]) -> Standing:
    """The standing after acts, each at its hour."""
    standing = Standing()
    for act, hour in acts:
        standing = after(standing, act, NOW + hour * HOUR, WITHIN)
    return standing


def test_the_whole_way() -> None:
    way = [Act.SUBMIT, Act.CLAIM, Act.ASK, Act.GIVE, Act.ANSWER, Act.ACKNOWLEDGE, Act.CLOSE]
    seen, standing = [], Standing()
    for hour, act in enumerate(way):
        standing = after(standing, act, NOW + hour * HOUR, WITHIN)
        seen.append(standing.status.value)
    assert seen == ["submitted", "assigned", "more_asked", "assigned", "answered", "acknowledged",
                    "closed"]  # fmt: skip


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("act", Act)
def test_each_act_from_each_status(status: Status, act: Act) -> None:
    # Late, so that the clock itself forbids nothing.
    standing = Standing(status, due_at=NOW - HOUR)
    if (status, act) in TABLE:
        assert after(standing, act, NOW, WITHIN).status is TABLE[status, act]
    else:
        with pytest.raises(Refused) as refused:
            after(standing, act, NOW, WITHIN)
        assert status not in refused.value.needed


def test_every_act_has_a_side_and_every_open_status_a_turn() -> None:
    assert set(BY) == set(Act)
    assert set(TURN) | set(OVER) == set(Status)
    assert set(SAYING) < set(Act)
    for status in TURN:
        sides = {BY[act] for (start, act) in TABLE if start is status}
        turn = TURN[status]
        assert turn in sides, f"whoever is to act when {status} can"


def test_the_clock_stands_still_while_more_is_asked() -> None:
    asked = lived((Act.SUBMIT, 0), (Act.CLAIM, 1), (Act.ASK, 2))
    assert not late(asked, NOW + 100 * HOUR), "the expert owes nothing meanwhile"
    given_back = after(asked, Act.GIVE, NOW + 12 * HOUR)
    assert given_back.due_at == NOW + WITHIN + 10 * HOUR and given_back.paused_at is None


def test_late_is_noticed_once_and_lets_a_colleague_take_over() -> None:
    taken = lived((Act.SUBMIT, 0), (Act.CLAIM, 1))
    due = NOW + WITHIN
    assert not late(taken, due - dt.timedelta(seconds=1)) and late(taken, due)
    assert not possible(taken, Act.TAKE_OVER, due - HOUR)
    assert possible(taken, Act.TAKE_OVER, due)
    noticed = after(taken, Act.LATE, due)
    assert noticed.late_since == due and noticed.status is Status.ASSIGNED
    with pytest.raises(Refused):
        after(noticed, Act.LATE, due + HOUR)


def test_passing_on_does_not_give_the_patient_a_longer_wait() -> None:
    passed = lived((Act.SUBMIT, 0), (Act.CLAIM, 1), (Act.PASS_ON, 30))
    assert passed.due_at == NOW + WITHIN


def test_reopening_begins_a_new_time_and_revising_none() -> None:
    late_answer = lived((Act.SUBMIT, 0), (Act.LATE, 50), (Act.CLAIM, 51), (Act.ANSWER, 60))
    again = after(late_answer, Act.REOPEN, NOW + 70 * HOUR, HOUR)
    assert again == Standing(Status.ASSIGNED, due_at=NOW + 71 * HOUR)
    declined = lived((Act.SUBMIT, 0), (Act.DECLINE, 1))
    assert after(declined, Act.REVISE, NOW) == Standing(Status.DRAFT)
    with pytest.raises(ValueError, match="time to answer"):
        after(Standing(), Act.SUBMIT, NOW)


@given(st.lists(st.tuples(st.sampled_from(list(Act)), st.integers(0, 90)), max_size=40))
def test_in_any_order(acts: list[tuple[Act, int]]) -> None:
    standing, now = Standing(), NOW
    for act, hours in acts:
        now += hours * HOUR
        if not possible(standing, act, now):
            with pytest.raises(Refused):
                after(standing, act, now, WITHIN)
            continue
        standing = after(standing, act, now, WITHIN)
        sent = standing.status not in (Status.DRAFT, Status.WITHDRAWN)
        assert not sent or standing.due_at is not None
        assert (standing.status is Status.MORE_ASKED) <= (standing.paused_at is not None)
        assert standing.status not in OWED or standing.paused_at is None
        if standing.status in OVER:
            left = {act for (status, act) in TABLE if status is standing.status}
            assert left <= {Act.REOPEN}
    assert BY[Act.LATE] is Side.CLOCK
