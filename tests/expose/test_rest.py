"""The REST adapter over real HTTP: what reaches the upstream, and what comes back."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.documents import CREDENTIALS, SHOP_TOKEN
from support.upstream import JSON, PATIENCE, Answer, Received, Upstream

TEXT = (("content-type", "text/plain"),)


def test_a_call_sends_exactly_one_request_with_credentials_and_the_body(
    pipelines_client: httpx.Client, upstream: Upstream
) -> None:
    answer = pipelines_client.post("/v1/track", json={"event": "signup", "userId": "42"})
    assert answer.status_code == 200
    sent = upstream.only
    user, password = CREDENTIALS["CUSTOMER_IO_USER"], CREDENTIALS["CUSTOMER_IO_PASS"]
    assert (sent.method, sent.target) == ("POST", "/v1/track")
    assert sent.header("authorization") == f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
    assert sent.header("content-type") == "application/json"
    assert sent.json == {"event": "signup", "userId": "42"}


@pytest.mark.parametrize(
    "body",
    [
        b'{ "price": 1.10, "id": 12345678901234567890123 }\n',
        b'{"same": 1, "same": 2}',
        '{"name": "Zoë ☃", "escaped": "\\u00eb"}'.encode(),
        b"{}",
    ],
)
def test_the_body_is_sent_on_byte_for_byte(
    pipelines_client: httpx.Client, upstream: Upstream, body: bytes
) -> None:
    pipelines_client.post("/v1/track", content=body, headers=dict(JSON))
    assert upstream.only.body == body


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/cloudevents+json", None]
)
def test_any_json_content_type_or_none_is_taken(
    pipelines_client: httpx.Client, upstream: Upstream, media_type: str | None
) -> None:
    headers = {"content-type": media_type} if media_type else {}
    assert pipelines_client.post("/v1/track", content=b'{"a": 1}', headers=headers).status_code == 200
    is_own = media_type is not None and "+json" in media_type
    assert upstream.only.header("content-type") == (media_type if is_own else "application/json")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b'{"b": 1.10,\n "a": [ ] }'),
        Answer(201, b"{}"),
        Answer(200, b"[1, 2]"),
        Answer(200, b'"text"'),
        Answer(200, b"null"),
        Answer(200, b""),
        Answer(200, b"<p>hello</p>", (("content-type", "text/html; charset=utf-8"),)),
        Answer(200, bytes(range(256)), (("content-type", "application/octet-stream"),)),
        Answer(200, b'{"big": "' + b"x" * 3_000_000 + b'"}'),
        Answer(400, b'{"error": "no such event"}'),
        Answer(401, b'{"error": "who are you?"}'),
        Answer(404, b"gone fishing", TEXT),
        Answer(422, b'{"errors": []}', (("content-type", "application/problem+json"),)),
        Answer(429, b""),
        Answer(500, b"oops", TEXT),
        Answer(503, b'{"busy": true}'),
        Answer(302, b"", (("location", "https://elsewhere.example/"),)),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:12]!r}",
)
def test_the_upstreams_answer_comes_back_untouched(
    pipelines_client: httpx.Client, upstream: Upstream, answer: Answer
) -> None:
    upstream.answers(answer)
    got = pipelines_client.post("/v1/track", json={})
    assert got.status_code == answer.status
    assert got.content == answer.body
    media_type = dict(answer.headers).get("content-type", "") if answer.body else ""
    assert got.headers.get("content-type", "") == media_type
    assert len(upstream.received) == 1


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_content_stays_without(
    pipelines_client: httpx.Client, upstream: Upstream, status: int
) -> None:
    upstream.answers(Answer(status, b"", (("etag", '"7"'),)))
    got = pipelines_client.post("/v1/track", json={})
    assert got.status_code == status
    assert got.content == b""
    assert got.headers["etag"] == '"7"'


def test_a_compressed_answer_is_given_as_what_it_holds(
    pipelines_client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answers(Answer(200, gzip.compress(b'{"zipped": true}'), (*JSON, ("content-encoding", "gzip"))))
    got = pipelines_client.post("/v1/track", json={})
    assert got.content == b'{"zipped": true}'
    assert "content-encoding" not in got.headers


def test_headers_that_a_caller_can_use_are_kept_and_all_others_dropped(
    pipelines_client: httpx.Client, upstream: Upstream
) -> None:
    kept = (
        ("retry-after", "7"),
        ("etag", 'W/"abc"'),
        ("last-modified", "Mon, 18 May 2026 10:00:00 GMT"),
        ("cache-control", "no-store"),
        ("location", "https://cdp.example/v1/track/9"),
        ("link", '<https://cdp.example/2>; rel="next"'),
        ("content-language", "fr"),
        ("content-disposition", 'attachment; filename="a.json"'),
        ("x-ratelimit-remaining", "3"),
        ("ratelimit", '"default";r=3'),
        ("x-request-id", "r-1"),
    )
    dropped = (
        ("set-cookie", "session=of-the-upstream"),
        ("www-authenticate", "Basic realm=upstream"),
        ("server", "nginx"),
        ("access-control-allow-origin", "*"),
        ("strict-transport-security", "max-age=1"),
        ("x-internal", "1"),
    )
    upstream.answers(Answer(429, b"{}", (*JSON, *kept, *dropped)))
    got = pipelines_client.post("/v1/track", json={})
    assert {name: got.headers.get(name) for name, _ in kept} == dict(kept)
    assert [name for name, _ in dropped if name in got.headers] == []


def test_nothing_of_the_callers_connection_reaches_the_upstream(
    pipelines_client: httpx.Client, upstream: Upstream
) -> None:
    own = {"authorization": "Bearer mine", "cookie": "a=b", "x-forwarded-for": "1.2.3.4", "user-agent": "me"}
    pipelines_client.post("/v1/track", json={}, headers=own)
    sent = upstream.only
    assert sent.header("authorization").startswith("Basic ")
    assert sent.header("cookie") == ""
    assert sent.header("x-forwarded-for") == ""
    assert sent.header("user-agent").startswith("naftiko-run/")


def test_a_cookie_set_for_one_caller_is_not_sent_for_the_next(
    pipelines_client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answers(Answer(200, b"{}", (*JSON, ("set-cookie", "session=of-one; Path=/"))))
    pipelines_client.post("/v1/track", json={})
    pipelines_client.post("/v1/track", json={})
    assert [request.header("cookie") for request in upstream.received] == ["", ""]


def test_query_parameters_keep_their_types_and_order_of_values(
    shop_client: httpx.Client, upstream: Upstream
) -> None:
    shop_client.get("/items?page=2&tags=red&tags=a%26b&q=%C3%BC%20%2B")
    assert upstream.only.target == "/api/items?q=%C3%BC%20%2B&page=2&tags=red&tags=a%26b"


def test_a_parameter_that_is_not_given_is_not_sent(shop_client: httpx.Client, upstream: Upstream) -> None:
    shop_client.get("/items")
    assert upstream.only.target == "/api/items"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a%2Fb", "a%2Fb"),
        ("%2e%2e%2e%2Fadmin", "...%2Fadmin"),
        ("a%20b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("%C3%BC%E2%98%83", "%C3%BC%E2%98%83"),
        ("100%25", "100%25"),
        ("%252F", "%252F"),
        ("a%3Fq=1%23x", "a%3Fq%3D1%23x"),
        ("%7Bid%7D", "%7Bid%7D"),
        ("a;b=c", "a%3Bb%3Dc"),
        ("x" * 2000, "x" * 2000),
    ],
)
def test_a_path_value_stays_in_its_segment(
    shop_client: httpx.Client, upstream: Upstream, written: str, sent: str
) -> None:
    assert shop_client.get(f"/items/{written}").status_code == 200
    assert upstream.only.target == f"/api/items/{sent}"


@pytest.mark.parametrize(
    "written",
    [
        "..%2f..%2fadmin",
        "%2e%2e%2Fadmin",
        "..%5cadmin",
        "%252e%252e%252fadmin",
        "..%3bx",
        "a%00b",
        "a%0d%0ab",
    ],
)
def test_a_path_value_cannot_lead_out_of_its_segment(
    shop_client: httpx.Client, upstream: Upstream, written: str
) -> None:
    answer = shop_client.get(f"/items/{written}")
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json()["violations"]] == ["/id"]
    assert upstream.received == []


def test_a_route_may_spell_a_variable_in_another_way(shop_client: httpx.Client, upstream: Upstream) -> None:
    assert shop_client.get("/shelves/a-7").status_code == 200
    assert upstream.only.target == "/api/shelves/a-7"


def test_a_declared_header_is_passed_on(shop_client: httpx.Client, upstream: Upstream) -> None:
    shop_client.get("/items/1", headers={"x-trace": "t-1"})
    assert upstream.only.header("x-trace") == "t-1"


def test_a_header_in_utf8_is_passed_on_as_it_is(shop_client: httpx.Client, upstream: Upstream) -> None:
    shop_client.get("/items/1", headers=[(b"x-trace", "Zoë".encode())])
    assert upstream.only.header("x-trace").encode("latin-1") == "Zoë".encode()


def test_fields_of_the_body_become_the_fields_that_the_upstream_takes(
    shop_client: httpx.Client, upstream: Upstream
) -> None:
    shop_client.post("/orders", json={"sku": "a-1", "count": 12345678901234567890123, "other": 1})
    assert upstream.only.json == {"sku": "a-1", "count": 12345678901234567890123}


def test_a_mapped_answer_is_the_piece_that_the_document_names(
    shop_client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answers_json({"name": "chair", "price": 7})
    got = shop_client.get("/items/1/name")
    assert got.json() == "chair"
    assert got.headers["content-type"] == "application/json"


def test_head_is_answered_like_get_without_content(shop_client: httpx.Client, upstream: Upstream) -> None:
    got = shop_client.head("/items")
    assert got.status_code == 200
    assert got.content == b""
    assert got.headers["content-length"] == str(len(Answer().body))
    assert upstream.only.method == "GET"


def test_options_tells_the_methods_and_asks_nobody(shop_client: httpx.Client, upstream: Upstream) -> None:
    got = shop_client.options("/items")
    assert got.status_code == 204
    assert got.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert upstream.received == []


def test_a_trailing_slash_makes_no_difference(pipelines_client: httpx.Client, upstream: Upstream) -> None:
    assert pipelines_client.post("/v1/track/", json={}).status_code == 200
    assert upstream.only.target == "/v1/track"


def test_a_hundred_callers_at_once_each_get_their_own_answer(
    shop_client: httpx.Client, upstream: Upstream
) -> None:
    def echo(request: Received) -> Answer:
        return Answer(200, json.dumps({"path": request.path}).encode())

    def call(number: int) -> object:
        return shop_client.get(f"/items/{number}").json()

    upstream.answers(echo)
    with ThreadPoolExecutor(100) as callers, upstream.held():
        answers = callers.map(call, range(100), timeout=PATIENCE)
        upstream.wait_for(100)
        upstream.release()
        assert list(answers) == [{"path": f"/api/items/{number}"} for number in range(100)]
    assert {request.header("authorization") for request in upstream.received} == {
        f"Bearer {SHOP_TOKEN['SHOP_TOKEN']}"
    }
