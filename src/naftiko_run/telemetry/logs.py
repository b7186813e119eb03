"""Logs: the records of ``logging`` on stderr, as text for people or as lines of JSON for programs."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal

from naftiko_run import _json
from naftiko_run.telemetry.trace import Trace, current_span

LEVELS: Final = ("debug", "info", "warning", "error")
LogFormat = Literal["text", "json", "auto"]
ACCESS_LOGGER: Final = "naftiko_run.access"

_OWN: Final = "naftiko_run"
_LIBRARY_LEVEL: Final = logging.WARNING
"""The level of libraries: at info, httpx logs whole URLs, including keys in the query."""
_MAX_QUEUED: Final = 1000
"""The maximum number of lines that wait for a subscriber; further ones are dropped."""
_MIN_TARGET, _MAX_TARGET = 20, 60
_OTHER_COLUMNS: Final = 46
"""The width of an access line at 80 columns, without its target."""
_GREEN, _YELLOW, _RED, _DIM, _RESET = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


def configure_logs(level: str, log_format: LogFormat = "auto") -> None:
    """Send log records to stderr.

    Args:
        level: One of ``LEVELS``; the level of our own records.
        log_format: ``auto`` is text if stderr is a terminal, else JSON.
    """
    is_terminal = _is_terminal()
    is_json = log_format == "json" or (log_format == "auto" and not is_terminal)
    colors = is_terminal and "NO_COLOR" not in os.environ
    root = logging.getLogger()
    formatter = JsonFormatter() if is_json else TextFormatter(is_terminal=is_terminal, colors=colors)
    handler = _StderrHandler()
    handler.setFormatter(formatter)
    root.handlers = [handler]
    root.setLevel(_LIBRARY_LEVEL)
    set_log_level(level)


def log_level() -> str:
    """Return the level of our own records: one of ``LEVELS``."""
    level = logging.getLogger(_OWN).getEffectiveLevel()
    return next((name for name in LEVELS if level <= getattr(logging, name.upper())), LEVELS[-1])


def set_log_level(level: str) -> None:
    """Set the level of our own records.

    Args:
        level: One of ``LEVELS``.
    """
    logging.getLogger(_OWN).setLevel(level.upper())


@contextmanager
def subscribe() -> Iterator[asyncio.Queue[str]]:
    """Yield a queue of our own records as lines of JSON, while the context is entered.

    A reader that is too slow misses lines. Call it in the event loop that reads the queue.
    """
    handler = _QueueHandler()
    logger = logging.getLogger(_OWN)
    logger.addHandler(handler)
    try:
        yield handler.queue
    finally:
        logger.removeHandler(handler)


class AccessLog:
    """Logs each request at level info."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(ACCESS_LOGGER)

    def record(self, trace: Trace) -> None:
        """Log the request of a trace."""
        if self._logger.isEnabledFor(logging.INFO):
            entry = AccessEntry(trace)
            self._logger.handle(
                logging.LogRecord(ACCESS_LOGGER, logging.INFO, __file__, 0, entry, None, None)
            )


class AccessEntry:
    """The message of a record about one request; it is rendered by the formatter.

    Args:
        trace: The trace of the request.
    """

    __slots__ = ("trace",)

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __str__(self) -> str:
        """Return the entry without alignment."""
        trace = self.trace
        return f"{trace.adapter} {trace.target} {self.status} in {self.duration} {self.outcome}".rstrip()

    @property
    def status(self) -> str:
        """The status of the response; ``fail`` for a failure in a successful response, as MCP has them."""
        trace = self.trace
        if trace.root.error and trace.status < 400:
            return "fail"
        return str(trace.status) if trace.status else "ok"

    @property
    def duration(self) -> str:
        """The duration, in milliseconds."""
        return f"{self.trace.root.duration / 1e6:.1f} ms"

    @property
    def outcome(self) -> str:
        """The number of upstream requests, and what went wrong with them or with the request."""
        calls = self.trace.upstream_calls
        words = [f"{len(calls)} call{'s' if len(calls) != 1 else ''}"] if calls else []
        errors = dict.fromkeys(each.error for each in calls if each.error)
        error = self.trace.root.error
        if error and error != str(self.trace.status):
            errors.setdefault(error)
        return " ".join((*words, ", ".join(errors))).strip()

    def fields(self) -> dict[str, Any]:
        """Return the members of the entry in a line of JSON."""
        trace = self.trace
        fields: dict[str, Any] = {
            "adapter": trace.adapter,
            "operation": trace.operation,
            "target": trace.target,
            "status": trace.status,
            "durationMs": round(trace.root.duration / 1e6, 3),
            "upstreamCalls": 0,
            "requestId": trace.request_id,
            "traceId": trace.hex_id,
        }
        calls = trace.upstream_calls
        if calls:
            fields["upstreamCalls"] = len(calls)
            fields["upstreamStatuses"] = [
                each.attributes.get("http.response.status_code", each.error) for each in calls
            ]
        if trace.root.error:
            fields["error"] = trace.root.error
        return fields


class JsonFormatter(logging.Formatter):
    """Renders records as lines of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        line: dict[str, Any] = {
            "timestamp": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
        }
        if isinstance(record.msg, AccessEntry):
            line |= {"event": "request", **record.msg.fields()}
        else:
            line |= {"event": record.getMessage(), **fields_of(record), **_ids()}
            if record.exc_info:
                line["exception"] = self.formatException(record.exc_info)
        try:
            return _json.dumps(line).decode()
        except (TypeError, ValueError):  # a lone surrogate, or a value that is not JSON
            return _json.dumps({key: ascii(value) for key, value in line.items()}).decode()


class TextFormatter(logging.Formatter):
    """Renders records as lines of text, with structlog; requests are aligned in columns.

    Args:
        is_terminal: Whether lines are shortened to the width of the terminal.
        colors: Whether lines have colours.
    """

    def __init__(self, *, is_terminal: bool, colors: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self._colors = colors
        self._renderer: Any = None

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        if isinstance(record.msg, AccessEntry):
            return self._access_line(record, record.msg)
        if self._renderer is None:
            self._renderer = _console_renderer(colors=self._colors)
        event: dict[str, Any] = {
            "timestamp": _clock(record),
            "level": record.levelname.lower(),
            "event": _one_line(record.getMessage()),
            "logger": record.name,
        }
        if logging.getLogger(_OWN).isEnabledFor(logging.DEBUG):
            event["pid"] = record.process
        span = current_span()
        if span is not None:
            event["requestId"] = span.trace.request_id
        if record.exc_info:
            event["exc_info"] = record.exc_info
        return str(self._renderer(None, "", event))

    def _access_line(self, record: logging.LogRecord, entry: AccessEntry) -> str:
        """Return the line of a request: time, adapter, target, status, duration, upstream requests."""
        columns = shutil.get_terminal_size().columns if self._is_terminal else 0
        width = min(max(columns - _OTHER_COLUMNS, _MIN_TARGET), _MAX_TARGET) if columns else _MAX_TARGET
        trace = entry.trace
        target = _one_line(trace.target)
        if columns and len(target) > width:
            target = f"{target[: width - 1]}…"
        time, status = _clock(record), f"{entry.status:<4}"
        if self._colors:
            color = (
                _RED if status == "fail" or trace.status >= 500 else _YELLOW if trace.root.error else _GREEN
            )
            time, status = f"{_DIM}{time}{_RESET}", f"{color}{status}{_RESET}"
        line = f"{time} {trace.adapter:<5} {target:<{width}} {status} {entry.duration:>10} {entry.outcome}"
        return line.rstrip()


class _StderrHandler(logging.Handler):
    """Writes records to stderr, whatever it is at that time; a failure to write is ignored."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            stream = sys.stderr
            stream.write(f"{self.format(record)}\n")
            stream.flush()
        except Exception:  # noqa: BLE001, S110 - there is no other place to report it, and it must break nothing
            pass


class _QueueHandler(logging.Handler):
    """Puts records into a queue of an event loop, from any thread.

    Attributes:
        queue: The queue.
    """

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[str] = asyncio.Queue(_MAX_QUEUED)
        self._loop = asyncio.get_running_loop()
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record into the queue."""
        try:
            self._loop.call_soon_threadsafe(self._put, self.format(record))
        except RuntimeError:  # the loop is closed
            return

    def _put(self, line: str) -> None:
        if not self.queue.full():
            self.queue.put_nowait(line)


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return the fields that a call passed as ``extra={"fields": {…}}``."""
    found: Mapping[str, Any] = getattr(record, "fields", {})
    return found


def _ids() -> dict[str, str]:
    """Return the ids of the current request; none if it is not traced."""
    span = current_span()
    if span is None:
        return {}
    return {"requestId": span.trace.request_id, "traceId": span.trace.hex_id, "spanId": f"{span.id:016x}"}


def _timestamp(record: logging.LogRecord) -> str:
    milliseconds = int(record.created * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _clock(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")


def _one_line(text: str) -> str:
    """Return a text in which control characters are escaped, so that it cannot start a line or move the cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _console_renderer(*, colors: bool) -> Any:
    from structlog.dev import ConsoleRenderer, plain_traceback

    # The default for exceptions shows the values of local variables, which may be secrets.
    return ConsoleRenderer(colors=colors, exception_formatter=plain_traceback, pad_event_to=0, pad_level=True)


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # there is no stderr, or it is closed
        return False
