"""One line each, whatever is in it, and nothing of what an error quotes."""

import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from server.kernel import logs
from server.kernel.logs import JsonLines


def _line(message: str = "text", **extra: object) -> str:
    record = logging.makeLogRecord({"name": "carbet", "msg": message, "levelname": "INFO", **extra})
    return JsonLines().format(record)


def test_a_line_is_json_with_the_request_it_belongs_to() -> None:
    token = logs.request_id.set("abc")
    try:
        line = json.loads(_line(status=200))
    finally:
        logs.request_id.reset(token)
    assert line["request"] == "abc" and line["status"] == 200 and line["level"] == "info"
    assert "request" not in json.loads(_line())


@given(st.text())
def test_no_value_breaks_the_line(value: str) -> None:
    value += "\r\n\x0b\x85\u2028\u2029" + '{"level": "error"}'
    line = _line(path=value)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["path"] == value


def test_an_error_tells_where_and_not_what() -> None:
    def diagnose(patient: str) -> None:
        raise ValueError(f"no such patient: {patient}")

    try:
        diagnose("ROSE DURAND")
    except ValueError as error:
        line = _line(exc_info=(type(error), error, error.__traceback__))
    told = json.loads(line)
    assert told["error"] == "ValueError" and "diagnose" in told["frames"][-1]
    assert "DURAND" not in line and "no such patient" not in line
