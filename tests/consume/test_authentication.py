"""Credentials: where each scheme puts them, and that no call goes out without."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from consume.recording import Recorder, header_of, invoke, query_of, sent, tool
from naftiko_run.errors import MissingBinding, Unsupported
from naftiko_run.invoke import Function

ENVIRONMENT = {"KEY": "k&é", "USER": "usér", "PASS": "p:w"}


def calling(authentication: dict[str, Any], operation: dict[str, Any] | None = None, **more: Any) -> Function:
    return tool(operation or {}, authentication=authentication, **{"environment": ENVIRONMENT, **more})


def test_basic() -> None:
    authentication = {"type": "basic", "username": "{{env.USER}}", "password": "{{PASS}}"}
    scheme, _, credentials = (header_of(sent(calling(authentication)), "Authorization") or "").partition(" ")
    assert scheme == "Basic"
    assert b64decode(credentials).decode() == "usér:p:w"


def test_basic_with_a_literal_user_and_an_empty_password() -> None:
    header = header_of(sent(calling({"type": "basic", "username": "u", "password": ""})), "Authorization")
    assert header == f"Basic {b64encode(b'u:').decode()}"


@pytest.mark.parametrize("token", ["{{KEY}}", "Bearer {{env.KEY}}", "bearer {{KEY}}"])
def test_bearer(token: str) -> None:
    assert header_of(sent(calling({"type": "bearer", "token": token})), "Authorization") == "Bearer k&é"


@pytest.mark.parametrize("placement", [{"placement": "header"}, {"in": "header"}, {}])
def test_an_api_key_in_a_header(placement: dict[str, str]) -> None:
    authentication = {"type": "apikey", "name": "X-Key", "value": "Token {{KEY}}", **placement}
    assert header_of(sent(calling(authentication)), "X-Key") == "Token k&é"


@pytest.mark.parametrize("path", ["/things", "/things?fixed=1"])
def test_an_api_key_in_the_query(path: str) -> None:
    authentication = {"type": "apikey", "key": "api key", "value": "{{KEY}}", "placement": "query"}
    operation = {"inputParameters": [{"in": "query", "name": "q"}]}
    request = sent(calling(authentication, operation, path=path), {"q": "x"})
    assert query_of(request)[-1] == ("api key", "k&é")
    assert ("q", "x") in query_of(request)


def test_an_api_key_in_a_cookie_joins_the_others() -> None:
    authentication = {"type": "apikey", "key": "sid", "value": "{{PASS}}", "placement": "cookie"}
    operation = {"inputParameters": [{"in": "cookie", "name": "lang"}]}
    assert header_of(sent(calling(authentication, operation), {"lang": "de"}), "Cookie") == "lang=de; sid=p:w"
    assert header_of(sent(calling(authentication, operation)), "Cookie") == "sid=p:w"


def test_several_api_keys() -> None:
    request = sent(calling({"type": "apikey", "headers": {"X-Key": "{{KEY}}", "X-App": "app"}}))
    assert (header_of(request, "X-Key"), header_of(request, "X-App")) == ("k&é", "app")


def test_credentials_win_over_what_the_caller_sends() -> None:
    operation = {"inputParameters": [{"in": "header", "name": "Authorization"}]}
    request = sent(
        calling({"type": "bearer", "token": "{{KEY}}"}, operation), {"Authorization": "Bearer mine"}
    )
    assert header_of(request, "Authorization") == "Bearer k&é"


def test_without_authentication_the_caller_may_send_a_header() -> None:
    function = tool({"inputParameters": [{"in": "header", "name": "Authorization"}]})
    assert header_of(sent(function, {"Authorization": "Bearer mine"}), "Authorization") == "Bearer mine"
    assert header_of(sent(function), "Authorization") is None


@pytest.mark.parametrize(
    "kind", ["digest", "oauth1", "oauth2", "hmac", "aws-sig-v4", "certificate", "made-up"]
)
def test_a_scheme_that_is_not_supported_refuses_every_call_by_name(kind: str) -> None:
    recorder = Recorder()
    function = calling({"type": kind, "username": "u"})
    with pytest.raises(Unsupported, match=f"authenticates with `{kind}`"):
        invoke(function, {}, recorder)
    assert recorder.requests == []


@pytest.mark.parametrize(
    ("authentication", "words"),
    [
        ({"type": "bearer"}, "needs a `token`"),
        ({"type": "basic"}, "needs a `username`"),
        ({"description": "a token"}, "does not say its `type`"),
        ({"user": "a", "pass": "b"}, "does not say its `type`"),
        ({"type": "basic", "username": "a:b", "password": "c"}, "colon"),
        ({"type": "apikey", "key": "x", "value": "y", "placement": "nowhere"}, "cannot travel in `nowhere`"),
    ],
)
def test_a_block_that_its_scheme_cannot_use_refuses_every_call(
    authentication: dict[str, str], words: str
) -> None:
    recorder = Recorder()
    with pytest.raises(Unsupported, match=words):
        invoke(calling(authentication), {}, recorder)
    assert recorder.requests == []


def test_an_api_key_in_the_body_is_a_field_beside_the_others() -> None:
    authentication = {"type": "apikey", "key": "secret", "value": "{{KEY}}", "placement": "body"}
    operation = {
        "method": "POST",
        "inputParameters": [
            {"name": "secret", "in": "body", "required": True},
            {"name": "name", "in": "body"},
        ],
    }
    function = calling(authentication, operation)
    assert "secret" not in function.input_schema["properties"]
    assert json.loads(sent(function, {"name": "n"}).body or b"") == {"name": "n", "secret": "k&é"}
    assert json.loads(sent(function).body or b"") == {"secret": "k&é"}
    form = calling(authentication, {**operation, "body": {"type": "form", "data": {"a": "b"}}})
    assert sent(form).body == b"a=b&secret=k%26%C3%A9"


@pytest.mark.parametrize(
    "authentication",
    [
        {"type": "basic", "username": "{{env.USER}}", "password": "{{env.PASS}}"},
        {"type": "bearer", "token": "{{USER}}{{PASS}}"},
        {"type": "apikey", "headers": {"A": "{{USER}}", "B": "x {{env.PASS}}"}},
    ],
)
def test_a_call_without_its_credentials_names_them_and_sends_nothing(authentication: dict[str, Any]) -> None:
    recorder = Recorder()
    function = calling(authentication, environment={"USER": "u"})
    assert [variable.name for variable in function.missing] == ["PASS"]
    with pytest.raises(MissingBinding, match=r"api\.op needs PASS, which is not set") as refused:
        invoke(function, {}, recorder)
    assert refused.value.names == ("PASS",)
    assert "PASS" in refused.value.hint
    assert not recorder.requests
