"""Traces of requests: spans from the adapter to the upstream, with the ids of W3C Trace Context.

A request is traced only if something records traces; otherwise there is no current span, and ``span`` does nothing.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Coroutine
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Literal, Protocol, TypeVar

from naftiko_run.telemetry.propagation import SpanContext, write_traceparent

SpanKind = Literal["SERVER", "INTERNAL", "CLIENT"]
Attribute = str | int | float | bool

SCOPE_KEY: Final = sys.intern("naftiko.trace")
"""The key of the trace in the ASGI scope of a request that is traced."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Span:
    """One timed operation of a request.

    Attributes:
        trace: The trace that it belongs to.
        name: What is done, of few different values, such as ``rest.request`` or ``http.client.GET``.
        kind: Its role in a call between processes.
        id: Its random id, of 64 bits.
        parent_id: The id of the span that it is a part of; 0 for none.
        start: When it started, in nanoseconds since the epoch.
        duration: How long it took, in nanoseconds; 0 until it has ended.
        error: Why it failed, of few different values, such as ``404`` or ``UpstreamTimeout``; empty if it did not.
        attributes: What it is about, by the names of OpenTelemetry's semantic conventions; no secrets.
    """

    trace: Trace = field(repr=False)
    name: str
    kind: SpanKind
    id: int
    parent_id: int
    start: int
    duration: int = 0
    error: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def end(self) -> None:
        """Set the duration."""
        self.duration = max(1, time.time_ns() - self.start)  # the clock may be set back


@dataclass(slots=True)
class Trace:
    """One request to an adapter.

    Attributes:
        id: The id of the trace, of 128 bits: the caller's, or a random one.
        request_id: The ``X-Request-Id`` of the caller, or a random one.
        is_sampled: Whether its spans are exported.
        adapter: The type of the adapter: ``rest``, ``mcp``, …; empty until it is known.
        operation: ``namespace.name`` of the function; empty if there is none.
        target: What was requested: method and path, or the name of a tool.
        status: The HTTP status of the response; 0 until it is known.
        state: The ``tracestate`` of the caller; empty for none.
        propagates: Whether it is passed on to upstreams.
        root: The span of the whole request.
        spans: The other spans, in the order in which they ended.
    """

    id: int
    request_id: str
    is_sampled: bool
    adapter: str = ""
    operation: str = ""
    target: str = ""
    status: int = 0
    state: str = ""
    propagates: bool = True
    root: Span = field(init=False)
    spans: list[Span] = field(default_factory=list)

    @property
    def hex_id(self) -> str:
        """The id as 32 hexadecimal digits."""
        return f"{self.id:032x}"

    @property
    def upstream_calls(self) -> list[Span]:
        """The spans of requests to upstreams."""
        return [each for each in self.spans if each.kind == "CLIENT"]

    def join(self, context: SpanContext, *, is_sampled: bool) -> None:
        """Become a part of the caller's trace; call it before the first child of the root span starts.

        Args:
            context: The caller's trace and span.
            is_sampled: Whether its spans are exported.
        """
        self.id, self.root.parent_id, self.state = context.trace_id, context.span_id, context.state
        self.is_sampled = is_sampled


class TraceSink(Protocol):
    """Receives traces of requests that have ended."""

    def record(self, trace: Trace) -> None:
        """Record a trace; called on the event loop, so it must not block."""
        ...


_current: ContextVar[Span | None] = ContextVar("span", default=None)


current_span = _current.get
"""Return the span of the running code; None if the request is not traced."""


def set_current_span(span: Span | None) -> Token[Span | None]:
    """Set the span of the running code; return a token for ``reset_current_span``."""
    return _current.set(span)


def reset_current_span(token: Token[Span | None]) -> None:
    """Restore the span of the running code."""
    _current.reset(token)


def mark_failed(error: str) -> None:
    """Mark the root span of the current request as failed, if it is traced and no earlier failure is known.

    Args:
        error: See ``Span.error``.
    """
    current = _current.get()
    if current is not None and not current.trace.root.error:
        current.trace.root.error = error


def trace_headers(span: Span) -> tuple[tuple[str, str], ...]:
    """Return the headers of W3C Trace Context for a request that is a part of a span."""
    trace = span.trace
    if not trace.propagates:
        return ()
    parent = ("traceparent", write_traceparent(trace.id, span.id, is_sampled=trace.is_sampled))
    return (parent, ("tracestate", trace.state)) if trace.state else (parent,)


def new_request_id() -> str:
    """Return a random request id."""
    return f"{random.getrandbits(64):016x}"


def new_trace(name: str, request_id: str, trace_id: int = 0, parent_id: int = 0) -> Trace:
    """Return a trace whose root span starts now.

    Args:
        name: The name of the root span.
        request_id: The id of the request.
        trace_id: The id of the caller's trace; 0 for a new one.
        parent_id: The id of the caller's span; 0 for none.
    """
    trace = Trace(trace_id or random.getrandbits(128) or 1, request_id, is_sampled=True)
    trace.root = Span(trace, name, "SERVER", random.getrandbits(64) or 1, parent_id, time.time_ns())
    return trace


class span:  # noqa: N801 - used as a function
    """Time a block as a part of the current span; None if the request is not traced.

    An exception that leaves the block makes the span fail, with the name of its class.

    Args:
        name: The name of the span.
        kind: Its kind.
    """

    __slots__ = ("_kind", "_name", "_span", "_token")

    def __init__(self, name: str, kind: SpanKind = "INTERNAL") -> None:
        self._name = name
        self._kind: SpanKind = kind
        self._span: Span | None = None
        self._token: Token[Span | None] | None = None

    def __enter__(self) -> Span | None:
        parent = _current.get()
        if parent is None:
            return None
        started = Span(
            parent.trace, self._name, self._kind, random.getrandbits(64) or 1, parent.id, time.time_ns()
        )
        self._span = started
        self._token = _current.set(started)
        return started

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        started = self._span
        if started is None or self._token is None:
            return
        _current.reset(self._token)
        if kind is not None and not started.error:
            started.error = kind.__name__
        started.end()
        started.trace.spans.append(started)


async def in_span(
    name: str, work: Coroutine[Any, Any, _T], attributes: dict[str, Attribute], kind: SpanKind = "INTERNAL"
) -> _T:
    """Run a coroutine as a part of the current span, as ``span`` does.

    Args:
        name: The name of the span.
        work: The coroutine.
        attributes: The attributes of the span.
        kind: Its kind.
    """
    parent = _current.get()
    if parent is None:
        return await work
    trace = parent.trace
    started = Span(
        trace, name, kind, random.getrandbits(64) or 1, parent.id, time.time_ns(), 0, "", attributes
    )
    token = _current.set(started)
    try:
        return await work
    except BaseException as fault:
        started.error = started.error or type(fault).__name__
        raise
    finally:
        _current.reset(token)
        started.duration = max(1, time.time_ns() - started.start)
        trace.spans.append(started)
