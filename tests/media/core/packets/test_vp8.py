import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import vp8


@given(st.binary(max_size=12))
def test_any_bytes_are_a_descriptor_or_a_typed_error(data: bytes) -> None:
    try:
        read = vp8.parse(data)
    except vp8.Vp8Error:
        return
    moved = vp8.shift(data, read, 1, 1)
    assert len(moved) == len(data)
    again = vp8.parse(moved)
    assert again.keyframe == read.keyframe
    if read.picture_id >= 0:
        assert again.picture_id == (read.picture_id + 1) & (0x7FFF if read.wide else 0x7F)
    if read.tl0 >= 0:
        assert again.tl0 == (read.tl0 + 1) & 0xFF


@pytest.mark.parametrize("picture", [None, 5, 127, 128, 0x7FFF])
@pytest.mark.parametrize("tl0", [None, 200])
def test_reads_what_another_writes(picture: int | None, tl0: int | None) -> None:
    written = bytes(VpxPayloadDescriptor(
        partition_start=1, partition_id=0, picture_id=picture,
        tl0picidx=tl0, tid=(1, 1) if tl0 is not None else None))  # fmt: skip
    read = vp8.parse(written + b"\x10rest")
    assert read.keyframe
    assert read.picture_id == (-1 if picture is None else picture)
    assert read.tl0 == (-1 if tl0 is None else tl0)
    assert not vp8.parse(written + b"\x11rest").keyframe
    other, rest = VpxPayloadDescriptor.parse(vp8.shift(written + b"\x10rest", read, 3, 4))
    assert rest == b"\x10rest"
    if picture is not None:
        assert other.picture_id == (picture + 3) & (0x7FFF if read.wide else 0x7F)


def test_a_continuation_is_no_keyframe() -> None:
    assert not vp8.parse(b"\x00\x10").keyframe
    assert not vp8.parse(b"\x11\x10").keyframe


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
@pytest.mark.parametrize("sync", [0, 1])
@pytest.mark.parametrize("discardable", [0, 1])
def test_layers_are_read(layer: int, sync: int, discardable: int) -> None:
    first = 0x90 | discardable << 5
    read = vp8.parse(bytes((first, 0xE0, 0x81, 0x02, 7, layer << 6 | sync << 5 | 0x1F, 1)))
    assert (read.temporal, read.sync, read.discardable) == (layer, bool(sync), bool(discardable))
    assert (read.start, read.keyframe, read.picture_id, read.tl0) == (True, False, 0x102, 7)


def test_a_key_index_alone_names_no_layer() -> None:
    read = vp8.parse(bytes((0x90, 0x10, 0xFF, 1)))
    assert (read.temporal, read.sync) == (0, False)


@pytest.mark.parametrize("first,start", [
    (0x10, True), (0x90, True), (0x18, True), (0x00, False), (0x11, False), (0x17, False),
])  # fmt: skip
def test_a_frame_starts_where_its_first_partition_does(first: int, start: bool) -> None:
    data = bytes((first, 0, 0)) if first & 0x80 else bytes((first, 0))
    read = vp8.parse(data)
    assert read.start == start and read.keyframe == start
