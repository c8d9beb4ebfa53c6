"""Any bytes as a value such as a client may send, and back: so that no input is wasted on being
wrong JSON, and what JSON cannot say (attachments, halves of characters) is tried too."""

import struct
from typing import Any

NOTHING, YES, NO, WHOLE, REAL, TEXT, DATA, LIST, DICT = range(9)
DEEP = 40


class Reader:
    """Reads values from bytes; behind their end there is nothing but nothing."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        self._at += count
        return found

    def _number(self, size: int = 1) -> int:
        return int.from_bytes(self._take(size), "little")

    def value(self, deep: int = 0) -> Any:
        if self._at >= len(self._data) or deep > DEEP:
            return None
        kind = self._number() % 9
        if kind in (NOTHING, YES, NO):
            return (None, True, False)[kind]
        if kind == REAL:
            return struct.unpack("<d", self._take(8).ljust(8, b"\0"))[0]
        if kind in (TEXT, DATA):
            raw = self._take(self._number(2))
            return raw if kind == DATA else raw.decode("utf-8", "surrogateescape")
        if kind == WHOLE:
            return int.from_bytes(self._take(self._number() % 17), "little", signed=True)
        count = self._number()
        if kind == LIST:
            return [self.value(deep + 1) for _ in range(count) if self._at < len(self._data)]
        return {
            self._name(): self.value(deep + 1) for _ in range(count) if self._at < len(self._data)
        }

    def _name(self) -> str:
        name = self.value(DEEP)
        return name if isinstance(name, str) else ""


def write(value: Any) -> bytes:
    """What `Reader` reads as this value."""
    if value is None or isinstance(value, bool):
        return bytes(((NOTHING if value is None else YES if value else NO),))
    if isinstance(value, int):
        raw = value.to_bytes(16, "little", signed=True)
        return bytes((WHOLE, 16)) + raw
    if isinstance(value, float):
        return bytes((REAL,)) + struct.pack("<d", value)
    if isinstance(value, str | bytes):
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        kind = TEXT if isinstance(value, str) else DATA
        return bytes((kind,)) + len(raw).to_bytes(2, "little") + raw
    if isinstance(value, list):
        return bytes((LIST, len(value))) + b"".join(map(write, value))
    items = b"".join(write(key) + write(held) for key, held in value.items())
    return bytes((DICT, len(value))) + items
