"""Inputs are validated before anything is sent, and every violation is reported."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consume.recording import Recorder, capability, consumes, invoke, query_of, sent, tool
from naftiko_run.errors import InvalidInput
from naftiko_run.invoke import Input, compile_coercion, compile_schema
from naftiko_run.invoke.input_validation import InputValidator

INPUTS = [
    Input("id", {"type": "integer"}, required=True),
    Input("name", {"type": "string", "pattern": "^[a-z]+$"}),
    Input("kind", {"enum": ["a", "b"]}),
    Input("tags", {"type": "array", "items": {"type": "string"}}),
    Input("deep", {"type": "object", "properties": {"a/b": {"type": "number"}}, "required": ["a/b"]}),
    Input("limit", {"type": "integer", "default": 10}),
    Input("free"),
]


def violations(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        InputValidator(INPUTS).check(values)
    return {violation.pointer: violation.message for violation in refused.value.violations}


def test_good_inputs_come_back_with_defaults() -> None:
    values = {"id": 1, "name": "x", "kind": "b", "tags": [], "deep": {"a/b": 1.5}, "free": [None], "more": 1}
    assert InputValidator(INPUTS).check(values) == {**values, "limit": 10}
    assert InputValidator(INPUTS).check({"id": 1, "limit": 5})["limit"] == 5


def test_a_null_counts_as_absent_where_the_input_is_optional() -> None:
    assert InputValidator(INPUTS).check({"id": 1, "name": None, "limit": None}) == {"id": 1, "limit": 10}
    assert violations({"id": None}) == {"/id": "must be an integer, not null"}


def test_every_violation_is_named_with_its_place() -> None:
    found = violations({"name": "X1", "kind": "c", "tags": ["x", 5], "deep": {"a/b": True}, "limit": "5"})
    assert found == {
        "/id": "is required",
        "/name": "must match the pattern ^[a-z]+$",
        "/kind": 'must be one of ["a","b"]',
        "/tags/1": "must be text, not an integer",
        "/deep/a~1b": "must be a number, not a boolean",
        "/limit": "must be an integer, not text",
    }


def test_a_member_that_is_missing_is_named() -> None:
    assert violations({"id": 1, "deep": {}}) == {"/deep/a~1b": "is required"}


def test_a_name_that_is_nearly_right_is_told() -> None:
    assert violations({"idd": 1}) == {"/id": "is required; did you mistype it as `idd`?"}
    schema = {"type": "object", "properties": {"phone": {}}, "additionalProperties": False}
    with pytest.raises(InvalidInput) as refused:
        InputValidator((), schema).check({"fone": "secret", "x/y": "secret"})
    assert {each.pointer: each.message for each in refused.value.violations} == {
        "/fone": "is not known; did you mean `phone`?",
        "/x~1y": "is not known; expected one of: `phone`",
    }


def test_values_of_which_one_of_several_kinds_is_wanted_are_told_all_of_them() -> None:
    ways = [{"type": "integer", "minimum": 5}, {"enum": ["all"]}, {"required": ["id"], "type": "object"}]
    schema = {"type": "object", "properties": {"n": {"anyOf": ways}}}
    with pytest.raises(InvalidInput) as refused:
        InputValidator((), schema).check({"n": 3})
    (found,) = refused.value.violations
    assert found.pointer == "/n"
    assert found.message == (
        "must match one of several alternatives: /n it is less than the minimum of 5; "
        'or /n must be one of ["all"]; or /n must be an object, not an integer'
    )


ROWS = {
    "type": "object",
    "properties": {
        "l": {
            "type": "array",
            "maxItems": 50_000,
            "items": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["y"]},
        },
        "o": {"type": "object", "additionalProperties": False, "properties": {"known": {"type": "integer"}}},
        "any": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        "all": {"allOf": [{"type": "array", "items": {"type": "integer"}}]},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}, "required": ["needed"]},
        "other": {"$ref": "#/properties/map"},
    },
}
MORE = ("", "there are more violations, which are not listed")


def listed(values: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        InputValidator((), ROWS).check(values)
    return [(each.pointer, each.message) for each in refused.value.violations]


@pytest.mark.parametrize("number", [21, 100, 1000, 20_000])
def test_the_first_violations_are_listed_and_that_there_are_more(number: int) -> None:
    found = listed({"l": [1] * number})
    assert found == [(f"/l/{at}", "must be an object, not an integer") for at in range(20)] + [MORE]


def test_violations_in_large_values_are_found_where_they_are() -> None:
    rows: list[Any] = [{"x": 1, "y": 1} for _ in range(5000)]
    rows[4000] = {"x": "1"}
    assert listed({"l": rows}) == [
        ("/l/4000/y", "is required"),
        ("/l/4000/x", "must be an integer, not text"),
    ]
    numbers: list[Any] = [0] * 5000
    assert listed({"all": [*numbers, "1"]}) == [("/all/5000", "must be an integer, not text")]
    named = {f"n{number}": number for number in range(5000)}
    assert listed({"map": {**named, "n": "1"}}) == [
        ("/map/needed", "is required"),
        ("/map/n", "must be an integer, not text"),
    ]


def test_violations_of_large_values_themselves_are_found() -> None:
    assert listed({"l": [{"y": 1}] * 50_001})[0][0] == "/l"
    assert listed({"o": [0] * 5000}) == [("/o", "must be an object, not an array")]
    assert listed({"l": {f"n{number}": 0 for number in range(5000)}}) == [
        ("/l", "must be an array, not an object")
    ]
    found = listed({"o": {f"n{number}": 0 for number in range(5000)}})
    assert found == [*((f"/o/n{number}", "is not known") for number in range(20)), MORE]


def test_a_violation_in_a_large_value_that_cannot_be_located_is_one_of_the_value_around_it() -> None:
    message = "does not match its schema; it is too large to say where"
    assert listed({"any": [*[0] * 5000, "1"]}) == [("/any", message)]
    assert listed({"other": {f"n{number}": "1" for number in range(5000)}}) == [("", message)]


def test_nulls_in_large_values_count_as_absent() -> None:
    rows = [{"x": None, "y": None} for _ in range(5000)]
    assert InputValidator((), ROWS).check({"l": rows}) == {"l": [{"y": None}] * 5000}
    assert InputValidator((), ROWS).check({"l": rows}, keep_nulls=True) == {"l": rows}


def test_long_names_are_shortened() -> None:
    schema = {"type": "object", "properties": {"phone": {}}, "additionalProperties": False}
    with pytest.raises(InvalidInput) as refused:
        InputValidator((), schema).check({"x" * 1_000_000: 1})
    (found,) = refused.value.violations
    assert found.pointer == f"/{'x' * 100}…"
    assert len(refused.value.message) < 1000


@given(value=st.text(min_size=20) | st.integers(min_value=10**20))
def test_a_violation_never_repeats_a_value(value: str | int) -> None:
    member = {
        "type": "string",
        "minLength": 10**6,
        "pattern": "^no$",
        "enum": ["no"],
        "const": "no",
        "not": {},
        "anyOf": [{"type": "null"}, {"minLength": 10**6, "type": "string"}],
        "oneOf": [{"maximum": 3, "multipleOf": 7, "type": ["integer"]}, {"const": 3}],
    }
    with pytest.raises(InvalidInput) as refused:
        InputValidator((), {"type": "object", "properties": {"a": member}}).check({"a": value})
    assert str(value) not in " ".join(each.message for each in refused.value.violations)


def test_nothing_is_sent_for_bad_input() -> None:
    function = tool({"inputParameters": [{"in": "query", "name": "n", "type": "integer", "required": True}]})
    recorder = Recorder()
    for inputs in ({}, {"n": "5"}, {"n": None}):
        with pytest.raises(InvalidInput, match="/n: "):
            invoke(function, inputs, recorder)
    assert not recorder.requests
    assert query_of(sent(function, {"n": 5})) == [("n", "5")]


def test_defaults_are_sent() -> None:
    function = tool({"inputParameters": [{"in": "query", "name": "n", "default": 3}]})
    assert query_of(sent(function)) == [("n", "3")]


@pytest.mark.parametrize(
    ("parameter", "left", "keyword"),
    [
        ({"pattern": "("}, {}, "pattern"),
        (
            {"type": "array", "items": {"type": "thing", "title": "T"}},
            {"type": "array", "items": {"title": "T"}},
            "items/type",
        ),
        ({"type": "integer", "default": "ten"}, {"type": "integer"}, "default"),
        ({"minimum": "low"}, {}, "minimum"),
        (
            {"type": "object", "properties": {"a": {"anyOf": [{"type": "thing"}]}}},
            {"type": "object", "properties": {"a": {"anyOf": [{}]}}},
            "properties/a/anyOf/0/type",
        ),
    ],
)
def test_a_keyword_that_is_no_schema_is_left_out_with_a_warning(
    parameter: dict[str, Any], left: dict[str, Any], keyword: str
) -> None:
    operation = {"inputParameters": [{"in": "query", "name": "q", **parameter}]}
    exposes = {"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op"}]}
    found = capability({"capability": {"consumes": [consumes(operation)], "exposes": [exposes]}})
    assert found.function("m.t").input_schema["properties"]["q"] == left
    (told,) = [each for each in found.diagnostics if each.code == "unsound-schema"]
    assert f"`{keyword}` of the input `q`" in told.message


def test_an_invalid_pattern_is_reported_with_the_reason() -> None:
    with pytest.raises(
        ValueError, match=r"^`pattern`: invalid regular expression: unterminated character set"
    ):
        compile_schema({"pattern": "^[a-z-+$"})


@pytest.mark.parametrize(
    ("parameter", "schema"),
    [
        ({"type": "integer", "default": "10"}, {"type": "integer", "default": 10}),
        ({"type": "string", "enum": [1, 2, 1]}, {"type": "string", "enum": ["1", "2"]}),
    ],
)
def test_defaults_and_choices_have_the_declared_type(
    parameter: dict[str, Any], schema: dict[str, Any]
) -> None:
    function = tool({"inputParameters": [{"in": "query", "name": "q", **parameter}]})
    assert function.input_schema["properties"]["q"] == schema


def test_constraints_are_told_and_checked() -> None:
    constraints = {"type": "integer", "minimum": 1, "maximum": 9, "examples": [3]}
    function = tool({"inputParameters": [{"in": "query", "name": "q", **constraints}]})
    assert function.input_schema["properties"]["q"] == constraints
    with pytest.raises(InvalidInput, match="/q: it is greater than the maximum of 9"):
        invoke(function, {"q": 10}, Recorder())


@pytest.mark.parametrize(
    ("schema", "texts", "value"),
    [
        ({"type": "integer"}, ["5"], 5),
        ({"type": "integer"}, ["-007"], -7),
        ({"type": "integer"}, ["5.0"], 5),
        ({"type": "integer"}, ["1e3"], 1000),
        ({"type": "integer"}, ["9007199254740993.0"], 9007199254740993),
        ({"type": "integer"}, ["1e308"], 10**308),
        ({"type": "integer"}, ["5.5"], "5.5"),
        ({"type": "integer"}, ["0.99999999999999999999"], "0.99999999999999999999"),
        ({"type": "integer"}, ["x"], "x"),
        ({"type": "integer"}, [str(2**80)], 2**80),
        ({"type": "number"}, ["1.5"], 1.5),
        ({"type": "number"}, ["5"], 5),
        ({"type": "number"}, ["1e999"], "1e999"),
        ({"type": "number"}, ["nan"], "nan"),
        ({"type": "boolean"}, ["true"], True),
        ({"type": "boolean"}, ["yes"], "yes"),
        ({"type": "string"}, ["5"], "5"),
        ({"type": "object"}, ['{"a": 1}'], {"a": 1}),
        ({"type": "object"}, ["{a"], "{a"),
        ({"type": "array"}, ["a"], ["a"]),
        ({"type": "array", "items": {"type": "integer"}}, ["1", "x"], [1, "x"]),
        ({"type": "array", "items": {"type": "object"}}, ["{}"], [{}]),
        ({}, ["5"], "5"),
        ({}, ["a", "b"], ["a", "b"]),
        ({"type": "integer"}, ["1", "2"], ["1", "2"]),
    ],
)
def test_values_are_made_of_text(schema: dict[str, Any], texts: list[str], value: Any) -> None:
    found = compile_coercion(Input("x", schema))(texts)
    assert found == value
    assert type(found) is type(value)


@given(
    st.sampled_from(["integer", "number"]), st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
def test_numbers_come_through_text_unharmed(kind: str, number: float) -> None:
    if kind == "integer" and isinstance(number, float):
        return
    assert compile_coercion(Input("x", {"type": kind}))([repr(number)]) == number


@given(st.sampled_from(["integer", "number", "boolean", "object", "array", "string", ""]), st.text())
def test_what_cannot_be_made_stays_what_was_given(kind: str, text: str) -> None:
    found = compile_coercion(Input("x", {"type": kind} if kind else {}))([text])
    if isinstance(found, str):
        assert found == text
