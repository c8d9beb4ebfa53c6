import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import av1
from media.core.packets.picture import Picture

SEQUENCE, FRAME = 0x0A, 0x32  # OBU headers with a size: types 1 and 6


@given(st.binary(max_size=20))
def test_any_bytes_are_a_start_or_a_typed_error(data: bytes) -> None:
    try:
        read = av1.parse(data)
    except av1.Av1Error:
        return
    assert -1 <= read.temporal <= 7 and not (read.keyframe and not read.start)


@pytest.mark.parametrize("count", [0x00, 0x10, 0x20, 0x30])
def test_a_new_sequence_is_a_key_frame(count: int) -> None:
    size = b"" if count == 0x10 else b"\x0b"
    read = av1.parse(bytes((count | 0x08,)) + size + bytes((SEQUENCE,)) + bytes(12))
    assert read.keyframe and read.start and read.temporal == 0 and not read.sync


@pytest.mark.parametrize("size", [b"\x05", b"\x85\x00", b"\x85\x80\x00"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_layer_stands_behind_a_size_of_any_length(size: bytes, layer: int) -> None:
    read = av1.parse(b"\x00" + size + bytes((FRAME | 0x04, layer << 5)) + b"frame")
    assert (read.start, read.keyframe, read.temporal) == (True, False, layer)
    assert read.sync == (layer > 0) and not read.discardable
    alone = av1.parse(b"\x10" + bytes((FRAME | 0x04, layer << 5)) + b"frame")
    assert alone == read


def test_without_an_extension_there_is_one_layer() -> None:
    assert av1.parse(b"\x10" + bytes((FRAME,)) + b"\xff") == Picture(True, False, 0, False, False)


def test_a_continuation_does_not_say_its_layer() -> None:
    for count in (0x80, 0x90, 0xC0):
        assert av1.parse(bytes((count, 1, 2))) == Picture(False, False, -1, False, False)


@pytest.mark.parametrize("data", [
    b"", b"\x80", b"\x88\x01", b"\x00", b"\x00" + b"\x80" * 8 + b"\x01\x32", b"\x10\xb2\x00",
    b"\x10\x36", b"\x00\x05",
])  # fmt: skip
def test_what_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(av1.Av1Error):
        av1.parse(data)
