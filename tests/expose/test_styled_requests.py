"""Parameters of a REST request are read in their style: what a client sends arrives upstream in the same form."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from naftiko_run import Settings
from naftiko_run.consume.parameter_styles import cookie_writer, header_writer, path_writer, query_writer
from naftiko_run.document.model import Style
from naftiko_run.expressions import path_fault
from support.documents import written
from support.server import serving
from support.upstream import Upstream
from support.wire import problem, send_raw

Case = tuple[str, str, bool | None, str]
"""Location, style, ``explode`` and type."""

STYLES: list[tuple[str, str, bool | None]] = [
    *itertools.product(["path"], ["", "simple", "label", "matrix"], [None, False, True]),
    *itertools.product(["query"], ["", "form"], [None, False, True]),
    *itertools.product(["query"], ["spaceDelimited", "pipeDelimited"], [None, False]),
    ("query", "deepObject", None),
    *itertools.product(["header"], ["", "simple"], [None, False, True]),
    *itertools.product(["cookie"], ["", "form"], [None, False, True]),
]
"""Location, style and ``explode``."""


def types_of(style: str) -> list[str]:
    if style == "deepObject":
        return ["object"]
    return ["object", "array", *([] if style.endswith("Delimited") else ["string"])]


CASES: list[Case] = [(*each, kind) for each in STYLES if each[1:] != ("", None) for kind in types_of(each[1])]
UNTYPED: list[Case] = [(*each, "") for each in STYLES if each[1] not in ("", "deepObject")]


def parameter_of(place: str, style: str, kind: str, *, explode: bool | None) -> dict[str, Any]:
    found = {"name": "color", "in": place, "type": kind, "style": style, "explode": explode}
    return {key: value for key, value in found.items() if value not in ("", None)}


def document_of(origin: str) -> str:
    consumed, exposed = [], []
    for number, (place, style, explode, kind) in enumerate([*CASES, *UNTYPED]):
        path = f"/{number}/{{color}}" if place == "path" else f"/{number}"
        parameter = parameter_of(place, style, kind, explode=explode)
        operation = {"name": f"get{number}", "method": "GET", "inputParameters": [parameter]}
        consumed.append({"path": path, "operations": [operation]})
        exposed.append({"path": path, "operations": [{"method": "GET", "call": f"up.get{number}"}]})
    others = [
        {"name": "deep", "in": "query", "type": "object", "style": "deepObject"},
        {
            "name": "point",
            "in": "query",
            "type": "object",
            "style": "form",
            "explode": True,
            "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
        },
        {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}, "explode": False},
        {"name": "q", "in": "query", "type": "string"},
    ]
    search = {"name": "search", "method": "GET", "inputParameters": others}
    consumed.append({"path": "/search", "operations": [search]})
    exposed.append({"path": "/search", "operations": [{"method": "GET", "call": "up.search"}]})
    return yaml.safe_dump(
        {
            "naftiko": "1.0.0-alpha2",
            "capability": {
                "consumes": [{"namespace": "up", "baseUri": origin, "resources": consumed}],
                "exposes": [{"type": "rest", "namespace": "r", "resources": exposed}],
            },
        }
    )


@pytest.fixture(scope="module")
def url(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    document = written(tmp_path_factory.mktemp("styles"), document_of(shared_upstream.url))
    with serving(document, settings=Settings(environment={})) as served:
        yield served.url("rest")


def written_value(place: str, style: Style, value: Any) -> str:
    """Return a value in the form in which an operation sends it."""
    if place == "path":
        return path_writer("color", style)(value)
    if place == "query":
        return query_writer("color", style)(value)
    return header_writer(style)(value) if place == "header" else cookie_writer("color", style)(value)


def ask(url: str, number: int, place: str, text: str) -> int:
    """Send a value as it is written, and return the status of the answer."""
    target, header = f"/{number}", ""
    if place == "path":
        target += f"/{text}"
    elif place == "query":
        target += f"?{text}"
    else:
        header = f"{'Cookie' if place == 'cookie' else 'color'}: {text}\r\n"
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n"
    return send_raw(url, request.encode()).status_code


def arrived(upstream: Upstream, number: int, place: str) -> str:
    if place == "path":
        return upstream.only.path.removeprefix(f"/{number}/")
    if place == "query":
        return upstream.only.query
    return upstream.only.header("cookie" if place == "cookie" else "color")


IN_URLS = st.text(st.sampled_from("ab1.,;|=&+%/~[]{} é\"'\\"), min_size=1, max_size=6)
IN_HEADERS = st.text(st.sampled_from("ab1.:|&+%/~[]{}\"'"), min_size=1, max_size=6)


def values(kind: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if kind == "string":
        return texts
    if kind == "array":
        return st.lists(texts, min_size=1, max_size=4)
    if kind == "object":
        return st.dictionaries(texts, texts, min_size=1, max_size=4)
    return st.one_of(values("string", texts), values("array", texts))


def can_be_sent(place: str, text: str) -> bool:
    """Return whether the text may stand in a request, and does not lead to another path."""
    if place == "path":
        return not any(each in text for each in ("%2F", "%5C", "%25")) and not path_fault(f"/{text}")
    return place == "query" or text == text.strip()


def with_values(case: Case) -> st.SearchStrategy[tuple[Case, Any]]:
    place, style, _, kind = case
    texts = IN_URLS if place in ("path", "query") else IN_HEADERS
    if style.endswith("Delimited"):  # the delimiter cannot be told from one in a value
        texts = IN_URLS.map(lambda text: text.replace(" ", "-").replace("|", "-"))
    return st.tuples(st.just(case), values(kind, texts))


@given(st.sampled_from([*CASES, *UNTYPED]).flatmap(with_values))
@settings(suppress_health_check=[*HealthCheck])
def test_what_a_client_sends_in_a_style_arrives_in_the_same_form(
    url: str, shared_upstream: Upstream, example: tuple[Case, Any]
) -> None:
    (place, style, explode, kind), value = example
    number = [*CASES, *UNTYPED].index((place, style, explode, kind))
    text = written_value(place, Style(style=style, explode=explode), value)
    assume(can_be_sent(place, text))
    shared_upstream.reset()
    assert ask(url, number, place, text) == 200, text
    assert arrived(shared_upstream, number, place) == text


FORMS = [
    ("path", "label", True, "array", ".x.y"),
    ("path", "matrix", False, "object", ";color=R,100,G,200"),
    ("path", "matrix", True, "object", ";R=100;G=200"),
    ("path", "simple", True, "object", "R=100,G=1.5"),
    ("path", "label", True, "object", ".R=1.5.G=2"),
    ("query", "form", False, "object", "color=R,100,G,200"),
    ("query", "form", True, "object", "R=100&G=200"),
    ("query", "spaceDelimited", None, "array", "color=a%20b"),
    ("query", "deepObject", None, "object", "color%5Ba%5D=1&color%5Bb%5D%5Bc%5D=2"),
    ("query", "deepObject", None, "object", "color%5Ba%5D=1&color%5Ba%5D=2"),
    ("header", "simple", True, "object", "R=100,G=200"),
    ("cookie", "form", True, "array", "color=1; color=2"),
    ("cookie", "form", True, "object", "R=100; G=200"),
    ("cookie", "form", False, "object", "color=R,100,G,200"),
]


@pytest.mark.parametrize(("place", "style", "explode", "kind", "text"), FORMS)
def test_the_examples_of_openapi_are_read(
    url: str, upstream: Upstream, *, place: str, style: str, explode: bool | None, kind: str, text: str
) -> None:
    number = CASES.index((place, style, explode, kind))
    assert ask(url, number, place, text) == 200
    assert arrived(upstream, number, place) == text


@pytest.mark.parametrize(
    ("place", "style", "explode", "kind", "text"),
    [
        ("path", "label", True, "array", "x,y"),
        ("path", "matrix", False, "array", "x,y"),
        ("path", "matrix", False, "array", ";other=x"),
        ("path", "matrix", False, "array", ";color=x;color=y"),
        ("path", "simple", False, "object", "R,100,G"),
        ("path", "simple", True, "object", "R,100"),
        ("query", "form", False, "object", "color=R"),
        ("query", "form", False, "object", "color=R,1&color=G,2"),
        ("query", "form", True, "object", "R=1&R=2"),
        ("query", "deepObject", None, "object", "color=a"),
        ("query", "deepObject", None, "object", "color[a=3"),
        ("query", "deepObject", None, "object", "color[a]=1&color[a][b]=2"),
        ("query", "deepObject", None, "object", "color" + "[a]" * 200 + "=1"),
        ("header", "simple", True, "object", "R,100"),
        ("cookie", "form", False, "object", "color=R"),
    ],
)
def test_what_cannot_be_read_in_the_style_is_a_400(
    url: str, upstream: Upstream, *, place: str, style: str, explode: bool | None, kind: str, text: str
) -> None:
    assert ask(url, CASES.index((place, style, explode, kind)), place, text) == 400
    assert not upstream.received


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("deep[a]=1&deep[b]=2&q=x", "/search?deep%5Ba%5D=1&deep%5Bb%5D=2&q=x"),
        ('deep={"a":1}', "/search?deep%5Ba%5D=1"),
        ("y=2&x=1&unknown=3", "/search?y=2&x=1"),
        ('point={"x":1}', "/search?x=1"),
        ("ids=1,2", "/search?ids=1,2"),
        ("ids=1%2C2", "/search?ids=1,2"),
        ("q=a%2Cb", "/search?q=a%2Cb"),
    ],
)
def test_parameters_in_several_styles_are_told_apart(
    url: str, upstream: Upstream, query: str, target: str
) -> None:
    assert httpx.get(f"{url}/search?{query}").status_code == 200
    assert upstream.only.target == target


def test_the_members_of_an_object_have_their_types(url: str, upstream: Upstream) -> None:
    refused = problem(httpx.get(f"{url}/search?x=one"), 400)
    assert [each["pointer"] for each in refused["violations"]] == ["/point/x"]
    assert not upstream.received
