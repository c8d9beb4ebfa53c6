"""JSON lines on standard error, each with the request it belongs to.

Holds no patient data: messages are constant texts, what varies goes in `extra`, and only the
path of an address is ever logged, never its query. A line break in a value is inert, because
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


def _frames(error: BaseException) -> list[str]:
    """Where it happened. Neither the error's text nor a source line: both may quote a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname.lower(),
            "source": record.name,
            "text": record.getMessage(),
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
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These repeat addresses with their query, or every ICE packet.
    for noisy in ("aiohttp.access", "aioice", "engineio", "socketio", "sqlalchemy", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
