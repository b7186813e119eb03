"""Problem documents (RFC 9457), and the mapping of errors to HTTP statuses."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from naftiko_run import _json
from naftiko_run.errors import (
    ClientTooSlow,
    InvalidInput,
    InvocationError,
    MissingBinding,
    NoConnection,
    ResponseTooLarge,
    ScriptFailed,
    StepFailed,
    UndecodableResponse,
    Unsupported,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from naftiko_run.expose.exposer import Scope, Send
from naftiko_run.expose.response import respond
from naftiko_run.telemetry import current_span

_log = logging.getLogger(__name__)

_STATUSES: dict[type[InvocationError], tuple[int, str]] = {
    InvalidInput: (400, "invalid-input"),
    Unsupported: (501, "unsupported"),
    MissingBinding: (503, "missing-binding"),
    UpstreamUnreachable: (502, "upstream-unreachable"),
    UpstreamTimeout: (504, "upstream-timeout"),
    NoConnection: (503, "no-connection"),
    ClientTooSlow: (408, "client-too-slow"),
    UndecodableResponse: (502, "undecodable-response"),
    ResponseTooLarge: (502, "response-too-large"),
    ScriptFailed: (500, "script-failed"),
}


@dataclass(frozen=True, slots=True)
class Problem(Exception):
    """An error response to a request.

    Attributes:
        status: HTTP status.
        code: Stable identifier of the problem type.
        detail: What is wrong with this request.
        hint: How to fix it; empty where the detail says so.
        members: Further members of the document.
        headers: Further response headers.
    """

    status: int
    code: str
    detail: str
    hint: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:naftiko:problem:{self.code}",
            "title": _title(self.status),
            "status": self.status,
            "detail": self.detail,
        }
        if self.hint:
            document["hint"] = self.hint
        document |= self.members
        current = current_span()
        if current is not None:
            document["requestId"] = current.trace.request_id
            document["traceId"] = current.trace.hex_id
        return document

    async def send(self, scope: Scope, send: Send) -> None:
        """Send the problem as the response to a request."""
        await respond(
            scope,
            send,
            self.status,
            _json.dumps(self.document()),
            "application/problem+json",
            headers=self.headers,
        )


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a non-standard status of an upstream
        return f"Status {status}"


def problem_of(error: Exception) -> Problem:
    """Return the problem document for an error.

    An internal error is logged with its traceback under an id; the response contains only that id.
    """
    if isinstance(error, StepFailed):
        return _step_problem(error)
    for kind, (status, code) in _STATUSES.items():
        if isinstance(error, kind):
            return Problem(status, code, error.message, error.hint, _members(error), _headers(error))
    error_id = uuid4().hex[:12]
    _log.error("internal error %s", error_id, exc_info=error)
    return Problem(
        500,
        "internal-error",
        "An internal error occurred in naftiko-run; the request did not cause it.",
        members={"id": error_id},
    )


def _step_problem(error: StepFailed) -> Problem:
    """Return the problem of a failed step, with the status of the upstream if it is an error status, else 502."""
    upstream = {"operation": error.operation, "status": error.status, "body": error.body}
    if error.retry_after:
        upstream["retryAfter"] = error.retry_after
    if error.location:
        upstream["location"] = error.location
    return Problem(
        error.status if 400 <= error.status < 600 else 502,
        "step-failed",
        error.message,
        members={"step": error.step, "upstream": upstream},
        headers=(("retry-after", error.retry_after),) if error.retry_after else (),
    )


def _members(error: InvocationError) -> dict[str, Any]:
    members: dict[str, Any] = {"step": error.step} if error.step else {}
    if isinstance(error, InvalidInput):
        members["violations"] = [
            {"pointer": each.pointer, "message": each.message} for each in error.violations
        ]
    if isinstance(error, MissingBinding):
        members["missing"] = list(error.names)
    return members


def _headers(error: InvocationError) -> tuple[tuple[str, str], ...]:
    return (("retry-after", str(error.retry_after)),) if isinstance(error, NoConnection) else ()
