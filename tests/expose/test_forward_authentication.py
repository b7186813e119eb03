"""Forwarded requests whose body streams, to upstreams that want more than a fixed header."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.server import serving
from support.upstream import Answer, Received, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {{type: http, namespace: api, baseUri: {url}, authentication: {block}, resources: []}}
  exposes:
  - type: rest
    namespace: r
    resources: [{{path: "/proxy/{{{{path}}}}", forward: {{targetNamespace: api}}}}]
"""
DIGEST = Answer(401, b"no", (("www-authenticate", 'Digest realm="r", nonce="n", qop="auth"'),))


@contextmanager
def forwarding(folder: Path, upstream: Upstream, block: dict[str, str]) -> Iterator[str]:
    file = folder / "forward.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url, block=json.dumps(block)))
    with serving(file, settings=Settings(environment={})) as served:
        yield f"{served.origin('rest')}/proxy/x"


def pieces() -> Iterator[bytes]:
    yield b"one "
    yield b"two"


def test_a_body_is_kept_where_a_challenge_makes_it_go_twice(tmp_path: Path, upstream: Upstream) -> None:
    upstream.answers(lambda request: Answer() if request.header("authorization") else DIGEST)
    with forwarding(tmp_path, upstream, {"type": "digest", "username": "u", "password": "p"}) as url:
        assert httpx.post(url, content=pieces()).status_code == 200
    assert [request.body for request in upstream.received] == [b"one two", b"one two"]


def test_a_body_that_is_too_large_to_be_kept_is_refused(tmp_path: Path, upstream: Upstream) -> None:
    with forwarding(tmp_path, upstream, {"type": "digest", "username": "u", "password": "p"}) as url:
        answer = httpx.post(url, content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 400
    assert answer.json()["violations"][0]["pointer"] == "/body"
    assert upstream.received == []


@pytest.mark.parametrize(
    ("block", "start"),
    [
        (
            {
                "type": "aws-sig-v4",
                "accessKeyId": "k",
                "secretAccessKey": "s",
                "region": "eu-west-1",
                "service": "s3",
            },
            "AWS4-HMAC-SHA256 Credential=k/",
        ),
        (
            {"type": "oauth1", "consumerKey": "k", "consumerSecret": "s", "bodyHash": "true"},
            "OAuth oauth_body_hash=",
        ),
        ({"type": "hmac", "apiId": "i", "apiKey": "00"}, "VERACODE-HMAC-SHA-256 id=i,"),
    ],
    ids=lambda each: each["type"] if isinstance(each, dict) else "",
)
def test_a_body_is_signed(tmp_path: Path, upstream: Upstream, block: dict[str, str], start: str) -> None:
    with forwarding(tmp_path, upstream, block) as url:
        assert httpx.post(url, content=b"one two").status_code == 200
    assert upstream.only.header("authorization").startswith(start)
    assert upstream.only.body == b"one two"


def test_a_token_is_fetched_and_a_refused_one_is_replaced_where_the_body_can_be_sent_again(
    tmp_path: Path, upstream: Upstream
) -> None:
    given: list[str] = []

    def answered(request: Received) -> Answer:
        if request.path == "/token":
            given.append(f"token-{len(given)}")
            return Answer(body=json.dumps({"access_token": given[-1]}).encode())
        is_fresh = request.header("authorization") == "Bearer token-1"
        return Answer() if is_fresh else Answer(401, b"over", ())

    upstream.answers(answered)
    block = {
        "type": "oauth2",
        "tokenEndpoint": f"{upstream.url}/token",
        "clientId": "c",
        "clientSecret": "s",
    }
    with forwarding(tmp_path, upstream, block) as url:
        refused = httpx.post(url, content=pieces())
        assert (refused.status_code, refused.text) == (401, "over")
        assert httpx.post(url, content=pieces()).status_code == 200
        given.clear()
        given.append("token-0")
        assert httpx.get(url).status_code == 200
