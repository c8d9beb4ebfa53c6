from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.link.pacer import Frame, Pacer

RATE = 80_000  # bit/s: 100 bytes in 10 ms


def frame(
    key: int, base: bool = True, keyframe: bool = False, stream: int = 1, first: int = 0
) -> Frame:
    return Frame(stream, key, base, keyframe, first)


def names(due: list[tuple[str, int]]) -> list[str]:
    return [name for name, _ in due]


def drain(pacer: Pacer[str], now: float, seconds: float = 10.0) -> list[str]:
    found = []
    for n in range(int(seconds * 100)):
        found += names(pacer.due(now + n / 100))
    return found


def test_what_leaves_keeps_to_the_rate() -> None:
    pacer: Pacer[int] = Pacer(0.0, RATE)
    for n in range(100):
        pacer.push(n, 100, 0.0, frame(n))
    assert pacer and pacer.queued == 10_000 and pacer.queue_seconds == 1.0
    left = [(item, tick / 100) for tick in range(120) for item, size in pacer.due(tick / 100)]
    assert [item for item, _ in left] == list(range(100))
    # A first burst of 40 ms (and the packet which crosses its end), then 10 ms apart.
    assert sum(at == 0.0 for _, at in left) == 4
    assert all(abs(at - (item - 4) / 100) <= 0.011 for item, at in left[5:])
    assert not pacer and pacer.queued == 0 and pacer.queue_seconds == 0.0


def test_a_pause_saves_up_no_more_than_a_burst() -> None:
    pacer: Pacer[int] = Pacer(0.0, RATE)
    assert pacer.due(60.0) == []
    for n in range(50):
        pacer.push(n, 100, 60.0, frame(n))
    assert len(pacer.due(60.0)) == 4


def test_a_packet_larger_than_the_burst_leaves_whole_and_is_paid_afterwards() -> None:
    pacer: Pacer[str] = Pacer(0.0, RATE)
    for name in ("one", "two"):
        pacer.push(name, 1_200, 0.0, frame(1))
    assert names(pacer.due(0.0)) == ["one"]
    assert pacer.due(0.07) == []
    assert names(pacer.due(0.09)) == ["two"]


def test_sound_takes_its_part_and_what_did_not_leave_is_given_back() -> None:
    pacer: Pacer[str] = Pacer(0.0, RATE)
    pacer.spent(500)
    pacer.push("picture", 100, 0.0, frame(1))
    assert pacer.due(0.0) == []
    pacer.spent(-500)
    assert names(pacer.due(0.0)) == ["picture"]
    pacer.spent(1_000_000)  # a debt has an end
    pacer.push("next", 100, 0.0, frame(2))
    assert pacer.due(0.4) == [] and names(pacer.due(0.6)) == ["next"]


def test_while_nothing_waits_packets_pass_straight() -> None:
    pacer: Pacer[str] = Pacer(0.0, RATE)

    def passes(key: int, now: float, keyframe: bool = False) -> bool:
        straight = pacer.straight(100, now, 1, key, keyframe)
        if straight:
            pacer.spent(100)
        return straight

    assert [passes(1, 0.0, True) for _ in range(6)] == [True] * 4 + [False] * 2
    pacer.push("rest", 9_900, 0.0, frame(1, keyframe=True))
    pacer.push("next", 100, 0.0, frame(2))
    assert not passes(3, 5.0)
    # What has begun is not given up; what follows waits for a key frame of 10,400 bytes.
    pacer.spent(1_000_000)
    assert pacer.stale(1.5) == [] and pacer.stale(1.58) == ["next"]
    assert drain(pacer, 6.0) == ["rest"]
    assert passes(3, 20.0)


def test_what_is_sent_again_goes_first_then_by_priority() -> None:
    pacer: Pacer[str] = Pacer(0.0, RATE)
    pacer.push("other", 100, 0.0, frame(1, stream=1, first=2))
    pacer.push("face", 100, 0.0, frame(1, stream=2, first=1))
    pacer.push("face again", 100, 0.0, None)
    pacer.push("face", 100, 0.0, frame(2, stream=2, first=1))
    assert drain(pacer, 0.0) == ["face again", "face", "face", "other"]


def test_fresh_pictures_wait_and_stale_ones_go_upper_layers_alone() -> None:
    pacer: Pacer[str] = Pacer(0.0, 1.0)
    pacer.push("base", 100, 0.0, frame(1))
    pacer.push("begun", 100, 0.0, frame(1))
    assert names(pacer.due(0.0)) == ["base"]  # its frame has begun to leave
    pacer.push("upper", 100, 0.0, frame(2, base=False))
    pacer.push("base 3", 100, 0.3, frame(3))
    assert pacer.stale(0.25) == []
    assert pacer.stale(0.26) == ["upper"]
    assert pacer.queued == 200


def test_after_a_base_frame_all_goes_up_to_a_key_frame() -> None:
    pacer: Pacer[str] = Pacer(0.0, 1.0)
    pacer.push("begun", 100, 0.0, frame(1))
    pacer.due(0.0)
    pacer.push("old", 100, 0.0, frame(2))
    pacer.push("young", 100, 0.3, frame(3))
    pacer.push("upper", 100, 0.3, frame(4, base=False))
    assert pacer.stale(0.4) == []
    pacer.push("key", 100, 0.4, frame(5, keyframe=True))
    pacer.push("after", 100, 0.4, frame(6))
    pacer.push("late, of begun", 100, 0.4, frame(1))
    pacer.rate = RATE
    assert pacer.stale(0.41) == ["old", "young", "upper"]
    assert pacer.queued == 300


def test_a_key_frame_may_wait_longer() -> None:
    pacer: Pacer[str] = Pacer(0.0, 1.0)
    pacer.spent(1_000)
    pacer.push("key", 100, 0.0, frame(1, keyframe=True))
    pacer.push("after", 100, 0.0, frame(2))
    pacer.push("again", 100, 0.5, None)
    assert pacer.stale(2.0) == []
    assert pacer.stale(2.01) == ["key", "after"]
    assert pacer.stale(2.51) == ["again"]
    assert not pacer


@pytest.mark.parametrize(
    "size,patience", [(1_000, 0.4), (4_000, 0.6), (9_000, 1.35), (20_000, 2.0)]
)
def test_a_base_frame_is_not_given_up_for_less_than_the_key_frame_it_costs(
    size: int, patience: float
) -> None:
    pacer: Pacer[str] = Pacer(0.0, RATE)
    for _ in range(2):
        pacer.push("key", size // 2, 0.0, frame(1, keyframe=True))
    assert drain(pacer, 0.0) == ["key", "key"]
    pacer.spent(1_000_000)
    pacer.push("base", 100, 5.0, frame(2))
    assert pacer.stale(5.0 + patience - 0.001) == []
    assert pacer.stale(5.0 + patience + 0.001) == ["base"]


def test_a_frame_goes_whole_though_some_of_it_came_later() -> None:
    pacer: Pacer[str] = Pacer(0.0, 1.0)
    pacer.spent(1_000)
    pacer.push("first half", 100, 0.0, frame(1, base=False))
    pacer.push("next", 100, 0.3, frame(2, base=False))
    pacer.push("second half", 100, 0.3, frame(1, base=False))
    assert pacer.stale(0.5) == ["first half", "second half"]


@pytest.mark.parametrize("rate", [0.0, -5.0])
def test_without_a_rate_nothing_leaves_and_nothing_breaks(rate: float) -> None:
    pacer: Pacer[str] = Pacer(0.0, rate)
    pacer.push("x", 100, 0.0, frame(1))
    assert pacer.due(1.0) == [] and pacer.queue_seconds == 0.0


pushes = st.tuples(
    st.integers(1, 2),  # stream
    st.integers(0, 2),  # frames ahead
    st.integers(50, 1_200),
    st.floats(0, 0.2),
    st.sampled_from(["base", "upper", "key", "again"]),
)


@given(st.lists(pushes, max_size=60), st.floats(10_000, 500_000))
def test_every_packet_leaves_once_in_order_or_goes_with_its_whole_frame(
    script: list[tuple[int, int, int, float, str]], rate: float
) -> None:
    pacer: Pacer[tuple[int, int, int]] = Pacer(0.0, rate)
    now = 0.0
    newest: dict[int, int] = defaultdict(int)
    kinds: dict[tuple[int, int], str] = {}
    left: list[tuple[int, int, int]] = []
    gone: list[tuple[int, int, int]] = []
    pushed: list[int] = []
    bits = 0
    for n, (stream, ahead, size, passed, kind) in enumerate(script):
        now += passed
        newest[stream] += ahead
        key = newest[stream]
        kind = kinds.setdefault((stream, key), kind) if kind != "again" else kind
        if kind != "again" and (stream, key) in {item[:2] for item in gone}:
            continue  # whoever gave a frame up gives up what comes of it later
        read = None if kind == "again" else Frame(stream, key, kind != "upper", kind == "key")
        pushed.append(n)
        pacer.push((stream, -1 if read is None else key, n), size, now, read)
        for item, much in pacer.due(now):
            left.append(item)
            bits += 8 * much
        assert bits <= rate * (now + 0.04) + 8 * 1_200 + 1
        gone += pacer.stale(now)
    while pacer:
        now += 0.05
        left += [item for item, _ in pacer.due(now)]
        gone += pacer.stale(now)
    assert sorted(item[2] for item in left + gone) == pushed
    pictures = [item for item in left if item[1] >= 0]
    for stream in (1, 2):
        mine = [n for each, _, n in pictures if each == stream]
        assert mine == sorted(mine)
    # No frame both leaves and is given up.
    assert not {item[:2] for item in pictures} & {item[:2] for item in gone if item[1] >= 0}


def test_while_it_is_held_nothing_leaves() -> None:
    pacer: Pacer[str] = Pacer(0.0, RATE)
    pacer.held = True
    assert not pacer.straight(100, 1.0, 1, 1, False)
    pacer.push("a", 100, 1.0, frame(1))
    pacer.push("again", 100, 1.0, None)
    assert pacer.due(1.1) == []
    pacer.held = False
    assert names(pacer.due(1.2)) == ["again", "a"]
