"""OAuth 1.0a: the examples of RFC 5849 and of the body-hash draft, and signatures verified by another library."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849 import signature as oracle

from consume.calling import authenticated, call
from naftiko_run.consume import OutgoingRequest
from naftiko_run.consume.authentication.oauth1 import OAuth1, signature_base
from naftiko_run.errors import MissingBinding, Unsupported
from support.upstream import Received, Upstream

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def outgoing(method: str, url: str, *headers: tuple[str, str], body: bytes | None = None) -> OutgoingRequest:
    return OutgoingRequest("api.op", method, url, tuple(headers), body)


def test_the_base_string_of_rfc_5849() -> None:
    request = outgoing(
        "POST",
        "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        FORM,
        body=b"c2&a3=2+q",
    )
    parameters = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    assert signature_base(request, parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D"
        "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_the_signature_of_rfc_5849() -> None:
    request = outgoing("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original")
    parameters = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
    }
    base = signature_base(request, parameters)
    signed = hmac.digest(b"kd94hf93k423kf44&pfkkdhi9sl3r4s00", base.encode(), "sha1")
    assert b64encode(signed) == b"MdpQcU8iPSUjWoN/UDMsK2sui9I="


@pytest.mark.parametrize(
    ("method", "body", "timestamp", "nonce", "body_hash"),
    [
        ("PUT", b"Hello World!", "1236874236", "10369470270925", "Lve95gjOVATpfV8EL5X4nxwjKHE="),
        ("GET", None, "1238395022", "8628868109991", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
    ],
)
def test_the_examples_of_the_body_hash_draft(
    *, method: str, body: bytes | None, timestamp: str, nonce: str, body_hash: str
) -> None:
    bases: list[str] = []

    def sign(base: str) -> bytes:
        bases.append(base)
        return b"signature"

    scheme = OAuth1("consumer", "token", "", "HMAC-SHA1", sign, hashes_body=True)
    request = outgoing(method, "http://www.example.com/resource", ("Content-Type", "text/plain"), body=body)
    written = scheme.authorization(request, timestamp, nonce)
    assert f'oauth_body_hash="{quote(body_hash, safe="")}"' in written
    twice = quote(quote(body_hash, safe=""), safe="")
    expected = (
        f"{method}&http%3A%2F%2Fwww.example.com%2Fresource&oauth_body_hash%3D{twice}%26oauth_consumer_key"
        f"%3Dconsumer%26oauth_nonce%3D{nonce}%26oauth_signature_method%3DHMAC-SHA1"
        f"%26oauth_timestamp%3D{timestamp}%26oauth_token%3Dtoken%26oauth_version%3D1.0"
    )
    assert bases == [expected]


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)


def protocol_parameters(request: Received) -> dict[str, str]:
    scheme, _, written = request.header("authorization").partition(" ")
    assert scheme == "OAuth"
    found = re.findall(r'(\w+)="([^"]*)"', written)
    assert len(dict(found)) == len(found)
    return {name: unquote(value) for name, value in found}


def what_is_signed(upstream: Upstream) -> bytes:
    """Return the base string that another library builds for the only recorded request."""
    came = upstream.only
    collected = oracle.collect_parameters(
        uri_query=came.query,
        body=came.body.decode() if came.header("content-type") == FORM[1] else [],
        headers={"Authorization": came.header("authorization")},
    )
    uri = oracle.base_string_uri(upstream.url + came.target)
    base: str = oracle.signature_base_string(came.method, uri, oracle.normalize_parameters(collected))
    return base.encode()


OPERATION = {
    "method": "POST",
    "inputParameters": [
        {"in": "query", "name": "q"},
        {"in": "query", "name": "tags", "type": "array", "items": {"type": "string"}},
        {"in": "body", "name": "body", "type": "object"},
    ],
}
INPUTS = {"id": "é/(x)", "q": "a b+c&d=~*'", "tags": ["2", "1"], "body": {"n": "é"}}


@pytest.mark.parametrize("form", [False, True])
def test_an_rsa_signature_that_another_library_accepts(
    tmp_path: Path, upstream: Upstream, *, form: bool
) -> None:
    (tmp_path / "key.pem").write_bytes(pem(rsa_key()))
    block = {"type": "oauth1", "consumerKey": "{{KEY}}!x", "signingKey": "key.pem"}
    operation = {**OPERATION, "body": {"type": "form", "data": {"f": "a b&é"}}} if form else OPERATION
    capability = authenticated(
        tmp_path, upstream.url, block, operation, path="/a/{id}", environment={"KEY": "consumer"}
    )
    inputs = {name: value for name, value in INPUTS.items() if name != "body" or not form}
    assert call(capability, **inputs).status == 200
    parameters = protocol_parameters(upstream.only)
    rsa_key().public_key().verify(
        b64decode(parameters["oauth_signature"]), what_is_signed(upstream), PKCS1v15(), SHA256()
    )
    assert parameters["oauth_consumer_key"] == "consumer!x"
    assert parameters["oauth_signature_method"] == "RSA-SHA256"
    digest = b64encode(hashlib.sha256(upstream.only.body).digest()).decode()
    assert parameters.get("oauth_body_hash") == (None if form else digest)


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_shared_secret_signs_as_another_library_does(
    tmp_path: Path, upstream: Upstream, method: str
) -> None:
    block = {
        "type": "oauth1",
        "consumerKey": "k",
        "consumerSecret": "{{SECRET}}",
        "signatureMethod": method,
        "token": "t",
        "tokenSecret": "{{TOKEN}}",
        "realm": "R",
    }
    secrets = {"SECRET": "s&é", "TOKEN": "t/+"}
    capability = authenticated(tmp_path, upstream.url, block, OPERATION, path="/a/{id}", environment=secrets)
    assert call(capability, **INPUTS).status == 200
    parameters = protocol_parameters(upstream.only)
    algorithm = method.removeprefix("HMAC-").lower()
    expected = hmac.digest(b"s%26%C3%A9&t%2F%2B", what_is_signed(upstream), algorithm)
    assert b64decode(parameters["oauth_signature"]) == expected
    assert (parameters["realm"], parameters["oauth_token"]) == ("R", "t")
    assert "oauth_body_hash" not in parameters


def test_no_two_requests_are_signed_alike(tmp_path: Path, upstream: Upstream) -> None:
    capability = authenticated(
        tmp_path, upstream.url, {"type": "oauth1", "consumerKey": "k", "consumerSecret": "s"}
    )
    call(capability)
    call(capability)
    nonces = {protocol_parameters(request)["oauth_nonce"] for request in upstream.received}
    assert len(nonces) == 2


@pytest.mark.parametrize("form", ["pem", "pem-locked", "p12", "p12-open", "text", "one-line"])
def test_the_forms_of_a_signing_key(tmp_path: Path, upstream: Upstream, form: str) -> None:
    password = "pass word" if form in ("pem-locked", "p12") else ""
    locked = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    content = pem(rsa_key(), password.encode())
    if form.startswith("p12"):
        content = serialize_key_and_certificates(b"keyalias", rsa_key(), None, None, locked)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "key").write_bytes(content)
    value = {"text": content.decode, "one-line": lambda: content.decode().replace("\n", "\\n")}.get(
        form, lambda: "file:///./keys/key"
    )()
    block = {
        "type": "oauth1",
        "consumerKey": "k",
        "signingKey": "{{SIGNING_KEY}}",
        "signingKeyPassword": "{{PASSWORD}}",
    }
    environment = {"SIGNING_KEY": value, "PASSWORD": password}
    assert call(authenticated(tmp_path, upstream.url, block, environment=environment)).status == 200
    signature = b64decode(protocol_parameters(upstream.only)["oauth_signature"])
    assert len(signature) == 256


@pytest.mark.parametrize(
    "value",
    [
        "s3cret-literal",
        "x" * 5000,
        "https://s3cret",
        "-----BEGIN PRIVATE KEY-----\ns3cret",
        "key.p12",
        "ec.pem",
        ".",
    ],
)
def test_an_invalid_signing_key_rejects_calls_and_is_not_shown(
    tmp_path: Path, upstream: Upstream, value: str
) -> None:
    (tmp_path / "key.p12").write_bytes(b"s3cret")
    (tmp_path / "ec.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    block = {"type": "oauth1", "consumerKey": "k", "signingKey": "{{SIGNING_KEY}}"}
    capability = authenticated(tmp_path, upstream.url, block, environment={"SIGNING_KEY": value})
    with pytest.raises(Unsupported, match=r"`api` cannot authenticate: .*`signingKey`") as refused:
        call(capability)
    assert "s3cret" not in f"{refused.value!r} {capability.diagnostics}"
    assert "xxxx" not in refused.value.message
    assert upstream.received == []


def test_a_signing_key_that_is_not_set_is_named(tmp_path: Path, upstream: Upstream) -> None:
    block = {"type": "oauth1", "consumerKey": "k", "signingKey": "{{SIGNING_KEY}}"}
    with pytest.raises(MissingBinding, match="SIGNING_KEY"):
        call(authenticated(tmp_path, upstream.url, block))


def test_the_sandbox_reads_no_key(tmp_path: Path) -> None:
    block = {"type": "oauth1", "consumerKey": "{{KEY}}", "signingKey": "/dev/null/none"}
    outcome = call(authenticated(tmp_path, "https://api.example", block, sandbox=True))
    assert json.loads(outcome.content)["sandbox"]["wouldSend"]["headers"]["Authorization"] == "OAuth ***"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


SEGMENT = TEXT.filter(lambda text: text not in (".", ".."))
"""Segments without ``..``, which would make it another URL when it is sent."""


@given(query=st.lists(st.tuples(TEXT, TEXT), max_size=4), segment=SEGMENT)
def test_base_strings_are_those_of_another_library(query: list[tuple[str, str]], segment: str) -> None:
    written = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    url = f"https://api.example:8443/a/{quote(segment, safe='')}" + (f"?{written}" if query else "")
    parameters: dict[str, Any] = {"oauth_nonce": "n~ é", "oauth_consumer_key": "k"}
    collected = oracle.collect_parameters(uri_query=written, exclude_oauth_signature=False)
    expected = oracle.signature_base_string(
        "GET",
        oracle.base_string_uri(url),
        oracle.normalize_parameters([*collected, *parameters.items()]),
    )
    assert signature_base(outgoing("GET", url), parameters) == expected
