from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media.core.packets import demux
from media.core.packets.demux import Kind


def check(name: str, key: bytes = b"key") -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["PRIORITY"] = 1
    message.attributes["USERNAME"] = name
    message.add_message_integrity(key)
    return bytes(message)


@given(st.binary(max_size=1600))
def test_any_bytes_have_a_kind(data: bytes) -> None:
    kind = demux.kind_of(data)
    if len(data) < 2 or len(data) > 1500:
        assert kind is Kind.UNKNOWN
    demux.check_username(data)
    if data:
        demux.is_plausible(data)


@given(st.binary(max_size=60), st.integers(0, 80))
def test_a_damaged_check_names_nobody_or_somebody_but_never_raises(junk: bytes, at: int) -> None:
    data = check("ours:theirs")
    demux.check_username(data[:at] + junk + data[at + len(junk) :])


def test_kinds_are_told_by_their_first_bytes() -> None:
    assert demux.kind_of(check("a:b")) is Kind.STUN
    assert demux.kind_of(b"\x16\xfe\xff") is Kind.DTLS
    assert demux.kind_of(b"\x80\x60") is Kind.RTP
    assert demux.kind_of(b"\x80\xe0") is Kind.RTP  # marker and payload type 96
    assert demux.kind_of(b"\x80\xc8") is Kind.RTCP
    assert demux.kind_of(b"\x80\xce") is Kind.RTCP
    assert demux.kind_of(b"\x40\x00") is Kind.UNKNOWN


def test_the_name_of_a_check_is_found() -> None:
    assert demux.check_username(check("ours:theirs")) == ("ours", "theirs")
    assert demux.check_username(check("no colon")) is None
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
    response.attributes["USERNAME"] = "ours:theirs"
    assert demux.check_username(bytes(response)) is None


def record(kind: int, epoch: int, body: bytes) -> bytes:
    return bytes((kind, 0xFE, 0xFD)) + epoch.to_bytes(2, "big") + bytes(6) + len(
        body).to_bytes(2, "big") + body  # fmt: skip


def message(whole: int, offset: int, fragment: bytes) -> bytes:
    return b"\x01" + whole.to_bytes(3, "big") + b"\0\0" + offset.to_bytes(3, "big") + len(
        fragment).to_bytes(3, "big") + fragment  # fmt: skip


def test_what_nothing_protects_must_at_least_be_well_formed() -> None:
    hello = record(22, 0, message(4, 0, b"helo"))
    assert demux.is_plausible(hello)
    assert demux.is_plausible(hello + record(22, 0, message(9, 4, b"part")) + record(20, 0, b"\1"))
    assert demux.is_plausible(record(21, 1, b"sealed alert"))
    assert demux.is_plausible(b"\x2c" + bytes(20))
    assert not demux.is_plausible(record(21, 0, b"\2\50"))  # anybody can make an alert
    assert not demux.is_plausible(hello + record(21, 0, b"\2\50"))
    assert not demux.is_plausible(record(22, 0, b"junk"))
    assert not demux.is_plausible(record(22, 0, message(4, 2, b"helo")))
    assert not demux.is_plausible(record(22, 0, message(4, 0, b"helo")[:-1]))
    assert not demux.is_plausible(hello[:-1])
    assert not demux.is_plausible(hello + b"\x16")
    assert not demux.is_plausible(b"\x16")
