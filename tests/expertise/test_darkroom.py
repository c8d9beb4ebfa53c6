"""Photographs developed by the real child, bare and upright; all else is refused."""

import asyncio
import io
import resource
import time

import pytest
from PIL import Image

from expertise.darkroom import SIZES, Copy, Darkroom, NoPhotograph
from tests.expertise import photographs
from tests.expertise.photographs import FALSE, MAKE, photograph, scene


def _picture(copy: Copy) -> Image.Image:
    return Image.open(io.BytesIO(copy.body))


async def test_three_copies_smallest_first() -> None:
    copies = await Darkroom().develop(photograph(2000, 1500))
    assert [copy.told["name"] for copy in copies] == list(SIZES)
    assert [(c.told["width"], c.told["height"]) for c in copies] == [
        (320, 240), (1600, 1200), (2000, 1500),
    ]  # fmt: skip
    for copy in copies:
        assert _picture(copy).size == (copy.told["width"], copy.told["height"])
        assert copy.told["bytes"] == len(copy.body)
    raw = 2000 * 1500 * 3
    assert copies[-1].told["ratio"] == round(raw / copies[-1].told["bytes"], 1) <= 20


@pytest.mark.parametrize("turn", range(1, 9))
async def test_turned_as_the_camera_says(turn: int) -> None:
    told = scene(320, 200)
    wanted = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}[turn]
    if wanted is not None:
        told = told.transpose(Image.Transpose(wanted))
    full = _picture((await Darkroom().develop(photograph(320, 200, turn, quality=95)))[-1])
    assert full.size == told.size
    red = [(x, y) for x in (5, told.width - 5) for y in (5, told.height - 5)
           if told.getpixel((x, y)) == (220, 20, 20)]  # fmt: skip
    assert len(red) == 1
    r, g, b = full.getpixel(red[0])
    assert r > 150 and g < 90 and b < 90


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_nothing_of_the_place_or_the_device_is_served(kind: str) -> None:
    data = photograph(kind=kind)
    assert MAKE.encode() in data
    for copy in await Darkroom().develop(data):
        assert MAKE.encode() not in copy.body and b"script" not in copy.body
        picture = _picture(copy)
        assert not picture.getexif() and "exif" not in picture.info
        assert not {"comment", "xmp", "icc_profile"} & set(picture.info)


@pytest.mark.parametrize("name", FALSE)
async def test_what_is_no_photograph_is_refused(name: str) -> None:
    with pytest.raises(NoPhotograph):
        await Darkroom().develop(FALSE[name])


async def test_a_bomb_of_text_ends_the_child_and_nothing_else() -> None:
    bomb = photographs.text_bomb()
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # other tests' children
    with pytest.raises(NoPhotograph):
        await Darkroom().develop(bomb)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # A child is counted from its fork, when it is as large as this process.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert children <= max(before, ours, 512 * 1024), "kB, the largest child so far"
    assert time.monotonic() - began < 30
    assert await Darkroom().develop(photograph())


async def test_the_largest_photograph_that_is_taken() -> None:
    flat = Image.new("RGB", (8000, 6000), (180, 140, 120))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    flat.save(out, "JPEG", exif=exif)
    copies = await Darkroom().develop(out.getvalue())
    assert (copies[-1].told["width"], copies[-1].told["height"]) == (6000, 8000)


async def test_transparency_becomes_white() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    out = io.BytesIO()
    clear.save(out, "PNG")
    full = _picture((await Darkroom().develop(out.getvalue()))[-1])
    assert min(full.getpixel((30, 30))) > 250


async def test_children_take_turns() -> None:
    room = Darkroom()
    made = await asyncio.gather(*(room.develop(photograph()) for _ in range(5)))
    assert len({copies[-1].body for copies in made}) == 1
