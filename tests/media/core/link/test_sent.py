"""What left, joined to what is told of it."""

from itertools import pairwise

from media.core.link.sent import Acknowledged, Sent
from media.core.packets.feedback import Feedback


def told(base: int, count: int, *places: int, reference: int = 100, number: int = 0) -> Feedback:
    return Feedback(base & 0xFFFF, count, reference, number, tuple((p, 1000 * p) for p in places))


def test_each_packet_is_acknowledged_or_lost_once() -> None:
    sent = Sent()
    for n in range(4):
        assert sent.send(100 + n, n / 10, probe=n) == n
    joined = sent.join(told(0, 4, 0, 3), 1.0)
    base = (100 + 2**24) * 64_000
    assert joined.acknowledged == [
        Acknowledged(0.0, base, 100, 0),
        Acknowledged(0.3, base + 3000, 103, 3),
    ]
    assert joined.lost == [(0.1, False), (0.2, True)]  # one run
    again = sent.join(told(0, 4, 0, 3), 1.0)
    assert not again.acknowledged and not again.lost and again.unknown == 2
    assert sent.ignored == 2


def test_a_packet_called_lost_may_still_have_arrived() -> None:
    sent = Sent()
    for n in range(3):
        sent.send(100, n / 10)
    assert sent.join(told(0, 3, 0, 2), 1.0).recovered == 0
    late = sent.join(told(1, 1, 0), 1.1)
    assert late.recovered == 1 and len(late.acknowledged) == 1


def test_packets_never_sent_are_ignored() -> None:
    sent = Sent()
    assert sent.join(told(5, 3, 0, 1), 0.0).unknown == 3
    sent.send(100, 0.0)
    joined = sent.join(told(40_000, 3, 0, 1, 2), 1.0)
    assert not joined.acknowledged and not joined.lost and joined.unknown == 3


def test_numbers_wrap_and_feedback_comes_in_any_order() -> None:
    sent = Sent()
    for n in range(65_540):
        number = sent.send(100, n / 1000)
    assert number == 3
    late = sent.join(told(65_538, 2, 0, 1), 65.6)
    early = sent.join(told(65_534, 4, 0, 1, 2, 3), 65.6)
    assert len(late.acknowledged) == 2 and [a.sent for a in early.acknowledged] == [
        65.534, 65.535, 65.536, 65.537,
    ]  # fmt: skip


def test_what_is_too_old_or_pushed_out_is_forgotten() -> None:
    sent = Sent()
    sent.send(100, 0.0)
    assert sent.join(told(0, 1, 0), 12.1).unknown == 1
    sent.send(100, 0.0)
    assert len(sent.join(told(1, 1, 0), 11.9).acknowledged) == 1
    sent.send(100, 20.0)
    for _ in range(8192):
        sent.send(100, 20.0)
    assert sent.join(told(2, 1, 0), 20.1).unknown == 1
    assert len(sent.join(told(3, 1, 0), 20.1).acknowledged) == 1


def test_memory_is_bounded_whatever_is_never_told() -> None:
    sent = Sent()
    for n in range(30_000):
        sent.send(100, n / 1000)
    assert len(sent._ring) == 8192


def test_the_receivers_clock_wraps_after_twelve_days() -> None:
    sent, arrived = Sent(), []
    for n, reference in enumerate((0xFFFFFF, 0, 1, 0xFFFFFF)):
        sent.send(100, n / 10)
        arrived += [
            a.arrived for a in sent.join(told(n, 1, 0, reference=reference), 1).acknowledged
        ]
    assert [b - a for a, b in pairwise(arrived)] == [64_000, 64_000, -128_000]


def test_a_clock_is_unrolled_to_the_nearer_side() -> None:
    for reference, side in ((0x7FFFFF, 1), (0x800001, -1)):
        sent = Sent()
        arrived = []
        for n, clock in enumerate((0, reference)):
            sent.send(100, n / 10)
            (packet,) = sent.join(told(n, 1, 0, reference=clock), 1).acknowledged
            arrived.append(packet.arrived)
        assert arrived[1] - arrived[0] == side * 0x7FFFFF * 64_000


def test_a_message_that_was_lost_is_noticed() -> None:
    sent = Sent()
    whole = []
    for n, number in enumerate((255, 0, 2, 3)):
        sent.send(100, n / 10)
        whole.append(sent.join(told(n, 1, 0, number=number), 1).whole)
    assert whole == [True, True, False, True]


def test_the_first_packet_nothing_is_known_of_is_how_old_the_news_is() -> None:
    sent = Sent()
    assert sent.waits(5.0) == 0
    for n in range(5):
        sent.send(100, n / 10)
    assert sent.waits(1.0) == 1.0
    sent.join(told(0, 3, 0, 2), 1.0)
    assert sent.waits(1.0) == 0.7, "what was lost before it is known of"
    sent.join(told(3, 2, 0, 1), 1.1)
    assert sent.waits(9.0) == 0
