"""Build the routes of a ``control`` block."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

from naftiko_run.capability import Capability
from naftiko_run.expose.control import route_table
from naftiko_run.expose.control.block import ControlExposes
from naftiko_run.expose.control.configuration_routes import ConfigurationRoutes
from naftiko_run.expose.control.health_routes import HealthRoutes
from naftiko_run.expose.control.json_responses import BadRequest, error_response
from naftiko_run.expose.control.log_routes import LogRoutes
from naftiko_run.expose.control.observability_routes import ObservabilityRoutes
from naftiko_run.expose.control.operations import Operations
from naftiko_run.expose.control.route_table import ControlRoute, routes_of
from naftiko_run.expose.control.scripting_routes import ScriptingRoutes
from naftiko_run.expose.exposer import Adapter, Endpoint, ExposeSettings
from naftiko_run.expressions import parse_path

Handler = Callable[[Request], Awaitable[Response]]


def build_adapter(exposes: ControlExposes, capability: Capability, settings: ExposeSettings) -> Adapter:
    """Return the adapter of a ``control`` block; without a running process it has no routes.

    Args:
        exposes: The block.
        capability: The capability that it belongs to.
        settings: The settings of the adapter.
    """
    owner = capability if exposes.pointer else None
    if settings.operations is None:
        return Adapter("control", exposes.namespace, owner, "", (), ())
    logs = LogRoutes(settings.max_body, exposes.max_subscribers)
    file = "" if exposes.is_of_process else capability.file
    handlers = _handlers(settings.operations, logs, file, settings.max_body)
    apps = {route: request_response(_reporting(handler)) for route, handler in handlers.items()}
    apps[route_table.LOG_STREAM] = logs.stream
    endpoints = tuple(
        Endpoint(parse_path(route.path), apps[route], route.method) for route in routes_of(exposes)
    )
    return Adapter("control", exposes.namespace, owner, "", endpoints, (), end_streams=logs.end_streams)


def _handlers(
    operations: Operations, logs: LogRoutes, file: str, max_body: int
) -> dict[ControlRoute, Handler]:
    health = HealthRoutes(operations)
    configuration = ConfigurationRoutes(operations)
    telemetry = ObservabilityRoutes(operations)
    scripting = ScriptingRoutes(operations, file, max_body)
    return {
        route_table.LIVE: health.live,
        route_table.READY: health.ready,
        route_table.STATUS: configuration.status,
        route_table.CONFIG: configuration.config,
        route_table.RELOAD: configuration.reload,
        route_table.VALIDATE: configuration.validate,
        route_table.METRICS: telemetry.metrics,
        route_table.TRACES: telemetry.traces,
        route_table.TRACE: telemetry.trace,
        route_table.SCRIPTING: scripting.show,
        route_table.SET_SCRIPTING: scripting.change,
        route_table.LOGS: logs.show,
        route_table.SET_LOGS: logs.change,
    }


def _reporting(handler: Handler) -> Handler:
    """Return a handler that answers an invalid request with 400 and the reason."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except BadRequest as fault:
            return error_response(str(fault), 400)

    return handle
