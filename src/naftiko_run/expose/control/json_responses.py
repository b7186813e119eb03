"""Responses of the control adapter: JSON, and errors in the form ``{"error": …}``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from naftiko_run import _json
from naftiko_run.expose.body import read_body, read_json


class BadRequest(Exception):
    """The request is invalid; the message says why."""


def json_response(value: Any, status: int = 200) -> Response:
    """Return a response with a value as JSON, which must not be cached."""
    return Response(_json.dumps(value), status, {"cache-control": "no-store"}, "application/json")


def error_response(message: str, status: int) -> Response:
    """Return a response with an error."""
    return json_response({"error": message}, status)


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """Return the JSON object in the body of a request.

    Args:
        request: The request.
        limit: The maximum size of the body, in bytes.

    Raises:
        BadRequest: The body is not a JSON object.
    """
    try:
        value, _ = await read_json(await read_body(request.scope, request.receive, limit))
    except ValueError as fault:
        raise BadRequest(f"The body is not JSON: {fault}") from None
    if not isinstance(value, dict):
        raise BadRequest("The body is not a JSON object")
    return value
