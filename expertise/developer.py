"""Opens one file that claims to be a photograph, and makes the copies that are served.

Reads the file on standard input. Writes on standard output the length of a JSON text, that text
(what it is, and each copy's name, type, size, bytes), then the copies: turned as the camera says,
in sRGB, re-encoded from the pixels alone, so that nothing else of the file (place, owner, make,
thumbnails, scripts) is in them. Ends with 0; otherwise when it is not exactly one photograph. Run
by `darkroom`; imports nothing of ours, since it handles what nobody trusts.
"""

import io
import json
import struct
import sys

from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

LARGEST, PIXELS, SHORTEST = 40_000_000, 50_000_000, 16
# Loaded before anything is read. No other format is ever tried.
FORMATS = {
    JpegImagePlugin.JpegImageFile.format: "image/jpeg",
    PngImagePlugin.PngImageFile.format: "image/png",
    WebPImagePlugin.WebPImageFile.format: "image/webp",
}
# name, longest side (0: as it is), qualities. What an opinion is given on is encoded better until
# it is not more than 20 times smaller than its pixels (ATA tele-dermatology guide), or at the last.
COPIES = (("thumb", 320, (70,)), ("view", 1600, (80,)), ("full", 0, (90, 95, 98)))
MOST_RATIO = 20
REFUSED = 3


class Refused(Exception):
    """Not exactly one photograph, or a larger one than is opened."""


def opened(data: bytes) -> tuple[str, Image.Image]:
    """Its type, and the photograph as taken; its size checked before its pixels are made."""
    if len(data) > LARGEST:
        raise Refused("too many bytes")
    picture = Image.open(io.BytesIO(data), formats=list(FORMATS))
    width, height = picture.size
    if width * height > PIXELS or min(width, height) < SHORTEST:
        raise Refused("too large, or too small")
    if getattr(picture, "n_frames", 1) != 1:
        raise Refused("more than one picture")
    picture.load()
    return FORMATS[picture.format or ""], picture


def upright(picture: Image.Image) -> Image.Image:
    """Turned as the camera says, in sRGB, without transparency or metadata."""
    profile = picture.info.get("icc_profile")
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("LA", "PA", "RGBA") or "transparency" in turned.info:
        clear = turned.convert("RGBA")
        turned = Image.new("RGB", clear.size, "white")
        turned.paste(clear, mask=clear.getchannel("A"))
    elif profile and turned.mode == "RGB":
        turned = in_srgb(turned, profile)
    plain = turned if turned.mode == "RGB" else turned.convert("RGB")
    # An encoder would take comments and profiles from here.
    plain.info = {}
    return plain


def in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """A profile that cannot be read changes nothing."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return picture
    return made or picture


def copies(picture: Image.Image) -> list[tuple[dict[str, object], bytes]]:
    """Each copy with what is told of it; `ratio` is how many times smaller than its pixels."""
    made = []
    for name, longest, qualities in COPIES:
        copy = smaller(picture, longest) if longest else picture
        raw = copy.width * copy.height * 3
        for quality in qualities:
            body = encoded(copy, quality, progressive=bool(longest))
            if raw / len(body) <= MOST_RATIO:
                break
        told = {"name": name, "type": "image/jpeg", "width": copy.width, "height": copy.height,
                "bytes": len(body), "ratio": round(raw / len(body), 1)}  # fmt: skip
        made.append((told, body))
    return made


def smaller(picture: Image.Image, longest: int) -> Image.Image:
    """At most `longest` on its longest side; never larger than it was."""
    share = min(1.0, longest / max(picture.size))
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def encoded(picture: Image.Image, quality: int, progressive: bool) -> bytes:
    """Progressive: coarse after its first bytes; of a large one it would take twice the memory."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, progressive=progressive)
    return out.getvalue()


def developed(data: bytes) -> bytes:
    """All of standard output. Raises when it is no photograph."""
    kind, picture = opened(data)
    picture = upright(picture)
    made = copies(picture)
    told = json.dumps({"type": kind, "copies": [each for each, _ in made]}).encode()
    return struct.pack(">I", len(told)) + told + b"".join(body for _, body in made)


def main() -> int:
    try:
        made = developed(sys.stdin.buffer.read(LARGEST + 1))
    except Exception as error:
        print(type(error).__name__, file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
