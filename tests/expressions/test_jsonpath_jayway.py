"""Jayway's extensions, as documents of the reference engine use them."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_run.expressions import MISSING, compile_path

DATA = {
    "books": [
        {"id": 1, "title": "Sword", "tags": ["a", "b"], "price": 8.5, "first-name": "Ann"},
        {"id": 2, "title": "sworn", "tags": [], "price": 12},
        {"id": "3", "title": None, "tags": ["c"], "price": "4"},
    ],
    "ids": [1, "3"],
    "limit": 10,
    "numbers": [3, 1, 2, "x", None, True],
    "text": ["1.5", "2"],
    "none": [],
}


@pytest.mark.parametrize(
    ("test", "ids"),
    [
        # =~ is for the whole text, as in Java; a quoted pattern, as jsonpath-ng writes it, for any part
        ("@.title =~ /swor.*/i", [1, 2]),
        ("@.title =~ /swor.*/", [2]),
        ("@.title =~ /wor/", []),
        ("@.title =~ 'wor'", [1, 2]),
        ("@.title=~/Sw\\w+/", [1]),
        ("@.price =~ /\\d+/", [2, "3"]),
        ("@.title =~ /(?!Sword)S?.*n/", [2]),
        ("@.title =~ /a\\/b/", []),
        ("@.id in [1, 2]", [1, 2]),
        ("@.id in [1,'3']", [1, "3"]),
        ("@.id in $.ids", [1, "3"]),
        ("@.id in $.books[*].id", [1, 2, "3"]),
        ("@.title in ['Sword', \"it's\", null]", [1, "3"]),
        ("@.missing in [null]", []),
        ("@.id in [true]", []),
        ("@.id nin [1]", [2, "3"]),
        ("@.missing nin [1]", [1, 2, "3"]),
        ("'a' in @.tags", [1]),
        ("@.tags contains 'c'", ["3"]),
        ("@.title contains 'wor'", [1, 2]),
        ("@.tags[*] contains 'b'", [1]),
        ("@.tags size 2", [1]),
        ("@.title size 5", [1, 2]),
        ("@.tags empty true", [2]),
        ("@.tags empty false", [1, "3"]),
        ("@.missing empty true", []),
        ("@.tags subsetof ['a','b','c']", [1, 2, "3"]),
        ("@.tags anyof ['b', 'c']", [1, "3"]),
        ("@.tags noneof ['b', 'c']", [2]),
        ("@.tags.length() > 1", [1]),
        ("@.tags.size() == 0", [2]),
        ("@.tags.first() == 'a'", [1]),
        ("@.first-name == 'Ann'", [1]),
        ("@.price > $.limit", [2]),
        ("@.id in [1] || @.tags empty true", [1, 2]),
        ("!(@.id in [1]) && (@.title contains 'n' || @.tags size 1)", [2, "3"]),
        ("$.numbers.max() == @.id", []),
        ("$.numbers.min() == @.id", [1]),
    ],
)
@pytest.mark.parametrize("written", ["$.books[?({})].id", "$.books[?{}].id", "$.books[ ? ( {} ) ].id"])
def test_operators_of_filters(written: str, test: str, ids: list[Any]) -> None:
    assert compile_path(written.format(test))(DATA) == ids


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.numbers.min()", 1),
        ("$.numbers.max()", 3),
        ("$.numbers.sum()", 6),
        ("$.numbers.avg()", 2.0),
        ("$.numbers.first()", 3),
        ("$.numbers.last()", True),
        ("$.numbers.length()", 6),
        ("$.numbers.size()", 6),
        ("$.text.sum()", 3.5),
        ("$.books[*].price.sum()", 24.5),
        ("$.books[?(@.id in [1, 2])].price.max()", 12),
        ("$..price.min()", 4),
        ("$.books[0].keys()", ["id", "title", "tags", "price", "first-name"]),
        ("$.keys()", list(DATA)),
        ("$.books.last().id", "3"),
        ("$.books[?(@.tags size 1)].first().id", "3"),
        ("$.books[?@.id == 9].length()", 0),
        ("$.none.sum()", MISSING),
        ("$.none.first()", MISSING),
        ("$.limit.max()", MISSING),
        ("$.limit.keys()", MISSING),
        ("$.missing.length()", MISSING),
        ("@.limit", 10),
        ("@.books[?(@.id == 2)].title", ["sworn"]),
        ("$.books[0]['id','title']", [1, "Sword"]),
    ],
)
def test_functions_at_the_end_of_a_path(path: str, expected: Any) -> None:
    found = compile_path(path)(DATA)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("name", ["in", "size", "empty", "contains", "nin", "min", "length"])
def test_members_may_have_the_names_of_operators(name: str) -> None:
    data = [{name: [1], "x": {name: 2}}]
    assert compile_path(f"$[?@.{name} size 1].x.{name}")(data) == [2]
    assert compile_path(f"$[?@['{name}'] contains 1]")(data) == data
    assert compile_path(f"$[?@.x.{name} in [2]]")(data) == data
    assert compile_path(f"$[0].x.{name}")(data) == 2
