"""Routes of one path that a static query, or a header, tells apart: each answers its own requests and no others."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run import Settings
from naftiko_run.capability.inventory import inventory
from naftiko_run.expose import Adapter, HostGuard, Router
from naftiko_run.expose.exposer import Endpoint
from naftiko_run.expressions import parse_path, parse_route
from support.asgi_client import answering, get
from support.documents import written
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Blobs}
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: https://blobs.example
    resources:
    - {path: '/{container}/{blob}', operations: [{name: put-blob, method: PUT}]}
    - {path: '/{container}/{blob}?comp=metadata', operations: [{name: set-metadata, method: PUT}]}
    - {path: '/?Action=RunInstances', operations: [{name: run, method: POST}]}
    - {path: '/?Action=TerminateInstances', operations: [{name: terminate, method: POST}]}
    - {path: '/#X-Amz-Target=Svc.List', operations: [{name: list-all, method: POST}]}
    - {path: '/#X-Amz-Target=Svc.Drop', operations: [{name: drop-all, method: POST}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {path: '/{container}/{blob}', operations: [{method: PUT, call: up.put-blob}]}
    - {path: '/{box}/{thing}?comp=metadata', operations: [{method: PUT, call: up.set-metadata, with: {container: rest.box, blob: rest.thing}}]}
    - {path: '/v1/?Action=RunInstances', operations: [{method: POST, call: up.run}]}
    - {path: '/v1/?Action=TerminateInstances', operations: [{method: POST, call: up.terminate}]}
    - {path: '/v2/#X-Amz-Target=Svc.List', operations: [{method: POST, call: up.list-all}]}
    - {path: '/v2/#X-Amz-Target=Svc.Drop', operations: [{method: POST, call: up.drop-all}]}
    - {path: '/lone/{x}?only=1', operations: [{method: GET, call: up.run}]}
  - type: mcp
    namespace: m
    tools:
    - {name: set-metadata, description: Sets it, call: up.set-metadata}
"""


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("blobs"), DOCUMENT)
    with serving(document, settings=Settings({"up": shared_upstream.url}, environment={})) as served:
        yield served


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/c/b", "/c/b"),
        ("/c/b?comp=metadata", "/c/b?comp=metadata"),
        ("/c/b?x=1&comp=metadata", "/c/b?comp=metadata"),
        ("/c/b?comp=lease", "/c/b"),
        ("/c/b?comp=metadata%20", "/c/b"),
        ("/v1/d?comp=metadata", "/v1/d?comp=metadata"),
    ],
)
def test_the_route_with_the_query_answers_and_the_one_without_is_the_fallback(
    served: Served, upstream: Upstream, path: str, target: str
) -> None:
    assert httpx.put(f"{served.url('rest')}{path}").status_code == 200
    assert upstream.only.target == target


@pytest.mark.parametrize("action", ["RunInstances", "TerminateInstances"])
def test_an_action_reaches_its_own_operation(served: Served, upstream: Upstream, action: str) -> None:
    assert httpx.post(f"{served.url('rest')}/v1/?Action={action}").status_code == 200
    assert upstream.only.target == f"/?Action={action}"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?Action=Other",
        "?action=RunInstances",
        "?Action=RunInstances2",
        "?Action=TerminateInstances&Action=RunInstances",
    ],
)
def test_a_request_of_none_of_them_is_answered_by_none(
    served: Served, upstream: Upstream, query: str
) -> None:
    refused = problem(httpx.post(f"{served.url('rest')}/v1{query}"), 404)
    assert "?Action=RunInstances" in refused["detail"]
    assert "?Action=TerminateInstances" in refused["detail"]
    problem(httpx.get(f"{served.url('rest')}/lone/1"), 404)
    assert not upstream.received


@pytest.mark.parametrize("target", ["Svc.List", "Svc.Drop"])
def test_a_fragment_that_names_a_header_is_told_by_the_header(
    served: Served, upstream: Upstream, target: str
) -> None:
    problem(httpx.post(f"{served.url('rest')}/v2/"), 404)
    answer = httpx.post(f"{served.url('rest')}/v2/", headers={"X-Amz-Target": target})
    assert answer.status_code == 200
    assert upstream.only.header("x-amz-target") == target


def test_other_methods_are_told_as_everywhere(served: Served) -> None:
    refused = httpx.get(f"{served.url('rest')}/v1/?Action=RunInstances")
    problem(refused, 405)
    assert refused.headers["allow"] == "OPTIONS, POST"
    assert httpx.head(f"{served.url('rest')}/lone/1?only=1").status_code == 200
    assert httpx.head(f"{served.url('rest')}/lone/1").status_code == 404


def test_a_tool_sends_the_query_of_its_operation(served: Served, upstream: Upstream) -> None:
    call_tool(served.url("mcp"), "set-metadata", {"container": "c", "blob": "b"})
    assert upstream.only.target == "/c/b?comp=metadata"


def test_routes_are_listed_with_their_query(served: Served) -> None:
    told = inventory(served.capabilities[0])
    names = [each["name"] for each in told["exposes"][0]["units"]]
    assert names[:4] == [
        "PUT /{container}/{blob}",
        "PUT /{box}/{thing}?comp=metadata",
        "POST /v1/?Action=RunInstances",
        "POST /v1/?Action=TerminateInstances",
    ]


_QUERIES = st.sets(st.sampled_from(["a=1", "a=2", "b=1", "b", "c=%20"]), max_size=3).map(sorted).map("&".join)


def fits(declared: set[str], pairs: set[str]) -> bool:
    """Return whether a query has the declared pairs, and no other values of their names."""
    names = {each.partition("=")[0] for each in declared}
    return declared == {each for each in pairs if each.partition("=")[0] in names}


@given(declared=st.lists(_QUERIES, max_size=6, unique=True), query=_QUERIES)
def test_the_route_with_most_of_the_query_answers(declared: list[str], query: str) -> None:
    endpoints = tuple(
        Endpoint(
            parse_path("/x"), answering(f"/x?{each}"), "GET", selectors=parse_route(f"/x?{each}").selectors
        )
        for each in declared
    )
    router = Router([Adapter("rest", "r", None, "", endpoints, ())], HostGuard("0.0.0.0"))  # noqa: S104
    pairs = set(query.split("&")) - {""}
    fitting = [each for each in declared if fits(set(each.split("&")) - {""}, pairs)]
    answer = get(router, f"/x?{query}")
    if not fitting:
        assert answer.status_code == 404
        return
    most = max(len(set(each.split("&")) - {""}) for each in fitting)
    best = [each for each in fitting if len(set(each.split("&")) - {""}) == most]
    assert answer.text == f"/x?{best[0]}"
