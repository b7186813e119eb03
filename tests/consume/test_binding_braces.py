"""Bindings in ``${…}`` and ``{…}``: accepted where they are unambiguous."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import capability, consumes, header_of, json_of, path_of, query_of, sent, tool
from naftiko_run.invoke import Function

BINDS = [{"namespace": "env", "keys": {"KEY": "KEY", "id": "id", "KEYS": "KEYS"}}]
ENVIRONMENT = {"KEY": "k", "id": "7", "KEYS": "many"}


def calling(operation: dict[str, Any], **entry: Any) -> Function:
    return tool(operation, binds=BINDS, environment=ENVIRONMENT, **entry)


def told_of(operation: dict[str, Any], path: str) -> dict[str, str]:
    """Return the hint for each value whose braces are parsed as a binding, by its location."""
    exposes = {"type": "mcp", "tools": [{"name": "t", "call": "api.op"}]}
    whole = {"consumes": [consumes(operation, path)], "exposes": [exposes]}
    found = capability({"binds": BINDS, "capability": whole}).diagnostics
    return {each.pointer: each.hint for each in found if each.code == "binding-braces"}


@pytest.mark.parametrize("written", ["${KEY}", "{KEY}", "${ KEY }", "${env.KEY}", "{env.KEY}", "{{KEY}}"])
def test_in_credentials(written: str) -> None:
    function = calling({}, authentication={"type": "bearer", "token": written})
    assert header_of(sent(function), "Authorization") == "Bearer k"
    keys = {"type": "apikey", "key": "X-Key", "value": f"{written}/{{KEYS}}"}
    assert header_of(sent(calling({}, authentication=keys)), "X-Key") == "k/many"


@pytest.mark.parametrize("written", ["${KEY}", "{KEY}"])
def test_in_fixed_values(written: str) -> None:
    parameters = [
        {"name": "q", "in": "query", "value": f"a {written}"},
        {"name": "X-Key", "in": "header", "value": written},
    ]
    request = sent(calling({"inputParameters": parameters}))
    assert query_of(request) == [("q", "a k")]
    assert header_of(request, "X-Key") == "k"


def test_in_bodies() -> None:
    data = {"key": "${KEY}", "deep": [{"key": "x{KEY}"}]}
    body = calling({"method": "POST", "body": {"type": "json", "data": data}})
    assert json_of(sent(body)) == {"key": "k", "deep": [{"key": "xk"}]}
    text = calling({"method": "POST", "body": '{"key": "{KEY}", "n": {"m": 1}}'})
    assert json_of(sent(text)) == {"key": "k", "n": {"m": 1}}


@pytest.mark.parametrize("written", ["/a/${KEY}", "/a/${env.KEY}", "/a/{KEY}", "/a/{{KEY}}"])
def test_in_paths(written: str) -> None:
    function = calling({}, path=written)
    assert path_of(sent(function)) == "/a/k"
    assert function.input_schema["properties"] == {}


def test_a_parameter_of_that_name_fills_the_path() -> None:
    function = calling({"inputParameters": [{"name": "id", "in": "path"}]}, path="/a/{id}/${KEY}")
    assert path_of(sent(function, {"id": "9"})) == "/a/9/k"
    assert [*function.input_schema["properties"]] == ["id"]


@pytest.mark.parametrize("path", ["/a/{KEY}", "/a/${OTHER}"])
def test_an_unambiguous_path_is_not_reported(path: str) -> None:
    assert not told_of({}, path)


@pytest.mark.parametrize(
    "text", ["query { user{id} }", "{OTHER} ${other}", "a { KEY } b", "{KEY", "{x{KEY}}", "${OTHER}"]
)
def test_other_braces_in_a_body_are_its_own(text: str) -> None:
    function = calling({"method": "POST", "body": {"type": "text", "data": text}})
    assert sent(function).body == text.encode()


def test_each_value_is_reported_with_its_location() -> None:
    operation = {
        "method": "POST",
        "inputParameters": [{"name": "q", "in": "query", "value": "{KEY}${KEYS}"}],
        "body": {"type": "json", "data": {"a": "${KEY}"}},
    }
    at = "/capability/consumes/0/resources/0"
    assert told_of(operation, "/a/${KEY}") == {
        f"{at}/path": "write `{{KEY}}`",
        f"{at}/operations/0/inputParameters/0/value": "write `{{KEY}}`, `{{KEYS}}`",
        f"{at}/operations/0/body/data/a": "write `{{KEY}}`",
    }
