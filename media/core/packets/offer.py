"""The one offer of a session (RFC 8866, 8829, 8839, 8843), written whole. Negotiates nothing."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media.core.packets.lines import AV1, LINES, OPUS, RED, RTX_OF, VP8, Line
from media.core.packets.rtp import AUDIO_LEVEL, MID, TRANSPORT_SEQUENCE


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


@dataclass(frozen=True)
class Start:
    """What the browser sends before the first plan reaches it."""

    audio_bitrate: int = 32_000  # bit/s of Opus itself
    ptime: int = 20  # ms of sound in a packet
    up_kbps: int = 300  # where the browser's estimate starts
    ceiling_kbps: int | None = None  # all it may send; binds until a later description
    red: bool = True  # each packet of sound brings the one before once more


DEFAULT_START = Start()

_EXTENSIONS = {
    AUDIO_LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    TRANSPORT_SEQUENCE: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
}


def write(
    session: int, door: Door, streams: Mapping[str, Streams], start: Start = DEFAULT_START
) -> str:
    """The offer as SDP. `session` is the number in o=; `streams` by mid of each down line."""
    lines = [
        "v=0", f"o=- {session} 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite",
        "a=group:BUNDLE " + " ".join(line.mid for line in LINES),
        "a=extmap-allow-mixed", "a=msid-semantic:WMS *",
    ]  # fmt: skip
    for line in LINES:
        lines += _media(line, door, start, streams.get(line.mid))
    return "\r\n".join(lines) + "\r\n"


def _media(line: Line, door: Door, start: Start, streams: Streams | None) -> list[str]:
    kind = "audio" if line.audio else "video"
    types = " ".join(map(str, _types(line, start)))
    head = [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {types}", "c=IN IP4 0.0.0.0", *_ceiling(line, start),
        f"a=ice-ufrag:{door.ufrag}", f"a=ice-pwd:{door.password}",
        f"a=fingerprint:sha-256 {door.fingerprint}", "a=setup:actpass", f"a=mid:{line.mid}",
        f"a={'recvonly' if line.up else 'sendonly'}", "a=rtcp-mux", "a=rtcp-rsize",
    ]  # fmt: skip
    head += _extmap(line) + (_audio(line, start) if line.audio else _video(line, start))
    if streams:
        head += _sending(line, streams)
    # Candidates stand on the first line alone: the rest is bundled with it.
    return head + (_candidates(door) if line is LINES[0] else [])


def _types(line: Line, start: Start) -> list[int]:
    """Payload types, the preferred first: it is what a browser sends until told otherwise."""
    if line.audio:
        return [RED, OPUS] if start.red or not line.up else [OPUS, RED]
    return [each for codec in (VP8, AV1) for each in (codec, RTX_OF[codec])]


def _ceiling(line: Line, start: Start) -> list[str]:
    # Chromium reads AS, Firefox TIAS. The last line read binds the whole call: on each the same.
    if line.audio or not line.up or start.ceiling_kbps is None:
        return []
    return [f"b=AS:{start.ceiling_kbps}", f"b=TIAS:{start.ceiling_kbps * 1000}"]


def _extmap(line: Line) -> list[str]:
    # Downward only the number congestion control needs: bytes are worth more on a thin link.
    up = [AUDIO_LEVEL, MID] if line.audio else [MID]
    numbers = sorted([TRANSPORT_SEQUENCE, *(up if line.up else [])])
    return [f"a=extmap:{n} {_EXTENSIONS[n]}" for n in numbers]


def _audio(line: Line, start: Start) -> list[str]:
    # What a receiver writes binds the sender (RFC 7587 §6.1): the rate is for the way up alone.
    wanted = f";maxaveragebitrate={start.audio_bitrate}" if line.up else ""
    return [
        f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} {OPUS}/{OPUS}",
        f"a=rtpmap:{OPUS} opus/48000/2",
        f"a=fmtp:{OPUS} minptime=10;useinbandfec=1;usedtx=1{wanted}",
        *([f"a=ptime:{start.ptime}"] if line.up else []),
        f"a=rtcp-fb:{OPUS} transport-cc", f"a=rtcp-fb:{OPUS} nack",
        f"a=rtcp-fb:{RED} transport-cc",
    ]  # fmt: skip


def _video(line: Line, start: Start) -> list[str]:
    written = []
    for codec, name in ((VP8, "VP8"), (AV1, "AV1")):
        written.append(f"a=rtpmap:{codec} {name}/90000")
        if line.up:
            written.append(f"a=fmtp:{codec} x-google-start-bitrate={start.up_kbps}")
        for kind in ("nack", "nack pli", "ccm fir", "transport-cc"):
            written.append(f"a=rtcp-fb:{codec} {kind}")
        written += [f"a=rtpmap:{RTX_OF[codec]} rtx/90000", f"a=fmtp:{RTX_OF[codec]} apt={codec}"]
    return written


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
