from hypothesis import given
from hypothesis import strategies as st

from media.core.history import History
from media.core.rewrite import Packet


def packet(place: int, size: int = 10) -> Packet:
    return Packet(place, 0, 96, bytes(size))


def test_packets_are_kept_for_seconds() -> None:
    history: History[Packet] = History(seconds=2.0)
    for place in range(100):
        history.put(place, packet(place), place / 10)
    assert history.get(99) is not None and history.get(80) is not None
    assert history.get(70) is None and len(history) == 21


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2000)), max_size=200))
def test_memory_is_bounded_however_much_comes(puts: list[tuple[int, int]]) -> None:
    history: History[Packet] = History(seconds=100, most_bytes=10_000)
    for n, (sequence, size) in enumerate(puts):
        history.put(sequence, packet(n, size), n / 1000)
        assert sum(len(p.payload) for p in history._packets.values()) <= 10_000
        assert (found := history.get(sequence)) is None or found.place == n
