"""The inputs of a function: what it declares, and what the operation that it calls implies."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import header_of, json_of, path_of, query_of, route, sent, tool
from naftiko_run.capability import Settings, compile_capability
from naftiko_run.document.load import load_text
from naftiko_run.invoke import Function

FIRST_DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {label: Track}
binds:
- namespace: env
  keys: {CUSTOMER_IO_API_KEY: CUSTOMER_IO_API_KEY}
capability:
  consumes:
  - type: http
    namespace: pipelines-track
    baseUri: https://cdp.customer.io/v1
    resources:
    - name: track
      path: /track
      operations:
      - name: trackevent
        method: POST
        description: Track an event
        inputParameters:
        - {name: body, in: body, type: object, description: Request body (JSON)., required: true}
    authentication: {type: basic, username: '{{env.CUSTOMER_IO_USER}}', password: '{{env.CUSTOMER_IO_PASS}}'}
  exposes:
  - type: mcp
    namespace: pipelines-track-mcp
    port: 9090
    tools:
    - name: track-event
      description: Track an event
      call: pipelines-track.trackevent
      with: {body: tools.body}
      outputParameters: [{type: object, mapping: $.}]
"""


def required(function: Function) -> set[str]:
    return {each.name for each in function.inputs if each.required}


def schema(function: Function) -> dict[str, Any]:
    properties = function.input_schema["properties"]
    assert isinstance(properties, dict)
    return properties


def test_the_first_documents_tool() -> None:
    found = compile_capability(load_text(FIRST_DOCUMENT), Settings(environment={}))
    function = found.function("pipelines-track-mcp.track-event")
    assert function.input_schema == {
        "type": "object",
        "properties": {"body": {"type": "object", "description": "Request body (JSON)."}},
        "required": ["body"],
    }
    assert [variable.name for variable in function.missing] == ["CUSTOMER_IO_PASS", "CUSTOMER_IO_USER"]


def test_a_tool_that_needs_nothing_has_an_empty_schema() -> None:
    assert tool({}).input_schema == {"type": "object", "properties": {}}


CONSUMED = {
    "inputParameters": [
        {"in": "path", "name": "id", "type": "integer", "description": "Its id."},
        {"in": "query", "name": "limit", "type": "integer", "required": True},
        {"in": "query", "name": "tags", "type": "array", "items": {"type": "string"}},
        {"in": "header", "name": "X-Trace", "enum": ["a", "b"], "pattern": "^.$"},
        {"in": "query", "name": "version", "value": "2"},
    ]
}


def test_every_consumed_parameter_that_nothing_fills_is_an_input() -> None:
    function = tool(CONSUMED, path="/things/{id}")
    assert schema(function) == {
        "id": {"type": "integer", "description": "Its id."},
        "limit": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "X-Trace": {"enum": ["a", "b"], "pattern": "^.$"},
    }
    assert required(function) == {"id", "limit"}


def test_with_renames_an_input_and_keeps_what_the_consumed_parameter_says() -> None:
    function = tool(
        CONSUMED, {"with": {"id": "tools.thing", "limit": "tools.max", "tags": ["x"]}}, path="/things/{id}"
    )
    assert schema(function)["thing"] == {"type": "integer", "description": "Its id."}
    assert required(function) == {"thing", "max"}
    assert set(schema(function)) == {"thing", "max", "X-Trace"}
    request = sent(function, {"thing": 7, "max": 3})
    assert path_of(request) == "/things/7"
    assert sorted(query_of(request)) == [("limit", "3"), ("tags", "x"), ("version", "2")]


@pytest.mark.parametrize("path", ["/customers/{identifier}", "/customers/{{identifier}}"])
def test_an_undeclared_path_variable_is_a_required_text(path: str) -> None:
    function = tool({"method": "DELETE"}, path=path)
    assert function.input_schema == {
        "type": "object",
        "properties": {"identifier": {"type": "string"}},
        "required": ["identifier"],
    }


@pytest.mark.parametrize("name", ["id", "$filter", "id.project", "list[0]", "page[size]"])
def test_a_reference_is_split_at_its_first_dot_only(name: str) -> None:
    function = tool({"inputParameters": [{"in": "query", "name": "q"}]}, {"with": {"q": f"tools.{name}"}})
    assert set(schema(function)) == {name}
    assert query_of(sent(function, {name: "v"})) == [("q", "v")]


def test_templates_of_the_caller_are_inputs() -> None:
    operation = {
        "method": "POST",
        "inputParameters": [
            {"in": "query", "name": "q", "value": "{{tools.text}}"},
            {"in": "header", "name": "X-Who", "value": "user {{who}}"},
        ],
        "body": {"type": "json", "data": {"a": "{{tools.first}}", "b": ["{{second}}", "x {{rest.third}}"]}},
    }
    function = tool(operation)
    assert set(schema(function)) == {"text", "who", "first", "second", "third"}
    assert required(function) == set()
    request = sent(function, {"text": "t", "who": "w", "first": [1], "second": True, "third": 3})
    assert query_of(request) == [("q", "t")]
    assert header_of(request, "X-Who") == "user w"
    assert json_of(request) == {"a": [1], "b": [True, "x 3"]}


def test_a_key_of_with_wins_over_the_callers_argument_of_that_name() -> None:
    operation = {"method": "POST", "body": {"type": "json", "data": {"x": "{{tools.a}}", "y": "{{tools.b}}"}}}
    function = tool(operation, {"with": {"a": "tools.other"}})
    assert set(schema(function)) == {"other", "b"}
    assert json_of(sent(function, {"other": 1, "a": 2, "b": 3})) == {"x": 1, "y": 3}
    assert json_of(sent(function, {"a": 2})) == {}


def test_constants_of_with_are_not_shown_and_not_the_callers_to_change() -> None:
    operation = {"inputParameters": [{"in": "query", "name": name} for name in ("a", "b", "c", "d")]}
    function = tool(operation, {"with": {"a": "text", "b": 5, "c": ["x", "tools.tag"], "d": None}})
    assert set(schema(function)) == {"tag"}
    inputs = dict.fromkeys("abcd", "mine")
    assert query_of(sent(function, inputs)) == [("a", "text"), ("b", "5"), ("c", "x")]
    assert query_of(sent(function, {"tag": "y", **inputs})) == [
        ("a", "text"),
        ("b", "5"),
        ("c", "x"),
        ("c", "y"),
    ]


def test_a_part_of_a_path_variable_is_required() -> None:
    function = tool({}, {"with": {"id": "user-{{tools.number}}"}}, path="/things/{id}")
    assert required(function) == {"number"}
    assert path_of(sent(function, {"number": 5})) == "/things/user-5"


def declared(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"inputParameters": list(parameters)}


CONSUMED_QUERY = declared({"in": "query", "name": "q"}, {"in": "query", "name": "must", "required": True})


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        # what it says
        (declared({"name": "q", "required": True}, {"name": "must", "required": False}), {"q"}),
        # silence: what the consumed parameter says
        (declared({"name": "q"}, {"name": "must"}), {"must"}),
        (declared({"name": "query"}, {"name": "needed"}) | {"with": {"q": "tools.query", "must": "tools.needed"}}, {"needed"}),
        # silence, and nothing else speaks for it: the specification's default
        (declared({"name": "free"}) | {"with": {"must": "x"}}, {"free"}),
        # silence where another says `required: true`: optional
        (declared({"name": "free"}, {"name": "other", "required": True}) | {"with": {"must": "x"}}, {"other"}),
        (declared({"name": "free"}, {"name": "other", "required": False}) | {"with": {"must": "x"}}, {"free"}),
    ],
)  # fmt: skip
def test_when_a_declared_input_is_required(unit: dict[str, Any], expected: set[str]) -> None:
    assert required(tool(CONSUMED_QUERY, unit)) == expected


def test_an_input_that_only_the_body_reads_follows_the_specifications_default() -> None:
    operation = {"method": "POST", "body": {"type": "json", "data": {"a": "{{tools.a}}", "b": "{{tools.b}}"}}}
    assert required(tool(operation, declared({"name": "a"}))) == {"a"}
    assert required(tool(operation, declared({"name": "a"}, {"name": "b", "required": True}))) == {"b"}


@pytest.mark.parametrize("says", [{}, {"required": False}, {"required": True}])
def test_a_path_variable_is_required_whatever_is_said(says: dict[str, bool]) -> None:
    assert required(tool({}, declared({"name": "id", **says}), path="/things/{id}")) == {"id"}
    unit = declared({"name": "thing", **says}) | {"with": {"id": "tools.thing"}}
    assert required(tool({}, unit, path="/things/{id}")) == {"thing"}


def test_silence_in_a_rest_input_is_optional() -> None:
    assert required(route({}, declared({"name": "free", "in": "query"}))) == set()


def test_a_declared_input_adds_to_what_the_consumed_one_says() -> None:
    function = tool(CONSUMED, declared({"name": "limit", "description": "At most."}), path="/things/{id}")
    assert schema(function)["limit"] == {"type": "integer", "description": "At most."}


def test_schemas_nest() -> None:
    parameter = {
        "name": "filter",
        "type": "object",
        "default": {"name": "a"},
        "properties": {
            "name": {"type": "string", "required": True, "description": "d"},
            "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}},
        },
    }
    assert schema(tool({}, declared(parameter)))["filter"] == {
        "type": "object",
        "default": {"name": "a"},
        "properties": {
            "name": {"type": "string", "description": "d"},
            "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}},
        },
        "required": ["name"],
    }


@pytest.mark.parametrize(
    ("at", "path", "consumed"),
    [
        ("/c/{campaign-id}", "/c/{campaign_id}", {}),
        ("/c/{campaignId}", "/c/{campaign_id}", {}),
        (
            "/c/{CAMPAIGN_ID}",
            "/c/{campaign-id}",
            declared({"in": "path", "name": "campaign-id", "type": "string"}),
        ),
        ("/c/{campaign_id}", "/c/{campaign_id}", {}),
    ],
)
def test_a_route_variable_fills_the_path_variable_in_any_spelling(
    at: str, path: str, consumed: dict[str, Any]
) -> None:
    function = route(consumed, path=path, at=at)
    name = at.partition("{")[2].rstrip("}")
    assert [(each.name, each.required, each.location) for each in function.inputs] == [(name, True, "path")]
    assert path_of(sent(function, {name: "5"})) == "/c/5"


def test_a_route_variable_fills_a_query_parameter_of_its_name() -> None:
    function = route(declared({"in": "query", "name": "page_size"}), at="/things/{page-size}")
    assert query_of(sent(function, {"page-size": "5"})) == [("page_size", "5")]


def test_what_with_does_not_name_is_passed_through_by_its_name() -> None:
    operation = declared({"in": "query", "name": "a"}, {"in": "query", "name": "b"})
    function = route(operation, {"with": {"a": "rest.x"}}, path="/things/{id}", at="/things/{id}")
    assert {each.name for each in function.inputs} == {"x", "b", "id"}
    request = sent(function, {"x": "1", "b": "2", "id": "3"})
    assert path_of(request) == "/things/3"
    assert query_of(request) == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_extras_go_to_the_query_where_the_method_has_no_body(method: str) -> None:
    function = tool(
        {"method": method}, {"with": {"unknown": "tools.x"}, **declared({"name": "spare"}, {"name": "x"})}
    )
    assert sorted(query_of(sent(function, {"x": 1, "spare": "s"}))) == [("spare", "s"), ("unknown", "1")]
    assert query_of(sent(route({"method": method}, at="/things/{other}"), {"other": "o"})) == [("other", "o")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_extras_are_fields_of_a_body_that_is_not_described(method: str) -> None:
    unit = {"with": {"unknown": "tools.x"}, **declared({"name": "spare", "required": False}, {"name": "x"})}
    assert json_of(sent(tool({"method": method}, unit), {"x": [1], "spare": "s"})) == {
        "unknown": [1],
        "spare": "s",
    }
    described = {"method": method, "body": {"type": "json", "data": {"a": "{{tools.a}}"}}}
    assert json_of(sent(tool(described, unit), {"x": 1, "a": 2})) == {"a": 2}
    assert json_of(sent(tool({"method": method}, unit), {"x": 1, "body": {"b": 2}})) == {"b": 2, "unknown": 1}
    assert sent(tool({"method": method}, {"with": {"unknown": "tools.x"}})).body is None


def test_a_rest_operation_that_calls_with_a_body_takes_the_whole_body_or_its_fields() -> None:
    whole = route({"method": "POST"}, {"with": {"body": "rest.body"}})
    assert whole.takes_body
    assert json_of(sent(whole, {"body": {"a": 1}, "a": 1})) == {"a": 1}
    fields = route(
        {"method": "POST", "inputParameters": [{"in": "body", "name": name} for name in ("a", "b")]}
    )
    assert not fields.takes_body
    assert json_of(sent(fields, {"body": {"a": 1, "c": 2}, "a": 1, "c": 2})) == {"a": 1}


def test_headers_of_the_callers_own_connection_have_no_place_in_a_request_to_us() -> None:
    names = ("Authorization", "Content-Type", "Accept", "Cookie", "Host", "X-Trace")
    function = route({"inputParameters": [{"in": "header", "name": name} for name in names]})
    assert {each.name: each.location for each in function.inputs} == {
        "Authorization": "header",
        "Content-Type": None,
        "Accept": "header",
        "Cookie": "header",
        "Host": None,
        "X-Trace": "header",
    }


def test_a_fixed_input_of_the_unit_is_not_the_callers() -> None:
    operation = declared({"in": "query", "name": "kind"}, {"in": "query", "name": "q"})
    function = tool(
        operation, declared({"name": "kind", "value": "b"}, {"name": "where", "in": "query", "value": "$.x"})
    )
    assert "kind" not in schema(function)
    assert ("kind", "b") in query_of(sent(function, {"kind": "a", "where": "w"}))
