import struct

from hypothesis import given
from hypothesis import strategies as st

from media.core import red


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
