from hypothesis import given
from hypothesis import strategies as st

from media.core.stream import slots

names = st.sampled_from("abcdefghij")


@given(st.lists(st.lists(names, unique=True), max_size=20))
def test_nobody_moves_while_they_stay(history: list[list[str]]) -> None:
    seated: slots.Slots = (None,) * slots.PERSONS
    for wanted in history:
        after = slots.assign(seated, wanted)
        for n, peer in enumerate(seated):
            if peer is not None:
                assert after[n] == peer if peer in wanted else after[n] != peer
        there = [peer for peer in after if peer]
        assert len(there) == len(set(there)) == min(slots.PERSONS, len(wanted))
        assert set(there) <= set(wanted)
        seated = after


def test_a_speaker_without_a_slot_takes_that_of_who_spoke_longest_ago() -> None:
    seated = ("a", "b", "c", "d", "e")
    assert slots.bring_in(seated, "f", ["f", "a", "c", "d", "e", "b"])[1] == "f"
    assert slots.bring_in(seated, "f", ["f", "a"])[1] == "f"  # b never spoke
    assert slots.bring_in(seated, "c", ["c"]) == seated
