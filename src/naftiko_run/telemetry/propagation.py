"""Context of callers and for upstreams: W3C Trace Context, B3, and request ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

MAX_TRACE_STATE: Final = 512
"""The maximum length of a ``tracestate`` that is passed on (Trace Context, 3.3.1.5)."""
MAX_REQUEST_ID: Final = 128
"""The maximum length of a request id that is taken from a caller."""

_TRACEPARENT: Final = re.compile(
    r"\s*(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?\s*\Z"
)
_B3: Final = re.compile(
    r"(?P<trace>(?:[0-9a-f]{16}){1,2})-(?P<span>[0-9a-f]{16})(?:-(?P<sampled>[01d])(?:-[0-9a-f]{16})?)?\Z",
    re.IGNORECASE,
)
_REQUEST_ID: Final = re.compile(rb"[\x21-\x7e]{1,%d}\Z" % MAX_REQUEST_ID)


class SpanContext(NamedTuple):
    """The caller's trace and span.

    Attributes:
        trace_id: The id of its trace.
        span_id: The id of its span.
        is_sampled: Whether it records its trace; None if it leaves the decision to us.
        state: Its ``tracestate``; empty for none.
    """

    trace_id: int
    span_id: int
    is_sampled: bool | None
    state: str = ""


def parse_traceparent(text: str, state: str = "") -> SpanContext | None:
    """Parse a ``traceparent`` and its ``tracestate``; return None if it is not valid."""
    found = _TRACEPARENT.match(text)
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["rest"]):
        return None
    trace_id, span_id = int(found["trace"], 16), int(found["span"], 16)
    if not (trace_id and span_id):
        return None
    is_kept = len(state) <= MAX_TRACE_STATE and state.isascii() and state.isprintable()
    return SpanContext(trace_id, span_id, bool(int(found["flags"], 16) & 1), state.strip() if is_kept else "")


def parse_b3(text: str) -> SpanContext | None:
    """Parse a single ``b3`` header; return None if it is not valid, or contains only a sampling decision."""
    found = _B3.match(text.strip())
    if found is None:
        return None
    trace_id, span_id = int(found["trace"], 16), int(found["span"], 16)
    if not (trace_id and span_id):
        return None
    return SpanContext(trace_id, span_id, None if found["sampled"] is None else found["sampled"] != "0")


def read_context(headers: Mapping[bytes, bytes]) -> SpanContext | None:
    """Return the caller's trace and span: from W3C Trace Context, else from B3; None if there is none.

    Args:
        headers: The headers by lower-case name.
    """
    if parent := headers.get(b"traceparent"):
        state = headers.get(b"tracestate", b"").decode("latin-1")
        if context := parse_traceparent(parent.decode("latin-1"), state):
            return context
    if single := headers.get(b"b3"):
        return parse_b3(single.decode("latin-1"))
    if trace_id := headers.get(b"x-b3-traceid"):
        span_id, sampled = headers.get(b"x-b3-spanid", b""), headers.get(b"x-b3-sampled", b"")
        sampled = b"d" if headers.get(b"x-b3-flags") == b"1" else sampled
        # Some senders still write booleans.
        sampled = {b"true": b"1", b"false": b"0"}.get(sampled.lower(), sampled)
        parts = (trace_id, span_id, sampled) if sampled else (trace_id, span_id)
        return parse_b3(b"-".join(parts).decode("latin-1"))
    return None


def read_request_id(headers: Mapping[bytes, bytes]) -> str:
    """Return the caller's ``X-Request-Id``; empty if there is none that is short and printable."""
    text = headers.get(b"x-request-id")
    return text.decode("ascii") if text and _REQUEST_ID.match(text) else ""


def write_traceparent(trace_id: int, span_id: int, *, is_sampled: bool) -> str:
    """Return the ``traceparent`` of a span."""
    return f"00-{trace_id:032x}-{span_id:016x}-0{int(is_sampled)}"
