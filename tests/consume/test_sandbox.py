"""The sandbox upstream shows the request that would be sent, without credentials."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import yaml

from consume.recording import consumes
from naftiko_run.capability import Settings, compile_capability
from naftiko_run.consume import OutgoingRequest, SandboxTransport, UpstreamResponse
from naftiko_run.document.load import load_text
from naftiko_run.invoke import Outcome


def try_out(
    operation: dict[str, Any], inputs: dict[str, Any], unit: dict[str, Any] | None = None, **entry: Any
) -> Outcome:
    whole = {
        "consumes": [consumes(operation, **entry)],
        "exposes": [
            {"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op", **(unit or {})}]}
        ],
    }
    loaded = load_text(yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": whole}))
    found = compile_capability(loaded, Settings(sandbox=True, environment={"KEY": "s3cr3t"}))
    assert not found.missing()
    return asyncio.run(found.function("m.t").invoke(inputs))


@pytest.mark.parametrize(
    "authentication",
    [
        {"type": "basic", "username": "{{env.KEY}}", "password": "{{env.KEY}}"},
        {"type": "bearer", "token": "{{env.KEY}}"},
        {"type": "apikey", "key": "X-Key", "value": "{{env.KEY}}"},
        {"type": "apikey", "key": "key", "value": "{{env.KEY}}", "placement": "query"},
        {"type": "basic", "username": "{{env.UNSET}}", "password": "{{env.UNSET}}"},
    ],
)
def test_it_shows_the_request_with_its_credentials_masked(authentication: dict[str, Any]) -> None:
    operation = {
        "method": "POST",
        "inputParameters": [{"in": "query", "name": "q"}, {"in": "body", "name": "body"}],
    }
    outcome = try_out(operation, {"q": "x", "body": {"a": [1]}}, authentication=authentication)
    assert outcome.status == 200
    shown = outcome.value["sandbox"]["wouldSend"]
    assert shown["method"] == "POST"
    assert shown["url"].startswith("https://api.example.com/v1/things?q=x")
    assert shown["body"] == {"a": [1]}
    assert "s3cr3t" not in outcome.text
    assert "***" in outcome.text


def test_it_reports_missing_required_parameters() -> None:
    operation = {
        "method": "POST",
        "inputParameters": [
            {"in": "query", "name": "q", "required": True},
            {"in": "header", "name": "X-Needed", "required": True},
            {"in": "body", "name": "body", "required": True},
        ],
    }
    unit = {"inputParameters": [{"name": name, "required": False} for name in ("q", "X-Needed", "body")]}
    outcome = try_out(operation, {}, unit)
    assert outcome.status == 400
    assert len(outcome.value["sandbox"]["problems"]) == 3


def test_its_response_has_a_value_for_each_output_parameter() -> None:
    outputs = [
        {"name": "id", "type": "integer", "value": "$.data.id"},
        {"name": "name", "type": "string", "value": "$.data.name"},
        {"name": "list", "type": "array", "value": "$.list"},
    ]
    value = try_out({"outputParameters": outputs}, {}).value
    assert value["data"] == {"id": 1, "name": "sample name"}
    assert value["list"] == []


def test_an_unset_host_variable_is_replaced_by_its_name() -> None:
    shown = try_out({}, {}, baseUri="https://{{MY_HOST}}/v1").value["sandbox"]["wouldSend"]
    assert shown["url"] == "https://my-host/v1/things"


def test_the_log_shows_the_request_where_the_answer_is_mapped(caplog: pytest.LogCaptureFixture) -> None:
    outputs = [{"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}]
    authentication = {"type": "bearer", "token": "{{env.KEY}}"}
    operation = {"method": "POST", "inputParameters": [{"in": "body", "name": "body"}]}
    with caplog.at_level("INFO", "naftiko_run.consume.sandbox"):
        outcome = try_out(
            operation, {"body": {"a": 1}}, {"outputParameters": outputs}, authentication=authentication
        )
    assert outcome.value is None
    assert "api.op would send" in caplog.text
    assert '"url":"https://api.example.com/v1/things' in caplog.text
    assert '"body":{"a":1}' in caplog.text
    assert "***" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_the_log_shows_long_requests_in_part(caplog: pytest.LogCaptureFixture) -> None:
    operation = {"method": "POST", "inputParameters": [{"in": "body", "name": "body"}]}
    with caplog.at_level("INFO", "naftiko_run.consume.sandbox"):
        try_out(operation, {"body": {"a": "x" * 100_000}})
    assert len(caplog.text) < 5000


def test_a_large_request_does_not_block_the_event_loop() -> None:
    operation = {"method": "POST", "inputParameters": [{"in": "body", "name": "body"}]}
    text = yaml.safe_dump({"naftiko": "1.0.0-alpha2", "capability": {"consumes": [consumes(operation)]}})
    body = json.dumps([{"a": [number]} for number in range(50_000)]).encode()
    request = OutgoingRequest("api.op", "POST", "https://api.example.com/v1/things", (), body)

    async def call() -> tuple[UpstreamResponse, int]:
        calling = asyncio.create_task(SandboxTransport(load_text(text).document).send(request))
        turns = 0
        while not calling.done():
            turns += 1
            await asyncio.sleep(0)
        return await calling, turns

    response, turns = asyncio.run(call())
    assert len(json.loads(response.body)["sandbox"]["wouldSend"]["body"]) == 50_000
    assert turns > 10
