"""How long an Opus packet sounds (RFC 6716 §3.1, table 2)."""

import pytest

from media.core.packets import opus


@pytest.mark.parametrize(
    ("packet", "milliseconds"),
    [
        (bytes([0 << 3]), 10),  # SILK, one frame
        (bytes([3 << 3]), 60),
        (bytes([9 << 3 | 1]), 40),  # two of 20 ms, of one size
        (bytes([3 << 3 | 2]), 120),  # two of 60 ms
        (bytes([13 << 3]), 20),  # hybrid
        (bytes([16 << 3]), 2.5),  # CELT
        (bytes([31 << 3]), 20),
        (bytes([9 << 3 | 3, 3]), 60),  # counted: three of 20 ms
        (bytes([9 << 3 | 3]), 0),  # the count is missing
        (bytes([3 << 3 | 3, 3]), 0),  # 180 ms: more than a packet may hold
        (b"", 0),
    ],
)
def test_a_packet_says_how_long_it_sounds(packet: bytes, milliseconds: float) -> None:
    assert opus.duration(packet) == milliseconds * 48
