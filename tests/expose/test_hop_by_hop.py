"""Headers that are between two neighbours only: they go no further, in either direction."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.server import Served, serving
from support.upstream import Answer, Upstream

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: 'http://127.0.0.1:1'
    resources:
    - path: /items
      operations:
      - {name: list, method: GET, inputParameters: [{name: X-Own, in: header}, {name: X-Other, in: header}, {name: TE, in: header}]}
  exposes:
  - type: rest
    namespace: rest
    resources:
    - path: /items
      operations:
      - method: GET
        call: up.list
        inputParameters: [{name: X-Own, in: header}, {name: X-Other, in: header}, {name: TE, in: header}]
    - path: '/all/{path}'
      forward: {targetNamespace: up, trustedHeaders: [X-Own, X-Other, TE, Keep-Alive, Proxy-Connection, Upgrade, Connection]}
"""
OPTIONS = ("X-Own", "x-own, close", "close , X-OWN", "keep-alive,x-own")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_upstream: Upstream) -> Iterator[Served]:
    settings = Settings({"up": shared_upstream.url}, environment={})
    with serving(written(tmp_path_factory.mktemp("hops"), DOCUMENT), settings=settings) as found:
        yield found


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("path", ["/items", "/all/items"])
def test_what_a_caller_names_in_connection_is_not_passed_on(
    served: Served, upstream: Upstream, path: str, options: str
) -> None:
    upstream.answers_json([])
    headers = {"Connection": options, "X-Own": "mine", "X-Other": "theirs"}
    assert httpx.get(served.url("rest") + path, headers=headers).status_code == 200
    assert upstream.only.header("x-own") == ""
    assert upstream.only.header("x-other") == "theirs"
    assert upstream.only.header("connection") in ("keep-alive", "")


@pytest.mark.parametrize("path", ["/items", "/all/items"])
def test_what_is_always_between_neighbours_is_not_passed_on(
    served: Served, upstream: Upstream, path: str
) -> None:
    upstream.answers_json([])
    between = {
        "TE": "trailers",
        "Keep-Alive": "timeout=5",
        "Proxy-Connection": "keep-alive",
        "Upgrade": "h2c",
    }
    assert httpx.get(served.url("rest") + path, headers=between).status_code == 200
    assert not {name.lower() for name in between} & {name for name, _ in upstream.only.headers}


@pytest.mark.parametrize("options", OPTIONS)
def test_what_an_upstream_names_in_connection_is_not_passed_back(
    served: Served, upstream: Upstream, options: str
) -> None:
    headers = (("Connection", options), ("X-Own", "mine"), ("X-Other", "theirs"), ("Keep-Alive", "timeout=5"))
    upstream.answers(Answer(200, b"whole", headers))
    answer = httpx.get(served.url("rest") + "/all/items")
    assert answer.content == b"whole"
    assert answer.headers["x-other"] == "theirs"
    assert "x-own" not in answer.headers
    assert "keep-alive" not in answer.headers


def test_an_operation_does_not_pass_back_what_an_upstream_names_in_connection(
    served: Served, upstream: Upstream
) -> None:
    upstream.answers(Answer(200, b"[]", (("Connection", "etag"), ("ETag", '"1"'), ("X-Request-Id", "r-1"))))
    answer = httpx.get(served.url("rest") + "/items")
    assert "etag" not in answer.headers
    assert answer.headers["x-request-id"] == "r-1"


def test_connection_cannot_take_away_where_a_body_ends(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(200, b"whole", (("Connection", "content-length, content-type"),)))
    answer = httpx.get(served.url("rest") + "/all/items")
    assert answer.content == b"whole"
    assert answer.headers["content-length"] == "5"


@pytest.mark.parametrize("status", [600, 700, 999])
@pytest.mark.parametrize("path", ["/items", "/all/items"])
def test_a_status_that_http_does_not_have_is_a_502(
    served: Served, upstream: Upstream, path: str, status: int
) -> None:
    upstream.answers(Answer(status, b"{}"))
    answer = httpx.get(served.url("rest") + path)
    assert answer.status_code == 502
    assert str(status) in answer.json()["detail"]


@pytest.mark.parametrize("status", [0, 42, 99, 101, 199])
@pytest.mark.parametrize("path", ["/items", "/all/items"])
def test_a_status_that_ends_nothing_is_a_502(
    served: Served, upstream: Upstream, path: str, status: int
) -> None:
    upstream.answers(Answer(status, b"{}", cut_after=2))
    answer = httpx.get(served.url("rest") + path)
    assert answer.status_code == 502
    assert answer.json()["type"] == "urn:naftiko:problem:upstream-unreachable"
