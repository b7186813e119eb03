"""Answers of tools with an ``outputSchema``: no official client throws one away, whatever the upstream says."""

import json
from pathlib import Path

import pytest

from clients.test_typescript import ran
from naftiko_run import Settings
from support.documents import written
from support.server import serving
from support.upstream import JSON, Answer, Received, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://api.example
    resources:
    - path: /things
      operations:
      - {name: look, method: POST, inputParameters: [{name: given, in: body}]}
  exposes:
  - type: mcp
    namespace: m
    tools:
    - name: object
      description: Look
      call: api.look
      outputParameters:
      - type: object
        properties: {id: {type: integer, mapping: $.given}, status: {type: string, mapping: $.status}}
    - name: list
      description: Look
      call: api.look
      outputParameters: [{type: array, mapping: $.given, items: {type: number, mapping: $}}]
    - name: number
      description: Look
      call: api.look
      outputParameters: [{type: number, mapping: $.given}]
"""


def answer(request: Received) -> Answer:
    """Give back what was given, but for what asks for something else."""
    given = request.json.get("given") if request.body else None
    if given == "nothing":
        return Answer(204, b"")
    if given == "error":
        return Answer(410, json.dumps({"why": "gone"}).encode(), JSON)
    return Answer(200, request.body or b"{}", JSON)


@pytest.mark.timeout(300)
def test_no_answer_is_lost_to_a_client_that_checks_it(tmp_path: Path, upstream: Upstream) -> None:
    installed = ran("npm", "install", "--no-save")
    assert installed.returncode == 0, installed.stderr
    upstream.answers(answer)
    settings = Settings({"api": upstream.url}, environment={})
    with serving(written(tmp_path, DOCUMENT), settings=settings) as served:
        tested = ran(
            "node", "--test", "--test-reporter=spec", "answers.test.js", MCP_ANSWERS=served.url("mcp")
        )
    assert tested.returncode == 0, tested.stdout + tested.stderr
