"""Eleven steps, two spec lines: what the tutorial promises of every MCP server."""

from __future__ import annotations

import json

import httpx
import pytest

from shared.tutorial.conftest import PLAIN, Serving, Tutorial
from shared.tutorial.expected import STEPS
from support.mcp_client import text_of

every_step = pytest.mark.parametrize("step", STEPS, indirect=True)
guarded_steps = pytest.mark.parametrize(
    "step", [number for number, step in STEPS.items() if not step.is_open], indirect=True
)


@every_step
def test_nothing_is_missing_and_nothing_is_left_out(step: Serving) -> None:
    (capability,) = step.served.capabilities
    assert not capability.missing()
    assert not capability.unavailable
    left_out = {"unknown-adapter", "cannot-be-called"}
    assert [str(each) for each in capability.diagnostics if each.code in left_out] == []


@every_step
def test_the_tools_ask_for_the_inputs_that_the_document_names(step: Serving) -> None:
    found = {
        tool.name: {
            name if name in tool.input_schema.get("required", []) else f"{name}?"
            for name in tool.input_schema["properties"]
        }
        for tool in step.list_tools()
    }
    assert found == step.expected.inputs


@every_step
def test_every_tool_gives_the_shaped_answer(step: Serving) -> None:
    calls = step.expected.tools
    assert {call.tool for call in calls} == step.expected.inputs.keys()
    results = step.call_tools(*((call.tool, call.arguments) for call in calls))
    for call, result in zip(calls, results, strict=True):
        assert (call.tool, result.is_error) == (call.tool, False), text_of(result)
        assert (call.tool, result.structured_content) == (call.tool, call.gives)
        assert json.loads(text_of(result)) == call.gives


@guarded_steps
@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer sk-mcp-XXXXXXXXXXXX"}], ids=["none", "wrong"]
)
def test_nobody_gets_in_without_the_token_of_the_secrets_file(step: Serving, given: dict[str, str]) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    answer = httpx.post(step.served.url("mcp"), json=request, headers={**accept, **given}, verify=PLAIN)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("step", [6, 7, 11], indirect=True)
def test_a_voyage_is_sent_as_it_was_given_and_cargo_only_where_there_is_some(
    step: Serving, tutorial: Tutorial
) -> None:
    voyages = [call.arguments for call in step.expected.tools if call.tool == "create-voyage"]
    step.call_tools(*(("create-voyage", voyage) for voyage in voyages))
    assert [request.json for request in tutorial.registry.received] == voyages


@pytest.mark.parametrize("step", [6, 11], indirect=True)
def test_a_voyage_without_a_ship_never_reaches_the_registry(step: Serving, tutorial: Tutorial) -> None:
    (result,) = step.call_tools(("create-voyage", {"departurePort": "Oslo"}))
    assert result.is_error
    assert "shipImo" in text_of(result)
    assert tutorial.registry.received == []


@pytest.mark.parametrize("step", [9, 10], indirect=True)
def test_hints_come_from_the_semantics_of_the_aggregate_and_from_the_tool(step: Serving) -> None:
    hints = {
        tool.name: tool.annotations.model_dump(exclude_none=True)
        for tool in step.list_tools()
        if tool.annotations
    }
    assert hints == {
        "get-ship-with-crew": {"read_only_hint": True, "destructive_hint": False, "idempotent_hint": True},
        "create-voyage": {
            "read_only_hint": False,
            "destructive_hint": False,
            "idempotent_hint": False,
            "open_world_hint": True,
        },
    }


@pytest.mark.parametrize("step", [7, 9, 11], indirect=True)
def test_a_ship_that_the_registry_does_not_know_is_no_answer(step: Serving) -> None:
    unknown = {"imo": "IMO-0000000"}
    direct, in_step = step.call_tools(("get-ship", unknown), ("get-ship-with-crew", unknown))
    body = {"error": "not_found", "message": "Ship with IMO number IMO-0000000 not found"}
    assert (direct.is_error, direct.structured_content) == (True, {"status": 404, "body": body})
    assert in_step.is_error
    assert "the step `get-ship` failed" in text_of(in_step)
    assert body["message"] in text_of(in_step)
