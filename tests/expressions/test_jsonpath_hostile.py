"""No response of an upstream can make a path hang or raise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from naftiko_run.expressions import MISSING, compile_path

DEPTH = 900


def nested(depth: int = DEPTH) -> Any:
    return json.loads('{"a":' * depth + "1" + "}" * depth)


def test_a_search_reaches_the_bottom_of_a_deep_response() -> None:
    assert compile_path("$..a")(nested())[-1] == 1
    assert compile_path("$..[?@ == 1]")(nested()) == [1]
    assert compile_path("$..[?@.a == $.a]")([{"a": nested()}]) == [1]


def test_deep_values_are_compared_to_the_bottom() -> None:
    path = compile_path("$[?@ == $.one]")
    assert len(path({"one": nested(), "same": nested(), "other": nested(DEPTH - 1)})) == 2


@pytest.mark.parametrize("path", ["$..a..a..a", "$..[?@..a..a]"])
def test_searches_within_searches_end(path: str, caplog: pytest.LogCaptureFixture) -> None:
    access = compile_path(path)
    assert access(nested()) is MISSING
    assert [record.message for record in caplog.records] == [
        f"`{path}` could not be read from a response: TooManyVisits"
    ]


@pytest.mark.parametrize(
    "test",
    ["match(@, '(a+)+b')", "search(@, '(a|a)*b')", "@ =~ /(a+)+b/", "@ =~ /(?=a)(a|aa)+b/", "@ =~ '(a*)*b'"],
)
@pytest.mark.timeout(20)
def test_a_pattern_that_explodes_elsewhere_takes_no_time(test: str) -> None:
    assert compile_path(f"$[?{test}]")(["a" * 20_000] * 5) == []


@pytest.mark.parametrize(
    "pattern", ["(" * 100_000 + ")" * 100_000, "((a{999}){999}){999}", "[", "a" * 100_000]
)
def test_a_pattern_that_an_upstream_chose_is_no_more_than_no_match(pattern: str) -> None:
    assert compile_path("$[?match(@.t, @.p)]")([{"t": "a", "p": pattern}]) == []


@pytest.mark.timeout(20)
def test_values_are_looked_up_in_a_long_list_without_a_search_for_each() -> None:
    numbers = list(range(20_000))
    found = compile_path("$.rows[?(@.id in $.ids)]")(
        {"rows": [{"id": each} for each in numbers], "ids": numbers}
    )
    assert len(found) == len(numbers)
