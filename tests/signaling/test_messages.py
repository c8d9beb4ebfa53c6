"""The parser takes what PROTOCOL.md says and nothing else, whatever it is given."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import parsing
from signaling.checks import Invalid
from signaling.messages import Hello, Say
from signaling.parsing import COMMANDS, TEXT, parse, parse_hello

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
STILL = "5b0b1ef5-6f6a-4cf7-a9d5-0a4b1c0c7e11"
SMALL = {"bytes": 9000, "type": "image/webp", "width": 640, "height": 480}
LARGE = {"bytes": 4_000_000, "type": "image/jpeg", "width": 5000, "height": 5000}
GOOD: dict[str, dict[str, Any]] = {
    "consent": {"given": True},
    "knock": {},
    "answer": {"session": "s", "sdp": "v=0"},
    "renew": {"session": "s"},
    "media": {"mic": "on", "camera": "off", "exam": "none", "exam_kind": "screen"},
    "say": {"client_id": "9f6a1f0e-7a4e-4b8f-9a55-1f0c5d3b2a10", "text": "bonjour"},
    "hand": {"up": False},
    "admit": {"seat": "s"},
    "refuse": {"seat": "s"},
    "remove": {"seat": "s"},
    "lock": {"locked": True},
    "leave": {},
    "end": {},
    "link": {
        "session": "s", "up": 64000.5, "rtt": 0.7, "loss": None, "limited": "none",
        "sent": 7.0, "received": 2**40,
    },
    "matters": {"seat": "s", "source": "exam", "what": "detail"},
    "still_ask": {"seat": "s", "source": "camera"},
    "still_begin": {"id": STILL, "source": "exam", "stages": [SMALL, LARGE], "why": "rung"},
    "still_part": {"id": STILL, "stage": 0, "offset": 0, "data": b"RIFF"},
    "still_resume": {"id": STILL},
    "still_drop": {"id": STILL},
    "pointer": {"still": STILL, "x": 0.5, "y": None},
}  # fmt: skip


def test_every_command_of_the_protocol_is_known_and_no_other() -> None:
    text = (Path(parsing.__file__).parent / "PROTOCOL.md").read_text()
    table = text.split("## Client → server")[1].split("## Server → client")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert told == set(COMMANDS) == set(GOOD)


@pytest.mark.parametrize("event", GOOD)
def test_the_right_payload_is_taken(event: str) -> None:
    assert type(parse(event, (GOOD[event],))) is COMMANDS[event][0]


@pytest.mark.parametrize("event", GOOD)
def test_a_key_more_a_key_less_or_no_payload_is_invalid(event: str) -> None:
    good = GOOD[event]
    wrong: list[tuple[Any, ...]] = [(), (good, good), ({**good, "host": True},), ([],), (None,)]
    wrong += [({k: v for k, v in good.items() if k != key},) for key in good]
    for arguments in wrong:
        with pytest.raises(Invalid):
            parse(event, arguments)


@given(st.sampled_from(sorted(GOOD)) | JSON, st.lists(JSON, max_size=2))
def test_anything_is_a_command_or_invalid(event: Any, arguments: list[Any]) -> None:
    try:
        parse(event, tuple(arguments))
    except Invalid as error:
        assert len(str(error)) < 80


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_one_wrong_value_never_raises_anything_else(event: str, data: st.DataObject) -> None:
    payload = {key: data.draw(JSON | st.just(value)) for key, value in GOOD[event].items()}
    try:
        parse(event, (payload,))
    except Invalid:
        return


@given(st.text(min_size=1, max_size=TEXT))
def test_a_text_is_kept_as_it_is_or_refused(text: str) -> None:
    client_id = str(uuid.uuid4())
    stored = not text.isspace() and "\x00" not in text
    if stored and not any("\ud800" <= c <= "\udfff" for c in text):
        assert parse("say", ({"client_id": client_id, "text": text},)) == Say(client_id, text)
    else:
        with pytest.raises(Invalid):
            parse("say", ({"client_id": client_id, "text": text},))


@pytest.mark.parametrize("text", ["", " \n\t", "x" * (TEXT + 1), "\x00", "\ud800", 7, None, True])
def test_texts_that_are_none_are_invalid(text: Any) -> None:
    with pytest.raises(Invalid):
        parse("say", ({**GOOD["say"], "text": text},))


def test_one_id_written_two_ways_is_one_id() -> None:
    upper = {**GOOD["say"], "client_id": GOOD["say"]["client_id"].upper()}
    assert parse("say", (upper,)) == parse("say", (GOOD["say"],))


@given(JSON)
def test_a_hello_is_a_hello_or_invalid(auth: Any) -> None:
    with pytest.raises(Invalid):
        parse_hello(auth)


def test_a_hello_may_name_the_session_the_page_still_has() -> None:
    plain = {"consultation": "c", "tab": "t", "last_message": 3}
    assert parse_hello(plain) == Hello("c", "t", 3)
    assert parse_hello({**plain, "session": None}) == Hello("c", "t", 3)
    assert parse_hello({**plain, "session": "s"}) == Hello("c", "t", 3, "s")
    for wrong in ({"session": 7}, {"last_message": True}, {"last_message": -1}, {"tab": "x" * 65}):
        with pytest.raises(Invalid):
            parse_hello({**plain, **wrong})


@pytest.mark.parametrize(
    "stages",
    [
        [], [SMALL] * 5, [LARGE, SMALL], SMALL, [SMALL, None], [{**SMALL, "more": 1}],
        [{**SMALL, "bytes": 0}], [{**SMALL, "bytes": 4_000_001}], [{**SMALL, "bytes": 1.5}],
        [{**SMALL, "type": "image/svg+xml"}], [{**SMALL, "width": 0}],
        [{**LARGE, "height": 5001}], [{**SMALL, "width": 20_000, "height": 10_000}],
    ],
)  # fmt: skip
def test_a_still_too_large_to_be_opened_is_invalid_before_a_byte_of_it_comes(stages: Any) -> None:
    with pytest.raises(Invalid):
        parse("still_begin", ({**GOOD["still_begin"], "stages": stages},))


@pytest.mark.parametrize(
    ("event", "key", "longest"),
    [
        ("admit", "seat", 24), ("matters", "seat", 24), ("renew", "session", 64),
        ("answer", "sdp", 50_000), ("say", "text", 2000),
    ],
)  # fmt: skip
def test_a_text_is_as_long_as_it_may_be_and_no_longer(event: str, key: str, longest: int) -> None:
    assert parse(event, ({**GOOD[event], key: "x" * longest},))
    with pytest.raises(Invalid):
        parse(event, ({**GOOD[event], key: "x" * (longest + 1)},))


@pytest.mark.parametrize(
    ("key", "most"),
    [("up", 1e12), ("rtt", 3600), ("loss", 1), ("sent", 2**53), ("received", 2**53)],
)
def test_a_figure_is_one_a_link_can_have(key: str, most: float) -> None:
    assert parse("link", ({**GOOD["link"], key: most},))
    for wrong in (most * 1.01, -1, float("nan"), float("inf"), "1", True, [1]):
        with pytest.raises(Invalid):
            parse("link", ({**GOOD["link"], key: wrong},))


@pytest.mark.parametrize("data", [b"", b"x" * 2049, "text", None, [1], bytearray(b"x")])
def test_a_part_is_1_to_2048_bytes(data: Any) -> None:
    with pytest.raises(Invalid):
        parse("still_part", ({**GOOD["still_part"], "data": data},))
    assert parse("still_part", ({**GOOD["still_part"], "data": b"x" * 2048},))


@pytest.mark.parametrize("more", [{}, {"rtt": 0.6}, {"saver": True}, {"session": "s", "rtt": 0}])
def test_a_page_may_say_more_of_itself_or_not(more: dict[str, Any]) -> None:
    hello = {"consultation": "c", "tab": "t", "last_message": 0}
    assert parse_hello({**hello, **more}) == Hello("c", "t", 0, **more)
    unsaid = {key: None for key in ("session", "rtt", "saver")}
    assert parse_hello({**hello, **unsaid}) == Hello("c", "t", 0)
    for wrong in ({"rtt": -1}, {"rtt": "0.6"}, {"rtt": 3601}, {"saver": 1}, {"host": True}):
        with pytest.raises(Invalid):
            parse_hello({**hello, **more, **wrong})
