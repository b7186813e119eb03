"""What callers see of a step that failed, over REST and over MCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.mcp_client import ERAS, call_tool, text_of
from support.server import Served, serving
from support.upstream import Answer, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - {{path: /one, operations: [{{name: one, method: GET}}]}}
    - {{path: /two, operations: [{{name: two, method: GET}}]}}
  aggregates:
  - label: A
    namespace: a
    functions:
    - name: both
      description: Both
      steps:
      - {{type: call, name: first, call: api.one}}
      - {{type: call, name: second, call: api.two, with: {{x: $.first.x}}}}
      mappings: [{{targetName: x, value: $.second.x}}]
  exposes:
  - {{type: rest, namespace: r, resources: [{{path: /both, operations: [{{method: GET, ref: a.both}}]}}]}}
  - {{type: mcp, namespace: m, tools: [{{ref: a.both}}]}}
"""
REFUSAL = (("content-type", "application/json"), ("retry-after", "3"))


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    file = tmp_path / "both.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    refused = Answer(429, b'{"why": "slow down"}', REFUSAL)
    upstream.answers(lambda request: refused if request.path == "/two" else Answer(body=b'{"x": 1}'))
    with serving(file, settings=Settings()) as served:
        yield served


def test_over_rest_it_is_a_problem_with_the_upstreams_status(served: Served) -> None:
    answer = httpx.get(f"{served.origin('rest')}/both")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "3"
    assert answer.json() == {
        "type": "urn:naftiko:problem:step-failed",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "the step `second` failed: api.two answered 429 Too Many Requests",
        "step": "second",
        "upstream": {
            "operation": "api.two",
            "status": 429,
            "body": {"why": "slow down"},
            "retryAfter": "3",
        },
    }


@pytest.mark.parametrize("mode", ERAS)
def test_over_mcp_it_is_an_error_that_names_the_step(served: Served, mode: str) -> None:
    result = call_tool(served.url("mcp"), "both", {}, mode)
    assert result.is_error
    text = text_of(result)
    assert text.startswith("the step `second` failed: api.two answered 429 Too Many Requests")
    assert '{"why":"slow down"}' in text
    assert result.structured_content is not None
    assert result.structured_content["upstream"]["retryAfter"] == "3"
    assert result.structured_content["upstream"]["body"] == {"why": "slow down"}


def test_the_location_of_a_redirected_step_is_shown(served: Served, upstream: Upstream) -> None:
    upstream.answers(lambda _: Answer(307, b"", (("location", "/moved"),)))
    moved = f"{upstream.url}/moved"
    answer = httpx.get(f"{served.origin('rest')}/both")
    assert answer.status_code == 502
    assert answer.json()["upstream"]["location"] == moved
    detail = f"the step `first` failed: api.one answered 307 Temporary Redirect; Location: {moved}"
    assert answer.json()["detail"] == detail
    result = call_tool(served.url("mcp"), "both")
    assert text_of(result).startswith(detail)
    assert result.structured_content is not None
    assert result.structured_content["upstream"]["location"] == moved


def test_a_tool_without_a_name_has_its_functions(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(body=b'{"x": 5}'))
    assert call_tool(served.url("mcp"), "both").structured_content == {"x": 5}
