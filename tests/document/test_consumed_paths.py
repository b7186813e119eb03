"""Base URIs and consumed paths: every habit gives the address that its author meant."""

from __future__ import annotations

import json

import pytest

from document.findings import document, found_in, load_silently, operations
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_text


def consumes(base_uri: str, resources: str) -> str:
    return document(
        f"- type: http\n  namespace: api\n  baseUri: {base_uri}\n  resources: {resources}\n", "[]"
    )


def urls(text: str) -> dict[str, str]:
    return {name: url for name, (url, _) in operations(load_text(text)).items()}


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://h", "/a", "https://h/a"),
        ("https://h/v1", "/a", "https://h/v1/a"),
        ("https://h/v1/", "/a", "https://h/v1/a"),
        ("https://h/v1", "a", "https://h/v1/a"),
        ("https://h/v1", "", "https://h/v1"),
        ("https://h/v1", "/a/", "https://h/v1/a/"),
        ("https://h", "/a/{{x}}", "https://h/a/{{x}}"),
        ("https://h", "/a:verb", "https://h/a:verb"),
        ("http://localhost:8080", "/a", "http://localhost:8080/a"),
        ("{{BASE}}", "/a", "{{BASE}}/a"),
        ("https://{{HOST}}/v1/", "/a", "https://{{HOST}}/v1/a"),
    ],
)
def test_base_and_path_are_joined_with_one_slash(base: str, path: str, url: str) -> None:
    text = consumes(
        json.dumps(base), f"[{{path: {json.dumps(path)}, operations: [{{name: op, method: GET}}]}}]"
    )
    assert urls(text) == {"op": url}


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("https://{region}.example.com", "https://{{region}}.example.com"),
        ("https://${HOST}/v1", "https://{{HOST}}/v1"),
        ("{BASE_URL}", "{{BASE_URL}}"),
        ("${{HOST}}", "{{HOST}}"),
        ("https://{a}.{{b}}", "https://{{a}}.{{b}}"),
    ],
)
def test_a_base_uri_variable_in_other_braces_is_read_with_a_warning(written: str, canonical: str) -> None:
    text = document(f"- namespace: api\n  baseUri: '{written}'  # <-\n  resources: []\n", "[]")
    found = found_in(text, "base-uri-variable")
    assert found.severity is Severity.WARNING
    assert canonical in found.hint
    assert load_text(text).document.consumes[0].base_uri == canonical


@pytest.mark.parametrize("written", ["HTTPS://H.example/V1", "Https://H.example/V1"])
def test_a_scheme_in_capitals_is_a_scheme(written: str) -> None:
    loaded = load_silently(document(f"- namespace: api\n  baseUri: {written}\n  resources: []\n", "[]"))
    assert loaded.consumes[0].base_uri == "https://H.example/V1"


def test_a_base_uri_without_scheme_is_https_with_a_warning() -> None:
    text = document("- namespace: api\n  baseUri: //h/v1  # <-\n  resources: []\n", "[]")
    assert found_in(text, "base-uri-without-scheme").severity is Severity.WARNING
    assert load_text(text).document.consumes[0].base_uri == "https://h/v1"


@pytest.mark.parametrize("written", ["https://h/v1?x=1&k={{KEY}}", "https://h/v1/?x=1&k={KEY}"])
def test_the_query_of_a_base_uri_joins_that_of_every_operation(written: str) -> None:
    resources = "[{path: '/a?y=2', operations: [{name: op, method: GET}]}]"
    text = document(f"- namespace: api\n  baseUri: '{written}'  # <-\n  resources: {resources}\n", "[]")
    found = found_in(text, "base-uri-query")
    assert found.severity is Severity.WARNING
    assert "`x`, `k`" in found.message
    consumed = load_text(text).document.consumes[0]
    assert consumed.base_uri == "https://h/v1"
    assert [(p.name, p.in_, p.value) for p in consumed.input_parameters] == [
        ("x", "query", "1"),
        ("k", "query", "{{KEY}}"),
    ]


def test_the_fragment_of_a_base_uri_is_told_and_not_sent() -> None:
    text = document("- namespace: api\n  baseUri: https://h/v1#top  # <-\n  resources: []\n", "[]")
    assert found_in(text, "fragment-in-path").severity is Severity.WARNING
    assert load_text(text).document.consumes[0].base_uri == "https://h/v1"


def test_a_space_in_the_path_of_a_base_uri_is_told() -> None:
    text = document("- namespace: api\n  baseUri: https://h/v 1  # <-\n  resources: []\n", "[]")
    assert found_in(text, "base-uri-space").severity is Severity.WARNING


@pytest.mark.parametrize(
    "written",
    ["", "tcp://h:1", "https://h x/v1", "blpapi+session://h", "localhost", "mailto:a@h.example.com"],
)
def test_a_base_uri_that_nothing_can_be_called_under_makes_its_units_unavailable(written: str) -> None:
    text = document(
        f"- {{namespace: api, baseUri: '{written}', resources: [{{path: /a, operations: [{{name: op, method: GET}}]}}]}}",
        "- {type: mcp, tools: [{name: t, call: api.op}]}",
    )
    loaded = load_text(text)
    (unavailable,) = loaded.document.exposes[0].unavailable
    assert (unavailable.name, "baseUri" in unavailable.reason) == ("t", True)
    assert [each.severity for each in loaded.diagnostics] == [Severity.ERROR]


RESOURCE = "{path: %s, operations: [%s]}"


@pytest.mark.parametrize(
    ("base", "resource", "own", "url"),
    [
        # nothing above it: below the base URI, which it may repeat
        ("https://h/api/2.52", "", "/volumes", "https://h/api/2.52/volumes"),
        ("https://h/api/2.52", "/", "/volumes", "https://h/api/2.52/volumes"),
        ("https://h/api/2.52", "", "/api/2.52/volumes", "https://h/api/2.52/volumes"),
        ("https://h/api/2.52", "", "/api/2.520/x", "https://h/api/2.52/api/2.520/x"),
        # joined
        ("https://h", "/lookup", "/naicscode", "https://h/lookup/naicscode"),
        ("https://h", "/2", "/users/{id}/following", "https://h/2/users/{id}/following"),
        ("https://h", "/sobjects", "/{type}/{id}", "https://h/sobjects/{type}/{id}"),
        ("https://h", "/remote-networks", "/{id}", "https://h/remote-networks/{id}"),
        ("https://h", "/v1beta", "/{parent}/dataStreams", "https://h/v1beta/{parent}/dataStreams"),
        ("https://h", "/A_BusinessPartner", "/('{Partner}')", "https://h/A_BusinessPartner('{Partner}')"),
        ("https://h", "/pie", "text", "https://h/pie/text"),
        # the resource itself
        ("https://h", "/a", "/", "https://h/a"),
        ("https://h", "/a", "", "https://h/a"),
        # replaced: it begins with its resource's path
        ("https://h", "/webhooks", "/webhooks/validate", "https://h/webhooks/validate"),
        ("https://h", "/users", "/users/{username}", "https://h/users/{username}"),
        ("https://h", "/users", "/users", "https://h/users"),
        ("https://h", "/users", "/users-archive", "https://h/users/users-archive"),
    ],
)  # fmt: skip
def test_an_operations_own_path(base: str, resource: str, own: str, url: str) -> None:
    operation = f"{{name: op, method: GET, path: {json.dumps(own)}}}"
    assert urls(consumes(base, f"[{RESOURCE % (json.dumps(resource), operation)}]")) == {"op": url}


def test_one_whole_path_proves_that_all_of_its_consumes_entry_are() -> None:
    text = consumes(
        "https://h",
        "["
        + RESOURCE % ("/webhooks", "{name: a, method: GET, path: /webhooks/validate}, {name: c, method: GET}")
        + ", "
        + RESOURCE % ("/search", "{name: b, method: GET, path: /lookup/contact}")
        + "]",
    )
    assert urls(text) == {
        "a": "https://h/webhooks/validate",
        "b": "https://h/lookup/contact",
        "c": "https://h/webhooks",
    }


def test_whole_paths_of_one_entry_say_nothing_of_another() -> None:
    one = "- {namespace: one, baseUri: 'https://h', resources: [{path: /a, operations: [{name: x, method: GET, path: /a/b}]}]}"
    two = "- {namespace: two, baseUri: 'https://h', resources: [{path: /a, operations: [{name: y, method: GET, path: /b}]}]}"
    assert urls(document(f"{one}\n{two}", "[]")) == {"x": "https://h/a/b", "y": "https://h/a/b"}


def test_a_query_in_a_path_becomes_fixed_parameters() -> None:
    loaded = load_silently(
        consumes(
            "https://h",
            "[{path: '/?Action=Run&q=a+b%2Fc&copy={copyId}', operations: [{name: op, method: GET}]}]",
        )
    )
    url, operation = operations(loaded)["op"]
    assert url == "https://h/"
    assert [(each.name, each.in_, each.value) for each in operation.input_parameters] == [
        ("Action", "query", "Run"),
        ("q", "query", "a b/c"),
        ("copy", "query", "{{copyId}}"),
    ]


@pytest.mark.parametrize(
    ("fragment", "parameters"),
    [
        ("X-Amz-Target=Svc.Op", [("X-Amz-Target", "header", "Svc.Op")]),
        ("Action=X", [("Action", "query", "X")]),
        ("anchor", []),
    ],
)
def test_a_fragment_becomes_what_its_author_meant_with_a_warning(
    fragment: str, parameters: list[tuple[str, str, str]]
) -> None:
    text = document(
        "- namespace: api\n  baseUri: https://h\n  resources:\n"
        f"    - path: '/#{fragment}'  # <-\n      operations: [{{name: op, method: POST}}]\n",
        "[]",
    )
    assert found_in(text, "fragment-in-path").severity is Severity.WARNING
    url, operation = operations(load_text(text))["op"]
    assert url == "https://h/"
    assert [(each.name, each.in_, each.value) for each in operation.input_parameters] == parameters


@pytest.mark.parametrize(
    ("base", "resource", "url"),
    [
        ("https://h", "path: /", "https://h/"),
        ("https://h/", "path: /", "https://h/"),
        ("https://h/v1", "path: /", "https://h/v1/"),
        ("https://h/v1/", "path: /", "https://h/v1/"),
        ("https://h/v1//", "path: /", "https://h/v1/"),
        ("https://h/v1", "path: ''", "https://h/v1"),
        ("https://h/v1/", "path: ''", "https://h/v1/"),
        ("https://h/v1", "name: r", "https://h/v1"),
        ("https://h/v1/", "name: r", "https://h/v1/"),
        ("https://h/v1/?k=1", "name: r", "https://h/v1/"),
        ("https://h/v1", "path: '?a=1'", "https://h/v1"),
        ("https://h/v1", "path: '/?a=1'", "https://h/v1/"),
        ("{{BASE}}/", "path: ''", "{{BASE}}/"),
    ],
)
def test_a_slash_is_kept_where_the_document_has_one_and_nowhere_else(
    base: str, resource: str, url: str
) -> None:
    text = consumes(f"'{base}'", f"[{{{resource}, operations: [{{name: op, method: GET}}]}}]")
    assert urls(text) == {"op": url}


def test_the_path_of_an_operation_adds_its_slash_to_a_resource_without_one() -> None:
    text = consumes("https://h/v1", "[{operations: [{name: op, method: GET, path: /}]}]")
    assert urls(text) == {"op": "https://h/v1/"}


def test_the_query_of_a_path_wins_over_an_input_of_its_name() -> None:
    operation = "{name: op, method: GET, inputParameters: [{name: Action, in: query}, {name: q, in: query}]}"
    loaded = load_silently(consumes("https://h", f"[{{path: '/?Action=Run', operations: [{operation}]}}]"))
    _, found = operations(loaded)["op"]
    assert [(each.name, each.value) for each in found.input_parameters] == [("q", None), ("Action", "Run")]


def test_the_query_variables_of_a_uri_template_are_the_callers() -> None:
    loaded = load_silently(
        consumes("https://h", "[{path: '/a/{id}{?limit,tags*}', operations: [{name: op, method: GET}]}]")
    )
    url, found = operations(loaded)["op"]
    assert url == "https://h/a/{id}"
    assert [(each.name, each.in_, each.value) for each in found.input_parameters] == [
        ("limit", "query", "{{limit}}"),
        ("tags", "query", "{{tags}}"),
    ]


def inputs(path: str, method: str, parameters: str) -> str:
    return consumes(
        "https://h",
        f"[{{path: '{path}', operations: [{{name: op, method: {method}, inputParameters: [{parameters}]}}]}}]",
    )


@pytest.mark.parametrize(
    ("path", "method", "parameter", "place"),
    [
        ("/a/{x}", "GET", "{name: x, in: path}", "path"),
        ("/a/{x}", "GET", "{name: x, in: query}", "path"),
        ("/a/{{x}}", "GET", "{name: x}", "path"),
        ("/a", "POST", "{name: x, in: query}", "query"),
        ("/a/{x}", "POST", "{name: x, in: header}", "header"),
        ("/a", "GET", "{name: x, in: cookie}", "cookie"),
        ("/a", "GET", "{name: x, in: environment}", "environment"),
    ],
)
def test_where_a_parameter_travels(path: str, method: str, parameter: str, place: str) -> None:
    _, operation = operations(load_silently(inputs(path, method, parameter)))["op"]
    assert [each.in_ for each in operation.input_parameters] == [place]


@pytest.mark.parametrize(
    ("method", "place"),
    [("GET", "query"), ("DELETE", "query"), ("HEAD", "query"), ("POST", "body"), ("PATCH", "body")],
)
def test_a_parameter_that_says_no_place_is_sent_by_the_method_with_a_warning(method: str, place: str) -> None:
    text = inputs("/a", method, "\n      {name: x}  # <-\n      ")
    found = found_in(text, "missing-location")
    assert found.severity is Severity.WARNING
    assert f"`in: {place}`" in found.hint
    _, operation = operations(load_text(text).document)["op"]
    assert [each.in_ for each in operation.input_parameters] == [place]


def test_a_place_that_is_none_is_guessed_with_a_warning() -> None:
    text = consumes(
        "https://h",
        "[{path: /a, operations: [{name: op, method: GET, inputParameters: [\n      {name: x,\n      in: que}  # <-\n      ]}]}]",
    )
    assert found_in(text, "unknown-location").severity is Severity.WARNING
    assert operations(load_text(text))["op"][1].input_parameters[0].in_ == "query"


@pytest.mark.parametrize("spelling", ["campaign-id", "CampaignId", "campaign.id", "CAMPAIGN_ID"])
def test_a_placeholder_spelled_otherwise_is_the_parameters_with_a_warning(spelling: str) -> None:
    text = inputs(f"/a/{{{spelling}}}/b", "GET", "\n      {name: campaign_id, in: path}  # <-\n      ")
    found = found_in(text, "variable-spelling")
    assert found.severity is Severity.WARNING
    assert spelling in found.message
    url, operation = operations(load_text(text))["op"]
    assert url == "https://h/a/{campaign_id}/b"
    assert [each.name for each in operation.input_parameters] == ["campaign_id"]


def test_path_parameters_without_a_placeholder_are_appended_with_a_warning() -> None:
    text = inputs("/a", "GET", "{name: q, in: query}, \n      {name: id, in: path}  # <-\n      ")
    found = found_in(text, "path-without-placeholder")
    assert found.severity is Severity.WARNING
    assert "`op`" in found.message
    assert urls(text) == {"op": "https://h/a/{id}"}


@pytest.mark.parametrize(
    ("path", "url"),
    [("/", "https://h/{x}/{y}"), ("/a/", "https://h/a/{x}/{y}"), ("/a/{y}", "https://h/a/{y}/{x}")],
)
def test_several_path_parameters_are_appended_in_their_order(path: str, url: str) -> None:
    assert urls(inputs(path, "GET", "{name: x, in: path}, {name: y, in: path}")) == {"op": url}


def test_operations_of_one_resource_may_differ_in_their_paths() -> None:
    text = consumes(
        "https://h",
        "[{path: /a, operations: [{name: list, method: GET}, {name: get, method: GET, inputParameters: [{name: id, in: path}]}]}]",
    )
    assert urls(text) == {"list": "https://h/a", "get": "https://h/a/{id}"}


def test_parameters_of_the_resource_hold_for_its_operations() -> None:
    loaded = load_silently(
        consumes(
            "https://h",
            "[{path: '/a/{id}', inputParameters: [{name: id, in: path}, {name: q, in: query, type: string}],"
            " operations: [{name: op, method: GET, inputParameters: [{name: q, in: query, type: integer}]}]}]",
        )
    )
    _, operation = operations(loaded)["op"]
    assert {each.name: (each.in_, each.type) for each in operation.input_parameters} == {
        "id": ("path", None),
        "q": ("query", "integer"),
    }
