"""Digest: the examples of RFC 7616 and 2617, and an upstream that challenges."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from consume.calling import authenticated, call, call_at_once, call_each
from naftiko_run.consume import UpstreamResponse
from naftiko_run.consume.authentication.digest import DigestChallenge, challenges_of
from naftiko_run.invoke import Outcome
from support.upstream import Answer, Received, Upstream

USER, PASSWORD, REALM = 'Mu"fäsa', "Circle: of Lifé", "a realm"
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
AUTHENTICATION = {"type": "digest", "username": "{{USER}}", "password": "{{PASSWORD}}"}


@dataclass
class Guarded:
    """Respond as an upstream with Digest authentication.

    Attributes:
        algorithm: The algorithm of its challenges; empty for the default.
        qop: The qualities of protection that it offers; empty for none, as in RFC 2069.
        userhash: Whether the user's name is hashed.
        uses: How often a nonce may be used.
        counts: The nonce counts that were used, by nonce.
    """

    algorithm: str = "SHA-256"
    qop: str = "auth, auth-int"
    userhash: bool = False
    uses: int = 100
    counts: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, request: Received) -> Answer:
        scheme, _, written = request.header("authorization").partition(" ")
        if scheme != "Digest":
            return self.challenge()
        given = parse_keqv_list(parse_http_list(written))
        counts = self.counts.get(given["nonce"])
        if counts is None or len(counts) >= self.uses:
            return self.challenge(stale=counts is not None)
        if given.get("nc") in counts or given["response"] != self.expected(given, request):
            return self.challenge(given["nonce"])
        counts.append(given.get("nc", f"{len(counts)}"))
        return Answer()

    def challenge(self, nonce: str = "", *, stale: bool = False) -> Answer:
        nonce = nonce or f"nonce-{len(self.counts)}"
        self.counts.setdefault(nonce, [])
        parts = [f'realm="{REALM}"', f'nonce="{nonce}"', 'opaque="o,p=\\"q"']
        parts += [f'qop="{self.qop}"'] if self.qop else []
        parts += [f"algorithm={self.algorithm}"] if self.algorithm else []
        parts += ["userhash=true"] if self.userhash else []
        parts += ["stale=TRUE"] if stale else []
        challenge = f'Basic realm="other", Digest {", ".join(parts)}, Negotiate abc=='
        return Answer(401, b"{}", (("www-authenticate", challenge), ("content-type", "application/json")))

    def expected(self, given: dict[str, str], request: Received) -> str:
        name = (self.algorithm or "MD5").removesuffix("-sess")

        def hashed(text: str) -> str:
            return hashlib.new(HASHES[name], text.encode()).hexdigest()

        assert given["uri"] == request.target
        assert given["opaque"] == 'o,p="q'
        assert given.get("algorithm", "") == self.algorithm
        if self.userhash:
            assert given["username"] == hashed(f"{USER}:{REALM}")
        else:
            assert unquote(given["username*"].removeprefix("UTF-8''")) == USER
        secret = hashed(f"{USER}:{REALM}:{PASSWORD}")
        if self.algorithm.endswith("-sess"):
            secret = hashed(f"{secret}:{given['nonce']}:{given['cnonce']}")
        last = hashed(f"{request.method}:{request.target}")
        if not self.qop:
            return hashed(f"{secret}:{given['nonce']}:{last}")
        assert given["qop"] == "auth"
        return hashed(f"{secret}:{given['nonce']}:{given['nc']}:{given['cnonce']}:auth:{last}")


def calling(folder: Path, upstream: Upstream, password: str = PASSWORD, **more: Any) -> Any:
    return authenticated(
        folder, upstream.url, AUTHENTICATION, environment={"USER": USER, "PASSWORD": password}, **more
    )


@pytest.mark.parametrize("algorithm", ["", "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
@pytest.mark.parametrize("qop", ["auth", "auth-int,auth", ""])
def test_one_challenge_is_answered_and_its_nonce_used_again(
    tmp_path: Path, upstream: Upstream, algorithm: str, qop: str
) -> None:
    guarded = Guarded(algorithm, qop)
    upstream.answers(guarded)
    operation = {
        "method": "POST",
        "inputParameters": [{"in": "query", "name": "q"}, {"in": "body", "name": "body", "type": "object"}],
    }
    capability = calling(tmp_path, upstream, operation=operation, path="/a b/{id}")
    inputs = {"id": "é/x", "q": "a b&c", "body": {"n": 1}}
    outcomes = call_each(capability, [inputs, inputs, inputs])
    assert [outcome.status for outcome in outcomes] == [200, 200, 200]
    assert len(upstream.received) == 4
    assert {request.body for request in upstream.received} == {b'{"n":1}'}
    if qop:
        assert guarded.counts == {"nonce-0": ["00000001", "00000002", "00000003"]}


def test_the_name_is_hashed_if_the_upstream_requests_it(tmp_path: Path, upstream: Upstream) -> None:
    upstream.answers(Guarded(userhash=True))
    assert call(calling(tmp_path, upstream)).status == 200
    assert "userhash=true" in upstream.received[-1].header("authorization")
    assert USER not in upstream.received[-1].header("authorization")


def test_a_stale_nonce_is_replaced_once(tmp_path: Path, upstream: Upstream) -> None:
    guarded = Guarded(uses=1)
    upstream.answers(guarded)
    assert [each.status for each in call_each(calling(tmp_path, upstream), [{}, {}])] == [200, 200]
    assert guarded.counts == {"nonce-0": ["00000001"], "nonce-1": ["00000001"]}
    assert len(upstream.received) == 4


def test_an_upstream_that_forgot_its_nonces_is_answered_anew(tmp_path: Path, upstream: Upstream) -> None:
    capability = calling(tmp_path, upstream)
    upstream.answers(Guarded())
    assert call(capability).status == 200
    upstream.answers(Guarded(counts={"another": []}))
    assert call(capability).status == 200
    assert len(upstream.received) == 4


def test_a_wrong_password_is_sent_once_and_the_refusal_is_the_callers(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.answers(Guarded())
    assert call(calling(tmp_path, upstream, "wrong")).status == 401
    assert len(upstream.received) == 2


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="x"',
        'Digest realm="x", nonce="n", algorithm=SHA-3',
        'Digest realm="x", nonce="n", qop="auth-int"',
    ],
)
def test_a_challenge_that_cannot_be_answered_is_the_callers(
    tmp_path: Path, upstream: Upstream, challenge: str
) -> None:
    upstream.answers(Answer(401, b"{}", (("www-authenticate", challenge),)))
    assert call(calling(tmp_path, upstream)).status == 401
    assert upstream.only.header("authorization") == ""


def test_requests_at_once_never_use_a_nonce_count_twice(tmp_path: Path, upstream: Upstream) -> None:
    guarded = Guarded()
    upstream.answers(guarded)
    outcomes = call_at_once(calling(tmp_path, upstream), 20)
    assert all(isinstance(each, Outcome) and each.status == 200 for each in outcomes)
    assert all(len(set(counts)) == len(counts) for counts in guarded.counts.values())


def test_the_first_challenge_that_is_known_is_answered() -> None:
    response = UpstreamResponse(
        401,
        (
            (
                "www-authenticate",
                'Digest realm="a", nonce="1", algorithm=X, Digest nonce=2, realm="b \\"c\\""',
            ),
            ("www-authenticate", "Digest nonce=3"),
        ),
        b"",
    )
    found = list(challenges_of(response))
    assert [each.parameters["nonce"] for each in found] == ["1", "2", "3"]
    assert [each.is_answerable for each in found] == [False, True, True]
    assert found[1].parameters["realm"] == 'b "c"'


RFC7616 = {
    "realm": "http-auth@example.org",
    "qop": "auth, auth-int",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
}


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = DigestChallenge(
        {**RFC7616, "algorithm": algorithm}, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    assert challenge.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html") == (
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
        f'nonce="{RFC7616["nonce"]}", response="{response}", algorithm={algorithm}, qop=auth, nc=00000001, '
        f'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", opaque="{RFC7616["opaque"]}"'
    )


def test_the_example_of_rfc_7616_with_a_hashed_name() -> None:
    """With the values of erratum 4897: those that were printed are of another hash."""
    parameters = {
        "realm": "api@example.org",
        "qop": "auth",
        "algorithm": "SHA-512-256",
        "nonce": "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        "userhash": "true",
    }
    challenge = DigestChallenge(parameters, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v")
    answer = challenge.answer("Jäsøn Doe", "Secret, or not?", "GET", "/doe.json")
    assert 'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"' in answer
    assert 'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"' in answer


def test_the_example_of_rfc_2617() -> None:
    parameters = {
        "realm": "testrealm@host.com",
        "qop": "auth,auth-int",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
    }
    answer = DigestChallenge(parameters, cnonce="0a4f113b").answer(
        "Mufasa", "Circle Of Life", "GET", "/dir/index.html"
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in answer
