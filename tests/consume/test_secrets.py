"""Values of bindings are never shown: not by repr, not by str, not in error messages."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from consume.recording import Recorder, capability, consumes, invoke, over
from naftiko_run.bindings import Bindings
from naftiko_run.capability import Capability, Settings
from naftiko_run.consume import HttpTransport
from naftiko_run.errors import InvalidInput, UpstreamUnreachable
from naftiko_run.invoke import Function

SECRET = "s3cr3t-v4lue"
AUTHENTICATIONS: list[dict[str, Any]] = [
    {"type": "basic", "username": "{{USER}}", "password": "{{KEY}}"},
    {"type": "bearer", "token": "{{KEY}}"},
    {"type": "apikey", "key": "k", "value": "{{KEY}}", "placement": "header"},
    {"type": "apikey", "key": "k", "value": "{{KEY}}", "placement": "query"},
    {"type": "apikey", "key": "k", "value": "{{KEY}}", "placement": "cookie"},
    {"type": "digest", "username": "{{USER}}", "password": "{{KEY}}"},
    {"type": "oauth1", "consumerKey": "k", "consumerSecret": "{{KEY}}", "token": "{{KEY}}"},
    {
        "type": "aws-sig-v4",
        "accessKeyId": "{{USER}}",
        "secretAccessKey": "{{KEY}}",
        "sessionToken": "{{KEY}}",
        "region": "us-east-1",
        "service": "s3",
    },
]
COMPILED = [
    *AUTHENTICATIONS,
    {"type": "oauth2", "tokenEndpoint": "https://x/t", "clientId": "{{USER}}", "clientSecret": "{{KEY}}"},
    {"type": "oauth1", "consumerKey": "k", "signingKey": "{{KEY}}"},
    {"type": "hmac", "apiId": "{{USER}}", "apiKey": "{{KEY}}"},
    {"type": "certificate", "certPath": "{{KEY}}", "certPassword": "{{KEY}}"},
]


def loaded(authentication: dict[str, Any], base_uri: str = "https://127.0.0.1:1/bot{{KEY}}") -> Capability:
    """A capability with the secret in every place that a document has."""
    operation = {
        "method": "POST",
        "inputParameters": [
            *(
                {"in": place, "name": place, "value": "{{KEY}}"}
                for place in ("query", "header", "cookie", "path")
            ),
            {"in": "header", "name": "X-Trace"},
        ],
        "body": {"type": "json", "data": {"k": "{{KEY}}", "t": "key {{KEY}}"}},
    }
    whole = {
        "consumes": [consumes(operation, "/things/{path}", authentication=authentication, baseUri=base_uri)],
        "exposes": [
            {
                "type": "mcp",
                "namespace": "m",
                "tools": [{"name": "t", "call": "api.op", "with": {"w": "{{KEY}}"}}],
            }
        ],
    }
    binds = [{"keys": {"KEY": "KEY", "USER": "USER"}}]
    return capability({"binds": binds, "capability": whole}, {"KEY": SECRET, "USER": SECRET})


def shown(*things: object) -> str:
    return " ".join(f"{thing!r} {thing!s} {thing}" for thing in things)


def parts(function: Function) -> list[object]:
    operation = function.operations[0]
    plan = operation.plan
    return [
        function,
        operation,
        plan,
        plan.body,
        plan.variables,
        plan.query,
        plan.headers,
        operation.authentication,
    ]


@pytest.mark.parametrize(
    "authentication", COMPILED, ids=lambda each: f"{each['type']}-{each.get('placement')}"
)
def test_nothing_that_is_compiled_shows_a_secret(authentication: dict[str, Any]) -> None:
    found = loaded(authentication)
    function = found.function("m.t")
    text = shown(
        found, *parts(function), function.operations[0].address, function.input_schema, *found.diagnostics
    )
    assert SECRET not in text
    assert "bot{{KEY}}" in function.operations[0].address


@pytest.mark.parametrize(
    "authentication", AUTHENTICATIONS, ids=lambda each: f"{each['type']}-{each.get('placement')}"
)
def test_a_request_and_its_outcome_show_no_secret(authentication: dict[str, Any]) -> None:
    recorder = Recorder()
    outcome = invoke(loaded(authentication).function("m.t"), {}, recorder)
    (request,) = recorder.requests
    assert SECRET in request.url
    assert SECRET not in shown(request, outcome, recorder.requests)


def test_bindings_and_settings_show_no_secret() -> None:
    environment = {"KEY": SECRET}
    bindings = Bindings([], environment)
    assert SECRET not in shown(bindings, bindings.find("env.KEY"), Settings(environment=environment))


def test_an_upstream_that_cannot_be_reached_shows_no_secret() -> None:
    function = loaded(AUTHENTICATIONS[3], "https://{{KEY}}:{{KEY}}@127.0.0.1:1/bot{{KEY}}").function("m.t")

    async def call() -> None:
        transport = HttpTransport(timeout=5)
        try:
            await over(function, transport).invoke({})
        finally:
            await transport.aclose()

    with pytest.raises(UpstreamUnreachable) as refused:
        asyncio.run(call())
    assert SECRET not in shown(refused.value, refused.value.hint, function.operations[0].address, function)


def test_a_refused_input_shows_no_secret() -> None:
    with pytest.raises(InvalidInput) as refused:
        invoke(loaded(AUTHENTICATIONS[0]).function("m.t"), {"X-Trace": "a\nb"}, Recorder())
    assert SECRET not in shown(refused.value)
