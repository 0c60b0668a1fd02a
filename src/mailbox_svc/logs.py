"""One JSON line on stderr a log record: only fields named here leave, never arguments or exception texts.

Ours log through `logging.getLogger(__name__)` with a constant message and `extra={...}`. Foreign
libraries put user names, server lines and parameters into their messages, so of theirs only the
constant part is written: the format string when there is one, else the place it came from.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

#: Every field a record may carry besides time, level, logger and event. Values are numbers and short texts.
FIELDS: Final = frozenset(
    {
        "address", "backend", "code", "context", "count", "duration_ms", "error_type", "format", "harvest_id",
        "http_status", "key_id", "limit", "mailbox_id", "method", "path", "port", "provider", "reason",
        "request_id", "revision", "role", "signal", "stack", "stage", "status", "user_id", "version",
    }
)  # fmt: skip
#: Characters of one text.
MAX_TEXT: Final = 300
#: Frames of a stack, the innermost ones.
MAX_FRAMES: Final = 40
#: Exceptions that led to one another.
MAX_CAUSES: Final = 5

#: They log users' data at INFO and below, some of them whole commands.
_QUIET: Final = ("aioimaplib", "sqlalchemy", "asyncio", "grpc", "httpx2", "httpcore2", "alembic", "aiosqlite")
_OURS: Final = "mailbox_svc"
_WITHHELD: Final = "(text withheld)"
#: What every record holds anyway, of the standard library and of structlog.
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {
    "taskName", "message", "event", "exc_info", "_logger", "_name", "_record", "_from_structlog",
}  # fmt: skip


class _Stderr(logging.Handler):
    """Writes to what is standard error at that moment, as tests and supervisors replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001  (logging must not break the call that it reports)
            self.handleError(record)


def configure_logs(*, level: str, json: bool) -> None:
    """Send every record of this process, ours, foreign and structlog's, to stderr in safe form.

    `level` is a name of the standard library; `json` False writes coloured lines for a person.
    """
    render: list[Processor] = [structlog.processors.JSONRenderer()]
    if not json:
        render = [_for_person, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[_safe, *render], use_get_message=False, pass_foreign_args=True
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Otherwise a failing handler prints the record with its arguments.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def install_loop_handler(loop: asyncio.AbstractEventLoop) -> None:
    """Log what the loop catches by type and stack; its own handler prints tasks with their arguments."""
    loop.set_exception_handler(_log_loop_error)


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    logging.getLogger(__name__).error(
        "unhandled error in the event loop",
        exc_info=context.get("exception"),
        extra={"context": ", ".join(sorted(context))},
    )


def _safe(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Build the record anew from what may leave, instead of removing what may not."""
    record: logging.LogRecord = event["_record"]
    native: bool = event["_from_structlog"]
    ours = record.name.partition(".")[0] == _OURS
    message = event.get("event") if native else record.msg
    # A foreign message without arguments may have been formatted before it came here.
    constant = type(message) is str and (ours or event.get("positional_args"))
    safe: EventDict = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _printable(str(message)) if constant else _WITHHELD,
    }
    _add_fields(safe, structlog.contextvars.get_contextvars())
    if ours:
        extra = event if native else record.__dict__
        _add_fields(safe, {name: value for name, value in extra.items() if name not in _STANDARD})
    elif not constant:
        safe["at"] = f"{record.module}.{record.funcName}:{record.lineno}"
    error = _exception(event.get("exc_info"))
    if error is not None:
        safe["error_type"] = _type_name(error)
        safe["stack"] = list(_frames(error))[-MAX_FRAMES:]
    return safe


def _add_fields(safe: EventDict, fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        if name in FIELDS:
            safe[name] = _plain(value)
        else:  # say so, or whoever added the field looks for it in vain
            safe.setdefault("dropped", []).append(_printable(name))


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return _printable(value)
        case list() | tuple():
            return [_plain(item) for item in value[:MAX_FRAMES]]
        case _:
            return f"<{type(value).__name__}>"


def _printable(text: str) -> str:
    """Clip it, and escape what could steer a terminal or forge a line."""
    clipped = str(text) if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
    return clipped if clipped.isprintable() else clipped.encode("unicode_escape").decode("ascii")


def _exception(exc_info: object) -> BaseException | None:
    match exc_info:
        case BaseException():
            return exc_info
        case (_, BaseException() as error, _):
            return error
        case True:
            return sys.exception()
        case _:
            return None


def _type_name(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        return f"{name}({', '.join(map(_type_name, error.exceptions))})"
    return name


def _frames(error: BaseException) -> Iterator[str]:
    """Yield places in the order of a Python traceback: causes first, the innermost frame last."""
    chain = [error]
    while (cause := _cause(chain[-1])) is not None and len(chain) < MAX_CAUSES:
        chain.append(cause)
    for link in reversed(chain):
        step = link.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            yield f"{step.tb_frame.f_globals.get('__name__', '?')}:{step.tb_lineno} {code.co_qualname}"
            step = step.tb_next
        if link is not error:
            yield f"-- {_type_name(link)} led to:"


def _cause(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _for_person(_logger: object, _method: str, event: EventDict) -> EventDict:
    stack = event.pop("stack", None)
    if stack:
        event["exception"] = "\n".join(f"  {line}" for line in stack)
    return event
