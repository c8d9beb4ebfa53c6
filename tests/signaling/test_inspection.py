"""What arrives is the picture announced, or is refused, and the server never opens it itself."""

import io
import struct
import zlib

import pytest
from PIL import Image

from server.kernel.confinement import Limits
from signaling import inspector
from signaling.inspection import Inspection, NoPicture
from signaling.still import StillStage
from tests.signaling.pictures import drawn

KINDS = ("image/jpeg", "image/webp")


async def bare(data: bytes, kind: str, width: int = 64, height: int = 48) -> bytes:
    return await Inspection().bare(data, StillStage(kind, width, height, len(data)))


def exif() -> bytes:
    tags = Image.Exif()
    tags[0x010F] = "Marque de l'appareil"
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_picture_stays_what_it_was_to_the_last_pixel(kind: str) -> None:
    data = drawn(kind=kind)
    kept = await bare(data, kind)
    with Image.open(io.BytesIO(kept)) as after, Image.open(io.BytesIO(data)) as before:
        assert after.tobytes() == before.tobytes()


@pytest.mark.parametrize("kind", KINDS)
async def test_where_and_with_what_it_was_taken_is_not_kept(kind: str) -> None:
    secret = b"Maison 4, Maripasoula"
    more = {"comment": secret} if kind == "image/jpeg" else {"xmp": b"<x>" + secret + b"</x>"}
    data = drawn(kind=kind, exif=exif(), icc_profile=b"profile" * 20, **more)
    assert b"Marque" in data and secret in data
    kept = await bare(data + b"behind the end: " + secret, kind)
    assert b"Marque" not in kept and secret not in kept
    with Image.open(io.BytesIO(kept)) as after, Image.open(io.BytesIO(data)) as before:
        assert not dict(after.getexif()) and after.tobytes() == before.tobytes()
        assert after.info.get("icc_profile") == before.info["icc_profile"]
        assert not {"exif", "xmp", "comment"} & after.info.keys()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_picture_of_25_megapixels_is_opened(kind: str) -> None:
    data = drawn(5000, 5000, kind)
    assert await bare(data, kind, 5000, 5000)


def declared(kind: str, width: int, height: int) -> bytes:
    """A small file whose header says that it is huge."""
    if kind == "image/jpeg":
        data = bytearray(drawn())
        at = data.index(b"\xff\xc0") + 5
        struct.pack_into(">HH", data, at, height, width)
        return bytes(data)
    frame = bytearray(drawn(kind=kind))
    at = frame.index(b"\x9d\x01\x2a") + 3
    struct.pack_into("<HH", frame, at, width, height)
    return bytes(frame)


@pytest.mark.parametrize(
    ("kind", "width", "height"), [("image/jpeg", 20_000, 10_000), ("image/webp", 16_383, 12_300)]
)
async def test_a_picture_of_200_megapixels_is_refused_at_once(
    kind: str, width: int, height: int
) -> None:
    data = declared(kind, width, height)
    for size in ((width, height), (64, 48)):
        with pytest.raises(NoPicture):
            await bare(data, kind, *size)


@pytest.mark.parametrize("kind", KINDS)
async def test_another_size_or_type_than_announced_is_refused(kind: str) -> None:
    other = next(each for each in KINDS if each != kind)
    with pytest.raises(NoPicture):
        await bare(drawn(kind=kind), other)
    with pytest.raises(NoPicture):
        await bare(drawn(kind=kind), kind, 48, 64)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "PNG")
    return out.getvalue()


def animated() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"x", b"%PDF-1.7 not an image", b"<svg xmlns='http://www.w3.org/2000/svg'/>", png(),
        animated(), drawn()[:200], drawn(kind="image/webp")[:60], b"\xff\xd8\xff", b"RIFF",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"\xff\xd8" + b"\xff\xe0\x00\x10" * 50,
        zlib.compress(b"0" * 10_000), b"\xff\xd8\xff\xd9",
    ],
)  # fmt: skip
async def test_what_is_no_picture_is_refused(data: bytes) -> None:
    for kind in KINDS:
        with pytest.raises(NoPicture):
            await bare(data, kind)


async def test_a_picture_that_takes_too_long_is_refused() -> None:
    data = drawn()
    with pytest.raises(NoPicture):
        await Inspection(Limits(within=0.001)).bare(
            data, StillStage("image/jpeg", 64, 48, len(data))
        )


@pytest.mark.parametrize("size", [4_000_000, 4_000_001])
def test_more_bytes_than_a_stage_has_are_not_opened(size: int) -> None:
    data = drawn() + b"\0" * (size - len(drawn()))
    if size > 4_000_000:
        with pytest.raises(inspector.Refused):
            inspector.inspected(data, "image/jpeg", (64, 48))
    else:
        assert inspector.inspected(data, "image/jpeg", (64, 48))
