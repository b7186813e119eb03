"""``--sandbox``: everything answers with no network and no credentials, and nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from naftiko_run import Settings
from support.documents import CREDENTIALS, PIPELINES, written
from support.mcp_client import ERAS, call_tool, text_of
from support.server import serving
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
    - path: /things/{id}/summary
      operations:
      - method: GET
        name: summary
        call: keyed.get-thing
        outputParameters:
        - {name: title, type: string, mapping: $.title}
        - {name: price, type: number, mapping: $.offer.price}
"""


@pytest.mark.parametrize("environment", [{}, CREDENTIALS], ids=["without variables", "with real variables"])
def test_a_rest_call_shows_what_would_be_sent(environment: Mapping[str, str]) -> None:
    with serving(PIPELINES, settings=Settings(sandbox=True, environment=environment)) as served:
        answer = httpx.post(served.url("rest") + "/v1/track", json={"event": "signup"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    shown: dict[str, Any] = answer.json()["sandbox"]
    assert shown == {"operation": "pipelines-track.trackevent", "wouldSend": WOULD_SEND}


@pytest.mark.parametrize("environment", [{}, CREDENTIALS], ids=["without variables", "with real variables"])
@pytest.mark.parametrize("mode", ERAS)
def test_an_mcp_call_shows_what_would_be_sent(mode: str, environment: Mapping[str, str]) -> None:
    with serving(PIPELINES, settings=Settings(sandbox=True, environment=environment)) as served:
        result = call_tool(served.url("mcp"), "track-event", {"body": {"event": "signup"}}, mode)
    assert not result.is_error
    assert isinstance(result.structured_content, dict)
    assert result.structured_content["sandbox"]["wouldSend"] == WOULD_SEND
    assert "https://cdp.customer.io/v1/track" in text_of(result)


def test_nothing_is_sent(upstream: Upstream) -> None:
    settings = Settings({"pipelines-track": f"{upstream.url}/v1"}, sandbox=True, environment=CREDENTIALS)
    with serving(PIPELINES, settings=settings) as served:
        answer = httpx.post(served.url("rest") + "/v1/track", json={})
    assert answer.json()["sandbox"]["wouldSend"]["url"] == f"{upstream.url}/v1/track"
    assert upstream.received == []


def test_bad_input_is_refused_as_it_would_be(upstream: Upstream) -> None:
    with serving(PIPELINES, settings=Settings(sandbox=True, environment={})) as served:
        found = problem(httpx.post(served.url("rest") + "/v1/track", json=[1]), 400)
    assert found["violations"][0]["pointer"] == "/body"
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


@pytest.mark.parametrize("path", ["/things/7", "/things/7/summary"])
def test_a_required_parameter_of_the_consumed_operation_is_checked(tmp_path: Path, path: str) -> None:
    with serving(written(tmp_path, KEYS), settings=Settings(sandbox=True, environment={})) as served:
        answer = httpx.get(served.url("rest") + path)
    assert answer.status_code == 400
    assert "version" in answer.text
