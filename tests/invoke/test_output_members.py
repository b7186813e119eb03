"""Outputs with members: what they read, whatever the response is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consume.recording import Recorder, capability, consumes, invoke
from expressions.values import json_values
from invoke.test_outputs import shape
from naftiko_run.document.model import ConsumedOutput

FIRST_AND_COUNT = (
    "[{type: object, mapping: $., properties: {first: {mapping: '$[0].name'}, n: {mapping: $.length()}}}]"
)


@pytest.mark.parametrize(
    ("yaml", "value", "expected"),
    [
        (FIRST_AND_COUNT, [{"name": "Ann", "secret": 1}, {"name": "Bo"}], {"first": "Ann", "n": 2}),
        (FIRST_AND_COUNT, [], {"first": None, "n": 0}),
        (FIRST_AND_COUNT, "text", {"first": None, "n": 4}),
        (FIRST_AND_COUNT, 5, {"first": None, "n": None}),
        ("[{type: object, properties: {name: {mapping: $.name}}}]", [{"name": "Ann"}], {"name": None}),
        (
            "[{type: object, properties: {names: {mapping: '$[*].name'}}}]",
            [{"name": "Ann"}],
            {"names": ["Ann"]},
        ),
        ("[{type: array, mapping: $., items: {type: string, mapping: $.name}}]", {"name": "Ann"}, None),
        ("[{type: array, mapping: $., items: {type: string, mapping: $.name}}]", "Ann", None),
        (
            "[{type: array, mapping: $.a, items: {type: string}}, {mapping: $.b}]",
            {"a": {"secret": 1}, "b": 2},
            2,
        ),
    ],
)
def test_members_are_all_that_goes_out_of_a_response_of_another_kind(
    yaml: str, value: Any, expected: Any
) -> None:
    assert shape(yaml, value) == expected


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        ("json", b'[{"id": 1, "secret": "s"}, {"id": 2}]'),
        ("csv", b"id,secret\n1,s\n2,t\n"),
        ("tsv", b"id\tsecret\n1\ts\n2\tt\n"),
        ("psv", b"id|secret\n1|s\n2|t\n"),
        ("yaml", b"- {id: 1, secret: s}\n- {id: 2}\n"),
    ],
)
def test_an_object_of_a_list_in_any_format(
    format_: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    properties = {
        "id": {"type": "number", "mapping": "$[1].id"},
        "sum": {"type": "number", "mapping": "$[*].id.sum()"},
        "secret": {"type": "string", "mapping": "$.secret"},
    }
    outputs = [{"name": "rows", "type": "object", "mapping": "$.", "properties": properties}]
    value = invoke(_tool(outputs, format_), {}, Recorder(content)).value
    assert value == {"id": 2, "sum": 3, "secret": None}
    (warning,) = [record.message for record in caplog.records]
    assert warning == (
        "the mapping `$.secret` of the output `rows.secret` of `t` matches nothing in an array of 2 elements; "
        "the output is null"
    )


def test_a_response_that_fits_no_member_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    outputs: list[dict[str, Any]] = [
        {"name": "a", "type": "object", "mapping": "$.a", "properties": {"x": {"mapping": "$.x"}}},
        {"name": "b", "type": "array", "mapping": "$.b", "items": {"type": "string"}},
        {"name": "c", "type": "object", "mapping": "$.c", "values": {"type": "string"}},
    ]
    function = _tool(outputs)
    for _ in range(2):
        value = invoke(function, {}, Recorder(b'{"a": ["secret"], "b": {}, "c": 5}')).value
        assert value == {"a": {"x": None}, "b": None, "c": None}
    assert sorted(record.message for record in caplog.records) == [
        "the mapping `$.x` of the output `a.x` of `t` matches nothing in an array of 1 element; the output is null",
        (
            "the output `a` of `t` is declared as an object, but the response has an array of 1 element there; "
            "it becomes an object whose members are null"
        ),
        "the output `b` of `t` is declared as an array, but the response has an object with 0 members there; it becomes null",
        "the output `c` of `t` is declared as a map, but the response has a number there; it becomes null",
    ]


def test_a_mapping_that_matches_nothing_is_reported_and_a_null_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outputs = [{"type": "object", "mapping": "$.a", "properties": {"x": {"mapping": "$.x"}}}]
    for content in (b"{}", b'{"a": null}', b'{"a": {}}', b'{"a": {"x": null}}'):
        invoke(_tool(outputs), {}, Recorder(content))
    assert [record.message for record in caplog.records] == [
        "the mapping `$.a` of the output of `t` matches nothing in an object with 0 members; the output is null",
        "the mapping `$.x` of the output `x` of `t` matches nothing in an object with 0 members; the output is null",
    ]


def _tool(outputs: list[dict[str, Any]], format_: str = "json") -> Any:
    return _loaded(outputs, {"outputRawFormat": format_}).function("m.t")


def _loaded(outputs: list[dict[str, Any]], operation: dict[str, Any] | None = None) -> Any:
    tools = [{"name": "t", "call": "api.op", "outputParameters": outputs}]
    return capability(
        {
            "capability": {
                "consumes": [consumes(operation or {})],
                "exposes": [{"type": "mcp", "namespace": "m", "tools": tools}],
            }
        }
    )


USER = {
    "id": 1,
    "name": "top",
    "user": {"name": "Ann", "email": "a@x", "tags": ["a", "b"]},
    "list": [{"id": 7}, {}],
}


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        # by name, where there is no mapping
        ("[{type: object, properties: {id: {type: string}, nothing: {type: string}}}]", {"id": "1", "nothing": None}),
        ("[{type: object, mapping: $.user, properties: {email: {}, name: {maxLength: 1}}}]", {"email": "a@x", "name": "A"}),
        ("[{type: object, mapping: $.user, properties: {id: {}}}]", {"id": None}),
        ("[{type: array, mapping: $.list, items: {type: object, properties: {id: {type: string}}}}]", [{"id": "7"}, {"id": None}]),
        ("[{type: object, mapping: $.user, properties: {tags: {type: array, items: {type: string}}}}]", {"tags": ["a", "b"]}),
        ("[{type: object, properties: {user: {type: object, properties: {name: {}, email: {}, id: {}}}}}]", {"user": {"name": "Ann", "email": "a@x", "id": 1}}),
        ("[{type: object, properties: {user: {type: object, values: {type: string}}}}]", {"user": {"name": "Ann", "email": "a@x", "tags": ["a", "b"]}}),
        ("[{name: id, type: number}, {name: nothing, type: string}]", {"id": 1, "nothing": None}),
        ("[{name: user, type: object, properties: {email: {}}}, {name: id}]", {"user": {"email": "a@x"}, "id": 1}),
        # an object without a mapping is what its members are relative to, as in the reference engine
        ("[{type: object, properties: {user: {type: object, properties: {name: {mapping: $.name}, email: {mapping: $.email}}}}}]", {"user": {"name": "top", "email": "a@x"}}),
        ("[{type: object, properties: {made: {type: object, properties: {number: {mapping: $.id}}}}}]", {"made": {"number": 1}}),
    ],
)  # fmt: skip
def test_a_property_without_a_mapping_is_the_member_of_its_name(yaml: str, expected: Any) -> None:
    assert shape(yaml, USER) == expected


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("[{type: object, mapping: $.user, properties: {name: {mapping: $.name}}}]", {"name": "Ann"}),
        ("[{type: object, mapping: $.user, properties: {name: {mapping: $.user.name}}}]", {"name": "Ann"}),
        ("[{type: object, mapping: $.user, properties: {id: {mapping: $.id}}}]", {"id": 1}),
        ("[{type: object, mapping: $.user, properties: {tags: {mapping: '$.user.tags[*]'}}}]", {"tags": ["a", "b"]}),
        ("[{type: object, mapping: $.user, properties: {none: {mapping: '$.none[*]'}}}]", {"none": []}),
        ("[{type: object, mapping: $.user, properties: {ids: {type: array, mapping: $.list, items: {type: string, mapping: $.id}}}}]", {"ids": ["7", None]}),
        ("[{type: object, mapping: $.user, properties: {first: {type: object, mapping: '$.list[0]', properties: {id: {mapping: $.id}, name: {mapping: $.user.name}}}}}]", {"first": {"id": 7, "name": "Ann"}}),
        ("[{type: object, mapping: $.nothing, properties: {id: {mapping: $.id}}}]", None),
        # what is not in an element is not taken from elsewhere
        ("[{type: array, mapping: $.list, items: {type: object, properties: {id: {mapping: $.id}}}}]", [{"id": 7}, {"id": None}]),
        ("[{type: object, mapping: $.user, properties: {l: {type: array, mapping: $.list, items: {type: object, properties: {id: {mapping: $.id}}}}}}]", {"l": [{"id": 7}, {"id": None}]}),
    ],
)  # fmt: skip
def test_a_property_is_relative_to_the_mapping_and_then_to_the_answer(yaml: str, expected: Any) -> None:
    assert shape(yaml, USER) == expected


def test_a_null_below_the_mapping_is_not_looked_for_elsewhere() -> None:
    yaml = "[{type: object, mapping: $.data, properties: {status: {mapping: $.status}}}]"
    assert shape(yaml, {"status": "ok", "data": {"status": None}}) == {"status": None}
    assert shape(yaml, {"status": "ok", "data": {"status": []}}) == {"status": []}
    assert shape(yaml, {"status": [], "data": {}}) == {"status": []}


def test_a_property_may_begin_with_a_consumed_output() -> None:
    total = ConsumedOutput(name="total", value="$.page.count")
    yaml = "[{type: object, mapping: $.user, properties: {n: {mapping: $.total}}}]"
    assert shape(yaml, {"user": {}, "page": {"count": 3}}, total) == {"n": 3}
    assert shape(yaml, {"user": {"total": 1}, "page": {"count": 3}}, total) == {"n": 1}


def test_properties_without_a_mapping_are_warned_about_at_load() -> None:
    outputs: list[dict[str, Any]] = [
        {
            "name": "ship",
            "type": "object",
            "mapping": "$.ship",
            "properties": {
                "imo": {"type": "string"},
                "name": {"type": "string", "mapping": "$.name"},
                "fixed": {"type": "string", "value": "x"},
                "specs": {"type": "object", "properties": {"beam": {"type": "number"}}},
            },
        }
    ]
    (found,) = [each for each in _loaded(outputs).diagnostics if each.code == "output-without-mapping"]
    assert "`ship.imo`, `ship.specs.beam`" in found.message
    assert found.pointer == "/capability/exposes/0/tools/0/outputParameters"


def test_several_names_make_an_object_where_one_is_declared() -> None:
    yaml = "[{type: %s, mapping: \"$.user['name', 'email', 'none']\"}]"
    assert shape(yaml % "object", USER) == {"name": "Ann", "email": "a@x"}
    assert shape(yaml % "array", USER) == ["Ann", "a@x"]
    assert shape("[{type: object, mapping: \"$['id','name']\", properties: {id: {}}}]", USER) == {"id": 1}
    assert shape("[{type: object, mapping: \"$.id['a','b']\"}]", USER) is None


@given(json_values, st.sampled_from(["$", "$.a", "$[0]", "$[*]", "$.a.b"]))
def test_a_member_that_is_not_declared_never_goes_out(value: Any, mapping: str) -> None:
    secret = "a secret that nothing maps"
    yaml = (
        f"[{{name: o, type: object, mapping: '{mapping}', properties: {{x: {{type: number, mapping: $.x.y}}}}}},"
        f" {{name: l, type: array, mapping: '{mapping}', items: {{type: object, properties: {{x: {{mapping: $.x.y}}}}}}}},"
        f" {{name: m, type: object, mapping: '{mapping}', values: {{type: object, properties: {{x: {{mapping: $.x.y}}}}}}}}]"
    )
    for answer in (
        [secret, value],
        {"a": secret, "b": value},
        {"a": {"b": [secret, value]}},
        [[secret]],
        secret,
    ):
        assert secret not in str(shape(yaml, answer))
