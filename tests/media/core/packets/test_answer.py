import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import answer
from media.core.packets.lines import LINES

DIGEST = "sha-256 " + ":".join(["aB"] * 32)


def an_answer(**changes: str) -> str:
    rows = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0",
            "a=group:BUNDLE " + " ".join(line.mid for line in LINES)]  # fmt: skip
    for n, line in enumerate(LINES):
        kind, types = ("audio", "63 111") if line.audio else ("video", "96 97 45 46")
        rows += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {types}", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd",
                 "a=ice-pwd:0123456789012345678901", f"a=fingerprint:{DIGEST}", "a=setup:active",
                 f"a=mid:{line.mid}", "a=rtcp-mux"]  # fmt: skip
        if line.up and not line.audio:
            rows += [f"a=ssrc-group:FID {100 + n} {200 + n}", f"a=ssrc:{100 + n} cname:x",
                     f"a=ssrc:{200 + n} cname:x"]  # fmt: skip
        elif line.up:
            rows += [f"a=ssrc:{100 + n} cname:x"]
    text = "\r\n".join(rows) + "\r\n"
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def test_an_answer_is_read() -> None:
    read = answer.parse(an_answer())
    assert read.active and read.ufrag == "abcd"
    assert read.fingerprints == (answer.Fingerprint("sha-256", ":".join(["AB"] * 32)),)
    assert read.lines["camera"] == answer.AnsweredLine(
        "camera", True, False, True, 101, 201, True, True, True, feedback=False
    )
    assert read.lines["mic"] == answer.AnsweredLine(
        "mic", True, True, False, 100, 0, vp8=False, feedback=False
    )
    assert read.lines["v3"].rtx and not read.lines["v3"].ssrc


def test_a_browser_without_red_and_a_refused_line_are_understood() -> None:
    text = an_answer().replace("SAVPF 63 111", "SAVPF 111")
    read = answer.parse(text.replace("m=video 9", "m=video 0", 1))
    assert not read.lines["a0"].red and not read.lines["mic"].red
    assert not read.lines["camera"].accepted and read.lines["exam"].accepted


def test_codecs_are_accepted_one_by_one() -> None:
    read = answer.parse(an_answer().replace("96 97 45 46", "96 97 45", 1)).lines
    assert (read["camera"].av1, read["camera"].av1_rtx, read["camera"].rtx) == (True, False, True)
    read = answer.parse(an_answer().replace("96 97 45 46", "45 46")).lines
    assert not read["v0"].vp8 and not read["v0"].rtx and read["v0"].av1 and read["v0"].av1_rtx
    read = answer.parse(an_answer().replace("96 97 45 46", "96")).lines
    assert read["v0"].vp8 and not read["v0"].rtx and not read["v0"].av1


@pytest.mark.parametrize("old,new", [
    ("v=0", "v=1"), ("a=mid:camera", "a=mid:exam"), ("a=setup:active", "a=setup:actpass"),
    ("a=setup:active", "a=other"), ("sha-256", "md5"), ("aB:aB", "aB"), ("aB:aB", "zz:zz"),
    ("a=ice-ufrag:abcd", "a=ice-ufrag:a"), ("a=ssrc:100", "a=ssrc:99999999999"),
    ("a=ssrc:100", "a=ssrc:-1"), ("m=audio 9", "m=video 9"), ("SAVPF", "AVP"),
    ("m=video 9 UDP/TLS/RTP/SAVPF", "m=application 9 UDP/DTLS/SCTP"),
])  # fmt: skip
def test_what_is_no_answer_to_our_offer_is_refused(old: str, new: str) -> None:
    with pytest.raises(answer.AnswerError):
        answer.parse(an_answer().replace(old, new))


def test_size_is_bounded() -> None:
    for text in (an_answer() + "a=x\r\n" * 20_000, an_answer() + "a" * 70_000):
        with pytest.raises(answer.AnswerError):
            answer.parse(text)
    many = "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(20))
    with pytest.raises(answer.AnswerError):
        answer.parse(an_answer() + many)


@given(st.text(max_size=300))
def test_any_text_is_an_answer_or_a_typed_error(text: str) -> None:
    with pytest.raises(answer.AnswerError):
        answer.parse(text)


@given(st.data())
def test_a_damaged_answer_is_read_or_a_typed_error(data: st.DataObject) -> None:
    text = an_answer()
    at = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.text(max_size=20))
    cut = data.draw(st.integers(0, 20))
    with contextlib.suppress(answer.AnswerError):
        answer.parse(text[:at] + junk + text[at + cut :])
