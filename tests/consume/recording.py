"""Functions of small documents, and a transport that records requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from naftiko_run import _json
from naftiko_run.capability import Capability, Settings, compile_capability
from naftiko_run.consume import OutgoingRequest, Transport, UpstreamResponse
from naftiko_run.document.load import load_text
from naftiko_run.invoke import CallerBody, Function, Outcome
from naftiko_run.invoke.call import CallPlan


@dataclass
class Recorder:
    """A transport that records each request and returns one fixed response."""

    answer: bytes = b"{}"
    status: int = 200
    content_type: str = "application/json"
    requests: list[OutgoingRequest] = field(default_factory=list)

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        self.requests.append(request)
        return UpstreamResponse(self.status, (("content-type", self.content_type),), self.answer)

    async def aclose(self) -> None:
        """Nothing is open."""


def capability(document: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Capability:
    """Load and compile a document."""
    text = yaml.safe_dump({"naftiko": "1.0.0-alpha2", **document}, sort_keys=False)
    return compile_capability(load_text(text), Settings(environment=environment or {}))


def consumes(operation: Mapping[str, Any], path: str = "/things", **entry: Any) -> dict[str, Any]:
    """Write a ``consumes`` entry of one operation, ``api.op``."""
    operations = [{"name": "op", "method": "GET", **operation}]
    return {
        "namespace": "api",
        "baseUri": "https://api.example.com/v1",
        "resources": [{"path": path, "operations": operations}],
        **entry,
    }


def tool(
    operation: Mapping[str, Any],
    unit: Mapping[str, Any] | None = None,
    *,
    path: str = "/things",
    environment: Mapping[str, str] | None = None,
    binds: list[Any] | None = None,
    **entry: Any,
) -> Function:
    """Return the tool ``t`` that calls one consumed operation.

    Args:
        operation: More fields of the operation.
        unit: More fields of the tool.
        path: The resource's path.
        environment: The process environment.
        binds: The document's binds.
        entry: More fields of the ``consumes`` entry.
    """
    exposes = {"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op", **(unit or {})}]}
    whole = {"consumes": [consumes(operation, path, **entry)], "exposes": [exposes]}
    return capability({"binds": binds or [], "capability": whole}, environment).function("m.t")


def route(
    operation: Mapping[str, Any],
    unit: Mapping[str, Any] | None = None,
    *,
    path: str = "/things",
    at: str = "/things",
) -> Function:
    """Return the REST operation at a route that calls one consumed operation."""
    method = str(operation.get("method", "GET"))
    operations = [{"name": "t", "method": method, "call": "api.op", **(unit or {})}]
    exposes = {"type": "rest", "namespace": "r", "resources": [{"path": at, "operations": operations}]}
    return capability(
        {"capability": {"consumes": [consumes(operation, path)], "exposes": [exposes]}}
    ).function("r.t")


def invoke(
    function: Function,
    inputs: Mapping[str, Any],
    recorder: Recorder,
    *,
    raw_body: bytes | None = None,
    media_type: str = "",
) -> Outcome:
    """Invoke a function over a recorder; ``raw_body`` is an HTTP caller's, empty where it sent none."""
    body = None if raw_body is None else CallerBody(raw_body, media_type, is_absent=not raw_body)
    return asyncio.run(over(function, recorder).invoke(inputs, raw_body=body))


def over(function: Function, transport: Transport) -> Function:
    """Return a function that calls one operation, with another transport."""
    plan = function._plan
    assert isinstance(plan, CallPlan)
    operation = replace(plan.call.operation, transport=transport)
    call = replace(plan.call, operation=operation)
    return replace(function, operations=(operation,), _plan=replace(plan, call=call))


def sent(
    function: Function,
    inputs: Mapping[str, Any] | None = None,
    *,
    raw_body: bytes | None = None,
    media_type: str = "",
) -> OutgoingRequest:
    """Invoke a function and give the one request that it sent."""
    recorder = Recorder()
    invoke(function, inputs or {}, recorder, raw_body=raw_body, media_type=media_type)
    (request,) = recorder.requests
    return request


def path_of(request: OutgoingRequest) -> str:
    """Return a request's path below the base URI, as sent."""
    return urlsplit(request.url).path.removeprefix("/v1")


def query_of(request: OutgoingRequest) -> list[tuple[str, str]]:
    """Return a request's query, decoded."""
    return (
        parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True)
        if "?" in request.url
        else []
    )


def header_of(request: OutgoingRequest, name: str) -> str | None:
    """Return the one value of a header; None if it is not sent."""
    values = [value for key, value in request.headers if key.lower() == name.lower()]
    assert len(values) <= 1
    return values[0] if values else None


def json_of(request: OutgoingRequest) -> Any:
    """Return the body of a request whose Content-Type is JSON."""
    assert header_of(request, "content-type") == "application/json"
    assert request.body is not None
    return _json.loads(request.body)


def multipart_parts(request: OutgoingRequest) -> list[tuple[str, str | None, str, bytes]]:
    """Return name, file name, type and content of each part of a multipart body."""
    kind = header_of(request, "Content-Type") or ""
    assert kind.startswith("multipart/form-data; boundary=")
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + (request.body or b""))
    parts = []
    for part in message.walk():
        if not part.is_multipart():
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            assert isinstance(name, str)
            assert isinstance(payload, bytes)
            parts.append((name, part.get_filename(), part.get_content_type(), payload))
    return parts
