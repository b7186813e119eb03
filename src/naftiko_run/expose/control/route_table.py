"""The routes of the control adapter, and which of them a block serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from naftiko_run.expose.control.block import ControlExposes
from naftiko_run.expose.health import LIVE_PATH, READY_PATH


class ControlRoute(NamedTuple):
    """A route of the control adapter.

    Attributes:
        method: The method.
        path: The path.
        purpose: What it is for, in a few words.
    """

    method: str
    path: str
    purpose: str


LIVE = ControlRoute("GET", LIVE_PATH, "whether the process runs")
READY = ControlRoute("GET", READY_PATH, "whether its adapters can handle requests")
STATUS = ControlRoute("GET", "/status", "versions, documents, adapters, missing variables")
CONFIG = ControlRoute("GET", "/config", "the documents, with credentials masked")
RELOAD = ControlRoute("POST", "/config/reload", "load the documents again")
VALIDATE = ControlRoute("POST", "/config/validate", "validate a document")
METRICS = ControlRoute("GET", "/metrics", "metrics for Prometheus")
TRACES = ControlRoute("GET", "/traces", "the last requests")
TRACE = ControlRoute("GET", "/traces/{id}", "one request with its spans")
SCRIPTING = ControlRoute("GET", "/scripting", "the settings of script steps")
SET_SCRIPTING = ControlRoute("PUT", "/scripting", "change the settings of script steps")
LOGS = ControlRoute("GET", "/logs", "the log level")
SET_LOGS = ControlRoute("PUT", "/logs", "change the log level")
LOG_STREAM = ControlRoute("GET", "/logs/stream", "log records as they are written")


def routes_of(exposes: ControlExposes) -> Iterator[ControlRoute]:
    """Yield the routes that a block serves."""
    groups = (
        (exposes.health, (LIVE, READY)),
        (exposes.info, (STATUS, CONFIG)),
        (exposes.reload, (RELOAD,)),
        (exposes.validate, (VALIDATE,)),
        (exposes.metrics, (METRICS,)),
        (exposes.traces, (TRACES, TRACE)),
        (exposes.scripting, (SCRIPTING, SET_SCRIPTING)),
        (exposes.logs, (LOGS,)),
        (exposes.logs and exposes.level_control, (SET_LOGS,)),
        (exposes.logs and exposes.log_stream, (LOG_STREAM,)),
    )
    for is_served, routes in groups:
        if is_served:
            yield from routes
