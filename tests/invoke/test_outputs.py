"""Output shaping: from a decoded response to the declared outputs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressions.values import json_values
from naftiko_run.document.load import load_text
from naftiko_run.document.model import ConsumedOutput, McpExposes, Output
from naftiko_run.expressions import MISSING, constant
from naftiko_run.invoke.outputs import OutputCompiler, OutputPlan, convert, named_parts

RESPONSE = {
    "id": "7",
    "name": "Ann",
    "none": None,
    "user": {"first name": "Ann", "tags": ["a", "b"], "scores": {"x": "1", "y": "2.5"}},
    "list": [{"id": "1", "n": {"v": 1}}, {"id": "x"}],
    "long": "abcdefgh",
}


def outputs(yaml: str) -> tuple[Output, ...]:
    """Return the model of ``outputParameters`` as written in a document."""
    text = (
        "naftiko: 1.0.0-alpha2\ncapability:\n  consumes: [{namespace: a, baseUri: 'https://h',"
        " resources: [{path: /a, operations: [{name: o, method: GET}]}]}]\n"
        f"  exposes: [{{type: mcp, tools: [{{name: t, call: a.o, outputParameters: {yaml}}}]}}]\n"
    )
    (exposes,) = load_text(text).document.exposes
    assert isinstance(exposes, McpExposes)
    return exposes.tools[0].output_parameters


def compile_outputs(
    outputs: tuple[Output, ...], consumed: Sequence[ConsumedOutput], *, lone_elements: bool = False
) -> OutputPlan:
    return OutputCompiler(constant, named_parts(consumed), lone_elements=lone_elements).compile(outputs)


def shape(yaml: str, value: Any, *consumed: ConsumedOutput, lone_elements: bool = False) -> Any:
    plan = compile_outputs(outputs(yaml), consumed, lone_elements=lone_elements)
    assert plan.apply is not None
    return plan.apply(value, {})


@pytest.mark.parametrize(
    "yaml",
    ["[]", "[{type: object, mapping: $.}]", "[{type: array, mapping: $}]", "[{name: result, mapping: $.}]", "[{type: object}]", "[{mapping: ''}]"],
)  # fmt: skip
def test_the_identity_leaves_the_response_untouched(yaml: str) -> None:
    assert compile_outputs(outputs(yaml), ()).is_identity


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("[{type: string, mapping: $.name}]", "Ann"),
        ("[{type: number, mapping: $.id}]", 7),
        ("[{type: string, mapping: $.nothing}]", None),
        ("[{type: string, mapping: $.none}]", None),
        ("[{type: object, mapping: $.user.scores}]", {"x": "1", "y": "2.5"}),
        ("[{type: integer, mapping: $.list.length}]", 2),
        ("[{type: array, mapping: '$.list[*].id'}]", ["1", "x"]),
        ("[{type: string, mapping: $.long, maxLength: 3}]", "abc"),
        ("[{type: string, const: fixed}]", "fixed"),
        ("[{type: number, const: '5'}]", 5),
        # a type alone never breaks a response of another shape
        ("[{type: object, mapping: $.list}]", RESPONSE["list"]),
        ("[{type: array, mapping: $.name}]", "Ann"),
        # members that are declared are all that goes out
        ("[{type: array, mapping: $.name, items: {type: string}}]", None),
        ("[{type: array, mapping: $.user, items: {type: string}}]", None),
        ("[{type: object, mapping: $.name, properties: {a: {mapping: $.b}}}]", {"a": None}),
        ("[{type: object, mapping: $.name, values: {type: number}}]", None),
        ("[{type: object, mapping: $.list, values: {type: number}}]", None),
        ("[{type: object, mapping: $.none, properties: {a: {mapping: $.b}}}]", None),
        # nested
        (
            "[{type: object, mapping: $.user, properties: {first: {mapping: $.first name}, tag: {mapping: '$.tags[0]'}, no: {mapping: $.x}}}]",
            {"first": "Ann", "tag": "a", "no": None},
        ),
        ("[{type: object, mapping: $.user.scores, values: {type: number}}]", {"x": 1, "y": 2.5}),
        ("[{type: array, mapping: $.user.tags, items: {type: string, maxLength: 0}}]", ["", ""]),
        (
            "[{type: array, mapping: $.list, items: [{type: object, properties: {id: {type: integer, mapping: $.id}, v: {mapping: $.n.v}, k: {const: 1}}}]}]",
            [{"id": 1, "v": 1, "k": 1}, {"id": "x", "v": None, "k": 1}],
        ),
        ("[{type: array, mapping: $.nothing, items: {type: string}}]", None),
        # several named outputs make one object
        (
            "[{name: who, mapping: $.name}, {name: what, type: number, mapping: $.id}]",
            {"who": "Ann", "what": 7},
        ),
        # several unnamed ones: the first that is not null
        ("[{mapping: $.nothing}, {mapping: $.none}, {mapping: $.name}, {mapping: $.id}]", "Ann"),
        ("[{mapping: $.nothing}, {mapping: $.none}]", None),
    ],
)
def test_shapes(yaml: str, expected: Any) -> None:
    assert shape(yaml, RESPONSE) == expected


@given(json_values)
def test_no_response_breaks_a_mapping(value: Any) -> None:
    yaml = (
        "[{name: a, type: object, mapping: $.user, properties: {x: {type: array, mapping: '$.list[0]', items: {type: number}}}},"
        " {name: b, type: array, mapping: '$', items: {type: object, values: {type: string}}},"
        " {name: c, mapping: '$..id'}, {name: d, mapping: $.length}]"
    )
    assert set(shape(yaml, value)) == {"a", "b", "c", "d"}
    assert set(shape(yaml, {"user": {"list": [value]}})) == {"a", "b", "c", "d"}


def test_an_element_alone_is_a_list_of_one_where_the_format_writes_it_so() -> None:
    yaml = "[{type: array, mapping: $.item, items: {type: string}}]"
    assert shape(yaml, {"item": "x"}, lone_elements=True) == ["x"]
    assert shape(yaml, {"item": "x"}) is None


SHIPS = (
    "[{type: array, mapping: $., items: {type: object, properties: {code: {type: string, mapping: $.id}}}}]"
)
NAMES = "[{type: array, mapping: $., items: {type: string}}]"
PAIRS = "[{type: array, mapping: $., items: {type: object, properties: {code: {mapping: $.ship.id}}}}]"


@pytest.mark.parametrize(
    ("yaml", "root", "expected"),
    [
        (SHIPS, {"ship": [{"id": "1"}, {"id": "2"}]}, [{"code": "1"}, {"code": "2"}]),
        (SHIPS, {"ship": {"id": "1"}}, [{"code": "1"}]),
        (SHIPS, {"id": "1"}, [{"code": "1"}]),
        (SHIPS, {"id": "1", "crew": {"id": "2"}}, [{"code": "1"}]),
        (SHIPS, "", []),
        (PAIRS, {"ship": {"id": "1"}}, [{"code": "1"}]),
        (NAMES, {"name": ["a", "b"]}, ["a", "b"]),
        (NAMES, {"name": "a"}, ["a"]),
    ],
)
def test_a_root_of_elements_of_one_name_is_their_list(yaml: str, root: Any, expected: Any) -> None:
    assert shape(yaml, root, lone_elements=True) == expected


def test_a_root_is_no_list_where_the_format_has_lists_of_its_own() -> None:
    root = {"ship": [{"id": "1"}]}
    assert shape(SHIPS, root) is None


RESULT = ConsumedOutput(name="result", value="$.data.items")
WHOLE = ConsumedOutput(name="result", value="$.")


@pytest.mark.parametrize(
    ("mapping", "consumed", "value", "expected"),
    [
        ("$.result", RESULT, {"data": {"items": [1]}}, [1]),
        ("$.result[0].id", RESULT, {"data": {"items": [{"id": 5}]}}, 5),
        ("$.result", WHOLE, {"id": 1}, {"id": 1}),
        ("$.result", WHOLE, [1, 2], [1, 2]),
        ("$.result", WHOLE, {"result": 5}, 5),
        ("$.result.id", WHOLE, {"id": 1}, 1),
        ("$.other", RESULT, {"other": 3}, 3),
        ("$.result", RESULT, {"result": 4}, 4),
        ("$.result", RESULT, {"x": 4}, None),
    ],
)
def test_a_mapping_may_begin_with_a_consumed_output(
    mapping: str, consumed: ConsumedOutput, value: Any, expected: Any
) -> None:
    assert shape(f"[{{mapping: '{mapping}'}}]", value, consumed) == expected


def test_a_mapping_that_is_no_path_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a JSONPath"):
        compile_outputs(outputs("[{type: string, mapping: '$.a['}]"), ())
    with pytest.raises(ValueError, match="is not a JSONPath"):
        compile_outputs(outputs("[{type: string, mapping: $.a}]"), [ConsumedOutput(name="x", value="$.[")])


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "5", 5),
        ("number", " 5.5 ", 5.5),
        ("integer", "5", 5),
        ("integer", "5.5", "5.5"),
        ("integer", 5.5, 5.5),
        ("number", "1e999", "1e999"),
        ("number", "0.1234567890123456789012345", "0.1234567890123456789012345"),
        ("number", "12345678901234567890123", 12345678901234567890123),
        ("number", "5 apples", "5 apples"),
        ("number", "", ""),
        ("number", True, True),
        ("boolean", "TRUE", True),
        ("boolean", "false ", False),
        ("boolean", "1", "1"),
        ("boolean", 1, 1),
        ("string", 5, "5"),
        ("string", 5.5, "5.5"),
        ("string", True, "true"),
        ("string", None, None),
        ("string", {"a": 1}, {"a": 1}),
        ("object", "x", "x"),
        (None, "5", "5"),
    ],
)
def test_scalars_are_converted_where_nothing_is_lost(kind: str | None, value: Any, expected: Any) -> None:
    found = convert(kind, value)
    assert found == expected
    assert type(found) is type(expected)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_a_conversion_to_a_number_loses_nothing(decimal: Decimal) -> None:
    text = format(decimal, "f")
    found = convert("number", text)
    assert found == text or Decimal(repr(found)) == decimal


@given(
    json_values, st.sampled_from(["string", "number", "integer", "boolean", "object", "array", None, "thing"])
)
def test_what_is_converted_stays_json(value: Any, kind: str | None) -> None:
    found = convert(kind, value)
    assert found is not MISSING
    if not isinstance(value, str | int | float):
        assert found is value
