"""Photographs made by code, with what a telephone adds, and files that are none."""

import hashlib
import io
import struct
import zlib

import numpy
from PIL import Image

MAKE, PLACE = "Fabricant-Secret", "48.8566"


def scene(width: int = 240, height: int = 160) -> Image.Image:
    """Something with detail whose left upper corner is red, so that a turn is seen."""
    rng = numpy.random.default_rng(5)
    pixels = rng.integers(60, 200, (height, width, 3), dtype=numpy.uint8)
    pixels[: height // 4, : width // 4] = (220, 20, 20)
    return Image.fromarray(pixels)


def photograph(
    width: int = 240, height: int = 160, turn: int = 1, kind: str = "JPEG", quality: int = 85
) -> bytes:
    """A file as a telephone writes it: turned, with its maker, the place and a comment."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = turn, MAKE, "<script>alert(1)</script>"
    position = exif.get_ifd(0x8825)
    position[1], position[2] = "N", (48.0, 51.0, 24.0)
    position[3], position[4], position[29] = "E", (2.0, 21.0, 7.0), "2026:11:22"
    out = io.BytesIO()
    extra = {"comment": b"ici"} if kind == "JPEG" else {}
    scene(width, height).save(out, kind, exif=exif, quality=quality, **extra)
    return out.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bomb(width: int, height: int) -> bytes:
    """A few kilobytes that claim to be `width` × `height` pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * (3 * width + 1) * 20, 9)
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body)
            + _chunk(b"IEND", b""))  # fmt: skip


def text_bomb() -> bytes:
    """A small picture with 300 MB of text, compressed."""
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (64 * 193))
    text = b"Comment\0\0" + zlib.compress(b"a" * 300_000_000, 9)
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"zTXt", text)
            + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b""))  # fmt: skip


def gif() -> bytes:
    out = io.BytesIO()
    scene(64, 64).save(out, "GIF")
    return out.getvalue()


def animation() -> bytes:
    out = io.BytesIO()
    frames = [scene(64, 64), scene(64, 64).rotate(90)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


# By name: bytes that are not one photograph, whatever they are called.
FALSE: dict[str, bytes] = {
    "text": b"Je ne suis pas une image." * 10,
    "html": b"<!doctype html><script>alert(1)</script>" * 5,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "executable": b"\x7fELF" + bytes(range(256)),
    "half": photograph()[:3000],
    "head": photograph()[:20],
    "gif": gif(),
    "animation": animation(),
    "tiny": photograph(15, 15),
    "wide": png_bomb(46341, 1500),
    "bomb": png_bomb(12000, 12000),
}
