"""A frame's announcement is read as Socket.IO reads it, or refused."""

from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import Packet

from server.kernel.frames import ATTACHMENTS, attachments


@given(
    st.text(max_size=30)
    | st.integers(0, 10**12).map(lambda n: f"5{n}-/call,[]")
    | st.text("0123456789-٣", max_size=12).map(lambda text: f"6{text}/call,[]")
)
def test_nothing_passes_for_which_socket_io_would_wait(frame: str) -> None:
    said = attachments(frame)
    try:
        waits = Packet(encoded_packet=frame).attachment_count
    except Exception:
        return
    if frame[:1] in ("5", "6"):
        assert said > ATTACHMENTS or said == waits


def test_what_is_announced() -> None:
    assert attachments('51-/call,["still_part"]') == 1
    assert attachments("52-/call,[]") == 2 and attachments("69999999999-/call,[]") == 9999999999
    assert attachments("5/call,[]") > ATTACHMENTS and attachments("5٣-/call,[]") > ATTACHMENTS
    assert attachments('2/call,["51-"]') == attachments(b"51-") == attachments("") == 0
