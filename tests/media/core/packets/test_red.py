import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import red


@given(st.binary(max_size=40))
def test_any_bytes_are_red_or_a_typed_error(data: bytes) -> None:
    try:
        kind, payload = red.primary(data)
    except red.RedError:
        return
    assert 0 <= kind < 128 and data.endswith(payload)


@given(st.lists(st.binary(max_size=200), max_size=4), st.binary(max_size=200))
def test_the_primary_block_is_found_behind_any_redundancy(old: list[bytes], new: bytes) -> None:
    heads = [struct.pack("!BHB", 0x80 | 111, 960 << 2 | len(each) >> 8, len(each) & 0xFF)
             for each in old]  # fmt: skip
    data = b"".join(heads) + bytes((111,)) + b"".join(old) + new
    assert red.primary(data) == (111, new)


@given(st.binary(min_size=1, max_size=1023), st.integers(1, (1 << 14) - 1), st.binary(max_size=200))
def test_a_pair_is_read_back(older: bytes, passed: int, newer: bytes) -> None:
    made = red.pair(111, older, passed, newer)
    assert made is not None and red.primary(made) == (111, newer)
    head, rest = struct.unpack("!I", made[:4])[0], made[5:]
    assert head >> 31 == 1 and head >> 24 & 0x7F == 111 and made[4] == 111
    assert head >> 10 & 0x3FFF == passed and rest[: head & 0x3FF] == older


@pytest.mark.parametrize("older,passed", [
    (b"", 960), (b"x", 0), (b"x", 1 << 14), (b"x" * 1024, 960), (b"x", -1),
])  # fmt: skip
def test_what_does_not_fit_the_header_is_left_out(older: bytes, passed: int) -> None:
    assert red.pair(111, older, passed, b"new") is None
