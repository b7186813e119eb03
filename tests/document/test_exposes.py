"""Adapters, routes, tools and calls as authors write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from document.findings import document, found_in, load_silently, routes, tools
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_text
from naftiko_run.document.model import McpExposes, RestExposes, SkillExposes, Tool

CALL = "call: api.list-things"


def with_tools(*written: str) -> str:
    return document(
        exposes="- type: mcp\n  port: 9090\n  tools:\n" + "\n".join(f"    - {tool}" for tool in written)
    )


def with_routes(*written: str) -> str:
    return document(
        exposes="- type: rest\n  port: 8080\n  resources:\n" + "\n".join(f"    - {each}" for each in written)
    )


def route(path: str, method: str = "GET", rest: str = CALL) -> str:
    return f"{{path: '{path}', operations: [{{method: {method}, {rest}}}]}}"


def only_tool(text: str) -> Tool:
    (exposes,) = load_text(text).document.exposes
    assert isinstance(exposes, McpExposes)
    (tool,) = exposes.tools
    return tool


def test_both_adapters_as_named_maps() -> None:
    loaded = load_silently(
        document(
            exposes="""
            web: {type: rest, port: 8080, resources: {things: {path: /x, operations: {list: {method: GET, call: api.list-things}}}}}
            agent: {type: mcp, port: 9090, tools: {list: {call: api.list-things}}}
            """
        )
    )
    assert [exposes.namespace for exposes in loaded.exposes] == ["web", "agent"]
    assert routes(loaded) == ["GET /x"]
    assert tools(loaded) == ["list"]


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("tools: [{name: t, call: api.list-things}]", McpExposes),
        ("resources: [{path: /x, operations: [{method: GET, call: api.list-things}]}]", RestExposes),
        ("skills: [{name: s, description: d}]", SkillExposes),
    ],
)
def test_an_adapter_without_a_type_is_known_by_what_it_holds_with_a_warning(key: str, model: type) -> None:
    text = document(exposes=f"- port: 8080  # <-\n  {key}")
    assert found_in(text, "missing-type").severity is Severity.WARNING
    assert isinstance(load_text(text).document.exposes[0], model)


def test_an_adapter_of_no_known_kind_at_all_is_left_out_with_a_warning() -> None:
    text = document(exposes="- port: 8080  # <-\n  things: []")
    assert found_in(text, "missing-type").severity is Severity.WARNING
    assert not load_text(text).document.exposes


def test_an_adapter_of_another_type_is_kept_for_its_plugin() -> None:
    loaded = load_text(
        document(exposes="- {type: lines, port: 7070, lines: [{name: s, call: api.list-things}]}")
    )
    assert not loaded.diagnostics
    assert loaded.document.exposes[0].type == "lines"
    assert loaded.document.exposes[0].settings["lines"] == [{"name": "s", "call": "api.list-things"}]


@pytest.mark.parametrize(("written", "port"), [("8080", 8080), ("'8080'", 8080), ("", None), ("0", 0)])
def test_ports(written: str, port: int | None) -> None:
    loaded = load_silently(
        document(exposes=f"- type: mcp\n  port: {written}\n  tools: [{{name: t, {CALL}}}]")
    )
    assert loaded.exposes[0].port == port


@pytest.mark.parametrize("written", ["70000", "-1", "http", "true", "80.5", "[80]"])
def test_what_is_no_port_is_the_usual_one_with_a_warning(written: str) -> None:
    text = document(exposes=f"- type: mcp\n  port: {written}  # <-\n  tools: [{{name: t, {CALL}}}]")
    assert found_in(text, "bad-port").severity is Severity.WARNING
    assert load_text(text).document.exposes[0].port is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[{name: x}]", "a list is not a port"),
        ("{name: x}", "a mapping is not a port"),
        (f"'{'9' * 5000}'", f"`{'9' * 20}…` is not a port"),
        (f"0x{'f' * 5000}", f"`0x{'f' * 18}…` is not a port"),
    ],
)
def test_what_is_no_port_is_not_shown_whole(written: str, shown: str) -> None:
    text = document(exposes=f"- type: mcp\n  port: {written}  # <-\n  tools: [{{name: t, {CALL}}}]")
    assert found_in(text, "bad-port").message.startswith(shown)


@pytest.mark.parametrize(
    "exposes",
    ["- type: rest  # <-", "- type: mcp  # <-\n  tools: []", "- type: rest  # <-\n  resources: [{path: /x}]"],
)
def test_an_adapter_that_serves_nothing_is_kept_with_a_warning(exposes: str) -> None:
    text = document(exposes=exposes)
    assert found_in(text, "empty-adapter").severity is Severity.WARNING
    assert len(load_text(text).document.exposes) == 1


@pytest.mark.parametrize(
    ("written", "transport"), [("http", "http"), ("stdio", "stdio"), ("", "http"), ("sse", "http")]
)
def test_transports(written: str, transport: str) -> None:
    loaded = load_silently(
        document(exposes=f"- {{type: mcp, transport: '{written}', tools: [{{name: t, {CALL}}}]}}")
    )
    assert isinstance(loaded.exposes[0], McpExposes)
    assert loaded.exposes[0].transport == transport


@pytest.mark.parametrize("name", ["get-thing", "get_thing", "GetThing", "on"])
def test_tool_names_are_kept(name: str) -> None:
    assert tools(load_silently(with_tools(f"{{name: {name}, {CALL}}}"))) == [name]


def test_tools_of_one_name_get_numbers_with_a_warning() -> None:
    text = with_tools(f"{{name: cat, {CALL}}}", f"{{name: cat-2, {CALL}}}", f"{{name: cat, {CALL}}}  # <-")
    assert found_in(text, "duplicate-tool").severity is Severity.WARNING
    assert tools(load_text(text).document) == ["cat", "cat-2", "cat-3"]


def test_a_tool_that_works_keeps_the_name_that_one_left_out_before_it_has_too() -> None:
    loaded = load_text(with_tools("{name: cat, call: api.nothing}", f"{{name: cat, {CALL}}}", "{name: cat}"))
    assert tools(loaded.document) == ["cat"]
    assert "duplicate-tool" not in [each.code for each in loaded.diagnostics]


def test_a_tool_without_a_name_is_left_out_with_a_warning() -> None:
    text = with_tools(f"{{name: t, {CALL}}}", f"{{{CALL}}}  # <-")
    assert found_in(text, "nameless-tool").severity is Severity.WARNING
    assert tools(load_text(text).document) == ["t"]


def test_hints() -> None:
    hints = only_tool(with_tools(f"{{name: t, {CALL}, hints: {{readOnly: true, destructive: 'no'}}}}")).hints
    assert hints is not None
    assert (hints.read_only, hints.destructive, hints.idempotent, hints.open_world) == (
        True,
        False,
        None,
        None,
    )


@pytest.mark.parametrize("hints", ["readOnly", "{readOnly: perhaps}"])
def test_hints_that_say_nothing_are_left_out_with_a_warning(hints: str) -> None:
    text = with_tools(f"{{name: t, {CALL}, hints: {hints}}}  # <-")
    assert found_in(text, "wrong-type").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/v1/things", "/v1/things"),
        ("v1/things", "/v1/things"),
        ("", "/"),
        ("/", "/"),
        ("/v1/things/", "/v1/things/"),
        ("/x/{a-b}.{c.d}", "/x/{a-b}.{c.d}"),
        ("/x/{{id}}:verb", "/x/{{id}}:verb"),
    ],
)
def test_routes_are_kept(written: str, path: str) -> None:
    assert routes(load_silently(with_routes(route(written)))) == [f"GET {path}"]


def test_the_path_of_an_exposed_operation_continues_its_resources() -> None:
    text = with_routes(
        f"{{path: /v1/stories, operations: [{{method: GET, path: '/{{id}}', {CALL}}}, {{method: GET, path: /v1/all, {CALL}}}]}}"
    )
    assert routes(load_silently(text)) == ["GET /v1/stories/{id}", "GET /v1/stories/v1/all"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/v1/#X=Y", "/v1/"),
        ("/v1/#Describe", "/v1/"),
        ("/v1?a={b}", "/v1"),
        ("/v1{?limit,offset}", "/v1"),
        ("/v1?a=b&c={d}", "/v1?a=b"),
    ],
)
def test_what_selects_no_request_is_dropped_from_a_route_with_a_warning(path: str, kept: str) -> None:
    text = with_routes(route(path) + "  # <-")
    assert found_in(text, "unroutable-path").severity is Severity.WARNING
    assert routes(load_text(text).document) == [f"GET {kept}"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/x", "/x"),
        ("/x/{ad_id}", "/x/{ad_set_id}"),
        ("/x/{id}", "/x/{{id}}"),
        ("/x", "/x/"),
        ("/x?a=1", "/x/?a=1"),
        ("/x?a=1&b=2", "/x?b=2&a=1"),
        ("/x?a=b", "/x?a=%62"),
    ],
)
def test_the_first_of_two_routes_that_match_the_same_wins_with_a_warning(first: str, second: str) -> None:
    text = with_routes(route(first), route(second) + "  # <-")
    found = found_in(text, "duplicate-route")
    assert found.severity is Severity.WARNING
    assert f"GET {first}" in found.message
    assert found.alters_service
    loaded = load_text(text).document
    assert routes(loaded) == [f"GET {first}"]
    (left_out,) = loaded.exposes[0].unavailable
    assert left_out.name == f"GET {second}"
    assert f"`GET {first}`" in left_out.reason


def test_routes_that_differ_are_both_kept() -> None:
    written = [("/x", "GET"), ("/x", "POST"), ("/x/{id}", "GET"), ("/x/{id}.json", "GET"), ("/X", "GET")]
    written += [("/x?acl", "GET"), ("/x?acl=", "POST"), ("/x?a=1", "GET"), ("/x?a=1&b=1", "GET")]
    text = with_routes(*(route(path, method) for path, method in written))
    assert routes(load_silently(text)) == [f"{method} {path}" for path, method in written]


def test_fragments_that_tell_routes_apart_stand_for_a_query_or_a_header_with_a_warning() -> None:
    written = ["/v1/#Action=A", "/v1/#Action=B", "/v1/#X-Amz-Target=S.C", "/v1/#X-Amz-Target=S.D"]
    loaded = load_text(with_routes(*(route(each, "POST") for each in written)))
    assert routes(loaded.document) == [
        "POST /v1/?Action=A",
        "POST /v1/?Action=B",
        "POST /v1/#X-Amz-Target=S.C",
        "POST /v1/#X-Amz-Target=S.D",
    ]
    assert [each.code for each in loaded.diagnostics] == ["fragment-in-route"] * 4


def test_fragments_that_stand_for_nothing_leave_the_later_routes_out_by_name() -> None:
    loaded = load_text(with_routes(*(route(f"/v1/#{each}", "POST") for each in ("A", "B", "C")))).document
    assert routes(loaded) == ["POST /v1/"]
    assert [each.name for each in loaded.exposes[0].unavailable] == ["POST /v1/#B", "POST /v1/#C"]


def test_an_exposed_operation_without_a_method_is_get_with_a_warning() -> None:
    text = with_routes(f"{{path: /x, operations: [{{name: n, {CALL}}}]}}  # <-")
    assert found_in(text, "missing-method").severity is Severity.WARNING
    assert routes(load_text(text).document) == ["GET /x"]


CONSUMED = """
- {namespace: api, baseUri: 'https://h', resources: [{path: /a, operations: [{name: list, method: GET}, {name: get-all, method: GET}]}]}
- {namespace: api.v2, baseUri: 'https://h', resources: [{path: /a, operations: [{name: list, method: GET}]}]}
- {namespace: dns-api, baseUri: 'https://h', resources: [{path: /a, operations: [{name: get-domain, method: GET}]}]}
- {namespace: broken, baseUri: '', resources: [{path: /a, operations: [{name: list, method: GET}]}]}
"""


def calling(call: str) -> str:
    return document(
        CONSUMED,
        f"- type: mcp\n  tools:\n    - {{name: t, call: api.list}}\n    - name: u\n      {call}  # <-\n",
    )


@pytest.mark.parametrize("call", ["api.list", "api.v2.list", "dns-api.get-domain"])
def test_a_call_that_is_exact(call: str) -> None:
    load_silently(calling(f"call: {call}"))


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        ("api.List", "api.list"),
        ("API.get_all", "api.get-all"),
        ("dns.get-domain", "dns-api.get-domain"),
    ],
)
def test_a_call_that_can_only_mean_one_operation_is_read_with_a_warning(call: str, meant: str) -> None:
    text = calling(f"call: {call}")
    found = found_in(text, "inexact-call")
    assert found.severity is Severity.WARNING
    assert meant in found.hint
    (exposes,) = load_text(text).document.exposes
    assert isinstance(exposes, McpExposes)
    assert exposes.tools[1].call == meant


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("api.nothing", "`api` has no operation `nothing`"),
        ("slack.get-domain", "nothing is consumed under `slack`"),
        ("dns-security.get-domain", "nothing is consumed under `dns-security`"),
        ("list", "nothing is consumed under `list`"),
        ("api.v2.get-all", "`api.v2` has no operation `get-all`"),
        ("broken.list", "`broken` cannot be called: its `baseUri` is missing"),
        ("prod-dns-api.get-domain", "nothing is consumed under `prod-dns-api`"),
    ],
)
def test_a_call_that_leads_nowhere_leaves_its_unit_out_and_no_other(call: str, words: str) -> None:
    text = calling(f"call: {call}")
    found = found_in(text, "unknown-operation")
    assert found.severity is Severity.ERROR
    assert words in found.message
    assert "`u`" in found.message
    assert found.hint
    exposes = load_text(text).document.exposes[0]
    assert tools(load_text(text).document) == ["t"]
    assert [each.name for each in exposes.unavailable] == ["u"]
    assert words in exposes.unavailable[0].reason


def test_a_credential_in_a_base_uri_is_not_told_to_callers() -> None:
    text = calling("call: broken.list").replace("baseUri: ''", "baseUri: 'ftp://me:pass/w@rd@h'")
    (reason,) = [each.reason for each in load_text(text).document.exposes[0].unavailable]
    assert "`ftp://***@h` is not an http or https address" in reason


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("operation: api.list", "says `operation`"),
        ("calls: [api.list]", "says `calls`"),
        ("steps: []", "steps"),
        ("ref: x.y", "aggregates"),
    ],
)
def test_a_unit_without_a_call_is_left_out_with_its_reason(written: str, words: str) -> None:
    text = calling(written).replace("- name: u", "- name: u  # <-").replace(f"{written}  # <-", written)
    found = found_in(text, "not-runnable")
    assert words in found.message
    assert found.severity is Severity.ERROR
    assert tools(load_text(text).document) == ["t"]


@pytest.mark.parametrize("written", ["description: nothing", "call:"])
def test_a_unit_that_is_not_written_yet_is_left_out_with_a_warning(written: str) -> None:
    text = calling(written).replace("- name: u", "- name: u  # <-").replace(f"{written}  # <-", written)
    found = found_in(text, "not-runnable")
    assert found.severity is Severity.WARNING
    assert "no `call`" in found.message
    (exposes,) = load_text(text).document.exposes
    assert [(each.name, "no `call`" in each.reason) for each in exposes.unavailable] == [("u", True)]


@pytest.mark.parametrize("written", ["call: [api.list]", "call: {to: api.list}"])
def test_a_call_that_is_no_text_is_told_what_it_is_and_no_more_than_that(written: str) -> None:
    text = calling(written)
    assert found_in(text, "wrong-type").severity is Severity.WARNING
    assert "names no operation" in found_in(text, "unknown-operation").message


@pytest.mark.parametrize("steps", ["xml", "[do it]"])
def test_steps_that_are_none_leave_the_call_as_it_is_with_a_warning(steps: str) -> None:
    text = with_tools(f"{{name: t, {CALL}, steps: {steps}}}")
    assert "`steps`" in found_in(text, "wrong-type").message
    assert only_tool(text).call == "api.list-things"


@pytest.mark.parametrize("steps", ["xml", "[do it]"])
def test_steps_that_are_none_make_no_unit_of_their_own(steps: str) -> None:
    found = found_in(with_tools(f"{{name: t, steps: {steps}}}  # <-"), "not-runnable")
    assert found.message == "`t` is not served: its `steps` are empty"


def test_a_forward_to_nothing_is_left_out_with_an_error() -> None:
    forward = "{path: /x, forward: {targetNamespace: none}}  # <-"
    assert found_in(with_routes(forward, route("/y")), "not-runnable").severity is Severity.ERROR


def test_a_close_call_is_suggested() -> None:
    assert found_in(calling("call: api.lst"), "unknown-operation").hint == "did you mean `api.list`?"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{a: tools.a, b: 5, c: [x, tools.y], d: {e: tools.f}, g: }", {"a": "tools.a", "b": 5, "c": ["x", "tools.y"], "d": {"e": "tools.f"}, "g": None}),
        ("{on: tools.on, no: yes}", {"on": "tools.on", "no": "yes"}),
        ("{$filter: 'tools.$filter', 'id.x': tools.id.x}", {"$filter": "tools.$filter", "id.x": "tools.id.x"}),
        ("", {}),
    ],
)  # fmt: skip
def test_with_keeps_what_was_typed(written: str, expected: dict[str, Any]) -> None:
    text = with_tools(f"{{name: t, {CALL}, with: {written}}}")
    load_silently(text)
    assert only_tool(text).with_ == expected


def test_with_as_text_is_ignored_with_a_warning() -> None:
    text = with_tools(f"{{name: t, {CALL}, with: tools.x}}  # <-")
    assert found_in(text, "wrong-type").severity is Severity.WARNING
    assert only_tool(text).with_ == {}


@pytest.mark.parametrize(
    "mapping", ["$.city-id", "city-id", "$.query.city-id", "queryParameters.city-id", "$.path.city-id"]
)
def test_the_mapping_of_an_exposed_input_names_what_it_fills_with_a_warning(mapping: str) -> None:
    written = f"{{name: t, {CALL}, inputParameters: [{{name: city, mapping: {mapping}}}]}}  # <-"
    found = found_in(with_tools(written), "input-mapping")
    assert found.severity is Severity.WARNING
    assert "with: {city-id: city}" in found.message
    assert only_tool(with_tools(written)).with_ == {"city-id": "tools.city"}


@pytest.mark.parametrize(
    ("mapping", "with_"),
    [
        ("$.city", {}),
        ("body.city", {}),
        ("'$.list[0].city'", {}),
        ("$.id", {"id": 5}),
        ("$.id", {"place": "tools.city"}),
        ("$.id", {"place": "{{rest.city}}"}),
    ],
)
def test_a_mapping_that_says_nothing_new_is_ignored_with_a_warning(
    mapping: str, with_: dict[str, Any]
) -> None:
    inputs = f"inputParameters: [{{name: city, mapping: {mapping}}}]"
    text = with_tools(f"{{name: t, {CALL}, {inputs}, with: {json.dumps(with_)}}}  # <-")
    assert "ignored" in found_in(text, "input-mapping").message
    assert only_tool(text).with_ == with_


@pytest.mark.parametrize(
    ("written", "mapping", "fixed"),
    [
        ("{type: object, mapping: $.}", "$.", None),
        ("{type: object, value: $.a}", "$.a", None),
        ("{type: string, value: hello}", "", "hello"),
        ("{type: string, const: hello}", "", "hello"),
        ("{type: boolean, const: false}", "", False),
        ("{type: string, mapping: $.a, const: x}", "$.a", "x"),
    ],
)
def test_exposed_outputs(written: str, mapping: str, fixed: Any) -> None:
    (output,) = only_tool(with_tools(f"{{name: t, {CALL}, outputParameters: [{written}]}}")).output_parameters
    assert output.mapping == mapping
    assert (output.value if output.const is None else output.const) == fixed


def test_exposed_outputs_nest() -> None:
    written = "{type: array, mapping: $.list, items: [{type: object, properties: {a: {type: string, mapping: $.x}, b: fixed}}]}"
    (output,) = only_tool(with_tools(f"{{name: t, {CALL}, outputParameters: [{written}]}}")).output_parameters
    assert output.items is not None
    assert [(each.name, each.mapping, each.value) for each in output.items.properties] == [
        ("a", "$.x", None),
        ("b", "", "fixed"),
    ]
