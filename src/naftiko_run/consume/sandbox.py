"""The sandbox upstream: responds to every call in the process, and shows the request that would have been sent.

It needs no network and no credentials; credentials are masked before they reach it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from naftiko_run import _json
from naftiko_run._json_incremental import free_incrementally
from naftiko_run.bindings import Bindings, Bound
from naftiko_run.consume.decode_pool import run_in_decode_pool
from naftiko_run.document.model import ConsumedOperation, ConsumedOutput, Document, Parameter
from naftiko_run.errors import BoundVariable
from naftiko_run.http.messages import OutgoingRequest, StreamedResponse, UpstreamResponse
from naftiko_run.secret import MASK, Secret
from naftiko_run.urls import strip_credentials

_log = logging.getLogger(__name__)

_MAX_LOGGED = 4096
_CREDENTIAL_HEADERS = ("authorization", "proxy-authorization")
_DEFAULT_HEADERS = ("user-agent", "accept", "traceparent", "tracestate")
_SAMPLES: dict[str | None, Any] = {"number": 1, "integer": 1, "boolean": True, "array": [], "object": {}}


class SandboxAddresses(Bindings):
    """Bindings for the hosts of base URIs; a variable that is not set has its own name as its value."""

    def _bound(self, variable: BoundVariable) -> Bound:
        bound = super()._bound(variable)
        return bound if bound.value else Bound(variable, Secret(variable.name.lower().replace("_", "-")))


class SandboxTransport:
    """A transport that never opens a connection.

    A request that does not match its consumed operation gets a response with status 400 and the reasons; any other
    gets 200 and a sample body.

    Args:
        document: The document whose operations are called.
    """

    def __init__(self, document: Document) -> None:
        self._operations: dict[str, ConsumedOperation] = {
            f"{consumes.namespace}.{operation.name}": operation
            for consumes in document.consumes
            for resource in consumes.resources
            for operation in resource.operations
        }

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Return a sample response to a request."""
        if request.stream:
            return await self._stream(request)
        if request.body is not None and len(request.body) > _json.LARGE_TEXT:
            return await run_in_decode_pool(lambda: self._long_response(request))
        return self._response(request, _described(request))

    def _long_response(self, request: OutgoingRequest) -> UpstreamResponse:
        described = [_described(request)]
        response = self._response(request, described[0])
        free_incrementally(described)
        return response

    def _response(self, request: OutgoingRequest, described: dict[str, Any]) -> UpstreamResponse:
        shown: dict[str, Any] = {"operation": request.operation, "wouldSend": described}
        # Outputs and steps keep only mapped parts of the response, so the request is also logged.
        if _log.isEnabledFor(logging.INFO):
            text = _json.dumps_incrementally(described).decode()
            _log.info("%s would send %s", request.operation, _truncated(text))
        model = self._operations.get(request.operation)
        if model is None:  # forwarded: the document does not describe the response
            return _json_response(200, {"sandbox": shown})
        problems = [problem for each in model.input_parameters if (problem := _problem(each, request))]
        if problems:
            return _json_response(400, {"sandbox": {**shown, "problems": problems}})
        return _json_response(200, _sample_body(model.output_parameters, shown))

    async def _stream(self, request: OutgoingRequest) -> StreamedResponse:
        body = request.body
        if request.chunks is not None:
            body = b"".join([chunk async for chunk in request.chunks])
        response = await self.send(request.copy(body=body, chunks=None, stream=False))

        async def chunks() -> AsyncIterator[bytes]:
            yield response.body

        return StreamedResponse(response.status, response.headers, b"", chunks(), self.aclose)

    async def aclose(self) -> None:
        """Do nothing: no connection is open."""


def _described(request: OutgoingRequest) -> dict[str, Any]:
    headers = {
        name: _masked(name, value) for name, value in request.headers if name.lower() not in _DEFAULT_HEADERS
    }
    shown: dict[str, Any] = {
        "method": request.method,
        "url": strip_credentials(request.url),
        "headers": headers,
    }
    if request.body is not None:
        try:
            shown["body"] = _json.loads(request.body)
        except ValueError:
            shown["body"] = request.body.decode("utf-8", "replace")
    return shown


def _truncated(text: str) -> str:
    return text if len(text) <= _MAX_LOGGED else f"{text[:_MAX_LOGGED]}…"


def _masked(name: str, value: str) -> str:
    if name.lower() not in _CREDENTIAL_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space else MASK


def _problem(parameter: Parameter, request: OutgoingRequest) -> str:
    """Return what a request lacks for the upstream; empty if nothing."""
    if not parameter.required or parameter.value is not None:
        return ""
    name = parameter.name
    if parameter.in_ == "query" and name not in parse_qs(urlsplit(request.url).query, keep_blank_values=True):
        return f"the query parameter `{name}` is required"
    if parameter.in_ == "header" and name.lower() not in {header.lower() for header, _ in request.headers}:
        return f"the header `{name}` is required"
    if parameter.in_ == "body" and request.body is None:
        return "a body is required"
    return ""


def _sample_body(outputs: tuple[ConsumedOutput, ...], shown: dict[str, Any]) -> Any:
    """Return a body that contains a value for each output parameter of the operation."""
    body: dict[str, Any] = {"sandbox": shown}
    for output in outputs:
        path = output.value.strip().lstrip("$").strip(".")
        if not path:
            if output.type == "array":
                return [body]
            continue
        _place(body, path.split("."), output)
    return body


def _place(body: dict[str, Any], names: list[str], output: ConsumedOutput) -> None:
    for name in names[:-1]:
        if not name.isidentifier() or not isinstance(body.setdefault(name, {}), dict):
            return
        body = body[name]
    if names[-1].isidentifier():
        body.setdefault(names[-1], _SAMPLES.get(output.type, f"sample {output.name or names[-1]}"))


def _json_response(status: int, value: Any) -> UpstreamResponse:
    return UpstreamResponse(status, (("content-type", "application/json"),), _json.dumps_incrementally(value))
