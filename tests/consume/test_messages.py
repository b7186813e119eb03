"""Messages are immutable: a change to one request cannot appear in the next."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest

from consume.recording import Recorder, invoke, over, tool
from naftiko_run.consume import OutgoingRequest, UpstreamResponse
from naftiko_run.invoke import Function

TRACE = ("X-Trace", "1")
AUTHENTICATIONS: list[dict[str, Any]] = [
    {"type": "bearer", "token": "t0ken"},
    {"type": "apikey", "key": "api_key", "value": "k", "placement": "query"},
    {"type": "apikey", "key": "session", "value": "k", "placement": "cookie"},
    {"type": "digest", "username": "u", "password": "p"},
    {"type": "hmac", "algorithm": "sha256", "key": "k", "secret": "s"},
]


class Appending(Recorder):
    """A transport that adds a header to a request, in place if possible."""

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        headers: Any = request.headers
        with suppress(AttributeError):
            headers.append(TRACE)
        return await super().send(request)


class Retrying(Recorder):
    """A transport that sends each request twice, as a policy may."""

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        await super().send(request)
        return await super().send(request)


def function(authentication: dict[str, Any] | None = None) -> Function:
    entry: dict[str, Any] = {"authentication": authentication} if authentication else {}
    return tool({"method": "POST", "inputParameters": [{"name": "body", "in": "body"}]}, **entry)


def test_a_transport_that_adds_a_header_does_not_change_the_plan() -> None:
    called, appending, after = function(), Appending(), Recorder()
    invoke(called, {"body": {}}, appending)
    invoke(called, {"body": {}}, after)
    (request,) = after.requests
    assert TRACE not in request.headers


@pytest.mark.parametrize("authentication", AUTHENTICATIONS, ids=lambda block: f"{block['type']}")
def test_a_scheme_leaves_the_request_that_it_is_given_as_it_is(authentication: dict[str, Any]) -> None:
    recorder = Recorder()
    called = over(function(authentication), recorder)
    scheme = called.operations[0].authentication
    if scheme is None:  # its headers are those of the plan
        return
    request = OutgoingRequest("api.op", "POST", "https://api.example.com/v1/things", (), b"{}")
    before = asdict(request)
    for _ in range(2):
        asyncio.run(_authorized(scheme, request, recorder))
    assert asdict(request) == before
    first, second = recorder.requests
    assert first.url == second.url
    assert len(first.headers) == len(second.headers)


async def _authorized(scheme: Any, request: OutgoingRequest, recorder: Recorder) -> None:
    await scheme.authorize(request, recorder.send)


def test_a_request_may_be_sent_again_by_a_transport_that_wraps_another() -> None:
    retrying = Retrying()
    invoke(function(), {"body": {"a": 1}}, retrying)
    first, second = retrying.requests
    assert first is second
    assert first.body == b'{"a":1}'
