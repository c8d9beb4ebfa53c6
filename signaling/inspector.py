"""Opens one file that claims to be a picture, in a process of its own, with little memory and time.

Reads the file on standard input; its arguments are the type, width and height announced. Writes
it again on standard output without what a camera adds (place, owner, make, thumbnails), and ends
with 0; ends otherwise when it is not exactly one picture of that type and size. Run by
`inspection`, confined; imports nothing of ours, since it handles what nobody trusts.
"""

import io
import struct
import sys

from PIL import Image, JpegImagePlugin, WebPImagePlugin

LARGEST, PIXELS = 4_000_000, 25_000_000
# Loaded before anything is read.
FORMATS = {
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
}
REFUSED = 3
# What of a WebP file makes the picture (RFC 9649, §2.7): the rest is metadata or unknown.
WEBP_CHUNKS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"))
EXIF_AND_XMP = 0x0C
# JPEG (ITU-T T.81, §B.1.1.3): start and end of image, start of scan, application data, comment.
SOI, EOI, SOS, APP0, APP2, APP14, APP15, COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
ICC = b"ICC_PROFILE\0"


class Refused(Exception):
    """Not the picture announced."""


def decode(data: bytes, kind: str, size: tuple[int, int]) -> None:
    """Decodes every pixel. Raises `Refused`, or whatever a broken file makes a decoder raise."""
    with Image.open(io.BytesIO(data), formats=[FORMATS[kind]]) as picture:
        width, height = picture.size
        if (width, height) != size or width * height > PIXELS:
            raise Refused("another size than announced, or too large")
        if getattr(picture, "n_frames", 1) != 1:
            raise Refused("more than one picture")
        picture.load()


def bare_webp(data: bytes) -> bytes:
    """The same picture, of its own chunks only."""
    chunks, at = [], 12
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while at + 8 <= end:
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + length]
        if name == b"VP8X":
            body = bytes([body[0] & ~EXIF_AND_XMP]) + body[1:]
        if name in WEBP_CHUNKS:
            chunks.append(name + struct.pack("<I", length) + body + b"\0" * (length % 2))
        at += 8 + length + length % 2
    inner = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def _kept(marker: int, body: bytes) -> bool:
    if marker == COM:
        return False
    if not APP0 <= marker <= APP15:
        return True
    return marker in (APP0, APP14) or (marker == APP2 and body.startswith(ICC))


def bare_jpeg(data: bytes) -> bytes:
    """The same picture: segments up to the first scan without metadata, then up to its end."""
    out, at = [data[:2]], 2
    while data[at] == 0xFF and data[at + 1] != SOS:
        if data[at + 1] == 0xFF:  # fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if _kept(data[at + 1], data[at + 4 : at + 2 + length]):
            out.append(data[at : at + 2 + length])
        at += 2 + length
    end = data.rindex(bytes((0xFF, EOI))) + 2
    return b"".join([*out, data[at:end]])


def inspected(data: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """The picture without metadata. Raises when it is none."""
    if len(data) > LARGEST:
        raise Refused("too many bytes")
    decode(data, kind, size)
    bare = bare_webp(data) if kind == "image/webp" else bare_jpeg(data)
    decode(bare, kind, size)
    return bare


def main(arguments: list[str]) -> int:
    kind, width, height = arguments
    try:
        bare = inspected(sys.stdin.buffer.read(LARGEST + 1), kind, (int(width), int(height)))
    except Exception as error:
        print(type(error).__name__, file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(bare)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
