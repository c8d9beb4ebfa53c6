"""The rules of resumable uploads, tus 1.0 (https://tus.io/protocols/resumable-upload): core,
creation, checksum, expiration, termination. PURE: headers in, a decision out.

Of the creation's metadata it wants `view` (what the photograph shows), `filename`, and `sha256`
(of the whole file, hex): what arrived is compared with it before anything is called complete.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.kernel.text import storable

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
OFFSET_TYPE = "application/offset+octet-stream"
ALGORITHMS = ("sha1", "sha256")
NAME, VIEW = 200, 32

_NUMBER = re.compile(r"[0-9]{1,15}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# "checksum mismatch" has a status of its own in the protocol.
MISMATCH = 460


class Refusal(Exception):
    """What is wrong with a request, as a status of HTTP or tus, and one closed word."""

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why
        super().__init__(f"{status} {why}")


@dataclass(frozen=True)
class Wanted:
    """An upload to be made. `name` is shown, never used as a path."""

    length: int
    name: str
    view: str
    sha256: str


@dataclass(frozen=True)
class Checksum:
    """Of one PATCH's body."""

    algorithm: str
    digest: bytes

    def holds(self, body: bytes) -> bool:
        return hmac.compare_digest(hashlib.new(self.algorithm, body).digest(), self.digest)


def check_version(headers: Mapping[str, str]) -> None:
    """Raises `Refusal` 412 for another version, which every request but OPTIONS must name."""
    if headers.get("Tus-Resumable") != VERSION:
        raise Refusal(412, "version")


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise Refusal(400, name)
    return int(text)


def metadata(text: str) -> dict[str, str]:
    """The pairs of `Upload-Metadata`: a key, a space, the value in base64 of UTF-8."""
    found = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refusal(400, "Upload-Metadata") from None
    return found


def read_creation(headers: Mapping[str, str], most: int) -> Wanted:
    """The upload asked for. Raises `Refusal`: 400, 412, or 413 above `most` bytes."""
    check_version(headers)
    length = _number(headers, "Upload-Length")
    if length > most:
        raise Refusal(413, "too large")
    if length == 0:
        raise Refusal(400, "empty")
    told = metadata(headers.get("Upload-Metadata", ""))
    sha256 = told.get("sha256", "")
    if not _SHA256.fullmatch(sha256):
        raise Refusal(400, "sha256")
    name, view = told.get("filename", ""), told.get("view", "")
    if not storable(name) or not storable(view) or len(view) > VIEW:
        raise Refusal(400, "Upload-Metadata")
    return Wanted(length, name[:NAME], view, sha256)


def read_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """The checksum a PATCH announces, if any. Raises `Refusal` 400."""
    text = headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _space, value = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refusal(400, "Upload-Checksum")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.new(algorithm).digest_size:
        raise Refusal(400, "Upload-Checksum")
    return Checksum(algorithm, digest)


def read_patch(headers: Mapping[str, str], have: int, length: int) -> int:
    """How many bytes may still come with this PATCH, `have` of `length` being here. Raises
    `Refusal`: 400, 409 for another offset, 412, 413 for more than was announced, 415."""
    check_version(headers)
    if headers.get("Content-Type") != OFFSET_TYPE:
        raise Refusal(415, "Content-Type")
    if _number(headers, "Upload-Offset") != have:
        raise Refusal(409, "offset")
    left = length - have
    if "Content-Length" in headers and _number(headers, "Content-Length") > left:
        raise Refusal(413, "more than announced")
    return left
