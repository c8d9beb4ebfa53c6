"""Session descriptions, just as much of them as the load needs: written for three systems, read
from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

TRANSPORT = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


@dataclass
class Medium:
    """One m-line."""

    kind: str
    mid: str
    direction: str = "inactive"
    types: dict[str, int] = field(default_factory=dict)  # codec → payload type
    extensions: dict[str, int] = field(default_factory=dict)  # URI → number
    ssrcs: list[int] = field(default_factory=list)  # media first, its repairs behind
    feedback: bool = False  # transport-wide


@dataclass
class Description:
    """What one side says."""

    ufrag: str
    password: str
    fingerprint: str  # of SHA-256
    setup: str
    media: list[Medium]
    candidates: list[str]
    lite: bool = False


def read(sdp: str) -> Description:
    found = Description("", "", "", "", [], [])
    for row in sdp.splitlines():
        name, _, value = row.removeprefix("a=").partition(":")
        if row.startswith("m="):
            found.media.append(Medium(row[2:].split()[0], ""))
        elif name == "ice-lite":
            found.lite = True
        elif name == "ice-ufrag":
            found.ufrag = value
        elif name == "ice-pwd":
            found.password = value
        elif name == "fingerprint" and value.lower().startswith("sha-256"):
            found.fingerprint = value.split()[1]
        elif name == "setup":
            found.setup = value
        elif name == "candidate":
            found.candidates.append(value)
        elif found.media:
            _line(found.media[-1], name, value)
    return found


def _line(medium: Medium, name: str, value: str) -> None:
    words = value.split()
    if name in ("sendonly", "recvonly", "sendrecv", "inactive"):
        medium.direction = name
    elif name == "mid":
        medium.mid = value
    elif name == "rtpmap":
        medium.types.setdefault(words[1].split("/")[0].lower(), int(words[0]))
    elif name == "extmap":
        medium.extensions[words[1]] = int(words[0].split("/")[0])
    elif name == "ssrc" and int(words[0]) not in medium.ssrcs:
        medium.ssrcs.append(int(words[0]))
    elif name == "rtcp-fb" and "transport-cc" in value:
        medium.feedback = True


def write(said: Description, bundle: Iterable[str] | None = None) -> str:
    mids = list(bundle) if bundle is not None else [medium.mid for medium in said.media]
    rows = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(mids),
            "a=msid-semantic:WMS *"]  # fmt: skip
    for medium in said.media:
        rows += _medium(said, medium)
    return "\r\n".join(rows) + "\r\n"


def _medium(said: Description, medium: Medium) -> Sequence[str]:
    types = " ".join(str(each) for each in medium.types.values())
    rows = [
        f"m={medium.kind} 9 UDP/TLS/RTP/SAVPF {types}", "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{said.ufrag}", f"a=ice-pwd:{said.password}",
        f"a=fingerprint:sha-256 {said.fingerprint}", f"a=setup:{said.setup}",
        f"a=mid:{medium.mid}", f"a={medium.direction}", "a=rtcp-mux", "a=rtcp-rsize",
        *(f"a=extmap:{number} {uri}" for uri, number in medium.extensions.items()),
    ]  # fmt: skip
    for codec, number in medium.types.items():
        rate = "opus/48000/2" if codec == "opus" else f"{codec.upper()}/90000"
        rows.append(f"a=rtpmap:{number} {rate}")
        if medium.kind == "video":
            rows += [f"a=rtcp-fb:{number} nack", f"a=rtcp-fb:{number} nack pli"]
        if medium.feedback:
            rows.append(f"a=rtcp-fb:{number} transport-cc")
    if medium.ssrcs:
        rows.append(f"a=msid:load {medium.mid}")
        rows += [f"a=ssrc:{ssrc} cname:load" for ssrc in medium.ssrcs]
    return [*rows, *(f"a=candidate:{each}" for each in said.candidates), "a=end-of-candidates"]
