"""Bindings resolve everywhere in a request, and a missing one stops it before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import Recorder, capability, consumes, header_of, invoke, json_of, query_of, sent, tool
from naftiko_run.errors import BoundVariable, MissingBinding

BINDS = [
    {"namespace": "env", "keys": {"TENANT": "MY_TENANT"}},
    {"namespace": "vault", "keys": {"TOKEN": "VAULT_TOKEN"}},
]
ENVIRONMENT = {"MY_TENANT": "acme/1", "VAULT_TOKEN": "t0k", "OTHER": "o"}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{TENANT}}", "acme/1"),
        ("{{env.TENANT}}", "acme/1"),
        ("{{vault.TOKEN}}", "t0k"),
        ("{{TOKEN}}", "t0k"),
        ("{{env.OTHER}}", "o"),
        ("a-{{TENANT}}-{{env.OTHER}}", "a-acme/1-o"),
    ],
)
def test_every_place_of_a_request(template: str, value: str) -> None:
    places = [
        {"in": place, "name": place, "value": template} for place in ("query", "header", "cookie", "path")
    ]
    operation = {
        "method": "POST",
        "inputParameters": places,
        "body": {"type": "json", "data": {"x": [template]}},
    }
    function = tool(operation, path="/things/{path}", binds=BINDS, environment=ENVIRONMENT)
    assert function.input_schema == {"type": "object", "properties": {}}
    request = sent(function, dict.fromkeys(("query", "header", "cookie", "path", "TENANT", "TOKEN"), "mine"))
    encoded = value.replace("/", "%2F")
    assert request.url.startswith(f"https://api.example.com/v1/things/{encoded}?")
    assert query_of(request) == [("query", value)]
    assert header_of(request, "header") == value
    assert header_of(request, "Cookie") == f"cookie={value}"
    assert json_of(request) == {"x": [value]}


@pytest.mark.parametrize("path", ["/{{TENANT}}/x", "/{TENANT}/x"])
def test_a_binding_in_a_path_is_no_input(path: str) -> None:
    function = tool({}, path=path, binds=BINDS, environment=ENVIRONMENT)
    assert not function.inputs
    assert sent(function, {"TENANT": "mine"}).url == "https://api.example.com/v1/acme%2F1/x"


@pytest.mark.parametrize(
    ("base_uri", "url"),
    [
        ("https://{{TENANT_HOST}}/v1", "https://eu.example.com:8443/v1/things"),
        ("https://{TENANT_HOST}/v1", "https://eu.example.com:8443/v1/things"),
        ("https://${env.TENANT_HOST}", "https://eu.example.com:8443/things"),
        ("{{WHOLE}}", "http://whole.example.com/base/things"),
        ("{{TENANT_HOST}}/v2", "https://eu.example.com:8443/v2/things"),
        ("https://{region}.example.com", "https://eu.example.com/things"),
        ("https://h/{{env.SPACED}}", "https://h/a%20b%3Fc/things"),
    ],
)
def test_base_uris(base_uri: str, url: str) -> None:
    environment = {
        "TENANT_HOST": "eu.example.com:8443",
        "WHOLE": "http://whole.example.com/base/",
        "REGION": "eu",
        "SPACED": "a b?c",
    }
    assert sent(tool({}, baseUri=base_uri, environment=environment)).url == url


def test_with_reads_bindings() -> None:
    operation = {"inputParameters": [{"in": "query", "name": name} for name in ("a", "b", "c")]}
    unit = {"with": {"a": "env.OTHER", "b": "{{TENANT}}", "c": "x-{{env.TENANT}}"}}
    function = tool(operation, unit, binds=BINDS, environment=ENVIRONMENT)
    assert not function.inputs
    assert query_of(sent(function)) == [("a", "o"), ("b", "acme/1"), ("c", "x-acme/1")]


def test_a_parameter_in_the_environment_is_read_from_it() -> None:
    operation = {
        "inputParameters": [
            {"in": "environment", "name": "OTHER"},
            {"in": "header", "name": "X-Other", "value": "{{OTHER}}"},
        ]
    }
    assert header_of(sent(tool(operation, environment=ENVIRONMENT)), "X-Other") == "o"


def broken(place: str, template: str) -> dict[str, Any]:
    if place == "body":
        return {"operation": {"method": "POST", "body": {"type": "json", "data": {"x": template}}}}
    if place == "with":
        return {
            "operation": {"inputParameters": [{"in": "query", "name": "q"}]},
            "unit": {"with": {"q": template}},
        }
    if place == "baseUri":
        return {"operation": {}, "baseUri": f"https://{template}/v1"}
    path = "/things/{p}" if place == "path" else "/things"
    name = "p" if place == "path" else "x"
    return {"operation": {"inputParameters": [{"in": place, "name": name, "value": template}]}, "path": path}


@pytest.mark.parametrize("place", ["query", "header", "cookie", "path", "body", "with", "baseUri"])
@pytest.mark.parametrize(("template", "variable"), [("{{TENANT}}", "MY_TENANT"), ("x-{{env.NEW}}", "NEW")])
def test_a_missing_binding_stops_the_call_and_is_named(place: str, template: str, variable: str) -> None:
    function = tool(**broken(place, template), binds=BINDS, environment={})
    assert [each.name for each in function.missing] == [variable]
    recorder = Recorder()
    with pytest.raises(MissingBinding) as refused:
        invoke(function, {}, recorder)
    assert refused.value.names == (variable,)
    assert not recorder.requests


def test_a_capability_lists_missing_variables_and_the_functions_that_need_them() -> None:
    whole = {
        "consumes": [consumes({}, authentication={"type": "bearer", "token": "{{env.NEW}}"})],
        "exposes": [{"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op"}]}],
    }
    assert capability({"capability": whole}).missing() == {BoundVariable("NEW"): ["api.op"]}
    assert capability({"capability": whole}, {"NEW": "token"}).missing() == {}


def test_an_empty_token_is_missing_and_an_empty_password_is_allowed() -> None:
    def missing(authentication: dict[str, str]) -> dict[str, list[str]]:
        whole = {
            "consumes": [consumes({}, authentication=authentication)],
            "exposes": [{"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op"}]}],
        }
        found = capability({"capability": whole}, {"EMPTY": "", "USER": "u"}).missing()
        return {variable.name: operations for variable, operations in found.items()}

    assert missing({"type": "bearer", "token": "{{EMPTY}}"}) == {"EMPTY": ["api.op"]}
    assert missing({"type": "apikey", "key": "X-Key", "value": "{{EMPTY}}"}) == {"EMPTY": ["api.op"]}
    assert missing({"type": "basic", "username": "{{EMPTY}}", "password": "p"}) == {"EMPTY": ["api.op"]}
    assert missing({"type": "basic", "username": "{{USER}}", "password": "{{EMPTY}}"}) == {}


def test_a_variable_that_only_a_step_refers_to_is_reported_too() -> None:
    steps = [
        {"type": "call", "name": "a", "call": "api.op", "with": {"q": "{{env.NEW}}"}},
        {"type": "call", "name": "b", "call": "api.other"},
    ]
    whole = consumes({"inputParameters": [{"in": "query", "name": "q"}]})
    whole["resources"].append({"path": "/other", "operations": [{"name": "other", "method": "GET"}]})
    exposes = {"type": "mcp", "namespace": "m", "tools": [{"name": "t", "steps": steps}]}
    found = capability({"capability": {"consumes": [whole], "exposes": [exposes]}}).missing()
    assert found == {BoundVariable("NEW"): ["t"]}
