"""Credentials: where each scheme sends them, and that no request is sent without them."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from consume.recording import Recorder, header_of, invoke, multipart_parts, query_of, sent, tool
from naftiko_run.consume import AuthenticationBlock, OutgoingRequest
from naftiko_run.consume.authentication import compile_authentication
from naftiko_run.errors import InvalidInput, MissingBinding, Unsupported
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


def test_a_scheme_that_is_not_installed_refuses_every_call_by_name() -> None:
    recorder = Recorder()
    function = calling({"type": "made-up", "username": "u"})
    with pytest.raises(Unsupported, match=r"authenticates with `made-up`.*\(installed: apikey, aws-sig-v4"):
        invoke(function, {}, recorder)
    assert recorder.requests == []


@pytest.mark.parametrize(
    ("authentication", "words"),
    [
        ({"type": "bearer"}, "needs a `token`"),
        ({"type": "basic"}, "needs a `username`"),
        ({"description": "a token"}, "has no `type`"),
        ({"user": "a", "pass": "b"}, "has no `type`"),
        ({"type": "basic", "username": "a:b", "password": "c"}, "colon"),
        ({"type": "apikey", "key": "x", "value": "y", "placement": "nowhere"}, "cannot be sent in `nowhere`"),
        ({"type": "digest", "password": "p"}, "needs a `username`"),
        ({"type": "oauth2", "clientId": "c", "clientSecret": "s"}, "needs a `tokenEndpoint`"),
        ({"type": "oauth2", "tokenEndpoint": "ftp://x/t"}, "http or https"),
        ({"type": "oauth2", "tokenEndpoint": "https://x/t", "grantType": "password"}, "grant `password`"),
        (
            {"type": "oauth2", "tokenEndpoint": "https://x/t", "tokenEndpointAuthMethod": "none"},
            "`client_secret_basic` or `client_secret_post`",
        ),
        ({"type": "oauth1", "consumerSecret": "s"}, "needs a `consumerKey`"),
        ({"type": "oauth1", "consumerKey": "k"}, "needs a `consumerSecret`"),
        (
            {"type": "oauth1", "consumerKey": "k", "signatureMethod": "PLAINTEXT"},
            "does not support the signature method `PLAINTEXT`",
        ),
        (
            {"type": "oauth1", "consumerKey": "k", "signingKey": "none.p12"},
            "`signingKey` names a file that was not found",
        ),
        ({"type": "aws-sig-v4", "accessKeyId": "k", "secretAccessKey": "s"}, "a `region` and a `service`"),
        ({"type": "hmac", "apiId": "i", "apiKey": "not hexadecimal"}, "not hexadecimal"),
        ({"type": "certificate"}, "needs a `certPath`"),
        ({"type": "certificate", "certPath": "none.pem"}, "`certPath` names a file that was not found"),
    ],
)
def test_a_block_that_its_scheme_cannot_use_refuses_every_call(
    authentication: dict[str, str], words: str
) -> None:
    recorder = Recorder()
    with pytest.raises(Unsupported, match=words):
        invoke(calling(authentication), {}, recorder)
    assert recorder.requests == []


def test_an_api_key_in_the_body_is_a_field_besides_the_others() -> None:
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


IN_BODY = {"type": "apikey", "key": "secret", "value": "{{KEY}}", "placement": "body"}


@pytest.mark.parametrize("data", [{"a": "b"}, [{"name": "a", "value": "b", "filename": "f.txt"}], {}])
def test_an_api_key_in_a_multipart_body_is_a_part_besides_the_others(data: Any) -> None:
    request = sent(calling(IN_BODY, {"method": "POST", "body": {"type": "multipart", "data": data}}))
    found = [(name, content.decode()) for name, _, _, content in multipart_parts(request)]
    assert found == [*([("a", "b")] if data else []), ("secret", "k&é")]


def test_an_api_key_in_a_body_under_its_own_media_type() -> None:
    body = {"type": "application/vnd.api+json", "data": {"a": 1}}
    request = sent(calling(IN_BODY, {"method": "POST", "body": body}))
    assert json.loads(request.body or b"") == {"a": 1, "secret": "k&é"}
    assert header_of(request, "Content-Type") == "application/vnd.api+json"


@pytest.mark.parametrize("value", [[1], "text", 5])
def test_an_api_key_in_a_body_that_the_caller_makes_another_type_rejects_the_call(value: Any) -> None:
    operation = {"method": "POST", "body": {"type": "json", "data": "{{tools.body}}"}}
    recorder = Recorder()
    with pytest.raises(InvalidInput, match="because the API key is sent in it"):
        invoke(calling(IN_BODY, operation), {"body": value}, recorder)
    assert recorder.requests == []


@pytest.mark.parametrize(
    "body", [{"type": "text", "data": "x"}, {"type": "xml", "data": "<a/>"}, {"type": "binary", "data": "x"}]
)
def test_an_api_key_in_a_body_without_fields_refuses_every_call(body: dict[str, str]) -> None:
    recorder = Recorder()
    with pytest.raises(Unsupported, match=r"api\.op: the API key is sent in the request body"):
        invoke(calling(IN_BODY, {"method": "POST", "body": body}), {}, recorder)
    assert recorder.requests == []


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


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "basic", "username": "u"},
        {"type": "bearer", "token": "t"},
        {"type": "digest", "username": "u"},
        {"type": "oauth2", "tokenEndpoint": "https://x/t", "clientId": "c", "clientSecret": "s"},
        {"type": "oauth1", "consumerKey": "k", "consumerSecret": "s"},
        {
            "type": "aws-sig-v4",
            "accessKeyId": "k",
            "secretAccessKey": "s",
            "region": "us-east-1",
            "service": "s3",
        },
        {"type": "hmac", "apiId": "i", "apiKey": "00"},
    ],
    ids=lambda settings: settings["type"],
)
def test_a_header_that_the_request_has_already_is_kept(settings: dict[str, Any]) -> None:
    def text(template: str, *, may_be_empty: bool = False) -> str:
        assert template or may_be_empty
        return template

    recorder = Recorder(status=401)
    block = AuthenticationBlock(
        type=settings["type"],
        namespace="api",
        base="https://x",
        settings=settings,
        text=text,
        send=recorder.send,
        folder=Path(),
        is_masked=False,
    )
    request = OutgoingRequest("api.op", "GET", "https://x/y", (("authorization", "Bearer mine"),))
    asyncio.run(compile_authentication(block).authorize(request, recorder.send))
    (sent_request,) = recorder.requests
    assert sent_request.headers == (("authorization", "Bearer mine"),)
    assert sent_request.url == "https://x/y"
