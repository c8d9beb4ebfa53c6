"""The one offer of a session (RFC 8866, 8829, 8839, 8843), written whole. Negotiates nothing."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media.core.lines import LINES, OPUS, RED, RTX, VP8, Line
from media.core.rtp import AUDIO_LEVEL, MID, TRANSPORT_SEQUENCE


@dataclass(frozen=True)
class Streams:
    """The SSRCs of one downward line; `rtx` is 0 for sound."""

    ssrc: int
    rtx: int = 0


@dataclass(frozen=True)
class Door:
    """How a browser reaches this session."""

    ufrag: str
    password: str
    fingerprint: str  # SHA-256, upper-case hexadecimal pairs with colons
    addresses: tuple[str, ...]
    port: int


_EXTENSIONS = {
    AUDIO_LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    TRANSPORT_SEQUENCE: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
}


def write(session: int, door: Door, streams: Mapping[str, Streams]) -> str:
    """The offer as SDP. `session` is the number in o=; `streams` by mid of each down line."""
    lines = [
        "v=0", f"o=- {session} 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite",
        "a=group:BUNDLE " + " ".join(line.mid for line in LINES),
        "a=extmap-allow-mixed", "a=msid-semantic:WMS *",
    ]  # fmt: skip
    for line in LINES:
        lines += _media(line, door, streams.get(line.mid))
    return "\r\n".join(lines) + "\r\n"


def _media(line: Line, door: Door, streams: Streams | None) -> list[str]:
    kind, types = ("audio", (RED, OPUS)) if line.audio else ("video", (VP8, RTX))
    head = [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {types[0]} {types[1]}",
        "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{door.ufrag}", f"a=ice-pwd:{door.password}",
        f"a=fingerprint:sha-256 {door.fingerprint}", "a=setup:actpass", f"a=mid:{line.mid}",
        f"a={'recvonly' if line.up else 'sendonly'}", "a=rtcp-mux", "a=rtcp-rsize",
    ]  # fmt: skip
    head += _extmap(line) + (_audio(line) if line.audio else _video(line))
    if streams:
        head += _sending(line, streams)
    # Candidates stand on the first line alone: the rest is bundled with it.
    return head + (_candidates(door) if line is LINES[0] else [])


def _extmap(line: Line) -> list[str]:
    # What goes down carries no extension yet: the bytes are worth more on a thin link.
    if not line.up:
        return []
    numbers = [AUDIO_LEVEL] if line.audio else []
    return [f"a=extmap:{n} {_EXTENSIONS[n]}" for n in (*numbers, TRANSPORT_SEQUENCE, MID)]


def _audio(line: Line) -> list[str]:
    feedback = [f"a=rtcp-fb:{OPUS} transport-cc", f"a=rtcp-fb:{RED} transport-cc"]
    return [
        f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} {OPUS}/{OPUS}",
        f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1",
    ] + (feedback if line.up else [])  # fmt: skip


def _video(line: Line) -> list[str]:
    feedback = ["nack", "nack pli", "ccm fir"] + (["transport-cc"] if line.up else [])
    return [
        f"a=rtpmap:{VP8} VP8/90000", *(f"a=rtcp-fb:{VP8} {kind}" for kind in feedback),
        f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}",
    ]  # fmt: skip


def _sending(line: Line, streams: Streams) -> list[str]:
    written = [f"a=msid:{line.stream} {line.mid}"]
    if streams.rtx:
        written.append(f"a=ssrc-group:FID {streams.ssrc} {streams.rtx}")
    for ssrc in filter(None, (streams.ssrc, streams.rtx)):
        written.append(f"a=ssrc:{ssrc} cname:{line.stream}")
    return written


def _candidates(door: Door) -> list[str]:
    ordered = sorted(door.addresses, key=_preference, reverse=True)
    written = [
        f"a=candidate:{n + 1} 1 udp {126 << 24 | _preference(address) << 8 | 255} "
        f"{address} {door.port} typ host"
        for n, address in enumerate(ordered)
    ]
    return [*written, "a=end-of-candidates"]


def _preference(address: str) -> int:
    """RFC 8421: IPv6 and IPv4 near each other; loopback serves only this machine, so last."""
    parsed = ipaddress.ip_address(address)
    return 10 if parsed.is_loopback else 65535 - (parsed.version == 4)


def ssrcs_needed(lines: Sequence[Line] = LINES) -> int:
    """How many different SSRCs an offer takes, with one for Carbet's own reports."""
    return 1 + sum(1 if line.audio else 2 for line in lines if not line.up)


def share_out(numbers: Sequence[int]) -> tuple[int, dict[str, Streams]]:
    """Give each down line its SSRCs, from `ssrcs_needed()` different numbers; the first is ours."""
    supply = iter(numbers)
    ours = next(supply)
    streams = {}
    for line in LINES:
        if not line.up:
            streams[line.mid] = Streams(next(supply), 0 if line.audio else next(supply))
    return ours, streams
