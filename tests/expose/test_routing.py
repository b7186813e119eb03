"""Which route answers: literal segments before mixed ones before variables, from the left."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run import Capability, Settings, load
from naftiko_run.expose import Adapter, HostGuard, Router
from naftiko_run.expose.exposer import Endpoint
from naftiko_run.expressions import parse_path
from support.asgi_client import answering, get
from support.documents import CREDENTIALS, PIPELINES
from support.server import Served, serving
from support.wire import problem, send_raw

DECLARED = st.lists(
    st.sampled_from(["a", "b", "{}", "{x}", "p{x}", "{x}s", "p{x}s"]), min_size=1, max_size=4
).map(lambda segments: "".join(f"/{each.replace('x', f'x{place}')}" for place, each in enumerate(segments)))
ASKED = st.lists(
    st.sampled_from(["a", "b", "c", "%61", "{}", "pa", "as", "pas", "ps"]), min_size=1, max_size=4
).map(lambda segments: "".join(f"/{each}" for each in segments))
_VARIABLE = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def capability() -> Capability:
    return load(PIPELINES, Settings(environment=CREDENTIALS))


@given(declared=st.lists(DECLARED, max_size=12, unique_by=lambda path: _VARIABLE.sub("*", path)), path=ASKED)
def test_the_most_literal_route_answers(capability: Capability, declared: list[str], path: str) -> None:
    endpoints = tuple(Endpoint(parse_path(each), answering(each), "GET") for each in declared)
    router = Router([Adapter("rest", "r", capability, "", endpoints, ())], HostGuard("0.0.0.0"))  # noqa: S104
    plain = path.replace("%61", "a")
    fitting = [each for each in declared if matches(each, plain)]
    expected = (200, min(fitting, key=weight).encode()) if fitting else (404, None)
    assert answered(router, path) == expected


def matches(declared: str, path: str) -> bool:
    return re.fullmatch(_VARIABLE.sub("[^/]+", declared), path) is not None


def weight(declared: str) -> list[tuple[bool, int]]:
    return [
        (_VARIABLE.search(segment) is not None, -len(_VARIABLE.sub("", segment)))
        for segment in declared.removeprefix("/").split("/")
    ]


def answered(router: Router, path: str) -> tuple[int, bytes | None]:
    """Give the status, and which route answered."""
    answer = get(router, path)
    return answer.status_code, answer.content if answer.status_code == 200 else None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Served]:
    with serving(PIPELINES, settings=Settings(sandbox=True, environment={})) as served:
        yield served


@pytest.mark.parametrize("name", [pytest.param("Host", marks=pytest.mark.own_server), "Origin"])
def test_of_two_names_each_must_be_expected(sandbox: Served, name: str) -> None:
    good, evil = (
        ("localhost", "evil.example") if name == "Host" else ("http://localhost", "http://evil.example")
    )

    def asking(*values: str) -> httpx.Response:
        fields = [(name, each) for each in values]
        lines = "".join(f"{key}: {each}\r\n" for key, each in (*fields, *host))
        return send_raw(
            sandbox.url("rest"), f"GET /nowhere HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode()
        )

    host = [] if name == "Host" else [("Host", "localhost")]
    refused = 421 if name == "Host" else 403
    for _ in range(2):
        problem(asking(good), 404)
        problem(asking(good, evil), 400 if name == "Host" else refused)
        problem(asking(evil), refused)
