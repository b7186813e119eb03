"""``naftiko schema``: the JSON Schema that editors complete and check with."""

import json
import subprocess
from typing import Any

import jsonschema_rs
import pytest

from naftiko_run.document.source import parse, read
from support.process import COMMAND, ROOT

NAFTIKO = COMMAND.with_name("naftiko")


def schema(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([NAFTIKO, "schema", *arguments], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.Draft202012Validator(schema())


def test_it_is_a_json_schema_of_the_2020_dialect() -> None:
    printed = schema()
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(printed)


def test_the_first_document_fits(validator: Any) -> None:
    assert validator.is_valid(read(ROOT / "capabilities" / "pipelines-track.yaml").data)


@pytest.mark.parametrize(
    "written",
    [
        "{info: {title: T}, capability: {consumes: [], exposes: []}}",
        (
            "{capability: {consumes: [{namespace: a, auth: {type: bearer, token: t}, resources: [{path: /, operations: "
            "[{id: x, method: get, path: /y, body: '{}'}]}]}]}}"
        ),
        (
            "{ikanos: 1.0.0-beta5, capability: {exposes: {tools: {type: mcp, tools: {t: {call: a.b, inputParameters: "
            "{x: {type: int}}, outputParameters: [{type: array, mapping: $., items: [{type: string}]}]}}}}}}"
        ),
    ],
)
def test_what_loads_without_a_word_fits(validator: Any, written: str) -> None:
    assert not [*validator.iter_errors(parse(written).data)]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("{info: {}}", []),
        ("{capability: {consumes: 5}}", ["capability", "consumes"]),
        (
            "{capability: {exposes: [{type: rest, resources: [{operations: [{method: FETCH}]}]}]}}",
            ["capability"],
        ),
        ("{capability: {exposes: [{type: mcp, tools: [{name: [a]}]}]}}", ["capability"]),
    ],
)
def test_what_loading_would_mend_or_refuse_is_marked(validator: Any, written: str, place: list[str]) -> None:
    (error, *_) = validator.iter_errors(parse(written).data)
    assert error.instance_path[: len(place)] == place


def test_a_version_chooses_its_line() -> None:
    assert "ikanos" not in schema("--version", "1.0.0-alpha2")["properties"]
    assert "naftiko" not in schema("--version", "1.0.0-beta5")["properties"]


def test_an_unknown_version_is_refused_with_those_known() -> None:
    done = subprocess.run([NAFTIKO, "schema", "--version", "9"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "`9` is no version known here; known: 1.0.0-alpha2" in done.stderr
