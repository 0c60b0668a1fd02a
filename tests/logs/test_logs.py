"""What reaches stderr, and that nothing else does."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from mailbox_svc.logs import configure_logs, install_loop_handler
from mailbox_svc.model.secret import Secret

CANARY = "CANARY-log-secret"

ours = logging.getLogger("mailbox_svc.rpc")
theirs = logging.getLogger("aioimaplib.aioimaplib")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:], _, logging.raiseExceptions = before
    root.setLevel(before[1])
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Log:
    """What was written since the last look."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    @property
    def text(self) -> str:
        captured = self._capture.readouterr()
        assert captured.out == ""
        return captured.err

    @property
    def line(self) -> dict[str, Any]:
        text = self.text
        assert CANARY not in text
        [line] = text.splitlines()
        parsed: dict[str, Any] = json.loads(line)
        return parsed


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    configure_logs(level="INFO", json=True)
    return Log(capsys)


def throw(error: Exception) -> None:
    raise error


def fail() -> None:
    try:
        throw(ValueError(CANARY))
    except ValueError as error:
        raise OSError(7, CANARY) from error


def test_a_record_is_one_json_line_with_its_allowed_fields(log: Log) -> None:
    ours.info("call ended", extra={"method": "Save", "code": "OK", "duration_ms": 1.5, "user_id": "user-1"})
    line = log.line
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "mailbox_svc.rpc",
        "event": "call ended",
        "method": "Save",
        "code": "OK",
        "duration_ms": 1.5,
        "user_id": "user-1",
    }


def test_the_context_of_the_call_is_on_every_record(log: Log) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1", user_id="user-1", token=CANARY):
        theirs.warning("retry in %d s", 5)
    line = log.line
    assert (line["request_id"], line["user_id"]) == ("r-1", "user-1")
    assert line["event"] == "retry in %d s"
    assert line["dropped"] == ["token"]


def test_the_value_of_an_unknown_field_is_dropped_and_its_name_told(log: Log) -> None:
    ours.info("saved", extra={"password": CANARY, "method": "Save"})
    line = log.line
    assert line["dropped"] == ["password"]
    assert line["method"] == "Save"


def test_an_allowed_field_takes_plain_values_only(log: Log) -> None:
    ours.info(
        "saved", extra={"reason": {"password": CANARY}, "code": Secret(CANARY), "status": ValueError(CANARY)}
    )
    line = log.line
    assert (line["reason"], line["code"], line["status"]) == ("<dict>", "<Secret>", "<ValueError>")


@pytest.mark.parametrize("logger", [ours, theirs], ids=["ours", "theirs"])
def test_arguments_of_a_message_are_not_written(log: Log, logger: logging.Logger) -> None:
    logger.warning("login of %s failed", CANARY)
    assert log.line["event"] == "login of %s failed"


@pytest.mark.parametrize("logger", [ours, theirs], ids=["ours", "theirs"])
def test_arguments_that_do_not_fit_lose_no_record(log: Log, logger: logging.Logger) -> None:
    logger.warning("waited %d s", CANARY)
    assert log.line["event"] == "waited %d s"


def test_a_foreign_message_that_came_formatted_is_named_by_its_place(log: Log) -> None:
    theirs.warning(f"sent LOGIN user {CANARY}")
    line = log.line
    assert line["event"] == "(text withheld)"
    assert line["at"].startswith(
        "test_logs.test_a_foreign_message_that_came_formatted_is_named_by_its_place:"
    )


@pytest.mark.parametrize("logger", [ours, theirs], ids=["ours", "theirs"])
def test_an_object_as_message_is_not_written(log: Log, logger: logging.Logger) -> None:
    logger.error(ValueError(CANARY))
    assert log.line["event"] == "(text withheld)"


def test_extra_fields_of_a_foreign_library_are_not_written(log: Log) -> None:
    theirs.warning("text %s", "x", extra={"reason": CANARY, "password": CANARY})
    assert "reason" not in log.line


@pytest.mark.parametrize("logger", [ours, theirs], ids=["ours", "theirs"])
def test_an_exception_is_written_as_types_and_places(log: Log, logger: logging.Logger) -> None:
    try:
        fail()
    except OSError:
        logger.exception("call failed: %s", CANARY, stack_info=True)
    line = log.line
    assert line["error_type"] == "OSError"
    assert [entry.partition(":")[2].partition(" ")[2] or entry for entry in line["stack"]] == [
        "fail",
        "throw",
        "-- ValueError led to:",
        "test_an_exception_is_written_as_types_and_places",
        "fail",
    ]


def test_a_hidden_cause_is_not_written(log: Log) -> None:
    try:
        try:
            throw(KeyError(CANARY))
        except KeyError:
            raise RuntimeError(CANARY) from None
    except RuntimeError:
        ours.exception("call failed")
    assert len(log.line["stack"]) == 1


def test_a_group_of_exceptions_names_its_parts(log: Log) -> None:
    try:
        throw(ExceptionGroup(CANARY, [ValueError(CANARY), OSError(CANARY)]))
    except ExceptionGroup:
        ours.exception("tasks failed")
    assert log.line["error_type"] == "ExceptionGroup(ValueError, OSError)"


def test_an_endless_chain_of_causes_is_cut(log: Log) -> None:
    error: Exception = ValueError(CANARY)
    for _ in range(5000):
        outer = OSError(CANARY)
        outer.__cause__ = error
        error = outer
    ours.error("call failed", exc_info=error)
    assert len(log.line["stack"]) < 10


def test_texts_cannot_forge_lines_or_steer_a_terminal(log: Log) -> None:
    ours.info("hello", extra={"reason": 'x\n{"event":"forged"}\x1b[2J'})
    assert log.line["reason"] == 'x\\n{"event":"forged"}\\x1b[2J'


def test_long_texts_are_cut(log: Log) -> None:
    ours.info("hello", extra={"reason": "x" * 10_000})
    assert len(log.line["reason"]) == 301


def test_a_structlog_logger_goes_the_same_way(log: Log) -> None:
    try:
        fail()
    except OSError:
        structlog.get_logger("mailbox_svc.storage").exception("failed", password=CANARY, code="INTERNAL")
    line = log.line
    assert (line["event"], line["level"], line["logger"]) == ("failed", "error", "mailbox_svc.storage")
    assert (line["code"], line["error_type"], line["dropped"]) == ("INTERNAL", "OSError", ["password"])


@pytest.mark.parametrize(
    "name", ["aioimaplib", "sqlalchemy.engine", "asyncio", "grpc", "httpx2", "httpcore2"]
)
def test_libraries_are_silent_below_warning(capsys: pytest.CaptureFixture[str], name: str) -> None:
    configure_logs(level="DEBUG", json=True)
    logging.getLogger(name).info("SELECT %s", CANARY)
    assert capsys.readouterr().err == ""


def test_the_level_is_kept(log: Log) -> None:
    ours.debug("hello")
    assert log.text == ""


def test_configuring_twice_writes_each_record_once(log: Log) -> None:
    configure_logs(level="INFO", json=True)
    ours.info("hello")
    assert log.line["event"] == "hello"


def test_a_person_gets_readable_lines_with_the_same_rules(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="INFO", json=False)
    try:
        fail()
    except OSError:
        ours.exception("call failed: %s", CANARY, extra={"method": "Save", "password": CANARY})
    text = capsys.readouterr().err
    assert CANARY not in text
    assert "call failed: %s" in text
    assert "method=Save" in text.replace("'", "")
    assert "\n  mailbox_svc" not in text.splitlines()[0]
    assert any(line.strip().endswith(" fail") for line in text.splitlines())


async def test_the_loop_writes_types_only(log: Log) -> None:
    loop = asyncio.get_running_loop()
    install_loop_handler(loop)

    def callback(secret: str) -> None:
        raise ValueError(secret)

    loop.call_soon(callback, CANARY)
    await asyncio.sleep(0.01)
    line = log.line
    assert (line["event"], line["error_type"]) == ("unhandled error in the event loop", "ValueError")
    assert line["context"] == "exception, handle, message"


async def test_a_task_nobody_waited_for_is_written_by_type(log: Log) -> None:
    install_loop_handler(asyncio.get_running_loop())

    async def task(secret: str) -> None:
        raise ValueError(secret)

    running = asyncio.create_task(task(CANARY), name=CANARY)
    await asyncio.sleep(0.01)
    del running
    assert log.line["error_type"] == "ValueError"


def test_a_record_costs_less_than_a_call(log: Log) -> None:
    def once() -> float:
        begin = time.process_time()
        for _ in range(200):
            ours.info("call ended", extra={"method": "List", "code": "OK", "duration_ms": 0.2})
        return (time.process_time() - begin) / 200

    assert min(once() for _ in range(5)) < 400e-6
    assert log.text.count("\n") == 1000
