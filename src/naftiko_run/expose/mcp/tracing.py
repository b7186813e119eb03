"""The traces of MCP requests: methods and tools, the context in ``_meta``, and requests on stdin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerMiddleware, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult

from naftiko_run.telemetry import (
    SCOPE_KEY,
    Telemetry,
    Trace,
    mark_failed,
    parse_traceparent,
    reset_current_span,
    set_current_span,
)

_TOOL_ERROR: Final = "tool_error"
"""The error type of a result with ``isError`` whose cause is unknown, in the semantic conventions of MCP."""
_MAX_TARGET: Final = 200


def describe_message(trace: Trace, message: Mapping[str, Any], telemetry: Telemetry | None) -> None:
    """Describe a JSON-RPC message in its trace, and continue the trace that its ``_meta`` names.

    Args:
        trace: The trace of the request; nothing but its root span has started.
        message: The message.
        telemetry: Continues the traces of callers.
    """
    method = message.get("method")
    if method is None:
        trace.target = "response"
        return
    trace.target = _printable(method)
    trace.root.attributes["mcp.method.name"] = trace.target
    params = message.get("params")
    if isinstance(params, dict):
        _continue(trace, params.get("_meta"), telemetry)


def describe_call(trace: Trace, operation: str, name: str, protocol_version: str) -> None:
    """Describe the call of a tool in the trace of its request.

    Args:
        trace: The trace.
        operation: ``namespace.name`` of the tool.
        name: Its name, as called.
        protocol_version: The version of the protocol.
    """
    trace.operation, trace.target = operation, name
    trace.root.attributes |= {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "mcp.protocol.version": protocol_version,
    }


class TracingMiddleware(ServerMiddleware[Any]):
    """Sets the current span while the SDK handles a request, and marks failures in its trace.

    A session handles its requests in a task of its own, in which the current span of the HTTP request is not set. A
    request on stdin has no trace yet.

    Args:
        telemetry: Records the requests on stdin.
        namespace: The namespace of the adapter.
    """

    def __init__(self, telemetry: Telemetry, namespace: str) -> None:
        self._telemetry = telemetry
        self._namespace = namespace

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle one message."""
        scope = getattr(ctx.request, "scope", None)
        if scope is not None:
            trace = scope.get(SCOPE_KEY)
            return await (call_next(ctx) if trace is None else _handle(trace, ctx, call_next))
        trace = self._telemetry.begin("mcp.request", {})
        trace.adapter = "mcp"
        trace.root.attributes = {"naftiko.namespace": self._namespace, "network.transport": "pipe"}
        describe_message(trace, {"method": ctx.method, "params": ctx.params}, None)
        _continue(trace, ctx.meta, self._telemetry)
        try:
            return await _handle(trace, ctx, call_next)
        finally:
            trace.root.end()
            self._telemetry.record(trace)


async def _handle(trace: Trace, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Handle a message as a part of a trace."""
    token = set_current_span(trace.root)
    try:
        result = await call_next(ctx)
        match result:
            case CallToolResult(is_error=True) | {"isError": True}:
                mark_failed(_TOOL_ERROR)
            case _:
                pass
    except MCPError as error:
        mark_failed(str(error.error.code))
        raise
    except Exception as error:
        mark_failed(type(error).__name__)
        raise
    finally:
        reset_current_span(token)
    return result


def _continue(trace: Trace, meta: Any, telemetry: Telemetry | None) -> None:
    """Continue the trace that a ``_meta`` names; it takes precedence over HTTP headers."""
    if telemetry is None or not isinstance(meta, dict) or not isinstance(meta.get("traceparent"), str):
        return
    state = meta.get("tracestate")
    context = parse_traceparent(meta["traceparent"], state if isinstance(state, str) else "")
    if context is not None:
        telemetry.join(trace, context)


def _printable(method: str) -> str:
    shown = method if method.isprintable() else ascii(method)[1:-1]
    return shown[:_MAX_TARGET]
