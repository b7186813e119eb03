"""Serialized arrays and objects: the table of Style Examples in the OpenAPI specification, by location."""

from __future__ import annotations

from typing import Any

import pytest

from consume.recording import capability, consumes, header_of, sent, tool
from naftiko_run.diagnostics import Severity
from naftiko_run.errors import InvalidInput
from naftiko_run.invoke import Function

STRING = "blue"
ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}


def taking(place: str, **style: Any) -> Function:
    """Return a tool whose operation has one parameter ``color``."""
    path = "/x/{color}" if place == "path" else "/x"
    return tool({"inputParameters": [{"name": "color", "in": place, **style}]}, path=path)


def url_of(value: Any, place: str, **style: Any) -> str:
    return sent(taking(place, **style), {"color": value}).url.removeprefix("https://api.example.com/v1/x")


@pytest.mark.parametrize(
    ("style", "explode", "string", "array", "an_object"),
    [
        ("matrix", False, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
        ("matrix", None, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
        ("matrix", True, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
        ("label", False, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
        ("label", None, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
        ("label", True, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
        ("simple", False, "blue", "blue,black,brown", "R,100,G,200,B,150"),
        ("simple", None, "blue", "blue,black,brown", "R,100,G,200,B,150"),
        ("simple", True, "blue", "blue,black,brown", "R=100,G=200,B=150"),
        (None, False, "blue", "blue,black,brown", "R,100,G,200,B,150"),
        (None, True, "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ],
)
def test_styles_of_a_path(
    style: str, string: str, array: str, an_object: str, *, explode: bool | None
) -> None:
    written = {"style": style, "explode": explode}
    assert url_of(STRING, "path", **written) == f"/{string}"
    assert url_of(ARRAY, "path", **written) == f"/{array}"
    assert url_of(OBJECT, "path", **written) == f"/{an_object}"


def test_a_matrix_parameter_may_be_empty() -> None:
    assert url_of("", "path", style="matrix") == "/;color"


@pytest.mark.parametrize(
    ("style", "explode", "string", "array", "an_object"),
    [
        ("form", False, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
        ("form", True, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
        ("form", None, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
        (None, False, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
        (None, True, "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
        ("spaceDelimited", None, None, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
        ("spaceDelimited", False, None, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
        ("pipeDelimited", False, None, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"),
        ("deepObject", True, None, None, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
        ("deepObject", None, None, None, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    ],
)
def test_styles_of_a_query(
    style: str, string: str | None, array: str | None, an_object: str, *, explode: bool | None
) -> None:
    written = {"style": style, "explode": explode}
    if string is not None:
        assert url_of(STRING, "query", **written) == f"?{string}"
    if array is not None:
        assert url_of(ARRAY, "query", **written) == f"?{array}"
    assert url_of(OBJECT, "query", **written) == f"?{an_object}"


def test_an_empty_value_of_a_query() -> None:
    assert url_of("", "query", style="form") == "?color="
    assert url_of([], "query", style="form") == url_of([], "query", style="form", explode=False) == ""
    assert url_of({}, "query", style="deepObject") == url_of({}, "query", style="form", explode=False) == ""


def test_members_of_members_of_a_deep_object() -> None:
    value = {"a": {"b": "x&y", "c d": [1, 2]}}
    assert url_of(value, "query", style="deepObject") == (
        "?color%5Ba%5D%5Bb%5D=x%26y&color%5Ba%5D%5Bc%20d%5D=1&color%5Ba%5D%5Bc%20d%5D=2"
    )


@pytest.mark.parametrize(
    ("explode", "array", "an_object"),
    [(False, "blue,black,brown", "R,100,G,200,B,150"), (True, "blue,black,brown", "R=100,G=200,B=150")],
)
def test_styles_of_a_header(array: str, an_object: str, *, explode: bool) -> None:
    function = taking("header", style="simple", explode=explode)
    assert header_of(sent(function, {"color": STRING}), "color") == STRING
    assert header_of(sent(function, {"color": ARRAY}), "color") == array
    assert header_of(sent(function, {"color": OBJECT}), "color") == an_object


@pytest.mark.parametrize(
    ("style", "array", "an_object"),
    [
        ({"style": "form", "explode": False}, "color=blue,black,brown", "color=R,100,G,200,B,150"),
        ({"style": "form", "explode": True}, "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
    ],
)
def test_styles_of_a_cookie(style: dict[str, Any], array: str, an_object: str) -> None:
    function = taking("cookie", **style)
    assert header_of(sent(function, {"color": STRING}), "cookie") == "color=blue"
    assert header_of(sent(function, {"color": ARRAY}), "cookie") == array
    assert header_of(sent(function, {"color": OBJECT}), "cookie") == an_object


def test_arrays_without_a_style() -> None:
    assert url_of(ARRAY, "path", type="array") == url_of(ARRAY, "path") == "/blue,black,brown"
    assert url_of(ARRAY, "query") == "?color=blue&color=black&color=brown"
    assert header_of(sent(taking("header"), {"color": ARRAY}), "color") == "blue, black, brown"
    assert header_of(sent(taking("cookie"), {"color": ARRAY}), "cookie") == "color=blue,black,brown"


def test_objects_without_a_style_are_json() -> None:
    assert url_of({"a": 1}, "query") == "?color=%7B%22a%22%3A1%7D"
    assert url_of({"a": 1}, "path") == "/%7B%22a%22%3A1%7D"
    assert header_of(sent(taking("header"), {"color": {"a": 1}}), "color") == '{"a":1}'


@pytest.mark.parametrize("place", ["header", "cookie", "query"])
def test_an_empty_array_is_not_sent(place: str) -> None:
    request = sent(taking(place), {"color": []})
    assert request.url == "https://api.example.com/v1/x"
    assert header_of(request, "color") is header_of(request, "cookie") is None


@pytest.mark.parametrize(
    ("collection", "path", "query", "header"),
    [
        ("csv", "/blue,black,brown", "?color=blue,black,brown", "blue,black,brown"),
        ("ssv", "/blue%20black%20brown", "?color=blue%20black%20brown", "blue black brown"),
        ("tsv", None, "?color=blue%09black%09brown", "blue\tblack\tbrown"),
        ("pipes", "/blue%7Cblack%7Cbrown", "?color=blue%7Cblack%7Cbrown", "blue|black|brown"),
        ("multi", None, "?color=blue&color=black&color=brown", None),
    ],
)
def test_collection_formats(collection: str, path: str | None, query: str, header: str | None) -> None:
    written = {"collectionFormat": collection, "type": "array"}
    if path is not None:
        assert url_of(ARRAY, "path", **written) == path
    assert url_of(ARRAY, "query", **written) == query
    if header is not None:
        assert header_of(sent(taking("header", **written), {"color": ARRAY}), "color") == header


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ({"collectionFormat": "csv"}, b"color=a%2Cb"),
        ({"collectionFormat": "pipes"}, b"color=a%7Cb"),
        ({"collectionFormat": "multi"}, b"color=a&color=b"),
        ({"explode": False}, b"color=a%2Cb"),
        ({}, b"color=a&color=b"),
    ],
)
def test_styles_of_a_form(style: dict[str, Any], body: bytes) -> None:
    function = tool(
        {
            "method": "POST",
            "body": {"type": "form"},
            "inputParameters": [{"name": "color", "in": "body", **style}, {"name": "other", "in": "body"}],
        }
    )
    assert sent(function, {"color": ["a", "b"]}).body == body


def test_a_delimiter_in_a_value_is_encoded() -> None:
    assert url_of(["a,b", "c/d", "e|f"], "path") == "/a%2Cb,c%2Fd,e%7Cf"
    assert url_of(["a,b", "c&d"], "query", explode=False) == "?color=a%2Cb,c%26d"
    assert url_of({"a=b": "c&d"}, "query", explode=True) == "?a%3Db=c%26d"


def test_reserved_characters_stay_where_the_document_allows_them() -> None:
    assert url_of("a/b:c?d,e", "query", allowReserved=True) == "?color=a/b:c?d,e"
    assert url_of("a&b=c+d#e[f]%20", "query", allowReserved=True) == "?color=a%26b=c%2Bd%23e%5Bf%5D%2520"
    assert url_of("a/b:c", "path", allowReserved=True) == "/a/b:c"
    assert url_of("a?b#c", "path", allowReserved=True) == "/a%3Fb%23c"
    with pytest.raises(InvalidInput, match="cannot make a path segment"):
        url_of("a/../b", "path", allowReserved=True)


@pytest.mark.parametrize(
    ("place", "style"),
    [("path", {"style": "label"}), ("path", {"style": "simple"}), ("path", {"style": "matrix"})],
)
def test_a_style_cannot_make_a_dot_segment(place: str, style: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="cannot make a path segment"):
        url_of("../../x" if style["style"] != "label" else ".", place, **style)


@pytest.mark.parametrize(
    ("parameter", "key", "words"),
    [
        ({"in": "query", "style": "matrix"}, "style", "a query parameter has no style `matrix`"),
        ({"in": "path", "style": "form"}, "style", "a path parameter has no style `form`"),
        ({"in": "path", "style": "deepObject"}, "style", "no style `deepObject`"),
        ({"in": "header", "style": "form"}, "style", "a header parameter has no style `form`"),
        ({"in": "cookie", "style": "simple"}, "style", "a cookie parameter has no style `simple`"),
        ({"in": "query", "style": "made-up"}, "style", "no style `made-up`"),
        ({"in": "query", "style": "spaceDelimited", "explode": True}, "explode", "cannot be exploded"),
        ({"in": "query", "style": "pipeDelimited", "explode": True}, "explode", "cannot be exploded"),
        ({"in": "query", "style": "pipeDelimited", "type": "string"}, "style", "its type is string"),
        ({"in": "query", "style": "deepObject", "type": "array"}, "style", "its type is array"),
        ({"in": "query", "style": "deepObject", "explode": False}, "explode", "always exploded"),
        ({"in": "header", "allowReserved": True}, "allowReserved", "has no effect in a header"),
        ({"in": "body", "style": "form"}, "style", "has no effect in a body that is not a form"),
        ({"in": "path", "collectionFormat": "multi"}, "collectionFormat", "no `collectionFormat` `multi`"),
        ({"in": "path", "collectionFormat": "tsv"}, "collectionFormat", "no `collectionFormat` `tsv`"),
        ({"in": "query", "collectionFormat": "tabs"}, "collectionFormat", "no `collectionFormat` `tabs`"),
        (
            {"in": "query", "collectionFormat": "ssv", "type": "string"},
            "collectionFormat",
            "its type is string",
        ),
    ],
)
def test_an_impossible_style_is_reported_with_its_location_and_ignored(
    parameter: dict[str, Any], key: str, words: str
) -> None:
    path = "/x/{color}" if parameter["in"] == "path" else "/x"
    operation = {"method": "POST", "inputParameters": [{"name": "color", **parameter}]}
    exposes = {"type": "mcp", "namespace": "m", "tools": [{"name": "t", "call": "api.op"}]}
    loaded = capability({"capability": {"consumes": [consumes(operation, path)], "exposes": [exposes]}})
    (told,) = [each for each in loaded.diagnostics if each.code == "impossible-style"]
    assert told.severity is Severity.WARNING
    assert told.pointer == f"/capability/consumes/0/resources/0/operations/0/inputParameters/0/{key}"
    assert words in told.message


def test_parameters_of_an_entry_and_of_a_resource_have_styles_too() -> None:
    shared = {"name": "color", "in": "query", "explode": False}
    function = tool({}, inputParameters=[shared])
    assert sent(function, {"color": ARRAY}).url.endswith("?color=blue,black,brown")
