"""RFC 9535, section by section. A singular path returns its value, any other the list of its matches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressions.values import json_values
from naftiko_run.expressions import MISSING, compile_path

ABC = {"o": {"j j": {"k.k": 3}}, "'": {"@": 2}}
LETTERS = ["a", "b", "c", "d", "e", "f", "g"]
NESTED = {"o": {"j": 1, "k": 2}, "a": [5, 3, [{"j": 4}, {"k": 6}]]}
FILTERED = {
    "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}],
    "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}},
    "e": "f",
}
COMPARED = {"obj": {"x": "y"}, "arr": [2, 3]}


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        # 2.2, 2.3.1: the root, names and their escapes
        ("$", {"k": "v"}, {"k": "v"}),
        ("$.o['j j']", ABC, {"k.k": 3}),
        ("$.o['j j']['k.k']", ABC, 3),
        ('$.o["j j"]["k.k"]', ABC, 3),
        ('$["\'"]["@"]', ABC, 2),
        ("$['\\'']", {"'": 1}, 1),
        ('$["\\""]', {'"': 1}, 1),
        ('$["\\u263a"]', {"☺": 1}, 1),
        ('$["\\uD834\\uDD1E"]', {"𝄞": 1}, 1),
        ('$["\\n\\/\\\\"]', {"\n/\\": 1}, 1),
        ("$.☺", {"☺": 1}, 1),
        ("$._1", {"_1": 1}, 1),
        ("$['']", {"": 1}, 1),
        # 2.3.2: wildcards
        ("$[*]", NESTED, [{"j": 1, "k": 2}, [5, 3, [{"j": 4}, {"k": 6}]]]),
        ("$.o[*]", NESTED, [1, 2]),
        ("$.o[*, *]", NESTED, [1, 2, 1, 2]),
        ("$.*", 5, []),
        # 2.3.3: indexes
        ("$[1]", LETTERS, "b"),
        ("$[-2]", LETTERS, "f"),
        ("$[-1]", ["a"], "a"),
        ("$[7]", LETTERS, MISSING),
        ("$[-8]", LETTERS, MISSING),
        ("$[9007199254740991]", LETTERS, MISSING),
        ("$[0]", {"0": 1}, MISSING),
        # 2.3.4: slices
        ("$[1:3]", LETTERS, ["b", "c"]),
        ("$[5:]", LETTERS, ["f", "g"]),
        ("$[1:5:2]", LETTERS, ["b", "d"]),
        ("$[5:1:-2]", LETTERS, ["f", "d"]),
        ("$[::-1]", LETTERS, LETTERS[::-1]),
        ("$[::0]", LETTERS, []),
        ("$[-3:]", LETTERS, ["e", "f", "g"]),
        ("$[:-5]", LETTERS, ["a", "b"]),
        ("$[:9007199254740991]", ["a"], ["a"]),
        ("$[1:]", {"1": 1}, []),
        # 2.5.1: several selectors; duplicates stay, in order
        ("$[0, 3]", LETTERS, ["a", "d"]),
        ("$[0:2, 5]", LETTERS, ["a", "b", "f"]),
        ("$[0, 0]", LETTERS, ["a", "a"]),
        ("$['o', 'x', 'a'][0]", NESTED, [5]),
        # 2.5.2: descendants
        ("$..j", NESTED, [1, 4]),
        ("$..[0]", NESTED, [5, {"j": 4}]),
        ("$..o", NESTED, [{"j": 1, "k": 2}]),
        ("$.o..[*, *]", NESTED, [1, 2, 1, 2]),
        ("$.a..[0, 1]", NESTED, [5, 3, {"j": 4}, {"k": 6}]),
        ("$..*", {"a": [1]}, [[1], 1]),
        # 2.3.5: filters
        ("$.a[?@.b == 'kilo']", FILTERED, [{"b": "kilo"}]),
        ("$.a[?(@.b == 'kilo')]", FILTERED, [{"b": "kilo"}]),
        ("$.a[?@ > 3.5]", FILTERED, [5, 4, 6]),
        ("$.a[?@.b]", FILTERED, [{"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}]),
        ("$[?@.*]", FILTERED, [FILTERED["a"], FILTERED["o"]]),
        ("$[?@[?@.b]]", FILTERED, [FILTERED["a"]]),
        ("$.o[?@ < 3, ?@ < 3]", FILTERED, [1, 2, 1, 2]),
        ("$.a[?@ < 2 || @.b == 'k']", FILTERED, [1, {"b": "k"}]),
        ("$.o[?@ > 1 && @ < 4]", FILTERED, [2, 3]),
        ("$.o[?@.u || @.x]", FILTERED, [{"u": 6}]),
        ("$.a[?@.b == $.x]", FILTERED, [3, 5, 1, 2, 4, 6]),
        ("$.a[?@ == @]", FILTERED, FILTERED["a"]),
        ("$.o[?!(@ > 1)]", FILTERED, [1, {"u": 6}]),
        ("$.o[?!@.u]", FILTERED, [1, 2, 3, 5]),
        ("$.a[?@.b == $.e]", {"a": [{"b": "f"}, {"b": "g"}], "e": "f"}, [{"b": "f"}]),
        ("$[?@.a && (@.b || @.c)]", [{"a": 0}, {"a": 0, "c": 0}], [{"a": 0, "c": 0}]),
        ("$[?@.a || @.b && @.c]", [{"a": 0}, {"b": 0}], [{"a": 0}]),
        # 2.6: a null is a value
        ("$.a", {"a": None}, None),
        ("$.a[0]", {"a": None}, MISSING),
        ("$[?@]", [None, 0, False, ""], [None, 0, False, ""]),
        ("$[?@.a]", [{"a": None}], [{"a": None}]),
        ("$[?@.a == null]", [{"a": None}, {}, {"a": 0}], [{"a": None}]),
        # 2.1.1: white space
        ("$ .a\n['b'] [ 0 ]", {"a": {"b": [1]}}, 1),
        ("$[ 0 , 1 ]", [1, 2, 3], [1, 2]),
        ("$[ 0 : 2 : 1 ]", [1, 2, 3], [1, 2]),
        ("$[? @ .a == 1 ]", [{"a": 1}], [{"a": 1}]),
        ("$[?\n@.a\t==\r1 && ! @.b]", [{"a": 1}, {"a": 1, "b": 2}], [{"a": 1}]),
    ],
)
def test_what_a_path_selects(path: str, data: Any, expected: Any) -> None:
    found = compile_path(path)(data)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        # 2.3.5.2.2, table 11
        ("$.absent1 == $.absent2", True),
        ("$.absent1 <= $.absent2", True),
        ("$.absent == 'g'", False),
        ("$.absent1 != $.absent2", False),
        ("$.absent != 'g'", True),
        ("1 <= 2", True),
        ("1 > 2", False),
        ("13 == '13'", False),
        ("'a' <= 'b'", True),
        ("'a' > 'b'", False),
        ("$.obj == $.arr", False),
        ("$.obj != $.arr", True),
        ("$.obj == $.obj", True),
        ("$.obj != $.obj", False),
        ("$.arr == $.arr", True),
        ("$.arr != $.arr", False),
        ("$.obj == 17", False),
        ("$.obj != 17", True),
        ("$.obj <= $.arr", False),
        ("$.obj < $.arr", False),
        ("$.obj <= $.obj", True),
        ("$.arr <= $.arr", True),
        ("1 <= $.arr", False),
        ("1 >= $.arr", False),
        ("1 > $.arr", False),
        ("1 < $.arr", False),
        ("true <= true", True),
        ("true > true", False),
        ("1 == true", False),
        ("0 == false", False),
        ("null == false", False),
        ("null <= null", True),
        ("1 == 1.0", True),
        ("1 == 1e0", True),
        ("100 == 1e2", True),
        ("-0 == 0", True),
        ("'\\u00e9' == 'é'", True),
        ("'Z' < 'a'", True),
        ("'' < 'a'", True),
        ("9007199254740993 == 9007199254740992", False),
    ],
)
def test_comparisons(comparison: str, *, holds: bool) -> None:
    assert compile_path(f"$[?{comparison}]")(COMPARED) == (list(COMPARED.values()) if holds else [])


@pytest.mark.parametrize(
    ("one", "other"),
    [([1], [True]), ({"a": 0}, {"a": False}), ([[1]], [[1, 2]]), ({"a": 1}, {"b": 1}), ([], {}), ("1", 1)],
)
def test_values_of_different_types_differ_at_any_depth(one: Any, other: Any) -> None:
    path = compile_path("$.pairs[?@.one == @.other]")
    assert path({"pairs": [{"one": one, "other": other}]}) == []
    assert path({"pairs": [{"one": one, "other": json.loads(json.dumps(one))}]}) != []


@pytest.mark.parametrize(
    ("test", "data", "passing"),
    [
        # 2.4.4: length, of Unicode scalar values, elements or members
        ("length(@) == 2", ["ab", "𝄞é", [1, 2], {"a": 1, "b": 2}, "a", 2, None, True], 4),
        ("length(@.a) < 3", [{"a": "ab"}, {"a": "abc"}, {}, {"a": 1}], 1),
        ("length('ab') == 2", [1], 1),
        # 2.4.5: count
        ("count(@.*) == 2", [[1, 2], {"a": 1, "b": 2}, [1], 1], 2),
        ("count(@..a) == 0", [[1], {"a": 1}], 1),
        ("count($[*]) == 2", [1, 2], 2),
        # 2.4.6: match is for all of the text
        ("match(@.d, '1974-05-..')", [{"d": "1974-05-11"}, {"d": "1974-05-11T"}, {"d": 1}, {}], 1),
        ("match(@, 'a.c')", ["abc", "a\nc", "a\rc", "a𝄞c", "a\u2028c"], 3),
        ("!match(@, 'a')", ["a", "b"], 1),
        ("match(@, '[a-c]{2}|\\\\.x')", ["ab", ".x", "xx", "abab"], 2),
        ("match(@, '\\\\p{Lu}\\\\P{Lu}')", ["Éa", "éa"], 1),
        ("match(@, '[a&&b~]*')", ["a&b~", "c"], 1),
        # 2.4.7: search is for any part of it
        ("search(@, '[BR]ob')", ["Bob", "aRobx", "rob"], 2),
        ("search(@, 'a.b')", ["xa b", "a\nb"], 1),
        # no I-Regexp: false
        ("match(@, '\\\\d+')", ["1"], 0),
        ("match(@, '(?=a)a')", ["a"], 0),
        ("match(@, '(')", ["("], 0),
        ("search(@.t, @.p)", [{"t": "xab", "p": "a."}, {"t": "a", "p": 1}, {"t": "a"}], 1),
        # 2.4.8: value, of one node
        ("value(@..color) == 'red'", [{"color": "red"}, {"a": {"color": "red"}}, [{"color": "red"}] * 2], 2),
        ("length(value(@.*)) == 1", [["a"], ["a", "b"]], 1),
    ],
)
def test_functions(test: str, data: list[Any], passing: int) -> None:
    assert len(compile_path(f"$[?{test}]")(data)) == passing


@given(json_values, st.integers(-5, 5), st.integers(-5, 5), st.integers(-3, 3))
def test_a_slice_is_that_of_a_list(value: Any, start: int, end: int, step: int) -> None:
    expected = value[start:end:step] if isinstance(value, list) and step else []
    assert compile_path(f"$[{start}:{end}:{step}]")(value) == expected


@given(json_values)
def test_the_descendants_of_a_value_are_all_that_is_below_it(value: Any) -> None:
    def below(each: Any) -> list[Any]:
        inner = list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else []
        return inner + [deeper for one in inner for deeper in below(one)]

    found = compile_path("$..*")(value)
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, below(value)))


@given(st.text(), json_values)
def test_any_name_can_be_written_in_quotes(name: str, value: Any) -> None:
    for path in (f"$[{json.dumps(name)}]", f"$..[{json.dumps(name)}]"):
        found = compile_path(path)({name: value} if path.startswith("$[") else [{name: value}])
        assert found == value if path.startswith("$[") else value in found


@given(st.integers(-(2**70), 2**70), st.integers(-(2**70), 2**70))
def test_integers_of_any_size_are_compared_exactly(one: int, other: int) -> None:
    assert compile_path(f"$[?@ == {one}]")([one, other]) == ([one, other] if one == other else [one])
    assert compile_path(f"$[?@ < {one}]")([one, other]) == ([other] if other < one else [])
