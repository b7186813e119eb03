"""The model of a ``control`` block: which routes are served."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Literal

from naftiko_run.diagnostics import Report
from naftiko_run.document.model import Exposes
from naftiko_run.document.model.base import node
from naftiko_run.document.normalize.reader import Reader

_DEFAULT_SUBSCRIBERS: Final = 5


@node
class ControlExposes(Exposes):
    """The control adapter.

    Attributes:
        health: Whether ``/health/live`` and ``/health/ready`` are served.
        info: Whether ``/status`` and ``/config`` are served.
        reload: Whether the documents can be reloaded.
        validate: Whether documents can be validated.
        logs: Whether the log level is served.
        level_control: Whether the log level can be changed.
        log_stream: Whether logs can be streamed.
        max_subscribers: The maximum number of concurrent log streams.
        scripting: Whether the script settings are served.
        metrics: Whether metrics are served.
        traces: Whether traces are served.
        is_of_process: Whether the script settings are those of all documents.
    """

    type: Literal["control"] = "control"
    health: bool = True
    info: bool = False
    reload: bool = False
    validate: bool = False
    logs: bool = False
    level_control: bool = True
    log_stream: bool = False
    max_subscribers: int = _DEFAULT_SUBSCRIBERS
    scripting: bool = False
    metrics: bool = True
    traces: bool = True
    is_of_process: bool = False


def parse_block(exposes: Exposes, report: Report) -> ControlExposes:
    """Parse a ``control`` block.

    Args:
        exposes: The block, with its ``settings`` as written.
        report: Receives diagnostics.
    """
    written = Reader(exposes.settings, exposes.pointer, report)
    management = written.mapping("management") or Reader({}, exposes.pointer, report)
    observability = written.mapping("observability") or Reader({}, exposes.pointer, report)
    is_observed = _flag(observability, "enabled", default=True)
    return ControlExposes.of(
        exposes,
        health=_flag(management, "health", default=True),
        info=_flag(management, "info", default=False),
        reload=_flag(management, "reload", default=False),
        validate=_flag(management, "validate", default=False),
        scripting=isinstance(management.data.get("scripting"), dict),
        metrics=is_observed and _is_local(observability.mapping("metrics")),
        traces=is_observed and _is_local(observability.mapping("traces")),
        **_logs(management),
    )


def with_every_route(exposes: Exposes) -> ControlExposes:
    """Return a ``control`` block that serves every route, and the script settings of all documents: for ``--control``."""
    assert isinstance(exposes, ControlExposes)
    return replace(
        exposes,
        health=True,
        info=True,
        reload=True,
        validate=True,
        logs=True,
        level_control=True,
        log_stream=True,
        scripting=True,
        metrics=True,
        traces=True,
        is_of_process=True,
    )


def _logs(management: Reader) -> dict[str, Any]:
    if not isinstance(management.data.get("logs"), dict):
        return {"logs": _flag(management, "logs", default=False)}
    logs = management.mapping("logs")
    assert logs is not None
    return {
        "logs": True,
        "level_control": _flag(logs, "level-control", default=True),
        "log_stream": _flag(logs, "stream", default=False),
        "max_subscribers": _max_subscribers(logs),
    }


def _max_subscribers(logs: Reader) -> int:
    value = logs.data.get("max-subscribers", _DEFAULT_SUBSCRIBERS)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    at = (*logs.at, "max-subscribers")
    logs.report.warning("wrong-type", "`max-subscribers` must be a number of 1 or more; it was ignored", at)
    return _DEFAULT_SUBSCRIBERS


def _is_local(written: Reader | None) -> bool:
    """Return whether metrics or traces are served, by their ``local`` block."""
    local = written.mapping("local") if written else None
    return _flag(local, "enabled", default=True) if local else True


def _flag(written: Reader, key: str, *, default: bool) -> bool:
    flag = written.flag(key)
    return default if flag is None else flag
