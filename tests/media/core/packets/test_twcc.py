"""Feedback is read back by a decoder written from the draft, not from our writer."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import twcc


def decode(packet: bytes) -> tuple[int, int, dict[int, int], int]:
    """(base, feedback count, sequence → absolute ticks, statuses told)."""
    first, kind, length = struct.unpack_from("!BBH", packet)
    assert first & 0x1F == 15 and kind == 205 and len(packet) == 4 + 4 * length
    if first & 0x20:
        packet = packet[: -packet[-1]]
    base, count = struct.unpack_from("!HH", packet, 12)
    reference, number = int.from_bytes(packet[16:19], "big", signed=True), packet[19]
    at, symbols = 20, []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", packet, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif not chunk & 0x4000:
            symbols += [chunk >> bit & 1 for bit in range(13, -1, -1)]
        else:
            symbols += [chunk >> bit & 3 for bit in range(12, -1, -2)]
    clock, arrivals = reference * 256, {}
    for n, symbol in enumerate(symbols[:count]):
        if symbol == 0:
            continue
        form = ">B" if symbol == 1 else ">h"
        clock += struct.unpack_from(form, packet, at)[0]
        at += 1 if symbol == 1 else 2
        arrivals[(base + n) & 0xFFFF] = clock
    assert at == len(packet)
    return base, number, arrivals, count


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 20_000_000)), min_size=1, max_size=300),
)
def test_every_arrival_is_told_once_at_its_time(first: int, steps: list[tuple[int, int]]) -> None:
    arrivals = twcc.Arrivals()
    sequence, now, noted = first, 1_000_000_000, {}
    for step, passed in steps:
        arrivals.note(sequence & 0xFFFF, now)
        noted[sequence & 0xFFFF] = now // 250
        sequence, now = sequence + step, now + passed
    told: dict[int, int] = {}
    for packet in arrivals.feedback(1, 2):
        assert len(packet) <= 1100
        _, _, some, _ = decode(packet)
        assert not told.keys() & some.keys()
        told |= some
    assert told == noted


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 3_000_000)), max_size=60))
def test_a_hostile_order_costs_little_and_is_still_well_formed(
    notes: list[tuple[int, int]],
) -> None:
    arrivals, now = twcc.Arrivals(), 0
    for sequence, passed in notes:
        arrivals.note(sequence, now := now + passed)
    for packet in arrivals.feedback(1, 2):
        assert decode(packet)[3] <= twcc.MOST_IN_ONE
    assert arrivals.feedback(1, 2) == []


def test_a_loss_between_two_feedbacks_is_told_in_the_second() -> None:
    arrivals = twcc.Arrivals()
    arrivals.note(10, 0)
    arrivals.feedback(1, 2)
    arrivals.note(13, 5000)
    (packet,) = arrivals.feedback(1, 2)
    base, count, told, statuses = decode(packet)
    assert (base, count, statuses) == (11, 1, 3)
    assert told == {13: 20}


def test_a_packet_which_arrived_late_is_still_told() -> None:
    arrivals = twcc.Arrivals()
    for sequence in (1, 2, 4):
        arrivals.note(sequence, 1000)
    arrivals.feedback(1, 2)
    arrivals.note(3, 9000)
    (packet,) = arrivals.feedback(1, 2)
    assert decode(packet)[2] == {3: 36}


def test_a_long_silence_starts_a_packet_of_its_own() -> None:
    arrivals = twcc.Arrivals()
    arrivals.note(1, 0)
    arrivals.note(2, 9_000_000)  # beyond what a delta of 16 bits can say
    first, second = arrivals.feedback(1, 2)
    assert decode(first)[2] == {1: 0} and decode(second)[2] == {2: 36_000}
    assert decode(second)[1] == decode(first)[1] + 1


def test_feedback_stays_near_a_twentieth_of_what_comes_in() -> None:
    assert twcc.interval(360_000, 360_000) == 0.1
    assert twcc.interval(0, 2_000_000) == 0.25
    assert 90 * 8 / twcc.interval(100_000, 2_000_000) <= 0.06 * 100_000


def test_feedback_comes_sooner_where_that_costs_a_fiftieth_of_either_way() -> None:
    assert twcc.interval(2_000_000, 2_000_000) == twcc.interval(720_000, 1_000_000) == 0.05
    assert twcc.interval(480_000, 2_000_000) == twcc.interval(2_000_000, 480_000)
    assert twcc.interval(480_000, 2_000_000) == pytest.approx(0.075)


def test_feedback_stays_near_a_twentieth_of_a_thin_way_out() -> None:
    assert 90 * 8 / twcc.interval(50_000, 16_000) <= 0.051 * 16_000
    assert twcc.interval(50_000, 1_000) == 1.0
    assert twcc.interval(50_000, 0) == 1.0


def test_numbers_that_jump_without_end_are_told_in_few_words() -> None:
    """Told one by one, two hundred packets would make us send a thousand."""
    arrivals = twcc.Arrivals()
    for n in range(200):
        arrivals.note(n * 1999 & 0xFFFF, n * 500)
    assert len(arrivals.feedback(1, 2)) == 8
    assert arrivals.feedback(1, 2) == []
    for n in range(1, 3000):  # the best of browsers, told once in three seconds
        arrivals.note(400_000 + n & 0xFFFF, 200_000 + n * 1000)
    told = arrivals.feedback(1, 2)
    assert len(told) == 8 and arrivals.feedback(1, 2) == []
