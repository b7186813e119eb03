from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from expressions.values import json_values, names
from naftiko_run.expressions import (
    ANY_VALUE,
    PathTemplate,
    UnsafePathValue,
    as_text,
    fill_path,
    normalize_name,
    parse_path,
    percent_encode,
)
from naftiko_run.expressions.path_template import MAX_DECODE_PASSES, segment_fault

texts = st.text(min_size=1).filter(lambda text: not segment_fault(percent_encode(text)))
segments = st.text("abz09-_~", min_size=1, max_size=5)


def expand(template: PathTemplate, values: dict[str, Any]) -> str:
    return fill_path(template, {name: percent_encode(value) for name, value in values.items()})


@given(st.lists(st.tuples(segments, names, texts), min_size=1, max_size=4, unique_by=lambda each: each[1]))
def test_filling_and_matching_give_the_values_back(parts: list[tuple[str, str, str]]) -> None:
    template = parse_path("".join(f"/{literal}/{{{name}}}" for literal, name, _ in parts))
    path = expand(template, {name: value for _, name, value in parts})
    matched = template.pattern().fullmatch(path)
    assert matched is not None
    assert [unquote(group) for group in matched.groups()] == [value for _, _, value in parts]


@given(texts)
def test_a_route_matches_any_percent_encoding_of_a_value(value: str) -> None:
    template = parse_path("/things/{id}:archive")
    fully = "".join(f"%{byte:02X}" for byte in value.encode())
    for encoded in (fully, quote(value, safe=""), percent_encode(value)):
        matched = template.pattern().fullmatch(f"/things/{encoded}:archive")
        assert matched is not None
        assert unquote(matched[1]) == value


@given(json_values, json_values)
def test_a_value_never_changes_where_the_path_leads(first: Any, second: Any) -> None:
    template = parse_path("/a/{first}/b-{second}/c")
    try:
        path = expand(template, {"first": first, "second": second})
    except UnsafePathValue:
        return
    assert path.count("/") == template.text.count("/")
    assert not re.search(r"[?#\s\\]", path)
    decoded = path
    while decoded != (decoded := unquote(decoded)):
        pass
    assert not {".", ".."} & {re.split("[;?#]", piece)[0] for piece in re.split(r"[/\\]", decoded)}
    assert not re.search(r"[\x00-\x1f\x7f]", decoded)
    url = urlsplit(f"https://api.example.com{path}")
    assert (url.netloc, url.path, url.query, url.fragment) == ("api.example.com", path, "", "")


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/a/{x}", {"x": "."}),
        ("/a/{x}", {"x": ".."}),
        ("/a/{x}{y}/b", {"x": ".", "y": "."}),
        ("/a/.{x}", {"x": "."}),
        ("/a/{x}.", {"x": "."}),
        ("/a/%2e{x}", {"x": "."}),
        ("/a/../{x}", {"x": ".."}),
        ("/a/{x}", {"x": "../../admin"}),
        ("/a/{x}", {"x": "b/.."}),
        ("/a/{x}", {"x": "b/./c"}),
        ("/a/{x}", {"x": "..\\..\\admin"}),
        ("/a/{x}", {"x": "b\\../c"}),
        ("/a/{x}", {"x": "%2e%2e"}),
        ("/a/{x}", {"x": "%2E."}),
        ("/a/{x}", {"x": "..%2f..%5Cadmin"}),
        ("/a/{x}", {"x": "%252e%252e%252fadmin"}),
        ("/a/{x}", {"x": "%25252525252525252525252e%25252e%2fadmin"}),
        ("/a/{x}", {"x": "%%32%65./admin"}),
        ("/a/{x}", {"x": "..;x"}),
        ("/a/{x}", {"x": "..%3Bx/admin"}),
        ("/a/{x}", {"x": "..?q"}),
        ("/a/{x}", {"x": "..#f"}),
        ("/a/..{x}", {"x": "/b"}),
        ("/a/..{x}", {"x": ";b"}),
        ("/a/{x}..", {"x": "b/"}),
        ("/a/{x}.{y}", {"x": "b/", "y": "/c"}),
        ("/a/%{x}%2e", {"x": "2e"}),
        ("/a/%2{x}.", {"x": "e"}),
        ("/a/{x}2e.", {"x": "%"}),
        ("/a/{x}{y}", {"x": "%2", "y": "e"}),
    ],
)
def test_a_value_cannot_climb(path: str, values: dict[str, str]) -> None:
    with pytest.raises(UnsafePathValue, match="cannot make a path segment"):
        expand(parse_path(path), values)


@pytest.mark.parametrize("value", ["a\x00b", "a\r\nb", "\t", "\x1f", "\x7f", "%00", "%250a", "a%25257fb"])
def test_a_value_cannot_hold_a_control_character(value: str) -> None:
    with pytest.raises(UnsafePathValue, match="cannot contain a control character"):
        expand(parse_path("/a/{x}"), {"x": value})


def test_a_value_that_is_encoded_again_and_again_is_refused_quickly() -> None:
    value = "%2e"
    for _ in range(MAX_DECODE_PASSES):
        value = "".join(f"%{ord(character):02x}" for character in value)
    with pytest.raises(UnsafePathValue, match="percent-encoded too many times"):
        expand(parse_path("/a/{x}"), {"x": value})
    with pytest.raises(UnsafePathValue, match="cannot make a path segment"):
        expand(parse_path("/a/{x}"), {"x": "%" + "25" * 100_000 + "2e"})


@pytest.mark.parametrize(
    ("path", "needs_segment_check"),
    [
        ("/a/{x}/b", False),
        ("/a/{x}.json", False),
        ("/a/v1.{x}", False),
        ("/a/{x}%20{y}", False),
        ("/a/./../{x}", False),
        ("/a/..{x}", True),
        ("/a/.{x}", True),
        ("/a/{x}..", True),
        ("/a/{x}.{y}", True),
        ("/a/{x}%2e{y}", True),
        ("/a/%{x}", True),
        ("/a/%2{x}", True),
    ],
)
def test_text_that_dotless_values_can_make_a_dot_segment_of_is_known(
    path: str, *, needs_segment_check: bool
) -> None:
    assert parse_path(path).needs_segment_check is needs_segment_check


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a/b", "a%2Fb"),
        ("a/b.c/d", "a%2Fb.c%2Fd"),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("a\\b", "a%5Cb"),
        ("..hidden", "..hidden"),
        (".well-known", ".well-known"),
        ("a..b", "a..b"),
        ("a./.b", "a.%2F.b"),
        ("https://example.com/v1.2/x", "https%3A%2F%2Fexample.com%2Fv1.2%2Fx"),
        ("a?b#c", "a%3Fb%23c"),
        ("a b", "a%20b"),
        ("é", "%C3%A9"),
        ("v1.2-x_~*", "v1.2-x_~*"),
        ("...", "..."),
        (7, "7"),
        (True, "true"),
        (1.5, "1.5"),
    ],
)
def test_values_are_percent_encoded(value: Any, written: str) -> None:
    assert expand(parse_path("/x/{id}"), {"id": value}) == f"/x/{written}"


def test_an_empty_value_names_its_variable() -> None:
    with pytest.raises(UnsafePathValue, match="cannot be empty") as refused:
        expand(parse_path("/x/{id}/{other}"), {"id": "1", "other": ""})
    assert refused.value.variable == "other"


def test_a_climbing_value_names_its_variable() -> None:
    with pytest.raises(UnsafePathValue, match="cannot make a path segment") as refused:
        expand(parse_path("/{a}-{b}/{c}"), {"a": "1", "b": "2", "c": ".."})
    assert refused.value.variable == "c"
    with pytest.raises(UnsafePathValue, match="cannot make a path segment") as refused:
        expand(parse_path("/{a}-{b}/{c}"), {"a": "1", "b": "/../2", "c": "3"})
    assert refused.value.variable == "b"


def test_the_authors_own_segments_stay() -> None:
    assert expand(parse_path("/a/./{x}/../b"), {"x": "1"}) == "/a/./1/../b"


@pytest.mark.parametrize(
    ("text", "variables", "shape"),
    [
        ("/a/{x}", ("x",), "/a/*"),
        ("/a/{{x}}", ("x",), "/a/*"),
        ("/a/{ x }", ("x",), "/a/*"),
        ("/a/{campaign-id}/{id.project}", ("campaign-id", "id.project"), "/a/*/*"),
        ("/{x}.{y}/('{z}')", ("x", "y", "z"), "/*.*/('*')"),
        ("/{x}:verb/{x}", ("x",), "/*:verb/*"),
        ("/$metadata", (), "/$metadata"),
        ("/a/{}", (), "/a/{}"),
        ("", (), ""),
    ],
)
def test_both_spellings_of_variables_are_found(text: str, variables: tuple[str, ...], shape: str) -> None:
    parsed = parse_path(text)
    assert parsed.variables == variables
    assert parsed.shape == shape.replace("*", ANY_VALUE)


def test_a_variable_matches_within_one_segment_and_never_nothing() -> None:
    pattern = parse_path("/x/{id}/y").pattern()
    assert pattern.fullmatch("/x/a%2Fb/y")
    assert not pattern.fullmatch("/x/a/b/y")
    assert not pattern.fullmatch("/x//y")


@given(st.text("/{}ab.?", max_size=12), json_values)
def test_any_path_parses_and_fills_or_refuses(text: str, value: Any) -> None:
    template = parse_path(text)
    assume(as_text(value))
    try:
        filled = expand(template, dict.fromkeys(template.variables, value))
    except UnsafePathValue:
        return
    assert filled.count("/") == template.shape.count("/")


@given(names)
def test_spellings_of_one_name_agree(name: str) -> None:
    assert (
        normalize_name(name.upper()) == normalize_name(name.lower()) == normalize_name(name.replace("-", "_"))
    )


def test_different_names_stay_different() -> None:
    assert normalize_name("campaign_id") == normalize_name("campaign-id") == normalize_name("campaignId")
    assert normalize_name("campaign_id") != normalize_name("campaign")
