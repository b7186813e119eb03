"""A value that makes the URL of an upstream too long is the caller's fault, on every adapter."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    baseUri: ORIGIN
    resources:
    - {path: /things, operations: [{name: find, method: GET, inputParameters: [{name: q, in: query}]}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /find
      operations:
      - {method: POST, call: api.find, inputParameters: [{name: q, in: body, type: string}]}
  - type: mcp
    namespace: m
    tools:
    - {name: find, description: Find, call: api.find, inputParameters: [{name: q, type: string}]}
"""
WORDS = "the URL of api.find would be longer than 65,536 characters"


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("long"), DOCUMENT.replace("ORIGIN", shared_upstream.url))
    with serving(document, settings=Settings(environment={})) as up:
        yield up


def test_it_is_a_bad_request(served: Served, upstream: Upstream) -> None:
    answer = httpx.post(f"{served.url('rest')}/find", json={"q": "x" * 70_000})
    assert WORDS in problem(answer, 400)["detail"]
    assert not upstream.received


def test_it_is_an_error_of_the_tool(served: Served, upstream: Upstream) -> None:
    result = call_tool(served.url("mcp"), "find", {"q": "x" * 70_000})
    assert result.is_error
    assert WORDS in text_of(result)
    assert not upstream.received
