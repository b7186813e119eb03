from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressions.values import json_values
from naftiko_run.expressions import compile_integer_conversion

INTEGER = {"type": "integer"}


@pytest.mark.parametrize(
    ("schema", "value", "made"),
    [
        (INTEGER, 5.0, 5),
        (INTEGER, -0.0, 0),
        (INTEGER, 5.5, 5.5),
        (INTEGER, True, True),
        (INTEGER, "5.0", "5.0"),
        (INTEGER, 1e300, 10**300),
        ({"type": ["integer", "null"]}, 5.0, 5),
        ({"type": "array", "items": INTEGER}, [1.0, "a", 2], [1, "a", 2]),
        ({"type": "object", "properties": {"a": INTEGER}}, {"a": 1.0, "b": 1.0}, {"a": 1, "b": 1.0}),
        (
            {"additionalProperties": INTEGER, "properties": {"b": {}}},
            {"a": 1.0, "b": 1.0},
            {"a": 1, "b": 1.0},
        ),
        ({"anyOf": [INTEGER, {"type": "string"}]}, 1.0, 1),
        ({"items": {"properties": {"a": {"items": INTEGER}}}}, [{"a": [3.0]}], [{"a": [3]}]),
    ],
)
def test_integral_floats_become_integers_where_the_schema_says_so(
    schema: dict[str, Any], value: Any, made: Any
) -> None:
    integers = compile_integer_conversion(schema)
    assert integers is not None
    found = integers(value)
    assert repr(found) == repr(made)


@pytest.mark.parametrize(
    "schema",
    [{}, {"type": "number"}, {"type": ["integer", "number"]}, {"type": "array"}, {"properties": {"a": {}}}],
)
def test_other_schemas_need_nothing(schema: dict[str, Any]) -> None:
    assert compile_integer_conversion(schema) is None


@given(json_values)
def test_a_value_without_integral_floats_stays_the_very_same(value: Any) -> None:
    integers = compile_integer_conversion(
        {"items": INTEGER, "additionalProperties": {"items": {"type": "integer"}}}
    )
    assert integers is not None
    if "." not in repr(value) and "e" not in repr(value):
        assert integers(value) is value


@given(st.integers(-(10**15), 10**15))
def test_every_integer_that_a_float_holds_is_found(number: int) -> None:
    integers = compile_integer_conversion(INTEGER)
    assert integers is not None
    assert integers(float(number)) == number
