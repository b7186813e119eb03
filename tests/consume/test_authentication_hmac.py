"""HMAC as Veracode has it: a header that Veracode's own library made, and what goes over the wire."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consume.calling import authenticated, call
from naftiko_run.consume import OutgoingRequest
from naftiko_run.consume.authentication.hmac import HmacSignature
from support.upstream import Upstream

IDENTITY, KEY = "3ddaeeb10ca690df3fee5e3bd1c329fa", "0123456789abcdef" * 8
NONCE = "3b1974fbaa7c97cc3b1974fbaa7c97cc"


def test_a_header_of_veracodes_own_library() -> None:
    url = "https://API.veracode.com/api/authn/v2/users?page=1&q=a%20b"
    scheme = HmacSignature(IDENTITY, bytes.fromhex(KEY))
    request = OutgoingRequest("a.b", "GET", url, ())
    assert scheme.authorization(request, "1445452792746", bytes.fromhex(NONCE)) == (
        f"VERACODE-HMAC-SHA-256 id={IDENTITY},ts=1445452792746,nonce={NONCE},"
        "sig=7ce675755afdc01e8bd6e611acc89cea89496a8a33124f2b31ba7c87cee4af5b"
    )


@pytest.mark.parametrize("prefix", ["", "vera01ei-"])
def test_a_call_is_signed_as_it_goes_over_the_wire(tmp_path: Path, upstream: Upstream, prefix: str) -> None:
    block = {"type": "hmac", "apiId": "{{ID}}", "apiKey": "{{KEY}}"}
    capability = authenticated(
        tmp_path,
        upstream.url,
        block,
        {"inputParameters": [{"in": "query", "name": "q"}]},
        path="/a b/{id}",
        environment={"ID": prefix + IDENTITY, "KEY": prefix + KEY},
    )
    assert call(capability, id="é/x", q="a b*(c)").status == 200
    came = upstream.only
    found = re.fullmatch(
        r"VERACODE-HMAC-SHA-256 id=(\w+),ts=(\d{13}),nonce=([0-9a-f]{32}),sig=[0-9a-f]{64}",
        came.header("authorization"),
    )
    assert found
    assert found.group(1) == IDENTITY
    again = OutgoingRequest("a.b", "GET", upstream.url + came.target, ())
    scheme = HmacSignature(IDENTITY, bytes.fromhex(KEY))
    assert scheme.authorization(again, found.group(2), bytes.fromhex(found.group(3))) == found.group(0)


def test_what_signs_one_call_is_not_in_the_next(tmp_path: Path, upstream: Upstream) -> None:
    block = {"type": "hmac", "apiId": IDENTITY, "apiKey": KEY}
    capability = authenticated(tmp_path, upstream.url, block, {})
    for _ in range(2):
        assert call(capability).status == 200
    signatures = [
        [value for name, value in came.headers if name.lower() == "authorization"]
        for came in upstream.received
    ]
    assert [len(each) for each in signatures] == [1, 1]
    assert signatures[0] != signatures[1]
