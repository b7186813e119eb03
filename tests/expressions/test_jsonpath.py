from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.ext.parser import parse

from expressions.values import json_values
from naftiko_run.expressions import MISSING, compile_path, is_root, split_first_name

plain_names = st.text(string.ascii_letters + "_", min_size=1, max_size=6).filter(
    lambda name: name != "length"
)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_names, inner, max_size=3),
    max_leaves=12,
)


@st.composite
def paths_into_data(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw a path of names, indexes and wildcards, with or without a match, and its data."""
    root = value = draw(data)
    path = "$"
    for _ in range(draw(st.integers(1, 4))):
        if isinstance(value, dict) and value:
            name = draw(st.sampled_from(sorted(value)))
            path += draw(st.sampled_from([f".{name}", f"['{name}']", f'["{name}"]', f".['{name}']"]))
            value = value[name]
        elif isinstance(value, list) and value:
            index = draw(st.integers(0, len(value) - 1))
            path += draw(st.sampled_from([f"[{index}]", "[*]"]))
            value = value[index]
        else:
            path += f".{draw(plain_names)}"
            break
    return path, root


@given(paths_into_data())
def test_plain_paths_agree_with_jsonpath_ng(generated: tuple[str, Any]) -> None:
    path, value = generated
    expected = [match.value for match in parse(path).find(value)]
    found = compile_path(path)(value)
    if "*" in path:
        assert found == expected
    else:
        assert ([] if found is MISSING else [found]) == expected


@given(json_values)
def test_the_root_in_every_spelling_is_the_very_value(value: Any) -> None:
    for path in ("$", "$.", "", " $ ", " $. "):
        assert is_root(path)
        assert compile_path(path)(value) is value


DATA = {
    "list": [{"id": 1}, {"id": 2}, {"id": 3}],
    "first name": "Ann",
    "created-at": "today",
    "@type": "Person",
    "dc:title": "Book",
    "it's": "quoted",
    "a.b": "dotted",
    "size": {"length": 9},
    "text": "four",
    "deep": {"list": [[1, 2], [3]]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.first name", "Ann"),
        ("$.created-at", "today"),
        ("$.@type", "Person"),
        ("$.dc:title", "Book"),
        ("$['a.b']", "dotted"),
        ("$['it\\'s']", "quoted"),
        ('$["it\'s"]', "quoted"),
        ("list[1].id", 2),
        ("@.text", "four"),
        ("@['list'][0].id", 1),
        ("@", DATA),
        ("$.list[0:2].first name", []),
        ("$..created-at", ["today"]),
        ("$..[created-at]", ["today"]),
        ("$[text]", "four"),
        ("$.list[?@.id > 2].id", [3]),
        ("text", "four"),
        ("$.list.", DATA["list"]),
        ("$.list[-1].id", 3),
        ("$.list[*].id", [1, 2, 3]),
        ("$.deep.list[*][*]", [1, 2, 3]),
        ("$.deep.*", [[[1, 2], [3]]]),
        ("$.length", 10),
        ("$.list.length", 3),
        ("$.list.length()", 3),
        ("length()", 10),
        ("$.list[*].length", 3),
        ("$.text.length", 4),
        ("$.size.length", 9),
        ("$['size']['length']", 9),
        ("$..id", [1, 2, 3]),
        ("$.list[0:2].id", [1, 2]),
        ("$.list[?(@.id > 1)].id", [2, 3]),
        ("$.list[?@.id == 2]", [{"id": 2}]),
        ("$['text','first name']", ["four", "Ann"]),
        ("$.list[0,2].id", [1, 3]),
    ],
)
def test_what_documents_write(path: str, expected: Any) -> None:
    assert compile_path(path)(DATA) == expected


@pytest.mark.parametrize("value", [[1, 2, 3], "abc", {"a": 1, "b": 2, "c": 3}])
def test_the_length_of_the_root(value: Any) -> None:
    for path in ("$.length", "$.length()", "length"):
        assert compile_path(path)(value) == 3


def test_the_length_of_what_has_none_is_missing() -> None:
    assert compile_path("$.length")(7) is MISSING


@pytest.mark.parametrize(
    "path", ["$.nothing", "$.list.id", "$.list[7]", "$.text[0]", "$.text.x", "$[0]", "$.list['0']"]
)
def test_a_path_that_leads_nowhere_is_missing(path: str) -> None:
    assert compile_path(path)(DATA) is MISSING


def test_a_null_is_found() -> None:
    assert compile_path("$.a")({"a": None}) is None


@pytest.mark.parametrize("path", ["$.list[-1]", "$['list'][-1]", "$.list[?@ == 5]", "$.list[-1:]"])
def test_the_last_of_a_list_of_one(path: str) -> None:
    found = compile_path(path)({"list": [5]})
    assert found == ([5] if "?" in path or ":" in path else 5)


@pytest.mark.parametrize("path", ["$[-2]", "$[1]", "$[-1].x"])
def test_an_index_outside_a_list_of_one_is_missing(path: str) -> None:
    assert compile_path(path)([5]) is MISSING


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.list.`len`", [3]),
        ("$.deep.list[*].`len`", [2, 1]),
        ("$.list[?(@.id = 2)].id", [2]),
        ("$.list[?(@.id > 1 & @.id < 3)].id", [2]),
        ("$.list[0].id + $.list[1].id", [3]),
        ("$.size.length * 2", [18]),
        ("$.text.`sub(/o/, 0)`", ["f0ur"]),
    ],
)
def test_the_operators_that_only_jsonpath_ng_has(path: str, expected: Any) -> None:
    assert compile_path(path)(DATA) == expected


@pytest.mark.parametrize(
    "path", ["$.text.`sub(/a/, b)`", "$..*.`sorted`", "$ * 2", "$.list[?@.id.max() > 1]"]
)
@pytest.mark.parametrize("value", [DATA, [1, None], "x", 5, None, {"list": "text", "text": []}])
def test_operators_on_values_that_do_not_fit_raise_nothing(path: str, value: Any) -> None:
    compile_path(path)(value)


@given(st.text("$.[]*?@()'\"`,:ab1-=<>&| \\", max_size=10), data)
def test_arbitrary_text_is_a_path_or_a_value_error(path: str, value: Any) -> None:
    try:
        access = compile_path(path)
    except ValueError:
        return
    access(value)


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("$.result", ("result", "$")),
        ("$.result.items[0].id", ("result", "$.items[0].id")),
        ("result[*]", ("result", "$[*]")),
        ("$['first name'].x", ("first name", "$.x")),
        ("$", None),
        ("$.", None),
        ("$[0].a", None),
        ("$..a", None),
        ("$.length", None),
    ],
)
def test_the_first_name_of_a_path(path: str, split: tuple[str, str] | None) -> None:
    assert split_first_name(path) == split
