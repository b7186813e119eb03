"""Consumed operations as authors write them: names, methods, parameters, outputs, bodies, authentication."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest

from document.findings import document, found_in, load_silently, operations
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_text
from naftiko_run.document.model import ConsumedOperation


def consumed(operation: str, path: str = "/a") -> str:
    """Write a document with one operation, given as the lines of its mapping."""
    first, *rest = operation.splitlines()
    entry = "\n".join([f"- {first}", *(f"  {line}" for line in rest)])
    above = f"- namespace: api\n  baseUri: https://h\n  resources:\n    - path: {path}\n      operations:\n"
    return document(above + indent(entry, " " * 8), "[]")


def only(text: str) -> ConsumedOperation:
    ((_, operation),) = operations(load_text(text)).values()
    return operation


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("name: getThing", "getThing"),
        ("id: get-thing", "get-thing"),
        ("name: get-x-{id}", "get-x-{id}"),
        ("name: get_thing", "get_thing"),
        ("name: no", "no"),
        ("description: nameless", "get-a"),
    ],
)
def test_the_name_of_an_operation(written: str, name: str) -> None:
    assert only(consumed(f"method: GET\n{written}")).name == name


def test_operations_as_a_named_map() -> None:
    text = document(
        """
        api:
          baseUri: https://h
          resources:
            things:
              path: /a
              operations:
                list: {method: GET, inputParameters: {q: {in: query, type: string}}}
        """,
        "[]",
    )
    ((name, (_, operation)),) = operations(load_silently(text)).items()
    assert name == "list"
    assert [(each.name, each.in_) for each in operation.input_parameters] == [("q", "query")]


@pytest.mark.parametrize(
    ("written", "method"), [("get", "GET"), ("Post", "POST"), ("HEAD", "HEAD"), ("patch", "PATCH")]
)
def test_the_method_in_any_case(written: str, method: str) -> None:
    load_silently(consumed(f"name: op\nmethod: {written}"))
    assert only(consumed(f"name: op\nmethod: {written}")).method == method


def test_a_missing_method_is_get_with_a_warning() -> None:
    text = consumed("name: op  # <-")
    assert found_in(text, "missing-method").severity is Severity.WARNING
    assert only(text).method == "GET"


def test_an_unknown_method_is_get_with_a_warning() -> None:
    text = consumed("name: op\nmethod: FETCH  # <-")
    assert found_in(text, "unknown-method").severity is Severity.WARNING
    assert only(text).method == "GET"


@pytest.mark.parametrize(
    ("written", "kind"),
    [("string", "string"), ("integer", "integer"), ("int", "integer"), ("bool", "boolean"), ("float", "number"), ("''", None)],
)  # fmt: skip
def test_the_types_of_parameters(written: str, kind: str | None) -> None:
    text = consumed(f"name: op\nmethod: GET\ninputParameters: [{{name: x, in: query, type: {written}}}]")
    load_silently(text)
    assert only(text).input_parameters[0].type == kind


def test_an_unknown_type_constrains_nothing_with_a_warning() -> None:
    text = consumed(
        "name: op\nmethod: GET\ninputParameters:\n  - name: x\n    in: query\n    type: intege  # <-"
    )
    assert found_in(text, "unknown-type").severity is Severity.WARNING
    assert only(text).input_parameters[0].type is None


@pytest.mark.parametrize(
    ("written", "required"), [("true", True), ("false", False), ("'true'", True), ("no", False), ("[x]", None), ("", None)]
)  # fmt: skip
def test_required_in_its_forms(written: str, required: bool | None) -> None:  # noqa: FBT001  # what it says
    text = consumed(f"name: op\nmethod: GET\ninputParameters: [{{name: x, in: query, required: {written}}}]")
    load_silently(text)
    assert only(text).input_parameters[0].required is required


@pytest.mark.parametrize("name", ["$filter", "page[size]", "id.project", "X-Amz-Target", "a b", "on"])
def test_the_wire_name_of_a_parameter_is_kept(name: str) -> None:
    text = consumed(f"name: op\nmethod: GET\ninputParameters: [{{name: {name!r}, in: query}}]")
    load_silently(text)
    assert only(text).input_parameters[0].name == name


@pytest.mark.parametrize("name", ["''", "", "~"])
def test_a_parameter_without_a_name_is_left_out_with_a_warning(name: str) -> None:
    text = consumed(
        f"name: op\nmethod: GET\ninputParameters:\n  - name: {name}  # <-\n    in: query\n  - name: q\n    in: query"
    )
    assert found_in(text, "nameless-parameter").severity is Severity.WARNING
    assert [each.name for each in only(text).input_parameters] == ["q"]


def test_one_parameter_written_twice_is_one() -> None:
    text = consumed(
        "name: op\nmethod: GET\ninputParameters: [{name: q, in: query, type: string}, {name: q, in: query}]"
    )
    assert [each.type for each in only(text).input_parameters] == ["string"]


@pytest.mark.parametrize("key", ["value", "template"])
def test_a_fixed_value(key: str) -> None:
    text = consumed(
        f"name: op\nmethod: GET\ninputParameters: [{{name: q, in: query, {key}: '{{{{tools.x}}}}'}}]"
    )
    assert only(text).input_parameters[0].value == "{{tools.x}}"


@pytest.mark.parametrize(
    ("written", "value"),
    [("value: $.", "$."), ("mapping: $.a", "$.a"), ("type: object", "$"), ("value: $.a.b", "$.a.b")],
)
def test_consumed_outputs(written: str, value: str) -> None:
    text = consumed(f"name: op\nmethod: GET\noutputParameters: [{{name: result, {written}}}]")
    load_silently(text)
    assert [(each.name, each.value) for each in only(text).output_parameters] == [("result", value)]


def test_operations_of_one_name_are_told_with_a_warning_and_both_kept() -> None:
    text = document(
        """
        - namespace: api
          baseUri: https://h
          resources:
            - path: /first
              operations:
                - {name: op, method: GET}
            - path: /second
              operations:
                - {name: op, method: POST}  # <-
        """,
        "[]",
    )
    assert found_in(text, "duplicate-operation").severity is Severity.WARNING
    assert {name: url for name, (url, _) in operations(load_text(text)).items()} == {
        "op": "https://h/first",
        "op (POST /second)": "https://h/second",
    }


def test_of_operations_of_one_name_and_request_the_first_is_kept() -> None:
    text = document(
        """
        - namespace: api
          baseUri: https://h
          resources:
            - {path: /a, operations: [{name: op, method: GET, description: first}]}
            - {path: /a, operations: [{name: op, method: GET, description: second}]}
        """,
        "[]",
    )
    assert "the first one is called" in found_in(text, "duplicate-operation").message
    assert [each.description for _, each in operations(load_text(text)).values()] == ["first"]


def test_operations_of_one_name_are_reported_once_with_their_number() -> None:
    resources = "".join(
        f"    - {{path: /{each}, operations: [{{name: op, method: GET}}]}}{mark}\n"
        for each, mark in (("a", ""), ("b", "  # <-"), ("c", ""), ("d", ""), ("b", ""))
    )
    text = document(f"- namespace: api\n  baseUri: https://h\n  resources:\n{resources}", "[]")
    assert found_in(text, "duplicate-operation").message == (
        "operation `api.op` is defined 5 times, as `GET /a`, `GET /b`, `GET /c`, `GET /d`; a call of it is followed "
        "where the caller's method or path says which is meant"
    )


def test_a_namespace_consumed_twice_is_merged_with_a_warning() -> None:
    text = document(
        """
        - namespace: api
          baseUri: https://h
          resources: [{path: /first, operations: [{name: one, method: GET}]}]
        - namespace: api  # <-
          baseUri: https://h
          resources: [{path: /second, operations: [{name: two, method: GET}]}]
        """,
        "[]",
    )
    assert found_in(text, "duplicate-namespace").severity is Severity.WARNING
    assert set(operations(load_text(text))) == {"one", "two"}


def test_an_entry_without_a_namespace_is_left_out_with_a_warning() -> None:
    text = document("- baseUri: https://h  # <-\n  resources: []", "[]")
    assert found_in(text, "nameless-consumes").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("written", "kind", "data"),
    [
        ("{type: json, data: {a: 1}}", "json", {"a": 1}),
        ("{type: json, data: '{{tools.payload}}'}", "json", "{{tools.payload}}"),
        ("{type: form, data: {a: x}}", "formUrlEncoded", {"a": "x"}),
        ("{type: formUrlEncoded, data: a=x}", "formUrlEncoded", "a=x"),
        ("{type: multipart, data: {a: x}}", "multipartForm", {"a": "x"}),
        (
            "{type: multipartForm, data: [{name: a, value: x}]}",
            "multipartForm",
            [{"name": "a", "value": "x"}],
        ),
        ("{type: text, data: x}", "text", "x"),
        ("{type: xml, data: <a/>}", "xml", "<a/>"),
        ("{type: sparql, data: SELECT}", "sparql", "SELECT"),
        ("{type: binary, data: '{{tools.file}}'}", "binary", "{{tools.file}}"),
        ("{type: octet-stream, data: x}", "binary", "x"),
        ("{type: JSON, data: []}", "json", []),
        ("{data: {a: 1}}", "json", {"a": 1}),
        ("{a: 1, b: 2}", "json", {"a": 1, "b": 2}),
        ("'{\"a\": {{a}}}'", "raw", '{"a": {{a}}}'),
        ("plain words", "raw", "plain words"),
    ],
)
def test_the_types_of_bodies(written: str, kind: str, data: Any) -> None:
    text = consumed(f"name: op\nmethod: POST\nbody: {written}")
    load_silently(text)
    body = only(text).body
    assert body is not None
    assert (body.type, body.data) == (kind, data)


def test_an_unknown_body_type_is_json_with_a_warning() -> None:
    text = consumed("name: op\nmethod: POST\nbody:\n  type: protobuf  # <-\n  data: {a: 1}")
    assert found_in(text, "unknown-body-type").severity is Severity.WARNING
    body = only(text).body
    assert body is not None
    assert body.type == "json"


@pytest.mark.parametrize(
    ("written", "kind", "words"),
    [
        ("{type: yaml, data: {a: 1}}", "yaml", "as YAML"),
        ("{type: application/yaml, data: 'a: 1'}", "yaml", "as YAML"),
        ("{type: binary, data: {file: x}}", "binary", "a single value"),
        ("{type: application/octet-stream, data: {file: x}}", "binary", "a single value"),
        ("{type: application/cbor, data: {file: x}}", "binary", "a single value"),
        ("{type: application/cbor, data: x}", "binary", "CBOR"),
        ("{type: xml, data: {a: 1}}", "xml", "JSON text"),
        ("{type: sparql, data: [a]}", "sparql", "JSON text"),
        ("{type: text/plain, data: {a: '{{b}}'}}", "text", "JSON text"),
    ],
)
def test_bodies_that_not_every_reader_would_expect_are_sent_with_a_warning(
    written: str, kind: str, words: str
) -> None:
    text = consumed(f"name: op\nmethod: POST\nbody: {written}  # <-")
    found = found_in(text, "unusual-body")
    assert found.severity is Severity.WARNING
    assert words in found.message
    body = only(text).body
    assert body is not None
    assert body.type == kind


def test_a_binary_body_of_several_members_is_not_said_to_be_sent() -> None:
    loaded = load_text(consumed("name: op\nmethod: POST\nbody: {type: binary, data: {a: 1, b: 2}}"))
    assert not [each for each in loaded.diagnostics if each.code == "unusual-body"]


@pytest.mark.parametrize("body", ["# <-\n  type: json", "{}  # <-"])
def test_a_body_without_data_is_the_callers_with_a_warning(body: str) -> None:
    text = consumed(f"name: op\nmethod: POST\nbody: {body}")
    assert found_in(text, "body-without-data").severity is Severity.WARNING
    written = only(text).body
    assert written is not None
    assert written.data is None


def test_a_body_of_another_shape_is_left_out_with_a_warning() -> None:
    text = consumed("name: op\nmethod: POST\nbody: 5  # <-")
    assert found_in(text, "wrong-type").severity is Severity.WARNING
    assert only(text).body is None


def authenticated(block: str, key: str = "authentication") -> str:
    lines = "\n".join("    " + line for line in block.strip().splitlines())
    whole = document(f"- namespace: api\n  baseUri: https://h\n  resources: []\n  {key}:\n{lines}\n", "[]")
    return f"binds: [{{keys: [K, U]}}]\n{whole}"


def key(name: str, value: str = "{{K}}", placement: str = "header") -> dict[str, Any]:
    return {"keys": [{"key": name, "value": value, "placement": placement}]}


@pytest.mark.parametrize(
    ("block", "kind", "settings"),
    [
        ("type: bearer\ntoken: '{{K}}'", "bearer", {"token": "{{K}}"}),
        ("type: basic\nusername: u\npassword: ''", "basic", {"username": "u", "password": ""}),
        ("type: apikey\nkey: X-Key\nvalue: '{{K}}'\nplacement: header", "apikey", key("X-Key")),
        ("type: apikey\nkey: q\nvalue: '{{K}}'\nplacement: query", "apikey", key("q", placement="query")),
        ("type: apikey\nname: q\nvalue: '{{K}}'\nin: query", "apikey", key("q", placement="query")),
        (
            "type: apikey\nname: X-Key\nvalue: 'Token {{K}}'\nin: header",
            "apikey",
            key("X-Key", "Token {{K}}"),
        ),
        ("type: apikey\nheaders: {X-Key: '{{K}}'}", "apikey", key("X-Key")),
        ("type: apikey\nheaders: [{key: X-Key, value: '{{K}}'}]", "apikey", key("X-Key")),
        ("type: digest\nusername: u\npassword: p", "digest", {"username": "u", "password": "p"}),
    ],
)
def test_authentication_as_the_specification_and_most_authors_write_it(
    block: str, kind: str, settings: dict[str, Any]
) -> None:
    for under in ("authentication", "auth"):
        found = load_silently(authenticated(block, under)).consumes[0].authentication
        assert found is not None
        assert (found.type, found.settings) == (kind, settings)


@pytest.mark.parametrize("written", ["placement", "in"])
@pytest.mark.parametrize("place", ["body", "cookie", "path"])
def test_a_key_that_travels_where_the_specification_has_none_is_sent_with_a_warning(
    written: str, place: str
) -> None:
    text = authenticated(f"type: apikey\nname: c\nvalue: '{{{{K}}}}'\n{written}: {place}  # <-")
    assert found_in(text, "key-placement").severity is Severity.WARNING
    found = load_text(text).document.consumes[0].authentication
    assert found is not None
    assert found.settings == key("c", placement=place)


@pytest.mark.parametrize(
    ("block", "kind", "settings"),
    [
        ("type: apiKey  # <-\nname: X-Key\nvalue: '{{K}}'\nin: header", "apikey", key("X-Key")),
        ("type: Bearer  # <-\ntoken: '{{K}}'", "bearer", {"token": "{{K}}"}),
        ("type: bearer\nvalue: '{{K}}'  # <-", "bearer", {"token": "{{K}}"}),
        ("type: apikey\nheader: X-Key  # <-\nvalue: '{{K}}'", "apikey", key("X-Key")),
        ("type: apikey\nheader: X-Key  # <-\nkey: '{{K}}'", "apikey", key("X-Key")),
        ("type: apikey\nkey: X-Key\ntoken: '{{K}}'  # <-", "apikey", key("X-Key")),
        ("type: header  # <-\nname: X-Key\nvalue: '{{K}}'", "apikey", key("X-Key")),
        ("type: query  # <-\nparameters: [{name: q, value: '{{K}}'}]", "apikey", key("q", placement="query")),
    ],
)
def test_authentication_in_other_words_is_read_with_a_warning(
    block: str, kind: str, settings: dict[str, Any]
) -> None:
    text = authenticated(block)
    assert found_in(text, "authentication-spelling").severity is Severity.WARNING
    found = load_text(text).document.consumes[0].authentication
    assert found is not None
    assert (found.type, found.settings) == (kind, settings)


@pytest.mark.parametrize(
    ("block", "kind", "settings"),
    [
        ("token: '{{K}}'", "bearer", {"token": "{{K}}"}),
        ("type:\ntoken: '{{K}}'", "bearer", {"token": "{{K}}"}),
        ("username: '{{U}}'\npassword: ''", "basic", {"username": "{{U}}", "password": ""}),
        ("key: X-Key\nvalue: '{{K}}'", "apikey", key("X-Key")),
        ("name: q\nin: query\nvalue: '{{K}}'", "apikey", key("q", placement="query")),
        ("headers: {X-Key: '{{K}}'}", "apikey", key("X-Key")),
    ],
)
def test_authentication_without_a_type_is_that_of_its_keys_with_a_warning(
    block: str, kind: str, settings: dict[str, Any]
) -> None:
    text = authenticated(block)
    assert found_in(text, "authentication-without-type").severity is Severity.WARNING
    found = load_text(text).document.consumes[0].authentication
    assert found is not None
    assert found.type == kind
    assert found.settings.items() >= settings.items()


@pytest.mark.parametrize(
    ("block", "kind", "settings"),
    [
        ("bearer: {token: '{{K}}'}  # <-", "bearer", {"token": "{{K}}"}),
        ("bearer: '{{K}}'", "bearer", {"token": "{{K}}"}),
        ("basic: {username: u, password: p}  # <-", "basic", {"username": "u", "password": "p"}),
        ("- {type: bearer, token: '{{K}}'}  # <-", "bearer", {"token": "{{K}}"}),
        ("digest", "digest", {}),
    ],
)
def test_authentication_of_another_shape_is_read_with_a_warning(
    block: str, kind: str, settings: dict[str, Any]
) -> None:
    text = authenticated(block)
    assert found_in(text, "authentication-shape").severity is Severity.WARNING
    found = load_text(text).document.consumes[0].authentication
    assert found is not None
    assert (found.type, found.settings) == (kind, settings)


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_authentication_in_the_words_of_openapi_is_read_with_a_warning(scheme: str) -> None:
    text = authenticated(f"type: http  # <-\nscheme: {scheme}\ntoken: x\nusername: y\npassword: z")
    assert found_in(text, "authentication-spelling").severity is Severity.WARNING
    found = load_text(text).document.consumes[0].authentication
    assert found is not None
    assert found.type == scheme


@pytest.mark.parametrize(
    "block",
    [
        "description: a key",
        "{}",
        "[]",
        "5",
        "- {type: bearer, token: a}\n- {type: bearer, token: b}",
        "Bearer abc",
        "username: u",
        "token: a\nkey: b",
        "apikey: '{{K}}'",
    ],
)
def test_authentication_that_cannot_be_read_is_not_the_same_as_none(block: str) -> None:
    found = load_text(authenticated(block)).document.consumes[0].authentication
    assert found is not None
    assert found.type == ""


@pytest.mark.parametrize("block", ["none", "[{type: none}]", "none: {}"])
def test_no_authentication_of_another_shape(block: str) -> None:
    assert load_text(authenticated(block)).document.consumes[0].authentication is None


@pytest.mark.parametrize("block", ["type: none", "type: None"])
def test_no_authentication(block: str) -> None:
    assert load_silently(authenticated(block)).consumes[0].authentication is None


def test_an_api_key_without_a_value_calls_without_it_with_a_warning() -> None:
    text = authenticated("type: apikey\nname: X-Key\nin: header").replace(
        "authentication:", "authentication: # <-"
    )
    found = found_in(text, "no-credential")
    assert found.severity is Severity.WARNING
    assert load_text(text).document.consumes[0].authentication is None
