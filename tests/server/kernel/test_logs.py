"""One line each, whatever is in it, and nothing of what an error quotes."""

import json
import logging

import pytest
import socketio
from hypothesis import given
from hypothesis import strategies as st

from server.kernel import logs
from server.kernel.logs import LOUDEST, Damper, JsonLines


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


@pytest.mark.parametrize("name", ["engineio.server", "socketio.server", "aiohttp.web", "asyncio"])
def test_a_library_that_quotes_is_told_by_where_it_spoke(name: str) -> None:
    line = _line("Invalid session TOKEN", name=name, module="server", lineno=7, funcName="ask")
    assert "TOKEN" not in line and json.loads(line)["text"] == "said at server:7 ask"
    assert "TOKEN" in _line("Invalid session TOKEN", name="carbet.call")


def test_nonsense_does_not_fill_the_disk() -> None:
    def records(name: str, at: float, lineno: int = 1) -> list[bool]:
        made = {"name": name, "created": at, "pathname": "x", "lineno": lineno}
        return [damper.filter(logging.makeLogRecord(made)) for _ in range(1000)]

    damper = Damper()
    assert sum(records("engineio.server", 100.0)) == LOUDEST
    assert sum(records("engineio.server", 159.0)) == 0
    assert sum(records("engineio.server", 160.0)) == LOUDEST
    assert sum(records("engineio.server", 30.0)) == LOUDEST  # the clock was set back
    assert sum(records("engineio.server", 30.0, 2)) == LOUDEST
    assert sum(records("carbet.http", 160.0)) == 1000


def test_a_started_log_leaves_libraries_no_handler_of_their_own() -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.start()
        made = socketio.AsyncServer(async_mode="aiohttp")
        assert not made.logger.handlers and not made.eio.logger.handlers
        assert made.logger.level == made.eio.logger.level == logging.ERROR
    finally:
        logging.getLogger().handlers[:] = before[0]
        logging.getLogger().setLevel(before[1])
