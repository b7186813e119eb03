"""``--sandbox``: everything answers with no network and no credentials, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from naftiko_run import Settings
from support.documents import CREDENTIALS, PIPELINES, written
from support.mcp_client import ERAS, call_tool, text_of
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

WOULD_SEND = {
    "method": "POST",
    "url": "https://cdp.customer.io/v1/track",
    "headers": {"Content-Type": "application/json", "Authorization": "Basic ***"},
    "body": {"event": "signup"},
}

KEYS = """\
naftiko: 1.0.0-alpha2
info: {label: Keys}
binds:
- namespace: env
  keys: {API_KEY: API_KEY, REGION: REGION}
capability:
  consumes:
  - type: http
    namespace: keyed
    baseUri: https://{{REGION}}.keyed.example/{{API_KEY}}
    authentication:
      type: apikey
      key: api_key
      value: '{{API_KEY}}'
      placement: query
    resources:
    - path: /things/{id}
      operations:
      - name: get-thing
        method: GET
        inputParameters:
        - {name: X-Key, in: header, value: '{{API_KEY}}'}
        - {name: version, in: query, type: string, required: true}
        outputParameters:
        - {name: title, type: string, value: $.title}
        - {name: price, type: number, value: $.offer.price}
  exposes:
  - type: rest
    namespace: keyed-rest
    resources:
    - path: /things/{id}
      operations:
      - {method: GET, name: get-thing, call: keyed.get-thing}
    - path: /loose/{id}
      operations:
      - method: GET
        name: loose
        call: keyed.get-thing
        inputParameters:
        - {name: version, in: query, type: string, required: false}
    - path: /things/{id}/summary
      operations:
      - method: GET
        name: summary
        call: keyed.get-thing
        outputParameters:
        - {name: title, type: string, mapping: $.title}
        - {name: price, type: number, mapping: $.offer.price}
"""


@pytest.fixture(scope="module", params=[{}, CREDENTIALS], ids=["without variables", "with real variables"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The first document in the sandbox."""
    with serving(PIPELINES, settings=Settings(sandbox=True, environment=request.param)) as served:
        yield served


def test_a_rest_call_shows_what_would_be_sent(sandbox: Served) -> None:
    answer = httpx.post(sandbox.url("rest") + "/v1/track", json={"event": "signup"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    shown: dict[str, Any] = answer.json()["sandbox"]
    assert shown == {"operation": "pipelines-track.trackevent", "wouldSend": WOULD_SEND}


@pytest.mark.parametrize("mode", ERAS)
def test_an_mcp_call_shows_what_would_be_sent(sandbox: Served, mode: str) -> None:
    result = call_tool(sandbox.url("mcp"), "track-event", {"body": {"event": "signup"}}, mode)
    assert not result.is_error
    assert isinstance(result.structured_content, dict)
    assert result.structured_content["sandbox"]["wouldSend"] == WOULD_SEND
    assert "https://cdp.customer.io/v1/track" in text_of(result)


def test_bad_input_is_refused_as_it_would_be(sandbox: Served) -> None:
    found = problem(httpx.post(sandbox.url("rest") + "/v1/track", json=[1]), 400)
    assert found["violations"][0]["pointer"] == "/body"


def test_nothing_is_sent(upstream: Upstream) -> None:
    settings = Settings({"pipelines-track": f"{upstream.url}/v1"}, sandbox=True, environment=CREDENTIALS)
    with serving(PIPELINES, settings=settings) as served:
        answer = httpx.post(served.url("rest") + "/v1/track", json={})
    assert answer.json()["sandbox"]["wouldSend"]["url"] == f"{upstream.url}/v1/track"
    assert upstream.received == []


@pytest.mark.parametrize("environment", [{}, {"API_KEY": "s3cret-key", "REGION": "eu"}])
def test_secrets_are_masked_wherever_they_stand(tmp_path: Path, environment: Mapping[str, str]) -> None:
    settings = Settings(sandbox=True, environment=environment)
    with serving(written(tmp_path, KEYS), settings=settings) as served:
        answer = httpx.get(served.url("rest") + "/things/7?version=2")
    shown = answer.json()["sandbox"]["wouldSend"]
    region = environment.get("REGION", "region")
    assert shown["url"] == f"https://{region}.keyed.example/***/things/7?version=2&api_key=***"
    assert shown["headers"]["X-Key"] == "***"
    assert "s3cret" not in answer.text


def test_the_answer_has_what_the_operations_outputs_name(tmp_path: Path) -> None:
    with serving(written(tmp_path, KEYS), settings=Settings(sandbox=True, environment={})) as served:
        summary = httpx.get(served.url("rest") + "/things/7/summary?version=2").json()
    assert isinstance(summary["title"], str)
    assert isinstance(summary["price"], int | float)


def test_what_the_consumed_operation_requires_is_checked(tmp_path: Path) -> None:
    with serving(written(tmp_path, KEYS), settings=Settings(sandbox=True, environment={})) as served:
        refused = problem(httpx.get(served.url("rest") + "/things/7"), 400)
        let_through = httpx.get(served.url("rest") + "/loose/7")
    assert refused["violations"] == [{"pointer": "/version", "message": "is required"}]
    assert let_through.status_code == 400
    assert let_through.json()["sandbox"]["problems"] == ["the query parameter `version` is required"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("s3cr3t-without-scheme", "***"),
        ("Bearer s3cr3t", "Bearer ***"),
        ("Token s3cr3t s3cr3t", "Token ***"),
    ],
)
@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization"])
def test_a_callers_credential_is_masked_with_and_without_a_scheme(
    tmp_path: Path, name: str, sent: str, shown: str
) -> None:
    document = f"""\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: https://up.example
    resources: [{{path: /x, operations: [{{name: get, method: GET, inputParameters: [{{name: {name}, in: header}}]}}]}}]
  exposes:
  - type: rest
    namespace: rest
    resources:
    - {{path: /x, operations: [{{method: GET, call: up.get, inputParameters: [{{name: {name}, in: header}}]}}]}}
    - {{path: '/all/{{path}}', forward: {{targetNamespace: up, trustedHeaders: [{name}]}}}}
"""
    paths = ["/x"] if name.startswith("Proxy") else ["/x", "/all/x"]
    with serving(written(tmp_path, document), settings=Settings(sandbox=True, environment={})) as served:
        for path in paths:
            answer = httpx.get(served.url("rest") + path, headers={name: sent})
            assert (
                answer.json()["sandbox"]["wouldSend"]["headers"][name if path == "/x" else name.lower()]
                == shown
            )
            assert "s3cr3t" not in answer.text
