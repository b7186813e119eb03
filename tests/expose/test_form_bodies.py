"""An operation that sends a form takes one over REST, unless a page of another origin may have sent it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: up
    baseUri: ORIGIN
    resources:
    - path: /fields
      operations:
      - name: fields
        method: POST
        body: {type: formUrlEncoded}
        inputParameters:
        - {name: a, in: body, type: integer}
        - {name: l, in: body, type: array}
        - {name: b, in: body}
    - {path: /any, operations: [{name: any, method: POST, body: {type: formUrlEncoded}}]}
    - {path: /json, operations: [{name: json, method: POST}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {path: /fields, operations: [{method: POST, call: up.fields}]}
    - {path: /any, operations: [{method: POST, call: up.any, inputParameters: [{name: x, in: body}, {name: y, in: body}]}]}
    - {path: /json, operations: [{method: POST, call: up.json}]}
"""
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("forms"), DOCUMENT.replace("ORIGIN", shared_upstream.url))
    with serving(document, settings=Settings(environment={})) as served:
        yield served


def post(served: Served, path: str, body: str, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{served.url('rest')}{path}", content=body.encode(), headers={"content-type": FORM, **headers}
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fields", "a=1&l=x&l=y+z&b=%C3%A9"),
        ("/fields", "b="),
        ("/fields", "l=x"),
        ("/any", "x=1&y=2"),
        ("/fields", f"b={'x' * 90_000}"),
    ],
)
def test_a_form_is_sent_as_a_form(served: Served, upstream: Upstream, path: str, body: str) -> None:
    answer = post(served, path, body)
    assert answer.status_code == 200, answer.text
    assert upstream.only.body.decode() == body
    assert upstream.only.header("content-type") == FORM


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/fields", "a=one", 400),
        ("/fields", "a=1&a=2", 400),
        ("/fields", "b=%FF", 400),
        ("/fields", "&".join(["b=1"] * 20_000), 400),
        ("/json", "a=1", 415),
    ],
)
def test_a_form_that_does_not_fit_is_refused(
    served: Served, upstream: Upstream, path: str, body: str, status: int
) -> None:
    problem(post(served, path, body), status)
    assert not upstream.received


def test_a_form_of_a_page_is_refused(served: Served, upstream: Upstream) -> None:
    problem(post(served, "/fields", "a=1", origin="https://evil.example"), 403)
    document = problem(post(served, "/fields", "a=1", origin=served.url("rest")), 415)
    assert "a page of any origin can send" in document["detail"]
    assert not upstream.received
