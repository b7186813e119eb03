from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressions.values import json_values, names, scalars
from naftiko_run.expressions import MISSING, as_text, compile_text, compile_value, constant, variable
from naftiko_run.expressions.template import MAX_SECTION_DEPTH


def render(text: str, scope: Mapping[str, Any], *, lenient: bool = False) -> Any:
    return compile_text(text, variable, lenient=lenient).evaluate(scope)


def fill(value: Any, scope: Mapping[str, Any]) -> Any:
    return compile_value(value, variable).evaluate(scope)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]).filter(lambda c: c not in "{}")))
def test_text_without_tags_is_unchanged(text: str) -> None:
    assert render(text, {}) == text
    assert fill(text, {}) == text


@pytest.mark.parametrize("text", ["{", "}", "{}", "{x}", "{{", "{{}}", "}}{{", '{"a": {"b": 1}}', "a {b} c"])
def test_braces_that_form_no_tag_stay(text: str) -> None:
    assert render(text, {"x": 1, "b": 2}) == text


@given(names, json_values)
def test_a_whole_template_gives_the_very_value_that_it_names(name: str, value: Any) -> None:
    for text in (f"{{{{{name}}}}}", f"{{{{ {name} }}}}", f"{{{{{{{name}}}}}}}"):
        assert fill(text, {name: value}) is value


@given(names, scalars, st.text("ab:/. ", max_size=5), st.text("ab:/. ", min_size=1, max_size=5))
def test_a_template_among_text_gives_text(name: str, value: Any, before: str, after: str) -> None:
    text = f"{before}{{{{{name}}}}}{after}"
    written = "" if value is None else as_text(value)
    assert compile_value(text, variable, lenient=True).evaluate({name: value}) == before + written + after


@given(names, st.dictionaries(names, json_values, max_size=3))
def test_no_known_tag_is_ever_left_in_a_text(name: str, scope: dict[str, Any]) -> None:
    tag = f"{{{{{name}}}}}"
    rendered = compile_text(f"<{tag}|{tag}>", variable, escape=lambda _: "v", lenient=True).evaluate(scope)
    assert tag not in rendered
    assert rendered == ("<v|v>" if scope.get(name) is not None else "<|>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"id":{{x}}}', '{"id":7}'),
        ("{{{x}}}", "7"),
        ("{{&x}}", "7"),
        ("{{ x }}", "7"),
        ("{{x}}}", "7}"),
        ("{{x}}{{x}}", "77"),
        ("a{{! a remark }}b", "ab"),
        ("{{! only a remark }}", ""),
    ],
)
def test_tags_take_their_own_braces_and_no_others(text: str, expected: str) -> None:
    assert render(text, {"x": 7}) == expected


def test_a_text_of_only_a_remark_is_empty() -> None:
    assert fill("{{! nothing to see }}", {}) == ""


@pytest.mark.parametrize("scope", [{}, {"x": None}])
def test_a_missing_name_makes_the_whole_text_missing(scope: dict[str, Any]) -> None:
    assert render("user-{{x}}", scope) is MISSING
    assert fill("user-{{x}}", scope) is MISSING


def test_a_missing_name_leaves_nothing_behind_in_a_lenient_text() -> None:
    assert render("query { user(id: {{x}}) }", {}, lenient=True) == "query { user(id: ) }"


def test_members_and_elements_without_a_value_are_dropped() -> None:
    body = {"name": "{{name}}", "tags": ["{{first}}", "{{second}}", "fixed"], "deep": {"size": "{{size}}"}}
    assert fill(body, {"second": [1, {"a": True}]}) == {"tags": [[1, {"a": True}], "fixed"], "deep": {}}


def test_a_null_keeps_its_member() -> None:
    assert fill({"note": "{{note}}"}, {"note": None}) == {"note": None}


@given(json_values.filter(lambda value: "{" not in repr(value) or isinstance(value, dict)))
def test_a_structure_without_templates_is_a_constant(value: Any) -> None:
    compiled = compile_value(value, lambda _: pytest.fail("no name is read"))
    if "{{" not in repr(value):
        assert compiled.names == ()
        assert compiled.evaluate({}) == value


def test_dotted_names_lead_into_values() -> None:
    scope = {"step": {"list": [{"id": 5}]}, "a.b": "exact"}
    assert fill("{{step.list.0.id}}", scope) == 5
    assert fill("{{a.b}}", scope) == "exact"
    assert fill("{{step.nothing.id}}", scope) is MISSING
    assert fill("{{step.list.9}}", scope) is MISSING


@pytest.mark.parametrize("digits", [19, 4300, 4301, 100_000])
def test_an_index_of_any_length_is_that_of_no_element(digits: int) -> None:
    assert fill("{{list.%s}}" % ("9" * digits), {"list": [1]}) is MISSING


@pytest.mark.parametrize(
    ("text", "scope", "expected"),
    [
        ("{{#list}}[{{name}}]{{/list}}", {"list": [{"name": "a"}, {"name": "b"}]}, "[a][b]"),
        ("{{#list}}{{.}},{{/list}}", {"list": [1, "x", True]}, "1,x,true,"),
        ("{{#list}}{{outer}}{{/list}}", {"list": [1, 2], "outer": "o"}, "oo"),
        ("{{#list}}x{{/list}}", {"list": []}, ""),
        ("{{#flag}}yes{{/flag}}{{^flag}}no{{/flag}}", {"flag": True}, "yes"),
        ("{{#flag}}yes{{/flag}}{{^flag}}no{{/flag}}", {"flag": False}, "no"),
        ("{{#flag}}yes{{/flag}}{{^flag}}no{{/flag}}", {}, "no"),
        ("{{#user}}{{name}}{{/user}}", {"user": {"name": "Ann"}}, "Ann"),
        ("{{#a}}{{#b}}{{.}}{{/b}}{{/a}}", {"a": [{"b": [1, 2]}, {"b": [3]}]}, "123"),
        ("{{#list}}{{missing}}|{{/list}}", {"list": [1, 2]}, "||"),
    ],
)
def test_sections(text: str, scope: dict[str, Any], expected: str) -> None:
    assert render(text, scope) == expected


@pytest.mark.parametrize("text", ["{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{#a}}{{#b}}{{/a}}{{/b}}", "x{{^a}}y"])
def test_sections_that_do_not_balance_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="section"):
        compile_text(text, variable)


@given(st.text("{}#/^&! abx.", max_size=14))
def test_arbitrary_text_compiles_or_is_a_value_error(text: str) -> None:
    try:
        compiled = compile_value(text, variable)
    except ValueError:
        return
    compiled.evaluate({"a": [1], "b": None, "x": "v"})


def test_the_names_that_are_read_are_known() -> None:
    compiled = compile_value({"a": "{{x}} {{y}}", "b": ["{{x}}", "{{#z}}{{inner}}{{/z}}"]}, variable)
    assert compiled.names == ("x", "y", "z")


def test_a_section_over_a_constant_reads_what_its_text_reads() -> None:
    compiled = compile_text(
        "{{#on}}{{x}}{{/on}}", lambda name: constant("1") if name == "on" else variable(name)
    )
    assert compiled.names == ("x",)
    assert compiled.evaluate({"x": "y"}) == "y"


def test_sections_as_deep_as_allowed_are_rendered() -> None:
    text = "{{#a}}" * MAX_SECTION_DEPTH + "x{{b}}" + "{{/a}}" * MAX_SECTION_DEPTH
    assert compile_text(text, variable).evaluate({"a": True, "b": 1}) == "x1"


@pytest.mark.parametrize("depth", [MAX_SECTION_DEPTH + 1, 400, 100_000])
def test_sections_that_are_nested_too_deeply_are_refused(depth: int) -> None:
    with pytest.raises(ValueError, match="nested more than 50 levels deep"):
        compile_text("{{#a}}" * depth + "{{/a}}" * depth, variable)
