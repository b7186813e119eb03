"""The JSON Schema for editors: what fits, what is marked and where, and what it says of each key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator, meta

from lint.documents import IKANOS, NAFTIKO
from naftiko_run.document.editor_schema import editor_schema
from naftiko_run.document.source import parse
from support.documents import PIPELINES, SHOP, small

Place = tuple[str | int, ...]

SCHEMA = editor_schema()
EDITOR = Draft7Validator(SCHEMA)
NAFTIKO_EDITOR = Draft7Validator(editor_schema("1.0.0-alpha2"))
IKANOS_EDITOR = Draft7Validator(editor_schema("1.0.0-beta5"))

START = "naftiko: 1.0.0-alpha2\ninfo: {label: Shop}\n"
API = "type: http, namespace: shop, baseUri: 'https://shop.example'"
CONSUMES = f"consumes: [{{{API}}}]"


def places(data: Any, editor: Draft7Validator = EDITOR) -> list[Place]:
    """Return the places that an editor marks."""
    return [tuple(error.instance_path) for error in editor.iter_errors(data)]


def marked(text: str) -> Place:
    """Return the one place that an editor marks in a document, under ``capability``."""
    (place,) = set(places(parse(START + f"capability: {{{text}}}").data))
    assert place[0] == "capability"
    return place[1:]


def consumed(operation: str) -> str:
    return f"consumes: [{{{API}, resources: [{{path: /a, operations: [{{{operation}}}]}}]}}]"


def routed(operation: str) -> str:
    return f"exposes: [{{type: rest, resources: [{{path: /a, operations: [{{{operation}}}]}}]}}]"


def tooled(tool: str) -> str:
    return f"exposes: [{{type: mcp, tools: [{{{tool}}}]}}]"


def authenticated(block: str) -> str:
    return f"consumes: [{{{API}, authentication: {{{block}}}}}]"


OPERATION: Place = ("consumes", 0, "resources", 0, "operations", 0)
ROUTE: Place = ("exposes", 0, "resources", 0, "operations", 0)
TOOL: Place = ("exposes", 0, "tools", 0)
AUTHENTICATION: Place = ("consumes", 0, "authentication")


@pytest.mark.parametrize("version", ["", "1.0.0-alpha2", "1.0.0-beta5"])
def test_it_is_one_self_contained_schema_of_draft_07(version: str) -> None:
    schema = editor_schema(version)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    meta.validate(schema)
    references = {value for rule in rules(schema) for key, value in rule.items() if key == "$ref"}
    assert references <= {f"#/definitions/{name}" for name in schema["definitions"]}


@pytest.mark.parametrize("text", [PIPELINES.read_text(encoding="utf-8"), SHOP, small("a"), NAFTIKO, IKANOS])
def test_whole_documents_fit(text: str) -> None:
    assert places(parse(text).data) == []


def test_a_version_has_its_own_forms_and_keys() -> None:
    naftiko, ikanos = parse(NAFTIKO).data, parse(IKANOS).data
    assert places(naftiko, NAFTIKO_EDITOR) == []
    assert places(ikanos, IKANOS_EDITOR) == []
    assert {(), ("info",), ("capability", "consumes", 1, "resources")} <= {*places(naftiko, IKANOS_EDITOR)}
    assert {(), ("info",), ("capability", "consumes", 0, "resources")} <= {*places(ikanos, NAFTIKO_EDITOR)}


@pytest.mark.parametrize(
    "text",
    [
        "info: {title: Shop}",
        "{naftiko: 0.5, info: {label: Shop, display: Shop, name: Shop}}",
        "{ikanos: 1.0.0-beta5, x-ours: {any: thing}}",
    ],
)
def test_loose_roots_fit(text: str) -> None:
    assert places({**parse(text).data, "capability": {"consumes": []}}) == []


@pytest.mark.parametrize(
    "text",
    [
        "consumes: [{namespace: a, baseUrl: 'h', auth: {type: NONE}}]",
        "consumes: {a: {baseUri: 'https://{{HOST}}', resources: {r: {path: /, operations: {o: {method: get}}}}}}",
        authenticated("type: apikey, in: header, name: X-Key, value: '{{KEY}}'"),
        authenticated("type: apikey, headers: {X-Key: '{{KEY}}', X-Id: 5}"),
        authenticated("type: apikey, headers: [{name: X-Key, value: '{{KEY}}'}]"),
        authenticated("type: ApiKey, key: X-Key, value: '{{KEY}}', placement: cookie"),
        authenticated("type: oauth1, consumerKey: k, signingKey: s, realm: ours"),
        consumed("id: o, method: get, path: /b, summary: Get"),
        consumed("name: o, method: POST, body: '{}'"),
        consumed("name: o, method: POST, body: {any: thing, '{{tools.a}}': [1]}"),
        consumed("name: o, method: POST, body: {type: form, data: {a: '{{tools.a}}'}}"),
        consumed("name: o, method: POST, body: {type: multipart, data: {a: '{{tools.a}}'}}"),
        consumed("name: o, method: GET, inputParameters: {q: {in: query, type: int, required: 'yes'}, l: 5}"),
        consumed(
            "name: o, method: GET, outputParameters: [{type: array, value: $.}, {name: n, mapping: $.n}]"
        ),
        routed("method: GET, path: /b, call: shop.o, with: {a: [tools.x, 5, {b: null}]}"),
        routed(
            "method: GET, call: shop.o, outputParameters: [{type: object, mapping: $., description: All}]"
        ),
        tooled("name: t, title: T, call: shop.o, hints: {readOnly: 'true'}, x-cost: 5"),
        tooled("name: t, call: shop.o, outputParameters: [{type: array, items: [{type: string}]}]"),
        tooled("name: t, steps: {a: {type: call, call: shop.o}}, outputParameters: {items: {type: array}}"),
        tooled("name: t, outputParameters: [{name: all, type: array, items: {type: {type: string}}}]"),
        tooled("ref: orders.get"),
        "exposes: {tools: {type: mcp, port: '9090', transport: stdio, description: Tools}}",
        "exposes: [{import: admin, from: ./admin.yaml, as: ours}], binds: [{import: env, from: ./binds.yaml}]",
        "consumes: [{import: stock, location: ./stock.yaml}, {namespace: a, ref: ./a.yaml}, {ref: ./b.yaml}]",
        "consumes: [{import: ./a.yaml}], imports: [./b.yaml]",
        authenticated("type: oauth2, tokenEndpoint: 'https://id', clientId: a, clientSecret: b, scopes: a b"),
        authenticated("type: mtls, cert: ./a.pem"),
    ],
)
def test_what_loading_understands_fits(text: str) -> None:
    data = parse(START + f"capability: {{{text}}}").data
    data["capability"].setdefault("consumes", [])
    assert places(data) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("consume: [], consumes: []", ()),
        (
            "consumes: [{type: http, namespace: a, baseUri: h, authentification: {type: none}}]",
            ("consumes", 0),
        ),
        (authenticated("type: bearer, tokn: x"), AUTHENTICATION),
        (authenticated("type: apikey, header: X-Key, valu: x"), AUTHENTICATION),
        (authenticated("type: oauth2, tokenEndpont: x"), AUTHENTICATION),
        (consumed("name: o, method: GET, outputRaw: xml"), OPERATION),
        (consumed("name: o, method: POST, body: {type: json, date: {}}"), (*OPERATION, "body")),
        (
            consumed("name: o, method: POST, body: {type: multipartForm, data: [{name: a, mime: x}]}"),
            (*OPERATION, "body", "data", 0),
        ),
        (
            consumed("name: o, method: GET, inputParameters: [{name: a, requird: true}]"),
            (*OPERATION, "inputParameters", 0),
        ),
        (
            consumed("name: o, method: GET, outputParameters: {a: {vlaue: $.a}}"),
            (*OPERATION, "outputParameters", "a"),
        ),
        (routed("method: GET, call: a.b, hints: {readOnly: true}"), ROUTE),
        (tooled("name: t, call: a.b, wiht: {a: 1}"), TOOL),
        (tooled("name: t, call: a.b, hints: {readonly: true}"), (*TOOL, "hints")),
        (
            tooled("name: t, call: a.b, outputParameters: [{type: object, properties: {a: {maping: $.a}}}]"),
            (*TOOL, "outputParameters", 0, "properties", "a"),
        ),
        (
            tooled(
                "name: t, call: a.b, outputParameters: [{type: array, items: {type: string, maping: $.a}}]"
            ),
            (*TOOL, "outputParameters", 0, "items"),
        ),
        (tooled("name: t, steps: [{name: s, type: call, call: a.b, wiht: {}}]"), (*TOOL, "steps", 0)),
        (tooled("name: t, steps: [{name: s, type: script, file: a.py, index: b}]"), (*TOOL, "steps", 0)),
        (
            tooled("name: t, steps: [], mappings: [{targetName: a, value: $.b, vale: 5}]"),
            (*TOOL, "mappings", 0),
        ),
        ("exposes: [{type: mcp, tool: []}]", ("exposes", 0)),
        ("exposes: [{type: rest, tools: []}]", ("exposes", 0)),
        (
            "exposes: [{type: rest, resources: [{path: /, forward: {targetNamespace: a, headers: []}}]}]",
            ("exposes", 0, "resources", 0, "forward"),
        ),
        (
            "exposes: [{type: mcp, resources: [{name: r, uri: 'a://b', call: a.b, mime: x}]}]",
            ("exposes", 0, "resources", 0),
        ),
        (
            "exposes: [{type: mcp, prompts: [{name: p, template: [{role: user, content: Hi, text: Hi}]}]}]",
            ("exposes", 0, "prompts", 0, "template", 0),
        ),
        (
            "exposes: [{type: skill, skills: [{name: s, tools: [{name: t, from: {sourceNamespace: a, act: b}}]}]}]",
            ("exposes", 0, "skills", 0, "tools", 0, "from"),
        ),
        (
            "exposes: [{type: control, management: {logs: {stream: true, steam: true}}}]",
            ("exposes", 0, "management", "logs"),
        ),
        (
            "exposes: [{type: control, observability: {traces: {local: {size: 5}}}}]",
            ("exposes", 0, "observability", "traces", "local"),
        ),
        (f"{CONSUMES}, binds: [{{keys: {{A: a}}, loaction: 'file:///a'}}]", ("binds", 0)),
        (f"{CONSUMES}, binds: [{{import: env, from: ./a.yaml, into: b}}]", ("binds", 0)),
        (
            f"{CONSUMES}, aggregates: [{{namespace: a, functions: [{{name: f, call: a.b, semantics: {{save: true}}}}]}}]",
            ("aggregates", 0, "functions", 0, "semantics"),
        ),
    ],
)
def test_a_key_that_nothing_reads_is_marked_at_its_object(text: str, place: Place) -> None:
    assert marked(text) == place


@pytest.mark.parametrize("document", [NAFTIKO, IKANOS], ids=["naftiko", "ikanos"])
def test_a_key_that_nothing_reads_is_marked_wherever_it_stands(document: str) -> None:
    data = parse(document).data
    open_to_authors = {
        *("with", "keys", "metadata", "schema", "data"),
        *("inputParameters", "outputParameters", "properties", "items"),
    }
    for at, part in objects(data):
        if at and at[-1] in open_to_authors:
            continue
        part["tpyo"] = "5"
        (place,) = places(data)
        assert [str(key) for key in place[: len(at)]] == [str(key) for key in at]
        del part["tpyo"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (tooled("name: t"), TOOL),
        (tooled("call: a.b"), TOOL),
        (routed("call: a.b"), ROUTE),
        (routed("method: GET"), ROUTE),
        (consumed("method: GET"), OPERATION),
        (consumed("name: o"), OPERATION),
        (f"consumes: [{{{API}, resources: [{{path: /}}]}}]", ("consumes", 0, "resources", 0)),
        ("consumes: [{type: http, namespace: a}]", ("consumes", 0)),
        ("consumes: [{type: http, baseUri: h}]", ("consumes", 0)),
        ("consumes: [{import: a}]", ("consumes", 0)),
        ("exposes: [{tools: []}]", ("exposes", 0)),
        (authenticated("token: x"), AUTHENTICATION),
        (tooled("name: t, steps: [{name: s, type: script}]"), (*TOOL, "steps", 0)),
        (tooled("name: t, steps: [{name: s, call: a.b}]"), (*TOOL, "steps", 0)),
        ("binds: []", ()),
    ],
)
def test_what_is_missing_is_marked(text: str, place: Place) -> None:
    assert marked(text) == place


def test_a_document_needs_a_part() -> None:
    assert places({"info": {}}) == [()]
    assert places({"consumes": []}) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (authenticated("type: bearr"), (*AUTHENTICATION, "type")),
        (authenticated("type: apikey, placement: hedaer"), (*AUTHENTICATION, "placement")),
        (consumed("name: o, method: FETCH"), (*OPERATION, "method")),
        (consumed("name: o, method: GET, outputRawFormat: jsn"), (*OPERATION, "outputRawFormat")),
        (consumed("name: o, method: GET, body: {type: jason}"), (*OPERATION, "body", "type")),
        (
            consumed("name: o, method: GET, inputParameters: [{name: a, in: qury}]"),
            (*OPERATION, "inputParameters", 0, "in"),
        ),
        (tooled("name: t, call: [a, b]"), (*TOOL, "call")),
        (tooled("name: t, call: nothing"), (*TOOL, "call")),
        (tooled("name: t, call: a.b, hints: {readOnly: maybe}"), (*TOOL, "hints", "readOnly")),
        (tooled("name: t, steps: [{name: s, type: look}]"), (*TOOL, "steps", 0, "type")),
        (
            tooled("name: t, steps: [{name: s, type: script, file: a, language: groovy}]"),
            (*TOOL, "steps", 0, "language"),
        ),
        ("exposes: [{type: grpc}]", ("exposes", 0, "type")),
        ("exposes: [{type: rest, port: 70000}]", ("exposes", 0, "port")),
        ("exposes: [{type: rest, port: http}]", ("exposes", 0, "port")),
        ("consumes: 5", ("consumes",)),
    ],
)
def test_a_value_that_cannot_be_is_marked(text: str, place: Place) -> None:
    assert marked(text) == place


def test_an_unknown_version_is_marked() -> None:
    assert places({"naftiko": "1.0.0-alpha9", "consumes": []}) == [("naftiko",)]
    assert places({"naftiko": "1.0.0-alpha1", "consumes": []}, NAFTIKO_EDITOR) == [("naftiko",)]


@pytest.mark.parametrize("version", ["", "1.0.0-alpha2", "1.0.0-beta5"])
def test_every_key_is_described(version: str) -> None:
    described = keys(editor_schema(version))
    assert len(described) > 150
    assert [key for key, each in described if not each["description"].endswith(".")] == []


def test_an_old_spelling_says_what_to_write_and_is_not_proposed() -> None:
    old = [each for _, each in keys(SCHEMA) if each.get("deprecated")]
    assert len(old) > 20
    for each in old:
        assert each["doNotSuggest"]
        assert each["description"].endswith("instead.")


def test_what_loading_warns_of_editors_warn_of() -> None:
    apikey = SCHEMA["definitions"]["apikey-authentication"]["properties"]
    assert apikey["header"]["deprecationMessage"] == "Write `key` instead."
    assert "deprecationMessage" not in apikey["in"]
    certificate = SCHEMA["definitions"]["certificate-authentication"]["properties"]
    assert certificate["cert"]["deprecationMessage"] == "Write `certPath` instead."


def test_nothing_internal_is_in_it() -> None:
    assert not {"pointer", "settings", "unavailable"} & {key for key, _ in keys(SCHEMA)}


def keys(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every key of a document that a schema knows, and what it says of it."""
    shapes = [schema, *schema["definitions"].values()]
    return [pair for shape in shapes for pair in shape.get("properties", {}).items()]


def rules(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every map in a schema."""
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from rules(member)


def objects(value: Any, at: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield every map in a document, and its place."""
    if isinstance(value, dict):
        yield at, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, member in pairs:
        yield from objects(member, (*at, key))
