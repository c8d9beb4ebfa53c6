"""How many binary attachments a Socket.IO frame says will follow it. PURE.

Socket.IO itself would wait for ten thousand millions of them, and keep each.
"""

from typing import Any

ATTACHMENTS = 1  # of one event: a part of a still has one


def attachments(frame: Any) -> int:
    """What the head of a frame announces; more than any event has, when it cannot be read."""
    if not isinstance(frame, str) or frame[:1] not in ("5", "6"):
        return 0
    number, dash, _ = frame[1:13].partition("-")
    return int(number) if dash and number.isascii() and number.isdigit() else ATTACHMENTS + 1
