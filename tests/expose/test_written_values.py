"""What a caller writes reaches the upstream as it was meant: over REST and over MCP, on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from naftiko_run import Settings
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream

INTEGER = {"type": "integer"}
OPERATIONS: list[dict[str, Any]] = [
    {
        "name": "update",
        "method": "PATCH",
        "path": "/users/{id}",
        "inputParameters": [
            {"name": "id", "in": "path", **INTEGER},
            {"name": "page", "in": "query", **INTEGER},
            {"name": "X-Size", "in": "header", **INTEGER},
            {"name": "c", "in": "cookie", **INTEGER},
            {"name": "n", "in": "body", **INTEGER},
            {"name": "ids", "in": "body", "type": "array", "items": INTEGER},
            {"name": "o", "in": "body", "type": "object", "properties": {"k": INTEGER}},
            {"name": "f", "in": "body", "type": "number"},
        ],
    },
    {
        "name": "select",
        "method": "PUT",
        "path": "/select/{days}",
        "inputParameters": [
            {"name": "days", "in": "path", "type": "array", "items": {"type": "string"}},
            {"name": "c", "in": "cookie", "type": "array", "items": {"type": "string"}},
            {"name": "X-H", "in": "header", "type": "array", "items": INTEGER},
            {"name": "piped", "in": "query", "type": "array", "collectionFormat": "pipes"},
            {"name": "listed", "in": "query", "type": "array", "explode": False},
            {"name": "plain", "in": "query", "type": "array"},
        ],
    },
    {
        "name": "headers",
        "method": "GET",
        "path": "/headers",
        "inputParameters": [
            {"name": name, "in": "header"}
            for name in (
                *("Authorization", "Accept", "User-Agent", "Cookie", "Host", "Content-Length"),
                "Accept-Language",
            )
        ],
    },
    {
        "name": "whole",
        "method": "PUT",
        "path": "/whole",
        "inputParameters": [
            {"name": "body", "in": "body", "type": "object", "properties": {"n": INTEGER, "f": {}}}
        ],
    },
    {
        "name": "me",
        "method": "PATCH",
        "path": "/me",
        "inputParameters": [
            {"name": "nickname", "in": "body", "type": "string", "nullable": True},
            {"name": "title", "in": "body", "type": ["string", "null"], "enum": ["a", "b"]},
            {"name": "bio", "in": "body", "type": "string"},
            {"name": "any", "in": "body"},
            {"name": "one", "in": "body", "enum": ["a", "b"]},
            {"name": "q", "in": "query"},
        ],
    },
    {
        "name": "profile",
        "method": "PUT",
        "path": "/profile",
        "inputParameters": [
            {
                "name": "o",
                "in": "body",
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": INTEGER,
                    "bio": {"type": "string", "enum": ["a"]},
                    "n": INTEGER,
                    "tags": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"t": {"type": "string"}}},
                    },
                },
                "additionalProperties": {"type": "string"},
            },
            {"name": "other", "in": "body", "type": "string"},
        ],
    },
    {
        "name": "page",
        "method": "PUT",
        "path": "/page",
        "body": {"type": "xml", "data": "<a>{{a}}</a>"},
    },
    {
        "name": "search",
        "method": "POST",
        "path": "/search",
        "inputParameters": [
            {"name": "query", "in": "body", "type": "string"},
            {"name": "sort", "in": "body", "type": "string"},
        ],
    },
    {
        "name": "send",
        "method": "POST",
        "path": "/messages",
        "inputParameters": [
            {"name": "to", "in": "body", "type": "string", "required": True},
            {"name": "from", "in": "body", "type": "string", "required": True},
            {"name": "body", "in": "body", "type": "string"},
        ],
    },
    {
        "name": "clear",
        "method": "DELETE",
        "path": "/cart",
        "inputParameters": [
            {"name": "reason", "in": "body", "type": "string"},
            {"name": "force", "in": "query", "type": "boolean"},
        ],
    },
    {
        "name": "rename",
        "method": "PATCH",
        "path": "/names",
        "body": {"type": "json", "data": '{"name": "{{name}}", "size": {{size}}}'},
    },
    {
        "name": "ask",
        "method": "POST",
        "path": "/questions",
        "body": {"type": "json", "data": {"title": "{{tools.title}}", "body": "{{tools.body}}"}},
    },
    {
        "name": "mail",
        "method": "POST",
        "path": "/mail/{to}",
        "body": {"type": "json", "data": '{"to": "{{to}}", "text": {"content": "{{body}}"}}'},
    },
]


def document(url: str) -> str:
    """Write a document that offers every operation over REST and over MCP."""
    resources: list[dict[str, Any]] = [
        {"path": each["path"], "operations": [{key: it for key, it in each.items() if key != "path"}]}
        for each in OPERATIONS
    ]
    routes = [
        {
            "path": resource["path"],
            "operations": [
                {"method": each["method"], "name": each["name"], "call": f"up.{each['name']}"}
                for each in resource["operations"]
            ],
        }
        for resource in resources
    ]
    tools = [{"name": each["name"], "description": "d", "call": f"up.{each['name']}"} for each in OPERATIONS]
    return yaml.safe_dump(
        {
            "naftiko": "1.0.0-alpha2",
            "capability": {
                "consumes": [{"type": "http", "namespace": "up", "baseUri": url, "resources": resources}],
                "exposes": [
                    {"type": "rest", "namespace": "r", "resources": routes},
                    {
                        "type": "rest",
                        "namespace": "guarded",
                        "authentication": {"type": "bearer", "token": "ours"},
                        "resources": [{**each, "path": f"/guarded{each['path']}"} for each in routes],
                    },
                    {"type": "mcp", "namespace": "m", "tools": tools},
                ],
            },
        },
        sort_keys=False,
    )


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file: Path = tmp_path_factory.mktemp("values") / "document.yaml"
    file.write_text(document(shared_upstream.url))
    with serving(file, settings=Settings(environment={})) as served:
        yield served


def ask(served: Served, target: str, content: bytes, method: str = "PATCH", **headers: str) -> httpx.Response:
    """Send a body of JSON."""
    sent = {
        "content-type": "application/json",
        **{name.replace("_", "-"): it for name, it in headers.items()},
    }
    return httpx.request(method, served.origin("rest") + target, content=content, headers=sent)


@pytest.mark.parametrize("text", ["7", "7.0", "70e-1", "0.7e1"])
def test_integers_arrive_as_integers_over_rest(served: Served, upstream: Upstream, text: str) -> None:
    body = f'{{"n": {text}, "ids": [{text}], "o": {{"k": {text}, "j": 1.0}}, "f": 7.0}}'.encode()
    answer = ask(served, f"/users/{text}?page={text}", body, X_Size=text, Cookie=f"c={text}")
    assert answer.status_code == 200, answer.text
    request = upstream.only
    assert request.target == "/users/7?page=7"
    assert (request.header("x-size"), request.header("cookie")) == ("7", "c=7")
    assert request.body == b'{"n":7,"ids":[7],"o":{"k":7,"j":1.0},"f":7.0}'


def test_integers_arrive_as_integers_over_mcp(served: Served, upstream: Upstream) -> None:
    arguments = {"id": 7.0, "page": 2.0, "X-Size": 1e3, "c": 3.0, "n": 5.0, "ids": [1.0], "o": {"k": 2.0}}
    assert not call_tool(served.url("mcp"), "update", arguments).is_error
    request = upstream.only
    assert request.target == "/users/7?page=2"
    assert (request.header("x-size"), request.header("cookie")) == ("1000", "c=3")
    assert request.body == b'{"n":5,"ids":[1],"o":{"k":2}}'


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-9007199254740993", "-9007199254740993"),
        ("1e21", "1" + "0" * 21),
        ("1e23", "1" + "0" * 23),
        ("-2.0", "-2"),
        ("0.0", "0"),
    ],
)
def test_large_integers_keep_their_digits(
    served: Served, upstream: Upstream, written: str, sent: str
) -> None:
    answer = ask(served, f"/users/{written}?page={written}", f'{{"n":{written}}}'.encode())
    assert answer.status_code == 200, answer.text
    assert upstream.only.target == f"/users/{sent}?page={sent}"
    assert upstream.only.body == f'{{"n":{sent}}}'.encode()


@pytest.mark.parametrize("written", ["9007199254740993.0", "12345678901234567890.0"])
def test_an_integer_whose_digits_a_float_has_lost_is_refused(
    served: Served, upstream: Upstream, written: str
) -> None:
    answer = ask(served, "/users/1", f'{{"n":{written}}}'.encode())
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json()["violations"]] == ["/n"]
    assert "digits are lost" in answer.json()["violations"][0]["message"]
    assert upstream.received == []


def test_a_number_with_a_fraction_is_no_integer(served: Served, upstream: Upstream) -> None:
    assert ask(served, "/users/1?page=1.5", b"{}").status_code == 400
    assert upstream.received == []


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (b'{ "n": 5.0, "f": 5.0 }', b'{"n":5,"f":5.0}'),
        (b'{ "n": 5, "f": 5.0 }', b'{ "n": 5, "f": 5.0 }'),
    ],
)
def test_a_body_that_is_passed_on_is_written_anew_only_for_its_integers(
    served: Served, upstream: Upstream, written: bytes, sent: bytes
) -> None:
    assert ask(served, "/whole", written, "PUT").status_code == 200
    assert upstream.only.body == sent


def test_arrays_of_a_tool_are_written_in_their_places(served: Served, upstream: Upstream) -> None:
    arguments = {"days": ["monday", "tuesday"], "c": ["a", "b"], "X-H": [1, 2.0], "piped": ["x", "y"]}
    assert not call_tool(served.url("mcp"), "select", arguments).is_error
    assert upstream.only.target == "/select/monday,tuesday?piped=x%7Cy"
    assert (upstream.only.header("cookie"), upstream.only.header("x-h")) == ("c=a,b", "1, 2")


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/select/monday,tuesday", "/select/monday,tuesday"),
        ("/select/monday", "/select/monday"),
        ("/select/a%20b,c%2Fd", "/select/a%20b,c%2Fd"),
        ("/select/mon%2Cday,tuesday", "/select/mon%2Cday,tuesday"),
        ("/select/a%2cb,%2C,c/", "/select/a%2Cb,%2C,c"),
        ("/select/monday%2Ctuesday", "/select/monday,tuesday"),
        ("/select/a?piped=x%7Cy", "/select/a?piped=x%7Cy"),
        ("/select/a?listed=x,y&listed=z", "/select/a?listed=x,y,z"),
        ("/select/a?plain=x,y&plain=z", "/select/a?plain=x%2Cy&plain=z"),
    ],
)
def test_arrays_of_a_request_are_read_in_their_places(
    served: Served, upstream: Upstream, asked: str, target: str
) -> None:
    headers = [("X-H", "1, 2"), ("X-H", "3"), ("Cookie", "c=a,b")]
    answer = httpx.put(served.origin("rest") + asked, headers=headers)
    assert answer.status_code == 200, answer.text
    assert upstream.only.target == target
    assert (upstream.only.header("cookie"), upstream.only.header("x-h")) == ("c=a,b", "1, 2, 3")


@pytest.mark.parametrize(
    "body",
    [
        b'{"nickname":null,"bio":"b"}',
        b'{"nickname":null}',
        b'{"bio":null}',
        b'{"nickname":"n","title":null}',
        b"{}",
    ],
)
def test_a_null_in_a_body_goes_out_as_it_was_written(served: Served, upstream: Upstream, body: bytes) -> None:
    assert ask(served, "/me", body).status_code == 200
    assert upstream.only.body == body


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"nickname": None, "bio": "b"}, b'{"nickname":null,"bio":"b"}'),
        ({"nickname": None, "title": None}, b'{"nickname":null,"title":null}'),
        ({"nickname": None, "bio": None}, b'{"nickname":null}'),
        ({"bio": None}, b"{}"),
        ({"any": None, "bio": None}, b'{"any":null}'),
        ({"one": None, "q": None}, b"{}"),
        ({}, b"{}"),
    ],
)
def test_a_null_argument_goes_out_where_the_input_is_nullable_or_untyped(
    served: Served, upstream: Upstream, arguments: dict[str, Any], sent: bytes
) -> None:
    assert not call_tool(served.url("mcp"), "me", arguments).is_error
    assert upstream.only.body == sent
    assert upstream.only.header("content-type") == "application/json"


NESTED = {"id": 1, "bio": None, "n": None, "tags": [{"t": None}, {"t": "t"}], "more": None}


def test_a_null_in_a_member_goes_out_as_it_was_written(served: Served, upstream: Upstream) -> None:
    assert ask(served, "/profile", json.dumps({"o": NESTED}).encode(), "PUT").status_code == 200
    assert upstream.only.json == {"o": NESTED}


def test_a_null_in_a_member_of_an_argument_counts_as_absent(served: Served, upstream: Upstream) -> None:
    assert not call_tool(served.url("mcp"), "profile", {"o": NESTED}).is_error
    assert upstream.only.json == {"o": {"id": 1, "tags": [{}, {"t": "t"}]}}


@pytest.mark.parametrize(
    ("value", "pointers"),
    [
        ({"id": None, "bio": None}, ["/o/id"]),
        ({"id": 1, "bio": None, "n": "x"}, ["/o/n"]),
        ({"id": 1, "tags": [None]}, ["/o/tags/0"]),
    ],
)
def test_a_null_that_cannot_be_absent_is_refused(
    served: Served, upstream: Upstream, value: dict[str, Any], pointers: list[str]
) -> None:
    answer = ask(served, "/profile", json.dumps({"o": value}).encode(), "PUT")
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json()["violations"]] == pointers
    assert upstream.received == []


@pytest.mark.parametrize(("body", "sent"), [(b"{}", b"{}"), (b"", b"")])
def test_an_empty_object_goes_out_with_its_type(
    served: Served, upstream: Upstream, body: bytes, sent: bytes
) -> None:
    assert ask(served, "/search", body, "POST").status_code == 200
    assert upstream.only.body == sent
    assert upstream.only.header("content-type") == ("application/json" if sent else "")


@pytest.mark.parametrize(
    ("body", "sent"), [(b"{}", b"{}"), (b" { } ", b"{}"), (b"", b""), (b'{"force":true}', b"")]
)
def test_an_empty_object_goes_out_with_methods_that_rarely_have_a_body(
    served: Served, upstream: Upstream, body: bytes, sent: bytes
) -> None:
    assert ask(served, "/cart", body, "DELETE").status_code == 200
    assert upstream.only.body == sent
    assert upstream.only.header("content-type") == ("application/json" if sent else "")


def test_a_tool_without_arguments_sends_no_body_with_such_methods(served: Served, upstream: Upstream) -> None:
    assert not call_tool(served.url("mcp"), "clear", {}).is_error
    assert (upstream.only.body, upstream.only.header("content-type")) == (b"", "")


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b'{"name":null,"size":null}', b'{"name":null,"size":null}'),
        (b'{"name":5,"size":5}', b'{"name":"5","size":5}'),
        (b'{"size":5}', b'{"size":5}'),
    ],
)
def test_a_null_goes_out_where_a_template_in_quotes_stands(
    served: Served, upstream: Upstream, body: bytes, sent: bytes
) -> None:
    assert ask(served, "/names", body).status_code == 200
    assert not call_tool(served.url("mcp"), "rename", json.loads(body)).is_error
    assert [each.body for each in upstream.received] == [sent, sent]


def test_a_null_argument_is_nothing_in_text_that_is_no_json(served: Served, upstream: Upstream) -> None:
    assert not call_tool(served.url("mcp"), "page", {"a": None}).is_error
    assert upstream.only.body == b"<a></a>"


def test_an_empty_object_of_a_tool_goes_out_with_its_type(served: Served, upstream: Upstream) -> None:
    assert not call_tool(served.url("mcp"), "search", {}).is_error
    assert upstream.only.body == b"{}"
    assert upstream.only.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("target", "body", "sent"),
    [
        ("/messages", {"to": "a", "from": "b", "body": "hello"}, {"to": "a", "from": "b", "body": "hello"}),
        ("/messages", {"to": "a", "from": "b"}, {"to": "a", "from": "b"}),
        ("/questions", {"title": "T", "body": "hello"}, {"title": "T", "body": "hello"}),
    ],
)
def test_a_member_named_body_is_a_member(
    served: Served, upstream: Upstream, target: str, body: dict[str, str], sent: dict[str, str]
) -> None:
    answer = httpx.post(served.origin("rest") + target, json=body)
    assert answer.status_code == 200, answer.text
    assert upstream.only.json == sent


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("send", {"to": "a", "from": "b", "body": "hello"}), ("ask", {"title": "T", "body": "hello"})],
)
def test_an_argument_named_body_is_a_member(
    served: Served, upstream: Upstream, name: str, arguments: dict[str, str]
) -> None:
    assert not call_tool(served.url("mcp"), name, arguments).is_error
    assert upstream.only.json == arguments


def test_a_member_body_beside_route_variables_only_is_the_whole_body(
    served: Served, upstream: Upstream
) -> None:
    assert httpx.post(served.origin("rest") + "/mail/ada", json={"x": 1}).status_code == 200
    assert upstream.only.json == {"to": "ada", "text": {"content": '{"x":1}'}}


def test_headers_that_the_document_declares_are_the_callers(served: Served, upstream: Upstream) -> None:
    written = {"Authorization": "Bearer mine", "Accept": "text/csv", "User-Agent": "me/1", "Cookie": "a=b; c"}
    answer = httpx.get(served.origin("rest") + "/headers", headers=written)
    assert answer.status_code == 200, answer.text
    for name, value in written.items():
        assert [each for key, each in upstream.only.headers if key == name.lower()] == [value]
    assert upstream.only.header("host") == upstream.url.removeprefix("http://")
    assert upstream.only.header("content-length") == ""


def test_a_header_in_several_lines_is_one_value(served: Served, upstream: Upstream) -> None:
    written = [
        ("Cookie", "a=b"),
        ("Cookie", "c=d"),
        ("Accept-Language", "de"),
        ("Accept-Language", "fr;q=0.5"),
    ]
    answer = httpx.get(served.origin("rest") + "/headers", headers=written)
    assert answer.status_code == 200, answer.text
    assert upstream.only.header("cookie") == "a=b; c=d"
    assert upstream.only.header("accept-language") == "de, fr;q=0.5"


def test_an_accept_that_says_nothing_is_not_passed_on(served: Served, upstream: Upstream) -> None:
    httpx.get(served.origin("rest") + "/headers", headers={"Accept": "*/*"})
    assert upstream.only.header("accept") == "application/json, */*;q=0.5"
    assert upstream.only.header("authorization") == ""


def test_credentials_for_the_adapter_itself_are_not_passed_on(served: Served, upstream: Upstream) -> None:
    written = {"Authorization": "Bearer ours", "User-Agent": "me/1"}
    answer = httpx.get(served.origin("rest") + "/guarded/headers", headers=written)
    assert answer.status_code == 200, answer.text
    assert upstream.only.header("authorization") == ""
    assert upstream.only.header("user-agent") == "me/1"


@pytest.mark.parametrize(
    "media_type",
    ["application/merge-patch+json", "application/json-patch+json", "application/vnd.api+json; ext=a"],
)
@pytest.mark.parametrize(("target", "method"), [("/me", "PATCH"), ("/whole", "PUT")])
def test_a_media_type_of_json_that_the_caller_chose_is_kept(
    served: Served, upstream: Upstream, media_type: str, target: str, method: str
) -> None:
    answer = ask(served, target, b'{"nickname":null}', method, content_type=media_type)
    assert answer.status_code == 200, answer.text
    assert upstream.only.header("content-type") == media_type
    assert upstream.only.body == b'{"nickname":null}'


def test_a_body_that_the_document_writes_keeps_its_own_type(served: Served, upstream: Upstream) -> None:
    body = b'{"title":"T","body":"hello"}'
    ask(served, "/questions", body, "POST", content_type="application/merge-patch+json")
    assert upstream.only.header("content-type") == "application/json"
