"""The first byte of an Opus packet (RFC 6716 §3.1): how long it sounds. Never decodes."""

LONGEST = 5760  # samples: 120 ms
_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)


def duration(payload: bytes) -> int:
    """Samples at 48 kHz that the packet holds; 0 for an empty or malformed one."""
    if not payload:
        return 0
    config, code = payload[0] >> 3, payload[0] & 0x03
    if config < 12:
        one = _SILK[config & 0x03]
    elif config < 16:
        one = _HYBRID[config & 0x01]
    else:
        one = _CELT[config & 0x03]
    frames = (1, 2, 2, payload[1] & 0x3F if len(payload) > 1 else 0)[code]
    return one * frames if one * frames <= LONGEST else 0
