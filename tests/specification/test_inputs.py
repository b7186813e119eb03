"""Input parameters at every level, in every place: what callers may give, and what the upstream gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from naftiko_run import Settings
from support.server import Served, serving
from support.upstream import Upstream

DOCUMENT = """
ikanos: 1.0.0-beta5
binds:
- {{namespace: env, keys: {{TONE: TONE}}}}
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}/v1
    inputParameters:
      X-Client: {{in: header, value: abc}}
      lang: {{in: query, value: en}}
    resources:
      things:
        path: /things/{{id}}/{{kind}}
        inputParameters:
          kind: {{in: path, value: "{{{{colour}}}} round"}}
          X-Of: {{in: header, value: "thing {{{{id}}}}"}}
          session: {{in: cookie}}
        operations:
          get:
            method: GET
            inputParameters:
              id: {{in: path}}
              colour: {{in: query}}
              tags: {{in: query}}
              HARBOUR: {{in: environment}}
              X-Harbour: {{in: header, value: "{{{{HARBOUR}}}}"}}
              theme: {{in: cookie, value: "dark+blue/=="}}
          put:
            method: PUT
            inputParameters:
              id: {{in: path}}
              colour: {{in: query, value: red}}
              size: {{in: body}}
              name: {{in: body}}
              grade: {{in: body}}
              label: {{in: body, value: "{{{{name}}}} in {{{{colour}}}}"}}
  exposes:
  - type: rest
    namespace: r
    inputParameters:
      X-Trace: {{in: header, type: string, description: Who asks, required: true}}
    resources:
      thing:
        path: /t/{{id}}
        inputParameters:
          id: {{in: path, type: string, pattern: "^[a-z]+$", description: Which thing}}
        operations:
          get:
            method: GET
            call: api.get
            inputParameters:
              tags: {{in: query, type: array, description: Some tags}}
              count: {{in: query, type: integer, description: How many}}
              colour: {{in: query, type: string, description: Its colour, value: "{{{{TONE}}}} green"}}
              session: {{in: cookie, type: string, description: Whose session}}
          put:
            method: PUT
            call: api.put
            inputParameters:
              size: {{in: body, type: number, description: How large, value: $.measures.size}}
              name: {{in: body, type: string, description: Its name, required: true}}
              grade: {{in: body, type: integer, description: How good, value: "5"}}
"""
TRACE = {"X-Trace": "z"}


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    file = tmp_path / "inputs.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings(environment={"HARBOUR": "Oslo", "TONE": "pale"})) as served:
        yield served


def ask(served: Served, method: str, target: str, **more: Any) -> httpx.Response:
    return httpx.request(method, served.origin("rest") + target, **more)


def test_parameters_of_every_level_go_where_they_say(served: Served, upstream: Upstream) -> None:
    headers = {**TRACE, "Cookie": "session=s-1"}
    assert ask(served, "GET", "/t/ab?tags=x&tags=y%20z", headers=headers).status_code == 200
    request = upstream.only
    assert (
        request.target == "/v1/things/ab/pale%20green%20round?lang=en&colour=pale%20green&tags=x&tags=y%20z"
    )
    assert request.header("x-client") == "abc"
    assert request.header("x-of") == "thing ab"
    assert request.header("x-harbour") == "Oslo"
    assert request.header("cookie") == "session=s-1; theme=dark+blue/=="


def test_a_fixed_input_is_not_the_callers_to_change(served: Served, upstream: Upstream) -> None:
    ask(served, "GET", "/t/ab?colour=pink&lang=no&HARBOUR=Rome", headers=TRACE)
    assert upstream.only.target == "/v1/things/ab/pale%20green%20round?lang=en&colour=pale%20green"
    assert upstream.only.header("x-harbour") == "Oslo"


def test_fixed_inputs_have_their_types_and_may_be_templates(served: Served, upstream: Upstream) -> None:
    ask(served, "PUT", "/t/ab", headers=TRACE, json={"name": "Ann", "grade": 1, "label": "mine"})
    assert upstream.only.json == {"name": "Ann", "grade": 5, "label": "Ann in red"}


def test_an_input_may_be_anywhere_in_the_body(served: Served, upstream: Upstream) -> None:
    body = {"measures": {"size": 2.5}, "name": "Ann"}
    assert ask(served, "PUT", "/t/ab", headers=TRACE, json=body).status_code == 200
    assert upstream.only.target == "/v1/things/ab/red%20round?lang=en&colour=red"
    assert upstream.only.json == {"size": 2.5, "name": "Ann", "grade": 5, "label": "Ann in red"}


@pytest.mark.parametrize(
    ("target", "more", "violation"),
    [
        ("GET /t/AB", {"headers": TRACE}, ("/id", "must match the pattern ^[a-z]+$")),
        ("GET /t/ab", {}, ("/X-Trace", "is required")),
        ("GET /t/ab?count=many", {"headers": TRACE}, ("/count", "must be an integer, not text")),
        ("PUT /t/ab", {"headers": TRACE, "json": {}}, ("/name", "is required")),
        ("PUT /t/ab", {"headers": TRACE, "json": {"name": 5}}, ("/name", "must be text, not an integer")),
        ("PUT /t/ab", {"headers": TRACE, "json": {"name": "a", "measures": {"size": "x"}}}, ("/size", "must be a number, not text")),
    ],
)  # fmt: skip
def test_what_the_declaration_forbids_is_refused_and_not_sent(
    served: Served,
    upstream: Upstream,
    target: str,
    more: dict[str, Any],
    violation: tuple[str, str],
) -> None:
    method, _, path = target.partition(" ")
    answer = ask(served, method, path, **more)
    assert answer.status_code == 400
    assert answer.json()["violations"] == [{"pointer": violation[0], "message": violation[1]}]
    assert upstream.received == []


def test_descriptions_are_told_with_the_inputs(served: Served) -> None:
    (capability,) = served.capabilities
    schema = capability.function("r.get").input_schema
    assert schema["properties"]["id"] == {
        "type": "string",
        "description": "Which thing",
        "pattern": "^[a-z]+$",
    }
    assert schema["properties"]["session"] == {"type": "string", "description": "Whose session"}
    assert "colour" not in schema["properties"]
