"""A browser's answer, read strictly and in bounds. Believes nothing it does not need."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from media.core.packets.lines import AV1, AV1_RTX, LINES, RED, VP8, VP8_RTX

MOST_BYTES = 64_000
MOST_LINES = 1_500
MOST_SSRCS = 8
DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}


class AnswerError(ValueError):
    """This is not an answer to our offer; the text says why, without quoting it."""


@dataclass(frozen=True)
class Fingerprint:
    """Of the browser's certificate."""

    algorithm: str
    value: str


@dataclass(frozen=True)
class AnsweredLine:
    """What the answer says of one m-line."""

    mid: str
    accepted: bool
    red: bool
    rtx: bool  # for VP8
    ssrc: int = 0  # what the browser sends with, 0 when it does not say
    rtx_ssrc: int = 0
    vp8: bool = True
    av1: bool = False
    av1_rtx: bool = False
    feedback: bool = True  # transport-wide feedback will come


@dataclass(frozen=True)
class Answer:
    """All Carbet needs of it."""

    active: bool  # the browser starts DTLS
    ufrag: str
    fingerprints: tuple[Fingerprint, ...]
    lines: dict[str, AnsweredLine]


@dataclass
class _Section:
    head: str = ""
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")


def parse(sdp: str) -> Answer:
    """Read an answer to an offer of `media.core.packets.offer`. Raises AnswerError."""
    session, sections = _sections(sdp)
    if len(sections) != len(LINES):
        raise AnswerError("another number of media lines than offered")
    lines = {}
    for offered, section in zip(LINES, sections, strict=True):
        kind, payload_types, accepted = _head(section.head)
        if kind != ("audio" if offered.audio else "video"):
            raise AnswerError("media lines in another order than offered")
        mid = section.first("mid")
        if mid != offered.mid and (accepted or mid):
            raise AnswerError("media lines in another order than offered")
        lines[offered.mid] = _line(offered.mid, accepted, payload_types, section)
    carriers = [session, *(s for s in sections if _head(s.head)[2])]
    return Answer(_active(carriers), _ufrag(carriers), _fingerprints(carriers), lines)


def _sections(sdp: str) -> tuple[_Section, list[_Section]]:
    if len(sdp) > MOST_BYTES:
        raise AnswerError("too long")
    rows = sdp.replace("\r\n", "\n").split("\n", MOST_LINES)
    if len(rows) > MOST_LINES or rows[0] != "v=0":
        raise AnswerError("not a session description")
    session, media = _Section(), []
    current = session
    for row in rows:
        if row.startswith("m="):
            current = _Section(row[2:])
            media.append(current)
        elif row.startswith("a="):
            name, _, value = row[2:].partition(":")
            current.attributes.append((name, value))
    return session, media


def _head(head: str) -> tuple[str, set[int], bool]:
    words = head.split(" ")
    if len(words) < 4 or words[2] != "UDP/TLS/RTP/SAVPF" or not words[1].isdecimal():
        raise AnswerError("a media line that was not offered")
    types = {int(word) for word in words[3:] if word.isdecimal() and len(word) <= 3}
    return words[0], types, words[1] != "0"


def _line(mid: str, accepted: bool, types: set[int], section: _Section) -> AnsweredLine:
    pairs = [_numbers(value.split(" ")[1:]) for value in section.all("ssrc-group")
             if value.startswith("FID ")]  # fmt: skip
    ssrcs = list(dict.fromkeys(_numbers(v.split(" ")[0] for v in section.all("ssrc"))))
    if len(ssrcs) > MOST_SSRCS:
        raise AnswerError("too many streams")
    ssrc, rtx = ssrcs[0] if ssrcs else 0, 0
    if pairs and len(pairs[0]) == 2:
        ssrc, rtx = pairs[0]
    return AnsweredLine(
        mid, accepted, RED in types, VP8_RTX in types, ssrc, rtx,
        VP8 in types, AV1 in types, AV1_RTX in types,
        any(value.endswith("transport-cc") for value in section.all("rtcp-fb")),
    )  # fmt: skip


def _numbers(words: Iterable[str]) -> list[int]:
    found = []
    for word in words:
        if not (word.isascii() and word.isdecimal() and len(word) <= 10 and int(word) < 1 << 32):
            raise AnswerError("a stream number out of range")
        found.append(int(word))
    return found


def _active(sections: list[_Section]) -> bool:
    roles = {value for section in sections for value in section.all("setup")}
    if roles not in ({"active"}, {"passive"}):
        raise AnswerError("no single DTLS role")
    return roles == {"active"}


def _ufrag(sections: list[_Section]) -> str:
    names = {value for section in sections for value in section.all("ice-ufrag")}
    if len(names) != 1:
        raise AnswerError("no single ICE user")
    name = names.pop()
    if not 4 <= len(name) <= 256:
        raise AnswerError("an ICE user out of bounds")
    return name


def _fingerprints(sections: list[_Section]) -> tuple[Fingerprint, ...]:
    found: dict[Fingerprint, None] = {}
    for section in sections:
        for value in section.all("fingerprint"):
            algorithm, _, digest = value.strip().partition(" ")
            algorithm = algorithm.lower()
            if algorithm not in DIGESTS:
                continue
            parts = digest.split(":")
            if len(parts) != DIGESTS[algorithm] or not all(map(_is_byte, parts)):
                raise AnswerError("a malformed fingerprint")
            found[Fingerprint(algorithm, digest.upper())] = None
    if not 1 <= len(found) <= 8:
        raise AnswerError("no fingerprint we can check")
    return tuple(found)


def _is_byte(text: str) -> bool:
    return len(text) == 2 and all(c in "0123456789abcdefABCDEF" for c in text)
