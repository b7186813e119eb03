"""Credentials that are sent in URLs do not come back, and a relative Location is made absolute."""

from __future__ import annotations

import asyncio
import gzip
import html
import json
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_run import Settings
from naftiko_run.consume.masking import Mask, UrlSecrets
from naftiko_run.http.messages import StreamedResponse
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.server import Served, serving
from support.upstream import Answer, Received, Upstream
from support.wire import problem

KEY = "s3cret/key+with=signs&more"
TOKEN = "123456:bot-token-value"
PASSWORD = "p4ssword@home"
FILTER = "filter-secret-9"
ENVIRONMENT = {"KEY": KEY, "TOKEN": TOKEN, "PASSWORD": PASSWORD, "FILTER": FILTER, "VERSION": "v1"}
DOCUMENT = """
naftiko: 1.0.0-alpha2
binds:
- namespace: env
  keys: {KEY: KEY, TOKEN: TOKEN, FILTER: FILTER, VERSION: VERSION}
capability:
  consumes:
  - namespace: keyed
    baseUri: ORIGIN/{{env.VERSION}}
    authentication: {type: apikey, key: api_key, value: '{{env.KEY}}', placement: query}
    resources: &resources
    - path: /things
      operations:
      - {name: get, method: GET}
      - {name: add, method: POST}
  - {namespace: in-path, baseUri: 'ORIGIN/bot{{env.TOKEN}}', resources: *resources}
  - {namespace: user, baseUri: 'WITH_USER/x', resources: *resources}
  - namespace: filtered
    baseUri: ORIGIN
    resources:
    - path: /things
      operations:
      - {name: get, method: GET, inputParameters: [{name: f, in: query, value: '{{env.FILTER}}'}]}
      - {name: add, method: POST, inputParameters: [{name: f, in: query, value: '{{env.FILTER}}'}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {path: /keyed, operations: [{method: GET, call: keyed.get}, {method: POST, call: keyed.add}]}
    - {path: /in-path, operations: [{method: GET, call: in-path.get}, {method: POST, call: in-path.add}]}
    - {path: /user, operations: [{method: GET, call: user.get}, {method: POST, call: user.add}]}
    - {path: /filtered, operations: [{method: GET, call: filtered.get}, {method: POST, call: filtered.add}]}
    - {path: '/forwarded/{path}', forward: {targetNamespace: keyed}}
  - type: mcp
    namespace: m
    tools:
    - {name: keyed, description: Get, call: keyed.get}
    - {name: keyed-add, description: Add, call: keyed.add}
    - {name: in-path, description: Get, call: in-path.get}
    - {name: in-path-add, description: Add, call: in-path.add}
"""
SECRETS = {"keyed": KEY, "in-path": TOKEN, "user": PASSWORD, "filtered": FILTER}


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with_user = shared_upstream.url.replace("://", f"://someone:{quote(PASSWORD, safe='')}@")
    text = DOCUMENT.replace("WITH_USER", with_user).replace("ORIGIN", shared_upstream.url)
    document = written(tmp_path_factory.mktemp("urls"), text)
    with serving(document, settings=Settings(environment=ENVIRONMENT)) as up:
        yield up


def holds(text: str, secret: str) -> bool:
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret)}
    forms |= {quote(secret, safe="").lower(), json.dumps(secret)[1:-1].replace("/", "\\/")}
    return any(form in text for form in forms)


def echoing(status: int) -> object:
    """Answer with everything that the request said of itself, in several spellings."""

    def answer(received: Received) -> Answer:
        url = f"http://up.example{received.target}"
        body = {
            "message": f"cannot serve {url}",
            "escaped": "ESCAPED",
            "html": html.escape(url),
            "n": "v1 is fine",
        }
        written = json.dumps(body).replace("ESCAPED", url.replace("/", "\\/"))
        headers = (
            ("content-type", "application/json"),
            ("location", f"/moved{received.target}"),
            ("link", f'<{received.target}>; rel="next"'),
        )
        return Answer(status, written.encode(), headers)

    return answer


@pytest.mark.parametrize("status", [200, 201, 302, 404, 500])
@pytest.mark.parametrize("path", ["keyed", "in-path", "filtered"])
def test_a_credential_in_a_url_does_not_come_back(
    served: Served, upstream: Upstream, path: str, status: int
) -> None:
    upstream.answers(echoing(status))  # type: ignore[arg-type]
    answer = httpx.get(f"{served.url('rest')}/{path}")
    assert answer.status_code == status
    assert holds(upstream.only.target, SECRETS[path])
    assert not holds(answer.text, SECRETS[path]), answer.text
    assert "***" in answer.text
    assert "v1 is fine" in answer.text
    assert answer.json()["message"].startswith("cannot serve http://up.example/")
    for name in ("location", "link"):
        assert not holds(answer.headers[name], SECRETS[path])
    if path != "filtered":
        result = call_tool(served.url("mcp"), path)
        assert not holds(result.model_dump_json(), SECRETS[path])


def test_a_key_is_masked_wherever_it_stands(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(body=json.dumps({"args": {"api_key": KEY}, "n": 1}).encode()))
    assert httpx.get(f"{served.url('rest')}/keyed").json() == {"args": {"api_key": "***"}, "n": 1}
    answer = httpx.get(f"{served.url('rest')}/forwarded/things")
    assert answer.json() == {"args": {"api_key": "***"}, "n": 1}


def test_what_failed_does_not_name_what_is_in_the_path(served: Served, upstream: Upstream) -> None:
    upstream.answers_json({"error": f"the token {TOKEN} is revoked"}, 401)
    assert httpx.get(f"{served.url('rest')}/in-path").json() == {"error": "the token *** is revoked"}
    upstream.answers_json({"id": TOKEN})
    assert httpx.get(f"{served.url('rest')}/in-path").json() == {
        "id": TOKEN
    }  # an answer may have it as its data


def test_a_long_answer_is_masked_too(served: Served, upstream: Upstream) -> None:
    body = json.dumps(
        [f"http://up.example/?api_key={quote_plus(KEY)}&n={number}" for number in range(20_000)]
    )
    upstream.answers(Answer(body=body.encode()))
    answer = httpx.get(f"{served.url('rest')}/keyed")
    assert answer.json()[-1] == "http://up.example/?api_key=***&n=19999"
    assert not holds(answer.text, KEY)
    assert not holds(text_of(call_tool(served.url("mcp"), "keyed")), KEY)


def test_a_forward_masks_an_answer_that_is_compressed_unasked(served: Served, upstream: Upstream) -> None:
    def answer(received: Received) -> Answer:
        assert received.header("accept-encoding") == "identity"
        headers = (("content-type", "text/plain"), ("content-encoding", "gzip"))
        return Answer(200, gzip.compress(f"you sent {received.target}".encode()), headers)

    upstream.answers(answer)
    answer_ = httpx.get(f"{served.url('rest')}/forwarded/things")
    assert answer_.text == "you sent /v1/things?api_key=***"
    assert "content-encoding" not in answer_.headers
    head = httpx.head(f"{served.url('rest')}/forwarded/things")
    assert (head.status_code, head.headers["content-encoding"]) == (200, "gzip")


def test_a_forward_passes_on_nothing_that_it_cannot_look_into(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(200, b"?", (("content-type", "text/plain"), ("content-encoding", "compress"))))
    document = problem(httpx.get(f"{served.url('rest')}/forwarded/things"), 502)
    assert "the content coding compress was not asked for" in document["detail"]


def test_no_header_holds_a_credential(served: Served, upstream: Upstream) -> None:
    names = ("etag", "content-disposition", "x-request-id", "x-original-url")

    def answer(received: Received) -> Answer:
        return Answer(200, b"{}", tuple((name, f"{name} {received.target}") for name in names))

    upstream.answers(answer)
    for path in ("keyed", "forwarded/things"):
        headers = httpx.get(f"{served.url('rest')}/{path}").headers
        assert headers["etag"] == "etag /v1/things?api_key=***"
        assert not holds(str(headers), KEY)


@pytest.mark.parametrize(
    "spelling",
    [
        "s3cret/key+with=signs\\u0026more",  # Go
        "s3cret/key+with\\u003dsigns\\u0026more",  # Gson
        "s3cret/key\\u002Bwith=signs\\u0026more",  # .NET
        "s3cret/key&#x2B;with=signs&amp;more",
        "s3cret\\/key+with=signs\\u0026more",  # PHP
    ],
)
def test_a_key_is_masked_as_encoders_escape_it(served: Served, upstream: Upstream, spelling: str) -> None:
    upstream.answers(Answer(body=f'{{"key": "{spelling}"}}'.encode()))
    assert httpx.get(f"{served.url('rest')}/keyed").json() == {"key": "***"}


ENCODERS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "lower": str.lower,
    "upper": str.upper,
    "plus": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json-of-go": lambda text: text.replace("&", "\\u0026").replace("<", "\\u003c"),
    "ampersands": lambda text: text.replace("&", "&amp;"),
    "html": html.escape,
}
UNNECESSARY: dict[str, Callable[[str], str]] = {
    "none": str,
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "json": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
}


@given(
    st.text(st.sampled_from('aZ5/+=&"<>%\\ é'), min_size=8, max_size=20).filter(
        lambda key: not key.isdecimal()
    ),
    st.sampled_from([*UNNECESSARY]),
    st.lists(st.sampled_from([*ENCODERS]), max_size=3),
)
@example('a+b/c=&"<SECRET99é', "json", [])
@example("c2VjcmV0+a/b==", "none", ["percent", "percent"])
def test_a_key_is_masked_in_nested_encodings_and_any_case(key: str, first: str, then: list[str]) -> None:
    secrets = UrlSecrets()
    secrets.add("key=", key, is_credential=True)
    written = UNNECESSARY[first](key)
    for name in then if first == "none" else then[:2]:
        written = ENCODERS[name](written)
    assert Mask(secrets).text(f"[{written}]") == "[***]"


def test_a_key_in_a_url_in_the_query_of_a_location_is_masked(served: Served, upstream: Upstream) -> None:
    def answer(received: Received) -> Answer:
        return Answer(302, b"", (("location", f"/login?next={quote(received.target, safe='')}"),))

    upstream.answers(answer)
    for path in ("keyed", "forwarded/things"):
        location = httpx.get(f"{served.url('rest')}/{path}").headers["location"]
        assert location == f"{upstream.url}/login?next=%2Fv1%2Fthings%3Fapi_key%3D***"


def test_a_short_key_is_masked_where_its_name_is_escaped() -> None:
    secrets = UrlSecrets()
    secrets.add("key=", "1234", is_credential=True)
    assert Mask(secrets).text("/x?a=1234\\u0026key\\u003d1234") == "/x?a=1234\\u0026key\\u003d***"


@given(
    st.lists(st.sampled_from([KEY, KEY[:5], KEY[5:], quote(KEY, safe=""), "x", "api_key="]), max_size=12),
    st.data(),
)
def test_a_stream_is_masked_as_the_whole_is(parts: list[str], data: st.DataObject) -> None:
    secrets = UrlSecrets()
    secrets.add("api_key=", KEY, is_credential=True)
    body = "".join(parts).encode()
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    cut = [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]

    async def chunks() -> AsyncIterator[bytes]:
        for piece in cut:
            yield piece

    async def close() -> None:
        pass

    async def masked() -> bytes:
        response = StreamedResponse(200, (("content-length", "1"),), b"", chunks(), close)
        given = await Mask(secrets).response(response)
        assert given.headers == ()
        assert isinstance(given, StreamedResponse)
        return b"".join([chunk async for chunk in given.chunks])

    assert not holds(asyncio.run(masked()).decode(), KEY)


LOCATIONS = [
    ("/jobs/5", "{origin}/jobs/5"),
    ("5", "{origin}/{base}/5"),
    ("?page=2", "{origin}/{base}/things?page=2"),
    ("//other.example/x", "http://other.example/x"),
    ("https://other.example/x", "https://other.example/x"),
    ("http://[", "http://["),
]


@pytest.mark.parametrize("status", [200, 201, 202, 302])
@pytest.mark.parametrize(("location", "absolute"), LOCATIONS)
def test_a_location_is_shown_and_absolute(
    served: Served, upstream: Upstream, *, location: str, absolute: str, status: int
) -> None:
    upstream.answers(
        Answer(status, b'{"id":5}', (("content-type", "application/json"), ("location", location)))
    )
    for path, base in (("keyed", "v1"), ("in-path", "bot***"), ("user", "x")):
        expected = absolute.format(origin=upstream.url, base=base)
        answer = httpx.post(f"{served.url('rest')}/{path}")
        assert (answer.status_code, answer.headers["location"]) == (status, expected)
        if path == "user":
            continue
        result = call_tool(served.url("mcp"), f"{path}-add")
        texts = [block.text for block in result.content if block.type == "text"]
        assert f"Location: {expected}" in "\n".join(texts)
        assert bool(result.is_error) == (status == 302)
        assert result.structured_content is not None
        if status == 302:
            assert result.structured_content["location"] == expected
        else:
            assert result.structured_content == {"id": 5}


def test_the_location_of_an_empty_answer_is_shown(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(202, b"", (("location", "/jobs/5"),)))
    text = text_of(call_tool(served.url("mcp"), "keyed-add"))
    assert text == f"202 Accepted, without content; Location: {upstream.url}/jobs/5"


@pytest.mark.parametrize("status", [200, 201, 404])
def test_an_empty_answer_has_no_type(served: Served, upstream: Upstream, status: int) -> None:
    upstream.answers(Answer(status, b"", (("content-type", "application/json"),)))
    answer = httpx.get(f"{served.url('rest')}/keyed")
    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-type" not in answer.headers


WITH = """
naftiko: 1.0.0-alpha2
binds:
- {namespace: env, keys: {FILTER: FILTER, TOKEN: TOKEN}}
capability:
  consumes:
  - namespace: api
    baseUri: ORIGIN
    resources:
    - path: '/bot{key}/{id}'
      operations: [{name: path, method: GET}]
    - path: /things
      operations:
      - {name: query, method: GET, inputParameters: [{name: key, in: query}]}
      - {name: value, method: GET, inputParameters: [{name: k, in: query, value: '{{key}}'}]}
      - {name: written, method: GET, inputParameters: [{name: k, in: query, value: 'pre-{{env.TOKEN}}'}]}
      - {name: extra, method: GET}
      - {name: header, method: GET, inputParameters: [{name: key, in: header}, {name: f, in: query}]}
  aggregates:
  - namespace: a
    functions:
    - {name: given, description: Get, call: api.query, inputParameters: [{name: key, type: string}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {path: '/path/{id}', operations: [{method: GET, call: api.path, with: {key: '{{TOKEN}}'}}]}
    - {path: /query, operations: [{method: GET, call: api.query, with: {key: '{{TOKEN}}'}}]}
    - {path: /part, operations: [{method: GET, call: api.query, with: {key: 'pre-{{env.TOKEN}}'}}]}
    - {path: /value, operations: [{method: GET, call: api.value, with: {key: env.TOKEN}}]}
    - {path: /written, operations: [{method: GET, call: api.written}]}
    - {path: /extra, operations: [{method: GET, call: api.extra, with: {key: '{{TOKEN}}'}}]}
    - {path: /given, operations: [{method: GET, ref: a.given, with: {key: '{{TOKEN}}'}}]}
    - path: /fixed
      operations:
      - {method: GET, call: api.query, inputParameters: [{name: key, in: query, value: '{{TOKEN}}'}]}
    - path: /step
      operations:
      - method: GET
        steps: [{name: s, type: call, call: api.query, with: {key: '{{TOKEN}}'}}]
    - {path: /header, operations: [{method: GET, call: api.header, with: {key: '{{TOKEN}}', f: '{{FILTER}}'}}]}
"""


@pytest.fixture(scope="module")
def served_with(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("with"), WITH.replace("ORIGIN", shared_upstream.url))
    with serving(document, settings=Settings(environment=ENVIRONMENT)) as up:
        yield up


@pytest.mark.parametrize("status", [200, 201, 302, 404, 500])
@pytest.mark.parametrize(
    "path", ["path/5", "query", "part", "value", "written", "extra", "given", "fixed", "step"]
)
def test_a_credential_that_a_call_fills_in_does_not_come_back(
    served_with: Served, upstream: Upstream, path: str, status: int
) -> None:
    upstream.answers(echoing(status))  # type: ignore[arg-type]
    answer = httpx.get(f"{served_with.url('rest')}/{path}")
    assert holds(upstream.only.target, TOKEN)
    assert not holds(answer.text + str(answer.headers), TOKEN), answer.text
    assert "v1 is fine" in answer.text or answer.status_code == 502


def test_only_what_travels_in_the_url_is_masked(served_with: Served, upstream: Upstream) -> None:
    upstream.answers_json({"url": f"/things?f={FILTER}", "key": f"/things?key={TOKEN}"})
    answer = httpx.get(f"{served_with.url('rest')}/header").json()
    assert answer == {"url": "/things?f=***", "key": f"/things?key={TOKEN}"}
