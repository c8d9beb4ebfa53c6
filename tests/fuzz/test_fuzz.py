"""Some seconds of each target, and every input that is kept. Long runs: `make fuzz`."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import values
from tests.fuzz.__main__ import KEPT, read, run
from tests.fuzz.catalogue import TARGETS

SECONDS = 2
GROWTH = 64  # MB: what a run may hold more at its end than at its beginning
NAMES = sorted(TARGETS)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_kept_and_what_it_began_with_break_nothing(name: str) -> None:
    kept = [path.read_bytes() for path in sorted((KEPT / name).iterdir())]
    assert kept, "the corpus of this target is missing"
    for data in (*TARGETS[name].seeds(), *kept):
        TARGETS[name].try_one(data)


@pytest.mark.parametrize("name", NAMES)
def test_some_seconds_break_nothing(name: str, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(TARGETS[name].seeds()):
        (seeds / str(number)).write_bytes(seed)
    (tmp_path / "found").mkdir()
    folders = [str(tmp_path / "found"), str(KEPT / name), str(seeds)]
    code, told = run(name, f"-max_total_time={SECONDS}", folders=folders)
    assert code == 0, told[-3000:]
    done = read(told)
    assert done["inputs"] > 0 and done["held_last"] - done["held_first"] < GROWTH


@pytest.mark.parametrize("name", NAMES)
def test_damaged_beginnings_break_nothing(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())

    @settings(max_examples=20 if name == "call" else 200, deadline=None)
    @given(st.sampled_from(seeds), st.integers(0, 400), st.integers(0, 40), st.binary(max_size=60))
    def damaged(seed: bytes, at: int, cut: int, put: bytes) -> None:
        target.try_one(seed[:at] + put + seed[at + cut :])

    @settings(max_examples=20 if name == "call" else 200, deadline=None)
    @given(st.binary(max_size=300))
    def anything(data: bytes) -> None:
        target.try_one(data)

    damaged()
    anything()


said = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**127), 2**127 - 1) | st.floats(allow_nan=False)
    | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(said)
def test_every_value_can_be_written_as_an_input(value: object) -> None:
    assert values.Reader(values.write(value)).value() == value
