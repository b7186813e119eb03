"""Bindings between ``${…}`` and ``{…}``: read where they can be nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import capability, header_of, json_of, query_of, sent, tool
from naftiko_run.invoke import Function

BINDS = [{"namespace": "env", "keys": {"KEY": "KEY", "id": "id", "KEYS": "KEYS"}}]
ENVIRONMENT = {"KEY": "k", "id": "7", "KEYS": "many"}


def calling(operation: dict[str, Any], **entry: Any) -> Function:
    return tool(operation, binds=BINDS, environment=ENVIRONMENT, **entry)


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


@pytest.mark.parametrize(
    "text", ["query { user{id} }", "{OTHER} ${other}", "a { KEY } b", "{KEY", "{x{KEY}}", "${OTHER}"]
)
def test_other_braces_in_a_body_are_its_own(text: str) -> None:
    function = calling({"method": "POST", "body": {"type": "text", "data": text}})
    assert sent(function).body == text.encode()


def test_each_value_is_told_with_its_place() -> None:
    operation = {
        "name": "op",
        "method": "POST",
        "inputParameters": [{"name": "q", "in": "query", "value": "{KEY}${KEYS}"}],
        "body": {"type": "json", "data": {"a": "${KEY}"}},
    }
    consumes = {
        "namespace": "api",
        "baseUri": "https://h",
        "resources": [{"path": "/", "operations": [operation]}],
    }
    exposes = {"type": "mcp", "tools": [{"name": "t", "call": "api.op"}]}
    loaded = capability({"binds": BINDS, "capability": {"consumes": [consumes], "exposes": [exposes]}})
    told = {each.pointer: each.hint for each in loaded.diagnostics if each.code == "binding-braces"}
    at = "/capability/consumes/0/resources/0/operations/0"
    assert told == {
        f"{at}/inputParameters/0/value": "write `{{KEY}}`, `{{KEYS}}`",
        f"{at}/body/data/a": "write `{{KEY}}`",
    }
