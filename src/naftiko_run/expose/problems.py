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
        return document | self.members

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


def problem_of(fault: Exception) -> Problem:
    """Return the problem document for an error.

    An internal error is logged with its traceback under an id; the response contains only that id.
    """
    if isinstance(fault, StepFailed):
        return _of_step(fault)
    for kind, (status, code) in _STATUSES.items():
        if isinstance(fault, kind):
            return Problem(status, code, fault.message, fault.hint, _members(fault), _headers(fault))
    number = uuid4().hex[:12]
    _log.error("internal error %s", number, exc_info=fault)
    return Problem(
        500,
        "internal-error",
        "An internal error occurred in naftiko-run; the request did not cause it.",
        members={"id": number},
    )


def _of_step(fault: StepFailed) -> Problem:
    """Return the problem of a failed step, with the status of the upstream if it is an error status, else 502."""
    upstream = {"operation": fault.operation, "status": fault.status, "body": fault.body}
    if fault.retry_after:
        upstream["retryAfter"] = fault.retry_after
    if fault.location:
        upstream["location"] = fault.location
    return Problem(
        fault.status if 400 <= fault.status < 600 else 502,
        "step-failed",
        fault.message,
        members={"step": fault.step, "upstream": upstream},
        headers=(("retry-after", fault.retry_after),) if fault.retry_after else (),
    )


def _members(fault: InvocationError) -> dict[str, Any]:
    members: dict[str, Any] = {"step": fault.step} if fault.step else {}
    if isinstance(fault, InvalidInput):
        members["violations"] = [
            {"pointer": each.pointer, "message": each.message} for each in fault.violations
        ]
    if isinstance(fault, MissingBinding):
        members["missing"] = list(fault.names)
    return members


def _headers(fault: InvocationError) -> tuple[tuple[str, str], ...]:
    return (("retry-after", str(fault.retry_after)),) if isinstance(fault, NoConnection) else ()
