"""``--max-result`` and ``x-maxResult``: results truncated by their structure, with a note."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run import Settings, _json
from naftiko_run.expose.mcp.truncation import ResultLimit
from support.documents import written
from support.mcp_client import ERAS, call_tool, text_of
from support.process import READY, launched
from support.server import serving
from support.upstream import Answer, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example
    resources:
    - path: /items/{shelf}
      operations:
      - name: look
        method: GET
        inputParameters: [{name: limit, in: query, type: integer}, {name: q, in: query, type: string}]
  exposes:
  - type: mcp
    namespace: m
    tools:
    - name: look
      description: Look
      call: api.look
      inputParameters:
      - {name: shelf, type: string, required: true}
      - {name: limit, type: integer, required: false}
      - {name: q, type: string, required: false}
    - {name: wide, description: Look, call: api.look, with: {shelf: a}, x-maxResult: 1MiB}
    - {name: shown, description: Look, call: api.look, with: {shelf: a}, x-content: [{text: Here it is}]}
"""
MOST = 1000
ITEMS = {"total": 300, "items": [{"id": number, "tags": ["a", "b"]} for number in range(300)]}


@pytest.fixture(scope="module")
def url(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    document = written(tmp_path_factory.mktemp("results"), DOCUMENT)
    known = Settings({"api": shared_upstream.url}, environment={})
    with serving(document, settings=known, max_result=MOST) as served:
        yield served.url("mcp")


def _cut(result: types.CallToolResult) -> tuple[str, str]:
    text, note = result.content
    assert isinstance(text, types.TextContent)
    assert isinstance(note, types.TextContent)
    return text.text, note.text


@pytest.mark.parametrize("mode", ERAS)
def test_lists_keep_their_beginning_and_a_note_suggests_inputs(
    url: str, upstream: Upstream, mode: str
) -> None:
    upstream.answers_json(ITEMS)
    result = call_tool(url, "look", {"shelf": "a"}, mode)
    text, note = _cut(result)
    kept = json.loads(text)
    assert result.structured_content == kept
    number = len(kept["items"])
    assert kept == {"total": 300, "items": ITEMS["items"][:number]}  # type: ignore[index] # a list
    assert MOST - 50 < len(text.encode()) <= MOST
    assert not result.is_error
    assert note == (
        f"The result was longer than 1000 bytes and was truncated: `$.items` shows the first {number} of 300."
        " For a smaller, complete result, call again with: `limit`, `q`."
    )


def test_a_list_is_still_wrapped_for_older_clients(url: str, upstream: Upstream) -> None:
    upstream.answers_json(ITEMS["items"])
    result = call_tool(url, "look", {"shelf": "a"}, "legacy")
    assert result.structured_content == {"result": json.loads(_cut(result)[0])}


def test_long_texts_are_truncated_next(url: str, upstream: Upstream) -> None:
    upstream.answers_json({"pages": [{"id": 1, "body": "ä" * 5000}, {"id": 2, "body": "b" * 5000}]})
    text, note = _cut(call_tool(url, "look", {"shelf": "a"}))
    (page,) = json.loads(text)["pages"]
    assert page["id"] == 1
    assert page["body"].startswith("äääää")
    assert page["body"].endswith("…")
    assert MOST - 50 < len(text.encode()) <= MOST
    assert "`$.pages` shows the first 1 of 2; texts end after " in note


def test_objects_with_too_many_members_are_truncated_last(url: str, upstream: Upstream) -> None:
    upstream.answers_json({f"key-{number}": number for number in range(1000)})
    text, note = _cut(call_tool(url, "look", {"shelf": "a"}))
    assert list(json.loads(text))[:2] == ["key-0", "key-1"]
    assert "objects show their first " in note


def test_plain_text_is_truncated_between_characters(url: str, upstream: Upstream) -> None:
    upstream.answers(Answer(200, ("€" * 1000).encode(), (("content-type", "text/plain"),)))
    text, note = _cut(call_tool(url, "look", {"shelf": "a"}))
    assert text == "€" * 333
    assert "the first 333 of 1000 characters are shown" in note


def test_a_result_within_the_limit_is_unchanged(url: str, upstream: Upstream) -> None:
    upstream.answers_json({"items": [1, 2, 3]})
    assert text_of(call_tool(url, "look", {"shelf": "a"})) == '{"items":[1,2,3]}'


def test_a_tool_has_its_own_limit(url: str, upstream: Upstream) -> None:
    upstream.answers_json(ITEMS)
    assert json.loads(text_of(call_tool(url, "wide"))) == ITEMS


def test_an_error_is_never_truncated(url: str, upstream: Upstream) -> None:
    upstream.answers_json({"why": "x" * 5000}, 422)
    result = call_tool(url, "look", {"shelf": "a"})
    assert result.is_error
    assert "x" * 5000 in text_of(result)


def test_added_content_keeps_the_note(url: str, upstream: Upstream) -> None:
    upstream.answers_json(ITEMS)
    result = call_tool(url, "shown")
    text, note = _cut(result)
    assert text == "Here it is"
    assert "was truncated" in note
    assert len(json.dumps(result.structured_content, separators=(",", ":"))) <= MOST


def test_the_option_reaches_the_server(tmp_path: Path, upstream: Upstream) -> None:
    upstream.answers_json(ITEMS)
    document = written(tmp_path, DOCUMENT)
    options = ("--base-uri", f"api={upstream.url}", "--max-result", "0.5KB", "--port", "mcp=0")
    with launched(document, *options) as process:
        process.wait_for_line(READY)
        text, note = _cut(call_tool(process.url("mcp"), "look", {"shelf": "a"}))
        assert len(text) <= 500
        assert "500 bytes" in note


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=40,
)


@given(value=JSON, most=st.integers(30, 300))
def test_a_truncated_result_fits(value: Any, most: int) -> None:
    whole = [value, "x" * most]
    kept, note = ResultLimit(most).truncate(whole)
    assert len(_json.dumps(kept)) <= most
    assert note


def _nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        _nested(99),
        {"k" * 1000: 1},
        {"s": "👩\u200d👧" * 500},
        {"s": '"\\\n' * 500},
        {"a": {"b" * 300: [*range(1000)]}},
        "€" * 1000,
        [[[]] * 1000] * 1000,
    ],
    ids=["deep lists", "a long name", "joined characters", "escapes", "a long path", "a text", "empty lists"],
)
@pytest.mark.parametrize("most", [10, 50, 150])
def test_results_of_any_shape_fit_with_a_short_note(value: Any, most: int) -> None:
    kept, note = ResultLimit(most).truncate(value)
    assert len(_json.dumps(kept)) <= most
    assert note
    assert len(note) < 300


def test_a_result_that_cannot_be_truncated_is_returned_whole_without_a_note() -> None:
    assert ResultLimit(20).truncate(10**300) == (10**300, "")


def test_truncating_a_very_wide_object_is_fast() -> None:
    value = {f"key-{number}": number for number in range(200_000)}
    begin = process_time()
    kept, _ = ResultLimit(1000).truncate(value)
    assert process_time() - begin < 2
    assert len(kept) > 50


def test_truncating_a_very_large_result_is_fast() -> None:
    value = {"items": [{"id": number, "text": "word " * 20} for number in range(100_000)]}
    begin = perf_counter()
    kept, _ = ResultLimit(100_000).truncate(value)
    assert perf_counter() - begin < 1
    assert len(kept["items"]) > 700
