"""A value that cannot fit into its place in the request is rejected before any work is spent on it."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import Recorder, invoke, path_of, sent, tool
from naftiko_run.errors import InvalidInput


def rejection(place: str, value: Any, **parameter: Any) -> str:
    function = tool(
        {"inputParameters": [{"in": place, "name": "v", **parameter}]},
        {"inputParameters": [{"name": "v"}]},
        path="/things/{v}" if place == "path" else "/things",
    )
    recorder = Recorder()
    with pytest.raises(InvalidInput) as refused:
        invoke(function, {"v": value}, recorder)
    assert not recorder.requests
    return str(refused.value)


LONG = {
    # If the value were written, the error would be about the surrogate or the dot segment.
    "text": "x" * 70_000 + "\ud800/..",
    "an array": [*["\ud800/.."] * 70_000],
    "long elements": ["x" * 40_000, "\ud800/..", "x" * 40_000],
    "an object": {f"{number}\ud800": 1 for number in range(70_000)},
    "long names": {"\ud800" + "x" * 70_000: 1},
    "members inside": {"a": {"b": [["\ud800/.."] * 70_000]}},
}


@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
@pytest.mark.parametrize("place", ["path", "query"])
def test_a_value_longer_than_a_url_is_not_encoded(place: str, value: Any) -> None:
    assert rejection(place, value).startswith("/: the URL of api.op would be longer than 65,536 characters")


@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
@pytest.mark.parametrize("place", ["header", "cookie"])
def test_a_header_or_cookie_has_the_same_limit(place: str, value: Any) -> None:
    assert rejection(place, value).startswith("/v: is longer than 65,536 characters, which is the maximum")


def test_the_segments_of_a_path_that_is_too_long_when_encoded_are_not_checked() -> None:
    assert "would be longer than 65,536 characters" in rejection("path", ";" * 30_000 + "/..")


def test_a_query_that_is_too_long_when_encoded_is_not_sent() -> None:
    assert "would be longer than 65,536 characters" in rejection("query", ";" * 30_000)


def test_a_long_value_that_fits_is_sent() -> None:
    function = tool({"inputParameters": [{"in": "path", "name": "v"}]}, path="/things/{v}")
    assert path_of(sent(function, {"v": "x" * 60_000})) == f"/things/{'x' * 60_000}"
