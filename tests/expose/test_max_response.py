"""``--max-response`` and ``x-maxResponse``: how much of an upstream's response is kept in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.document.load import load_document
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.process import run
from support.server import Served, serving
from support.upstream import Answer, Received, Upstream
from support.wire import problem

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: usual
    baseUri: https://api.example
    resources:
    - path: /data
      operations: [{name: get, method: GET}, {name: bytes, method: GET, outputRawFormat: binary}]
  - namespace: api
    baseUri: https://api.example
    x-maxResponse: 40KiB
    resources:
    - path: /data
      x-maxResponse: 20KiB
      operations:
      - {name: own, method: GET, x-maxResponse: 10KiB}
      - {name: of-resource, method: GET}
    - path: /data/
      operations: [{name: of-entry, method: GET}]
  - namespace: tokens
    baseUri: https://api.example
    authentication:
      {type: oauth2, tokenEndpoint: 'https://api.example/token', clientId: a, clientSecret: b}
    resources:
    - path: /data
      operations: [{name: get, method: GET}]
  exposes:
  - type: rest
    namespace: r
    resources:
    - {path: /usual, operations: [{method: GET, call: usual.get, outputParameters: &mapped [{type: string, mapping: $.a}]}]}
    - {path: /own, operations: [{method: GET, call: api.own, outputParameters: *mapped}]}
    - {path: /of-resource, operations: [{method: GET, call: api.of-resource, outputParameters: *mapped}]}
    - {path: /of-entry, operations: [{method: GET, call: api.of-entry, outputParameters: *mapped}]}
    - {path: /passed-on, operations: [{method: GET, call: api.own}]}
    - {path: /steps, operations: [{method: GET, steps: [{name: one, type: call, call: api.own}]}]}
    - {path: /tokens, operations: [{method: GET, call: tokens.get}]}
  - type: mcp
    namespace: m
    tools:
    - {name: own, description: Get, call: api.own}
    - {name: bytes, description: Get, call: usual.bytes}
"""
KIB = 1024


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("limits"), DOCUMENT)
    document.write_text(
        document.read_text().replace("https://api.example/token", f"{shared_upstream.url}/token")
    )
    urls = dict.fromkeys(("usual", "api", "tokens"), shared_upstream.url)
    with serving(document, settings=Settings(urls, max_response=80 * KIB, environment={})) as up:
        yield up


def of_size(size: int) -> bytes:
    return b'{"a": "%b"}' % (b"x" * (size - 9))


@pytest.mark.parametrize(
    ("path", "limit", "operation"),
    [
        ("own", 10, "api.own"),
        ("of-resource", 20, "api.of-resource"),
        ("of-entry", 40, "api.of-entry"),
        ("usual", 80, "usual.get"),
        ("steps", 10, "api.own"),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_the_nearest_limit_holds(
    served: Served, upstream: Upstream, *, path: str, limit: int, operation: str, status: int
) -> None:
    url = f"{served.url('rest')}/{path}"
    upstream.answers(Answer(status, of_size(limit * KIB)))
    assert httpx.get(url).status_code == status
    upstream.answers(Answer(status, of_size(limit * KIB + 1)))
    found = problem(httpx.get(url), 502)
    assert found["type"] == "urn:naftiko:problem:response-too-large"
    assert operation in found["detail"]
    assert f"{limit * KIB:,} bytes" in found["detail"]
    assert "x-maxResponse" in found["hint"]
    assert "--max-response" in found["hint"]


def test_what_is_passed_on_as_it_comes_is_not_bounded(served: Served, upstream: Upstream) -> None:
    body = of_size(500 * KIB)
    upstream.answers(Answer(body=body))
    assert httpx.get(f"{served.url('rest')}/passed-on").content == body


def test_a_tool_says_which_limit_was_met(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(body=of_size(10 * KIB + 1)))
    result = call_tool(served.url("mcp"), "own")
    assert result.is_error
    for named in ("api.own", "10,240 bytes", "x-maxResponse", "--max-response"):
        assert named in text_of(result)


def test_bytes_are_bounded_too(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(body=bytes(80 * KIB + 1)))
    result = call_tool(served.url("mcp"), "bytes")
    assert result.is_error
    assert "81,920 bytes" in text_of(result)


def test_the_answer_of_a_token_endpoint_is_bounded(served: Served, upstream: Upstream) -> None:
    token = {"access_token": "t", "token_type": "bearer", "padding": "x" * 80 * KIB}

    def answer(received: Received) -> Answer:
        return Answer(body=json.dumps(token).encode()) if received.path == "/token" else Answer()

    upstream.answers(answer)
    found = problem(httpx.get(f"{served.url('rest')}/tokens"), 502)
    assert "81,920 bytes" in found["detail"]
    assert "access token" in found["detail"]
    token["padding"] = ""
    assert httpx.get(f"{served.url('rest')}/tokens").json() == {"ok": True}


def test_a_size_that_is_none_is_a_diagnostic_with_its_place(tmp_path: Path) -> None:
    document = written(tmp_path, DOCUMENT.replace("x-maxResponse: 20KiB", "x-maxResponse: much"))
    (found,) = [each for each in load_document(document).diagnostics if each.code == "bad-size"]
    assert "`much` is not a size" in found.message
    assert document.read_text().splitlines()[found.line - 1].strip() == "x-maxResponse: much"


@pytest.mark.parametrize(
    ("size", "limit"),
    [("1KB", 1000), ("500kb", 500_000), ("10MB", 10_000_000), ("512", 512), ("1.5KiB", 1536), ("much", 1024)],
)
def test_a_document_writes_sizes_as_the_option_does(tmp_path: Path, size: str, limit: int) -> None:
    document = load_document(
        written(tmp_path, DOCUMENT.replace("x-maxResponse: 20KiB", f"x-maxResponse: {size}"))
    )
    sizes = [
        each.max_response
        for entry in document.document.consumes
        for resource in entry.resources
        for each in resource.operations
    ]
    assert limit in sizes
    assert any(each.code == "bad-size" for each in document.diagnostics) == (size == "much")


def test_an_option_that_is_no_size_is_refused(tmp_path: Path) -> None:
    done = run(written(tmp_path, DOCUMENT), "--max-response", "much")
    assert done.returncode == 2
    assert "--max-response: `much` is not a size" in done.stderr
