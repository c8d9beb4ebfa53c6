"""JSON lines on standard error, each with the request it belongs to.

Holds no patient data: messages are constant texts, what varies goes in `extra`, and of an address
only the route is ever logged. Libraries that quote what a client sent are told by where they
spoke, not by what they said, and a few times a minute. A line break in a value is inert, because
JSON escapes it.
"""

import contextvars
import datetime as dt
import json
import logging
import sys
import traceback
from typing import Any

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# JSON leaves these alone, yet some terminals and log readers break a line on them.
_BREAKS = {ord(each): f"\\u{ord(each):04x}" for each in "\x7f\x85\u2028\u2029"}


# Their messages hold addresses, ids of sockets, frames: whatever somebody sent.
QUOTING = ("engineio", "socketio", "aiohttp", "asyncio")
LOUDEST = 20  # lines a minute of each place in one of them


class Damper(logging.Filter):
    """Passes what a quoting library says a few times a minute: whoever sends it nonsense must not
    fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._since: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not _quotes(record):
            return True
        place = (record.pathname, record.lineno)
        since, count = self._since.get(place, (record.created, 0))
        if not 0 <= record.created - since < 60:
            since, count = record.created, 0
        self._since[place] = (since, count + 1)
        return count < LOUDEST


def _quotes(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in QUOTING


def _frames(error: BaseException) -> list[str]:
    """Where it happened. Neither the error's text nor a source line: both may quote a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _where(record: logging.LogRecord) -> str:
    return f"said at {record.module}:{record.lineno} {record.funcName}"


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname.lower(),
            "source": record.name,
            "text": _where(record) if _quotes(record) else record.getMessage(),
        }
        if identifier := request_id.get():
            line["request"] = identifier
        line |= {key: value for key, value in vars(record).items() if key not in _ORDINARY}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line |= {"error": type(error).__qualname__, "frames": _frames(error)}
        return json.dumps(line, ensure_ascii=False, default=str).translate(_BREAKS)


def start(level: str = "info") -> None:
    """Sends every logger's lines to standard error, at `level` and above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(Damper())
    for name in ("engineio.server", "socketio.server", "engineio.client", "socketio.client"):
        # With a level of its own, it does not give itself a handler that prints what was sent.
        logging.getLogger(name).setLevel(logging.ERROR)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These repeat addresses with their query, or every ICE packet.
    for noisy in ("aiohttp.access", "aioice", "engineio", "socketio", "sqlalchemy", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
