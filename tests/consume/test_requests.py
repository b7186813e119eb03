"""Where arguments are sent in a request, and which are never sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consume.recording import Recorder, header_of, invoke, json_of, path_of, query_of, sent, tool
from expressions.values import json_values
from naftiko_run.errors import InvalidInput
from naftiko_run.expressions import as_text, percent_encode
from naftiko_run.expressions.path_template import segment_fault


def parameters(*written: str, **more: Any) -> dict[str, Any]:
    """Write ``inputParameters`` as ``place:name``."""
    each = [dict(zip(("in", "name"), text.split(":"), strict=True)) for text in written]
    return {"inputParameters": [*each], **more}


def refusal(function: Any, inputs: dict[str, Any]) -> InvalidInput:
    """Return why a call was rejected before anything was sent."""
    recorder = Recorder()
    with pytest.raises(InvalidInput) as refused:
        invoke(function, inputs, recorder)
    assert not recorder.requests
    return refused.value


def test_each_argument_goes_where_its_parameter_says() -> None:
    operation = parameters(
        "path:id", "query:q", "header:X-Trace", "cookie:session", "body:name", "body:size", method="PUT"
    )
    function = tool(operation, path="/things/{id}")
    request = sent(
        function, {"id": 7, "q": "a b&c=d", "X-Trace": "t", "session": "s+x/c==", "name": "n", "size": 2}
    )
    assert request.method == "PUT"
    assert request.url == "https://api.example.com/v1/things/7?q=a%20b%26c%3Dd"
    assert header_of(request, "X-Trace") == "t"
    assert header_of(request, "Cookie") == "session=s+x/c=="
    assert json_of(request) == {"name": "n", "size": 2}


def test_the_query_of_a_base_uri_is_sent_with_every_operation() -> None:
    function = tool(
        parameters("query:q"), baseUri="https://api.example.com/v1?key={KEY}", environment={"KEY": "k"}
    )
    assert sorted(query_of(sent(function, {"q": "x"}))) == [("key", "k"), ("q", "x")]
    assert [*function.input_schema["properties"]] == ["q"]


def test_what_is_missing_is_not_sent() -> None:
    operation = parameters(
        "query:q", "header:X-Trace", "cookie:session", "body:name", "body:size", method="POST"
    )
    request = sent(tool(operation), {"size": 1})
    assert request.url == "https://api.example.com/v1/things"
    assert header_of(request, "X-Trace") is None
    assert header_of(request, "Cookie") is None
    assert json_of(request) == {"size": 1}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("raw_body", [None, b"{}"])
def test_no_field_at_all_is_an_empty_object(method: str, raw_body: bytes | None) -> None:
    request = sent(tool(parameters("body:name", "body:size", method=method)), {}, raw_body=raw_body)
    assert request.body == b"{}"
    assert header_of(request, "content-type") == "application/json"


@pytest.mark.parametrize(
    ("operation", "raw_body"),
    [
        (parameters("body:name", "body:size", method="POST"), b""),
        (parameters("body:name", "body:size", method="DELETE"), None),
        (parameters("body:name", "body:size", method="POST", body={"type": "form"}), None),
    ],
)
def test_no_field_at_all_is_no_body_where_none_was_written(
    operation: dict[str, Any], raw_body: bytes | None
) -> None:
    request = sent(tool(operation), {}, raw_body=raw_body)
    assert request.body is None
    assert header_of(request, "content-type") is None


def test_a_null_is_not_sent() -> None:
    request = sent(
        tool(parameters("query:q", "header:X-Trace", "cookie:c")), {"q": None, "X-Trace": None, "c": None}
    )
    assert not query_of(request)
    assert header_of(request, "X-Trace") is None
    assert header_of(request, "Cookie") is None


@pytest.mark.parametrize("inputs", [{}, {"id": None}, {"id": ""}])
def test_a_missing_path_variable_is_refused_by_its_name(inputs: dict[str, Any]) -> None:
    refused = refusal(tool({}, path="/things/{id}/parts"), inputs)
    assert [violation.pointer for violation in refused.violations] == ["/id"]


def test_every_missing_path_variable_is_named() -> None:
    refused = refusal(tool({}, path="/{a}/{b}/{c}"), {"b": "x"})
    assert [violation.pointer for violation in refused.violations] == ["/a", "/c"]


@pytest.mark.parametrize(
    "value", [".", "..", "../../admin", "..\\admin", "%2e%2e%2fadmin", "%252e%252e%252fadmin", "..;a", "a\0"]
)
def test_a_path_value_that_climbs_is_refused_by_its_name(value: str) -> None:
    refused = refusal(tool({}, path="/{a}/{b}"), {"a": "x", "b": value})
    assert [violation.pointer for violation in refused.violations] == ["/b"]


@pytest.mark.parametrize(
    ("path", "inputs"),
    [
        ("/.{a}/x", {"a": "."}),
        ("/..{a}/x", {"a": "/b"}),
        ("/{a}{b}/x", {"a": ".", "b": "."}),
        ("/%{a}%2e/x", {"a": "2e"}),
    ],
)
def test_a_path_value_that_climbs_with_the_text_around_it_is_refused(
    path: str, inputs: dict[str, str]
) -> None:
    refused = refusal(tool({}, path=path), inputs)
    assert [violation.pointer for violation in refused.violations] == ["/a"]


def test_a_slash_in_a_path_value_stays_inside_its_segment() -> None:
    request = sent(tool({}, path="/things/{id}/parts"), {"id": "..a/b?x#y"})
    assert path_of(request) == "/things/..a%2Fb%3Fx%23y/parts"
    assert not query_of(request)


@given(
    st.text(min_size=1).filter(lambda text: not segment_fault(percent_encode(text))), st.text(), json_values
)
def test_values_reach_the_upstream_as_they_were(in_path: str, in_query: str, other: Any) -> None:
    request = sent(
        tool(parameters("query:q", "query:o"), path="/things/{id}"),
        {"id": in_path, "q": in_query, "o": other},
    )
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.example.com", "")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "v1", "things", in_path]
    others = [] if other is None else other if isinstance(other, list) else [other]
    assert query_of(request) == [("q", in_query), *(("o", as_text(each)) for each in others)]


@pytest.mark.parametrize(
    ("value", "sent_as"),
    [
        ([1, "b", True], [("q", "1"), ("q", "b"), ("q", "true")]),
        ([], []),
        ({"a": 1}, [("q", '{"a":1}')]),
        (True, [("q", "true")]),
        (1.5, [("q", "1.5")]),
        ("", [("q", "")]),
        (2**70, [("q", str(2**70))]),
    ],
)
def test_values_in_a_query(value: Any, sent_as: list[tuple[str, str]]) -> None:
    assert query_of(sent(tool(parameters("query:q")), {"q": value})) == sent_as


@pytest.mark.parametrize("name", ["$filter", "page[size]", "id.project", "a b", "q&r=s"])
def test_a_query_name_means_itself(name: str) -> None:
    assert query_of(sent(tool({"inputParameters": [{"in": "query", "name": name}]}), {name: "v"})) == [
        (name, "v")
    ]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\x00b", "a\x7fb", ["ok", "a\r\nb"]])
def test_a_header_value_with_a_line_break_or_control_character_is_refused(value: Any) -> None:
    refused = refusal(tool(parameters("header:X-Trace")), {"X-Trace": value})
    assert [violation.pointer for violation in refused.violations] == ["/X-Trace"]


@pytest.mark.parametrize(
    ("value", "sent_as"),
    [("naïve ☃", "naïve ☃"), (" a\tb ", "a\tb"), (["a", 1], "a, 1"), (True, "true"), (5, "5")],
)
def test_values_in_a_header(value: Any, sent_as: str) -> None:
    assert header_of(sent(tool(parameters("header:X-Trace")), {"X-Trace": value}), "x-trace") == sent_as


def test_half_a_surrogate_pair_in_a_body_is_replaced() -> None:
    assert json_of(sent(tool(parameters("body:x", method="POST")), {"x": "\ud800"})) == {"x": "\ufffd"}


@pytest.mark.parametrize("place", ["path", "query", "header", "cookie"])
def test_half_a_surrogate_pair_is_refused(place: str) -> None:
    operation = parameters(f"{place}:x", method="POST")
    refusal(tool(operation, path="/things/{x}" if place == "path" else "/things"), {"x": "\ud800"})


def test_a_header_parameter_replaces_ours() -> None:
    operation = parameters("header:accept", "header:Content-Type", "body:body", method="POST")
    request = sent(
        tool(operation), {"accept": "text/csv", "Content-Type": "application/vnd.x+json", "body": {"a": 1}}
    )
    assert header_of(request, "Accept") == "text/csv"
    assert header_of(request, "Content-Type") == "application/vnd.x+json"


def test_every_request_has_an_accept_and_a_user_agent_header() -> None:
    request = sent(tool({}))
    assert (header_of(request, "Accept") or "").startswith("application/json")
    assert (header_of(request, "User-Agent") or "").startswith("naftiko-run/")


def fixed(place: str, value: Any) -> dict[str, Any]:
    return {"method": "POST", "inputParameters": [{"in": place, "name": "x", "value": value}]}


def test_a_fixed_value_is_sent_and_no_caller_can_change_it() -> None:
    function = tool(
        {"inputParameters": [{"in": "query", "name": "version", "value": "2"}]}, path="/things?api=7"
    )
    assert query_of(sent(function, {"version": "9", "api": "9"})) == [("version", "2"), ("api", "7")]


@pytest.mark.parametrize("place", ["query", "header", "cookie"])
def test_a_fixed_template_whose_input_is_missing_is_not_sent(place: str) -> None:
    function = tool(fixed(place, "user-{{tools.id}}"))
    with_it, without = sent(function, {"id": 5}), sent(function)
    shown = with_it.url + str(with_it.headers)
    assert "user-5" in shown
    assert "user-" not in without.url + str(without.headers)


def test_a_path_template_whose_input_is_missing_is_refused() -> None:
    operation = {"inputParameters": [{"in": "path", "name": "x", "value": "user-{{tools.id}}"}]}
    function = tool(operation, path="/things/{x}")
    assert path_of(sent(function, {"id": "a/b"})) == "/things/user-a%2Fb"
    assert [violation.pointer for violation in refusal(function, {}).violations] == ["/id"]


def test_fixed_values_of_the_body_are_its_fields() -> None:
    operation = {
        "method": "POST",
        "inputParameters": [
            {"in": "body", "name": "name", "value": "{{tools.displayName}}"},
            {"in": "body", "name": "tags", "value": ["a", "{{tools.tag}}"]},
            {"in": "body", "name": "kind", "value": "fixed"},
        ],
    }
    assert json_of(sent(tool(operation), {"displayName": "n"})) == {
        "name": "n",
        "tags": ["a"],
        "kind": "fixed",
    }
    assert json_of(sent(tool(operation), {"tag": [1]})) == {"tags": ["a", [1]], "kind": "fixed"}


def test_parameters_of_the_namespace_and_the_resource_are_sent() -> None:
    resources = [
        {
            "path": "/things",
            "inputParameters": [
                {"in": "query", "name": "r"},
                {"in": "query", "name": "own", "value": "above"},
            ],
            "operations": [
                {"name": "op", "method": "GET", "inputParameters": [{"in": "query", "name": "own"}]}
            ],
        }
    ]
    function = tool(
        {}, resources=resources, inputParameters=[{"in": "header", "name": "X-Version", "value": "3"}]
    )
    request = sent(function, {"r": "1", "own": "2"})
    assert sorted(query_of(request)) == [("own", "2"), ("r", "1")]
    assert header_of(request, "X-Version") == "3"


def test_double_braces_in_a_path_are_variables_too() -> None:
    assert path_of(sent(tool({}, path="/things/{{id}}:go"), {"id": "a b"})) == "/things/a%20b:go"


@pytest.mark.parametrize("path", ["/a/{x}", "/a/{{x}}", "/a.{x}/b", "/a('{x}')"])
@given(value=json_values)
def test_no_brace_of_a_variable_is_left_in_the_url(path: str, value: Any) -> None:
    recorder = Recorder()
    try:
        invoke(tool({}, path=path), {"x": as_text(value)}, recorder)
    except InvalidInput:
        assert not recorder.requests
        return
    assert "{" not in recorder.requests[0].url
    assert "}" not in recorder.requests[0].url
