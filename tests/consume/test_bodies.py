"""Request bodies: the bytes and the Content-Type of each type."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree  # noqa: ICN001  # its name is clearer

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from consume.recording import (
    Recorder,
    capability,
    consumes,
    header_of,
    invoke,
    json_of,
    multipart_parts,
    sent,
    tool,
)
from expressions.values import json_values
from naftiko_run.errors import DocumentError, InvalidInput
from naftiko_run.invoke import Function


def posting(body: Any, **operation: Any) -> Function:
    return tool({"method": "POST", "body": body, **operation})


def content(body: Any, inputs: dict[str, Any], **operation: Any) -> tuple[str | None, str]:
    request = sent(posting(body, **operation), inputs)
    assert request.body is not None
    return header_of(request, "Content-Type"), request.body.decode()


def test_operations_that_share_headers_have_each_its_content_type() -> None:
    bodies: list[dict[str, Any]] = [{"type": "json", "data": {"a": 1}}, {"type": "text", "data": "a"}]
    operations = [{"name": body["type"], "method": "POST", "body": body} for body in bodies]
    whole = {
        "consumes": [{**consumes({}), "resources": [{"path": "/x", "operations": operations}]}],
        "exposes": [
            {
                "type": "mcp",
                "namespace": "m",
                "tools": [{"name": body["type"], "call": f"api.{body['type']}"} for body in bodies],
            }
        ],
    }
    loaded = capability({"capability": whole})
    for _ in range(2):
        for name, kind in {"json": "application/json", "text": "text/plain; charset=utf-8"}.items():
            assert header_of(sent(loaded.function(f"m.{name}")), "Content-Type") == kind


@given(json_values)
def test_a_structure_keeps_the_type_of_every_value(value: Any) -> None:
    body = {"type": "json", "data": {"k": "{{tools.v}}", "deep": [{"x": "{{v}}"}, "fixed", 1]}}
    request = sent(posting(body), {"v": value})
    assert json_of(request) == {"k": value, "deep": [{"x": value}, "fixed", 1]}


def test_missing_members_and_elements_are_dropped() -> None:
    body = {
        "type": "json",
        "data": {"a": "{{tools.a}}", "b": {"c": "{{tools.c}}"}, "l": ["{{tools.a}}", "{{tools.d}}"]},
    }
    assert json_of(sent(posting(body), {"d": [1]})) == {"b": {}, "l": [[1]]}


def test_an_embedded_template_is_text_and_a_missing_one_empty() -> None:
    body = {"type": "json", "data": {"query": "query { user(id: {{tools.id}}) { name } }"}}
    assert json_of(sent(posting(body), {"id": 5})) == {"query": "query { user(id: 5) { name } }"}
    assert json_of(sent(posting(body), {})) == {"query": "query { user(id: ) { name } }"}


@given(json_values)
def test_a_whole_template_is_the_whole_body(value: Any) -> None:
    for body in ({"type": "json", "data": "{{tools.payload}}"}, "{{tools.payload}}"):
        request = sent(posting(body), {"payload": value})
        if value is None:
            assert request.body is None
        else:
            assert json_of(request) == value


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
@given(ids=json_values, name=json_values)
def test_json_text_with_templates_is_valid_json(ids: Any, name: Any, *, raw: bool) -> None:
    text = '{"ids": {{ids}}, "name": "{{name}}", "nested": [{{{ids}}}, "a {{name}} b"], "n": 1}'
    request = sent(posting(text if raw else {"type": "json", "data": text}), {"ids": ids, "name": name})
    written = name if isinstance(name, str) else json.dumps(name, ensure_ascii=False, separators=(",", ":"))
    found = json_of(request)
    assert found.get("ids") == ids
    assert found["n"] == 1
    if name is None:
        assert found["name"] is None
        assert found["nested"][-1] == "a  b"
    elif isinstance(name, str):
        assert found["name"] == name
        assert found["nested"][-1] == f"a {name} b"
    else:
        assert json.loads(found["name"]) == json.loads(written)


def test_json_text_drops_what_is_missing() -> None:
    text = '{"ids": {{ids}}, "name": "{{name}}", "list": [{{x}}, 2]}'
    assert json_of(sent(posting(text), {})) == {"list": [2]}


@given(st.lists(st.fixed_dictionaries({"name": st.text(), "age": st.integers()}), max_size=3))
def test_sections_in_json_text(people: list[dict[str, Any]]) -> None:
    text = '{"people": [{{#people}}{"name": "{{name}}", "age": {{age}}},{{/people}}null]}'
    assert json_of(sent(posting(text), {"people": people})) == {"people": [*people, None]}


def test_text_that_is_no_json() -> None:
    assert content({"type": "json", "data": "hello {{name}}"}, {"name": "A"}) == (
        "application/json",
        '"hello A"',
    )
    assert content("a=1&b={{b}}", {"b": "x"}) == ("application/json", "a=1&b=x")


def test_a_multipart_body_without_values_has_no_parts() -> None:
    kind, written = content({"type": "multipart", "data": {"a": "{{tools.a}}"}}, {})
    boundary = (kind or "").partition("boundary=")[2]
    assert boundary
    assert written == f"--{boundary}--\r\n"


def test_a_raw_body_with_its_own_content_type() -> None:
    header = {"in": "header", "name": "Content-Type", "value": "application/graphql"}
    found = content("query { a(id: {{id}}) }", {"id": 3}, inputParameters=[header])
    assert found == ("application/graphql", "query { a(id: 3) }")


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("text", "text/plain; charset=utf-8"), ("xml", "application/xml"), ("sparql", "application/sparql-query"), ("yaml", "application/yaml")],
)  # fmt: skip
def test_text_bodies(kind: str, content_type: str) -> None:
    end = "\n...\n" if kind == "yaml" else ""  # of a document that is one scalar
    assert content({"type": kind, "data": "ä {{x}} {{y}}|"}, {"x": 5}) == (content_type, f"ä 5 |{end}")


@pytest.mark.parametrize(
    ("kind", "data", "sent"),
    [
        ("text/xml", "<a>{{x}}</a>", "<a>&lt;</a>"),
        ("text/xml; charset=utf-8", "<a/>", "<a/>"),
        ("application/soap+xml", "<a>{{x}}</a>", "<a>&lt;</a>"),
        ("text/csv", "a,{{x}}", "a,<"),
        ("application/vnd.api+json", {"a": "{{x}}"}, '{"a":"<"}'),
        ("application/graphql", "{ a }", "{ a }"),
        ("application/x-thing", {"a": 1}, '{"a":1}'),
    ],
)
def test_a_media_type_in_place_of_a_type_is_the_content_type(kind: str, data: Any, sent: str) -> None:
    assert content({"type": kind, "data": data}, {"x": "<"}) == (kind, sent)


def test_a_media_type_of_a_body_that_parameters_make_is_its_content_type() -> None:
    fields = [{"name": "a", "in": "body"}]
    found = content({"type": "application/vnd.api+json"}, {"a": 1}, inputParameters=fields)
    assert found == ("application/vnd.api+json", '{"a":1}')
    whole = [{"name": "body", "in": "body", "type": "object"}]
    found = content({"type": "application/vnd.api+json"}, {"body": {"a": 1}}, inputParameters=whole)
    assert found == ("application/vnd.api+json", '{"a":1}')


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_value_cannot_break_out_of_xml(value: str) -> None:
    text = "<r a=\"{{x}}\" b='{{x}}'>{{x}}</r>"
    _, written = content({"type": "xml", "data": text}, {"x": value})
    root = ElementTree.fromstring(written)  # noqa: S314  # what we have just written
    assert (root.get("a"), root.get("b"), root.text or "", len(root)) == (value, value, value, 0)


def test_sections_in_text() -> None:
    body = {"type": "text", "data": "{{#lines}}- {{.}}\n{{/lines}}"}
    assert content(body, {"lines": ["a", 2]})[1] == "- a\n- 2\n"


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.lists(st.text(), max_size=2)))
def test_forms_are_url_encoded(fields: dict[str, Any]) -> None:
    content_type, written = content({"type": "form", "data": "{{tools.fields}}"}, {"fields": fields})
    expected = [
        (name, str(each))
        for name, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    assert content_type == "application/x-www-form-urlencoded"
    assert parse_qsl(written, keep_blank_values=True) == expected


def test_form_fields_are_templates() -> None:
    body = {
        "type": "formUrlEncoded",
        "data": {"user": "{{tools.u}}", "on": True, "x": "{{tools.missing}}", "l": "{{tools.l}}"},
    }
    _, written = content(body, {"u": "a&b=c", "l": [1, "z"]})
    assert parse_qsl(written) == [("user", "a&b=c"), ("on", "true"), ("l", "1"), ("l", "z")]


@given(st.text(min_size=1))
def test_a_value_cannot_break_out_of_form_text(value: str) -> None:
    _, written = content({"type": "form", "data": "grant_type=password&user={{tools.u}}&x=1"}, {"u": value})
    assert parse_qsl(written) == [("grant_type", "password"), ("user", value), ("x", "1")]


def test_multipart_fields() -> None:
    request = sent(
        posting({"type": "multipart", "data": {"a": "{{tools.a}}", "b": "{{tools.b}}", "c": 1}}),
        {"a": "x\r\ny"},
    )
    assert multipart_parts(request) == [("a", None, "text/plain", b"x\r\ny"), ("c", None, "text/plain", b"1")]


def test_multipart_files() -> None:
    parts = [
        {"name": "note", "value": "{{tools.note}}"},
        {"name": "file", "value": "{{tools.csv}}", "filename": "a.csv", "contentType": "text/csv"},
    ]
    request = sent(posting({"type": "multipartForm", "data": parts}), {"note": "n", "csv": "a,b"})
    assert multipart_parts(request) == [
        ("note", None, "text/plain", b"n"),
        ("file", "a.csv", "text/csv", b"a,b"),
    ]


def test_multipart_parts_without_a_value_are_not_sent() -> None:
    parts = [
        {"name": "note", "value": "{{tools.note}}"},
        {"name": "file", "value": "{{tools.csv}}", "filename": "a.csv", "contentType": "text/csv"},
        {"name": "kind", "value": "{{tools.kind}}"},
    ]
    request = sent(posting({"type": "multipartForm", "data": parts}), {"note": "", "kind": None})
    assert multipart_parts(request) == [("note", None, "text/plain", b"")]


@given(st.binary(min_size=1))
def test_binary_is_base64_of_the_caller(data: bytes) -> None:
    for body in (
        {"type": "binary", "data": "{{tools.file}}"},
        {"type": "octet-stream", "data": {"file": "{{tools.file}}"}},
    ):
        request = sent(posting(body), {"file": b64encode(data).decode()})
        assert request.body == data
        assert header_of(request, "Content-Type") == "application/octet-stream"


def test_binary_that_is_no_base64_is_sent_as_text() -> None:
    assert (
        sent(posting({"type": "binary", "data": "{{tools.file}}"}), {"file": "no base64!"}).body
        == b"no base64!"
    )


def test_a_binary_body_of_several_fields_is_refused_at_load() -> None:
    with pytest.raises(DocumentError, match="a binary body must be a single value"):
        posting({"type": "binary", "data": {"a": "{{tools.a}}", "b": "{{tools.b}}"}})


def test_an_object_for_a_binary_body_is_an_invalid_input() -> None:
    recorder = Recorder()
    with pytest.raises(InvalidInput, match="/body"):
        invoke(posting({"type": "binary", "data": "{{tools.file}}"}), {"file": {"a": 1, "b": 2}}, recorder)
    assert not recorder.requests


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\t", "\x85", "\u2028", "\u2029", "\ufeff", "\x7f", "\U0001f600"]
)
def test_yaml_keeps_every_character(character: str) -> None:
    values = {"v": f"a{character}b", "o": {f"n{character}": [f" {character} "]}}
    _, written = content({"type": "yaml", "data": {"v": "{{tools.v}}", "o": "{{tools.o}}"}}, values)
    assert yaml.safe_load(written) == values
    if character not in "\n\t\U0001f600":  # others are escaped: parsers differ about line breaks
        assert character not in written


def test_yaml_is_dumped() -> None:
    body = {"type": "yaml", "data": {"kind": "x", "items": "{{tools.items}}"}}
    assert yaml.safe_load(content(body, {"items": [1, {"a": None}]})[1]) == {
        "kind": "x",
        "items": [1, {"a": None}],
    }


def in_body(*parameters: dict[str, Any], **operation: Any) -> Function:
    written = [{"in": "body", **parameter} for parameter in parameters]
    return tool({"method": "POST", "inputParameters": written, **operation})


@pytest.mark.parametrize(
    "parameter", [{"name": "body", "type": "object"}, {"name": "body"}, {"name": "payload", "type": "object"}, {"name": "items", "type": "array"}]
)  # fmt: skip
def test_one_structured_body_parameter_is_the_whole_body(parameter: dict[str, Any]) -> None:
    value: Any = [1, {"a": 2}] if parameter.get("type") == "array" else {"a": [1]}
    assert json_of(sent(in_body(parameter), {parameter["name"]: value})) == value


@pytest.mark.parametrize(
    "parameter", [{"name": "data", "type": "object"}, {"name": "title", "type": "string"}, {"name": "x"}]
)
def test_one_other_body_parameter_is_a_field(parameter: dict[str, Any]) -> None:
    value: Any = {"a": 1} if parameter.get("type") == "object" else "v"
    assert json_of(sent(in_body(parameter), {parameter["name"]: value})) == {parameter["name"]: value}


def test_several_body_parameters_are_fields() -> None:
    function = in_body({"name": "a", "type": "object"}, {"name": "b"}, {"name": "c"})
    assert json_of(sent(function, {"a": {"x": 1}, "c": [2]})) == {"a": {"x": 1}, "c": [2]}


def test_a_body_block_wins_over_body_parameters() -> None:
    function = in_body(
        {"name": "a", "type": "integer"}, body={"type": "json", "data": {"wrapped": "{{tools.a}}"}}
    )
    assert json_of(sent(function, {"a": 5})) == {"wrapped": 5}


def test_body_parameters_take_the_type_of_a_block_without_data() -> None:
    function = in_body({"name": "a"}, {"name": "b"}, body={"type": "form"})
    request = sent(function, {"a": "x y", "b": 2})
    assert header_of(request, "Content-Type") == "application/x-www-form-urlencoded"
    assert parse_qsl((request.body or b"").decode()) == [("a", "x y"), ("b", "2")]


def test_a_whole_body_that_is_passed_on_keeps_its_bytes() -> None:
    function = in_body({"name": "body", "type": "object"})
    raw = b'{ "a" : 1.10, "b": 1e2 }'
    assert sent(function, {"body": json.loads(raw)}, raw_body=raw).body == raw


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_method_with_a_body_that_is_not_described_takes_the_callers(method: str) -> None:
    function = tool({"method": method})
    assert function.takes_body
    assert json_of(sent(function, {"body": {"a": [1]}})) == {"a": [1]}
    request = sent(function, {})
    assert request.body is None
    assert header_of(request, "Content-Type") is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_method_without_a_body_takes_none(method: str) -> None:
    assert not tool({"method": method}).takes_body


def test_a_body_on_delete_is_sent() -> None:
    function = tool({"method": "DELETE", "inputParameters": [{"in": "body", "name": "ids", "type": "array"}]})
    assert json_of(sent(function, {"ids": [1, 2]})) == [1, 2]
    assert json_of(
        sent(tool({"method": "DELETE", "body": {"type": "json", "data": {"id": "{{tools.id}}"}}}), {"id": 1})
    ) == {"id": 1}


def test_json_made_invalid_by_a_missing_value_is_rejected() -> None:
    data = '{"all": [{{#ids}}{{.}}{{/ids}}], "opt": {{opt}}}'
    function = tool({"method": "POST", "body": {"type": "json", "data": data}})
    assert sent(function, {"ids": [7], "opt": 1}).body == b'{"all": [7], "opt": 1}'
    with pytest.raises(InvalidInput, match="not valid JSON after its templates are filled in"):
        sent(function, {"ids": [7]})


def test_a_value_cannot_break_out_of_a_sparql_literal() -> None:
    function = tool({"method": "POST", "body": {"type": "sparql", "data": 'SELECT ?s { ?s ?p "{{s}}" }'}})
    assert sent(function, {"s": 'x" } # \\ \n'}).body == b'SELECT ?s { ?s ?p "x\\" } # \\\\ \\n" }'
