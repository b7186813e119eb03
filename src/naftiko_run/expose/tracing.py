"""A trace for each request to a port, from the router to the response."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from naftiko_run.expose.body import headers_by_name
from naftiko_run.expose.exposer import Adapter, ASGIApp, Endpoint, Message, Receive, Scope, Send
from naftiko_run.expose.response import RESPONSE
from naftiko_run.expose.router import Router
from naftiko_run.expose.trusted_host import HostGuard
from naftiko_run.telemetry import SCOPE_KEY, Telemetry, Trace, reset_current_span, set_current_span

CLIENT_DISCONNECTED: Final = 499
"""The status of a request whose client disconnected before the response started; nginx has introduced it."""
_REQUEST_ID: Final = b"x-request-id"
_MAX_TARGET: Final = 512


class TracedRouter(Router):
    """A router that records a trace for each request.

    Args:
        adapters: As for ``Router``; their endpoints name their operations in the trace.
        guard: As for ``Router``.
        telemetry: Records the traces.
        pages: As for ``Router``; their requests are not traced.
    """

    def __init__(
        self,
        adapters: Sequence[Adapter],
        guard: HostGuard,
        telemetry: Telemetry,
        pages: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        untraced = {path: _UntracedPage(page) for path, page in pages.items()} if pages else None
        super().__init__(adapters, guard, untraced)
        self._telemetry = telemetry
        # An adapter without a path of its own owns the requests that no endpoint matches.
        self._default_type = next(
            (each.type for each in sorted(adapters, key=lambda each: bool(each.path))), "http"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        trace = self._telemetry.begin(f"{self._default_type}.request", headers_by_name(scope))
        scope[SCOPE_KEY] = trace
        trace.adapter = self._default_type
        trace.target = f"{scope['method']} {_path(scope)}"
        token = set_current_span(trace.root)
        try:
            await super().__call__(scope, receive, _recording(trace, send))
        except BaseException as error:
            trace.root.error = trace.root.error or type(error).__name__
            raise
        finally:
            reset_current_span(token)
            if not trace.status:
                trace.status = CLIENT_DISCONNECTED
            if trace.status >= 400 and not trace.root.error:
                trace.root.error = str(trace.status)
            trace.root.end()
            if SCOPE_KEY in scope:
                self._telemetry.record(trace)


class _UntracedPage:
    """A page whose requests are not recorded, such as a health route that is requested every few seconds."""

    __slots__ = ("_page",)

    def __init__(self, page: ASGIApp) -> None:
        self._page = page

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        scope.pop(SCOPE_KEY, None)
        return self._page(scope, receive, send)


def traced_adapter(adapter: Adapter) -> Adapter:
    """Return an adapter whose endpoints set the type, operation and route of traces."""
    endpoints = tuple(replace(each, app=_TracedEndpoint(each, adapter)) for each in adapter.endpoints)
    return replace(adapter, endpoints=endpoints)


class _TracedEndpoint:
    """Describes a request to an endpoint in its trace."""

    __slots__ = ("_app", "_name", "_namespace", "_operation", "_route", "_type")

    def __init__(self, endpoint: Endpoint, adapter: Adapter) -> None:
        self._app: ASGIApp = endpoint.app
        self._type = adapter.type
        self._name = f"{adapter.type}.request"
        self._namespace = adapter.namespace
        self._operation = endpoint.operation
        self._route = endpoint.path.text

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        trace: Trace | None = scope.get(SCOPE_KEY)
        if trace is not None:
            trace.adapter, trace.operation, trace.root.name = self._type, self._operation, self._name
            trace.root.attributes = {
                "http.request.method": scope["method"],
                "url.path": trace.target.partition(" ")[2],
                "url.scheme": scope.get("scheme", "http"),
                "http.route": self._route,
                "naftiko.namespace": self._namespace,
            }
        return self._app(scope, receive, send)


def _path(scope: Scope) -> str:
    """Return the path of a request as it was sent, without its query, which may contain credentials."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    path = raw.partition(b"?")[0].decode("latin-1")
    if not (path.isascii() and path.isprintable()):
        path = path.encode("unicode_escape").decode("ascii")
    return path if len(path) <= _MAX_TARGET else f"{path[:_MAX_TARGET]}…"


def _recording(trace: Trace, send: Send) -> Send:
    """Return a ``send`` that records the status of the response, and adds the id of the request to it."""
    request_id = (_REQUEST_ID, trace.request_id.encode("ascii"))

    async def recording(message: Message) -> None:
        if message["type"] in (RESPONSE, "http.response.start"):
            trace.status = message["status"]
            headers = message.get("headers", ())
            if all(name != _REQUEST_ID for name, _ in headers):
                message["headers"] = (*headers, request_id)
        await send(message)

    return recording
